/** What an agent's work weighs. Pure. */
import type { Id, WorkItem, WorkItemState } from '@centralita/sdk';

const HOLDS: readonly WorkItemState[] = ['active', 'wrap_up'];

/** Thousandths of a point that `agentId` holds in the main pool; paused and interruptible work weighs nothing there. */
export function heldMilli(work: Iterable<WorkItem>, agentId: Id | null): number {
  let sum = 0;
  for (const item of work) {
    if (item.agent_id === agentId && !item.is_interruptible && HOLDS.includes(item.state)) sum += item.units_milli;
  }
  return sum;
}
