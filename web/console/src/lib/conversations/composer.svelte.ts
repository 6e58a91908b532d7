/** What the composer holds for one conversation: mode, route, text, files; and the guards before sending. */
import type { Attachment, ComposerRoute, DraftMode, ReplyRoute } from '@centralita/sdk';
import { errorText } from '$lib/errors/text';
import { connection } from '$lib/live/connection.svelte';
import { live } from '$lib/live/store.svelte';
import { draftKey } from '$lib/live/tables';
import { outbox } from '$lib/outbox';
import type { OutboxItem } from '$lib/outbox/outbox.svelte';
import { api } from '$lib/session/api';
import { toasts } from '$lib/ui/toasts.svelte';
import { m } from '$m';
import { drafts } from './drafts.svelte';
import type { OpenConversation } from './open.svelte';

const MAX_FILES = 20;

export class Composer {
  mode = $state<'reply' | 'note'>('reply');
  files = $state.raw<readonly Attachment[]>([]);
  uploading = $state(0);
  /** Route chosen here; otherwise the conversation's own. */
  #chosen = $state.raw<ReplyRoute | null>(null);

  constructor(readonly open: OpenConversation) {}

  get text(): string {
    return drafts.text(this.open.id, this.mode);
  }
  get routes(): readonly ComposerRoute[] {
    return this.open.composer?.routes ?? [];
  }
  /** The route in force: chosen, else drafted, else the conversation's, else the first that is allowed. */
  get route(): ComposerRoute | null {
    const wanted = this.#chosen ?? live.tables.drafts.get(draftKey(this.open.id, 'reply'))?.reply_route ?? this.open.row?.reply_route;
    const same = this.routes.find((one) => one.channel_id === wanted?.channel_id && (wanted.identity_id === null || one.identity_id === wanted.identity_id));
    return same ?? this.routes.find((one) => one.is_allowed) ?? this.routes[0] ?? null;
  }
  /** Characters over the limit of the channel; 0 when it fits. */
  get excess(): number {
    const max = this.mode === 'note' ? 50_000 : (this.route?.text_max?.value ?? 10_000);
    return Math.max(0, [...this.text].length - max);
  }
  /** Why sending is off now; null when it is on. */
  get blocked(): string | null {
    if (this.excess > 0) return m.too_long({ count: this.excess });
    if (this.uploading > 0) return m.wait_for_upload();
    if (this.mode === 'reply' && this.open.composer !== null && !this.route) return m.err_no_reply_route();
    return null;
  }

  choose(route: ComposerRoute): void {
    this.#chosen = { channel_id: route.channel_id, identity_id: route.identity_id };
    this.mode = 'reply';
  }

  edit(text: string): void {
    const { id } = this.open;
    drafts.edit({ conversationId: id, mode: this.mode as DraftMode, text, attachmentIds: this.files.map((file) => file.id), route: this.#replyRoute(), baseSeq: this.#seenSeq() });
    if (this.mode === 'reply') connection.signal({ op: 'signal', type: 'typing', conversation_id: id, data: { is_on: text !== '' } });
  }

  /** Hands the text to the outbox. False when there is nothing to send or something forbids it. */
  send(): boolean {
    const text = this.text.trim();
    if ((text === '' && this.files.length === 0) || this.blocked !== null) return false;
    outbox.add({
      conversationId: this.open.id, mode: this.mode, text, attachmentIds: this.files.map((file) => file.id),
      route: this.mode === 'reply' ? this.#replyRoute() : null, seenSeq: this.#seenSeq(),
    });
    drafts.sent(this.open.id, this.mode);
    this.files = [];
    connection.signal({ op: 'signal', type: 'typing', conversation_id: this.open.id, data: { is_on: false } });
    return true;
  }

  /** Puts a message that was taken back into the field, before what is there. */
  takeBack(item: OutboxItem): void {
    this.mode = item.mode;
    this.edit([item.text, this.text].filter((text) => text !== '').join('\n'));
  }

  async attach(files: readonly File[]): Promise<void> {
    for (const file of files.slice(0, MAX_FILES - this.files.length)) {
      this.uploading += 1;
      try {
        this.files = [...this.files, await api.upload(file, file.name)];
      } catch (error) {
        toasts.show(`${file.name}: ${errorText(error)}`, { tone: 'bad' });
      } finally {
        this.uploading -= 1;
      }
    }
  }

  detach(id: string): void {
    this.files = this.files.filter((file) => file.id !== id);
  }

  #replyRoute(): ReplyRoute | null {
    const route = this.route;
    return route ? { channel_id: route.channel_id, identity_id: route.identity_id } : null;
  }

  #seenSeq(): number {
    // Before its lines are here, what the author has seen is the last line that list and offer show.
    return this.open.window.entries.at(-1)?.seq ?? this.open.row?.last_entry_seq ?? 0;
  }
}
