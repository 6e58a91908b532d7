// The staff socket (`centralita.v1`) and the visitor's (`centralita.visitor.v1`).
import WebSocket from 'ws';
import { Feed, within } from './wait.mjs';

const OPEN_DEADLINE_MS = 10_000;

/** One connection. `events` holds the durable events in order, `frames` everything else. */
export class Socket {
  events = new Feed();
  frames = new Feed();
  /** Cursor of the last frame processed; what a reconnect passes as `after`. */
  cursor = null;
  /** Jumps of `n`: each is an event lost on the wire. */
  gaps = [];
  #n = 0;

  /** A staff connection of `api`'s session or token. */
  static staff(api, { topics = [], after, routable = false } = {}) {
    const start = { op: 'start', topics, routable, client: 'e2e/1.0', ...(after ? { after } : {}) };
    return Socket.#open(`${api.origin}/api/v1/stream`, 'centralita.v1', api.headers, start);
  }

  /** A visitor's connection. */
  static visitor(origin, widgetKey, token, { after } = {}) {
    const start = { op: 'start', token, ...(after ? { after } : {}) };
    return Socket.#open(`${origin}/api/v1/widget/${widgetKey}/stream`, 'centralita.visitor.v1', { origin }, start);
  }

  static async #open(url, protocol, headers, start) {
    const socket = new Socket();
    const { origin, ...rest } = headers;
    const ws = new WebSocket(url.replace(/^http/, 'ws'), protocol, { headers: rest, ...(origin ? { origin } : {}) });
    socket.ws = ws;
    socket.closed = new Promise((resolve) => ws.once('close', (code, reason) => resolve({ code, reason: String(reason) })));
    socket.closed.then(({ code }) => {
      const error = new Error(`the socket closed with ${code}`);
      socket.events.fail(error);
      socket.frames.fail(error);
    });
    ws.on('message', (bytes) => socket.#receive(JSON.parse(bytes)));
    await within(`${url} to open`, OPEN_DEADLINE_MS, new Promise((resolve, reject) => ws.once('open', resolve).once('error', reject)));
    ws.on('error', () => {});
    ws.send(JSON.stringify(start));
    socket.hello = await socket.frames.next('hello', (f) => f.op === 'hello');
    return socket;
  }

  #receive(frame) {
    if (frame.op === 'ping') this.ws.send('{"op":"pong"}');
    if (frame.cursor) this.cursor = frame.cursor;
    if (frame.op !== 'event') return this.frames.push(frame);
    if (frame.n !== this.#n + 1) this.gaps.push({ after: this.#n, got: frame.n });
    this.#n = frame.n;
    this.events.push(frame.event);
  }

  /** Waits for an event of `type`; `accepts` narrows it; `from` skips what came before. */
  event(type, accepts = () => true, options) {
    return this.events.next(type, (e) => e.type === type && accepts(e.data, e), options);
  }

  /** A position in the stream: pass it as `from`. */
  get here() {
    return this.events.items.length;
  }

  async close() {
    this.ws.close(1000);
    await within('socket to close', 5_000, this.closed).catch(() => this.ws.terminate());
  }
}
