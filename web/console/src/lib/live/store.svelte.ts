/** The live store: tables with one signal per row, changed only through {@link LiveStore.commit}. */
import { SvelteMap } from 'svelte/reactivity';
import type { Bootstrap, InboxCounts, StreamEvent } from '@centralita/sdk';
import { apply } from './apply';
import { emptyTables } from './tables';
import type { Change, Rows, TableName, Tables } from './tables';

const NO_COUNTS: InboxCounts = { lists: {}, queues: {}, views: {} };

export class LiveStore {
  readonly tables = emptyTables(() => new SvelteMap()) as unknown as { readonly [T in TableName]: SvelteMap<string, Rows[T]> };
  counts = $state.raw<InboxCounts>(NO_COUNTS);

  /** Fills the tables from the first request. */
  seed(start: Bootstrap): void {
    this.clear();
    this.counts = start.counts;
    this.commit([
      ...start.offers.map((row): Change => ({ table: 'offers', id: row.id, row })),
      ...start.work.map((row): Change => ({ table: 'work', id: row.id, row })),
      ...start.statuses.map((row): Change => ({ table: 'statuses', id: row.id, row })),
      ...start.queues.map((row): Change => ({ table: 'queues', id: row.id, row })),
      ...start.channels.map((row): Change => ({ table: 'channels', id: row.id, row })),
    ]);
    if (start.presence) this.commit([{ table: 'presence', id: 'me', row: start.presence }]);
    if (start.agent) this.commit([{ table: 'agents', id: start.agent.id, row: start.agent }]);
  }

  apply(events: readonly StreamEvent[]): void {
    for (const event of events) this.commit(apply(this.tables as Tables, event));
  }

  commit(changes: readonly Change[]): void {
    for (const { table, id, row } of changes) {
      const map = this.tables[table] as SvelteMap<string, unknown>;
      if (row === null) map.delete(id);
      else map.set(id, row);
    }
  }

  /** Forgets everything that belongs to the signed-in person. */
  clear(): void {
    for (const map of Object.values(this.tables)) (map as SvelteMap<string, unknown>).clear();
    this.counts = NO_COUNTS;
  }
}

export const live = new LiveStore();
