// axe on every route of the console × theme × language, on /demo and on the states of the widget.
// The list comes from the console's route table: a route without an address to visit here is a failure.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { AxeBuilder } from '@axe-core/playwright';
import { Browser, picture } from '../lib/browser.mjs';
import { ConsolePage, WidgetPage } from '../lib/pages.mjs';
import { Server } from '../lib/server.mjs';
import { suite } from '../lib/suite.mjs';
import { accept, ADMIN, goOnline, pendingOffer, setUp, visitorOf, widgetKey } from '../lib/world.mjs';

const ROUTES = 'web/console/src/routes.ts';
const LANGUAGES = ['es', 'en'];
const THEMES = ['light', 'dark'];
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export default suite('axe', (group) => {
  const routes = [...readFileSync(ROUTES, 'utf8').matchAll(/\bpath:\s*'([^']+)'/g)].map(([, path]) => path);
  for (const language of LANGUAGES) {
    for (const theme of THEMES) group(`${language}, ${theme}`, (steps) => declare(steps, { language, theme, routes }));
  }
});

function declare({ before, after, independent, test }, { language, theme, routes }) {
  let server, browser, agent, page, ids;

  independent();
  before(async () => {
    assert.ok(routes.length > 0, `${ROUTES} names no route`);
    browser = await Browser.launch();
    server = await Server.fresh('axe', { args: ['--demo'] });
    await server.start();
    await questions((await server.link()).url);
    ids = await populate(server, await setUp(server, { language }));
    agent = new ConsolePage(await browser.page({ language, theme }), language);
    await agent.signIn(server.origin, ADMIN);
    ({ page } = agent);
    await page.waitForURL(/\/inbox/);
  });
  after(() => server?.dispose());
  after(() => browser?.close());

  const firstRun = [];
  /** The set-up page while it has something to ask: later it cannot be seen any more. */
  async function questions(link) {
    const console = new ConsolePage(await browser.page({ language, theme }), language);
    await console.page.goto(link);
    await console.page.getByRole('textbox').first().waitFor();
    firstRun.push(...(await violations(console.page, `setup-1 ${theme} ${language}`)));
    await console.answerFirst({ name: 'Ada Ruiz', organization: 'Pedales' });
    firstRun.push(...(await violations(console.page, `setup-2 ${theme} ${language}`)));
    await console.answerSecond(ADMIN);
    firstRun.push(...(await violations(console.page, `setup-3 ${theme} ${language}`)));
    await console.page.close();
  }
  test('/setup, its questions', () => assert.deepEqual(firstRun, []));

  for (const path of routes) {
    test(path, async () => {
      const isSignedOut = ['/login', '/setup', '/invitation', '/password'].includes(path);
      const at = isSignedOut ? await browser.page({ language, theme }) : page;
      await at.goto(server.origin + address(path, ids));
      await at.getByRole('main').first().waitFor();
      await at.waitForLoadState('networkidle');
      await clean(at, `${path} ${theme} ${language}`);
    });
  }

  // The pane for a new record beside each list of the settings.
  for (const path of routes.filter((one) => one.startsWith('/admin/'))) {
    test(`${path}?id=new`, async () => {
      await page.goto(`${server.origin}${path}?id=new`);
      await page.getByRole('main').first().waitFor();
      await page.waitForLoadState('networkidle');
      await clean(page, `${path} new ${theme} ${language}`);
    });
  }

  test('the dialogs of a conversation', async () => {
    await page.goto(`${server.origin}/c/${ids.conversation.id}`);
    await page.getByRole('log').waitFor();
    for (const key of ['t', '?', 'Control+k']) {
      await page.keyboard.press(key);
      await page.getByRole('dialog').waitFor();
      await clean(page, `dialog ${key} ${theme} ${language}`);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
  });

  test('/demo', async () => {
    const visitor = new WidgetPage(await browser.page({ language, theme }), language);
    await visitor.page.goto(`${server.origin}/demo`);
    await clean(visitor.page, `demo ${theme} ${language}`);
    await visitor.open(`${server.origin}/demo`);
    await clean(visitor.page, `widget-open ${theme} ${language}`);
    await visitor.write('Hola');
    await visitor.reads('Hola');
    await clean(visitor.page, `widget-conversation ${theme} ${language}`);
  });
}

/** A conversation that was answered, so that pages have something to show; examples for the route table. */
async function populate(server, admin) {
  const me = await goOnline({ api: admin });
  const visitor = await visitorOf(server.origin, await widgetKey(server.origin));
  const { conversation } = await visitor.send('Hola, ¿tenéis la Alameda en talla M?');
  await accept(await pendingOffer([me]));
  await admin.post(`/conversations/${conversation.id}/messages`, { text: 'Sí, y llega **el jueves**.', seen_seq: 1 });
  await admin.post(`/conversations/${conversation.id}/notes`, { text: 'Quiere recogerla en la tienda.' });
  await me.socket.close();
  const [customer] = await admin.list('/customers');
  const [queue] = await admin.list('/queues');
  return { conversation, customer, queue };
}

/** The route with its parameters filled in. */
function address(path, { conversation, customer, queue }) {
  const noun = path.split('/')[1];
  const values = { c: conversation.id, people: customer.id, queue: queue.key, inbox: 'mentions', view: 'all' };
  return path.replace(/:\w+/g, () => {
    const value = values[noun];
    assert.ok(value, `no example for ${path}`);
    return value;
  });
}

async function clean(page, name) {
  assert.deepEqual(await violations(page, name), [], name);
}

/** What axe finds, one line a rule; a picture is kept of a page with findings. */
async function violations(page, name) {
  const found = (await new AxeBuilder({ page }).withTags(TAGS).analyze()).violations;
  if (found.length > 0) await picture(page, `axe ${name}`.replace(/[^\w]+/g, '-'));
  return found.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).slice(0, 3).join(' | ')}`);
}
