/**
 * The socket half of the visitor protocol: `centralita.visitor.v1`.
 *
 * Resumes from the last cursor it has handed on, so that no event is missed or repeated over reconnects. Knows
 * nothing of what events mean.
 */
import { socketDelay } from './backoff.ts';
import type { Frame, TypingSignal, VisitorEvent } from './protocol.ts';

const SUBPROTOCOL = 'centralita.visitor.v1';
const HEARTBEAT_MS = 30_000;
const TYPING_EVERY_MS = 3_000;

export interface StreamHost {
  event(event: VisitorEvent): void;
  typing(signal: TypingSignal): void;
  /** Local state is stale: fetch it again. Events go on from the frame's cursor. */
  resync(): void;
  /** The socket could not be opened or was lost; called once per attempt. */
  lost(): void;
  opened(): void;
  /** The token is no longer good (4401). */
  unauthorized(): void;
}

export class Stream {
  cursor: string | null = null;
  readonly #host: StreamHost;
  #socket: WebSocket | null = null;
  #url = '';
  #token = '';
  #attempt = 0;
  #count = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #heartbeatMs = HEARTBEAT_MS;
  #typedAt = 0;
  /** Another socket of this visitor took the place of this one: wait until someone looks at this tab. */
  #isYielding = false;

  constructor(host: StreamHost) {
    this.#host = host;
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === 1;
  }

  /** Connects, or reconnects with a new token. */
  open(url: string, token: string): void {
    this.close();
    this.#url = url;
    this.#token = token;
    this.#attempt = 0;
    this.#connect();
  }

  close(): void {
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#watchdog);
    this.#url = '';
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** Reconnects at once if it is waiting to: the network is back, or the tab is looked at again. */
  nudge(): void {
    this.#isYielding = false;
    if (this.#url && !this.#socket) {
      clearTimeout(this.#retryTimer);
      this.#connect();
    }
  }

  /** Tells the other side that the visitor is writing; at most once in 3 s. */
  sendTyping(conversation: string): void {
    const now = Date.now();
    if (now - this.#typedAt < TYPING_EVERY_MS) return;
    this.#typedAt = now;
    this.#send({ op: 'signal', type: 'typing', conversation_id: conversation, data: { is_on: true } });
  }

  #connect(): void {
    let socket: WebSocket;
    try {
      socket = new WebSocket(this.#url, SUBPROTOCOL);
    } catch {
      this.#again();
      return;
    }
    this.#socket = socket;
    this.#count = 0;
    socket.onopen = () => {
      this.#send({ op: 'start', token: this.#token, ...(this.cursor && { after: this.cursor }) });
      this.#watch();
    };
    socket.onmessage = (message) => {
      if (socket === this.#socket) this.#receive(JSON.parse(String(message.data)) as Frame);
    };
    const closed = (code: number): void => {
      if (socket === this.#socket) this.#closed(code);
    };
    socket.onclose = ({ code }) => closed(code);
    // Chromium tells of a socket that the page's policy forbids by an error alone; else the close comes first.
    socket.onerror = () => setTimeout(() => socket.readyState === 3 && closed(1006));
  }

  #receive(frame: Frame): void {
    this.#watch();
    switch (frame.op) {
      case 'hello':
        this.#attempt = 0;
        this.#heartbeatMs = frame.heartbeat_ms ?? HEARTBEAT_MS;
        this.cursor ??= frame.cursor ?? null;
        this.#host.opened();
        break;
      case 'event':
        this.#count += 1;
        if (frame.n !== this.#count) {
          this.#drop();
          break;
        }
        this.#host.event(frame.event);
        this.cursor = frame.cursor;
        break;
      case 'mark':
        this.cursor = frame.cursor;
        break;
      case 'signal':
        if (frame.type === 'typing') this.#host.typing(frame.data);
        break;
      case 'ping':
        this.#send({ op: 'pong' });
        break;
      case 'resync':
        this.cursor = frame.cursor ?? null;
        this.#host.resync();
        break;
      case 'error':
        break; // A fatal one also closes the socket.
    }
  }

  #closed(code: number): void {
    this.#socket = null;
    clearTimeout(this.#watchdog);
    if (code === 4401) this.#host.unauthorized();
    else if (code === 4403 || code === 4410) this.close();
    else if (code === 4429) this.#isYielding = true;
    else this.#again();
  }

  #again(): void {
    this.#socket = null;
    this.#host.lost();
    if (this.#isYielding) return;
    this.#retryTimer = setTimeout(() => this.#connect(), socketDelay(this.#attempt++, Math.random()));
  }

  /** Two missed heartbeats mean that the connection is gone, whatever TCP says. */
  #watch(): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#drop(), this.#heartbeatMs * 2.5);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    clearTimeout(this.#watchdog);
    this.#again();
  }

  #send(frame: object): void {
    if (this.isOpen) this.#socket!.send(JSON.stringify(frame));
  }
}
