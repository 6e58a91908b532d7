// Kills the process, and PostgreSQL, under load: nothing acknowledged is lost, nothing is doubled, everybody
// catches up. Options: --short, --kills-sqlite=N, --kills-postgres=N, --seed=N.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { Refused } from '../lib/api.mjs';
import { Postgres } from '../lib/postgres.mjs';
import { Server } from '../lib/server.mjs';
import { Socket } from '../lib/socket.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/wait.mjs';
import { accept, addAgent, complete, goOnline, pendingOffer, route, setUp, visitorOf, widgetKey } from '../lib/world.mjs';

const VISITOR_WRITERS = 6;
const AGENT_WRITERS = 2;
/** One kill in so many also kills PostgreSQL. */
const POSTGRES_KILLED_EVERY = 5;

export default suite('crash', (group, { short, seed = 1, ...kills }) => {
  const sqlite = Number(kills['kills-sqlite'] ?? (short ? 20 : 200));
  const postgres = Number(kills['kills-postgres'] ?? (short ? 5 : 50));
  if (sqlite > 0) group(`SQLite, ${sqlite} kills`, (steps) => declare(steps, { kills: sqlite, seed: Number(seed) }));
  if (postgres > 0) group(`PostgreSQL, ${postgres} kills`, (steps) => declare(steps, { kills: postgres, seed: Number(seed), hasPostgres: true }));
});

function declare({ before, after, test }, { kills, seed, hasPostgres = false }) {
  const random = generator(seed);
  let postgres, server, admin, agents, writers, watch, key;
  const found = { rescinded: [], places: [], streams: [] };

  before(async () => {
    if (hasPostgres) postgres = await Postgres.start();
    server = await Server.fresh('crash', { databaseUrl: postgres?.url });
    await server.start();
    admin = await setUp(server);
    await route(admin, { offer_timeout_ms: 600_000, misses_before_away: 9, retry_gap_ms: 1_000 });
    key = await widgetKey(server.origin);
    agents = [await addAgent(admin, 'Dani'), await addAgent(admin, 'Ana')];
    for (const agent of agents) await goOnline(agent);
    writers = await makeWriters(server, key, agents);
    watch = await Watch.open(admin);
  });
  after(() => server?.dispose());
  after(() => postgres?.dispose());

  test(`${kills} × kill -9 under ${VISITOR_WRITERS + AGENT_WRITERS} concurrent writers`, async () => {
    let postgresKills = 0;
    for (let round = 1; round <= kills; round += 1) {
      const killsPostgres = hasPostgres && round % POSTGRES_KILLED_EVERY === 0;
      const bell = await Bell.ring(server, key, agents);
      await writeUntilKilled(writers, server, 10 + Math.floor(random() * 40), killsPostgres ? postgres : null);
      if (killsPostgres) {
        postgres.again();
        postgresKills += 1;
      }
      await server.start();
      await watch.reopen();
      for (const agent of agents) await goOnline(agent);
      found.rescinded.push(await bell.rescindedBecause());
      found.places.push(await bell.places(admin));
      await Promise.all(writers.map((writer) => writer.settle()));
      await bell.answer(agents);
      found.streams.push(await watch.compare());
    }
    const messages = writers.reduce((sum, writer) => sum + writer.ledger.size, 0);
    return { kills, postgres_kills: postgresKills, messages };
  });

  test('0 acknowledged messages lost, 0 doubled, sequence without gap', async () => {
    const conversations = [...new Set(writers.map((w) => w.conversationId))];
    const checked = await Promise.all(conversations.map((id) => audit(admin, id, writers.filter((w) => w.conversationId === id))));
    assert.deepEqual(checked.flat(), []);
  });

  test('offers pending at each crash were rescinded', () => {
    assert.equal(found.rescinded.length, kills);
    assert.ok(found.rescinded.every((reason) => ['router_restart', 'session_lost'].includes(reason)), found.rescinded.join());
  });

  test('their customers kept their place', () => {
    assert.ok(found.places.every(([before, later]) => before && before === later), JSON.stringify(found.places));
  });

  test('a socket that resumes after each crash has no gap and no repeat', () => {
    assert.deepEqual(watch.jumps, []);
    for (const { seen, recorded } of found.streams) assert.deepEqual(seen, recorded);
    const all = found.streams.flatMap((s) => s.seen);
    assert.equal(new Set(all).size, all.length, 'repeated events');
  });
}

/** Writes with every writer; after `count` acknowledgements kills the process under them. */
async function writeUntilKilled(writers, server, count, postgres) {
  let acknowledged = 0;
  let stop;
  const enough = new Promise((resolve) => (stop = resolve));
  const onAcknowledged = () => (acknowledged += 1) >= count && stop();
  const isOver = { value: false };
  const running = writers.map((writer) => writer.run(isOver, onAcknowledged));
  await Promise.race([enough, Promise.all(running)]);
  await Promise.all([server.kill(), postgres?.kill()]);
  isOver.value = true;
  await Promise.all(running);
}

/** Sends one message at a time; keeps what was acknowledged, and repeats what was not. */
class Writer {
  ledger = new Map();
  pending = null;
  number = 0;

  constructor(name, conversationId, send) {
    Object.assign(this, { name, conversationId, send });
  }

