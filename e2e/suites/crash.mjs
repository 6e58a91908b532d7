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
import { addAgent, addQueue, addWebChat, goOnline, RAISED_LIMITS, setUp, visitorOf } from '../lib/world.mjs';

const VISITOR_WRITERS = 6;
const AGENT_WRITERS = 2;
/** One kill in so many also kills PostgreSQL. */
const POSTGRES_KILLED_EVERY = 5;

export default suite('crash', (group, { short, seed = 1, ...kills }) => {
  const sqlite = Number(kills['kills-sqlite'] ?? (short ? 20 : 200));
  const postgres = Number(kills['kills-postgres'] ?? (short ? 5 : 50));
  group(`SQLite, ${sqlite} kills`, (steps) => declare(steps, { kills: sqlite, seed: Number(seed) }));
  group(`PostgreSQL, ${postgres} kills`, (steps) => declare(steps, { kills: postgres, seed: Number(seed), hasPostgres: true }));
});

function declare({ before, after, test }, { kills, seed, hasPostgres = false }) {
  const random = generator(seed);
  let postgres, server, admin, agents, ringing, channel, writers, watch;
  const found = { rescinded: [], places: [] };

  before(async () => {
    if (hasPostgres) postgres = await Postgres.start();
    server = await Server.fresh('crash', { env: RAISED_LIMITS, databaseUrl: postgres?.url });
    await server.start();
    admin = await setUp(server);
    const queue = await addQueue(admin, { key: 'ventas', offerTimeoutMs: 600_000, maxChats: VISITOR_WRITERS });
    const slow = await addQueue(admin, { key: 'timbre', offerTimeoutMs: 600_000, maxChats: 1 });
    channel = await addWebChat(admin, queue);
    const bell = await addWebChat(admin, slow);
    agents = [await addAgent(admin, { name: 'Dani', email: 'dani@example.com', queue }), await addAgent(admin, { name: 'Ana', email: 'ana@example.com', queue: slow })];
    watch = new Watch(admin);
    await watch.open();
    for (const agent of agents) await goOnline(agent);
    writers = await makeWriters(server, channel, agents[0]);
    ringing = new Bell(server, bell, agents[1], watch);
  });
  after(() => server?.dispose());
  after(() => postgres?.dispose());

  test(`${kills} × kill -9 under ${VISITOR_WRITERS + AGENT_WRITERS} concurrent writers`, async () => {
    let postgresKills = 0;
    for (let round = 1; round <= kills; round += 1) {
      const killsPostgres = hasPostgres && round % POSTGRES_KILLED_EVERY === 0;
      await ringing.ring();
      await writeUntilKilled(writers, server, 10 + Math.floor(random() * 40), killsPostgres ? postgres : null);
      if (killsPostgres) {
        postgres.again();
        postgresKills += 1;
      }
      await server.start();
      await watch.reopen();
      for (const agent of agents) await comeBack(agent);
      found.rescinded.push(await ringing.wasRescinded());
      found.places.push(await ringing.keptItsPlace());
      await Promise.all(writers.map((writer) => writer.settle()));
      await ringing.answer();
    }
    const messages = writers.reduce((sum, writer) => sum + writer.ledger.size, 0);
    return { kills, postgres_kills: postgresKills, messages };
  });

  test('0 acknowledged messages lost, 0 doubled, sequence without gap', async () => {
    const checked = await Promise.all(writers.map((writer) => writer.audit(admin)));
    assert.deepEqual(checked.flat(), []);
  });

  test('offers pending at each crash were rescinded', () => {
    assert.equal(found.rescinded.length, kills);
    assert.ok(found.rescinded.every((reason) => ['router_restart', 'session_lost'].includes(reason)), found.rescinded.join());
  });

  test('their customers kept their place', () => {
    assert.ok(found.places.every(([before, later]) => before === later));
  });

  test('a socket that resumes after each crash has no gap and no repeat', async () => {
    await watch.caughtUp();
    assert.deepEqual(watch.jumps, []);
    const seen = watch.ids;
    assert.equal(new Set(seen).size, seen.length, 'repeated events');
    assert.deepEqual(seen, await watch.recorded());
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

  /** Complaints about the stored conversation: lost, doubled, or out of sequence. */
  async audit(api) {
    const entries = (await api.list(`/conversations/${this.conversationId}/entries`)).sort((a, b) => a.seq - b.seq);
    const complaints = entries.filter((e, i) => e.seq !== i + 1).map((e) => `${this.name}: gap before seq ${e.seq}`);
    const byText = new Map();
    for (const entry of entries) {
      const text = entry.body.text;
      byText.set(text, [...(byText.get(text) ?? []), entry.id]);
    }
    for (const { text, entryId } of this.ledger.values()) {
      const ids = byText.get(text) ?? [];
      if (ids.length === 0) complaints.push(`${text}: lost`);
      else if (ids.length > 1) complaints.push(`${text}: stored ${ids.length} times`);
      else if (ids[0] !== entryId) complaints.push(`${text}: acknowledged as ${entryId}, stored as ${ids[0]}`);
    }
    return complaints;
  }
}

async function makeWriters(server, channel, agent) {
  const writers = [];
  for (let i = 0; i < VISITOR_WRITERS; i += 1) {
    const visitor = await visitorOf(channel, server.origin);
    const { conversation } = await visitor.send(`start ${i}`);
    writers.push(
      new Writer(`visitor-${i}`, conversation.id, async ({ id, text }) => (await visitor.send(text, { clientMessageId: id })).message.id),
    );
    const { data } = await agent.socket.event('offer.created', (d) => d.offer.state === 'pending', { from: writers.offersFrom ?? 0 });
    writers.offersFrom = agent.socket.here;
    await agent.api.post(`/offers/${data.offer.id}/accept`, { epoch: data.offer.epoch });
  }
  for (let i = 0; i < AGENT_WRITERS; i += 1) {
    const { conversationId } = writers[i];
    const path = `/conversations/${conversationId}/messages`;
    const send = async ({ id, text }) => (await agent.api.post(path, { text, client_message_id: id, seen_seq: 0, is_forced: true })).id;
    writers.push(new Writer(`agent-${i}`, conversationId, send));
  }
  return writers;
}

async function comeBack(agent) {
  const { cursor } = agent.socket;
  agent.socket = await Socket.staff(agent.api, { topics: ['inbox'], routable: true, after: cursor });
  await agent.api.put('/me/presence', { status: 'available' });
}

/** A customer whose offer rings, unanswered, at the moment of each crash. */
class Bell {
  constructor(server, channel, agent, watch) {
    Object.assign(this, { server, channel, agent, watch });
  }

  async ring() {
    const { here } = this.watch;
    const visitor = await visitorOf(this.channel, this.server.origin);
    const { conversation } = await visitor.send('¿Hay alguien?');
    this.conversationId = conversation.id;
    const created = await this.watch.event('offer.created', (d) => d.offer.agent_id === this.agent.id, here);
    this.offer = created.data.offer;
    this.item = await this.agent.api.get(`/work-items/${this.offer.work_item_id}`);
  }

  async wasRescinded() {
    const event = await this.watch.event('offer.rescinded', (d) => d.offer.id === this.offer.id, 0);
    return event.data.reason;
  }

  async keptItsPlace() {
    const item = await until('the item', () => this.agent.api.get(`/work-items/${this.item.id}`));
    return [this.item.enqueued_at, item.enqueued_at];
  }

  /** Accepts the new offer and finishes, so that the next round has a free agent. */
  async answer() {
    await until('the offer to be answered', async () => {
      const [offer] = (await this.agent.api.get('/me/offers')).items;
      if (offer) await this.agent.api.post(`/offers/${offer.id}/accept`, { epoch: offer.epoch });
      return Boolean(offer);
    }, { deadlineMs: 20_000 });
    await this.agent.api.post(`/work-items/${this.item.id}/complete`, { resolve: true });
    const { state } = await this.agent.api.get(`/work-items/${this.item.id}`);
    if (state === 'wrap_up') await this.agent.api.post(`/work-items/${this.item.id}/wrap-up/finish`, {});
  }
}

/** One reader of the organization's stream that resumes after every crash. */
class Watch {
  #done = [];
  #socket = null;
  jumps = [];

  constructor(api) {
    this.api = api;
  }

  async open(after) {
    this.#socket = await Socket.staff(this.api, { topics: ['org'], after });
    this.startedAfter ??= this.#socket.hello.cursor;
  }

  async reopen() {
    const { cursor, events, gaps } = this.#socket;
    this.#done.push(...events.items);
    this.jumps.push(...gaps);
    await this.open(cursor);
  }

  get all() {
    return [...this.#done, ...(this.#socket?.events.items ?? [])];
  }

  get ids() {
    return this.all.map((event) => event.id);
  }

  get here() {
    return this.all.length;
  }

  /** An event from position `from` of the whole stream on. */
  async event(type, accepts, from) {
    const old = this.#done.slice(from).find((e) => e.type === type && accepts(e.data));
    return old ?? this.#socket.event(type, accepts, { from: Math.max(0, from - this.#done.length), deadlineMs: 20_000 });
  }

  /** Ids of `GET /events` since this watch began. */
  async recorded() {
    const ids = [];
    for (let after = this.startedAfter; ; ) {
      const page = await this.api.get(`/events?limit=1000&after=${encodeURIComponent(after)}`);
      ids.push(...page.items.map((e) => e.id));
      if (!page.page.has_more) return ids;
      after = page.page.next;
    }
  }

  /** Waits until the socket has shown the newest recorded event. */
  async caughtUp() {
    await until('the socket to catch up', async () => this.ids.at(-1) === (await this.recorded()).at(-1));
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
