// Debian's Chromium by playwright-core.
import { chromium } from 'playwright-core';
import { mkdirSync } from 'node:fs';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-quic',
  '--no-first-run',
  '--disable-component-update',
  '--disable-sync',
];

export class Browser {
  #browser;
  /** What pages wrote to their console as errors, with the page's address. */
  errors = [];

  static async launch() {
    const browser = new Browser();
    const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
    browser.#browser = await chromium.launch({ executablePath, args: FLAGS });
    return browser;
  }

  /** A page in a context of its own: own cookies, own storage. */
  async page({ language = 'es', theme = 'light', viewport = { width: 1440, height: 900 }, cookie } = {}) {
    const context = await this.#browser.newContext({
      locale: language === 'es' ? 'es-ES' : 'en-GB',
      colorScheme: theme,
      reducedMotion: 'reduce',
      viewport,
    });
    if (cookie) await context.addCookies([cookie]);
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(`${page.url()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.errors.push(`${page.url()}: ${error.message}`));
    return page;
  }

  close() {
    return this.#browser?.close();
  }
}

/** Keeps a picture of the page among the results, for whoever reads a failure. */
export async function picture(page, name) {
  mkdirSync('results/pictures', { recursive: true });
  await page.screenshot({ path: `results/pictures/${name}.png` }).catch(() => {});
}
