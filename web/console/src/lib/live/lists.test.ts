import { describe, expect, it } from 'vitest';
import type { Conversation } from '@centralita/sdk';
import { belongs, compare, filterOf, filterText, fits, queryOf } from './lists';

const ME = { userId: 'u1', agentId: 'a1' };
const row = (patch: Partial<Conversation>): Conversation =>
  ({ id: 'c', status_category: 'open', merged_into_id: null, snooze: null, owner_agent_id: 'a1', queue_id: 'q1', work: [], last_activity_at: '2026-01-01', sla: null, waiting_since_at: null, priority: 'normal', ...patch }) as unknown as Conversation;

describe('belongs', () => {
  it('counts as mine what I own and what I hold, until it is resolved or snoozed', () => {
    const mine = { list: 'mine' } as const;
    expect(belongs(row({}), mine, ME)).toBe(true);
    expect(belongs(row({ owner_agent_id: 'a2', work: [{ work_item_id: 'w', state: 'active', agent_id: 'a1', queue_id: null }] }), mine, ME)).toBe(true);
    expect(belongs(row({ owner_agent_id: 'a2' }), mine, ME)).toBe(false);
    expect(belongs(row({ owner_agent_id: null, work: [{ work_item_id: 'w', state: 'offered', agent_id: 'a1', queue_id: null }] }), mine, ME)).toBe(false);
    expect(belongs(row({ status_category: 'resolved' }), mine, ME)).toBe(false);
    expect(belongs(row({ snooze: { until_at: null, until_reply: true, by: null } }), mine, ME)).toBe(false);
  });

  it('keeps a merged conversation out of a queue', () => {
    expect(belongs(row({}), { queueId: 'q1' }, ME)).toBe(true);
    expect(belongs(row({ merged_into_id: 'c2' }), { queueId: 'q1' }, ME)).toBe(false);
  });

  it('leaves views, drafts and mentions to the server', () => {
    expect(belongs(row({}), { viewId: 'v' }, ME)).toBeNull();
    expect(belongs(row({}), { list: 'drafts' }, ME)).toBeNull();
  });

  it('owns nothing without an agent', () => {
    expect(belongs(row({ owner_agent_id: null }), { list: 'mine' }, { userId: 'u1', agentId: null })).toBe(false);
  });
});

describe('compare', () => {
  it('puts the nearest deadline first and rows without one last', () => {
    const due = (at: string | null) => row({ id: at ?? 'none', sla: at ? { next_kind: 'next_response', next_due_at: at, state: 'ok' } : null });
    const sorted = [due(null), due('2026-11-25T12:00'), due('2026-11-25T11:00')].sort(compare('sla'));
    expect(sorted.map((one) => one.id)).toEqual(['2026-11-25T11:00', '2026-11-25T12:00', 'none']);
  });

  it('breaks ties by the newest activity', () => {
    const sorted = [row({ id: 'old', last_activity_at: '2026-01-01' }), row({ id: 'new', last_activity_at: '2026-02-01' })].sort(compare('-priority'));
    expect(sorted.map((one) => one.id)).toEqual(['new', 'old']);
  });
});

describe('queryOf', () => {
  it('asks a queue for what is not resolved', () => {
    expect(queryOf({ queueId: 'q1' }, 'sla')).toMatchObject({ queue_id: 'q1', status_category: ['open', 'waiting'], sort: 'sla' });
  });
});

describe('a filter', () => {
  it('is read from an address and ignores what it does not know', () => {
    expect(filterOf(new URLSearchParams('status=open&priority=top&channel=email&unread=1&c=9'))).toEqual({ status: 'open', channel: 'email', unread: true });
    expect(filterOf(new URLSearchParams('c=9'))).toEqual({});
  });

  it('narrows by everything it names at once', () => {
    const one = row({ channel_kinds: ['email'], tags: ['envios'], priority: 'high', unread_count: 1 });
    expect(fits(one, { channel: 'email', tag: 'envios', priority: 'high', status: 'open', unread: true })).toBe(true);
    for (const wrong of [{ channel: 'sms' }, { tag: 'otra' }, { priority: 'low' as const }, { status: 'resolved' as const }]) expect(fits(one, wrong)).toBe(false);
  });

  it('asks the server in its own words and is kept in the filter language', () => {
    expect(queryOf({ list: 'all' }, 'sla', { status: 'resolved', tag: 'x' })).toMatchObject({ list: 'all', status_category: 'resolved', tag: 'x' });
    expect(queryOf({ queueId: 'q1' }, 'sla', { status: 'waiting' })).toMatchObject({ status_category: 'waiting' });
    expect(filterText({ channel: 'email', priority: 'urgent' }, 'ventas')).toBe('queue:ventas channel:email priority:urgent');
  });
});
