import { beforeEach, describe, expect, it } from 'vitest';
import { applyEvent, latest, merge, takeConversation, threadOf, threads, unread } from '../src/threads.ts';
import type { Conversation, Message, VisitorEvent } from '../src/wire.ts';
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
const agent = (type: 'agent.joined' | 'agent.left'): VisitorEvent => ({ type, timestamp: '2026-01-01T00:01:30Z', data: { conversation_id: 'c1', display_name: 'Ana' } });
const play = (...events: VisitorEvent[]): void => events.forEach(applyEvent);
const ids = (): string[] => threadOf('c1').messages.map(({ id }) => id);

beforeEach(() => threads.clear());

describe('events', () => {
  it('give the same thread in any order and however often they come', () => {
    const next = random(3);
    const messages = Array.from({ length: 12 }, (_, i) => message(i + 1));
    for (let run = 0; run < 200; run++) {
      threads.clear();
      play(...[...messages, ...messages].sort(() => next() - 0.5).map(created));
      expect(ids()).toEqual(messages.map(({ id }) => id));
    }
  });

  it('count a message of somebody else as unread once, own ones never', () => {
    play(created(message(1, 'me')), created(message(2)), created(message(2)), created(message(3, 'bot')));
    expect(unread()).toBe(2);
  });

  it('do not count what a snapshot has already counted', () => {
    takeConversation(conversation({ unread_count: 1, last_message: message(4) }));
    play(created(message(4)));
    expect(unread()).toBe(1);
  });

  it('replace a changed message and take out a deleted one', () => {
    play(
      created(message(1)),
      created(message(2)),
      { type: 'message.updated', data: { message: message(1, 'agent', { text: 'better' }) } },
      { type: 'message.deleted', data: { message_id: 'm2', conversation_id: 'c1' } },
    );
    expect(threadOf('c1').messages.map(({ text }) => text)).toEqual(['better']);
    expect(unread()).toBe(2);
  });

  it('mark earlier messages as read with a later one, and never take it back', () => {
    const state = (value: string): VisitorEvent => ({ type: 'message.state', data: { message_id: 'm2', conversation_id: 'c1', state: value } });
    play(created(message(1, 'me')), created(message(2, 'me')), created(message(3, 'me')), state('read'), state('received'));
    expect(threadOf('c1').messages.map((m) => m.state)).toEqual(['read', 'read', undefined]);
  });

  it('show the place in the queue until somebody takes the conversation', () => {
    play({ type: 'queue.position', data: { conversation_id: 'c1', position: 3, wait_band: 'short' } });
    expect(threadOf('c1').queue?.position).toBe(3);
    play(agent('agent.joined'));
    expect(threadOf('c1').queue).toBeNull();
    expect(threadOf('c1').agent?.display_name).toBe('Ana');
  });

  it('tell who came and went, where it happened, and count nothing for it', () => {
    play(created(message(1, 'me')), agent('agent.joined'), created(message(2, 'me')), agent('agent.left'), agent('agent.left'));
    expect(threadOf('c1').messages.map(({ seq, author }) => [seq, author.kind])).toEqual([[1, 'me'], [1.5, 'system'], [2, 'me'], [2.5, 'system']]);
    expect(threadOf('c1').agent).toBeNull();
    expect(unread()).toBe(0);
  });

  it('keep the last message of a conversation whose snapshot leaves it out', () => {
    play(created(message(1)), { type: 'conversation.closed', data: { conversation: conversation({ state: 'closed', last_message: null }) } });
    expect(threadOf('c1')).toMatchObject({ state: 'closed', last_message: { id: 'm1' } });
  });

  it('that are unknown change nothing', () => {
    play(created(message(1)), JSON.parse('{"type":"proactive.offered","data":{"conversation_id":"c1"}}') as VisitorEvent);
    expect(ids()).toEqual(['m1']);
  });

  it('end the typing of who has written', () => {
    threadOf('c1').typing = 'Ana';
    play(created(message(1)));
    expect(threadOf('c1').typing).toBe('');
  });
});

describe('conversations', () => {
  it('grow by pages of history without doubling what events brought', () => {
    play(created(message(3)));
    merge(threadOf('c1'), [message(1), message(2), message(3)]);
    expect(ids()).toEqual(['m1', 'm2', 'm3']);
  });

  it('stand newest first, those never written to left out', () => {
    play(created(message(1)), created(message(2, 'agent', { conversation_id: 'c2' })));
    threadOf('new:x');
    expect(latest().map(({ id }) => id)).toEqual(['c2', 'c1']);
  });
});
