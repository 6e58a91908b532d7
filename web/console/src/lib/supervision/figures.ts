/** Figures of a queue from the work that waits in it. Pure. */
import type { Id, WorkItem } from '@centralita/sdk';

export interface QueueFigures { waiting: number; ringing: number; /** When the one that waits longest came; null when none does. */ oldestAt: number | null }

export function queueFigures(queueId: Id, items: readonly WorkItem[]): QueueFigures {
  const own = items.filter((item) => item.queue_id === queueId && item.enqueued_at !== null);
  const times = own.map((item) => Date.parse(item.enqueued_at ?? ''));
  return { waiting: own.filter((item) => item.state === 'queued').length, ringing: own.filter((item) => item.state === 'offered').length, oldestAt: times.length > 0 ? Math.min(...times) : null };
}
