// The built widget on /demo against the built server: bytes, outbox, files, identity, opening hours, end of a chat, and
// what goes out by mail.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { Browser, picture } from '../lib/browser.mjs';
import { WidgetPage } from '../lib/pages.mjs';
import { Server } from '../lib/server.mjs';
import { SmtpSink } from '../lib/smtp-sink.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/wait.mjs';
import { accept, goOnline, pendingOffer, setUp } from '../lib/world.mjs';

const BUDGET_GZIP_BYTES = 12_288;
const SECRET = 'a-secret-of-the-shop-of-32-bytes-or-more';
/** One pixel. */
const PICTURE = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const LARGEST_MIB = 10;

export default suite('widget', (group) => {
  group('bytes', bytes);
  group('outbox', outbox);
  group('files', files);
  group('identity', identity);
  group('opening hours', hours);
  group('mail', mail);
});

/** A server with its first agent online, a browser, and the web chat's channel. */
function world({ before, after }) {
  const here = {};
  before(async () => {
    here.browser = await Browser.launch();
    here.server = await Server.fresh('widget');
    await here.server.start();
    here.admin = await setUp(here.server);
    here.agent = await goOnline({ api: here.admin });
    here.demo = `${here.server.origin}/demo?lang=es`;
    here.channel = (await here.admin.list('/channels')).find(({ type }) => type === 'web_chat');
    here.visitor = async () => new WidgetPage(await here.browser.page({ viewport: { width: 1024, height: 768 } }), 'es');
  });
  after(() => here.server?.dispose());
  after(() => here.browser?.close());
  after(() => here.at && picture(here.at.page, 'widget'));
  return here;
}

/** Changes what the web chat is set up with. */
async function configure({ admin, channel }, change) {
  const { version, config } = await admin.get(`/channels/${channel.id}`);
  await admin.patch(`/channels/${channel.id}`, { config: { ...config, ...change } }, { headers: { 'if-match': `"${version}"` } });
}

const entries = async (admin) => {
  const conversations = await admin.list('/conversations?list=all');
  return (await Promise.all(conversations.map(({ id }) => admin.entries(id)))).flat().filter(({ kind }) => kind === 'message');
};

function bytes({ before, after, test }) {
  const here = world({ before, after });

  test(`everything it loads is at most ${BUDGET_GZIP_BYTES} bytes, gzip, all of it from here`, async () => {
    const loaded = [];
    here.at = await here.visitor();
    here.at.page.on('request', (request) => loaded.push(request));
    await here.at.open(here.demo);
    await here.at.write('Hola');
    await here.at.reads('Hola');
    assert.deepEqual(loaded.filter((request) => new URL(request.url()).origin !== here.server.origin).map(String), []);
    const scripts = loaded.filter((request) => request.resourceType() === 'script');
    const sizes = await Promise.all(scripts.map(async (request) => Number((await (await request.response()).allHeaders())['content-length'])));
    const sum = sizes.reduce((one, other) => one + other);
    assert.equal(scripts.length, 2);
    assert.ok(sum <= BUDGET_GZIP_BYTES, `${sum} B`);
    return { gzip_bytes: sum };
  });

  test('it asks nothing of the page beyond its policy', () => assert.deepEqual(here.browser.errors, []));
}

