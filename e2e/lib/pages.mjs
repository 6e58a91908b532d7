// What a person does in the console and in the widget, by roles and accessible names.
import { AVAILABLE, consoleText, WIDGET } from './words.mjs';

/** A visitor on a page that carries the widget. */
export class WidgetPage {
  constructor(page, language) {
    this.page = page;
    this.words = WIDGET[language];
  }

  get #panel() {
    return this.page.locator('centralita-widget');
  }

  get log() {
    return this.#panel.getByRole('log', { name: this.words.log });
  }

  async open(url) {
    await this.page.goto(url);
    await this.#panel.getByRole('button', { name: this.words.launch }).click();
  }

  /** Comes back to the page later: opens the chat and the conversation that ends with `preview`. */
  async resume(url, preview) {
    await this.open(url);
    const row = this.#panel.getByRole('button').filter({ hasText: preview });
    await this.log.or(row).first().waitFor();
    if (!(await this.log.isVisible())) await row.first().click();
  }

  /** Writes `text`, in a new conversation when none is open. */
  async write(text) {
    const field = this.#panel.getByRole('textbox', { name: this.words.write });
    const start = this.#panel.getByRole('button', { name: this.words.newMessage }).first();
    await field.or(start).first().waitFor();
    if (!(await field.isVisible())) await start.click();
    await field.fill(text);
    await this.#panel.getByRole('button', { name: this.words.send, exact: true }).click();
  }

  /** Waits until the conversation shows `text`. */
  async reads(text, deadlineMs = 15_000) {
    await this.log.getByText(text).first().waitFor({ timeout: deadlineMs });
  }
}

/** A person at the console. */
export class ConsolePage {
  constructor(page, language) {
    this.page = page;
    this.language = language;
  }

  #text(key) {
    return consoleText(this.language, key);
  }

  #field(key) {
    return this.page.getByLabel(this.#text(key), { exact: true });
  }

  #button(key) {
    return this.page.getByRole('button', { name: this.#text(key) });
  }

  /** The first start: opens the one-use link and answers its three questions; begins without sample data. */
  async setUp(link, { name, email, password, organization }) {
    await this.page.goto(link);
    await this.answerFirst({ name, organization });
    await this.answerSecond({ email, password });
    await this.page.getByRole('radio', { name: this.#text('setup_demo_no') }).check();
    await this.#button('start_empty').click();
  }

  /** The first question of set-up; leads to the second. */
  async answerFirst({ name, organization }) {
    await this.#field('your_name').fill(name);
    await this.#field('organization_name').fill(organization);
    await this.#button('next').click();
    await this.#field('email').waitFor();
  }

  /** The second; leads to the third. */
  async answerSecond({ email, password }) {
    await this.#field('email').fill(email);
    await this.#field('password').fill(password);
    await this.#button('next').click();
    await this.page.getByRole('radio').first().waitFor();
  }

  async signIn(origin, { email, password }) {
    await this.page.goto(`${origin}/login`);
    await this.#field('email').fill(email);
    await this.#field('password').fill(password);
    await this.page.locator('form').getByRole('button', { name: this.#text('sign_in'), exact: true }).click();
  }

  get #pill() {
    return this.page.getByRole('button', { name: this.#text('your_status') });
  }

  /** Chooses «Disponible» in the presence menu and waits until the server agrees. */
  async becomeAvailable() {
    const name = AVAILABLE[this.language];
    await this.#pill.click();
    await this.page.getByRole('menuitem', { name }).first().click();
    await this.#pill.filter({ hasText: name }).waitFor();
  }

  /** Waits for an offer and takes it with its key. */
  async acceptByKey(deadlineMs = 20_000) {
    await this.#button('accept').first().waitFor({ timeout: deadlineMs });
    await this.page.keyboard.press('a');
  }

  async reply(text) {
    await this.page.getByRole('textbox', { name: this.#text('reply_field') }).fill(text);
    await this.page.keyboard.press('Control+Enter');
  }

  async reads(text, deadlineMs = 15_000) {
    await this.page.getByRole('log').or(this.page.getByRole('main')).getByText(text).first().waitFor({ timeout: deadlineMs });
  }
}
