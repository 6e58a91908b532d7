/**
 * The outbox: messages the visitor has written and the server has not yet acknowledged.
 *
 * A pure state machine: no clock, no random source, no storage, no network. Its shell is `drain.ts`.
 *
 * # Invariants
 * - At most one message is in flight, always the oldest that is not refused.
 * - A message keeps its `id` (the `client_message_id`) until the server acknowledges it, over retries and reloads,
 *   so that sending it again can never store it twice.
 * - What must survive a reload is saved before it may be sent, and dropped only after it was acknowledged.
 * - At most {@link MAX_ITEMS} items; none is kept longer than {@link MAX_AGE_MS}.
 */
import { outboxDelay } from './backoff.ts';

export const MAX_ITEMS = 50;
export const MAX_AGE_MS = 7 * 24 * 3_600_000;

/** Marks a conversation that the server does not know yet: its first message is still in the outbox. */
export const LOCAL = 'new:';

export interface Upload {
  readonly name: string;
  readonly size: number;
  /** Set once the bytes are on the server; an item without it cannot survive a reload. */
  readonly id?: string;
}

/** Why the server refused a message for good: the problem's `code` and its parameters. */
export interface Refusal {
  readonly code: string;
  readonly max?: number;
}

export interface Item {
  readonly id: string;
  /** When the visitor pressed send, ms since 1970; strictly rising, so it is the order as well. */
  readonly at: number;
  /** A conversation of the server, or a {@link LOCAL} one. */
  readonly conversation: string;
  readonly text: string;
  readonly upload?: Upload;
  /** Answer to the buttons of a message. */
  readonly choice?: { readonly entry_id: string; readonly value: string };
  readonly refusal?: Refusal;
}

export interface Outbox {
  /** Oldest first. */
  readonly items: readonly Item[];
  readonly inFlight: string | null;
  /** Failed attempts in a row; 0 after a success. */
  readonly attempt: number;
  /** No attempt before this instant, ms since 1970. */
  readonly notBefore: number;
  /** The server asked to be left alone until then (`Retry-After`); not even {@link Input} `wake` cuts that short. */
  readonly heldUntil: number;
}

export type Input =
  | { readonly type: 'enqueue'; readonly item: Item }
  /** What the storage holds now; other tabs write there too. Items that cannot be stored stay. */
  | { readonly type: 'restore'; readonly stored: readonly Item[]; readonly now: number }
  /** Asks for the next thing to do. */
  | { readonly type: 'tick'; readonly now: number }
  | { readonly type: 'uploaded'; readonly id: string; readonly attachmentId: string }
  | { readonly type: 'acknowledged'; readonly id: string; readonly conversation: string }
  | { readonly type: 'failed'; readonly id: string; readonly now: number; readonly random: number; readonly retryAfterMs?: number }
  | { readonly type: 'refused'; readonly id: string; readonly refusal: Refusal }
  | { readonly type: 'retry'; readonly id: string; readonly now: number }
  | { readonly type: 'remove'; readonly id: string }
  /** The network is back: whatever waits for its next attempt may go now. */
  | { readonly type: 'wake' };

export type Effect =
  | { readonly type: 'save'; readonly item: Item }
  | { readonly type: 'drop'; readonly id: string }
  | { readonly type: 'send'; readonly item: Item }
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'full' };

type Step = readonly [Outbox, readonly Effect[]];

const RESTED = { inFlight: null, attempt: 0, notBefore: 0, heldUntil: 0 };

export const EMPTY: Outbox = { items: [], ...RESTED };

/** Whether an item may be written to storage: its bytes, if it has any, must be on the server already. */
export const isStorable = (item: Item): boolean => !item.upload || !!item.upload.id;

const byAge = (a: Item, b: Item): number => a.at - b.at || (a.id < b.id ? -1 : 1);
const saves = (items: readonly Item[]): Effect[] => items.filter(isStorable).map((item) => ({ type: 'save', item }));

