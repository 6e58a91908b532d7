/** The conversation on screen: its timeline by pages, what the composer may do, what has been read. */
import { ApiError } from '@centralita/sdk';
import type { ComposerState, Conversation, Entry, Id } from '@centralita/sdk';
import { conversation as conversationChanges } from '$lib/live/apply';
import { connection } from '$lib/live/connection.svelte';
import { mergePage } from '$lib/live/entries';
import { live } from '$lib/live/store.svelte';
import { EMPTY_WINDOW } from '$lib/live/tables';
import type { EntryWindow } from '$lib/live/tables';
import { api } from '$lib/session/api';

/** Entries per page; part of the speed budget. */
export const PAGE = 50;
/** Pages loaded at most to reach an old line. */
const MAX_PAGES_BACK = 7;

export type Shown = 'all' | 'messages' | 'notes' | 'events';

export class OpenConversation {
  state = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state.raw<unknown>(null);
  composer = $state.raw<ComposerState | null>(null);
  /** Last entry read when it was opened. */
  readSeq = $state<number | null>(null);
  isLoadingOlder = $state(false);
  /** Which kinds of line the timeline shows. */
  show = $state<Shown>('all');
  /** Messages chosen to be split off; null while nobody is choosing. */
  picked = $state.raw<ReadonlySet<Id> | null>(null);
  /** The line to bring into view; null when there is none to look for. */
  target = $state<number | null>(null);
  #markedSeq = 0;
  #loading: Promise<void> | null = null;

  /** `id` as given: a number from a link resolves to the id when loaded. */
  id = $state<Id>('');

  constructor(given: string) {
    this.id = given;
  }

  get row(): Conversation | undefined {
    return live.tables.conversations.get(this.id);
  }
  get window(): EntryWindow {
    return live.tables.entries.get(this.id) ?? EMPTY_WINDOW;
  }

  follow(): () => void {
    this.#loading = this.load();
    const off = connection.listen({
      events: () => void this.#catchUp(),
      resync: () => void this.load(),
      live: () => void this.#refresh(),
    });
    return () => {
      off();
      connection.unsubscribe([`conversation:${this.id}`]);
    };
  }

  async load(): Promise<void> {
    try {
      const row = await api.conversation(this.id);
      live.commit(conversationChanges(live.tables, row));
      this.id = row.id;
      void connection.subscribe([`conversation:${row.id}`]);
      await Promise.all([this.#newest(), this.refreshComposer()]);
      this.readSeq = (row.unread_count ?? 0) > 0 ? readSeqOf(this.window.entries, row.unread_count ?? 0) : null;
      this.state = 'ready';
    } catch (error) {
      if (this.state === 'ready' && error instanceof ApiError && error.isNetwork) return;
      this.error = error;
      this.state = 'failed';
    }
  }

  async loadOlder(): Promise<void> {
    const first = this.window.entries[0];
    if (!first || !this.window.hasOlder || this.isLoadingOlder) return;
    this.isLoadingOlder = true;
    try {
      const page = await api.entries(this.id, { before: first.seq, limit: PAGE });
      this.#putPage(page.items, page.page.has_more);
    } finally {
      this.isLoadingOlder = false;
    }
  }

  async refreshComposer(): Promise<void> {
    try {
      this.composer = await api.composer(this.id);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.composer = { routes: [] };
    }
  }

  /** Loads as far back as it takes, within reason, and asks the timeline to show the line. */
  async reveal(seq: number): Promise<void> {
    await this.#loading;
    for (let page = 0; page < MAX_PAGES_BACK && this.window.hasOlder && (this.window.entries[0]?.seq ?? 0) > seq; page += 1) await this.loadOlder();
    this.show = 'all';
    this.target = seq;
  }

  startPicking(): void {
    this.show = 'all';
    this.picked = new Set();
  }
  stopPicking(): void {
    this.picked = null;
  }
  togglePicked(id: Id): void {
    const next = new Set(this.picked);
    if (!next.delete(id)) next.add(id);
    this.picked = next;
  }

  /** Tells the server what has been seen; at most once per entry. */
  markRead(): void {
    const seq = this.window.entries.at(-1)?.seq ?? 0;
    const row = this.row;
    if (!row || seq <= this.#markedSeq || document.hidden) return;
    this.#markedSeq = seq;
    if (!row.unread_count) return;
    live.commit([{ table: 'conversations', id: row.id, row: { ...row, unread_count: 0 } }]);
    api.markRead(row.id, seq).catch(() => (this.#markedSeq = 0));
  }

  async #newest(): Promise<void> {
    const page = await api.entries(this.id, { limit: PAGE });
    const known = live.tables.entries.get(this.id);
    const oldestNew = page.items.reduce((seq, entry) => Math.min(seq, entry.seq), Number.MAX_SAFE_INTEGER);
    const isJoined = known !== undefined && (known.entries.at(-1)?.seq ?? 0) >= oldestNew - 1;
    const hasOlder = isJoined ? known.hasOlder : page.page.has_more;
    const row = mergePage(isJoined ? known : undefined, page.items, hasOlder);
    live.commit([{ table: 'entries', id: this.id, row }]);
  }

  #putPage(items: readonly Entry[], hasOlder: boolean): void {
    live.commit([{ table: 'entries', id: this.id, row: mergePage(this.window, items, hasOlder) }]);
  }

  async #catchUp(): Promise<void> {
    if (this.state === 'ready' && this.window.isStale) await this.#newest().catch(() => undefined);
  }

  async #refresh(): Promise<void> {
    if (this.state === 'failed') await this.load();
    else if (this.state === 'ready') await this.refreshComposer();
  }
}

/** Sequence number before the oldest of the `unread` newest entries from the customer; 0 when all are unread. */
export function readSeqOf(entries: readonly Entry[], unread: number): number {
  let left = unread;
  for (const entry of entries.toReversed()) {
    if (entry.direction === 'in' && --left === 0) return entry.seq - 1;
  }
  return 0;
}
