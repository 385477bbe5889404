import "./compare.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BridgeContext } from "../bridge/hooks";
import type { RenderContext } from "../bridge/model";
import { Requests } from "../bridge/requests";
import { keepKeys } from "../shared/keys";
import { Compare } from "./Compare";

/** Draws the comparison of a model into an element; what it returns takes it away again. */
export function render({ model, el }: RenderContext): () => void {
  const requests = new Requests(model);
  const release = keepKeys(el);
  const root = createRoot(el);
  root.render(
    <StrictMode>
      <BridgeContext value={{ model, requests }}>
        <Compare />
      </BridgeContext>
    </StrictMode>,
  );
  return () => {
    root.unmount();
    release();
    requests.close();
  };
}
