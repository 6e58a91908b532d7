/** Colleagues named in a note with `@`. Pure. */
import type { Id } from '@centralita/sdk';

export interface Person { userId: Id; name: string }
/** The word after an `@` that is being typed, and where it begins in the text. */
export interface Naming { query: string; from: number }

const MAX_QUERY = 40;
const SHOWN = 6;

/** What is being named at the caret; null when the caret is not behind an `@` that begins a word. */
export function namingAt(text: string, caret: number): Naming | null {
  const before = text.slice(0, caret);
  const at = before.lastIndexOf('@');
  if (at < 0 || (at > 0 && !/[\s(¿¡,.;:]/.test(before.charAt(at - 1)))) return null;
  const query = before.slice(at + 1);
  return query.length > MAX_QUERY || /[\n@]/.test(query) || /\s\S*\s/.test(query) ? null : { query, from: at };
}

/** People whose name has a word beginning with what was typed, accents aside. */
export function matching(people: readonly Person[], query: string): readonly Person[] {
  const wanted = plain(query.trim());
  const found = people.filter((one) => wanted === '' || plain(one.name).startsWith(wanted) || plain(one.name).split(/\s+/).some((word) => word.startsWith(wanted)));
  return found.slice(0, SHOWN);
}

/** The text with the chosen name in the place of what was typed, and the caret after it. */
export function withName(text: string, naming: Naming, caret: number, name: string): { text: string; caret: number } {
  const inserted = `@${name} `;
  return { text: text.slice(0, naming.from) + inserted + text.slice(caret).replace(/^ /, ''), caret: naming.from + inserted.length };
}

/** Users whose full name stands in the text after an `@`, each once. */
export function mentionedIn(text: string, people: readonly Person[]): Id[] {
  const folded = plain(text);
  return [...new Set(people.filter((one) => folded.includes(`@${plain(one.name)}`)).map((one) => one.userId))];
}

function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
