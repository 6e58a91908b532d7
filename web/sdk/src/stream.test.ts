import { describe, expect, it } from 'vitest';
import { backoffCeiling, Stream } from './stream';
import type { SocketLike, StreamStatus } from './stream';

class FakeSocket implements SocketLike {
  sent: { op: string; [key: string]: unknown }[] = [];
  closed: number | undefined;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  send(text: string): void {
    this.sent.push(JSON.parse(text) as { op: string });
  }
  close(code?: number): void {
    this.closed = code;
  }
  get(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

function world() {
  const sockets: FakeSocket[] = [];
  const timers: { run: () => void; ms: number; isOn: boolean }[] = [];
  const seen: string[] = [];
  const statuses: StreamStatus[] = [];
  const resyncs: string[] = [];
  const stream = new Stream(
    { url: 'ws://x', cursor: 'c0', topics: ['inbox'], routable: true, client: 'test' },
    { onEvent: (event) => seen.push(event.id), onSignal: () => undefined, onStatus: (status) => statuses.push(status), onHello: () => undefined, onServerNow: () => undefined, onResync: (reason) => resyncs.push(reason) },
    {
      open: () => {
        const socket = new FakeSocket();
        sockets.push(socket);
        return socket;
      },
      now: () => 0,
      random: () => 0.5,
      later: (run, ms) => {
        const timer = { run, ms, isOn: true };
        timers.push(timer);
        return () => (timer.isOn = false);
      },
    },
  );
  const last = () => sockets.at(-1) as FakeSocket;
  const live = () => {
    last().onopen?.();
    last().get({ op: 'hello', connection_id: 'k', server_now: '2026-11-25T10:00:00Z', cursor: 'c0', resumed: true, session: { user_id: 'u' }, heartbeat_ms: 10_000, limits: {} });
  };
  const event = (n: number, id: string) => last().get({ op: 'event', n, cursor: `c-${id}`, event: { id, type: 'x', data: {} } });
  const due = (ms: number) => timers.filter((timer) => timer.isOn && timer.ms === ms);
  return { stream, sockets, seen, statuses, resyncs, last, live, event, due };
}

describe('the staff socket', () => {
  it('starts after the cursor it was given', () => {
    const w = world();
    w.stream.connect();
    w.live();
    expect(w.last().sent[0]).toMatchObject({ op: 'start', after: 'c0', topics: ['inbox'], routable: true });
    expect(w.statuses.at(-1)).toEqual({ kind: 'live' });
  });

  it('hands every event over once and resumes after the last one', () => {
    const w = world();
    w.stream.connect();
    w.live();
    w.event(1, 'a');
    w.event(2, 'b');
    w.last().onclose?.({ code: 1006 });
    w.due(500)[0]?.run();
    w.live();
    expect(w.seen).toEqual(['a', 'b']);
    expect(w.last().sent[0]).toMatchObject({ after: 'c-b' });
  });

  it('reconnects at a gap and takes nothing beyond it', () => {
    const w = world();
    w.stream.connect();
    w.live();
    w.event(1, 'a');
    w.event(3, 'c');
    expect(w.seen).toEqual(['a']);
    expect(w.sockets).toHaveLength(2);
    w.live();
    expect(w.last().sent[0]).toMatchObject({ after: 'c-a' });
  });

  it('ignores what an abandoned socket still says', () => {
    const w = world();
    w.stream.connect();
    w.live();
    const old = w.last();
    w.event(2, 'gap');
    old.get({ op: 'event', n: 1, cursor: 'x', event: { id: 'late', type: 'x', data: {} } });
    expect(w.seen).toEqual([]);
  });

  it('moves its cursor with a mark and with a resync', () => {
    const w = world();
    w.stream.connect();
    w.live();
    w.last().get({ op: 'mark', cursor: 'm1' });
    expect(w.stream.cursor).toBe('m1');
    w.last().get({ op: 'resync', reason: 'slow', topics: ['inbox'], cursor: 'r1' });
    expect([w.stream.cursor, w.resyncs]).toEqual(['r1', ['slow']]);
  });

  it('answers a ping', () => {
    const w = world();
    w.stream.connect();
    w.live();
    w.last().get({ op: 'ping', server_now: '2026-11-25T10:00:00Z' });
    expect(w.last().sent.at(-1)).toEqual({ op: 'pong' });
  });

  it('treats three silent heartbeats as a loss', () => {
    const w = world();
    w.stream.connect();
    w.live();
    w.due(30_000).at(-1)?.run();
    expect(w.statuses.at(-1)).toMatchObject({ kind: 'offline' });
    expect(w.last().closed).toBe(4408);
  });

  it('stops for good when the session was taken over or revoked', () => {
    for (const [code, reason] of [[4409, 'replaced'], [4410, 'revoked'], [4401, 'unauthenticated'], [4403, 'forbidden']] as const) {
      const w = world();
      w.stream.connect();
      w.live();
      w.last().onclose?.({ code });
      expect(w.statuses.at(-1)).toEqual({ kind: 'stopped', reason });
    }
  });

  it('subscribes with an acknowledgement and says its topics again after a loss', async () => {
    const w = world();
    w.stream.connect();
    w.live();
    const done = w.stream.subscribe(['conversation:1']);
    w.last().get({ op: 'ack', ref: 1, cursor: 'c1', refused: [] });
    await done;
    w.last().onclose?.({ code: 1006 });
    w.due(500)[0]?.run();
    w.live();
    expect(w.last().sent[0]).toMatchObject({ topics: ['inbox', 'conversation:1'] });
  });

  it('backs off by doubling up to half a minute, slower after a planned restart', () => {
    expect([0, 1, 5, 20].map((attempt) => backoffCeiling(attempt, 1006))).toEqual([1_000, 2_000, 30_000, 30_000]);
    expect([0, 1, 3].map((attempt) => backoffCeiling(attempt, 1012))).toEqual([5_000, 10_000, 30_000]);
  });
});
