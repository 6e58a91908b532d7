/**
 * What the widget knows, and how events change it. Pure: no clock, no network, no DOM.
 *
 * # Invariants
 * - The messages of a conversation are ordered by `seq` and hold each id once, whatever the order or number of
 *   times in which REST answers and events bring them.
 * - A message counts as unread once, and never if it is the visitor's own.
 */
import { LOCAL, type Item } from './outbox.ts';
import type { Config, Conversation, Hours, Message, Posted, Queue, Session, TypingSignal, VisitorEvent } from './protocol.ts';

export type View =
  | { readonly name: 'home' | 'messages' | 'prechat' }
  | { readonly name: 'conversation' | 'transcript'; readonly id: string };

/** One conversation with what has been loaded of it. */
export interface Thread {
  readonly conversation: Conversation;
  readonly messages: readonly Message[];
  /** Cursor of the next older page; `null` when all is here, `undefined` when nothing was asked for yet. */
  readonly older: string | null | undefined;
  readonly queue: Queue | null;
  /** Who is writing, and until when to believe it (ms since 1970). */
  readonly typing: { readonly name: string; readonly until: number } | null;
  /** Lines of this session about people coming and going, each after the message with `seq`. */
  readonly lines: readonly Line[];
}

export interface Line {
  readonly seq: number;
  readonly kind: 'joined' | 'left';
  readonly name: string;
}

export interface State {
  readonly config: Config | null;
  readonly visitor: Session['visitor'] | null;
  readonly threads: ReadonlyMap<string, Thread>;
  readonly items: readonly Item[];
  readonly inFlight: string | null;
  /** Since when the network has been away, ms since 1970. */
  readonly offlineSince: number | null;
  readonly isOpen: boolean;
  readonly isHidden: boolean;
  readonly view: View;
  /** One sentence for the visitor about what was just done; a text key with its values. */
  readonly notice: { readonly key: 'transcriptSent' | 'outboxFull' | 'failed'; readonly values: Record<string, string> } | null;
}

export const START: State = {
  config: null,
  visitor: null,
  threads: new Map(),
  items: [],
  inFlight: null,
  offlineSince: null,
  isOpen: false,
  isHidden: false,
  view: { name: 'home' },
  notice: null,
};

/** A typing signal is believed for this long, unless renewed. */
export const TYPING_MS = 6_000;

const stub = (id: string): Conversation => ({ id, state: 'open', unread_count: 0 });

export const thread = (state: State, id: string): Thread =>
  state.threads.get(id) ?? { conversation: stub(id), messages: [], older: id.startsWith(LOCAL) ? null : undefined, queue: null, typing: null, lines: [] };

/** A copy of the state with one thread changed. */
export function withThread(state: State, id: string, edit: (thread: Thread) => Partial<Thread>): State {
  const old = thread(state, id);
  return { ...state, threads: new Map(state.threads).set(id, { ...old, ...edit(old) }) };
}

/** Messages waiting to be read, over all conversations. */
export const unread = (state: State): number => [...state.threads.values()].reduce((sum, { conversation }) => sum + conversation.unread_count, 0);

/** Newest first, those never written to left out. */
export const recent = (state: State): readonly Thread[] =>
  [...state.threads.values()].filter((t) => t.conversation.last_message).sort((a, b) => lastAt(b).localeCompare(lastAt(a)));

const lastAt = (t: Thread): string => t.conversation.last_message?.created_at ?? '';

/** Adds or replaces messages by id, ordered by seq. */
export function merge(old: readonly Message[], news: readonly Message[]): readonly Message[] {
  const all = new Map(old.map((message) => [message.id, message]));
  for (const message of news) all.set(message.id, message);
  return [...all.values()].sort((a, b) => a.seq - b.seq);
}

/** Takes in a conversation as the server shows it. */
export function withConversation(state: State, conversation: Conversation): State {
  return withThread(state, conversation.id, (old) => ({
    conversation: { ...old.conversation, ...conversation },
    queue: conversation.queue === undefined ? old.queue : conversation.queue,
  }));
}

/** Takes in a session. A visitor other than the known one starts from nothing. */
export function withSession(state: State, session: Session): State {
  const isSame = !state.visitor || state.visitor.id === session.visitor.id;
  const base: State = { ...state, visitor: session.visitor, threads: isSame ? state.threads : new Map() };
  return session.conversations.reduce(withConversation, base);
}

