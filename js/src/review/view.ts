import "./review.css";
import { drawing } from "../bridge/draw";
import { Review } from "./Review";

/** Draws the review of records. */
export const render = drawing(Review);
