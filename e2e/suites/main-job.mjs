// The main job: a customer writes, the right agent answers, nothing is lost; by chat and by real mail.
import assert from 'node:assert/strict';
import { Browser, picture } from '../lib/browser.mjs';
import { HostPage } from '../lib/hostpage.mjs';
import { MailServers } from '../lib/mailservers.mjs';
import { ConsolePage, WidgetPage } from '../lib/pages.mjs';
import { Server } from '../lib/server.mjs';
import { Socket } from '../lib/socket.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/wait.mjs';
import { addAgent, addQueue, addWebChat, goOnline, identityToken, RAISED_LIMITS, setUp, visitorOf } from '../lib/world.mjs';

const OFFER_TIMEOUT_MS = 3_000;
const MAX_CHATS = 2;
const SUPPORT = 'soporte@centralita.test';
const LUCIA = 'lucia@clientes.test';
const IDENTITY_SECRET = 'e2e-identity-secret-0123456789abcdef';

export default suite('main-job', (group) => {
  group('offers', offers);
  group('capacity', capacity);
  group('two browsers', twoBrowsers);
  group('mail', mail);
});

async function world(name, { agents, origins, ...queueOptions }) {
  const server = await Server.fresh(name, { env: RAISED_LIMITS });
  await server.start();
  const admin = await setUp(server);
  const queue = await addQueue(admin, { key: 'ventas', offerTimeoutMs: OFFER_TIMEOUT_MS, maxChats: MAX_CHATS, ...queueOptions });
  const channel = await addWebChat(admin, queue, { identitySecret: IDENTITY_SECRET, origins });
  const people = [];
  for (const agent of agents) people.push(await addAgent(admin, { name: agent, email: `${agent.toLowerCase()}@example.com`, queue }));
  return { server, admin, queue, channel, people };
}

/** The offer of an item to one of the agents that are listening: `{agent, offer}`. */
function offered(agents, itemId, options) {
  return Promise.any(
    agents.map(async (agent) => ({ agent, offer: (await agent.socket.event('offer.created', (d) => d.offer.work_item_id === itemId, options)).data.offer })),
  );
}

function offers({ before, after, test }) {
  let server, admin, channel, agents, watcher, item, first, second;

  before(async () => {
    ({ server, admin, channel, people: agents } = await world('offers', { agents: ['Dani', 'Ana'] }));
    watcher = await Socket.staff(admin, { topics: ['org'] });
    for (const agent of agents) await goOnline(agent);
  });
  after(() => server?.dispose());

  const pending = async () => {
    for (const agent of agents) {
      const [offer] = (await agent.api.get('/me/offers')).items;
      if (offer) return { agent, offer };
    }
    return null;
  };

  test('a message is queued and offered to one agent', async () => {
    const visitor = await visitorOf(channel, server.origin);
    await visitor.send('Hola, ¿hay alguien?');
    item = (await watcher.event('work_item.queued')).data.work_item;
    first = await offered(agents, item.id);
    const lists = await Promise.all(agents.map((agent) => agent.api.get('/me/offers')));
    assert.equal(lists.flatMap((list) => list.items).length, 1);
  });

  test('a decline moves the offer to the next agent and keeps the place', async () => {
    await first.agent.api.post(`/offers/${first.offer.id}/decline`, { epoch: first.offer.epoch });
    await watcher.event('offer.declined', (d) => d.offer.id === first.offer.id);
    const queued = await watcher.event('work_item.queued', (d) => d.row === 11 && d.work_item.id === item.id);
    assert.equal(queued.data.work_item.enqueued_at, item.enqueued_at);
    const others = agents.filter((agent) => agent !== first.agent);
    second = await offered(others, item.id);
  });

  test('a time-out moves the offer on and keeps the place', async () => {
    await watcher.event('offer.timed_out', (d) => d.offer.id === second.offer.id, { deadlineMs: OFFER_TIMEOUT_MS + 5_000 });
    const requeued = () => watcher.events.items.filter((e) => e.type === 'work_item.queued' && e.data.row === 11 && e.data.work_item.id === item.id);
    await until('the item back in the queue', () => requeued().length >= 2);
    for (const event of requeued()) assert.equal(event.data.work_item.enqueued_at, item.enqueued_at);
  });

  test('accepting after the time-out is refused', async () => {
    const refused = await second.agent.api.refusal('POST', `/offers/${second.offer.id}/accept`, { epoch: second.offer.epoch });
    assert.deepEqual([refused.status, refused.code], [409, 'offer_expired']);
  });

  test("a colleague's offer cannot be answered", async () => {
    const third = await until('a pending offer', pending, { deadlineMs: 20_000 });
    const other = agents.find((agent) => agent !== third.agent);
    const refused = await other.api.refusal('POST', `/offers/${third.offer.id}/accept`, { epoch: third.offer.epoch });
    assert.deepEqual([refused.status, refused.code], [403, 'offer_not_yours']);
  });

  test('the one who accepts has it, still with the first place', async () => {
    const { agent, offer } = await until('a pending offer', pending, { deadlineMs: 20_000 });
    const taken = await agent.api.post(`/offers/${offer.id}/accept`, { epoch: offer.epoch });
    assert.equal(taken.work_item.id, item.id);
    assert.equal(taken.work_item.state, 'active');
    assert.equal(taken.work_item.enqueued_at, item.enqueued_at);
  });
}

