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

export type DeliveryLook = 'waiting' | 'sent' | 'delivered' | 'read' | 'failed' | 'cancelled';

/** What of the nine delivery states a person needs to tell apart. */
export function deliveryLook(entry: Entry): DeliveryLook | null {
  const state = entry.delivery?.state;
  if (!state || entry.direction !== 'out') return null;
  if (state === 'held' || state === 'queued' || state === 'sending' || state === 'unknown') return 'waiting';
  return state;
}
