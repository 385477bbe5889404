import { diffLines, diffWordsWithSpace } from "diff";

/** A part of two texts: in both, or in one alone. */
export interface Part {
  kind: "same" | "added" | "removed";
  text: string;
}

/** Characters of both texts up to which words are compared, and lines. */
const WORDS = 20_000;
const LINES = 400_000;
/** Edits after which two texts have nothing to do with each other. */
const MOST = 4_000;

/** What is different between two texts, in words or in lines (long ones always in lines); null when
 * there is too much of it to be told. */
export function differenceOf(
  before: string,
  after: string,
  by: "words" | "lines" = "words",
): Part[] | null {
  const size = before.length + after.length;
  if (before === after) return before ? [{ kind: "same", text: before }] : [];
  if (size > LINES) return null;
  const options = { maxEditLength: MOST };
  const areWords = by === "words" && size <= WORDS;
  const found = areWords
    ? diffWordsWithSpace(before, after, options)
    : diffLines(before, after, options);
  return (
    found?.map((part) => ({
      kind: part.added ? "added" : part.removed ? "removed" : "same",
      text: part.value,
    })) ?? null
  );
}
