import { describe, expect, it } from 'vitest';
import type { Conversation, Message, VisitorEvent } from '../src/protocol.ts';
import { reduce, START, thread, TYPING_MS, unread, withHistory, withPosted, withSession, withTyping, type State } from '../src/store.ts';
import { random } from './random.ts';

const message = (seq: number, kind: Message['author']['kind'] = 'agent', more: Partial<Message> = {}): Message => ({
  id: 'm' + seq,
  seq,
  conversation_id: 'c1',
  author: { kind, name: kind === 'agent' ? 'Ana' : null },
  text: 'text ' + seq,
  created_at: new Date(Date.UTC(2026, 0, 1, 0, seq)).toISOString(),
  ...more,
});
const created = (m: Message): VisitorEvent => ({ type: 'message.created', data: { message: m } });
const conversation = (more: Partial<Conversation> = {}): Conversation => ({ id: 'c1', state: 'open', unread_count: 0, ...more });
const play = (events: readonly VisitorEvent[], state: State = START): State => events.reduce(reduce, state);
const ids = (state: State): string[] => thread(state, 'c1').messages.map(({ id }) => id);

describe('events', () => {
  it('give the same thread in any order and however often they come', () => {
    const next = random(3);
    const messages = Array.from({ length: 12 }, (_, i) => message(i + 1));
    for (let run = 0; run < 200; run++) {
      const events = [...messages, ...messages].sort(() => next() - 0.5).map(created);
      expect(ids(play(events))).toEqual(messages.map(({ id }) => id));
    }
  });

  it('count a message of somebody else as unread once, own ones never', () => {
    const state = play([created(message(1, 'me')), created(message(2)), created(message(2)), created(message(3, 'bot'))]);
    expect(unread(state)).toBe(2);
  });

  it('do not count what a snapshot has already counted', () => {
    const session = { visitor_token: 't', visitor: { id: 'v', is_identified: false }, conversations: [conversation({ unread_count: 1, last_message: message(4) })] };
    expect(unread(play([created(message(4))], withSession(START, session)))).toBe(1);
  });

  it('replace a changed message and take out a deleted one', () => {
    const state = play([
      created(message(1)),
      created(message(2)),
      { type: 'message.updated', data: { message: message(1, 'agent', { text: 'better' }) } },
      { type: 'message.deleted', data: { message_id: 'm2', conversation_id: 'c1' } },
    ]);
    expect(thread(state, 'c1').messages.map(({ text }) => text)).toEqual(['better']);
    expect(unread(state)).toBe(2);
  });

  it('mark earlier own messages as read with a later one, and never take it back', () => {
    const state = play([
      created(message(1, 'me')),
      created(message(2, 'me')),
      { type: 'message.state', data: { message_id: 'm2', conversation_id: 'c1', state: 'read' } },
      { type: 'message.state', data: { message_id: 'm2', conversation_id: 'c1', state: 'received' } },
    ]);
    expect(thread(state, 'c1').messages.map((m) => m.state)).toEqual(['read', 'read']);
  });

  it('take a place without position and wait as the end of waiting', () => {
    const served = play([
      { type: 'queue.position', data: { conversation_id: 'c1', position: 3, wait_band: 'short', estimated_wait_ms: null } },
      { type: 'queue.position', data: { conversation_id: 'c1', position: null, wait_band: null, estimated_wait_ms: null } },
    ]);
    expect(thread(served, 'c1').queue).toBeNull();
  });

  it('show the place in the queue until somebody takes the conversation or it ends', () => {
    const queued = play([{ type: 'queue.position', data: { conversation_id: 'c1', position: 3, estimated_wait_ms: 240_000 } }]);
    expect(thread(queued, 'c1').queue?.position).toBe(3);
    expect(thread(play([{ type: 'agent.joined', data: { conversation_id: 'c1', display_name: 'Ana' } }], queued), 'c1').queue).toBeNull();
    expect(thread(play([{ type: 'conversation.closed', data: { conversation: conversation({ state: 'closed' }) } }], queued), 'c1').queue).toBeNull();
  });

  it('tell who came and went, where it happened', () => {
    const state = play([
      created(message(1, 'me')),
      { type: 'agent.joined', data: { conversation_id: 'c1', display_name: 'Ana' } },
      { type: 'agent.left', data: { conversation_id: 'c1', display_name: 'Ana' } },
    ]);
    expect(thread(state, 'c1').lines).toEqual([
      { seq: 1, kind: 'joined', name: 'Ana' },
      { seq: 1, kind: 'left', name: 'Ana' },
    ]);
    expect(thread(state, 'c1').conversation.agent).toBeNull();
  });

  it('that are unknown change nothing', () => {
    const strange = JSON.parse('{"type":"proactive.offered","data":{}}') as VisitorEvent;
    expect(reduce(START, strange)).toBe(START);
  });
});

describe('what is known', () => {
  it('of another visitor is forgotten', () => {
    const before = play([created(message(1))], withSession(START, { visitor_token: 't', visitor: { id: 'v1', is_identified: false }, conversations: [] }));
    const afterwards = withSession(before, { visitor_token: 'u', visitor: { id: 'v2', is_identified: true }, conversations: [] });
    expect(afterwards.threads.size).toBe(0);
  });

  it('joins a stored message with its outbox item by the client id', () => {
    const state = withPosted(START, { message: message(1, 'me'), conversation: conversation(), queue: { position: 2 } }, 'local');
    expect(thread(state, 'c1').messages[0]?.client_message_id).toBe('local');
    expect(thread(state, 'c1').queue?.position).toBe(2);
  });

  it('grows by pages of history without doubling what events brought', () => {
    const state = withHistory(play([created(message(3))]), 'c1', [message(1), message(2), message(3)], 'cursor');
    expect(ids(state)).toEqual(['m1', 'm2', 'm3']);
    expect(thread(state, 'c1').older).toBe('cursor');
  });

  it('of typing ends with the message or after six seconds', () => {
    const typing = withTyping(START, { conversation_id: 'c1', is_on: true, actor: { name: 'Ana' } }, 1_000);
    expect(thread(typing, 'c1').typing).toEqual({ name: 'Ana', until: 1_000 + TYPING_MS });
    expect(thread(play([created(message(1))], typing), 'c1').typing).toBeNull();
  });
});
