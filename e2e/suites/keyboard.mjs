// The daily work of an agent with the keyboard alone: no step here touches the mouse.
import assert from 'node:assert/strict';
import { Browser, picture } from '../lib/browser.mjs';
import { ConsolePage } from '../lib/pages.mjs';
import { Server } from '../lib/server.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/wait.mjs';
import { addAgent, ADMIN, route, setUp, visitorOf, widgetKey } from '../lib/world.mjs';
import { AVAILABLE, consoleText } from '../lib/words.mjs';

const LANGUAGE = 'es';
const text = (key) => consoleText(LANGUAGE, key);

export default suite('keyboard', (group) => group('an agent', declare));

function declare({ before, after, test }) {
  let server, browser, admin, page, keys, colleague, first, second;

  before(async () => {
    browser = await Browser.launch();
    server = await Server.fresh('keyboard', { args: ['--demo'] });
    await server.start();
    admin = await setUp(server, { language: LANGUAGE, demo: { is_enabled: true, channels: [] } });
    await route(admin, { offer_timeout_ms: 60_000 });
    colleague = await addAgent(admin, 'Berta');
    const [queue] = await admin.list('/queues');
    await admin.post('/queues', { key: 'ventas', name: { es: 'Ventas', en: 'Sales' }, routing_config_id: queue.routing_config_id, members: [] });
    page = await browser.page({ language: LANGUAGE });
    keys = page.keyboard;
  });
  after(() => server?.dispose());
  after(() => browser?.close());
  after(() => page && picture(page, 'keyboard'));

  const composer = (key) => page.getByRole('textbox', { name: text(key) });
  const isFocused = (locator) => locator.evaluate((element) => element === document.activeElement);
  const arrive = async (words) => {
    const visitor = await visitorOf(server.origin, await widgetKey(server.origin));
    const { conversation } = await visitor.send(words);
    await page.getByRole('button', { name: text('accept') }).first().waitFor();
    return { visitor, id: conversation.id };
  };
  const opened = (id) => page.waitForURL((url) => url.searchParams.get('c') === id || url.pathname === `/c/${id}`);
  const conversation = (id) => admin.get(`/conversations/${id}`);
  const notes = async (id) => (await admin.list(`/conversations/${id}/entries`)).filter((entry) => entry.kind === 'note');
  /** Takes the focus out of whatever field has it, so that single keys are keys again. */
  const leave = async () => {
    await keys.press('Escape');
    await until('no field in focus', () => page.evaluate(() => !document.activeElement?.matches('input, textarea, select')));
  };

  test('signs in', async () => {
    await page.goto(`${server.origin}/login`);
    await page.getByLabel(text('email'), { exact: true }).focus();
    await keys.type(ADMIN.email);
    await keys.press('Tab');
    await keys.type(ADMIN.password);
    await keys.press('Enter');
    await page.waitForURL(/\/inbox/);
  });

  test('becomes available with P', async () => {
    await page.getByRole('button', { name: text('your_status') }).waitFor();
    await keys.press('p');
    await page.getByRole('menuitem', { name: AVAILABLE[LANGUAGE] }).first().waitFor();
    await keys.press('Enter');
    await page.getByRole('button', { name: text('your_status') }).filter({ hasText: AVAILABLE[LANGUAGE] }).waitFor();
  });

  test('reads an old conversation of the sample data with G A and J', async () => {
    await keys.press('g');
    await keys.press('a');
    await page.waitForURL(/\/inbox\/all/);
    await page.locator('[data-conversation]').first().waitFor();
    await keys.press('j');
    await page.getByRole('log').getByText(/\S/).first().waitFor();
    await page.waitForLoadState('networkidle');
    assert.deepEqual(browser.errors, []);
    await keys.press('g');
    await keys.press('i');
    await page.waitForURL(/\/inbox$/);
  });

  test('accepts with A', async () => {
    first = await arrive('¿Tenéis la Alameda en verde?');
    await keys.press('a');
    await opened(first.id);
    await composer('reply_field').waitFor();
  });

  test('answers with R and Enter', async () => {
    await keys.press('r');
    await keys.type('Sí, en todas las tallas.');
    await keys.press('Enter');
    await until('the answer with the visitor', async () => (await first.visitor.messages()).items.some((one) => /todas las tallas/.test(one.text ?? '')));
  });

  test('comes back to the reply after the palette', async () => {
    await keys.press('Control+k');
    await page.getByRole('dialog').waitFor();
    await keys.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await until('the focus in the reply', () => isFocused(composer('reply_field')));
  });

  test('a note that was emptied and begun again is still a note', async () => {
    await leave();
    await keys.press('n');
    const saved = page.waitForResponse((one) => /drafts\/note$/.test(one.url()) && one.request().method() === 'PUT');
    await keys.type('Nada que');
    await saved;
    const dropped = page.waitForResponse((one) => /drafts\/note$/.test(one.url()) && one.request().method() === 'DELETE');
    await keys.press('Control+a');
    await keys.press('Delete');
    await dropped;
    assert.ok(await isFocused(composer('note_field')));
  });

  test('calls a colleague in a note', async () => {
    await keys.type('Mira el almacén, @ber');
    await page.getByRole('option', { name: colleague.name }).waitFor();
    await keys.press('Enter');
    await keys.press('Control+Enter');
    const [note] = await until('the note', async () => (await notes(first.id)).length === 1 && notes(first.id));
    assert.match(note.body.text, /@Berta/);
    const seen = (await first.visitor.messages()).items.map((one) => one.text ?? '').join();
    assert.ok(!/almacén/.test(seen), seen);
    await until('the mention', async () => (await colleague.api.list('/notifications')).length > 0);
  });

  test('walks the list with J and K', async () => {
    await leave();
    second = await arrive('La factura tiene otro nombre');
    await keys.press('a');
    await opened(second.id);
    const at = () => new URL(page.url()).searchParams.get('c');
    const order = await page.locator('[data-conversation]').evaluateAll((rows) => rows.map((row) => row.dataset.conversation));
    const isLast = order.indexOf(second.id) === order.length - 1;
    await keys.press(isLast ? 'k' : 'j');
    await until('the neighbour', () => at() === first.id);
    await keys.press(isLast ? 'j' : 'k');
    await until('back again', () => at() === second.id);
  });

  test('finds what was written, and opens it', async () => {
    await keys.press('Control+k');
    await page.getByRole('dialog').waitFor();
    await keys.type('factura');
    await page.getByRole('dialog').getByText('La factura tiene otro nombre').first().waitFor();
    await keys.press('Enter');
    await page.getByRole('log').getByText('La factura tiene otro nombre').waitFor();
  });

  test('snoozes with Z', async () => {
    await keys.press('z');
    await page.getByRole('menuitem').first().waitFor();
    await keys.press('Enter');
    await until('snoozed', async () => (await conversation(second.id)).snooze?.until_at);
  });

  test('transfers with T', async () => {
    await page.goto(`${server.origin}/inbox?c=${first.id}`);
    await composer('reply_field').waitFor();
    await keys.press('t');
    await page.getByRole('dialog').waitFor();
    await keys.type('ventas');
    await keys.press('Enter');
    assert.ok(await page.getByRole('radio', { name: /Ventas/ }).isChecked());
    await keys.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const sales = (await admin.list('/queues')).find((queue) => queue.key === 'ventas');
    await until('its work in the other queue', async () => (await conversation(first.id)).work.some((work) => work.queue_id === sales.id));
  });

  test('resolves with E', async () => {
    await page.goto(`${server.origin}/c/${second.id}`);
    await composer('reply_field').waitFor();
    await keys.press('e');
    await until('resolved', async () => (await conversation(second.id)).status_category === 'resolved');
  });

  test('reads all keys with ?, in groups', async () => {
    await keys.press('?');
    const sheet = page.getByRole('dialog', { name: text('shortcuts') });
    await sheet.waitFor();
    assert.ok((await sheet.getByRole('heading', { level: 3 }).count()) >= 4);
    await keys.press('Escape');
    await sheet.waitFor({ state: 'detached' });
  });

  test('nothing was an error on the way', () => assert.deepEqual(browser.errors, []));
}
