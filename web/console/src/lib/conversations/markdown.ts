/**
 * The small markdown subset of messages: `*bold*`, `_italic_`, `~struck~`, `` `code` `` and bare links.
 *
 * Gives parts, never HTML, so that nothing a customer writes can become markup.
 */
export type Part = { kind: 'text' | 'bold' | 'italic' | 'struck' | 'code' | 'link'; text: string };

const KINDS: Record<string, Part['kind']> = { '*': 'bold', _: 'italic', '~': 'struck', '`': 'code' };
const TOKEN = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]»])|(?<![\p{L}\p{N}])([*_~`])(?=\S)([^\n]*?\S)\2(?![\p{L}\p{N}])/gu;

export function parts(text: string): Part[] {
  const found: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > from) found.push({ kind: 'text', text: text.slice(from, match.index) });
    found.push(match[1] ? { kind: 'link', text: match[1] } : { kind: KINDS[match[2] ?? ''] ?? 'text', text: match[3] ?? '' });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ kind: 'text', text: text.slice(from) });
  return found;
}
