/** What stands in the log of a conversation, line by line. Pure. */
import type { Item } from '../outbox.ts';
import type { Message } from '../protocol.ts';
import type { Line, Thread } from '../store.ts';

const GROUP_MS = 5 * 60_000;

export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly at: string }
  /** `isEnd`: the last of one author's messages close together; it carries the time. `isLast`: nothing follows. */
  | { readonly kind: 'message'; readonly key: string; readonly message: Message; readonly isEnd: boolean; readonly isLast: boolean; readonly isLastOwn: boolean }
  | { readonly kind: 'line'; readonly key: string; readonly line: Line }
  /** `place` of `count` messages that wait. */
  | { readonly kind: 'pending'; readonly key: string; readonly item: Item; readonly place: number; readonly count: number };

/** The rows of a thread and of its unsent messages. An own message has the key of its outbox item, so it stays the same row. */
export function timeline(thread: Thread, items: readonly Item[]): readonly Row[] {
  const { messages } = thread;
  const known = new Set(messages.map((message) => message.client_message_id));
  const unsent = items.filter((item) => item.conversation === thread.conversation.id && !known.has(item.id));
  const lastOwn = messages.findLast((message) => message.author.kind === 'me');
  const rows: Row[] = linesUpTo(thread.lines, -1, messages[0]?.seq ?? Infinity);
  messages.forEach((message, i) => {
    const previous = messages[i - 1];
    const next = messages[i + 1];
    if (!previous || day(previous) !== day(message)) rows.push({ kind: 'day', key: 'd' + day(message), at: message.created_at });
    const key = message.client_message_id ?? message.id;
    rows.push({ kind: 'message', key, message, isEnd: !next || !isGroup(message, next), isLast: !next && !unsent.length, isLastOwn: message === lastOwn });
    rows.push(...linesUpTo(thread.lines, message.seq, next?.seq ?? Infinity));
  });
  const waiting = unsent.filter((item) => !item.refusal);
  for (const item of unsent) rows.push({ kind: 'pending', key: item.id, item, place: waiting.indexOf(item) + 1, count: waiting.length });
  return rows;
}

function linesUpTo(lines: readonly Line[], from: number, to: number): Row[] {
  return lines.flatMap((line, i): Row[] => (line.seq >= from && line.seq < to ? [{ kind: 'line', key: 'l' + i, line }] : []));
}

const day = (message: Message): string => new Date(message.created_at).toDateString();

const isGroup = (a: Message, b: Message): boolean =>
  a.author.kind === b.author.kind &&
  a.author.name === b.author.name &&
  day(a) === day(b) &&
  Date.parse(b.created_at) - Date.parse(a.created_at) < GROUP_MS;
