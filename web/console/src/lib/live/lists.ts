/** Which conversations a list holds and in what order. Pure; mirrors the filters of `GET /conversations`. */
import type { Conversation, Id, Priority, StatusCategory } from '@centralita/sdk';
import type { Query } from '@centralita/sdk';

export type ListName = 'mine' | 'unassigned' | 'mentions' | 'following' | 'snoozed' | 'drafts' | 'all';
export type ListKey = { list: ListName } | { queueId: Id } | { viewId: Id };
export type Sort = 'sla' | 'waiting_since_at' | '-last_activity_at' | '-priority';
/** What narrows a list further; the same words as in the address of the page. */
export interface Filter { status?: StatusCategory; channel?: string; priority?: Priority; tag?: string; unread?: boolean }
export interface Viewer { userId: Id; agentId: Id | null }

export const SORTS: readonly Sort[] = ['sla', 'waiting_since_at', '-last_activity_at', '-priority'];

export function keyText(key: ListKey): string {
  if ('list' in key) return key.list;
  return 'queueId' in key ? `queue:${key.queueId}` : `view:${key.viewId}`;
}

const STATUSES: readonly StatusCategory[] = ['open', 'waiting', 'resolved'];
const PRIORITIES: readonly Priority[] = ['low', 'normal', 'high', 'urgent'];

/** The filter that an address names; words it does not know are left out. */
export function filterOf(query: URLSearchParams): Filter {
  const status = STATUSES.find((one) => one === query.get('status'));
  const priority = PRIORITIES.find((one) => one === query.get('priority'));
  const [channel, tag] = [query.get('channel'), query.get('tag')];
  return { ...(status ? { status } : {}), ...(priority ? { priority } : {}), ...(channel ? { channel } : {}), ...(tag ? { tag } : {}), ...(query.has('unread') ? { unread: true } : {}) };
}

/** The same in the filter language, for a saved view; `unread` has no word there. */
export function filterText(filter: Filter, queueKey: string | null): string {
  const parts = [queueKey ? `queue:${queueKey}` : '', filter.status ? `status:${filter.status}` : '', filter.channel ? `channel:${filter.channel}` : '', filter.priority ? `priority:${filter.priority}` : '', filter.tag ? `tag:${filter.tag}` : ''];
  return parts.filter((part) => part !== '').join(' ');
}

export function fits(row: Conversation, filter: Filter): boolean {
  if (filter.status && row.status_category !== filter.status) return false;
  if (filter.channel && !row.channel_kinds.includes(filter.channel)) return false;
  if (filter.priority && row.priority !== filter.priority) return false;
  if (filter.tag && !row.tags.includes(filter.tag)) return false;
  return !filter.unread || (row.unread_count ?? 0) > 0;
}

export function queryOf(key: ListKey, sort: Sort, filter: Filter = {}): Query {
  const narrow = {
    ...(filter.status ? { status_category: filter.status } : {}), ...(filter.channel ? { channel_kind: filter.channel } : {}), ...(filter.priority ? { priority: filter.priority } : {}),
    ...(filter.tag ? { tag: filter.tag } : {}),
  };
  const common = { sort, expand: 'customer', limit: 100, ...narrow };
  if ('queueId' in key) return { ...common, queue_id: key.queueId, status_category: filter.status ?? ['open', 'waiting'] };
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
    case 'unassigned': return isLive && row.owner_agent_id === null;
    case 'following': return isLive && row.follower_ids.includes(me.userId);
    case 'all': return true;
    case 'mentions':
    case 'drafts': return null;
  }
}

/** What rings is not held yet. */
const HELD: ReadonlySet<string> = new Set(['active', 'paused', 'wrap_up']);

function isMine(row: Conversation, me: Viewer): boolean {
  if (me.agentId === null) return false;
  return row.owner_agent_id === me.agentId || row.work.some((work) => work.agent_id === me.agentId && HELD.has(work.state));
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
