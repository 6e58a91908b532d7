/**
 * The staff socket: starts from a cursor, resumes after every loss, and reports each durable event once.
 *
 * # Invariants
 * - An event is handed over only if its `n` is the last one + 1; a jump closes the socket and resumes from the cursor.
 * - The cursor moves after the event was handed over, so a loss in between repeats it rather than losing it; events are
 *   upserts by id and version, so a repeat changes nothing.
 * - Reconnection waits a full-jitter time: 0–1 s, then doubling up to 0–30 s; a planned restart (1012) starts at 0–5 s.
 */
import type { ClientFrame, Cursor, HelloFrame, OwnSignal, ServerFrame, Signal, StreamEvent, Timestamp } from './model';

export type StreamStatus =
  | { kind: 'connecting'; attempt: number }
  | { kind: 'live' }
  | { kind: 'offline'; since: number; retryAt: number }
  | { kind: 'stopped'; reason: 'replaced' | 'revoked' | 'unauthenticated' | 'forbidden' | 'closed' };

export interface StreamHandlers {
  onEvent(event: StreamEvent): void;
  onSignal(signal: Signal): void;
  onStatus(status: StreamStatus): void;
  onHello(hello: HelloFrame): void;
  /** Clock of the server and the round trip in ms where it is known. */
  onServerNow(now: Timestamp, roundTripMs: number | null): void;
  onResync(reason: string, topics: string[]): void;
}
/** What the stream needs of the world; tests hand in fakes. */
export interface StreamWorld {
  open(url: string, protocol: string): SocketLike;
  now(): number;
  random(): number;
  later(run: () => void, ms: number): () => void;
}
export interface SocketLike {
  send(text: string): void;
  close(code?: number): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
}
export interface StreamOptions {
  url: string;
  cursor: Cursor | null;
  topics: string[];
  routable: boolean;
  client: string;
}

const STOPS = new Map<number, Extract<StreamStatus, { kind: 'stopped' }>['reason']>([
  [4401, 'unauthenticated'],
  [4403, 'forbidden'],
  [4409, 'replaced'],
  [4410, 'revoked'],
]);

/** Upper bound in ms of the wait before reconnection number `attempt` (0 = first). */
export function backoffCeiling(attempt: number, closeCode: number): number {
  const first = closeCode === 1012 ? 5_000 : 1_000;
  return Math.min(30_000, first * 2 ** Math.min(attempt, 10));
}

export class Stream {
  #socket: SocketLike | null = null;
  #cursor: Cursor | null;
  #topics: Set<string>;
  #n = 0;
  #attempt = 0;
  #ref = 0;
  #isLive = false;
  #offlineSince: number | null = null;
  #openedAt = 0;
  #cancelRetry: (() => void) | null = null;
  #cancelSilence: (() => void) | null = null;
  #heartbeatMs = 10_000;
  readonly #acks = new Map<number, () => void>();

  constructor(
    private readonly options: StreamOptions,
    private readonly handlers: StreamHandlers,
    private readonly world: StreamWorld = browserWorld(),
  ) {
    this.#cursor = options.cursor;
    this.#topics = new Set(options.topics);
  }

  get cursor(): Cursor | null {
    return this.#cursor;
  }

