/**
 * Drafts: what is typed stays, per conversation and mode, here and on the server.
 *
 * # Invariants
 * - A text belongs to the conversation it was typed in; switching never carries it over.
 * - A server event never replaces what is being typed here.
 * - A text that was sent does not come back as a draft, however late its last save is answered.
 */
import { SvelteMap } from 'svelte/reactivity';
import type { Draft, DraftMode, Id, ReplyRoute } from '@centralita/sdk';
import { draftKey } from '$lib/live/tables';
import { live } from '$lib/live/store.svelte';
import { api } from '$lib/session/api';

/** How long typing must pause before the draft is sent, in ms. */
const SAVE_AFTER_MS = 800;

interface Local { conversationId: Id; mode: DraftMode; text: string; attachmentIds: Id[]; route: ReplyRoute | null; baseSeq: number }
export type SaveState = 'none' | 'pending' | 'saved' | 'unsaved';

class Drafts {
  readonly #local = new SvelteMap<string, Local>();
  readonly #saveState = new SvelteMap<string, SaveState>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  /** Text typed here, else the one kept by the server, else empty. */
  text(conversationId: Id, mode: DraftMode): string {
    const key = draftKey(conversationId, mode);
    return this.#local.get(key)?.text ?? live.tables.drafts.get(key)?.body.text ?? '';
  }

  saveState(conversationId: Id, mode: DraftMode): SaveState {
    return this.#saveState.get(draftKey(conversationId, mode)) ?? 'none';
  }

  /** The unfinished reply or note that the list shows for a conversation; empty when none. */
  badge(conversationId: Id): string {
    return this.text(conversationId, 'reply').trim() || this.text(conversationId, 'note').trim();
  }

  async load(): Promise<void> {
    const page = await api.drafts();
    live.commit(page.items.map((row) => ({ table: 'drafts' as const, id: draftKey(row.conversation_id, row.mode), row })));
  }

  edit(draft: Local): void {
    const key = draftKey(draft.conversationId, draft.mode);
    this.#local.set(key, draft);
    this.#saveState.set(key, 'pending');
    clearTimeout(this.#timers.get(key));
    this.#timers.set(key, setTimeout(() => void this.#save(key), SAVE_AFTER_MS));
  }

  /** Saves at once what waits, when the person leaves the field or the conversation. */
  flush(conversationId: Id): void {
    for (const mode of ['reply', 'note'] as const) {
      const key = draftKey(conversationId, mode);
      if (this.#saveState.get(key) === 'pending') void this.#save(key);
    }
  }

  /** Forgets the draft because its text was sent. */
  sent(conversationId: Id, mode: DraftMode): void {
    const key = draftKey(conversationId, mode);
    clearTimeout(this.#timers.get(key));
    const wasStored = live.tables.drafts.has(key) || this.#saveState.get(key) === 'saved';
    this.#local.delete(key);
    this.#saveState.delete(key);
    live.commit([{ table: 'drafts', id: key, row: null }]);
    if (wasStored) this.#drop({ conversationId, mode });
  }

  #drop({ conversationId, mode }: Pick<Local, 'conversationId' | 'mode'>): void {
    void api.dropDraft(conversationId, mode).catch(() => undefined);
  }

  async #save(key: string): Promise<void> {
    clearTimeout(this.#timers.get(key));
    const draft = this.#local.get(key);
    if (!draft) return;
    if (draft.text.trim() === '' && draft.attachmentIds.length === 0) return this.sent(draft.conversationId, draft.mode);
    try {
      const row = await api.saveDraft(draft.conversationId, draft.mode, bodyOf(draft));
      if (!this.#local.has(key)) return void this.#drop(draft);
      live.commit([{ table: 'drafts', id: key, row }]);
      if (this.#local.get(key) === draft) this.#saveState.set(key, 'saved');
    } catch {
      if (this.#local.get(key) === draft) this.#saveState.set(key, 'unsaved');
    }
  }
}

function bodyOf(draft: Local): Pick<Draft, 'body' | 'attachment_ids' | 'reply_route' | 'base_seq'> {
  return { body: { text: draft.text }, attachment_ids: draft.attachmentIds, reply_route: draft.route, base_seq: draft.baseSeq };
}

export const drafts = new Drafts();
