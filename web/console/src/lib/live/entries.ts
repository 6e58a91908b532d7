/** Pure operations on the loaded part of a timeline. */
import type { Conversation, Delivery, Entry, Id } from '@centralita/sdk';
import { EMPTY_WINDOW } from './tables';
import type { EntryWindow } from './tables';

/** Puts one entry at its place by `seq`; an entry with the same id is replaced. A jump in `seq` marks the window stale. */
export function insertEntry(window: EntryWindow, entry: Entry): EntryWindow {
  const known = window.entries.findIndex((one) => one.id === entry.id);
  if (known >= 0) return { ...window, entries: window.entries.with(known, entry) };
  const last = window.entries.at(-1);
  const isGap = last !== undefined && entry.seq > last.seq + 1;
  return { ...window, entries: sorted([...window.entries, entry]), isStale: window.isStale || isGap };
}

/** Joins a page from the server, whatever its order, to what is loaded. */
export function mergePage(window: EntryWindow | undefined, page: readonly Entry[], hasOlder: boolean): EntryWindow {
  const byId = new Map<Id, Entry>((window ?? EMPTY_WINDOW).entries.map((entry) => [entry.id, entry]));
  for (const entry of page) byId.set(entry.id, entry);
  return { entries: sorted([...byId.values()]), hasOlder, isStale: false };
}

export function setDelivery(window: EntryWindow, entryId: Id, delivery: Delivery): EntryWindow {
  const index = window.entries.findIndex((entry) => entry.id === entryId);
  const entry = window.entries[index];
  return entry ? { ...window, entries: window.entries.with(index, { ...entry, delivery }) } : window;
}

/** The conversation as the list shows it once `entry` is its newest one. */
export function withNewest(conversation: Conversation, entry: Entry): Conversation {
  if (entry.seq <= conversation.last_entry_seq) return conversation;
  const isContent = entry.kind === 'message' || entry.kind === 'note';
  return {
    ...conversation,
    last_entry_seq: entry.seq,
    unread_count: (conversation.unread_count ?? 0) + (entry.direction === 'in' ? 1 : 0),
    last_activity_at: entry.created_at,
    last_entry: isContent ? preview(entry) : conversation.last_entry,
  };
}

function preview(entry: Entry): Conversation['last_entry'] {
  return {
    id: entry.id, seq: entry.seq, kind: entry.kind, direction: entry.direction, author_name: entry.author.name,
    text: (entry.body.text ?? '').slice(0, 140), channel_kind: entry.channel_kind, created_at: entry.created_at,
    delivery_state: entry.delivery?.state ?? null,
  };
}

function sorted(entries: Entry[]): Entry[] {
  return entries.sort((a, b) => a.seq - b.seq);
}
