/**
 * The visitor's side of the conversation: session, messages, history, reading, identity. Knows no DOM of the panel.
 *
 * A session is asked for only when there is a reason: a visitor known from before, a first message, or a signed
 * identity. Until the first message nothing is stored on the device. A page has one widget, so this is one module
 * with one state; whoever draws it reads the state below after each call of `onChange`.
 */
import { socketDelay } from './backoff.ts';
import { request } from './net.ts';
import { createOutbox, isLocal, localId, MAX_ITEMS } from './outbox.ts';
import { locale, say } from './speech.ts';
import { createStream } from './stream.ts';
import { failure, sent, team, waiting } from './texts.ts';
import { applyEvent, latest, merge, takeConversation, takeMessage, threadOf, threads, unread, type Thread } from './threads.ts';
import { createVault } from './vault.ts';
import type { Body, Config, Conversation, HostEvent, Item, List, Message, MessageDetail, Posted, Problem, Saved, Session, TypingSignal, VisitedPage, VisitorEvent } from './wire.ts';

export type View = 'home' | 'prechat' | 'conversation' | 'transcript';

export interface Options {
  readonly origin: string;
  readonly key: string;
  /** Called after every change of the state. */
  readonly onChange: () => void;
  readonly onEmit: (event: HostEvent, detail?: unknown) => void;
  /** Called with each new message of somebody else. */
  readonly onMessage: (message: Message) => void;
}

const HISTORY_PAGE = 50;
/** Where no socket gets through (a proxy, a policy of the page), an open panel asks this often. */
const POLL_MS = 5_000;
const TYPING_EVERY_MS = 3_000;
/** A typing signal is believed for this long, unless renewed. */
const TYPING_MS = 6_000;
/** A visitor the server does not know yet. */
const NEW_VISITOR = 'new';

// The state, for whoever draws it.

export let config: Config | undefined;
/** What the visitor is called, once the site or the customer's record has told. */
export let visitorName: string | null | undefined;
/** Since when the network has been away, ms since 1970; 0 while it is there. */
export let offlineSince = 0;
export let isOpen = false;
export let isHidden = false;
export let view: View = 'home';
/** The conversation of the views that show one. */
export let shown = '';
/** One sentence for the visitor about what was just done. */
export let notice = '';
export let token: string | undefined;
/** Share of each file in flight that is on the server, by outbox item. */
export const progress = new Map<string, number>();

const vault = createVault();
/** Files whose bytes are not on the server yet, by outbox item. */
const files = new Map<string, File>();
let options: Options;
let base = '';
let root = '';
let visitor = NEW_VISITOR;
let prechat: Saved['prechat'];
let identity: string | undefined;
let joining: Promise<void> | undefined;
let unreadTold = 0;
let hasResumed = false;
let typedAt = 0;

/** A UUID v4: the browser names its object URLs so, also where the page is no secure context and `randomUUID` is missing. */
const uuid = (): string => URL.createObjectURL(new Blob()).slice(-36);

const visitedPage = (): VisitedPage => ({ url: location.href.split('#')[0]!, title: document.title });

const ignore = (): void => {};

const prefix = (): string => `${root}:${visitor}:`;

export const outbox = createOutbox({
  vault,
  prefix,
  beforeSend: adopt,
  deliver,
  renewSession: rejoin,
  onChange: changed,
  onAcknowledged: acknowledged,
});

const stream = createStream({
  onEvent: received,
  onTyping: heardTyping,
  onResync: () => refresh(true),
  onOpen: () => reached(true),
  onUnauthorized: rejoin,
});

/** Fetches the configuration, then whatever a visitor known from before has here. */
export async function start(given: Options): Promise<void> {
  options = given;
  base = `${given.origin}/api/v1/widget/${given.key}`;
  root = 'centralita:' + given.key;
  try {
    config = await call<Config>('GET', '/config');
  } catch (problem) {
    const { status } = problem as Problem;
    if (!status || status >= 500) setTimeout(start, socketDelay(2, Math.random()), given);
    return;
  }
  listen();
  ({ token, visitor, prechat } = vault.read<Saved>(root) ?? { visitor });
  if (token || identity) await rejoin();
  outbox.start();
  changed();
  given.onEmit('ready');
}