function outbox({ before, after, test }) {
  const here = world({ before, after });
  const texts = ['uno', 'dos', 'tres'];

  test('what cannot go out waits, on the device', async () => {
    here.at = await here.visitor();
    await here.at.page.route('**/messages', (route) => route.abort());
    await here.at.open(here.demo);
    for (const text of texts) await here.at.write(text);
    await here.at.log.getByText('En espera · 3 de 3').waitFor();
    assert.deepEqual(await entries(here.admin), []);
  });

  test('it goes out after a reload: once each, in order, in one conversation', async () => {
    await here.at.page.unroute('**/messages');
    await here.at.page.reload();
    const sent = await until('the messages to arrive', async () => {
      const found = await entries(here.admin);
      return found.length >= 3 && found;
    });
    assert.deepEqual(sent.map(({ body }) => body.text), texts);
    assert.equal(new Set(sent.map(({ conversation_id }) => conversation_id)).size, 1);
  });

  test('nothing is left on the device but the session', async () => {
    const kept = () => here.at.page.evaluate(() => Object.keys(localStorage).length);
    await until('an empty outbox', async () => (await kept()) === 1);
  });

  test('the visitor is told who comes, and reads the answer', async () => {
    await here.at.resume(here.demo, 'tres');
    await accept(await pendingOffer([here.agent]));
    await here.at.reads('Ada Ruiz entra en la conversación');
    const [conversation] = await here.admin.list('/conversations?list=all');
    await here.admin.post(`/conversations/${conversation.id}/messages`, { text: 'Hola, soy **Ada**: [mira](https://example.com/guia)', seen_seq: conversation.last_entry_seq });
    await here.at.log.locator('b', { hasText: 'Ada' }).waitFor();
    assert.equal(await here.at.log.getByRole('link', { name: 'mira' }).getAttribute('href'), 'https://example.com/guia');
  });

  test('the visitor ends the chat, rates it, and writes again', async () => {
    const { page } = here.at;
    await page.getByRole('button', { name: 'Más opciones' }).click();
    await page.getByRole('button', { name: 'Terminar conversación' }).click();
    await page.getByText('Terminar conversación?').waitFor();
    await page.getByRole('button', { name: 'Terminar conversación' }).click();
    await here.at.reads('Conversación terminada');
    await page.getByRole('button', { name: '4 ★' }).click();
    await here.at.reads('★★★★');
    await until('the rating to arrive', async () => {
      const [conversation] = await here.admin.list('/conversations?list=all');
      return (await here.admin.entries(conversation.id)).some(({ kind, body }) => kind === 'event' && body.type === 'rating.given' && body.data.stars === 4);
    });
    await here.at.write('una cosa más');
    await here.at.reads('una cosa más');
    await until('the message to arrive', async () => (await entries(here.admin)).some(({ body }) => body.text === 'una cosa más'));
  });
}

