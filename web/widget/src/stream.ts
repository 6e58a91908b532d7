/**
 * The socket half of the visitor protocol: `centralita.visitor.v1`.
 *
 * Resumes from the last cursor it has handed on, so that no event is missed or repeated over reconnects. Knows
 * nothing of what events mean.
 */
import { socketDelay } from './backoff.ts';
import type { Frame, Said, TypingSignal, VisitorEvent } from './wire.ts';

/** Two missed heartbeats of 30 s, and some patience. */
const SILENCE_MS = 75_000;

export interface StreamHost {
  readonly onEvent: (event: VisitorEvent) => void;
  readonly onTyping: (signal: TypingSignal) => void;
  /** Local state is stale: fetch it again. Events go on from the frame's cursor. */
  readonly onResync: () => void;
  readonly onOpen: () => void;
  /** The token is no longer good (4401). */
  readonly onUnauthorized: () => void;
}

export interface Stream {
  /** Connects, or reconnects with a new token. `after`: the cursor to resume from. */
  readonly connect: (url: string, token: string, after: string | undefined) => void;
  readonly disconnect: () => void;
  readonly isConnected: () => boolean;
  /** Reconnects at once if it is waiting to: the network is back, or the tab is looked at again. */
  readonly nudge: () => void;
  readonly say: (frame: Said) => void;
}

export function createStream({ onEvent, onTyping, onResync, onOpen, onUnauthorized }: StreamHost): Stream {
  let socket: WebSocket | undefined;
  let address = '';
  let credential = '';
  let cursor: string | undefined;
  let attempt = 0;
  let retryTimer = 0;
  let watchdog = 0;

  const isConnected = (): boolean => socket?.readyState === 1;
  const say = (frame: Said): void => {
    if (isConnected()) socket!.send(JSON.stringify(frame));
  };

  /** Lets go of the socket without a word from it. */
  const drop = (): void => {
    clearTimeout(watchdog);
    clearTimeout(retryTimer);
    const old = socket;
    socket = undefined;
    old?.close();
  };

  const disconnect = (): void => {
    address = '';
    drop();
  };

  const again = (): void => {
    drop();
    retryTimer = setTimeout(open, socketDelay(attempt++, Math.random()));
  };

  const closed = (code: number): void => {
    // Refused, or its place was taken by another socket of this visitor: wait until this tab is looked at.
    if (![4401, 4403, 4410, 4429].includes(code)) return again();
    drop();
    if (code === 4401) onUnauthorized();
  };

  const open = (): void => {
    let made: WebSocket;
    let count = 0;
    try {
      socket = made = new WebSocket(address, 'centralita.visitor.v1');
    } catch {
      return again();
    }
    /** Silence means that the connection is gone, whatever TCP says. */
    const watch = (): void => {
      clearTimeout(watchdog);
      watchdog = setTimeout(again, SILENCE_MS);
    };
    const receive = (frame: Frame): void => {
      const { op } = frame;
      watch();
      if (op === 'hello') {
        attempt = 0;
        return onOpen(); // Its cursor is where the server stands, not what was handed on.
      }
      if (op === 'ping') say({ op: 'pong' });
      if (op === 'signal' && frame.type === 'typing') onTyping(frame.data);
      if (op === 'resync') onResync();
      if (op === 'event') {
        if (frame.n !== ++count) return again();
        onEvent(frame.event);
      }
      if ('cursor' in frame) cursor = frame.cursor;
    };
    made.onopen = () => {
      say({ op: 'start', token: credential, after: cursor });
      watch();
    };
    made.onmessage = ({ data }) => made === socket && receive(JSON.parse(data as string) as Frame);
    made.onclose = ({ code }) => made === socket && closed(code);
    // Chromium tells of a socket that the page's policy forbids by an error alone; else the close comes first.
    made.onerror = () => setTimeout(() => made === socket && made.readyState === 3 && again());
  };

  return {
    connect: (url, token, after) => {
      drop();
      address = url;
      credential = token;
      cursor = after;
      attempt = 0;
      open();
    },
    disconnect,
    isConnected,
    nudge: () => {
      if (address && !socket) {
        drop();
        open();
      }
    },
    say,
  };
}
