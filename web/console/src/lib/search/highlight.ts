/** A text in parts, those that matched the search marked. Pure. */
import type { SearchHighlight } from '@centralita/sdk';

export interface Marked { text: string; isHit: boolean }

/** Ranges count code points, as the server does; those that overlap or leave the text are put right. */
export function marked(text: string, ranges: readonly (readonly [number, number])[]): Marked[] {
  const points = [...text];
  const parts: Marked[] = [];
  let at = 0;
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const [start, end] = [Math.max(at, from), Math.min(points.length, to)];
    if (start >= end) continue;
    if (start > at) parts.push({ text: points.slice(at, start).join(''), isHit: false });
    parts.push({ text: points.slice(start, end).join(''), isHit: true });
    at = end;
  }
  if (at < points.length) parts.push({ text: points.slice(at).join(''), isHit: false });
  return parts;
}

/** The parts of the highlight that says most: the one with most hits. */
export function best(highlights: readonly SearchHighlight[]): Marked[] {
  const found = [...highlights].sort((a, b) => b.ranges.length - a.ranges.length)[0];
  return found ? marked(found.text, found.ranges) : [];
}
