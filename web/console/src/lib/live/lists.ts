/** Which conversations a list holds and in what order. Pure; mirrors the filters of `GET /conversations`. */
import type { Conversation, Id } from '@centralita/sdk';
import type { Query } from '@centralita/sdk';

export type ListName = 'mine' | 'unassigned' | 'mentions' | 'snoozed' | 'drafts' | 'all';
export type ListKey = { list: ListName } | { queueId: Id } | { viewId: Id };
export type Sort = 'sla' | 'waiting_since_at' | '-last_activity_at' | '-priority';
export interface Viewer { userId: Id; agentId: Id | null }

export const SORTS: readonly Sort[] = ['sla', 'waiting_since_at', '-last_activity_at', '-priority'];

export function keyText(key: ListKey): string {
  if ('list' in key) return key.list;
  return 'queueId' in key ? `queue:${key.queueId}` : `view:${key.viewId}`;
}

export function queryOf(key: ListKey, sort: Sort): Query {
  const common = { sort, expand: 'customer', limit: 100 };
  if ('queueId' in key) return { ...common, queue_id: key.queueId, status_category: ['open', 'waiting'] };
  return 'viewId' in key ? { ...common, view_id: key.viewId } : { ...common, list: key.list };
}

/** Whether a changed row belongs to the list; `null` where only the server can tell (drafts, mentions, views). */
export function belongs(row: Conversation, key: ListKey, me: Viewer): boolean | null {
  const isLive = row.status_category !== 'resolved' && row.merged_into_id === null;
  if ('viewId' in key) return null;
  if ('queueId' in key) return isLive && row.queue_id === key.queueId;
  switch (key.list) {
    case 'mine': return isLive && row.snooze === null && isMine(row, me);
    case 'snoozed': return isLive && row.snooze !== null && isMine(row, me);
    case 'unassigned': return isLive && row.owner_agent_id === null && row.work.every((work) => work.agent_id === null);
    case 'all': return true;
    case 'mentions':
    case 'drafts': return null;
  }
}

function isMine(row: Conversation, me: Viewer): boolean {
  if (me.agentId === null) return false;
  return row.owner_agent_id === me.agentId || row.work.some((work) => work.agent_id === me.agentId);
}

const PRIORITY: Record<string, number> = { urgent: 0, high: 1, normal: 2, low: 3 };
const LAST = '9999';

/** Order of two rows; ties by id, newest first. */
export function compare(sort: Sort): (a: Conversation, b: Conversation) => number {
  const key = keyOf(sort);
  return (a, b) => {
    const [left, right] = [key(a), key(b)];
    if (left !== right) return left < right ? -1 : 1;
    return a.last_activity_at === b.last_activity_at ? 0 : a.last_activity_at < b.last_activity_at ? 1 : -1;
  };
}

function keyOf(sort: Sort): (row: Conversation) => string | number {
  switch (sort) {
    case 'sla': return (row) => row.sla?.next_due_at ?? LAST;
    case 'waiting_since_at': return (row) => row.waiting_since_at ?? LAST;
    case '-priority': return (row) => PRIORITY[row.priority] ?? 2;
    case '-last_activity_at': return () => 0;
  }
}
