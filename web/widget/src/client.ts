/**
 * The visitor's side of the conversation: session, messages, history, reading, identity. Knows no DOM of the panel.
 *
 * A session is asked for only when there is a reason: a visitor known from before, a first message, or a signed
 * identity. Until the first message nothing is stored on the device.
 */
import { Api, ApiError } from './api.ts';
import { socketDelay } from './backoff.ts';
import { Drain, type Delivery } from './drain.ts';
import { after, LOCAL, type Item } from './outbox.ts';
import type { Config, Conversation, List, Message, Page, Posted, Session, VisitorEvent } from './protocol.ts';
import { NEW_VISITOR, Vault } from './storage.ts';
import * as store from './store.ts';
import { Stream } from './stream.ts';

const HISTORY_PAGE = 50;
/** A conversation quiet for longer is offered on the home view instead of being shown at once. */
const RESUME_MS = 24 * 3_600_000;
/** Where no socket gets through (a proxy, a policy of the page), an open panel asks this often. */
const POLL_MS = 5_000;

export interface ClientOptions {
  readonly origin: string;
  readonly key: string;
  /** BCP 47 tag the visitor is served in. */
  readonly locale: string;
}

/** What the host page can listen to. */
export type HostEvent = 'ready' | 'open' | 'close' | 'message' | 'unread' | 'identity_error';

/** A UUID v4, also where the page is not a secure context and `randomUUID` is missing. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 15) | 64;
  bytes[8] = (bytes[8]! & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
}

const currentPage = (): Page => ({
  url: location.href.split('#')[0]!,
  title: document.title,
  ...(document.referrer && { referrer: document.referrer }),
});

/** Where the next older page begins: its cursor, else the oldest `seq` of this one; `null` when there is none. */
const olderThan = ({ items, page }: List<Message>): string | null =>
  page.prev ?? (page.has_more && items.length ? String(Math.min(...items.map(({ seq }) => seq))) : null);

export class Client {
  state: store.State = store.START;
  onChange: () => void = () => {};
  onEmit: (event: HostEvent, detail?: unknown) => void = () => {};

