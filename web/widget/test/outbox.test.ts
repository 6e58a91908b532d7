import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOutbox, isLocal, isTransient, localId, MAX_AGE_MS, type Outbox, type OutboxHost } from '../src/outbox.ts';
import { createVault, type Vault } from '../src/vault.ts';
import type { Item, Problem } from '../src/wire.ts';
import { random } from './random.ts';

const REFUSED: Problem = { status: 422, code: 'text_too_long' };
const item = (id: string, more: Partial<Item> = {}): Omit<Item, 'at'> => ({ id, conversation: 'c1', text: id, ...more });
const never = <T>(): Promise<T> => new Promise(() => {});
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

/** Locks as the browser has them: one holder per name, the others wait their turn. */
function locks(): { request(name: string, run: () => Promise<void>): Promise<void> } {
  let last = Promise.resolve();
  return { request: (_, run) => (last = last.then(run)) };
}

function tab(deliver: OutboxHost['deliver'], more: Partial<OutboxHost> = {}): Outbox {
  return createOutbox({
    vault: createVault(),
    prefix: () => 'k:v1:',
    beforeSend: async () => {},
    deliver,
    renewSession: async () => {},
    onChange: () => {},
    onAcknowledged: () => {},
    ...more,
  });
}

const ids = (box: Outbox): string[] => box.items().map(({ id }) => id);

beforeEach(() => {
  localStorage.clear();
  vi.useFakeTimers({ now: 1_000 });
  vi.stubGlobal('navigator', { locks: locks() });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('the outbox', () => {
  it('sends in order, one at a time, and leaves nothing on the device', async () => {
    const seen: string[] = [];
    let inFlight = 0;
    const box = tab(async ({ id }) => {
      expect(++inFlight).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 50));
      inFlight--;
      seen.push(id);
      return 'c1';
    });
    for (const id of 'abc') box.add(item(id));
    await pass(1_000);
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(localStorage).toHaveLength(0);
  });

  it('has a message on the device before it sends it', async () => {
    const held: number[] = [];
    tab(async () => (held.push(localStorage.length), 'c1')).add(item('a'));
    await pass(10);
    expect(held).toEqual([1]);
  });

  it('tries the same message again after a failure, after a while, and nothing before it', async () => {
    const seen: string[] = [];
    const answers: (Problem | undefined)[] = [{ status: 0 }, { status: 503 }];
    const box = tab(async ({ id }) => {
      seen.push(id);
      const problem = answers.shift();
      if (problem) throw problem;
      return 'c1';
    });
    box.add(item('a'));
    box.add(item('b'));
    await pass(400);
    expect(seen).toEqual(['a']);
    await pass(5_000);
    expect(seen).toEqual(['a', 'a', 'a', 'b']);
  });

  it('goes at once when the network is back, but never sooner than Retry-After', async () => {
    const seen: number[] = [];
    const answers: (Problem | undefined)[] = [{ status: 0 }, { status: 429, retry_after_ms: 60_000 }];
    const box = tab(async () => {
      seen.push(Date.now());
      const problem = answers.shift();
      if (problem) throw problem;
      return 'c1';
    });
    box.add(item('a'));
    await pass(100);
    box.wake();
    await pass(10_000);
    box.wake();
    await pass(100_000);
    expect(seen.map((at) => Math.round((at - 1_000) / 100))).toEqual([0, 1, 601]);
  });

  it('goes on with the next message when one is refused, and keeps the refused one for the visitor', async () => {
    const seen: string[] = [];
    const box = tab(async ({ id }) => {
      seen.push(id);
      if (id === 'a') throw REFUSED;
      return 'c1';
    });
    box.add(item('a'));
    box.add(item('b'));
    await pass(100);
    expect(seen).toEqual(['a', 'b']);
    expect(box.items()).toMatchObject([{ id: 'a', refusal: REFUSED }]);
  });

  it('sends a refused message again, with the same id, behind the others', async () => {
    const seen: string[] = [];
    const box = tab(async ({ id }) => (seen.push(id), 'c1'));
    box.save({ ...item('a', { refusal: REFUSED }), at: 1 });
    box.add(item('b'));
    box.add({ ...box.items()[0]!, refusal: undefined });
    await pass(100);
    expect(seen).toEqual(['b', 'a']);
  });

  it('does not bring back what the visitor has signed out of', async () => {
    let refuse = (_: Problem): void => {};
    const box = tab(() => new Promise((_, reject) => (refuse = reject)));
    box.add(item('a'));
    await pass(10);
    localStorage.clear();
    refuse(REFUSED);
    await pass(10);
    expect(localStorage).toHaveLength(0);
  });

  it('points later messages at the conversation that the first one opened', async () => {
    const sent: [string, string][] = [];
    const box = tab(async ({ id, conversation }) => (sent.push([id, conversation]), isLocal(conversation) ? 'c9' : conversation));
    box.add(item('a', { conversation: localId('1') }));
    box.add(item('b', { conversation: localId('1') }));
    box.add(item('c', { conversation: localId('2') }));
    await pass(100);
    expect(sent).toEqual([['a', 'new:1'], ['b', 'c9'], ['c', 'new:2']]);
  });

  it('picks up after a reload what was never acknowledged', async () => {
    tab(never).add(item('a'));
    await pass(10);
    vi.stubGlobal('navigator', { locks: locks() }); // The lock dies with its page.
    const seen: string[] = [];
    const box = tab(async ({ id }) => (seen.push(id), 'c1'));
    box.start();
    await pass(100);
    expect(seen).toEqual(['a']);
  });

  it('has one tab send for all: nothing twice, one order', async () => {
    const seen: string[] = [];
    const deliver = async ({ id }: Item): Promise<string> => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      seen.push(id);
      return 'c1';
    };
    const [one, two] = [tab(deliver), tab(deliver)];
    one.add(item('a'));
    await pass(1);
    two.add(item('b'));
    await pass(1);
    one.add(item('c'));
    await pass(1_000);
    expect(seen).toEqual(['a', 'b', 'c']);
  });

  it('gets a new session on 401 and sends the same message again', async () => {
    const seen: string[] = [];
    const renewSession = vi.fn(async () => {});
    const box = tab(
      async ({ id }) => {
        seen.push(id);
        if (seen.length === 1) throw { status: 401 } satisfies Problem;
        return 'c1';
      },
      { renewSession },
    );
    box.add(item('a'));
    await pass(5_000);
    expect(seen).toEqual(['a', 'a']);
    expect(renewSession).toHaveBeenCalledOnce();
  });

  it('sends where there are no Web Locks, and where storage is forbidden', async () => {
    vi.stubGlobal('navigator', {});
    vi.stubGlobal('localStorage', new Proxy({}, { set: () => false }));
    const seen: string[] = [];
    tab(async ({ id }) => (seen.push(id), 'c1')).add(item('a'));
    await pass(100);
    expect(seen).toEqual(['a']);
  });

  it('does not store a file whose bytes are not on the server, and does once they are', async () => {
    const upload = { name: 'a.jpg', size_bytes: 3 };
    const box = tab(never);
    box.add(item('a', { upload }));
    expect([ids(box), localStorage.length]).toEqual([['a'], 0]);
    box.save({ ...box.items()[0]!, upload: { ...upload, id: 'f1' } });
    expect([ids(box), localStorage.length]).toEqual([['a'], 1]);
  });

  it('forgets what is older than a week', async () => {
    const box = tab(never);
    box.save({ ...item('old'), at: Date.now() });
    await pass(MAX_AGE_MS);
    box.add(item('new'));
    expect(ids(box)).toEqual(['new']);
    expect(localStorage).toHaveLength(1);
  });

  it('orders by the visitor, not by a clock that was set back', () => {
    const box = tab(never);
    box.add(item('a'));
    vi.setSystemTime(5);
    box.add(item('b'));
    expect(ids(box)).toEqual(['a', 'b']);
  });

  it('moves to another visitor what is theirs, and nothing else', () => {
    const box = tab(never);
    localStorage['k:new:x'] = JSON.stringify({ ...item('x'), at: 1 });
    localStorage['k:v0:y'] = JSON.stringify({ ...item('y'), at: 2 });
    box.move('k:new:', (moved) => moved);
    box.move('k:v0:', () => undefined);
    expect(Object.keys(localStorage)).toEqual(['k:v1:x']);
  });
});

