/**
 * The outbox: messages the visitor has written and the server has not yet acknowledged.
 *
 * # Invariants
 * - At most one message is in flight, always the oldest that is not refused; of all tabs only the one that holds the
 *   Web Lock sends. Where Web Locks are missing two tabs may send the same message; the server stores it once.
 * - A message keeps its `id` (the `client_message_id`) until the server acknowledges it, over retries and reloads,
 *   so that sending it again can never store it twice.
 * - The vault is the list: what must survive a reload is in it before it may be sent, and leaves it only after it was
 *   acknowledged.
 * - At most {@link MAX_ITEMS} items; none is kept longer than {@link MAX_AGE_MS}.
 */
import { outboxDelay } from './backoff.ts';
import type { Vault } from './vault.ts';
import type { Item, Problem } from './wire.ts';

export const MAX_ITEMS = 50;
export const MAX_AGE_MS = 7 * 24 * 3_600_000;

const LOCAL = 'new:';

/** The id of a conversation that the server does not know yet: its first message is still in the outbox. */
export const localId = (id: string): string => LOCAL + id;
export const isLocal = (id: string): boolean => id.startsWith(LOCAL);

/** Whether sending the same again may help. A 401 asks for a new session first. */
export const isTransient = ({ status }: Problem): boolean => !status || [401, 408, 425, 429].includes(status) || status >= 500;

export interface OutboxHost {
  readonly vault: Vault;
  /** Where this visitor's items are in the vault; also the name of the lock. */
  readonly prefix: () => string;
  /** Called with the lock held and before each message; another tab may have signed in meanwhile. */
  readonly beforeSend: () => Promise<unknown>;
  /** Sends one message: the conversation it arrived in, or rejects with a {@link Problem}. */
  readonly deliver: (item: Item) => Promise<string>;
  /** The server no longer knows the token: get a new session. */
  readonly renewSession: () => Promise<unknown>;
  readonly onChange: () => void;
  readonly onAcknowledged: (local: string, conversation: string) => void;
}

export interface Outbox {
  /** Oldest first. */
  readonly items: () => readonly Item[];
  /** The id of the message on its way; empty when there is none. */
  readonly inFlight: () => string;
  /** Adds a message, or sends a refused one again, behind the others. */
  readonly add: (item: Omit<Item, 'at'>) => void;
  readonly save: (item: Item) => void;
  /** Takes a refused message back. */
  readonly drop: (item: Item) => void;
  /** Sends until nothing is left. Does nothing while a run is on. */
  readonly start: () => void;
  /** Cuts short a wait between attempts, never one that the server asked for. */
  readonly wake: () => void;
  /** Moves the items under `from` to the present visitor, each as `edit` makes it; none where it makes nothing. */
  readonly move: (from: string, edit: (item: Item) => Item | undefined) => void;
}

export function createOutbox({ vault, prefix, beforeSend, deliver, renewSession, onChange, onAcknowledged }: OutboxHost): Outbox {
  let items: Item[] = [];
  let inFlight = '';
  let attempt = 0;
  let heldUntil = 0;
  let isRunning = false;
  let stopWaiting = (): void => {};

  /** Reads what the vault holds; other tabs write there too. The first item that may be sent. */
  const restore = (): Item | undefined => {
    const stored = vault.keys(prefix()).flatMap((key) => {
      const item = vault.read<Item>(key);
      if (item && Date.now() - item.at < MAX_AGE_MS) return item;
      vault.drop(key);
      return [];
    });
    items = stored.sort((a, b) => a.at - b.at);
    onChange();
    return items.find(({ refusal }) => !refusal);
  };

  const save = (item: Item): void => {
    vault.write(prefix() + item.id, item, item.upload && !item.upload.id);
    restore();
  };

  const drop = ({ id }: Item): void => {
    vault.drop(prefix() + id);
    restore();
  };

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      setTimeout(resolve, ms);
      stopWaiting = () => Date.now() < heldUntil || resolve();
    });

  /** The items that still name the local conversation are pointed at the real one before the first is forgotten. */
  const acknowledge = (item: Item, conversation: string): void => {
    attempt = 0;
    for (const other of items) if (other.conversation === item.conversation && other.id !== item.id) save({ ...other, conversation });
    drop(item);
    onAcknowledged(item.conversation, conversation);
  };

  const failed = async ({ id }: Item, problem: Problem): Promise<void> => {
    if (isTransient(problem)) {
      const retryAfterMs = problem.retry_after_ms || 0;
      if (problem.status === 401) await renewSession();
      heldUntil = Date.now() + retryAfterMs;
      await pause(outboxDelay(attempt++, Math.random(), retryAfterMs));
    } else {
      const kept = vault.read<Item>(prefix() + id); // Since it was taken up its file may have arrived, or the visitor left.
      if (kept) save({ ...kept, refusal: problem });
    }
  };

  const run = async (): Promise<void> => {
    for (let item; await beforeSend(), (item = restore()); inFlight = '') {
      inFlight = item.id;
      onChange();
      try {
        acknowledge(item, await deliver(item));
      } catch (problem) {
        inFlight = '';
        await failed(item, problem as Problem);
      }
    }
  };

  const start = async (): Promise<void> => {
    if (isRunning || !restore()) return;
    isRunning = true;
    try {
      await navigator.locks.request(prefix(), run);
    } catch {
      await run(); // No Web Locks here: plain http, or a frame without an origin.
    }
    isRunning = false;
    start(); // Written while the last run was ending.
  };

  return {
    items: () => items,
    inFlight: () => inFlight,
    // Later than every other item, even when the clock was set back.
    add: (item) => {
      save({ ...item, at: Math.max(Date.now(), ...items.map(({ at }) => at + 1)) });
      start();
    },
    save,
    drop,
    start,
    wake: () => {
      attempt = 0;
      stopWaiting();
      start();
    },
    move: (from, edit) => {
      for (const key of vault.keys(from)) {
        const item = vault.read<Item>(key);
        const moved = item && edit(item);
        vault.drop(key);
        if (moved) save(moved);
      }
      restore();
    },
  };
}
