import { useSyncExternalStore } from "react";

const isDark = () => document.body.dataset.jpThemeLight === "false";

function subscribe(notify: () => void): () => void {
  const observer = new MutationObserver(notify);
  observer.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
  return () => observer.disconnect();
}

/** Whether JupyterLab's theme is a dark one. */
export function useDark(): boolean {
  return useSyncExternalStore(subscribe, isDark);
}