  readonly #options: ClientOptions;
  readonly #api: Api;
  readonly #vault: Vault;
  readonly #drain: Drain;
  readonly #stream: Stream;
  /** Files whose bytes are not on the server yet, by outbox item. */
  readonly #files = new Map<string, File>();
  /** Conversations whose history is on its way. */
  readonly #loading = new Set<string>();
  #visitor = NEW_VISITOR;
  #prechat: Record<string, string> | null = null;
  #identity: string | null = null;
  #joining: Promise<void> | null = null;
  #streamUrl = '';
  #unreadTold = 0;
  #hasResumed = false;
  #pollTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#api = new Api(`${options.origin}/api/v1/widget/${options.key}`);
    this.#api.onReach = (isReached) => this.#reached(isReached);
    this.#vault = new Vault(options.key);
    this.#stream = new Stream({
      event: (event) => this.#event(event),
      typing: (signal) => this.#typing(signal),
      resync: () => void this.#refresh(true),
      lost: () => this.#poll(),
      opened: () => this.#reached(true),
      unauthorized: () => void this.#join().catch(() => {}),
    });
    this.#drain = new Drain({
      vault: this.#vault,
      lockName: 'centralita:' + options.key,
      visitor: () => this.#visitor,
      beforeSend: () => this.#adopt(),
      deliver: (item) => this.#deliver(item),
      renewSession: () => this.#join().catch(() => {}),
      changed: () => this.#set({ items: this.#drain.box.items, inFlight: this.#drain.box.inFlight }),
      acknowledged: (local, conversation) => this.#acknowledged(local, conversation),
      full: () => this.#set({ notice: { key: 'outboxFull', values: { n: String(this.#drain.box.items.length) } } }),
    });
  }

  /** Fetches the configuration, then whatever a visitor known from before has here. */
  async start(attempt = 0): Promise<void> {
    try {
      this.#set({ config: await this.#api.call<Config>('GET', '/config') });
    } catch (error) {
      if (!(error instanceof ApiError) || (error.status > 0 && error.status < 500)) return;
      setTimeout(() => void this.start(attempt + 1), socketDelay(attempt, Math.random()));
      return;
    }
    this.#listen();
    const saved = this.#vault.session();
    if (saved) {
      this.#visitor = saved.visitor;
      this.#prechat = saved.prechat ?? null;
      this.#api.token = saved.token;
      this.#drain.restore();
    }
    if (saved?.token || this.#identity) await this.#join().catch(() => {});
    this.#drain.start();
    this.onEmit('ready');
  }

  get hasSession(): boolean {
    return !!this.#api.token;
  }

  get hasPrechat(): boolean {
    return !this.#api.token && !this.#prechat && !!this.state.config?.prechat?.fields.length;
  }

  // What the visitor does.

  open(): void {
    if (this.state.isOpen) return;
    this.#resume();
    this.#set({ isOpen: true });
    this.#stream.nudge();
    this.#poll();
    this.#markRead();
    this.onEmit('open');
  }

  /** The first time on a page: straight back into the conversation that was going on. */
  #resume(): void {
    const isJoining = this.#api.token && !this.state.visitor;
    if (this.#hasResumed || isJoining) return;
    this.#hasResumed = true;
    const last = store.recent(this.state)[0]?.conversation;
    const at = Date.parse(last?.last_message?.created_at ?? '');
    const isGoingOn = last?.state === 'open' && Date.now() - at < RESUME_MS;
    if (isGoingOn && this.state.view.name === 'home') this.go({ name: 'conversation', id: last.id });
  }

  close(): void {
    if (!this.state.isOpen) return;
    this.#set({ isOpen: false });
    this.onEmit('close');
  }

  setHidden(isHidden: boolean): void {
    this.#set({ isHidden });
  }

  go(view: store.View): void {
    this.#set({ view, notice: null });
    if (view.name === 'messages') void this.#loadConversations().catch(() => {});
    if (view.name !== 'conversation') return;
    if (store.thread(this.state, view.id).older === undefined) void this.loadHistory(view.id);
    this.#markRead();
  }

  /** Starts a new conversation: by the pre-chat form where one is asked for. */
  compose(): void {
    this.go(this.hasPrechat ? { name: 'prechat' } : { name: 'conversation', id: LOCAL + uuid() });
  }

  answerPrechat(answers: Record<string, string>): void {
    this.#prechat = answers;
    this.compose();
  }

  sendText(conversation: string, text: string): void {
    this.#enqueue({ conversation, text });
  }

  sendChoice(message: Message, value: string, label: string): void {
    this.#enqueue({ conversation: message.conversation_id, text: label, choice: { entry_id: message.id, value } });
  }

  /** Queues a file; one over the limits stands as refused at once, with its reason. */
  sendFile(conversation: string, file: File): void {
    const id = uuid();
    const limit = this.state.config?.limits.max_attachment_bytes ?? Infinity;
    this.#files.set(id, file);
    this.#enqueue({
      id,
      conversation,
      text: '',
      upload: { name: file.name, size: file.size },
      ...(file.size > limit && { refusal: { code: 'attachment_too_large', max: limit } }),
    });
  }

  retry(item: Item): void {
    this.#drain.apply({ type: 'retry', id: item.id, now: Date.now() });
    this.#drain.wake();
  }

  remove(item: Item): void {
    this.#files.delete(item.id);
    this.#drain.apply({ type: 'remove', id: item.id });
  }

  typed(conversation: string): void {
    if (!conversation.startsWith(LOCAL)) this.#stream.sendTyping(conversation);
  }

  /** Loads the newest page of a conversation, then with each call the next older one. */
  async loadHistory(id: string): Promise<void> {
    if (id.startsWith(LOCAL) || !this.#api.token || this.#loading.has(id)) return;
    this.#loading.add(id);
    const before = store.thread(this.state, id).older;
    try {
      const list = await this.#messages(id, before);
      this.#update((state) => store.withHistory(state, id, list.items, olderThan(list)));
      this.#markRead();
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#loading.delete(id);
    }
  }

  async end(id: string): Promise<void> {
    await this.#try(async () => {
      await this.#api.call('POST', `/conversations/${id}/end`, {});
      this.#update((state) => store.withConversation(state, { ...store.thread(state, id).conversation, state: 'closed', queue: null }));
    });
  }

  async sendTranscript(id: string, email: string): Promise<void> {
    await this.#try(async () => {
      await this.#api.call('POST', `/conversations/${id}/transcript`, { email });
      this.go({ name: 'conversation', id });
      this.#set({ notice: { key: 'transcriptSent', values: { email } } });
    });
  }

  async download(id: string): Promise<Blob | null> {
    try {
      return await this.#api.download(id);
    } catch (error) {
      this.#failed(error);
      return null;
    }
  }

  // What the host page asks for.

  /** Tells who the visitor is by a token the site has signed. Never stored. */
  async identify(token: string): Promise<void> {
    this.#identity = token;
    if (!this.state.config) return; // `start` takes it along.
    try {
      if (!this.#api.token) return await this.#join();
      const session = await this.#api.call<Session>('POST', '/identify', { identity_token: token });
      this.#identity = null;
      this.#useSession(session);
    } catch (error) {
      this.onEmit('identity_error', error instanceof ApiError ? error.code : '');
    }
  }

  /** Forgets the visitor on this device, here and on the server. */
  async signOut(): Promise<void> {
    const call = this.#api.token && this.#api.call('POST', '/sign-out', {});
    this.#vault.clear();
    this.#forget();
    if (call) await call.catch(() => {});
  }

  /** Reports a page view; the server keeps it only under consent. */
  page(): void {
    if (!this.#api.token) return;
    const { url, title } = currentPage();
    void this.#api.call('POST', '/events', { events: [{ type: 'page', url, title }] }).catch(() => {});
  }

  // Session.

  /** Gets or resumes a session; one call at a time. @throws {@link ApiError} */
  #join(): Promise<void> {
    this.#joining ??= this.#postSession().finally(() => {
      this.#joining = null;
    });
    return this.#joining;
  }

  async #postSession(): Promise<void> {
    const identity = this.#identity;
    try {
      const session = await this.#api.call<Session>('POST', '/sessions', {
        language: this.#options.locale,
        page: currentPage(),
        ...(this.#api.token && { visitor_token: this.#api.token }),
        ...(identity && { identity_token: identity }),
        ...(this.#prechat && { prechat: this.#prechat }),
      });
      this.#identity = null;
      this.#useSession(session);
    } catch (error) {
      const isIdentity = !!identity && error instanceof ApiError && error.status === 401;
      if (!isIdentity) throw error;
      this.#identity = null;
      this.onEmit('identity_error', error.code);
    }
  }

  #useSession(session: Session): void {
    const { id } = session.visitor;
    const isKept = !!this.#vault.session();
    if (id !== this.#visitor) {
      this.#drain.rename(this.#visitor, id, this.#visitor === NEW_VISITOR || !!session.was_reset);
      this.#visitor = id;
      if (session.was_reset) this.#drain.detach();
      this.#stream.cursor = null;
    }
    this.#api.token = session.visitor_token;
    if (isKept) this.#save();
    this.#update((state) => {
      const joined = store.withSession(state, session);
      const { view } = state;
      const isLost = view.name === 'conversation' && !view.id.startsWith(LOCAL) && !joined.threads.has(view.id);
      if (!isLost) return joined;
      const unsent = LOCAL + view.id; // Where `detach` has put what was not sent yet.
      const isWanted = joined.items.some((item) => item.conversation === unsent);
      return { ...joined, view: isWanted ? { name: 'conversation', id: unsent } : { name: 'home' } };
    });
    this.#connect(session);
    if (this.state.isOpen) this.#resume();
    this.#markRead();
  }

  #connect(session: Session): void {
    const url = new URL(session.stream_url ?? this.#api.base + '/stream', this.#options.origin + '/');
    url.protocol = url.protocol.replace('http', 'ws');
    this.#streamUrl = url.href;
    this.#stream.cursor = session.cursor ?? this.#stream.cursor;
    this.#stream.open(this.#streamUrl, session.visitor_token);
    const { view } = this.state;
    if (view.name !== 'conversation') return;
    if (store.thread(this.state, view.id).older === undefined) void this.loadHistory(view.id);
    else void this.#refresh(false);
  }

  /** Another tab may have got the session, or ended it. */
  async #adopt(): Promise<void> {
    const saved = this.#vault.session();
    if (!saved?.token || saved.token === this.#api.token) return;
    this.#api.token = saved.token;
    await this.#join().catch(() => {});
  }

  #save(): void {
    this.#vault.saveSession({ token: this.#api.token, visitor: this.#visitor, prechat: this.#api.token ? null : this.#prechat });
  }

  #forget(): void {
    this.#stream.close();
    this.#stream.cursor = null;
    this.#api.token = null;
    this.#visitor = NEW_VISITOR;
    this.#prechat = null;
    this.#files.clear();
    this.#drain.forget();
    this.#set({ visitor: null, threads: new Map(), view: { name: 'home' } });
  }

  // Sending.

  #enqueue(draft: Omit<Item, 'id' | 'at'> & { readonly id?: string }): void {
    if (!this.#vault.session()) this.#save();
    this.#drain.enqueue({ id: uuid(), ...draft, at: after(this.#drain.box, Date.now()) });
  }

  async #deliver(item: Item): Promise<Delivery> {
    try {
      if (!this.#api.token) await this.#join();
      const attachment = item.upload && (await this.#attachmentOf(item));
      const posted = await this.#api.call<Posted>('POST', '/messages', {
        client_message_id: item.id,
        sent_at: new Date(item.at).toISOString(),
        page: currentPage(),
        ...(!item.conversation.startsWith(LOCAL) && { conversation_id: item.conversation }),
        ...(item.choice ? { choice: item.choice } : { text: item.text }),
        ...(attachment && { attachment_ids: [attachment] }),
      });
      this.#update((state) => store.withPosted(state, posted, item.id));
      return { ok: true, conversation: posted.conversation.id };
    } catch (error) {
      if (!(error instanceof ApiError)) return { ok: false, status: 0, code: 'unreadable' };
      const { status, code, retryAfterMs, max } = error;
      return { ok: false, status, code, retryAfterMs, ...(max !== undefined && { max }) };
    }
  }

  /** The id of the item's file on the server, after uploading it if need be. */
  async #attachmentOf(item: Item): Promise<string> {
    if (item.upload?.id) return item.upload.id;
    const file = this.#files.get(item.id);
    if (!file) throw new ApiError(410, { code: 'gone' });
    const { id } = await this.#api.upload(file);
    this.#files.delete(item.id);
    this.#drain.apply({ type: 'uploaded', id: item.id, attachmentId: id });
    return id;
  }

  #acknowledged(local: string, conversation: string): void {
    if (local === conversation) return;
    this.#update((state) => {
      const threads = new Map(state.threads);
      threads.delete(local);
      const isShown = state.view.name === 'conversation' && state.view.id === local;
      return { ...state, threads, view: isShown ? { name: 'conversation', id: conversation } : state.view };
    });
    if (store.thread(this.state, conversation).older === undefined) void this.loadHistory(conversation);
  }

  // Receiving.

  #event(event: VisitorEvent): void {
    this.#update((state) => store.reduce(state, event));
    if (event.type !== 'message.created') return;
    const { conversation_id, author } = event.data.message;
    if (author.kind !== 'me') this.onEmit('message', { conversation_id, author_kind: author.kind });
    this.#markRead();
  }

  #typing(signal: Parameters<typeof store.withTyping>[1]): void {
    this.#update((state) => store.withTyping(state, signal, Date.now()));
    setTimeout(() => this.onChange(), store.TYPING_MS + 50);
  }

  #messages(id: string, before?: string | null): Promise<List<Message>> {
    const from = before ? '&before=' + encodeURIComponent(before) : '';
    return this.#api.call('GET', `/conversations/${id}/messages?limit=${HISTORY_PAGE}${from}`);
  }

  async #loadConversations(): Promise<void> {
    if (!this.#api.token) return;
    const list = await this.#api.call<List<Conversation>>('GET', '/conversations');
    this.#update((state) => list.items.reduce(store.withConversation, state));
  }

  /** Catches up by REST. `isStale`: what was loaded before may have gaps and is dropped. */
  async #refresh(isStale: boolean): Promise<void> {
    const { view } = this.state;
    try {
      await this.#loadConversations();
      if (isStale) this.#update(store.withoutHistory);
      if (view.name !== 'conversation' || view.id.startsWith(LOCAL)) return;
      const list = await this.#messages(view.id);
      this.#update((state) => {
        const { older } = store.thread(state, view.id);
        return store.withHistory(state, view.id, list.items, older === undefined ? olderThan(list) : older);
      });
      this.#markRead();
    } catch {
      // The socket or the visitor will try again; `onReach` has told the rest.
    }
  }

  #poll(): void {
    clearTimeout(this.#pollTimer);
    if (!this.state.isOpen || this.#stream.isOpen || !this.#api.token) return;
    void this.#refresh(false);
    this.#pollTimer = setTimeout(() => this.#poll(), POLL_MS);
  }

  /** Says that what stands on the screen has been read. */
  #markRead(): void {
    const { view, isOpen } = this.state;
    if (!isOpen || view.name !== 'conversation' || document.visibilityState === 'hidden') return;
    const { conversation } = store.thread(this.state, view.id);
    if (!conversation.unread_count || !conversation.last_message) return;
    const { seq } = conversation.last_message;
    this.#update((state) => store.withConversation(state, { ...conversation, unread_count: 0 }));
    void this.#api.call('PUT', `/conversations/${view.id}/read`, { seq }).catch(() => {});
  }

  // Network and other tabs.

  #listen(): void {
    addEventListener('online', () => this.#reached(true));
    addEventListener('offline', () => this.#reached(false));
    addEventListener('storage', (event) => this.#vault.owns(event.key) && this.#storageChanged());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'hidden') return;
      this.#stream.nudge();
      this.#markRead();
    });
  }

  #storageChanged(): void {
    const saved = this.#vault.session();
    if (!saved) {
      if (this.#visitor !== NEW_VISITOR) this.#forget();
      return;
    }
    void this.#adopt().then(() => {
      this.#drain.restore();
      this.#drain.start();
    });
  }

  #reached(isReached: boolean): void {
    const since = this.state.offlineSince;
    if (isReached === (since === null)) return;
    this.#set({ offlineSince: isReached ? null : Date.now() });
    if (!isReached) return;
    this.#stream.nudge();
    this.#drain.wake();
  }

  // State.

  #set(part: Partial<store.State>): void {
    this.#update((state) => ({ ...state, ...part }));
  }

  #update(edit: (state: store.State) => store.State): void {
    this.state = edit(this.state);
    const count = store.unread(this.state);
    if (count !== this.#unreadTold) this.onEmit('unread', (this.#unreadTold = count));
    this.onChange();
  }

  async #try(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (error instanceof ApiError && error.status) this.#set({ notice: { key: 'failed', values: { code: error.code } } });
  }
}
