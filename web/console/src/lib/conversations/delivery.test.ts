import { describe, expect, it } from 'vitest';
import type { Delivery, Entry } from '@centralita/sdk';
import { deliveryError, deliveryLine } from './delivery';

const NOW = Date.parse('2026-11-25T10:00:00Z');
const delivery = (patch: Partial<Delivery>): Delivery => ({
  state: 'queued', attempt: 1, provider_id: null, error: null, sent_at: null, delivered_at: null, read_at: null, next_retry_at: null, undo_until_at: null, segments: null, ...patch,
});
const line = (patch: Partial<Delivery>) => deliveryLine({ direction: 'out', delivery: delivery(patch) } as Entry, NOW);

describe('a delivery', () => {
  it('can be undone while it is held and not a second later', () => {
    expect(line({ state: 'held', undo_until_at: '2026-11-25T10:00:08Z' })).toMatchObject({ may: ['undo'] });
    expect(line({ state: 'held', undo_until_at: '2026-11-25T10:00:08Z' })?.text).toContain('8');
    expect(line({ state: 'held', undo_until_at: '2026-11-25T09:59:59Z' })).toMatchObject({ may: [] });
  });

  it('can be cancelled while it waits for another try', () => {
    expect(line({ attempt: 3, next_retry_at: '2026-11-25T10:05:00Z' })).toMatchObject({ may: ['cancel'], tone: 'warn' });
    expect(line({})).toMatchObject({ may: [] });
  });

  it('offers a new try where it failed or nobody knows', () => {
    expect(line({ state: 'failed' })).toMatchObject({ may: ['retry'], tone: 'bad' });
    expect(line({ state: 'unknown' })).toMatchObject({ may: ['retry'], tone: 'warn' });
  });

  it('says nothing of what came in', () => {
    expect(deliveryLine({ direction: 'in', delivery: null } as Entry, NOW)).toBeNull();
  });

  it('quotes the provider only where we have no words of our own', () => {
    const error = { code: 'smtp_550', class: 'permanent' as const, provider_code: '550', text: 'no such user' };
    expect(deliveryError(delivery({ error }))).toContain('no such user');
    expect(deliveryError(delivery({ error: { ...error, code: 'window_closed' } }))).not.toContain('no such user');
  });
});
