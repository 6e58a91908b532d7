// What a person does in the console and in the widget, by roles and accessible names.
import { WORDS } from './words.mjs';

/** A visitor on a page that carries the widget. */
export class WidgetPage {
  constructor(page, language) {
    this.page = page;
    this.words = WORDS[language];
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

  /** Starts a conversation with `text`. */
  async write(text) {
    const field = this.#panel.getByRole('textbox', { name: this.words.write });
    const start = this.#panel.getByRole('button', { name: this.words.newMessage }).first();
    await field.or(start).first().waitFor();
    if (!(await field.isVisible())) await start.click();
    await field.fill(text);
    await this.#panel.getByRole('button', { name: this.words.send }).click();
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
    this.words = WORDS[language];
  }

  /** The first start: the one-use link, the form, the demo. Fills in what the form asks for. */
  async setUp(link, { name, email, password, organization }) {
    await this.page.goto(link);
    const answers = { name, email, password, organization };
    await this.page.getByRole('textbox', { name: this.words.name }).first().waitFor();
    for (const [field, value] of Object.entries(answers)) {
      const input = this.page.getByLabel(this.words[field]).first();
      if (await input.isVisible()) await input.fill(value);
    }
    await this.page.getByRole('button', { name: this.words.prepare }).last().click();
  }

  async signIn(origin, { email, password }) {
    await this.page.goto(`${origin}/login`);
    await this.page.getByLabel(this.words.email).fill(email);
    await this.page.getByLabel(this.words.password).first().fill(password);
    await this.page.getByRole('button', { name: this.words.signIn }).click();
  }

  /** Chooses «Disponible» in the presence menu and waits until the pill says so. */
  async becomeAvailable() {
    await this.page.getByRole('button', { name: this.words.presence }).first().click();
    await this.page.getByRole('menuitemradio', { name: this.words.available }).or(this.page.getByRole('menuitem', { name: this.words.available })).first().click();
    await this.page.getByRole('button', { name: this.words.available }).first().waitFor();
  }

  get accept() {
    return this.page.getByRole('button', { name: this.words.accept }).first();
  }

  /** Waits for an offer and takes it with its key. */
  async acceptByKey(deadlineMs = 20_000) {
    await this.accept.waitFor({ timeout: deadlineMs });
    await this.page.keyboard.press('a');
  }

  async reply(text) {
    const field = this.page.getByRole('textbox', { name: this.words.reply });
    await field.waitFor();
    await field.fill(text);
    await this.page.keyboard.press('Control+Enter');
  }

  async reads(text, deadlineMs = 15_000) {
    await this.page.getByRole('main').getByText(text).first().waitFor({ timeout: deadlineMs });
  }
}
