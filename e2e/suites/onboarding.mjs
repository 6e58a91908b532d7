// From process start to the first routed and answered conversation, in a browser, in Spanish and in English.
import assert from 'node:assert/strict';
import { Api } from '../lib/api.mjs';
import { Browser, picture } from '../lib/browser.mjs';
import { ConsolePage, WidgetPage } from '../lib/pages.mjs';
import { Server } from '../lib/server.mjs';
import { suite } from '../lib/suite.mjs';
import { ADMIN } from '../lib/world.mjs';

const BUDGET_MS = 120_000;

const TEXT = {
  es: { question: '¿Tenéis cascos de niño?', answer: 'Hola, sí: de la talla 46 a la 52.' },
  en: { question: 'Do you have helmets for children?', answer: 'Hello, yes: sizes 46 to 52.' },
};

export default suite('onboarding', (group) => {
  for (const language of ['es', 'en']) group(language, (steps) => declare(language, steps));
});

function declare(language, { before, after, test }) {
  const person = { ...ADMIN, organization: 'Pedales' };
  const text = TEXT[language];
  let server, browser, agent, visitor, startedAt;

  before(async () => {
    browser = await Browser.launch();
    server = await Server.fresh('onboarding', { args: ['--demo'] });
  });
  after(() => server?.dispose());
  after(() => browser?.close());
  after(async () => {
    if (agent) await picture(agent.page, `onboarding-${language}-console`);
    if (visitor) await picture(visitor.page, `onboarding-${language}-widget`);
  });

  test('the process prints a one-use link', async () => {
    startedAt = Date.now();
    await server.start();
    const { url } = await server.link();
    assert.match(url, /\/setup\?t=/);
    assert.equal((await (await fetch(`${server.origin}/api/v1/setup`)).json()).state, 'required');
  });

  test('the link opens the set-up page, which leads to the console', async () => {
    agent = new ConsolePage(await browser.page({ language }), language);
    await agent.setUp((await server.link()).url, person);
    await agent.page.waitForURL(/\/inbox/);
  });

  test('the link works once', async () => {
    const { token } = await server.link();
    const refused = await new Api(server.origin).refusal('POST', '/setup', { token, ...ADMIN, organization_name: 'B', language, time_zone: 'UTC' });
    assert.ok(['link_used', 'setup_done'].includes(refused.code), refused.code);
  });

  test('the agent becomes available', () => agent.becomeAvailable());

  test('a visitor writes in the widget of /demo', async () => {
    visitor = new WidgetPage(await browser.page({ language, viewport: { width: 1024, height: 768 } }), language);
    await visitor.open(`${server.origin}/demo`);
    await visitor.write(text.question);
    await visitor.reads(text.question);
  });

  test('the offer rings and the key A accepts it', async () => {
    await agent.acceptByKey();
    await agent.reads(text.question);
  });

  test('the answer reaches the visitor', async () => {
    await agent.reply(text.answer);
    await agent.reads(text.answer);
    await visitor.reads(text.answer);
  });

  test(`all of it in less than ${BUDGET_MS / 1000} s`, () => {
    const elapsedMs = Date.now() - startedAt;
    assert.ok(elapsedMs < BUDGET_MS, `${elapsedMs} ms`);
    return { elapsed_ms: elapsedMs };
  });
}