// What the visitor does.

export function toggle(isWanted: boolean): void {
  if (isOpen === isWanted) return;
  isOpen = isWanted;
  resume();
  stream.nudge();
  markRead();
  changed();
  options.onEmit(isOpen ? 'open' : 'close');
}

/** The first time on a page: straight back into the conversation that is going on. */
function resume(): void {
  const [last] = latest();
  if (hasResumed || !isOpen || !last) return;
  hasResumed = true;
  if (last.state === 'open' && view === 'home') go('conversation', last.id);
}

export function hide(isWanted: boolean): void {
  isHidden = isWanted;
  changed();
}

export function go(to: View, id = ''): void {
  view = to;
  shown = id;
  notice = '';
  if (to === 'home') refresh();
  if (to === 'conversation' && threadOf(id).older === undefined) loadHistory(id);
  markRead();
  changed();
}

/** Starts a new conversation: by the pre-chat form where one is asked for. */
export const compose = (): void => (!token && !prechat && config?.prechat?.fields.length ? go('prechat') : go('conversation', localId(uuid())));

export function answerPrechat(answers: Record<string, string>): void {
  prechat = answers;
  compose();
}

/** Queues a message; `false` when there is no room. Keeps the session from the first one on. */
export function send(conversation: string, message: Partial<Item>): boolean {
  const { length } = outbox.items();
  const hasRoom = length < MAX_ITEMS;
  if (hasRoom) {
    if (!vault.read(root)) saveSession();
    outbox.add({ id: uuid(), text: '', ...message, conversation });
  } else tell(say(waiting, length, MAX_ITEMS));
  return hasRoom;
}

/** Queues a file; one over the limit stands as refused at once, with its reason. */
export function sendFile(conversation: string, file: File): void {
  const id = uuid();
  const { name, size } = file;
  const { max_attachment_bytes: max = Infinity } = config!.limits;
  files.set(id, file);
  send(conversation, {
    id,
    upload: { name, size_bytes: size },
    refusal: size > max ? { status: 413, code: 'attachment_too_large', max_bytes: max } : undefined,
  });
}

export function typed(conversation: string): void {
  const now = Date.now();
  if (isLocal(conversation) || now - typedAt < TYPING_EVERY_MS) return;
  typedAt = now;
  stream.say({ op: 'signal', type: 'typing', conversation_id: conversation, data: { is_on: true } });
}

/** Loads the newest page of a conversation, then with each call the next older one. */
export const loadHistory = (id: string): Promise<void> => loadPage(threadOf(id), threadOf(id).older).catch(refused);

export const end = (id: string): Promise<void> =>
  call('POST', `/conversations/${id}/end`, {}).then(() => refresh(), refused);

export const sendTranscript = (id: string, email: string): Promise<void> =>
  call('POST', `/conversations/${id}/transcript`, { email }).then(() => {
    go('conversation', id);
    tell(say(sent) + ' · ' + email);
  }, refused);

/** What the visitor thinks of a conversation that has ended. */
export const rate = (id: string, stars: number): Promise<void> =>
  call('POST', `/conversations/${id}/rating`, { stars }).then(() => {
    threadOf(id).rating = stars;
    changed();
  }, refused);

/** Saves a file of the conversation on the visitor's device. */
export const download = (id: string, name: string): Promise<void> =>
  call<Blob>('GET', '/attachments/' + id, undefined, undefined, 'blob').then((bytes) => {
    Object.assign(document.createElement('a'), { href: URL.createObjectURL(bytes), download: name }).click();
  }, refused);

// What the host page asks for.

/** Tells who the visitor is by a token the site has signed. Never stored. */
export function identify(jwt: string): void {
  identity = jwt;
  if (config) rejoin().then(() => (identity ? rejoin() : undefined)); // A call that was on its way has not taken it along. Else `start` does.
}

/** Forgets the visitor on this device, here and on the server. */
export function signOut(): void {
  if (token) call('POST', '/sign-out', {}).catch(ignore);
  vault.keys(root).forEach(vault.drop);
  forget();
}

