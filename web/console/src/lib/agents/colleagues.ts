/** Names and states of the colleagues, loaded once when the page has nothing better to do. */
import type { Agent, Id } from '@centralita/sdk';
import { live } from '$lib/live/store.svelte';
import { api } from '$lib/session/api';

/** Loads them after the first view; a person who may not see them simply sees no names. */
export async function loadColleagues(): Promise<void> {
  await new Promise<void>((resolve) => ('requestIdleCallback' in window ? requestIdleCallback(() => resolve()) : setTimeout(resolve, 500)));
  const page = await api.agents().catch(() => null);
  live.commit((page?.items ?? []).map((row) => ({ table: 'agents' as const, id: row.id, row })));
}

export function agentOfUser(userId: Id): Agent | undefined {
  return [...live.tables.agents.values()].find((agent) => agent.user_id === userId);
}