describe('whether to try again', () => {
  it.each([
    [0, '', true],
    [401, 'session_expired', true],
    [408, '', true],
    [425, '', true],
    [429, 'rate_limited', true],
    [500, 'internal', true],
    [503, 'draining', true],
    [507, 'storage_full', true],
    [409, 'conversation_resolved', false],
    [403, 'visitor_blocked', false],
    [422, 'idempotency_mismatch', false],
    [413, 'body_too_large', false],
  ])('%i %s: %s', (status, code, expected) => {
    expect(isTransient({ status, code })).toBe(expected);
  });
});

/** A visitor, a device that may lose power at any write, and a server whose answers may be lost. */
class World {
  readonly disk = new Map<string, string>();
  readonly stored: string[] = [];
  readonly conversationOf = new Map<string, string>();
  readonly wanted: string[] = [];
  /** Where each message was written to. */
  readonly writtenTo = new Map<string, string>();
  /** Messages that owe no order: written while the power went, or refused by the server. */
  readonly excused = new Set<string>();
  readonly dropped = new Set<string>();
  risk = 0.05;
  #names = 0;
  #isOn = true;
  readonly #next: () => number;
  box: Outbox;

  constructor(seed: number) {
    this.#next = random(seed);
    vi.spyOn(Math, 'random').mockImplementation(random(-seed));
    this.box = this.#page();
  }