  /** Writes until the world ends: the first call that the network does not carry. */
  async run(isOver, onAcknowledged) {
    while (!isOver.value) {
      this.pending ??= { id: randomUUID(), text: `${this.name} ${(this.number += 1)}` };
      if (!(await this.#attempt())) return;
      onAcknowledged();
    }
  }

  /** Repeats the message that was never acknowledged. */
  async settle() {
    if (!this.pending) return;
    await until(`${this.name} to settle`, () => this.#attempt(), { deadlineMs: 30_000 });
  }

  async #attempt() {
    try {
      const entryId = await this.send(this.pending);
      this.ledger.set(this.pending.id, { ...this.pending, entryId });
      this.pending = null;
      return true;
    } catch (error) {
      if (error instanceof Refused && error.status < 500) throw error;
      return false;
    }
  }
}

/** Complaints about a stored conversation: lost, doubled, or out of sequence. */
async function audit(api, conversationId, writers) {
  const entries = await api.entries(conversationId);
  const complaints = entries.filter((e, i) => e.seq !== i + 1).map((e) => `gap before seq ${e.seq}`);
  const ids = new Map();
  for (const { id, body } of entries) ids.set(body.text, [...(ids.get(body.text) ?? []), id]);
  for (const { text, entryId } of writers.flatMap((w) => [...w.ledger.values()])) {
    const stored = ids.get(text) ?? [];
    if (stored.length === 0) complaints.push(`${text}: lost`);
    else if (stored.length > 1) complaints.push(`${text}: stored ${stored.length} times`);
    else if (stored[0] !== entryId) complaints.push(`${text}: acknowledged as ${entryId}, stored as ${stored[0]}`);
  }
  return complaints;
}

async function makeWriters(server, key, agents) {
  const writers = [];
  for (let i = 0; i < VISITOR_WRITERS; i += 1) {
    const visitor = await visitorOf(server.origin, key);
    const { conversation } = await visitor.send(`start ${i}`);
    const offer = await pendingOffer(agents);
    await accept(offer);
    const send = async ({ id, text }) => (await visitor.send(text, { clientMessageId: id })).message.id;
    writers.push(Object.assign(new Writer(`visitor-${i}`, conversation.id, send), { agent: offer.agent }));
  }
  for (let i = 0; i < AGENT_WRITERS; i += 1) {
    const { conversationId, agent } = writers[i];
    const path = `/conversations/${conversationId}/messages`;
    const send = async ({ id, text }) => (await agent.api.post(path, { text, client_message_id: id, seen_seq: 0, is_forced: true })).id;
    writers.push(new Writer(`agent-${i}`, conversationId, send));
  }
  return writers;
}

/** A customer whose offer rings, unanswered, at the moment of a crash. */
class Bell {
  static async ring(server, key, agents) {
    const visitor = await visitorOf(server.origin, key);
    await visitor.send('¿Hay alguien?');
    return Object.assign(new Bell(), await pendingOffer(agents)).remember();
  }

  async remember() {
    this.item = await this.agent.api.get(`/work-items/${this.offer.work_item_id}`);
    return this;
  }

  /** Why the offer ended, as its agent's resumed socket says. */
  async rescindedBecause() {
    const event = await this.agent.socket.event('offer.rescinded', (d) => d.offer.id === this.offer.id, { deadlineMs: 20_000 });
    return event.data.reason;
  }

  /** When it entered the queue, as known before and after the crash. */
  async places(api) {
    const item = await api.get(`/work-items/${this.item.id}`);
    return [this.item.enqueued_at, item.enqueued_at];
  }

  /** Accepts the new offer and finishes, so that the next round has room. */
  async answer(agents) {
    const again = await pendingOffer(agents, (o) => o.work_item_id === this.item.id, { deadlineMs: 30_000 });
    await accept(again);
    await complete(again.agent, this.item.id);
  }
}

/** One reader of the organization's stream that resumes after every crash. */
class Watch {
  jumps = [];
  #seen = [];
  #roundBegan;
  #socket;

  static async open(api) {
    const watch = new Watch();
    watch.api = api;
    watch.#socket = await Socket.staff(api, { topics: ['org'] });
    watch.#roundBegan = watch.#socket.hello.cursor;
    return watch;
  }

  async reopen() {
    const { cursor } = this.#socket;
    this.#keep();
    this.#socket = await Socket.staff(this.api, { topics: ['org'], after: cursor });
  }

  #keep() {
    this.#seen.push(...this.#socket.events.items.splice(0).map((event) => event.id));
    this.jumps.push(...this.#socket.gaps.splice(0));
  }

  /** What this reader saw since the last comparison, and what a fresh reader is shown for the same time. */
  async compare() {
    const replay = await Socket.staff(this.api, { topics: ['org'], after: this.#roundBegan });
    await until('both readers to be level', () => replay.cursor === this.#socket.cursor && replay.events.items.length > 0, { deadlineMs: 20_000 });
    this.#keep();
    const compared = { seen: this.#seen, recorded: replay.events.items.map((event) => event.id) };
    this.#roundBegan = this.#socket.cursor;
    this.#seen = [];
    await replay.close();
    return compared;
  }
}

/** A small seeded generator (mulberry32): the same seed kills at the same messages. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
