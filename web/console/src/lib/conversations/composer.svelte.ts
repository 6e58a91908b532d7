/** What the composer holds for one conversation: mode, route, text, files, mentions; and the guards before sending. */
import type { ComposerRoute, Id, ReplyRoute } from '@centralita/sdk';
import { connection } from '$lib/live/connection.svelte';
import { live } from '$lib/live/store.svelte';
import { draftKey } from '$lib/live/tables';
import { outbox } from '$lib/outbox';
import type { OutboxItem } from '$lib/outbox/outbox.svelte';
import { api } from '$lib/session/api';
import { settings } from '$lib/settings/settings.svelte';
import { m } from '$m';
import { drafts } from './drafts.svelte';
import { mentionedIn } from './mentions';
import type { Person } from './mentions';
import type { OpenConversation } from './open.svelte';
import { Uploads } from './uploads.svelte';

const NOTE_MAX = 50_000;
/** Characters left from which the counter shows. */
const COUNTER_FROM = 200;
/** Words that promise a file. */
const PROMISES_FILE = /\b(adjunt\w*|te paso el archivo|attach\w*|enclosed)\b/i;

export type Mode = 'reply' | 'note';

export class Composer {
  mode = $state<Mode>('reply');
  /** The person said yes to what a guard asked about. */
  isSure = $state(false);
  readonly #uploads: Record<Mode, Uploads>;
  /** Route chosen here; otherwise the conversation's own. */
  #chosen = $state.raw<ReplyRoute | null>(null);
  /** People chosen from the list after `@`. */
  #named: readonly Person[] = [];

  constructor(readonly open: OpenConversation) {
    this.#uploads = { reply: new Uploads(() => this.#keep('reply')), note: new Uploads(() => this.#keep('note')) };
    void this.#restoreFiles('reply');
    void this.#restoreFiles('note');
  }

  get uploads(): Uploads {
    return this.#uploads[this.mode];
  }
  get text(): string {
    return drafts.text(this.open.id, this.mode);
  }
  get routes(): readonly ComposerRoute[] {
    return this.open.composer?.routes ?? [];
  }
  /** The route in force: chosen, else drafted, else the conversation's, else the first that is allowed. */
  get route(): ComposerRoute | null {
    const wanted = this.#chosen ?? live.tables.drafts.get(draftKey(this.open.id, 'reply'))?.reply_route ?? this.open.row?.reply_route;
    const same = this.routes.find((one) => one.channel_id === wanted?.channel_id && (!wanted.identity_id || one.identity_id === wanted.identity_id));
    return same ?? this.routes.find((one) => one.is_allowed) ?? this.routes[0] ?? null;
  }
  get isMail(): boolean {
    return this.mode === 'reply' && this.route?.channel_kind === 'email';
  }
  /** A bare Enter sends: in a conversation by messages, when the person wants it so. */
  get enterSends(): boolean {
    return settings.enterSends && this.mode === 'reply' && !this.isMail;
  }
  get #max(): number {
    return this.mode === 'note' ? NOTE_MAX : (this.route?.text_max?.value ?? 10_000);
  }
  get #length(): number {
    return [...this.text].length;
  }
  /** Characters left when few are, negative when too many; null when there is plenty of room. */
  get remaining(): number | null {
    const left = this.#max - this.#length;
    return left <= COUNTER_FROM ? left : null;
  }
  /** Why sending is off now; null when it is on. */
  get blocked(): string | null {
    const excess = this.#length - this.#max;
    if (excess > 0) return m.too_long({ count: excess });
    if (this.uploads.pendingCount > 0) return m.wait_for_upload();
    if (this.uploads.failedCount > 0) return m.failed_uploads();
    if (this.mode === 'reply' && this.open.composer !== null && !this.route) return m.err_no_reply_route();
    return null;
  }
  get isEmpty(): boolean {
    return this.text.trim() === '' && this.uploads.files.length === 0;
  }
  /** What makes one stop before sending; null when nothing does or the person said it is fine. */
  get doubt(): string | null {
    if (this.isSure || this.mode === 'note' || this.uploads.items.length > 0) return null;
    return PROMISES_FILE.test(this.text) ? m.forgot_attachment() : null;
  }

  choose(route: ComposerRoute): void {
    this.#chosen = { channel_id: route.channel_id, identity_id: route.identity_id };
    this.mode = 'reply';
    this.#keep('reply');
  }

  edit(text: string): void {
    this.isSure = false;
    this.#save(this.mode, text);
    if (this.mode === 'reply') connection.signal({ op: 'signal', type: 'typing', conversation_id: this.open.id, data: { is_on: text !== '' } });
  }

  name(person: Person): void {
    this.#named = [...this.#named.filter((one) => one.userId !== person.userId), person];
  }

  /** Hands the text to the outbox. False when there is nothing to send or something forbids it. */
  send(): boolean {
    if (this.isEmpty || this.blocked !== null) return false;
    if (this.doubt !== null) {
      this.isSure = true;
      return false;
    }
    const text = this.text.trim();
    outbox.add({
      conversationId: this.open.id, mode: this.mode, text, attachmentIds: this.uploads.files.map((file) => file.id),
      route: this.mode === 'reply' ? this.#replyRoute() : null, seenSeq: this.#seenSeq(),
      mentions: this.mode === 'note' ? mentionedIn(text, [...this.#named, ...this.people]) : [],
    });
    drafts.sent(this.open.id, this.mode);
    this.uploads.clear();
    this.isSure = false;
    connection.signal({ op: 'signal', type: 'typing', conversation_id: this.open.id, data: { is_on: false } });
    return true;
  }

  /** Colleagues who can be named in a note. */
  get people(): readonly Person[] {
    return [...live.tables.agents.values()].flatMap((agent) => (agent.user_id && agent.state === 'active' ? [{ userId: agent.user_id as Id, name: agent.display_name }] : []));
  }

  /** Puts a message that was taken back into the field, before what is there. */
  takeBack(item: Pick<OutboxItem, 'mode' | 'text'>): void {
    this.mode = item.mode;
    this.edit([item.text, this.text].filter((text) => text !== '').join('\n'));
  }

  #keep(mode: Mode): void {
    this.#save(mode, drafts.text(this.open.id, mode));
  }

  #save(mode: Mode, text: string): void {
    const attachmentIds = this.#uploads[mode].files.map((file) => file.id);
    drafts.edit({ conversationId: this.open.id, mode, text, attachmentIds, route: mode === 'reply' ? this.#replyRoute() : null, baseSeq: this.#seenSeq() });
  }

  /** Files of a draft that was begun elsewhere or before a reload. */
  async #restoreFiles(mode: Mode): Promise<void> {
    const ids = live.tables.drafts.get(draftKey(this.open.id, mode))?.attachment_ids ?? [];
    const found = await Promise.all(ids.map((id) => api.attachment(id).catch(() => null)));
    this.#uploads[mode].restore(found.filter((file) => file !== null));
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
