import { describe, expect, it } from 'vitest';
import type { Item } from '../src/outbox.ts';
import type { Message } from '../src/protocol.ts';
import { START, thread, type Thread } from '../src/store.ts';
import { timeline } from '../src/ui/timeline.ts';

const message = (seq: number, kind: Message['author']['kind'], at: string, more: Partial<Message> = {}): Message => ({
  id: 'm' + seq,
  seq,
  conversation_id: 'c1',
  author: { kind },
  text: '',
  created_at: at,
  ...more,
});
const item = (id: string, more: Partial<Item> = {}): Item => ({ id, at: 1, conversation: 'c1', text: id, ...more });
const of = (messages: Message[], more: Partial<Thread> = {}): Thread => ({ ...thread(START, 'c1'), messages, ...more });

describe('the log', () => {
  it('opens each day with its date and ends each group with its time', () => {
    const rows = timeline(
      of([
        message(1, 'me', '2026-03-01T10:00:00'),
        message(2, 'me', '2026-03-01T10:01:00'),
        message(3, 'agent', '2026-03-01T10:02:00'),
        message(4, 'agent', '2026-03-02T09:00:00'),
      ]),
      [],
    );
    expect(rows.map((row) => (row.kind === 'message' ? row.message.id + (row.isEnd ? ' end' : '') : row.kind))).toEqual(['day', 'm1', 'm2 end', 'm3 end', 'day', 'm4 end']);
  });

  it('numbers what waits and leaves refused ones out of the count', () => {
    const rows = timeline(of([]), [item('a'), item('b', { refusal: { code: 'x' } }), item('c'), item('d', { conversation: 'c2' })]);
    expect(rows.map((row) => (row.kind === 'pending' ? [row.item.id, row.place, row.count] : row.kind))).toEqual([['a', 1, 2], ['b', 0, 2], ['c', 2, 2]]);
  });

  it('shows a message once while the outbox has not yet let go of it, under the same key', () => {
    const rows = timeline(of([message(1, 'me', '2026-03-01T10:00:00', { client_message_id: 'a' })]), [item('a')]);
    expect(rows.map(({ key }) => key)).toEqual([expect.stringMatching('^d'), 'a']);
  });

  it('puts comings and goings after the message they followed', () => {
    const rows = timeline(of([message(1, 'me', '2026-03-01T10:00:00'), message(5, 'agent', '2026-03-01T10:00:30')], { lines: [{ seq: 1, kind: 'joined', name: 'Ana' }] }), []);
    expect(rows.map(({ kind }) => kind)).toEqual(['day', 'message', 'line', 'message']);
  });
});
