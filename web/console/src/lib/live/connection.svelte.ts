/** The one socket of the console: its state for people, its events for the store. */
import { Stream } from '@centralita/sdk';
import type { Cursor, OwnSignal, StreamEvent, StreamStatus } from '@centralita/sdk';
import { clock } from '$lib/time/clock.svelte';
import { signals } from './signals.svelte';
import { live } from './store.svelte';

/** Events are taken over once per frame, so that a burst redraws once. */
const BATCH_MS = 16;
const OWN_SIGNAL_EVERY_MS = 2_500;
const ACTIVE_EVERY_MS = 30_000;

export interface Listener {
  /** After the store took the events over. */
  events?: (events: readonly StreamEvent[]) => void;
  /** Connected and caught up to the point of `hello`. */
  live?: () => void;
  /** What is loaded of these topics is worthless now: fetch it again. */
  resync?: (topics: readonly string[]) => void;
}

class Connection {
  status = $state.raw<StreamStatus>({ kind: 'connecting', attempt: 0 });
  roundTripMs = $state<number | null>(null);
  /** Client time of the last frame that proved the data fresh. */
  freshAt = $state(Date.now());
  readonly #listeners = new Set<Listener>();
  #stream: Stream | null = null;
  #queue: StreamEvent[] = [];
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #lastSignal = new Map<string, number>();

  get isLive(): boolean {
    return this.status.kind === 'live';
  }

  start(cursor: Cursor, routable: boolean): void {
    this.stop();
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const options = { url: `${scheme}://${location.host}/api/v1/stream`, cursor, topics: ['inbox'], routable, client: 'console/0.1' };
    this.#stream = new Stream(options, {
      onEvent: (event) => this.#enqueue(event),
      onSignal: (signal) => {
        if (signal.type === 'counts') live.counts = signal.data;
        else signals.receive(signal, Date.now());
      },
      onStatus: (status) => (this.status = status),
      onHello: () => this.#listeners.forEach((one) => one.live?.()),
      onServerNow: (now, roundTripMs) => {
        this.freshAt = Date.now();
        clock.adjust(now);
        if (roundTripMs !== null) this.roundTripMs = roundTripMs;
      },
      onResync: (_reason, topics) => this.#listeners.forEach((one) => one.resync?.(topics)),
    });
    this.#stream.connect();
  }

  stop(): void {
    this.#stream?.close();
    this.#stream = null;
    this.flush();
  }

  /** Returns what ends the listening. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  retryNow(): void {
    this.#stream?.connect();
  }

  subscribe(topics: string[]): Promise<void> {
    return this.#stream?.subscribe(topics) ?? Promise.resolve();
  }

  unsubscribe(topics: string[]): void {
    this.#stream?.unsubscribe(topics);
  }

  /** Says that one types, looks (each at most every 2.5 s, save the end of typing) or is active (every 30 s). */
  signal(signal: OwnSignal): void {
    const isEnd = signal.type === 'typing' && !signal.data.is_on;
    const last = this.#lastSignal.get(signal.type) ?? 0;
    const every = signal.type === 'active' ? ACTIVE_EVERY_MS : OWN_SIGNAL_EVERY_MS;
    if (!isEnd && Date.now() - last < every) return;
    this.#lastSignal.set(signal.type, isEnd ? 0 : Date.now());
    this.#stream?.signal(signal);
  }

  /** Takes over what has arrived; also called before something that must see it. */
  flush(): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const events = this.#queue;
    this.#queue = [];
    if (events.length === 0) return;
    live.apply(events);
    this.#listeners.forEach((one) => one.events?.(events));
  }

  #enqueue(event: StreamEvent): void {
    this.freshAt = Date.now();
    this.#queue.push(event);
    this.#flushTimer ??= setTimeout(() => this.flush(), BATCH_MS);
  }
}

export const connection = new Connection();
