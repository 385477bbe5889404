import "./monitor.css";
import { drawing } from "../bridge/draw";
import { Monitor } from "./Monitor";

/** Draws the monitor of a job. */
export const render = drawing(Monitor);