/** Reports a page view; the server keeps it only under consent. */
export function page(): void {
  if (token) call('POST', '/events', { events: [{ type: 'page', ...visitedPage() }] }).catch(ignore);
}

// Session.

/** Gets or resumes a session, with the identity the site has given; one call at a time. Rejects with a {@link Problem}. */
const join = (): Promise<void> => (joining ??= postSession());

function rejoin(): Promise<void> {
  return join().catch(ignore);
}

async function postSession(): Promise<void> {
  const identity_token = identity;
  const body = { language: locale, page: visitedPage(), visitor_token: token, identity_token, prechat };
  identity = undefined;
  try {
    useSession(await call<Session>('POST', '/sessions', body), !identity_token);
  } catch (problem) {
    const { status, code } = problem as Problem;
    if (identity_token && status === 401) options.onEmit('identity_error', code);
    else identity ??= identity_token;
    throw problem;
  } finally {
    joining = undefined;
  }
}

/** `isSame`: nobody has said that the visitor is another person than before. */
function useSession({ visitor_token, stream_url, cursor, conversations, visitor: { id, display_name } }: Session, isSame: boolean): void {
  const before = prefix();
  const isOther = visitor !== NEW_VISITOR && !isSame;
  token = visitor_token;
  visitorName = display_name;
  if (id !== visitor) {
    visitor = id;
    // Of a lost visitor's conversations what was not sent begins new ones; somebody else's is forgotten.
    outbox.move(before, (item) => {
      if (isOther) return undefined;
      return isLocal(item.conversation) ? item : { ...item, conversation: localId(item.conversation) };
    });
    for (const known of threads.keys()) if (isOther || !isLocal(known)) threads.delete(known);
  }
  if (vault.read(root)) saveSession();
  for (const conversation of conversations) takeConversation(conversation);
  if (shown && !threads.has(shown)) go('conversation', localId(shown));
  stream.connect(new URL(stream_url, base).href.replace('http', 'ws'), visitor_token, cursor);
  if (shown) refresh();
  resume();
  markRead();
  changed();
}

/** Another tab may have got the session, or changed it; and while the site says who the visitor is, nothing leaves. */
async function adopt(): Promise<void> {
  await joining?.catch(ignore);
  if (identity) await rejoin();
  const saved = vault.read<Saved>(root);
  if (!saved?.token || saved.token === token) return;
  ({ token } = saved);
  await rejoin();
}

function saveSession(): void {
  vault.write(root, { token, visitor, prechat } satisfies Saved);
}

function forget(): void {
  stream.disconnect();
  token = prechat = visitorName = undefined;
  visitor = NEW_VISITOR;
  files.clear();
  threads.clear();
  outbox.start();
  go('home');
}

// Sending.

async function deliver(item: Item): Promise<string> {
  if (!token) await join();
  const { id, at, conversation: local, choice } = item;
  const attachment = item.upload && (await uploaded(item));
  const { message, conversation } = await call<Posted>('POST', '/messages', {
    client_message_id: id,
    sent_at: new Date(at),
    page: visitedPage(),
    conversation_id: isLocal(local) ? undefined : local,
    text: choice ? undefined : item.text,
    choice,
    attachment_ids: attachment ? [attachment] : undefined,
  });
  takeConversation(conversation);
  takeMessage(message);
  return conversation.id;
}

/** The id of the item's file on the server, after uploading it if need be. */
async function uploaded(item: Item): Promise<string> {
  const { id, upload } = item;
  if (upload!.id) return upload!.id;
  const file = files.get(id)!; // As long as the item, which no reload has outlived without its bytes on the server.
  const onProgress = (share: number): void => {
    progress.set(id, share);
    changed();
  };
  const made = await call<{ id: string }>('POST', '/attachments?name=' + encodeURIComponent(file.name), file, onProgress);
  files.delete(id);
  outbox.save({ ...item, upload: { ...upload!, id: made.id } });
  return made.id;
}

/** A conversation that just got its real id is still the same to the visitor. */
function acknowledged(local: string, conversation: string): void {
  if (local === conversation) return;
  threadOf(conversation).draft ||= threadOf(local).draft;
  threads.delete(local);
  if (shown === local) shown = conversation;
  if (threadOf(conversation).older === undefined) loadHistory(conversation);
  changed();
}

