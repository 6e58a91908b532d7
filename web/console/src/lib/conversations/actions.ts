/** What an agent does with a whole conversation; each says what happened and offers the undo the server gives. */
import type { Conversation, ConversationResult, Id, Timestamp, Undo, WorkItem } from '@centralita/sdk';
import { errorText } from '$lib/errors/text';
import { conversation as conversationChanges } from '$lib/live/apply';
import { live } from '$lib/live/store.svelte';
import { api } from '$lib/session/api';
import { session } from '$lib/session/session.svelte';
import { toasts } from '$lib/ui/toasts.svelte';
import { m } from '$m';

type Answer = Conversation & ConversationResult;

/** True when it was done. */
async function attempt(run: () => Promise<Answer>, done: string): Promise<boolean> {
  try {
    const answer = await run();
    const row = answer.conversation ?? answer;
    if (row.id) live.commit(conversationChanges(live.tables, row));
    toasts.show(done, answer.undo ? { action: { label: m.undo(), run: () => void undo(answer.undo as Undo) } } : {});
    return true;
  } catch (error) {
    toasts.show(errorText(error), { tone: 'bad' });
    return false;
  }
}

async function undo(token: Undo): Promise<void> {
  try {
    await api.undo(token.id);
    toasts.show(m.undone());
  } catch (error) {
    toasts.show(errorText(error), { tone: 'bad' });
  }
}

export const resolve = (row: Conversation): Promise<boolean> => attempt(() => api.resolve(row.id), m.done_resolved({ number: row.number }));
export const reopen = (row: Conversation): Promise<boolean> => attempt(() => api.reopen(row.id), m.done_reopened({ number: row.number }));
export const unsnooze = (row: Conversation): Promise<boolean> => attempt(() => api.unsnooze(row.id), m.done_unsnoozed());

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

/** The live work item of this conversation that I hold; undefined when I hold none. */
export function heldWork(conversationId: Id): WorkItem | undefined {
  const agentId = session.agent?.id;
  for (const item of live.tables.work.values()) {
    if (item.conversation_id === conversationId && item.agent_id === agentId) return item;
  }
  return undefined;
}

/** Hands the conversation to a colleague or a queue: the work with it when I hold it, else only the ownership. */
export async function transfer(row: Conversation, to: { agent_id: Id } | { queue_id: Id }, note: string): Promise<boolean> {
  const work = heldWork(row.id);
  try {
    if (work) await api.transfer(work.id, { to, mode: 'blind', ...(note ? { note } : {}) });
    else if ('agent_id' in to) await api.patchConversation(row.id, { owner_agent_id: to.agent_id });
    else await api.patchConversation(row.id, { queue_id: to.queue_id });
    toasts.show(m.done_transferred());
    return true;
  } catch (error) {
    toasts.show(errorText(error), { tone: 'bad' });
    return false;
  }
}
