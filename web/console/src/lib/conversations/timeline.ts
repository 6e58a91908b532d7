/** From entries to what the timeline shows: day lines, the unread line, and what belongs together. Pure. */
import type { Entry } from '@centralita/sdk';
import { dayKey } from '$lib/time/format';

export type Item =
  | { kind: 'day'; key: string; at: number }
  | { kind: 'unread'; key: string }
  | { kind: 'entry'; key: string; entry: Entry };

/** Highest number of entries kept in the page at once; older ones come back by scrolling. */
export const MAX_SHOWN = 400;

export const entryTime = (entry: Entry): number => Date.parse(entry.occurred_at ?? entry.created_at);

/** The entries of one kind: what people wrote, notes, or what happened. */
export function ofKind(entries: readonly Entry[], show: 'all' | 'messages' | 'notes' | 'events'): readonly Entry[] {
  switch (show) {
    case 'all': return entries;
    case 'messages': return entries.filter((entry) => entry.kind === 'message');
    case 'notes': return entries.filter((entry) => entry.kind === 'note');
    case 'events': return entries.filter((entry) => entry.kind === 'event' || entry.kind === 'call_leg');
  }
}

/** `readSeq`: the last entry read when the conversation was opened; null draws no unread line. */
export function timeline(entries: readonly Entry[], readSeq: number | null): Item[] {
  const items: Item[] = [];
  let day = '';
  let isMarked = readSeq === null;
  for (const entry of entries.slice(-MAX_SHOWN)) {
    const at = entryTime(entry);
    if (dayKey(at) !== day) {
      day = dayKey(at);
      items.push({ kind: 'day', key: `day-${day}`, at });
    }
    if (!isMarked && entry.seq > (readSeq ?? 0) && entry.direction === 'in') {
      items.push({ kind: 'unread', key: 'unread' });
      isMarked = true;
    }
    items.push({ kind: 'entry', key: entry.id, entry });
  }
  return items;
}