function files({ before, after, test }) {
  const here = world({ before, after });
  const attach = async (name, mimeType, buffer) => {
    await here.at.page.getByLabel('Adjuntar un archivo').setInputFiles({ name, mimeType, buffer });
  };

  test('a picture reaches the agent byte for byte', async () => {
    here.at = await here.visitor();
    await here.at.open(here.demo);
    await here.at.write('Mira');
    await here.at.reads('Mira');
    await attach('portal.png', 'image/png', PICTURE);
    const found = await until('the file to arrive', async () => (await entries(here.admin)).flatMap((entry) => entry.attachments)[0]);
    assert.equal(found.name, 'portal.png');
    assert.equal(found.size_bytes, PICTURE.length);
  });

  test('and comes back to the visitor as a download', async () => {
    const [download] = await Promise.all([here.at.page.waitForEvent('download'), here.at.log.getByRole('button', { name: /portal\.png/ }).click()]);
    assert.equal(download.suggestedFilename(), 'portal.png');
  });

  test('one over the limit is refused before it is sent, in words', async () => {
    await attach('video.mov', 'video/quicktime', Buffer.alloc(LARGEST_MIB * 1_048_576 + 1));
    await here.at.reads(/Pesa .* MB y el máximo son .* MB\./);
    await here.at.page.getByRole('button', { name: 'Quitar' }).click();
  });

  test('one of a type that is not taken is refused by the server, in words', async () => {
    await attach('programa.exe', 'application/octet-stream', Buffer.from('MZ\x90\x00\x03\x00\x00\x00'));
    await here.at.reads('No se admiten archivos de este tipo.');
    await here.at.page.getByRole('button', { name: 'Quitar' }).click();
    await here.at.write('entonces nada');
    await here.at.reads('entonces nada');
  });
}

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What the site's own server would sign. */
function signed(key, claims, secret = SECRET) {
  const now = Math.floor(Date.now() / 1000);
  const head = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url({ aud: key, iat: now, exp: now + 300, ...claims })}`;
  return `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`;
}

function identity({ before, after, test }) {
  const here = world({ before, after });
  let key;
  const identify = (page, token) => page.evaluate((jwt) => window.Centralita.identify(jwt), token);

  test('an administrator turns it on', async () => {
    await here.admin.put(`/channels/${here.channel.id}/secrets`, { identity_secret: SECRET });
    await configure(here, { identity: { algorithm: 'HS256' } });
    key = (await (await fetch(here.demo)).text()).match(/data-key="([^"]+)"/)[1];
  });

  test('a token that the site has not signed is told to the page, and changes nothing', async () => {
    here.at = await here.visitor();
    await here.at.open(here.demo);
    await here.at.page.evaluate(() => window.Centralita.on('identity_error', (code) => (window.told = code)));
    await identify(here.at.page, signed(key, { sub: 'lucia', name: 'Lucía' }, 'another-secret-that-is-not-the-shops-own'));
    assert.equal(await until('the error', () => here.at.page.evaluate(() => window.told)), 'identity_token_invalid');
  });

  test('who is signed in is greeted by name, and the agent knows who it is', async () => {
    await identify(here.at.page, signed(key, { sub: 'lucia', name: 'Lucía' }));
    await here.at.page.getByText('Hola, Lucía.').waitFor();
    await here.at.write('soy yo');
    const [conversation] = await until('the message to arrive', async () => {
      const found = await here.admin.list('/conversations?list=all');
      return found.length > 0 && found;
    });
    const customer = await here.admin.get(`/customers/${conversation.customer_id}`);
    assert.equal(customer.name, 'Lucía');
  });

  test('on another device they find their conversation', async () => {
    const other = await here.visitor();
    await other.open(here.demo);
    await identify(other.page, signed(key, { sub: 'lucia', name: 'Lucía' }));
    await other.page.getByText('soy yo').first().waitFor();
    await other.page.close();
  });

  test('somebody else on the same device sees nothing of it, and nothing of theirs is sent for them', async () => {
    await here.at.page.route('**/messages', (route) => route.abort());
    await here.at.write('no enviado');
    // The way is free again while the identity is on its way: what waits must not slip through with either name.
    await here.at.page.route('**/sessions', async (route) => {
      await here.at.page.unroute('**/messages');
      setTimeout(() => route.continue(), 3_000);
    });
    await identify(here.at.page, signed(key, { sub: 'marta', name: 'Marta' }));
    await here.at.page.waitForFunction(() => !document.querySelector('centralita-widget').shadowRoot.textContent.includes('soy yo'));
    await here.at.page.unroute('**/sessions');
    await here.at.write('soy Marta');
    await here.at.reads('soy Marta');
    await until('the message to arrive', async () => (await entries(here.admin)).some(({ body }) => body.text === 'soy Marta'));
    assert.ok(!(await entries(here.admin)).some(({ body }) => body.text === 'no enviado'));
  });

  test('signing out leaves nothing on the device or the screen', async () => {
    await here.at.page.evaluate(() => window.Centralita.signOut());
    await here.at.page.getByText('¿En qué te ayudamos?').waitFor();
    assert.equal(await here.at.page.evaluate(() => localStorage.length), 0);
    assert.equal(await here.at.page.getByText('soy Marta').count(), 0);
  });
}

function hours({ before, after, test }) {
  const here = world({ before, after });

  test('closed, it says when somebody is back and takes messages all the same', async () => {
    const tomorrow = new Date(Date.now() + 86_400_000).getUTCDay();
    const weekly = Array.from({ length: 7 }, (_, i) => ((i + 1) % 7 === tomorrow ? [{ from: '09:00', to: '17:00' }] : []));
    const calendar = await here.admin.post('/business-hours', { key: 'shop', time_zone: 'UTC', weekly });
    const [queue] = await here.admin.list('/queues');
    await here.admin.patch(`/queues/${queue.id}`, { hours_id: calendar.id }, { headers: { 'if-match': `"${queue.version}"` } });
    here.at = await here.visitor();
    await here.at.open(here.demo);
    await here.at.page.getByText(/^Volvemos mañana a las/).waitFor();
    await here.at.page.getByText('Escribe cuando quieras: te contestamos al volver.').waitFor();
    await here.at.write('¿Hay alguien?');
    await here.at.reads('¿Hay alguien?');
    await until('the message to arrive', async () => (await entries(here.admin)).some(({ body }) => body.text === '¿Hay alguien?'));
  });
}

function mail({ before, after, test }) {
  const here = world({ before, after });
  after(() => here.sink?.close());
  const arrived = (count) => until(`${count} mails`, async () => here.sink.mails.length >= count && here.sink.mails[count - 1]);

  test('without a mail channel no transcript is offered', async () => {
    here.at = await here.visitor();
    await here.at.open(here.demo);
    await here.at.write('¿Tenéis tubos?');
    await here.at.reads('¿Tenéis tubos?');
    await here.at.page.getByRole('button', { name: 'Más opciones' }).click();
    await here.at.page.getByRole('button', { name: 'Terminar conversación' }).waitFor();
    assert.equal(await here.at.page.getByRole('button', { name: 'Enviar transcripción' }).count(), 0);
  });

  test('with one, the visitor has what was said mailed to them', async () => {
    here.sink = await SmtpSink.start();
    const server = (port) => ({ host: '127.0.0.1', port, security: 'none' });
    const { id } = await here.admin.post('/channels', {
      type: 'email',
      name: 'Soporte',
      config: { address: 'soporte@x.example', imap: server(here.sink.port), smtp: server(here.sink.port) },
    });
    await here.admin.put(`/channels/${id}/secrets`, { imap_password: 'una-clave-larga-7719' });
    await here.admin.post(`/channels/${id}/enable`, {});
    here.at = await here.visitor(); // The other one keeps its configuration for a minute.
    await here.at.open(here.demo);
    await here.at.write('¿Y cámaras?');
    await here.at.reads('¿Y cámaras?');
    await here.at.page.getByRole('button', { name: 'Más opciones' }).click();
    await here.at.page.getByRole('button', { name: 'Enviar transcripción' }).click();
    await here.at.page.getByLabel('Correo electrónico').fill('lucia@clientes.example');
    await here.at.page.getByRole('button', { name: 'Enviar', exact: true }).click();
    await here.at.page.getByText('Enviado · lucia@clientes.example').waitFor();
    const sent = await arrived(1);
    assert.match(sent, /To: <lucia@clientes\.example>/);
    assert.match(sent, /¿Y cámaras\?/);
  });

  test('word of answers waits for a yes, given on a page of ours', async () => {
    const all = await here.admin.list('/conversations?list=all');
    const { id } = all.find(({ last_entry }) => last_entry.text === '¿Y cámaras?');
    const state = await here.at.page.evaluate(async (id) => {
      const [key] = Object.keys(localStorage);
      const { token } = JSON.parse(localStorage[key]);
      const answer = await fetch(`/api/v1/widget/${key.split(':')[1]}/conversations/${id}/notify`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ email: 'lucia@clientes.example' }),
      });
      return (await answer.json()).state;
    }, id);
    assert.equal(state, 'pending');
    const [link] = (await arrived(2)).match(/http:\S+\/n\/[\w-]+/);
    await here.at.page.goto(link);
    await here.at.page.getByRole('button', { name: 'Confirmar' }).click();
    await here.at.page.getByRole('heading', { name: 'Confirmado' }).waitFor();
    await here.at.page.goto(link);
    await here.at.page.getByRole('heading', { name: 'Este enlace ya no sirve' }).waitFor();
  });
}
