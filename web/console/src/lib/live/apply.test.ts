import { describe, expect, it } from 'vitest';
import type { Conversation, Entry, StreamEvent } from '@centralita/sdk';
import { apply } from './apply';
import { emptyTables } from './tables';
import type { Change, Tables } from './tables';

const ACTOR = { type: 'system', id: null, name: null } as const;
const event = (type: string, data: object): StreamEvent =>
  ({ id: 'e1', type, version: 1, timestamp: '2026-11-25T10:00:00.000000Z', actor: ACTOR, cause_id: null, data }) as unknown as StreamEvent;
const conversation = (patch: Partial<Conversation>): Conversation =>
  ({ id: 'c1', number: 1, version: 1, last_entry_seq: 1, unread_count: 0, customer_id: 'p1', last_entry: null, ...patch }) as unknown as Conversation;
const entry = (patch: Partial<Entry>): Entry =>
  ({ id: 'n1', conversation_id: 'c1', seq: 1, kind: 'message', direction: 'in', author: ACTOR, body: { text: 'hola' }, created_at: '2026-11-25T10:00:00.000000Z', channel_kind: 'web_chat', delivery: null, ...patch }) as unknown as Entry;

function tables(seed: Change[] = []): Tables {
  const made = emptyTables(() => new Map<string, unknown>());
  for (const { table, id, row } of seed) made[table].set(id, row);
  return made as unknown as Tables;
}

describe('apply', () => {
  it('puts a newer conversation and keeps the customer that only an expansion carries', () => {
    const customer = { id: 'p1', name: 'Lucía' } as never;
    const before = tables([{ table: 'conversations', id: 'c1', row: conversation({ customer }) }]);
    const [change] = apply(before, event('conversation.updated', { conversation: conversation({ version: 2, subject: 'x' }) }));
    expect(change).toMatchObject({ id: 'c1', row: { version: 2, subject: 'x', customer: { name: 'Lucía' } } });
  });

  it('ignores an older version of a conversation', () => {
    const before = tables([{ table: 'conversations', id: 'c1', row: conversation({ version: 5 }) }]);
    expect(apply(before, event('conversation.updated', { conversation: conversation({ version: 4 }) }))).toEqual([]);
  });

  it('takes a conversation away when it is hidden from the person', () => {
    expect(apply(tables(), event('conversation.hidden', { id: 'c1' }))).toEqual([{ table: 'conversations', id: 'c1', row: null }]);
  });

  it('appends an entry to an open timeline and to the row of the list', () => {
    const before = tables([
      { table: 'conversations', id: 'c1', row: conversation({}) },
      { table: 'entries', id: 'c1', row: { entries: [entry({})], hasOlder: false, isStale: false } },
    ]);
    const changes = apply(before, event('entry.created', { entry: entry({ id: 'n2', seq: 2, body: { text: '¿hola?' } }) }));
    expect(changes).toMatchObject([
      { table: 'entries', row: { isStale: false, entries: [{ id: 'n1' }, { id: 'n2' }] } },
      { table: 'conversations', row: { last_entry_seq: 2, unread_count: 1, last_entry: { text: '¿hola?' } } },
    ]);
  });

  it('marks a timeline stale when an entry is missing before the new one', () => {
    const before = tables([{ table: 'entries', id: 'c1', row: { entries: [entry({})], hasOlder: false, isStale: false } }]);
    const [change] = apply(before, event('entry.created', { entry: entry({ id: 'n3', seq: 3 }) }));
    expect(change).toMatchObject({ row: { isStale: true } });
  });

  it('shows an entry once when the event repeats it', () => {
    const before = tables([{ table: 'entries', id: 'c1', row: { entries: [entry({})], hasOlder: false, isStale: false } }]);
    const [change] = apply(before, event('entry.created', { entry: entry({}) }));
    expect(change).toMatchObject({ row: { entries: [{ id: 'n1' }] } });
  });

  it('changes nothing for an entry of a conversation that is not loaded', () => {
    expect(apply(tables(), event('entry.created', { entry: entry({}) }))).toEqual([]);
  });

  it('moves the delivery state of a loaded message', () => {
    const before = tables([{ table: 'entries', id: 'c1', row: { entries: [entry({ direction: 'out' })], hasOlder: false, isStale: false } }]);
    const [change] = apply(before, event('entry.delivery_changed', { entry_id: 'n1', conversation_id: 'c1', delivery: { state: 'read' }, previous_state: 'sent' }));
    expect(change).toMatchObject({ row: { entries: [{ delivery: { state: 'read' } }] } });
  });

  it('shows an offer while it is pending and drops it on any end', () => {
    const offer = { id: 'o1', state: 'pending' };
    expect(apply(tables(), event('offer.created', { offer }))).toEqual([{ table: 'offers', id: 'o1', row: offer }]);
    for (const state of ['accepted', 'declined', 'timed_out', 'cancelled', 'rescinded']) {
      expect(apply(tables(), event(`offer.${state}`, { offer: { ...offer, state } }))).toEqual([{ table: 'offers', id: 'o1', row: null }]);
    }
  });

  it('drops a work item and its assignment when it is closed', () => {
    const changes = apply(tables(), event('work_item.closed', { work_item: { id: 'w1', state: 'closed', version: 3 } }));
    expect(changes).toEqual([{ table: 'work', id: 'w1', row: null }, { table: 'assignments', id: 'w1', row: null }]);
  });

  it('takes my presence from the server only when it is mine', () => {
    const before = tables([{ table: 'presence', id: 'me', row: { agent_id: 'a1' } as never }]);
    const mine = { agent_id: 'a1', status_id: 's2' };
    expect(apply(before, event('presence.changed', { presence: mine }))).toEqual([{ table: 'presence', id: 'me', row: mine }]);
    expect(apply(before, event('presence.changed', { presence: { agent_id: 'a2' } }))).toEqual([]);
  });

  it('skips a type it does not know', () => {
    expect(apply(tables(), event('moon.phase_changed', { phase: 'full' }))).toEqual([]);
  });
});