/** Takes in a page of history. */
export function withHistory(state: State, id: string, messages: readonly Message[], older: string | null): State {
  return withThread(state, id, (old) => ({ messages: merge(old.messages, messages), older }));
}

/** Takes in the answer to a message sent. The outbox id stays with it even if the server does not echo it. */
export function withPosted(state: State, posted: Posted, clientMessageId: string): State {
  const message: Message = { ...posted.message, client_message_id: clientMessageId };
  const { queue, conversation } = posted;
  const known = withMessage(withConversation(state, conversation), message);
  return queue === undefined ? known : withThread(known, conversation.id, () => ({ queue }));
}

/** Forgets loaded history: after a gap nobody knows what is missing. */
export const withoutHistory = (state: State): State => ({
  ...state,
  threads: new Map([...state.threads].map(([id, old]) => [id, { ...old, messages: [], older: undefined }])),
});

/** Applies one durable event. Unknown types change nothing; a repeated event changes nothing more. */
export function reduce(state: State, event: VisitorEvent): State {
  switch (event.type) {
    case 'message.created':
    case 'message.updated':
      return withMessage(state, event.data.message);
    case 'message.deleted':
      return withThread(state, event.data.conversation_id, (old) => ({
        messages: old.messages.filter((message) => message.id !== event.data.message_id),
      }));
    case 'message.state':
      return withMessageState(state, event.data.conversation_id, event.data.message_id, event.data.state);
    case 'conversation.opened':
    case 'conversation.closed':
    case 'conversation.reopened':
      return withQueueEnd(withConversation(state, event.data.conversation), event);
    case 'agent.joined':
    case 'agent.left':
      return withAgent(state, event.data.conversation_id, event.data.display_name, event.type === 'agent.joined');
    case 'queue.position':
      return withThread(state, event.data.conversation_id, () => ({ queue: isWaiting(event.data) ? event.data : null }));
    case 'hours.changed':
      return withHours(state, event.data.hours);
    default:
      return state;
  }
}

/** Without a place and without a wait nobody waits any more. */
const isWaiting = (place: Queue): boolean => (place.position ?? place.wait_band ?? null) !== null;

function withQueueEnd(state: State, event: VisitorEvent & { data: { conversation: Conversation } }): State {
  return event.type === 'conversation.closed' ? withThread(state, event.data.conversation.id, () => ({ queue: null, typing: null })) : state;
}

const withHours = (state: State, hours: Hours): State => (state.config ? { ...state, config: { ...state.config, hours } } : state);

/** Takes in one message; a new one of somebody else counts as unread. */
export function withMessage(state: State, message: Message): State {
  return withThread(state, message.conversation_id, (old) => {
    const last = old.conversation.last_message;
    const isNew = message.seq > (last?.seq ?? -1);
    const isTheirs = message.author.kind !== 'me';
    const isLatest = isNew || message.id === last?.id;
    return {
      messages: merge(old.messages, [message]),
      typing: isNew && isTheirs ? null : old.typing,
      conversation: {
        ...old.conversation,
        last_message: isLatest ? message : (last ?? null),
        unread_count: old.conversation.unread_count + (isNew && isTheirs ? 1 : 0),
      },
    };
  });
}

/** Reading a message means having read the visitor's earlier ones too. */
function withMessageState(state: State, conversation: string, id: string, value: string): State {
  return withThread(state, conversation, (old) => {
    const seq = old.messages.find((message) => message.id === id)?.seq ?? -1;
    const isMeant = (m: Message): boolean => m.id === id || (value === 'read' && m.author.kind === 'me' && m.seq < seq);
    return { messages: old.messages.map((m) => (isMeant(m) && m.state !== 'read' ? { ...m, state: value } : m)) };
  });
}

function withAgent(state: State, conversation: string, name: string, isHere: boolean): State {
  return withThread(state, conversation, (old) => ({
    queue: isHere ? null : old.queue,
    typing: null,
    conversation: { ...old.conversation, agent: isHere ? { display_name: name } : null },
    lines: [...old.lines, { seq: old.conversation.last_message?.seq ?? 0, kind: isHere ? 'joined' : 'left', name }],
  }));
}

/** Takes in a typing signal, received at `now`. */
export function withTyping(state: State, signal: TypingSignal, now: number): State {
  return withThread(state, signal.conversation_id, () => ({
    typing: signal.is_on ? { name: signal.actor?.name ?? '', until: now + TYPING_MS } : null,
  }));
}
