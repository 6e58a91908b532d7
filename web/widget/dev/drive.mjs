// Drives the built widget in a real Chromium against dev/server.mjs: what unit tests cannot see.
//
//   npm run build -w widget && npm run drive -w widget     (needs /usr/bin/chromium and e2e's packages; CHROMIUM overrides)
//
// The host page carries `default-src 'none'` and `require-trusted-types-for 'script'`; any violation fails the run.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, beforeEach, afterEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const require = createRequire(new URL('../../../e2e/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const AXE_RULES = "['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']";
const PORT = 8792;
const ORIGIN = `http://127.0.0.1:${PORT}`;
/** What Chromium says when a test takes the network or the server's goodwill away. */
const EXPECTED = /ERR_INTERNET_DISCONNECTED|ERR_EMPTY_RESPONSE|the server responded with a status of|WebSocket connection to/;

let server, browser, page, problems;

before(async () => {
  server = spawn(process.execPath, [fileURLToPath(new URL('server.mjs', import.meta.url)), String(PORT)]);
  await new Promise((resolve) => server.stdout.once('data', resolve));
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
});
after(async () => {
  await browser?.close();
  server?.kill();
});
beforeEach(async () => {
  await act('reset');
  page = await visit();
});
afterEach(async () => {
  await page.context().close();
  assert.deepEqual(problems.filter((text) => !EXPECTED.test(text)), []);
});

const act = async (what, more = {}) => (await fetch(`${ORIGIN}/dev/act`, { method: 'POST', body: JSON.stringify({ act: what, ...more }) })).json();
const stored = async () => (await act('log')).messages.map((m) => m.text || m.attachments[0]?.name);

async function visit({ lang = 'es', theme = 'light', query = '', viewport = { width: 1200, height: 860 } } = {}) {
  problems = [];
  const context = await browser.newContext({ viewport, colorScheme: theme, locale: lang, reducedMotion: 'reduce' });
  const made = await context.newPage();
  made.on('console', (message) => ['error', 'warning'].includes(message.type()) && problems.push(message.text()));
  made.on('pageerror', (error) => problems.push(String(error.stack)));
  made.on('request', (request) => request.url().startsWith(ORIGIN) || request.url().startsWith('blob:') || problems.push('foreign request: ' + request.url()));
  await made.goto(`${ORIGIN}/?lang=${lang}${query}`);
  await made.waitForSelector('.launch');
  return made;
}

async function compose(at = page) {
  await at.click('.launch');
  await at.click('.btn.p');
  await at.waitForSelector('textarea');
}

async function write(text, at = page) {
  await at.fill('textarea', text);
  await at.press('textarea', 'Enter');
}

async function chat(text = 'hola') {
  await compose();
  await write(text);
  await page.waitForSelector('.b.me');
  await settle(() => act('log').then(({ sockets }) => sockets > 0));
}

