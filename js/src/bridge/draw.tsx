import { type ComponentType, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { keepKeys } from "../shared/keys";
import { BridgeContext } from "./hooks";
import type { RenderContext } from "./model";
import { Requests } from "./requests";

/** What draws a widget of a model into an element; what that returns takes it away again. */
export function drawing(Widget: ComponentType): (context: RenderContext) => () => void {
  return ({ model, el }) => {
    const requests = new Requests(model);
    const release = keepKeys(el);
    const root = createRoot(el);
    root.render(
      <StrictMode>
        <BridgeContext value={{ model, requests }}>
          <Widget />
        </BridgeContext>
      </StrictMode>,
    );
    return () => {
      root.unmount();
      release();
      requests.close();
    };
  };
}