/** Applies one input: the next state, and the effects to carry out in order. */
export function step(box: Outbox, input: Input): Step {
  switch (input.type) {
    case 'enqueue':
      return enqueue(box, input.item);
    case 'restore':
      return restore(box, input.stored, input.now);
    case 'tick':
      return tick(box, input.now);
    case 'uploaded':
      return change(box, input.id, (item) => ({ ...item, upload: { ...item.upload!, id: input.attachmentId } }));
    case 'acknowledged':
      return acknowledged(box, input.id, input.conversation);
    case 'failed':
      return failed(box, input.now, input.random, input.retryAfterMs ?? 0);
    case 'refused':
      return change({ ...box, ...RESTED }, input.id, (item) => ({ ...item, refusal: input.refusal }));
    case 'retry':
      return change(box, input.id, ({ refusal: _, ...item }) => ({ ...item, at: after(box, input.now) }));
    case 'remove':
      return box.inFlight === input.id ? [box, []] : [without(box, input.id), [{ type: 'drop', id: input.id }]];
    case 'wake':
      return [{ ...box, attempt: 0, notBefore: box.heldUntil }, []];
  }
}

/** An instant later than every item's, even when the clock was set back. */
export function after(box: Outbox, now: number): number {
  return Math.max(now, ...box.items.map((item) => item.at + 1));
}

function enqueue(box: Outbox, item: Item): Step {
  if (box.items.length >= MAX_ITEMS) return [box, [{ type: 'full' }]];
  return [{ ...box, items: [...box.items, item].sort(byAge) }, saves([item])];
}

function restore(box: Outbox, stored: readonly Item[], now: number): Step {
  const isOld = (item: Item): boolean => now - item.at > MAX_AGE_MS;
  const ids = new Set(stored.map((item) => item.id));
  const mine = box.items.filter((item) => !ids.has(item.id) && (!isStorable(item) || item.id === box.inFlight));
  const items = [...stored.filter((item) => !isOld(item)), ...mine].sort(byAge);
  return [{ ...box, items }, stored.filter(isOld).map(({ id }) => ({ type: 'drop', id }))];
}

function tick(box: Outbox, now: number): Step {
  const item = box.items.find((candidate) => !candidate.refusal);
  if (!item || box.inFlight) return [box, []];
  if (now < box.notBefore) return [box, [{ type: 'wait', ms: box.notBefore - now }]];
  return [{ ...box, inFlight: item.id }, [{ type: 'send', item }]];
}

function failed(box: Outbox, now: number, random: number, retryAfterMs: number): Step {
  const notBefore = now + outboxDelay(box.attempt, random, retryAfterMs);
  return [{ ...box, inFlight: null, attempt: box.attempt + 1, notBefore, heldUntil: now + retryAfterMs }, []];
}

/** The items that still name the local conversation are pointed at the real one before the first is forgotten. */
function acknowledged(box: Outbox, id: string, conversation: string): Step {
  const local = box.items.find((item) => item.id === id)?.conversation;
  const rest = without(box, id).items;
  const moved = rest.filter((item) => item.conversation === local && local !== conversation).map((item) => ({ ...item, conversation }));
  const items = rest.map((item) => moved.find((m) => m.id === item.id) ?? item);
  return [{ items, ...RESTED }, [...saves(moved), { type: 'drop', id }]];
}

function change(box: Outbox, id: string, edit: (item: Item) => Item): Step {
  const old = box.items.find((item) => item.id === id);
  if (!old) return [box, []];
  const item = edit(old);
  return [{ ...box, items: box.items.map((other) => (other === old ? item : other)).sort(byAge) }, saves([item])];
}

const without = (box: Outbox, id: string): Outbox => ({ ...box, items: box.items.filter((item) => item.id !== id) });

/** What an answer of the server means for the message in flight. `status` 0 is a network error. */
export function verdict(status: number, code: string): 'retry' | 'session' | 'refuse' {
  if (status === 401) return 'session';
  const isTransient = status === 0 || status === 408 || status === 425 || status === 429 || status >= 500;
  return isTransient || (status === 409 && code === 'idempotency_in_progress') ? 'retry' : 'refuse';
}
