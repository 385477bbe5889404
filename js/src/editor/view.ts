import "@xyflow/react/dist/style.css";
import "./editor.css";
import { drawing } from "../bridge/draw";
import { Editor } from "./Editor";

/** Draws the editor of a pipeline. */
export const render = drawing(Editor);
