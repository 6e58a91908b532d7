import { describe, expect, it } from 'vitest';
import { after, EMPTY, isStorable, LOCAL, MAX_AGE_MS, MAX_ITEMS, step, verdict, type Effect, type Input, type Item, type Outbox } from '../src/outbox.ts';
import { random } from './random.ts';

const item = (id: string, at: number, more: Partial<Item> = {}): Item => ({ id, at, conversation: 'c1', text: id, ...more });

function run(inputs: readonly Input[], box: Outbox = EMPTY): { box: Outbox; effects: Effect[] } {
  const effects: Effect[] = [];
  for (const input of inputs) {
    const [next, out] = step(box, input);
    box = next;
    effects.push(...out);
  }
  return { box, effects };
}

const sent = (effects: readonly Effect[]): string[] => effects.flatMap((e) => (e.type === 'send' ? [e.item.id] : []));

describe('the outbox', () => {
  it('saves a message before it sends it, and drops it only once acknowledged', () => {
    const { effects } = run([
      { type: 'enqueue', item: item('a', 1) },
      { type: 'tick', now: 2 },
      { type: 'acknowledged', id: 'a', conversation: 'c1' },
    ]);
    expect(effects.map((e) => e.type)).toEqual(['save', 'send', 'drop']);
  });

  it('has one message in flight at a time, the oldest', () => {
    const { effects } = run([
      { type: 'enqueue', item: item('a', 1) },
      { type: 'enqueue', item: item('b', 2) },
      { type: 'tick', now: 3 },
      { type: 'tick', now: 3 },
    ]);
    expect(sent(effects)).toEqual(['a']);
  });

  it('tries the same message again with the same id after a failure, and nothing before it', () => {
    const first = run([
      { type: 'enqueue', item: item('a', 1) },
      { type: 'enqueue', item: item('b', 2) },
      { type: 'tick', now: 3 },
      { type: 'failed', id: 'a', now: 3, random: 0 },
    ]);
    expect(run([{ type: 'tick', now: 4 }], first.box).effects).toEqual([{ type: 'wait', ms: 499 }]);
    expect(sent(run([{ type: 'tick', now: 503 }], first.box).effects)).toEqual(['a']);
  });

  it('honours Retry-After even when the network comes back', () => {
    const { box } = run([
      { type: 'enqueue', item: item('a', 1) },
      { type: 'tick', now: 0 },
      { type: 'failed', id: 'a', now: 0, random: 0, retryAfterMs: 60_000 },
      { type: 'wake' },
    ]);
    expect(run([{ type: 'tick', now: 1_000 }], box).effects).toEqual([{ type: 'wait', ms: 59_000 }]);
  });

  it('goes on with the next message when one is refused, and keeps the refused one for the visitor', () => {
    const { box, effects } = run([
      { type: 'enqueue', item: item('a', 1) },
      { type: 'enqueue', item: item('b', 2) },
      { type: 'tick', now: 3 },
      { type: 'refused', id: 'a', refusal: { code: 'text_too_long', max: 10 } },
      { type: 'tick', now: 3 },
    ]);
    expect(sent(effects)).toEqual(['a', 'b']);
    expect(box.items[0]?.refusal).toEqual({ code: 'text_too_long', max: 10 });
  });

  it('sends a refused message again behind the others once the visitor asks for it', () => {
    const { box } = run([
      { type: 'enqueue', item: item('a', 1, { refusal: { code: 'x' } }) },
      { type: 'enqueue', item: item('b', 2) },
      { type: 'retry', id: 'a', now: 0 },
    ]);
    expect(box.items.map(({ id, refusal }) => [id, refusal])).toEqual([['b', undefined], ['a', undefined]]);
  });

  it('points later messages at the conversation the first one opened before it forgets the first', () => {
    const local = LOCAL + '1';
    const { effects } = run([
      { type: 'enqueue', item: item('a', 1, { conversation: local }) },
      { type: 'enqueue', item: item('b', 2, { conversation: local }) },
      { type: 'enqueue', item: item('c', 3, { conversation: LOCAL + '2' }) },
      { type: 'tick', now: 4 },
      { type: 'acknowledged', id: 'a', conversation: 'c9' },
    ]);
    expect(effects.slice(-2)).toEqual([
      { type: 'save', item: item('b', 2, { conversation: 'c9' }) },
      { type: 'drop', id: 'a' },
    ]);
  });

  it('cannot call back what is in flight', () => {
    const { box } = run([{ type: 'enqueue', item: item('a', 1) }, { type: 'tick', now: 1 }, { type: 'remove', id: 'a' }]);
    expect(box.items).toHaveLength(1);
  });

  it('does not store a file whose bytes are not on the server, and does once they are', () => {
    const upload = { name: 'a.jpg', size: 3 };
    const { effects } = run([
      { type: 'enqueue', item: item('a', 1, { upload }) },
      { type: 'tick', now: 1 },
      { type: 'uploaded', id: 'a', attachmentId: 'f1' },
    ]);
    expect(effects.map((e) => e.type)).toEqual(['send', 'save']);
    expect(effects[1]).toMatchObject({ item: { upload: { id: 'f1' } } });
  });

  it('takes no more than its limit and says so', () => {
    const { box, effects } = run(Array.from({ length: MAX_ITEMS + 1 }, (_, i): Input => ({ type: 'enqueue', item: item('i' + i, i) })));
    expect(box.items).toHaveLength(MAX_ITEMS);
    expect(effects.at(-1)).toEqual({ type: 'full' });
  });

  it('forgets what is older than a week', () => {
    const { box, effects } = run([{ type: 'restore', stored: [item('old', 0), item('new', 5)], now: MAX_AGE_MS + 1 }]);
    expect(box.items.map(({ id }) => id)).toEqual(['new']);
    expect(effects).toEqual([{ type: 'drop', id: 'old' }]);
  });

  it('keeps what is in flight in sight when the storage is emptied under it', () => {
    const { box } = run([{ type: 'enqueue', item: item('a', 1) }, { type: 'tick', now: 1 }, { type: 'restore', stored: [], now: 2 }]);
    expect(box.items.map(({ id }) => id)).toEqual(['a']);
  });

  it('orders by the visitor, not by a clock that was set back', () => {
    const { box } = run([{ type: 'enqueue', item: item('a', 1_000) }]);
    expect(after(box, 5)).toBe(1_001);
  });
});

