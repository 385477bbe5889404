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
  if (!found) return null;
  return gathered(
    found.map((part) => ({
      kind: part.added ? "added" : part.removed ? "removed" : "same",
      text: part.value,
    })),
  );
}

/** The same with changes as one that only blanks lie between: word after word nobody can read. */
function gathered(parts: Part[]): Part[] {
  const result: Part[] = [];
  let removed = "";
  let added = "";
  const end = () => {
    if (removed) result.push({ kind: "removed", text: removed });
    if (added) result.push({ kind: "added", text: added });
    removed = "";
    added = "";
  };
  parts.forEach((part, at) => {
    if (part.kind === "removed") removed += part.text;
    else if (part.kind === "added") added += part.text;
    else if (removed && added && at + 1 < parts.length && !part.text.trim()) {
      removed += part.text;
      added += part.text;
    } else {
      end();
      result.push(part);
    }
  });
  end();
  return result;
}
