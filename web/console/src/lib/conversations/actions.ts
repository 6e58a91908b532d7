/** What an agent does with a whole conversation; each says what happened and offers the undo the server gives. */
import { ApiError } from '@centralita/sdk';
import type { Conversation, ConversationResult, Customer, Id, Timestamp, Undo, WorkItem } from '@centralita/sdk';
import { errorText } from '$lib/errors/text';
import { conversation as conversationChanges } from '$lib/live/apply';
import { live } from '$lib/live/store.svelte';
import { api } from '$lib/session/api';
import { session } from '$lib/session/session.svelte';
import { toasts } from '$lib/ui/toasts.svelte';
import { m } from '$m';

type Answer = Conversation & ConversationResult;
export type ResolveInput = { outcome?: string; wrap_up?: { code_id: Id; note?: string } };
/** `fields`: required fields are empty and must be asked for. */
export type ResolveOutcome = 'done' | 'fields' | 'refused';

const refuse = (error: unknown): void => toasts.show(errorText(error), { tone: 'bad' });

async function run(action: () => Promise<Answer>, done: string): Promise<void> {
  const answer = await action();
  for (const row of [answer.conversation ?? answer, answer.source]) if (row?.id) live.commit(conversationChanges(live.tables, row));
  toasts.show(done, answer.undo ? { action: { label: m.undo(), run: () => void undo(answer.undo as Undo) } } : {});
}

/** True when it was done. */
async function attempt(action: () => Promise<Answer>, done: string): Promise<boolean> {
  try {
    await run(action, done);
    return true;
  } catch (error) {
    refuse(error);
    return false;
  }
}

export async function undo(token: Undo): Promise<void> {
  try {
    await api.undo(token.id);
    toasts.show(m.undone());
  } catch (error) {
    refuse(error);
  }
}

export async function resolve(row: Conversation, input: ResolveInput = {}): Promise<ResolveOutcome> {
  try {
    await run(() => api.resolve(row.id, input), m.done_resolved({ number: row.number }));
    return 'done';
  } catch (error) {
    if (error instanceof ApiError && error.code === 'fields_required') return 'fields';
    refuse(error);
    return 'refused';
  }
}

export const reopen = (row: Conversation): Promise<boolean> => attempt(() => api.reopen(row.id), m.done_reopened({ number: row.number }));
export const unsnooze = (row: Conversation): Promise<boolean> => attempt(() => api.unsnooze(row.id), m.done_unsnoozed());
export const merge = (row: Conversation, into: Conversation): Promise<boolean> =>
  attempt(() => api.merge(row.id, into.id), m.done_merged({ number: into.number }));

export function snooze(row: Conversation, until: number | null): Promise<boolean> {
  const body: { until_at?: Timestamp; until_reply?: boolean } =
    until === null ? { until_reply: true } : { until_at: new Date(until).toISOString() };
  return attempt(() => api.snooze(row.id, body), m.done_snoozed());
}

export function assignToMe(row: Conversation): Promise<boolean> {
  const agentId = session.agent?.id;
  if (!agentId) return Promise.resolve(false);
  return attempt(() => api.patchConversation(row.id, { owner_agent_id: agentId }), m.done_assigned());
}

/** Changes fields of the conversation: at once on screen, back again when the server refuses. */
export async function change(row: Conversation, patch: Partial<Conversation>): Promise<boolean> {
  live.commit([{ table: 'conversations', id: row.id, row: { ...row, ...patch } }]);
  try {
    live.commit(conversationChanges(live.tables, await api.patchConversation(row.id, patch)));
    return true;
  } catch (error) {
    const now = live.tables.conversations.get(row.id) ?? row;
    const before = Object.fromEntries(Object.keys(patch).map((key) => [key, row[key as keyof Conversation]]));
    live.commit([{ table: 'conversations', id: row.id, row: { ...now, ...before } }]);
    refuse(error);
    return false;
  }
}

/** Blocks the customer: what they write afterwards is kept and reaches nobody. Can be taken back from the message. */
export async function block(customer: Customer, isBlocked: boolean): Promise<boolean> {
  try {
    const row = await api.patchCustomer(customer.id, { is_blocked: isBlocked }, customer.version);
    live.commit([{ table: 'customers', id: row.id, row: { ...customer, ...row, identities: row.identities ?? customer.identities ?? null } }]);
    toasts.show(isBlocked ? m.done_blocked() : m.done_unblocked(), { action: { label: m.undo(), run: () => void block(row, !isBlocked) } });
    return true;
  } catch (error) {
    refuse(error);
    return false;
  }
}

/** Follows the conversation or stops following it. */
export async function follow(row: Conversation, userId: Id, isOn: boolean): Promise<void> {
  try {
    const answer = isOn ? await api.follow(row.id, userId) : await api.unfollow(row.id, userId);
    const ids = row.follower_ids.filter((id) => id !== userId);
    const next = answer?.id ? answer : { ...row, follower_ids: isOn ? [...ids, userId] : ids };
    live.commit(conversationChanges(live.tables, next));
  } catch (error) {
    refuse(error);
  }
}

export async function markUnread(row: Conversation): Promise<boolean> {
  try {
    await api.markUnread(row.id);
    live.commit([{ table: 'conversations', id: row.id, row: { ...row, unread_count: Math.max(1, row.unread_count ?? 0) } }]);
    return true;
  } catch (error) {
    refuse(error);
    return false;
  }
}

/** Puts chosen messages into a conversation of their own; its id when it was done. */
export async function split(row: Conversation, entryIds: readonly Id[], subject: string): Promise<Id | null> {
  try {
    const answer = await api.split(row.id, { entry_ids: [...entryIds], ...(subject ? { subject } : {}) });
    const made = answer.conversation ?? answer;
    toasts.show(m.done_split({ number: made.number }), answer.undo ? { action: { label: m.undo(), run: () => void undo(answer.undo as Undo) } } : {});
    return made.id;
  } catch (error) {
    refuse(error);
    return null;
  }
}

/** The live work item of this conversation that I hold; undefined when I hold none. */
export function heldWork(conversationId: Id): WorkItem | undefined {
  const agentId = session.agent?.id;
  for (const item of live.tables.work.values()) {
    if (item.conversation_id === conversationId && item.agent_id === agentId) return item;
  }
  return undefined;
}

export type Target = { agent_id: Id } | { queue_id: Id };

/** Hands the conversation on: my work by transfer, a colleague's by reassignment, else only the ownership. */
export async function transfer(row: Conversation, to: Target, note: string): Promise<boolean> {
  const mine = heldWork(row.id);
  const theirs = row.work[0];
  if (!mine && 'queue_id' in to && !(theirs && session.may('work.manage'))) {
    toasts.show(m.transfer_needs_work(), { tone: 'bad' });
    return false;
  }
  try {
    if (mine) await api.transfer(mine.id, { to, mode: 'blind', ...(note ? { note } : {}) });
    else if (theirs && session.may('work.manage')) await api.reassign(theirs.work_item_id, { to, reason: note || m.transfer_reason() });
    else if ('agent_id' in to) await api.patchConversation(row.id, { owner_agent_id: to.agent_id });
    toasts.show(m.done_transferred());
    return true;
  } catch (error) {
    refuse(error);
    return false;
  }
}
