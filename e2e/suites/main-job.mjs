// The main job: a customer writes, the right agent answers, nothing is lost.
import assert from 'node:assert/strict';
import { Browser, picture } from '../lib/browser.mjs';
import { identityToken, trustIdentities } from '../lib/identity.mjs';
import { LUCIA, SUPPORT, USERS, entryOf, mailChannel, mails } from '../lib/mailchannel.mjs';
import { MailServers } from '../lib/mailservers.mjs';
import { ConsolePage, WidgetPage } from '../lib/pages.mjs';
import { Server } from '../lib/server.mjs';
import { Socket } from '../lib/socket.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/wait.mjs';
import { accept, addAgent, complete, goOnline, pendingOffer, route, setUp, visitorOf, widgetKey } from '../lib/world.mjs';

const OFFER_TIMEOUT_MS = 3_000;
const IDENTITY_SECRET = 'a secret of the shop, 32 bytes or more';

export default suite('main-job', (group) => {
  group('offers', offers);
  group('capacity', capacity);
  group('mail', mail);
  group('two browsers', twoBrowsers);
});

async function world(name, { agents, routing }) {
  const server = await Server.fresh(name);
  try {
    await server.start();
    const admin = await setUp(server);
    await route(admin, routing);
    const people = [];
    for (const agent of agents) people.push(await addAgent(admin, agent));
    return { server, admin, people, key: await widgetKey(server.origin) };
  } catch (error) {
    await server.dispose();
    throw error;
  }
}

function offers({ before, after, test }) {
  let server, admin, key, agents, watcher, item, first, second;

  before(async () => {
    const routing = { offer_timeout_ms: OFFER_TIMEOUT_MS, misses_before_away: 9, retry_gap_ms: 1_000 };
    ({ server, admin, key, people: agents } = await world('offers', { agents: ['Dani', 'Ana'], routing }));
    watcher = await Socket.staff(admin, { topics: ['org'] });
    for (const agent of agents) await goOnline(agent);
  });
  after(() => server?.dispose());

  const rowsOf = (row) =>
    watcher.events.items.filter((e) => e.type === 'work_item.queued' && e.data.row === row && e.data.work_item.id === item.id);
  const other = (agent) => agents.find((a) => a !== agent);

  test('a message is queued and offered to one agent', async () => {
    const visitor = await visitorOf(server.origin, key);
    await visitor.send('Hola, ¿hay alguien?');
    item = (await watcher.event('work_item.queued')).data.work_item;
    first = await pendingOffer(agents);
    assert.equal(first.offer.work_item_id, item.id);
    assert.deepEqual((await other(first.agent).api.get('/me/offers')).items, []);
  });

  test('a decline moves the offer to the next agent and keeps the place', async () => {
    await first.agent.api.post(`/offers/${first.offer.id}/decline`, { epoch: first.offer.epoch });
    await first.agent.socket.event('offer.declined', (d) => d.offer.id === first.offer.id);
    const [queued] = await until('the item back in the queue', () => rowsOf(11).length === 1 && rowsOf(11));
    assert.equal(queued.data.work_item.enqueued_at, item.enqueued_at);
    second = await pendingOffer([other(first.agent)]);
    assert.equal(second.offer.work_item_id, item.id);
  });

  test('a time-out moves the offer on and keeps the place', async () => {
    await second.agent.socket.event('offer.timed_out', (d) => d.offer.id === second.offer.id, { deadlineMs: OFFER_TIMEOUT_MS + 5_000 });
    await until('the item back in the queue', () => rowsOf(11).length >= 2);
    for (const event of rowsOf(11)) assert.equal(event.data.work_item.enqueued_at, item.enqueued_at);
  });

  test('accepting after the time-out is refused', async () => {
    const refused = await second.agent.api.refusal('POST', `/offers/${second.offer.id}/accept`, { epoch: second.offer.epoch });
    assert.deepEqual([refused.status, refused.code], [409, 'offer_expired']);
  });

  test("a colleague's offer cannot be answered", async () => {
    const { agent, offer } = await pendingOffer(agents, () => true, { deadlineMs: 60_000 });
    const refused = await other(agent).api.refusal('POST', `/offers/${offer.id}/accept`, { epoch: offer.epoch });
    assert.deepEqual([refused.status, refused.code], [403, 'offer_not_yours']);
  });

  test('the one who accepts has it, still with the first place', async () => {
    const taken = await accept(await pendingOffer(agents, () => true, { deadlineMs: 60_000 }));
    assert.equal(taken.work_item.id, item.id);
    assert.equal(taken.work_item.state, 'active');
    assert.equal(taken.work_item.enqueued_at, item.enqueued_at);
  });
}

