import { CodePanel } from "./CodePanel";
import { KeysPanel } from "./KeysPanel";
import { RunPanel } from "./RunPanel";
import { TemplatesPanel } from "./TemplatesPanel";
import { VersionsPanel } from "./VersionsPanel";

/** The panels by name, each with what its button says. */
export const PANELS = {
  templates: { label: "Templates", View: TemplatesPanel },
  versions: { label: "Versions", View: VersionsPanel },
  code: { label: "YAML", View: CodePanel },
  run: { label: "Run…", View: RunPanel },
  keys: { label: "Keys", View: KeysPanel },
} as const;

export type PanelName = keyof typeof PANELS;