async function settle(check, ms = 15_000) {
  const until = Date.now() + ms;
  while (!(await check())) {
    assert.ok(Date.now() < until, `still not so: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const focused = (at = page) => at.evaluate(() => document.querySelector('centralita-widget').shadowRoot.activeElement?.className ?? '');

/** Runs axe past the page's policy, as the browser's own tools do. */
async function clean(at, name) {
  const session = await at.context().newCDPSession(at);
  await session.send('Runtime.evaluate', { expression: AXE });
  const expression = `axe.run({ runOnly: ${AXE_RULES}, rules: { region: { enabled: false } } }).then((r) => JSON.stringify(r.violations.map((v) => [v.id, v.nodes.map((n) => n.target.flat().join(' '))])))`;
  const { result } = await session.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
  assert.equal(result.value, '[]', name);
}

test('nothing is stored, set or shifted before the first message', async () => {
  await compose();
  const seen = await page.evaluate(async () => {
    const shifts = await new Promise((resolve) => {
      let sum = 0;
      const add = (list) => list.getEntries().forEach((shift) => (sum += shift.hadRecentInput ? 0 : shift.value));
      new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });
      setTimeout(() => resolve(sum), 300);
    });
    return [shifts, localStorage.length, sessionStorage.length, document.cookie];
  });
  assert.deepEqual(seen, [0, 0, 0, '']);
});

test('messages written without a network survive a reload and arrive once, in order, in one conversation', async () => {
  await compose();
  await act('fail', { with: ['drop', 'drop', 'drop'] });
  await write('uno');
  await write('dos');
  await page.reload();
  await settle(async () => (await stored()).length === 2);
  assert.deepEqual(await stored(), ['uno', 'dos']);
  assert.equal(new Set((await act('log')).messages.map((m) => m.conversation_id)).size, 1);
});

test('a message whose answer was lost is stored once and shown once', async () => {
  await compose();
  await act('fail', { with: ['store_then_drop', 503, 'store_then_drop'] });
  for (const text of ['uno', 'dos', 'tres']) await write(text);
  await settle(async () => (await stored()).length === 3 && (await page.locator('.b.me').count()) === 3);
  assert.deepEqual(await stored(), ['uno', 'dos', 'tres']);
});

test('of two tabs one sends, and both show the same', async () => {
  await chat('a1');
  const other = await page.context().newPage();
  await other.goto(`${ORIGIN}/?lang=es`);
  await other.click('.launch');
  await other.waitForSelector('.b.me');
  await act('fail', { with: [503] });
  await write('a2');
  await write('b1', other);
  await write('a3');
  await settle(async () => (await stored()).length === 4);
  for (const tab of [page, other]) await settle(async () => (await tab.locator('.b.me').count()) === 4 && (await tab.locator('.pend').count()) === 0);
  const posts = (await act('log')).log.filter((call) => call.method === 'POST' && call.path === '/messages');
  assert.equal(new Set(posts.map((call) => call.input.client_message_id)).size, 4);
});

test('an expired session becomes a new visitor who sees nothing old and loses nothing unsent', async () => {
  await chat('viejo');
  await act('revoke');
  await write('nuevo');
  await settle(async () => (await stored()).length === 2);
  await settle(async () => (await page.locator('.b.me').allTextContents()).join() === 'nuevo');
});

test('a lost socket misses nothing and repeats nothing', async () => {
  await chat();
  await act('drop');
  await act('say', { text: 'mientras' });
  await page.getByText('mientras').first().waitFor();
  assert.equal(await page.locator('.b:not(.me)').count(), 1);
});

test('without sockets the open panel asks, and does not call itself offline', async () => {
  await page.context().close();
  page = await visit({ query: '&nosocket' });
  await compose();
  await write('hola');
  await settle(async () => (await stored()).length === 1);
  await act('say', { text: 'respuesta' });
  await page.getByText('respuesta').first().waitFor();
  assert.equal(await page.locator('.ban').count(), 0);
  problems = problems.filter((text) => !text.includes('connect-src'));
});

test('unread messages stand on the launcher, are told to the page, and are read once seen', async () => {
  await chat();
  await page.keyboard.press('Escape');
  assert.equal(await focused(), 'launch');
  await page.evaluate(() => {
    window.told = [];
    window.Centralita.on('unread', (count) => window.told.push(count));
  });
  await act('say', { text: 'uno' });
  await act('say', { text: 'dos' });
  await page.waitForSelector('[aria-label="Abrir el chat, 2 sin leer"]');
  assert.deepEqual(await page.evaluate(() => window.told), [1, 2]);
  await page.evaluate(() => window.Centralita.open());
  await settle(async () => (await act('log')).log.some((call) => call.path?.endsWith('/read')));
});

test('a signed visitor is greeted by name, and signing out leaves nothing behind', async () => {
  const claims = Buffer.from(JSON.stringify({ sub: '1', name: 'Lucía' })).toString('base64url');
  await page.evaluate((jwt) => window.Centralita.identify(jwt), `e30.${claims}.x`);
  await page.click('.launch');
  await page.getByText('Hola, Lucía.').waitFor();
  await page.click('.btn.p');
  await write('soy yo');
  await page.waitForSelector('.b.me');
  await page.evaluate(() => window.Centralita.signOut());
  await page.waitForSelector('.hi');
  assert.equal(await page.evaluate(() => localStorage.length), 0);
});

test('an answer that comes after signing out is shown to nobody', async () => {
  await chat('secreto');
  let letGo;
  const held = new Promise((resolve) => (letGo = resolve));
  await page.route('**/conversations', async (route) => (await held, route.continue()));
  const answer = page.waitForResponse(/\/conversations$/);
  await page.click('.wh .ib');
  await page.waitForSelector('.row');
  await page.evaluate(() => window.Centralita.signOut());
  letGo();
  await (await answer).finished();
  await page.waitForFunction(() => !document.querySelector('centralita-widget').shadowRoot.querySelector('.row'));
  await page.click('.btn.p');
  await page.waitForSelector('textarea');
  await page.click('.wh .ib');
  await page.waitForSelector('.hi');
  assert.equal(await page.locator('.row').count(), 0);
});

test('an identity given while a session is being made is not lost', async () => {
  const jwt = `e30.${Buffer.from(JSON.stringify({ sub: '1', name: 'Lucía' })).toString('base64url')}.x`;
  await compose();
  await page.route('**/sessions', async (route) => {
    await page.evaluate((token) => window.told || ((window.told = 1), window.Centralita.identify(token)), jwt);
    await route.continue();
  });
  await write('hola');
  await page.click('.wh .ib');
  await page.getByText('Hola, Lucía.').waitFor();
});

test('older messages come in above without moving what is being read', async () => {
  await chat();
  await act('fill', { count: 130 });
  await page.reload();
  await page.click('.launch');
  await page.waitForSelector('.lk.ev');
  await page.evaluate(() => (document.querySelector('centralita-widget').shadowRoot.querySelector('.log').scrollBy(0, -99_999)));
  const text = await page.locator('.b').first().textContent();
  const where = async () => (await page.getByText(text, { exact: true }).boundingBox()).y;
  const y = await where();
  await page.click('.lk.ev');
  await settle(async () => (await page.locator('.b').count()) === 100);
  assert.ok(Math.abs((await where()) - y) < 2, `moved from ${y} to ${await where()}`);
});

test('typing is told at most once in three seconds', async () => {
  await chat();
  const begun = Date.now();
  await page.locator('textarea').pressSequentially('escribo durante un rato', { delay: 50 });
  const most = 1 + Math.floor((Date.now() - begun) / 3_000);
  const told = (await act('log')).log.filter((call) => call.socket?.op === 'signal').length;
  assert.ok(told >= 1 && told <= most, `${told} in ${Date.now() - begun} ms`);
});

test('a file goes out as a message and comes back as a download', async () => {
  await compose();
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.click('.box .ib')]);
  await chooser.setFiles({ name: 'ticket.pdf', mimeType: 'application/pdf', buffer: Buffer.from('x') });
  await page.waitForSelector('.b.file');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('.b.file')]);
  assert.equal(download.suggestedFilename(), 'ticket.pdf');
});

test('focus stays in the box over the first message, and goes into menus and questions', async () => {
  await chat();
  assert.equal(await page.evaluate(() => document.querySelector('centralita-widget').shadowRoot.activeElement.tagName), 'TEXTAREA');
  await page.click('.ib[aria-expanded]');
  await settle(async () => (await focused()) === 'mi');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText('¿Terminar la conversación?').waitFor();
  await settle(async () => (await focused()) === 'mi');
  await page.keyboard.press('Escape');
  await settle(async () => (await page.locator('.menu').count()) === 0);
  assert.equal(await page.locator('.w').count(), 1);
  assert.notEqual(await focused(), '');
});

test('calls made before the loader are carried out', async () => {
  await page.addInitScript(() => (window.Centralita ||= []).push(['open']));
  await page.reload();
  await page.waitForSelector('.w');
});

test('the frame page shows the panel alone', async () => {
  await page.goto(`${ORIGIN}/w/frame/x`);
  await page.waitForSelector('.w');
  assert.equal(await page.locator('.launch').isVisible(), false);
  await page.locator('.btn.p').press('Escape');
  assert.equal(await page.locator('.w').count(), 1);
});

test('what an agent has read is said, and so is who comes and goes', async () => {
  await chat();
  await act('join', { name: 'Ana' });
  await page.getByText('Ana entra en la conversación').waitFor();
  await act('read');
  await page.getByText(/^Leído/).waitFor();
  await act('leave', { name: 'Ana' });
  await page.getByText('Ana sale de la conversación').waitFor();
  await act('close');
  await page.getByText('Conversación terminada').waitFor();
});

test('the form before the chat asks what the site wants to know, once', async () => {
  const label = (es, en) => ({ es, en });
  const fields = [
    { key: 'name', type: 'text', label: label('Nombre', 'Name'), is_required: true },
    { key: 'email', type: 'email', label: label('Correo', 'Email'), is_required: false },
    { key: 'phone', type: 'phone', label: label('Teléfono', 'Phone'), is_required: false },
    { key: 'topic', type: 'choice', label: label('Tema', 'Topic'), is_required: true, options: [{ value: 'size', label: label('Tallas', 'Sizes') }] },
  ];
  await act('config', { config: { prechat: { fields } } });
  await page.reload();
  await page.click('.launch');
  await page.click('.btn.p');
  await page.getByLabel('Nombre').fill('Lucía');
  await page.getByLabel('Tema').selectOption('size');
  await clean(page, 'form before the chat');
  await page.click('form .btn');
  await write('hola');
  await page.waitForSelector('.b.me');
  const { input } = (await act('log')).log.find((call) => call.path === '/sessions');
  assert.deepEqual(input.prechat, { name: 'Lucía', topic: 'size' });
  await page.click('.wh .ib');
  await page.click('.btn.p');
  await page.waitForSelector('textarea');
});

test('a file over the limit is refused at once, in words; one on its way tells how far it is', async () => {
  await act('config', { config: { limits: { max_attachment_bytes: 300_000, max_text_chars: 10_000 } } });
  await page.reload();
  await compose();
  const pick = async (name, bytes) => {
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.click('.box .ib')]);
    await chooser.setFiles({ name, mimeType: 'video/quicktime', buffer: Buffer.alloc(bytes) });
  };
  await pick('video.mov', 400_000);
  await page.getByText('Pesa 0,4 MB y el máximo son 0,3 MB.').waitFor();
  await page.getByRole('button', { name: 'Quitar' }).click();
  await settle(async () => (await page.locator('.bad').count()) === 0);
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 200_000 });
  await pick('corto.mov', 290_000);
  await page.getByText(/Enviando… \d+ %/).waitFor();
  await page.waitForSelector('.b.file');
});

test('two snippets on a page make one widget', async () => {
  await page.evaluate(() => {
    const [first] = document.scripts;
    const again = document.createElement('script');
    again.src = trustedTypes.createPolicy('test', { createScriptURL: (url) => url }).createScriptURL(first.src);
    again.dataset.key = first.dataset.key;
    document.head.append(again);
    return new Promise((resolve) => (again.onload = resolve));
  });
  await page.evaluate(() => window.Centralita.open());
  await page.waitForSelector('.w');
  assert.equal(await page.locator('centralita-widget').count(), 1);
  problems = problems.filter((text) => !text.includes('Policy with name'));
});

test('whatever colour the site has, text in it, on it and on its tint can be read', async () => {
  await compose();
  await write('hola');
  await page.waitForSelector('.b.me');
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: theme });
    const worst = await page.evaluate(readability, COLORS);
    assert.ok(worst.ratio >= 4.5, `${theme}: ${JSON.stringify(worst)}`);
  }
});

/** Corners of the colour cube, greys, and a spread of everything between. */
const COLORS = ['000', 'fff', 'f00', '0f0', '00f', 'ff0', '0ff', 'f0f', '777', '888', '999'].map((short) => '#' + short);
for (let i = 0; i < 300; i++) COLORS.push('#' + ((i * 0x9e3779b1) & 0xffffff).toString(16).padStart(6, '0'));

/** In the page: the lowest contrast (WCAG) over the pairs that carry text, for host colours. */
function readability(colors) {
  const root = document.querySelector('centralita-widget').shadowRoot;
  const layer = root.querySelector('.root');
  const probe = layer.appendChild(document.createElement('b'));
  const pen = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const luminance = (name) => {
    probe.style.color = name;
    pen.fillStyle = getComputedStyle(probe).color;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const pairs = [['--brfg', '--br'], ['--brt', '--bg'], ['--brt', '--tint'], ['--fg2', '--tint'], ['--bad', '--tint']];
  let worst = { ratio: 21 };
  for (const color of colors) {
    layer.style.setProperty('--c', color);
    for (const pair of pairs) {
      const ratio = contrast(...pair.map((name) => `var(${name})`));
      if (ratio < worst.ratio) worst = { ratio, color, pair };
    }
  }
  probe.remove();
  layer.style.removeProperty('--c');
  return worst;
}

for (const lang of ['es', 'en']) {
  for (const theme of ['light', 'dark']) {
    test(`every state is clean for axe: ${lang}, ${theme}`, async () => {
      await page.context().close();
      page = await visit({ lang, theme });
      await clean(page, 'closed');
      await page.click('.launch');
      await page.waitForSelector('.hi');
      await clean(page, 'home');
      await page.click('.btn.p');
      await write('uno');
      await page.waitForSelector('.b.me');
      await settle(() => act('log').then(({ sockets }) => sockets > 0));
      await act('queue', { position: 3, wait: 240_000 });
      await act('choices', { text: '¿Cuál?', options: [{ value: 'a', label: 'A' }] });
      await page.waitForSelector('.rows .btn');
      await clean(page, 'queue and choices');
      await act('join');
      await act('say', { text: 'dos' });
      await act('typing');
      await write('[422]');
      await page.waitForSelector('.bad');
      await page.click('.ib[aria-expanded]');
      await clean(page, 'menu and refused');
      await page.locator('.menu button').last().click();
      await page.getByText('?').first().waitFor();
      await act('hours', { hours: { is_open: false, reopens_at: new Date(Date.now() + 9e7).toISOString() } });
      await page.waitForSelector('.ban');
      await clean(page, 'question and outside hours');
      await page.locator('.menu button').last().click();
      await page.locator('.ev').last().waitFor();
      await page.click('.ib[aria-expanded]');
      await page.locator('.menu button').first().click();
      await page.waitForSelector('form');
      await clean(page, 'form');
    });
  }
}
