/** How a conversation is called on screen. */
import type { Conversation } from '@centralita/sdk';
import { live } from '$lib/live/store.svelte';
import { m } from '$m';

/** Name of the customer; visitors without one are called so. */
export function customerName(row: Conversation): string {
  const customer = live.tables.customers.get(row.customer_id) ?? row.customer;
  return customer?.name || [customer?.given_name, customer?.family_name].filter(Boolean).join(' ') || m.visitor();
}

export function isVip(row: Conversation): boolean {
  return (live.tables.customers.get(row.customer_id) ?? row.customer)?.is_vip ?? false;
}

/** The last line for the list: with who said it, when it was one of us. */
export function lastLine(row: Conversation, me: { ownName: string; agentName: string }): string {
  const last = row.last_entry;
  if (!last) return row.subject ?? '';
  if (last.direction !== 'out') return last.text;
  const isMe = !last.author_name || last.author_name === me.ownName || last.author_name === me.agentName;
  return isMe ? m.you_said({ text: last.text }) : m.somebody_said({ name: last.author_name ?? '', text: last.text });
}