// Receiving.

function received(event: VisitorEvent): void {
  applyEvent(event);
  const { type, data } = event;
  if (type === 'hours.changed') config = { ...config!, hours: data.hours };
  if (type === 'message.created' && data.message.author.kind !== 'me') {
    const { conversation_id, author } = data.message;
    options.onMessage(data.message);
    options.onEmit('message', { conversation_id, author_kind: author.kind } satisfies MessageDetail);
  }
  markRead();
  changed();
}

function heardTyping({ conversation_id, is_on, actor }: TypingSignal): void {
  const heard = threadOf(conversation_id);
  heard.typing = is_on ? actor?.name || say(team) : '';
  heard.typingUntil = Date.now() + TYPING_MS;
  setTimeout(changed, TYPING_MS);
  changed();
}

/** Loads the page before that cursor, or the newest. Rejects with a {@link Problem}. */
async function loadPage(loaded: Thread, before?: string | null): Promise<void> {
  const { id, older } = loaded;
  if (!token || isLocal(id)) return;
  const path = `/conversations/${id}/messages?limit=${HISTORY_PAGE}`;
  const { items, page: { prev, has_more } } = await call<List<Message>>('GET', before ? `${path}&before=${encodeURIComponent(before)}` : path);
  merge(loaded, items);
  if (before || older === undefined) loaded.older = prev ?? (has_more ? String(items[0]?.seq) : null);
  markRead();
  changed();
}

/** Catches up by REST. `isStale`: what was loaded before may have gaps and is dropped. */
async function refresh(isStale?: boolean): Promise<void> {
  if (!token) return;
  try {
    const { items } = await call<List<Conversation>>('GET', '/conversations');
    for (const conversation of items) takeConversation(conversation);
    if (isStale) for (const stale of threads.values()) Object.assign(stale, { messages: [], older: undefined });
    if (shown) await loadPage(threadOf(shown));
    changed();
  } catch {
    // The socket or the visitor will try again; `reached` has told the rest.
  }
}

/** Says that what stands on the screen has been read. */
function markRead(): void {
  if (!isOpen || view !== 'conversation' || document.hidden) return;
  const read = threadOf(shown);
  if (!read.unread_count || !read.last_message) return;
  read.unread_count = 0;
  call('PUT', `/conversations/${shown}/read`, { seq: read.last_message.seq }).catch(ignore);
}

// Network, other tabs, and telling whoever draws.

function listen(): void {
  setInterval(() => isOpen && !stream.isConnected() && refresh(), POLL_MS);
  addEventListener('online', () => reached(true));
  addEventListener('offline', () => reached(false));
  addEventListener('storage', ({ key }) => {
    if (!(key ?? root).startsWith(root)) return;
    if (vault.read(root)) adopt().then(outbox.start);
    else if (visitor !== NEW_VISITOR) forget();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    stream.nudge();
    markRead();
  });
}

/** Calls the server; rejects with a {@link Problem}, also when the answer is no longer for the visitor who asked. */
async function call<T>(method: string, path: string, body?: Body | Blob, onProgress?: (share: number) => void, want?: 'blob'): Promise<T> {
  const asker = token;
  const answer = await request<T>(method, base + path, asker, body, onProgress, want).catch((problem: Problem) => {
    reached(!!problem.status);
    throw problem;
  });
  reached(true);
  if (asker !== token) throw { status: 0 } satisfies Problem;
  return answer;
}

function reached(isReached: boolean): void {
  if (isReached === !offlineSince) return;
  offlineSince = isReached ? 0 : Date.now();
  changed();
  if (!isReached) return;
  stream.nudge();
  outbox.wake();
}

/** Something the visitor asked for did not work; of a lost network they are told otherwise. */
function refused({ status, code }: Problem): void {
  if (status) tell(say(failure, code ?? status));
}

function tell(words: string): void {
  notice = words;
  changed();
}

export function changed(): void {
  const count = unread();
  if (count !== unreadTold) options.onEmit('unread', (unreadTold = count));
  options.onChange();
}
