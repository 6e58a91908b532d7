import { describe, expect, it } from 'vitest';
import type { WorkItem } from '@centralita/sdk';
import { queueFigures } from './figures';

const item = (patch: Partial<WorkItem>) => ({ queue_id: 'q1', state: 'queued', enqueued_at: '2026-11-25T10:00:00Z', ...patch }) as WorkItem;

describe('figures of a queue', () => {
  it('count what waits and what rings, and know who waits longest', () => {
    const figures = queueFigures('q1', [item({}), item({ state: 'offered', enqueued_at: '2026-11-25T09:00:00Z' }), item({ queue_id: 'q2', enqueued_at: '2026-11-25T08:00:00Z' })]);
    expect(figures).toEqual({ waiting: 1, ringing: 1, oldestAt: Date.parse('2026-11-25T09:00:00Z') });
  });

  it('are empty for an empty queue', () => {
    expect(queueFigures('q1', [])).toEqual({ waiting: 0, ringing: 0, oldestAt: null });
  });
});
