/**
 * Messages on their way: written here first, kept in this browser, sent in order, one conversation at a time.
 *
 * # Invariants
 * - Every message carries its own `client_message_id` from the first try on, so no repetition can send it twice.
 * - A message leaves the outbox only when the server has it, or when the person takes it back.
 * - Nothing is sent before the console has caught up with the server.
 */
import { ApiError } from '@centralita/sdk';
import type { Entry, Id, NewMessage, ReplyRoute } from '@centralita/sdk';

export type OutboxState = 'waiting' | 'sending' | 'failed' | 'conflict';
export interface OutboxItem {
  readonly id: Id;
  readonly conversationId: Id;
  readonly mode: 'reply' | 'note';
  readonly text: string;
  readonly route: ReplyRoute | null;
  readonly attachmentIds: readonly Id[];
  /** Users named in a note. */
  readonly mentions: readonly Id[];
  readonly seenSeq: number;
  readonly createdAt: number;
  readonly state: OutboxState;
  readonly code: string | null;
  readonly isForced: boolean;
}
export interface OutboxDoor {
  send(conversationId: Id, message: NewMessage): Promise<Entry>;
  note(conversationId: Id, body: { text: string; mentions: Id[]; attachment_ids?: Id[] }, key: string): Promise<Entry>;
}
export type OutboxInput = Pick<OutboxItem, 'conversationId' | 'mode' | 'text' | 'route' | 'attachmentIds' | 'mentions' | 'seenSeq'>;

const STORE_KEY = 'centralita.outbox';

export class Outbox {
  items = $state.raw<readonly OutboxItem[]>([]);
  onSent: (entry: Entry) => void = () => undefined;
  #userId = '';
  #isFlushing = false;

  constructor(
    private readonly door: OutboxDoor,
    private readonly canSend: () => boolean,
    private readonly storage: Pick<Storage, 'getItem' | 'setItem'>,
  ) {}

  /** Takes back what an earlier page of this person left. */
  load(userId: Id): void {
    const text = this.storage.getItem(`${STORE_KEY}.${userId}`);
    const items = text ? (JSON.parse(text) as OutboxItem[]) : [];
    this.#userId = userId;
    this.items = items.map((item) => (item.state === 'sending' ? { ...item, state: 'waiting' } : item));
  }

  of(conversationId: Id): readonly OutboxItem[] {
    return this.items.filter((item) => item.conversationId === conversationId);
  }
  get waitingCount(): number {
    return this.items.filter((item) => item.state === 'waiting').length;
  }

  add(input: OutboxInput): void {
    const item: OutboxItem = { ...input, id: crypto.randomUUID(), createdAt: Date.now(), state: 'waiting', code: null, isForced: false };
    this.#keep([...this.items, item]);
    void this.flush();
  }

  /** Tries again; `isForced` says that the newer messages were read, for this one and those after it in the conversation. */
  retry(id: Id, isForced = false): void {
    const conversationId = this.items.find((item) => item.id === id)?.conversationId;
    this.#patch(id, { state: 'waiting', code: null });
    if (isForced) this.#keep(this.items.map((item) => (item.conversationId === conversationId ? { ...item, isForced } : item)));
    void this.flush();
  }

  /** Takes a message out and returns it, to be edited. */
  take(id: Id): OutboxItem | undefined {
    const item = this.items.find((one) => one.id === id);
    this.#keep(this.items.filter((one) => one.id !== id));
    return item;
  }

  /** Sends what waits, oldest first; a conversation whose message failed holds back its later ones. */
  async flush(): Promise<void> {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    try {
      for (let item = this.#next(); item && this.canSend(); item = this.#next()) {
        if (!(await this.#send(item))) return;
      }
    } finally {
      this.#isFlushing = false;
    }
  }

  #next(): OutboxItem | undefined {
    const held = new Set(this.items.filter((item) => item.state === 'failed' || item.state === 'conflict').map((item) => item.conversationId));
    return this.items.find((item) => item.state === 'waiting' && !held.has(item.conversationId));
  }

  /** False when there is no way to the server now. */
  async #send(item: OutboxItem): Promise<boolean> {
    this.#patch(item.id, { state: 'sending' });
    try {
      const entry = item.mode === 'note' ? await this.#sendNote(item) : await this.door.send(item.conversationId, messageOf(item));
      this.onSent(entry);
      this.take(item.id);
      return true;
    } catch (error) {
      const code = error instanceof ApiError ? error.code : 'internal';
      const isLater = error instanceof ApiError && (error.isNetwork || error.code === 'session_expired');
      this.#patch(item.id, isLater ? { state: 'waiting' } : { state: code === 'newer_entries' ? 'conflict' : 'failed', code });
      return !isLater;
    }
  }

  #sendNote(item: OutboxItem): Promise<Entry> {
    const files = item.attachmentIds.length > 0 ? { attachment_ids: [...item.attachmentIds] } : {};
    return this.door.note(item.conversationId, { text: item.text, mentions: [...(item.mentions ?? [])], ...files }, item.id);
  }

  #patch(id: Id, patch: Partial<OutboxItem>): void {
    this.#keep(this.items.map((item) => (item.id === id ? { ...item, ...patch } : item)));
  }

  #keep(items: readonly OutboxItem[]): void {
    this.items = items;
    this.storage.setItem(`${STORE_KEY}.${this.#userId}`, JSON.stringify(items));
  }
}

function messageOf(item: OutboxItem): NewMessage {
  return {
    text: item.text,
    seen_seq: item.seenSeq,
    client_message_id: item.id,
    ...(item.route ? { reply_route: item.route } : {}),
    ...(item.attachmentIds.length > 0 ? { attachment_ids: [...item.attachmentIds] } : {}),
    ...(item.isForced ? { is_forced: true } : {}),
  };
}
