/** The smallest single change from one text to the other. */
export function difference(
  one: string,
  other: string,
): { from: number; to: number; insert: string } {
  const most = Math.min(one.length, other.length);
  let start = 0;
  while (start < most && one[start] === other[start]) start++;
  let end = 0;
  while (end < most - start && one[one.length - 1 - end] === other[other.length - 1 - end]) end++;
  return { from: start, to: one.length - end, insert: other.slice(start, other.length - end) };
}
