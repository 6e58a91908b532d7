/**
 * The visitor's conversations, and how events change them. No clock, no network, no DOM.
 *
 * # Invariants
 * - The messages of a conversation are ordered by `seq` and hold each id once, whatever the order or number of
 *   times in which REST answers and events bring them.
 * - A message counts as unread once, and never if it is the visitor's own.
 */
import { say } from './speech.ts';
import { joined, left } from './texts.ts';
import type { Conversation, Message, Queue, VisitorEvent } from './wire.ts';

/** One conversation with what has been loaded of it. */
export interface Thread extends Conversation {
  queue?: Queue | null | undefined;
  unread_count: number;
  rating?: number | null | undefined;
  last_message?: Message | null | undefined;
  messages: readonly Message[];
  /** Cursor of the next older page; `null` when all is here, `undefined` when nothing was asked for yet. */
  older?: string | null | undefined;
  /** Who is writing, and until when to believe it (ms since 1970). */
  typing?: string;
  typingUntil?: number;
  /** What the visitor has typed and not sent. */
  draft: string;
}

export const threads = new Map<string, Thread>();

/** The thread of that id, made when there is none. */
export function threadOf(id: string): Thread {
  const thread = threads.get(id) ?? { id, state: 'open', unread_count: 0, messages: [], draft: '' };
  threads.set(id, thread);
  return thread;
}

/** Takes in a conversation as the server shows it; events leave out its last message. */
export function takeConversation(conversation: Conversation): void {
  const thread = threadOf(conversation.id);
  Object.assign(thread, conversation, { last_message: conversation.last_message ?? thread.last_message });
}

/** Messages waiting to be read, over all conversations. */
export const unread = (): number => [...threads.values()].reduce((sum, thread) => sum + thread.unread_count, 0);

const lastAt = ({ last_message }: Thread): string => last_message?.created_at ?? '';

/** Newest first, those never written to left out. */
export const latest = (): readonly Thread[] =>
  [...threads.values()].filter(lastAt).sort((a, b) => (lastAt(a) < lastAt(b) ? 1 : -1));

/** Adds or replaces messages by id, ordered by `seq`. */
export function merge(thread: Thread, news: readonly Message[]): void {
  const all = new Map([...thread.messages, ...news].map((message) => [message.id, message]));
  thread.messages = [...all.values()].sort((a, b) => a.seq - b.seq);
}

/** Takes in one message; a new one of somebody else counts as unread. */
export function takeMessage(message: Message): void {
  const thread = threadOf(message.conversation_id);
  const last = thread.last_message;
  const isNew = message.seq > (last?.seq ?? -1);
  merge(thread, [message]);
  if (isNew || message.id === last?.id) thread.last_message = message;
  if (!isNew || message.author.kind === 'me') return;
  thread.unread_count++;
  thread.typing = '';
}

/**
 * Applies one durable event: one that carries a whole message or conversation puts it in the place of the known one.
 * Unknown types change nothing; a repeated event changes nothing more.
 */
export function applyEvent(event: VisitorEvent): void {
  const { type, data } = event;
  if ('message' in data) return takeMessage(data.message);
  if ('conversation' in data) return takeConversation(data.conversation);
  if (!('conversation_id' in data)) return;
  const thread = threadOf(data.conversation_id);
  const { messages, last_message } = thread;
  if (type === 'message.deleted') thread.messages = messages.filter(({ id }) => id !== data.message_id);
  if (type === 'queue.position') thread.queue = data;
  if (type === 'message.state') {
    // Reading a message means having read the visitor's earlier ones too.
    const { seq = 0 } = messages.find(({ id }) => id === data.message_id) ?? {};
    const isMeant = (message: Message): boolean => message.id === data.message_id || (data.state === 'read' && message.seq < seq);
    thread.messages = messages.map((message) => (isMeant(message) && message.state !== 'read' ? { ...message, state: data.state } : message));
  }
  if (type === 'agent.joined' || type === 'agent.left') {
    const { display_name } = data;
    const isJoin = type === 'agent.joined';
    Object.assign(thread, { typing: '', agent: isJoin ? data : null }, isJoin && { queue: null });
    // A line of this session alone, where it happened.
    merge(thread, [
      {
        id: type + event.timestamp,
        seq: (last_message?.seq ?? 0) + 0.5,
        conversation_id: thread.id,
        author: { kind: 'system' },
        text: say(isJoin ? joined : left, display_name),
        created_at: event.timestamp,
      },
    ]);
  }
}
