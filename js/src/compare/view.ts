import "./compare.css";
import { drawing } from "../bridge/draw";
import { Compare } from "./Compare";

/** Draws the comparison of two jobs. */
export const render = drawing(Compare);
