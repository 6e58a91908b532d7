/**
 * What one server event changes. Pure: no clock, no network, no Svelte.
 *
 * # Invariants
 * - An older version of a row never replaces a newer one: REST answers and events arrive in either order.
 * - An event for something that is not loaded changes nothing, save where the row itself is complete in the event.
 * - An event of a type this build does not know is skipped.
 */
import type { Assignment, Conversation, Entry, Offer, Presence, StreamEvent, WorkItem } from '@centralita/sdk';
import { insertEntry, setDelivery, withNewest } from './entries';
import { draftKey, summarize } from './tables';
import type { Change, Tables } from './tables';

const NOTHING: Change[] = [];

/** The rows to put and to take away after `event`. */
export function apply(tables: Tables, event: StreamEvent): Change[] {
  switch (event.type) {
    case 'conversation.deleted': return drop('conversations', event.data.conversation.id);
    case 'conversation.hidden': return drop('conversations', event.data.id);
    case 'work_item.hidden': return drop('work', event.data.id);
    case 'entry.delivery_changed': return delivery(tables, event.data);
    case 'draft.changed': {
      const draft = event.data.draft;
      return [{ table: 'drafts', id: draftKey(draft.conversation_id, draft.mode), row: draft }];
    }
    case 'presence.changed':
    case 'presence.session_changed': return presence(tables, event.data.presence);
    case 'agent.updated': return [{ table: 'agents', id: event.data.agent.id, row: event.data.agent }];
    default: return byFamily(tables, event);
  }
}

function byFamily(tables: Tables, event: StreamEvent): Change[] {
  if ('entry' in event.data) return entry(tables, event.data.entry);
  if ('work_item' in event.data) return workItem(tables, event.data);
  if ('offer' in event.data) return offer(event.data.offer);
  if ('conversation' in event.data && 'number' in event.data.conversation) return conversation(tables, event.data.conversation);
  if ('queue' in event.data) return [{ table: 'queues', id: event.data.queue.id, row: event.data.queue }];
  if ('customer' in event.data) return [{ table: 'customers', id: event.data.customer.id, row: event.data.customer }];
  if ('channel' in event.data) return [{ table: 'channels', id: event.data.channel.id, row: summarize(event.data.channel) }];
  return NOTHING;
}

/** A conversation as it is now; keeps what only an expansion or an own reading carries. */
export function conversation(tables: Tables, row: Conversation): Change[] {
  const known = tables.conversations.get(row.id);
  if (known && known.version > row.version) return NOTHING;
  const kept = { unread_count: known?.unread_count ?? 0, ...(known?.customer ? { customer: known.customer } : {}) };
  const customer: Change[] = row.customer ? [{ table: 'customers', id: row.customer.id, row: row.customer }] : [];
  return [{ table: 'conversations', id: row.id, row: { ...kept, ...row } }, ...customer];
}

function entry(tables: Tables, row: Entry): Change[] {
  const changes: Change[] = [];
  const window = tables.entries.get(row.conversation_id);
  if (window) changes.push({ table: 'entries', id: row.conversation_id, row: insertEntry(window, row) });
  const known = tables.conversations.get(row.conversation_id);
  if (known) changes.push({ table: 'conversations', id: known.id, row: withNewest(known, row) });
  return changes;
}

function delivery(tables: Tables, data: Extract<StreamEvent, { type: 'entry.delivery_changed' }>['data']): Change[] {
  const window = tables.entries.get(data.conversation_id);
  return window ? [{ table: 'entries', id: data.conversation_id, row: setDelivery(window, data.entry_id, data.delivery) }] : NOTHING;
}

function offer(row: Offer): Change[] {
  return [{ table: 'offers', id: row.id, row: row.state === 'pending' ? row : null }];
}

function presence(tables: Tables, row: Presence): Change[] {
  const mine = tables.presence.get('me');
  const agent = tables.agents.get(row.agent_id);
  const changes: Change[] = agent ? [{ table: 'agents', id: agent.id, row: { ...agent, presence: row } }] : [];
  if (mine?.agent_id === row.agent_id) changes.push({ table: 'presence', id: 'me', row });
  return changes;
}

function workItem(tables: Tables, data: { work_item: WorkItem; assignment?: Assignment; conversation?: Conversation }): Change[] {
  const row = data.work_item;
  const known = tables.work.get(row.id);
  if (known && known.version > row.version) return NOTHING;
  const isOver = row.state === 'closed' || row.state === 'cancelled';
  const changes: Change[] = [{ table: 'work', id: row.id, row: isOver ? null : row }];
  if (isOver) changes.push({ table: 'assignments', id: row.id, row: null });
  else if (data.assignment) changes.push({ table: 'assignments', id: row.id, row: data.assignment });
  return data.conversation ? [...changes, ...conversation(tables, data.conversation)] : changes;
}

function drop(table: 'conversations' | 'work', id: string): Change[] {
  return [{ table, id, row: null }];
}