function capacity({ before, after, test }) {
  const CHATS = 7;
  let server, admin, channel, agents, visitors;

  before(async () => {
    ({ server, admin, channel, people: agents } = await world('capacity', { agents: ['Dani', 'Ana'], offerTimeoutMs: 30_000 }));
    for (const agent of agents) await goOnline(agent);
  });
  after(() => server?.dispose());

  const loads = async () => (await admin.list('/agents')).filter((a) => agents.some((b) => b.id === a.id)).map((a) => a.load);
  const assertWithin = async () => {
    for (const load of await loads()) {
      assert.ok(load.primary_milli <= load.cap_primary_milli, JSON.stringify(load));
      assert.ok((load.channels.chat?.held ?? 0) <= MAX_CHATS, JSON.stringify(load));
    }
  };
  const acceptAll = async () => {
    for (const agent of agents) {
      for (const offer of (await agent.api.get('/me/offers')).items) {
        await agent.api.post(`/offers/${offer.id}/accept`, { epoch: offer.epoch });
        await assertWithin();
      }
    }
  };
  const held = async () => (await admin.list('/work-items?state=active')).length;

  test(`${CHATS} chats for ${MAX_CHATS} agents of ${MAX_CHATS}: capacity is never exceeded`, async () => {
    visitors = [];
    for (let i = 0; i < CHATS; i += 1) {
      const visitor = await visitorOf(channel, server.origin);
      visitor.stream = await visitor.socket();
      await visitor.send(`Consulta ${i + 1}`);
      visitors.push(visitor);
      await assertWithin();
    }
    await until('both agents full', async () => {
      await acceptAll();
      return (await held()) === agents.length * MAX_CHATS;
    }, { deadlineMs: 30_000 });
    await assertWithin();
    assert.equal((await admin.list('/work-items?state=queued')).length, CHATS - agents.length * MAX_CHATS);
  });

  test('those who wait learn their place', async () => {
    const positions = [];
    for (const visitor of visitors.slice(-3)) {
      const { data } = await visitor.stream.event('queue.position', (d) => d.position !== null);
      positions.push(data.position);
    }
    assert.ok(positions.every((p) => p >= 1 && p <= CHATS), String(positions));
  });

  test('a finished chat makes room for the one that waits longest', async () => {
    const waiting = await admin.list('/work-items?state=queued');
    const oldest = waiting.reduce((a, b) => (a.enqueued_at <= b.enqueued_at ? a : b));
    const [active] = await admin.list('/work-items?state=active');
    const agent = agents.find((a) => a.id === active.agent_id);
    const { here } = agent.socket;
    await agent.api.post(`/work-items/${active.id}/complete`, {});
    const wrapping = await admin.get(`/work-items/${active.id}`);
    if (wrapping.state === 'wrap_up') await agent.api.post(`/work-items/${active.id}/wrap-up/finish`, {});
    const next = await agent.socket.event('offer.created', () => true, { from: here });
    assert.equal(next.data.offer.work_item_id, oldest.id);
    await assertWithin();
  });
}

function twoBrowsers({ before, after, test }) {
  let server, browser, site, channel, people, agent, visitor;

  before(async () => {
    browser = await Browser.launch();
    site = await HostPage.start();
    ({ server, channel, people } = await world('browsers', { agents: ['Dani'], offerTimeoutMs: 30_000, origins: [site.origin] }));
    site.embed(server.origin, channel.widgetKey);
  });
  after(() => server?.dispose());
  after(() => site?.stop());
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

  test('visitor and agent talk in two browsers, the widget on a page of another origin', async () => {
    visitor = new WidgetPage(await browser.page({ viewport: { width: 1024, height: 768 } }), 'es');
    await visitor.open(site.origin);
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
    await visitor.open(site.origin);
    await visitor.reads('Te mando una nueva hoy mismo.');
  });
}