  #chance(of: number): boolean {
    return this.#next() < of;
  }

  /** A page, until the power goes: from then on nothing that it does has an effect. */
  #page(): Outbox {
    let isAlive = true;
    this.#isOn = true;
    const memory = new Map<string, string>();
    const survives = (): boolean => {
      if (this.#chance(this.risk)) this.#isOn = isAlive = false;
      return isAlive && this.#isOn;
    };
    const vault: Vault = {
      keys: (prefix) => [...new Set([...this.disk.keys(), ...memory.keys()])].filter((key) => key.startsWith(prefix)),
      read: (key) => JSON.parse(memory.get(key) ?? this.disk.get(key) ?? 'null'),
      write: (key, value, isVolatile) => {
        if (!survives()) return;
        memory.delete(key);
        (isVolatile ? memory : this.disk).set(key, JSON.stringify(value));
      },
      drop: (key) => {
        if (!survives()) return;
        memory.delete(key);
        this.disk.delete(key);
      },
    };
    const box = tab((sent) => (isAlive && this.#isOn ? this.#deliver(box, sent, () => isAlive && this.#isOn) : never()), { vault });
    this.#end = () => {
      isAlive = false;
    };
    return box;
  }
  #end = (): void => {};

  reload(): void {
    this.#end();
    for (const { id } of this.box.items()) if (!this.disk.has('k:v1:' + id)) this.excused.add(id).add('lost ' + id);
    this.box = this.#page();
    this.box.start();
  }

  async #deliver(box: Outbox, sent: Item, isAlive: () => boolean): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, this.#next() * 300));
    if (!isAlive()) return never();
    const { id, conversation, upload } = sent;
    if (upload && !upload.id) box.save({ ...sent, upload: { ...upload, id: 'f' + id } });
    if (!isAlive()) return never();
    if (this.risk && !this.stored.includes(id) && this.#chance(0.1)) {
      this.excused.add(id); // The next ones go on without it.
      throw REFUSED;
    }
    if (this.risk && this.#chance(0.2)) throw { status: this.#chance(0.5) ? 0 : 503 } satisfies Problem;
    if (!this.stored.includes(id)) {
      this.stored.push(id);
      this.conversationOf.set(id, isLocal(conversation) ? 'opened by ' + id : conversation);
    }
    if (this.risk && this.#chance(0.2)) throw { status: 0 } satisfies Problem;
    return this.conversationOf.get(id)!;
  }

  #write(): void {
    const id = 'm' + this.#names++;
    const isFile = this.#chance(0.2);
    const conversation = this.box.items().at(-1)?.conversation ?? (this.#chance(0.5) ? localId(id) : 'c0');
    this.wanted.push(id);
    this.writtenTo.set(id, conversation);
    this.box.add(item(id, { conversation, upload: isFile ? { name: id, size_bytes: 1 } : undefined }));
    const isKept = this.#isOn && this.box.items().some((other) => other.id === id);
    if (!isKept && !this.disk.has('k:v1:' + id) && !this.stored.includes(id)) this.excused.add(id).add('lost ' + id);
  }

  /** The visitor deals with what was refused: again, or away with it. */
  #settle(): void {
    const refused = this.box.items().find(({ refusal }) => refusal);
    if (!refused) return;
    if (this.#chance(0.5)) this.box.add({ ...refused, refusal: undefined });
    else {
      this.box.drop(refused);
      this.dropped.add(refused.id);
    }
  }

  async live(): Promise<void> {
    await pass(this.#next() * 2_000);
    if (!this.#isOn) this.reload();
    if (this.#chance(0.5)) this.#write();
    else if (this.#chance(0.3)) this.#settle();
    else if (this.#chance(0.1)) this.reload();
  }
}

describe('over crashes, lost answers and refusals', () => {
  it('never doubles, never reorders, never loses what was saved, whatever the seed', async () => {
    vi.stubGlobal('navigator', {});
    for (let seed = 1; seed <= 300; seed++) {
      const world = new World(seed);
      for (let i = 0; i < 40; i++) await world.live();
      world.risk = 0;
      world.reload();
      await pass(3_600_000);
      const refused = new Set(world.box.items().map(({ id }) => id));
      const isUsual = (id: string): boolean => !world.excused.has(id) && !refused.has(id);
      expect(new Set(world.stored).size, `seed ${seed}: twice`).toBe(world.stored.length);
      expect(world.stored.filter(isUsual), `seed ${seed}: order or loss`).toEqual(world.wanted.filter(isUsual));
      for (const opened of world.stored.filter((id) => isLocal(world.writtenTo.get(id)!))) {
        const together = world.stored.filter((id) => world.writtenTo.get(id) === world.writtenTo.get(opened));
        expect(new Set(together.map((id) => world.conversationOf.get(id))).size, `seed ${seed}: torn apart`).toBe(1);
      }
      for (const id of world.wanted) {
        const isAccounted = world.stored.includes(id) || refused.has(id) || world.dropped.has(id) || world.excused.has('lost ' + id);
        expect(isAccounted, `seed ${seed}: ${id} is nowhere`).toBe(true);
      }
      expect(world.box.items().every(({ refusal }) => refusal), `seed ${seed}: left over`).toBe(true);
    }
  }, 120_000);
});