  /** Opens the socket now, also when a retry is being waited for. */
  connect(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    if (this.#socket) return;
    this.handlers.onStatus({ kind: 'connecting', attempt: this.#attempt });
    const socket = this.world.open(this.options.url, 'centralita.v1');
    this.#socket = socket;
    socket.onopen = () => this.#start();
    socket.onmessage = (event) => this.#receive(socket, event.data);
    socket.onclose = (event) => this.#lost(socket, event.code);
    this.#watchSilence();
  }

  close(): void {
    this.#cancelRetry?.();
    this.#cancelSilence?.();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
    this.handlers.onStatus({ kind: 'stopped', reason: 'closed' });
  }

  /** Resolves once the server acknowledged: what REST shows then plus the events after it is complete. */
  subscribe(topics: string[]): Promise<void> {
    const fresh = topics.filter((topic) => !this.#topics.has(topic));
    for (const topic of fresh) this.#topics.add(topic);
    if (fresh.length === 0 || !this.#isLive) return Promise.resolve();
    const ref = ++this.#ref;
    return new Promise((resolve) => {
      this.#acks.set(ref, resolve);
      this.#send({ op: 'subscribe', topics: fresh, ref });
    });
  }

  unsubscribe(topics: string[]): void {
    const known = topics.filter((topic) => this.#topics.delete(topic));
    if (known.length > 0 && this.#isLive) this.#send({ op: 'unsubscribe', topics: known, ref: ++this.#ref });
  }

  /** Says something ephemeral; dropped when there is no connection. */
  signal(signal: OwnSignal): void {
    if (this.#isLive) this.#send(signal);
  }

  #start(): void {
    const { routable, client } = this.options;
    const after = this.#cursor === null ? {} : { after: this.#cursor };
    this.#n = 0;
    this.#openedAt = this.world.now();
    this.#send({ op: 'start', ...after, topics: [...this.#topics], routable, client });
  }

  #receive(socket: SocketLike, data: unknown): void {
    if (socket !== this.#socket || typeof data !== 'string') return;
    this.#watchSilence();
    this.#handle(JSON.parse(data) as ServerFrame);
  }

  #handle(frame: ServerFrame): void {
    switch (frame.op) {
      case 'hello': return this.#hello(frame);
      case 'event': return this.#event(frame.n, frame.cursor, frame.event);
      case 'mark': this.#cursor = frame.cursor; return;
      case 'signal': return this.handlers.onSignal(frame);
      case 'ack': return this.#ack(frame.ref);
      case 'ping':
        this.handlers.onServerNow(frame.server_now, null);
        return this.#send({ op: 'pong' });
      case 'resync':
        this.#cursor = frame.cursor;
        return this.handlers.onResync(frame.reason, frame.topics);
      case 'error': return;
    }
  }

  #hello(frame: HelloFrame): void {
    this.#attempt = 0;
    this.#isLive = true;
    this.#offlineSince = null;
    this.#heartbeatMs = frame.heartbeat_ms;
    this.#cursor ??= frame.cursor;
    this.handlers.onServerNow(frame.server_now, this.world.now() - this.#openedAt);
    this.handlers.onStatus({ kind: 'live' });
    this.handlers.onHello(frame);
  }

  #event(n: number, cursor: Cursor, event: StreamEvent): void {
    if (n !== this.#n + 1) return this.#reopen();
    this.#n = n;
    this.handlers.onEvent(event);
    this.#cursor = cursor;
  }

  #ack(ref: number): void {
    this.#acks.get(ref)?.();
    this.#acks.delete(ref);
  }

  #reopen(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#isLive = false;
    socket?.close(4408);
    this.connect();
  }

  #lost(socket: SocketLike, code: number): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#isLive = false;
    this.#cancelSilence?.();
    for (const ref of [...this.#acks.keys()]) this.#ack(ref);
    const stop = STOPS.get(code);
    if (stop) return this.handlers.onStatus({ kind: 'stopped', reason: stop });
    this.#retry(code);
  }

  #retry(code: number): void {
    const now = this.world.now();
    this.#offlineSince ??= now;
    const wait = this.world.random() * backoffCeiling(this.#attempt, code);
    this.#attempt += 1;
    this.handlers.onStatus({ kind: 'offline', since: this.#offlineSince, retryAt: now + wait });
    this.#cancelRetry = this.world.later(() => this.connect(), wait);
  }

  /** Three heartbeats without a frame: the connection is dead though TCP has not noticed. */
  #watchSilence(): void {
    this.#cancelSilence?.();
    this.#cancelSilence = this.world.later(() => {
      const socket = this.#socket;
      if (!socket) return;
      this.#lost(socket, 4408);
      socket.close(4408);
    }, this.#heartbeatMs * 3);
  }

  #send(frame: ClientFrame): void {
    try {
      this.#socket?.send(JSON.stringify(frame));
    } catch {
      // A socket that is still opening refuses to send; `start` carries the topics when it opens.
    }
  }
}

function browserWorld(): StreamWorld {
  return {
    open: (url, protocol) => new WebSocket(url, protocol) as unknown as SocketLike,
    now: () => Date.now(),
    random: () => Math.random(),
    later: (run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  };
}
