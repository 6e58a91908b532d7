import { describe, expect, it } from 'vitest';
import { ApiError } from '@centralita/sdk';
import type { Entry, NewMessage } from '@centralita/sdk';
import { Outbox } from './outbox.svelte';
import type { OutboxInput } from './outbox.svelte';

const input = (text: string, conversationId = 'c1'): OutboxInput => ({ conversationId, mode: 'reply', text, route: null, attachmentIds: [], mentions: [], seenSeq: 4 });
const refusal = (code: string, status: number) => new ApiError({ type: '', title: code, status, code });
const settle = () => new Promise<void>((resolve) => setTimeout(resolve));

function world() {
  const sent: NewMessage[] = [];
  const answers: (ApiError | null)[] = [];
  const store = new Map<string, string>();
  const state = { isLive: true };
  const door = {
    send: async (_id: string, message: NewMessage) => {
      const answer = answers.shift();
      if (answer) throw answer;
      sent.push(message);
      return {} as Entry;
    },
    note: async () => ({}) as Entry,
  };
  const storage = { getItem: (key: string) => store.get(key) ?? null, setItem: (key: string, value: string) => void store.set(key, value) };
  const make = () => {
    const outbox = new Outbox(door, () => state.isLive, storage);
    outbox.load('u1');
    return outbox;
  };
  return { sent, answers, state, make };
}

describe('the outbox', () => {
  it('sends in order and empties', async () => {
    const { make, sent } = world();
    const outbox = make();
    outbox.add(input('uno'));
    outbox.add(input('dos'));
    await settle();
    expect(sent.map((one) => one.text)).toEqual(['uno', 'dos']);
    expect(outbox.items).toEqual([]);
  });

  it('waits while the console has not caught up, and survives a reload', async () => {
    const { make, sent, state } = world();
    state.isLive = false;
    make().add(input('luego'));
    await settle();
    expect(sent).toEqual([]);
    const after = make();
    expect(after.waitingCount).toBe(1);
    state.isLive = true;
    await after.flush();
    expect(sent).toMatchObject([{ text: 'luego', seen_seq: 4 }]);
  });

  it('keeps the same client_message_id over a lost connection', async () => {
    const { make, sent, answers } = world();
    answers.push(refusal('network', 0));
    const outbox = make();
    outbox.add(input('hola'));
    const id = outbox.items[0]?.id;
    await settle();
    expect(outbox.items).toMatchObject([{ state: 'waiting' }]);
    await outbox.flush();
    expect(sent).toMatchObject([{ client_message_id: id }]);
  });

  it('stops a message that newer entries overtook until the person decides', async () => {
    const { make, sent, answers } = world();
    answers.push(refusal('newer_entries', 409));
    const outbox = make();
    outbox.add(input('uno'));
    outbox.add(input('dos'));
    await settle();
    expect(outbox.items.map((item) => item.state)).toEqual(['conflict', 'waiting']);
    outbox.retry(outbox.items[0]?.id ?? '', true);
    await settle();
    expect(sent).toMatchObject([{ text: 'uno', is_forced: true }, { text: 'dos', is_forced: true }]);
  });

  it('holds back only the conversation whose message failed', async () => {
    const { make, sent, answers } = world();
    answers.push(refusal('window_closed', 422));
    const outbox = make();
    outbox.add(input('no', 'c1'));
    outbox.add(input('sí', 'c2'));
    await settle();
    expect(sent.map((one) => one.text)).toEqual(['sí']);
    expect(outbox.items).toMatchObject([{ state: 'failed', code: 'window_closed' }]);
  });

  it('gives a message back to be edited', async () => {
    const { make, state } = world();
    state.isLive = false;
    const outbox = make();
    outbox.add(input('errata'));
    expect(outbox.take(outbox.items[0]?.id ?? '')?.text).toBe('errata');
    expect(outbox.items).toEqual([]);
  });
});
