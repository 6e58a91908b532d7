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