function mail({ before, after, test }) {
  let peers, server, admin, queue, channel, agent, visitor, email, conversationId, firstMail, reply;

  before(async () => {
    peers = await MailServers.start({ [SUPPORT]: 'support-secret', [LUCIA]: 'lucia-secret' });
    let people;
    ({ server, admin, queue, channel, people } = await world('mail', { agents: ['Dani'], offerTimeoutMs: 60_000 }));
    [agent] = people;
    await goOnline(agent);
  });
  after(() => peers?.dispose());
  after(() => server?.dispose());

  const publicEntries = async () => (await agent.api.list(`/conversations/${conversationId}/entries`)).filter((e) => e.kind === 'message');

  test('a mail channel with a real mailbox is enabled', async () => {
    email = await admin.post('/channels', {
      type: 'email',
      key: 'soporte',
      name: 'Soporte',
      queue_id: queue.id,
      config: {
        address: SUPPORT,
        imap: { host: peers.host, port: peers.imapPort, security: 'none', user: SUPPORT },
        smtp: { host: peers.host, port: peers.smtpPort, security: 'none', user: SUPPORT },
      },
    });
    await admin.put(`/channels/${email.id}/secrets`, { imap_password: 'support-secret', smtp_password: 'support-secret' });
    await admin.post(`/channels/${email.id}/enable`);
    await until('a healthy channel', async () => (await admin.get(`/channels/${email.id}`)).health.state === 'ok', { deadlineMs: 20_000 });
  });

  test('a customer with a signed identity chats', async () => {
    const token = identityToken(IDENTITY_SECRET, { audience: channel.widgetKey, sub: 'lucia-1', email: LUCIA, email_verified: true, name: 'Lucía García' });
    visitor = await visitorOf(channel, server.origin, { identityToken: token });
    const { conversation } = await visitor.send('Hola, soy Lucía, ¿dónde está mi pedido?');
    conversationId = conversation.id;
    const { data } = await agent.socket.event('offer.created');
    await agent.api.post(`/offers/${data.offer.id}/accept`, { epoch: data.offer.epoch });
  });

  test('the same customer mails, and the mail stands in the same timeline', async () => {
    firstMail = await peers.send({ from: LUCIA, to: SUPPORT, subject: 'Mi pedido', text: 'Os mando el número: 20931.' });
    const entry = await until('the mail as an entry', async () => (await publicEntries()).find((e) => e.channel_kind === 'email'), { deadlineMs: 30_000 });
    assert.match(entry.body.text, /20931/);
    const { customer_id: customer } = await agent.api.get(`/conversations/${conversationId}`);
    const kinds = new Set((await agent.api.list(`/customers/${customer}/timeline`)).map((e) => e.channel_kind).filter(Boolean));
    assert.ok(kinds.has('web_chat') && kinds.has('email'), [...kinds].join());
  });

  test("the agent's reply arrives in the customer's mailbox, threaded", async () => {
    const { routes } = await agent.api.get(`/conversations/${conversationId}/composer`);
    const route = routes.find((r) => r.channel_id === email.id && r.is_allowed);
    assert.ok(route, JSON.stringify(routes));
    const { last_entry_seq: seen } = await agent.api.get(`/conversations/${conversationId}`);
    await agent.api.post(`/conversations/${conversationId}/messages`, {
      text: 'Sale **hoy** y llega mañana.',
      seen_seq: seen,
      reply_route: { channel_id: route.channel_id, identity_id: route.identity_id },
    });
    reply = await peers.mail(LUCIA, 'the reply', (m) => /llega mañana/.test(m.text ?? ''));
    assert.equal(reply.inReplyTo, firstMail);
    assert.ok(reply.references.includes(firstMail), reply.references);
    assert.match(reply.html, /<strong>hoy<\/strong>/);
  });

  test("the customer's answer threads to the same conversation", async () => {
    const headers = { 'In-Reply-To': reply.messageId, References: `${firstMail} ${reply.messageId}` };
    await peers.send({ from: LUCIA, to: reply.replyTo?.[0]?.address ?? reply.from.address, subject: `Re: ${reply.subject}`, text: 'Perfecto, gracias.', headers });
    await until('the answer', async () => (await publicEntries()).some((e) => /Perfecto/.test(e.body.text)), { deadlineMs: 30_000 });
  });

  test('somebody who merely types that address sees nothing', async () => {
    const stranger = await visitorOf(channel, server.origin, { prechat: { email: LUCIA } });
    const { conversations } = await stranger.session();
    assert.deepEqual(conversations, []);
  });

  test('mail that arrives while IMAP is down is fetched later, and nothing is lost', async () => {
    await peers.stopImap();
    await peers.send({ from: LUCIA, to: SUPPORT, subject: 'Re: Mi pedido', text: 'Mientras estabais caídos.', headers: { References: `${firstMail} ${reply.messageId}` } });
    await until('the channel to say so', async () => (await admin.get(`/channels/${email.id}`)).health.state !== 'ok', { deadlineMs: 60_000 });
    await peers.startImap();
    await until('the mail', async () => (await publicEntries()).some((e) => /estabais caídos/.test(e.body.text)), { deadlineMs: 90_000 });
  });
}
