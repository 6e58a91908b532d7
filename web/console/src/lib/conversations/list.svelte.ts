/** One list of conversations: first page from the server, then kept true by events. */
import type { Conversation, Id, StreamEvent } from '@centralita/sdk';
import { connection } from '$lib/live/connection.svelte';
import { conversation as conversationChanges } from '$lib/live/apply';
import { belongs, compare, fits, queryOf } from '$lib/live/lists';
import type { Filter, ListKey, Sort } from '$lib/live/lists';
import { live } from '$lib/live/store.svelte';
import { api } from '$lib/session/api';
import { session } from '$lib/session/session.svelte';

export class ConversationList {
  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state.raw<unknown>(null);
  #ids = $state.raw<ReadonlySet<Id>>(new Set());
  #next: string | null = null;
  #isLoadingMore = false;
  readonly rows: readonly Conversation[] = $derived.by(() => {
    const rows = [...this.#ids].map((id) => live.tables.conversations.get(id)).filter((row) => row !== undefined);
    return rows.sort(compare(this.sort));
  });

  constructor(readonly key: ListKey, readonly sort: Sort, readonly filter: Filter = {}) {}

  /** Loads, and follows events until the returned function is called. */
  follow(): () => void {
    void this.load();
    return connection.listen({ events: (events) => this.#take(events), resync: () => void this.load() });
  }

  async load(): Promise<void> {
    try {
      const page = await api.conversations(queryOf(this.key, this.sort, this.filter));
      this.#put(page.items);
      this.#ids = new Set(page.items.filter((row) => fits(row, this.filter)).map((row) => row.id));
      this.#next = page.page.next;
      this.state = 'ready';
    } catch (error) {
      this.error = error;
      this.state = 'failed';
    }
  }

  /** The next page, when there is one; called as the end of the list comes near. */
  async more(): Promise<void> {
    if (this.#next === null || this.#isLoadingMore) return;
    this.#isLoadingMore = true;
    try {
      const page = await api.conversations({ ...queryOf(this.key, this.sort, this.filter), after: this.#next });
      this.#put(page.items);
      this.#ids = new Set([...this.#ids, ...page.items.filter((row) => fits(row, this.filter)).map((row) => row.id)]);
      this.#next = page.page.next;
    } finally {
      this.#isLoadingMore = false;
    }
  }

  #put(rows: readonly Conversation[]): void {
    for (const row of rows) live.commit(conversationChanges(live.tables, row));
  }

  #take(events: readonly StreamEvent[]): void {
    const touched = new Set(events.map(conversationIdOf).filter((id) => id !== null));
    if (touched.size === 0) return;
    const ids = new Set(this.#ids);
    for (const id of touched) this.#place(ids, id);
    if (ids.size !== this.#ids.size || [...ids].some((id) => !this.#ids.has(id))) this.#ids = ids;
  }

  #place(ids: Set<Id>, id: Id): void {
    const row = live.tables.conversations.get(id);
    const belonging = row ? belongs(row, this.key, session.me) : false;
    // What was read leaves an unread list when it is loaded again, not under the hand.
    const { unread: _unread, ...lasting } = this.filter;
    const isIn = belonging === true && row && !fits(row, lasting) ? false : belonging;
    if (isIn === false) ids.delete(id);
    else if (isIn === true) ids.add(id);
  }
}

function conversationIdOf(event: StreamEvent): Id | null {
  const data = event.data as { conversation?: { id: Id }; work_item?: { conversation_id: Id | null }; id?: Id };
  return data.conversation?.id ?? data.work_item?.conversation_id ?? (event.type === 'conversation.hidden' ? (data.id ?? null) : null);
}
