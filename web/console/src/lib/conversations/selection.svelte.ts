/** The rows chosen in a list, and what is done with all of them at once. */
import type { Id, Job, Undo } from '@centralita/sdk';
import { errorText } from '$lib/errors/text';
import { api } from '$lib/session/api';
import { toasts } from '$lib/ui/toasts.svelte';
import { m } from '$m';
import { undo } from './actions';

/** Most rows of one command, as the server takes them. */
const MAX = 500;

export class Selection {
  ids = $state.raw<ReadonlySet<Id>>(new Set());
  isBusy = $state(false);

  get count(): number {
    return this.ids.size;
  }
  has(id: Id): boolean {
    return this.ids.has(id);
  }
  toggle(id: Id): void {
    const next = new Set(this.ids);
    if (!next.delete(id) && next.size < MAX) next.add(id);
    this.ids = next;
  }
  clear(): void {
    this.ids = new Set();
  }

  /** Runs one command on all chosen rows; they stay chosen when it is refused. */
  async run(action: { type: string; [member: string]: unknown }): Promise<void> {
    this.isBusy = true;
    try {
      const job = (await api.bulk([...this.ids], action)) as Job;
      const count = this.count;
      this.clear();
      toasts.show(m.done_bulk({ count }), job.undo ? { action: { label: m.undo(), run: () => void undo(job.undo as Undo) } } : {});
    } catch (error) {
      toasts.show(errorText(error), { tone: 'bad' });
    }
    this.isBusy = false;
  }
}
