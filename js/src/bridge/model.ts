/** The side of a widget's model that lives in the browser, as far as the widgets use it. */
export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown, options?: { silent: boolean }): void;
  save_changes(): void;
  on(event: string, callback: (...values: never[]) => void): void;
  off(event: string, callback: (...values: never[]) => void): void;
  send(content: unknown): void;
}

/** What a view is drawn with. */
export interface RenderContext {
  model: Model;
  el: HTMLElement;
}
