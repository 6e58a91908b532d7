/** One customer with what the context column and the profile show of them. */
import type { Conversation, Customer, Id } from '@centralita/sdk';
import { live } from '$lib/live/store.svelte';
import { api } from '$lib/session/api';

export class CustomerModel {
  error = $state.raw<unknown>(null);
  isLoaded = $state(false);
  others = $state.raw<readonly Conversation[]>([]);

  constructor(readonly id: Id) {}

  get row(): Customer | undefined {
    return live.tables.customers.get(this.id);
  }

  /** The customer and their newest conversations, in two requests at once. */
  async load(): Promise<void> {
    try {
      const [customer, page] = await Promise.all([api.customer(this.id), api.conversations({ customer_id: this.id, limit: 10, sort: '-last_activity_at' })]);
      live.commit([{ table: 'customers', id: customer.id, row: customer }]);
      this.others = page.items;
    } catch (error) {
      this.error = error;
    }
    this.isLoaded = true;
  }
}