describe('the verdict on an answer', () => {
  it.each([
    [0, 'network', 'retry'],
    [408, '', 'retry'],
    [425, '', 'retry'],
    [429, 'rate_limited', 'retry'],
    [500, 'internal', 'retry'],
    [503, 'draining', 'retry'],
    [507, 'storage_full', 'retry'],
    [409, 'idempotency_in_progress', 'retry'],
    [409, 'conversation_resolved', 'refuse'],
    [401, 'session_expired', 'session'],
    [403, 'visitor_blocked', 'refuse'],
    [422, 'idempotency_mismatch', 'refuse'],
    [413, 'body_too_large', 'refuse'],
  ])('%i %s is %s', (status, code, expected) => {
    expect(verdict(status, code)).toBe(expected);
  });
});

/** A visitor, a device that may lose power at any effect, and a server whose answers may be lost. */
class World {
  readonly disk = new Map<string, Item>();
  readonly stored: string[] = [];
  readonly conversationOf = new Map<string, string>();
  readonly wanted: string[] = [];
  readonly excused = new Set<string>();
  box: Outbox = EMPTY;
  now = 1_000;
  #names = 0;
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = random(seed);
  }

  chance(of: number): boolean {
    return this.#next() < of;
  }

  /** Applies an input; the power may go before any of its effects is carried out. */
  apply(input: Input, risk: number): void {
    const [box, effects] = step(this.box, input);
    this.box = box;
    for (const effect of effects) {
      if (this.chance(risk)) return this.reload();
      if (effect.type === 'save') this.disk.set(effect.item.id, effect.item);
      if (effect.type === 'drop') this.disk.delete(effect.id);
      if (effect.type === 'send') this.deliver(effect.item, risk);
    }
  }

  reload(): void {
    for (const { id } of this.box.items) if (!this.disk.has(id)) this.excused.add(id);
    this.box = EMPTY;
    this.apply({ type: 'restore', stored: [...this.disk.values()], now: this.now }, 0);
  }

  write(risk: number): void {
    const id = 'm' + this.#names++;
    const isFile = this.chance(0.2);
    this.wanted.push(id);
    const conversation = this.box.items.at(-1)?.conversation ?? (this.chance(0.5) ? LOCAL + id : 'c0');
    this.apply({ type: 'enqueue', item: item(id, after(this.box, this.now), { conversation, ...(isFile && { upload: { name: id, size: 1 } }) }) }, risk);
    if (!this.disk.has(id) && !this.box.items.some((other) => other.id === id)) this.excused.add(id);
  }

  deliver(message: Item, risk: number): void {
    if (message.upload && !message.upload.id) this.apply({ type: 'uploaded', id: message.id, attachmentId: 'f' + message.id }, risk);
    if (this.box.inFlight !== message.id) return; // The power went while the file was on its way.
    if (risk && this.chance(0.1)) return this.answer({ type: 'refused', id: message.id, refusal: { code: 'no' } }, risk);
    if (risk && this.chance(0.2)) return this.fail(message.id, risk);
    if (!this.stored.includes(message.id)) {
      this.stored.push(message.id);
      this.conversationOf.set(message.id, message.conversation.startsWith(LOCAL) ? 'of ' + message.conversation : message.conversation);
    }
    if (risk && this.chance(0.2)) return this.fail(message.id, risk);
    this.answer({ type: 'acknowledged', id: message.id, conversation: this.conversationOf.get(message.id)! }, risk);
  }

  answer(input: Input, risk: number): void {
    if (this.chance(risk)) return this.reload();
    this.apply(input, risk);
  }

  fail(id: string, risk: number): void {
    this.apply({ type: 'failed', id, now: this.now, random: this.#next() }, risk);
  }

  /** The visitor deals with what was refused: again, or away with it. */
  settle(risk: number): void {
    const refused = this.box.items.find((other) => other.refusal);
    if (!refused) return;
    this.excused.add(refused.id); // Its order is now the visitor's business.
    this.apply(this.chance(0.5) ? { type: 'retry', id: refused.id, now: this.now } : { type: 'remove', id: refused.id }, risk);
  }

  live(risk: number): void {
    this.now += Math.floor(this.#next() * 2_000);
    if (this.chance(0.4)) this.write(risk);
    else if (this.chance(0.2)) this.settle(risk);
    else if (this.chance(0.1)) this.reload();
    else this.apply({ type: 'tick', now: this.now }, risk);
  }

  /** Better times: everything that can go out goes out. */
  drain(): void {
    for (let i = 0; i < 500 && this.box.items.some((other) => !other.refusal); i++) {
      this.now += 60_000;
      this.apply({ type: 'tick', now: this.now }, 0);
    }
  }
}

describe('over crashes, lost answers and refusals', () => {
  it('never doubles, never reorders, never loses what was saved, whatever the seed', () => {
    for (let seed = 1; seed <= 2_000; seed++) {
      const world = new World(seed);
      for (let i = 0; i < 40; i++) world.live(0.08);
      const refused = world.box.items.filter((other) => other.refusal).map(({ id }) => id);
      world.drain();
      const counts = world.stored.filter((id, i) => world.stored.indexOf(id) !== i);
      const usual = world.stored.filter((id) => !world.excused.has(id));
      const expected = world.wanted.filter((id) => !world.excused.has(id) && !refused.includes(id));
      expect(counts, `seed ${seed}: twice`).toEqual([]);
      expect(usual.filter((id) => !refused.includes(id)), `seed ${seed}: order or loss`).toEqual(expected);
      expect([...world.disk.values()].filter((other) => !other.refusal), `seed ${seed}: left over`).toEqual([]);
      expect(world.box.items.every((other) => other.refusal && isStorable(other)), `seed ${seed}: state`).toBe(true);
    }
  });
});