function capacity({ before, after, test }) {
  const CHATS = 7;
  let server, admin, key, agents, watcher, capPerAgent;
  const visitors = [];

  before(async () => {
    ({ server, admin, key, people: agents } = await world('capacity', { agents: ['Dani', 'Ana'], routing: { offer_timeout_ms: 60_000, units_milli: 4_000 } }));
    watcher = await Socket.staff(admin, { topics: ['org'] });
    for (const agent of agents) await goOnline(agent);
    capPerAgent = Math.floor((await loads())[0].cap_primary_milli / 4_000);
  });
  after(() => server?.dispose());

  const loads = async () => (await admin.list('/agents')).filter((a) => agents.some((b) => b.id === a.id)).map((a) => a.load);
  const assertWithin = async () => {
    for (const load of await loads()) {
      assert.ok(load.primary_milli <= load.cap_primary_milli, JSON.stringify(load));
      for (const { held, max } of Object.values(load.channels)) assert.ok(max === null || held <= max, JSON.stringify(load));
    }
  };
  const held = async () => (await Promise.all(agents.map((a) => a.api.list('/work-items')))).flat().filter((i) => i.state === 'active');
  const items = () => [...new Map(watcher.events.items.filter((e) => e.type.startsWith('work_item.')).map((e) => [e.data.work_item.id, e.data.work_item])).values()];

  test(`${CHATS} chats for two agents: capacity is never exceeded`, async () => {
    for (let i = 0; i < CHATS; i += 1) {
      const visitor = await visitorOf(server.origin, key);
      visitor.stream = await visitor.socket();
      await visitor.send(`Consulta ${i + 1}`);
      visitors.push(visitor);
      await assertWithin();
    }
    const room = agents.length * capPerAgent;
    assert.ok(room < CHATS, `room for ${room}`);
    await until('both agents full', async () => {
      for (const agent of agents) {
        for (const offer of (await agent.api.get('/me/offers')).items) await accept({ agent, offer });
        await assertWithin();
      }
      return (await held()).length === room;
    }, { deadlineMs: 30_000 });
    assert.deepEqual((await Promise.all(agents.map((a) => a.api.get('/me/offers')))).flatMap((o) => o.items), []);
    assert.equal(items().filter((i) => i.state === 'queued').length, CHATS - room);
  });

  test('a finished chat makes room for the one that waits longest', async () => {
    const [oldest] = items().filter((i) => i.state === 'queued').sort((a, b) => (a.enqueued_at < b.enqueued_at ? -1 : 1));
    const [active] = await held();
    await complete(agents.find((a) => a.id === active.agent_id), active.id);
    const next = await pendingOffer(agents);
    assert.equal(next.offer.work_item_id, oldest.id);
    await accept(next);
    await assertWithin();
  });

  test('an agent who leaves takes no more', async () => {
    const [agent] = agents;
    await agent.api.put('/me/presence', { status: 'busy' });
    const mine = (await held()).find((i) => i.agent_id === agent.id);
    await complete(agent, mine.id);
    assert.deepEqual((await agent.api.get('/me/offers')).items, []);
  });
}

function twoBrowsers({ before, after, test }) {
  let server, browser, people, agent, visitor;

  before(async () => {
    browser = await Browser.launch();
    ({ server, people } = await world('browsers', { agents: ['Dani'], routing: { offer_timeout_ms: 60_000 } }));
  });
  after(() => server?.dispose());
  after(() => browser?.close());
  after(async () => {
    if (agent) await picture(agent.page, 'main-job-console');
    if (visitor) await picture(visitor.page, 'main-job-widget');
  });

  test('an agent signs in and becomes available', async () => {
    agent = new ConsolePage(await browser.page(), 'es');
    await agent.signIn(server.origin, people[0]);
    await agent.page.waitForURL(/\/inbox/);
    await agent.becomeAvailable();
  });

  test('visitor and agent talk in two browsers', async () => {
    visitor = new WidgetPage(await browser.page({ viewport: { width: 1024, height: 768 } }), 'es');
    await visitor.open(`${server.origin}/demo`);
    await visitor.write('Se me ha roto la cadena');
    await agent.acceptByKey();
    await agent.reads('Se me ha roto la cadena');
    await agent.reply('Te mando una nueva hoy mismo.');
    await visitor.reads('Te mando una nueva hoy mismo.');
    await visitor.write('¡Gracias!');
    await agent.reads('¡Gracias!');
  });

  test('the conversation is there after both reload', async () => {
    await agent.page.reload();
    await agent.reads('¡Gracias!');
    await visitor.resume(`${server.origin}/demo`, '¡Gracias!');
    await visitor.reads('Te mando una nueva hoy mismo.');
  });
}

function mail({ before, after, test }) {
  let peers, server, admin, key, agent, channel, conversation, firstMail, reply;

  before(async () => {
    peers = await MailServers.start(USERS);
    let people;
    ({ server, admin, key, people } = await world('mail', { agents: ['Dani'], routing: { offer_timeout_ms: 60_000 } }));
    [agent] = people;
    await goOnline(agent);
  });
  after(() => peers?.dispose());
  after(() => server?.dispose());

  test('a mail channel with a real mailbox is enabled', async () => {
    channel = await mailChannel(admin, peers);
    assert.deepEqual(Object.keys(channel.secrets).sort(), ['imap_password', 'smtp_password']);
    assert.ok(!JSON.stringify(channel).includes(USERS[SUPPORT]), 'a secret can be read');
  });

  test('a customer with a signed identity chats', async () => {
    await trustIdentities(admin, IDENTITY_SECRET);
    const token = identityToken(IDENTITY_SECRET, { audience: key, sub: 'lucia-1', email: LUCIA, email_verified: true, name: 'Lucía García' });
    const visitor = await visitorOf(server.origin, key, { identityToken: token });
    ({ conversation } = await visitor.send('Hola, soy Lucía, ¿dónde está mi pedido?'));
    await accept(await pendingOffer([agent]));
  });

  test('the same customer mails, and the mail stands in the same timeline', async () => {
    firstMail = await peers.send({ from: LUCIA, to: SUPPORT, subject: 'Mi pedido', text: 'Os mando el número: 20931.' });
    const found = await entryOf(agent.api, 'the mail as an entry', (e) => /20931/.test(e.body.text ?? ''));
    assert.equal(found.conversation.id, conversation.id, 'one customer, one matter');
    assert.equal(found.entry.channel_kind, 'email');
    assert.ok(found.entry.raw_available);
    const raw = await agent.api.get(`/entries/${found.entry.id}/raw`);
    assert.ok(raw.includes(firstMail), 'the raw mail is the mail');
    const timeline = await agent.api.list(`/customers/${found.conversation.customer_id}/timeline`);
    const kinds = new Set(timeline.map((e) => e.channel_kind).filter(Boolean));
    assert.ok(kinds.has('web_chat') && kinds.has('email'), [...kinds].join());
  });

  test('somebody who merely types that address sees nothing', async () => {
    const stranger = await visitorOf(server.origin, key, { prechat: { email: LUCIA } });
    assert.deepEqual((await stranger.session()).conversations, []);
  });

  test("the agent's reply arrives in the customer's mailbox, threaded", async () => {
    const { routes } = await agent.api.get(`/conversations/${conversation.id}/composer`);
    const route = routes.find((r) => r.channel_id === channel.id && r.is_allowed);
    assert.equal(route?.address, LUCIA, JSON.stringify(routes));
    const { last_entry_seq: seen } = await agent.api.get(`/conversations/${conversation.id}`);
    const entry = await agent.api.post(`/conversations/${conversation.id}/messages`, {
      text: 'Sale **hoy** y llega mañana.',
      seen_seq: seen,
      reply_route: { channel_id: route.channel_id, identity_id: route.identity_id },
    });
    reply = await peers.mail(LUCIA, 'the reply', (m) => /llega mañana/.test(m.text ?? ''));
    assert.equal(reply.inReplyTo, firstMail);
    assert.ok(reply.references.includes(firstMail), reply.references);
    assert.match(reply.html, /<strong>hoy<\/strong>/);
    await until('the message shown as sent', async () => {
      const found = (await mails(agent.api, conversation.id)).find((e) => e.id === entry.id);
      return found.delivery.state === 'sent';
    });
  });

  test("the customer's answer threads to the same conversation", async () => {
    const to = reply.replyTo?.[0]?.address ?? reply.from.address;
    assert.match(to, /^soporte\+c-/);
    const headers = { 'In-Reply-To': reply.messageId, References: `${firstMail} ${reply.messageId}` };
    await peers.send({ from: LUCIA, to, subject: `Re: ${reply.subject}`, text: 'Perfecto, gracias.', headers });
    const found = await entryOf(agent.api, 'the answer', (e) => /Perfecto/.test(e.body.text ?? ''));
    assert.equal(found.conversation.id, conversation.id);
  });

  test('an answer without any header but the signed address threads too', async () => {
    const to = reply.replyTo[0].address;
    await peers.send({ from: LUCIA, to, subject: 'otra cosa', text: 'Solo con la dirección firmada.' });
    const found = await entryOf(agent.api, 'the answer', (e) => /dirección firmada/.test(e.body.text ?? ''));
    assert.equal(found.conversation.id, conversation.id);
  });

  test('mail that arrives while IMAP is down is fetched later, and nothing is lost or doubled', async () => {
    await peers.stopImap();
    await peers.send({ from: LUCIA, to: SUPPORT, subject: 'Re: Mi pedido', text: 'Mientras estabais caídos.', headers: { References: `${firstMail} ${reply.messageId}` } });
    await until('the channel to say so', async () => (await admin.get(`/channels/${channel.id}`)).health.state === 'down', { deadlineMs: 60_000 });
    await peers.startImap();
    await entryOf(agent.api, 'the mail', (e) => /estabais caídos/.test(e.body.text ?? ''), { deadlineMs: 90_000 });
    const texts = (await mails(agent.api, conversation.id)).map((e) => e.body.text.trim());
    assert.equal(new Set(texts).size, texts.length, texts.join(' | '));
    await until('the channel well again', async () => (await admin.get(`/channels/${channel.id}`)).health.state === 'ok', { deadlineMs: 60_000 });
  });
}
