/**
 * What stands on the page from the start: a shadow root with the launcher, its badge and the announcements. The
 * panel comes as a second script when somebody reaches for it.
 */
import { Announcer } from '../announce.ts';
import type { Client } from '../client.ts';
import { thread, unread, type State } from '../store.ts';
import { LAUNCHER_TEXTS, speaker, type Language, type LauncherKey, type Speak } from '../text.ts';
import { sheet, tokens, type Theme } from '../tokens.ts';
import css from './launcher.css?inline';

export interface ShellOptions {
  readonly client: Client;
  readonly language: Language;
  /** BCP 47 tag for dates and numbers. */
  readonly locale: string;
  readonly theme: Theme;
  /** Fills the page it is in, without a launcher. */
  readonly isFrame: boolean;
  readonly isLeft: boolean;
  /** Brings the panel's script; refused when the network does not carry it. */
  readonly loadPanel: () => Promise<CreatePanel>;
}

/** What the panel is given by the launcher. */
export interface Shell extends Pick<ShellOptions, 'client' | 'language' | 'locale' | 'isFrame'> {
  readonly root: ShadowRoot;
  /** Where the panel draws. */
  readonly slot: HTMLElement;
  /** Closes the panel and puts the focus back on the launcher. */
  dismiss(): void;
}

export type CreatePanel = (shell: Shell) => { draw(): void };

const CHAT = 'M4 4.5h16v12H10.5L6 20.5v-4H4z';
const DOWN = 'M6 9l6 6 6-6';

function element<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Record<string, string>): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

export class Launcher {
  readonly #options: ShellOptions;
  readonly #say: Speak<LauncherKey>;
  readonly #host = document.createElement('centralita-widget');
  readonly #root = this.#host.attachShadow({ mode: 'open' });
  readonly #layer = element('div', {});
  readonly #slot = element('div', {});
  readonly #button = element('button', { type: 'button', class: 'launch' });
  readonly #badge = element('span', { class: 'cnt', 'aria-hidden': 'true' });
  readonly #shape = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  readonly #announcer: Announcer;
  #panel: { draw(): void } | null = null;
  #loading: Promise<void> | null = null;
  #isScheduled = false;

  constructor(options: ShellOptions) {
    const { client, language, isFrame } = options;
    this.#options = options;
    this.#say = speaker(LAUNCHER_TEXTS[language]);
    this.#layer.lang = language;
    const region = element('div', { class: 'vh', role: 'status' });
    this.#announcer = new Announcer(region, (n) => this.#say('newsMany', { n }));
    if (!isFrame) this.#layer.append(this.#fillButton());
    this.#layer.append(this.#slot);
    this.#root.append(this.#layer, region);
    client.onChange = () => this.#schedule();
  }

  /** Says a message of somebody else to assistive technology. */
  announce(conversation: string): void {
    const message = thread(this.#options.client.state, conversation).conversation.last_message;
    if (!message) return;
    const { author, text, attachments } = message;
    const name = author.kind === 'bot' ? this.#say('bot') : (author.name ?? this.#say('team'));
    this.#announcer.add(this.#say('news', { name, text: text || attachments?.[0]?.name || '' }));
  }

  /** Brings the panel before it is asked for, so that it opens at once. */
  prepare(): void {
    this.#loading ??= this.#load();
  }

  #fillButton(): HTMLElement {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    for (const [name, value] of [['class', 'i l'], ['viewBox', '0 0 24 24'], ['aria-hidden', 'true']] as const) svg.setAttribute(name, value);
    svg.append(this.#shape);
    this.#button.append(svg, this.#badge);
    this.#button.onclick = () => this.#toggle();
    this.#button.onpointerenter = this.#button.onfocus = () => this.prepare();
    return this.#button;
  }

  #toggle(): void {
    const { client } = this.#options;
    if (client.state.isOpen) this.#dismiss();
    else client.open();
  }

  #dismiss(): void {
    this.#options.client.close();
    this.#draw();
    this.#button.focus();
  }

  async #load(): Promise<void> {
    const { loadPanel, client, language, locale, isFrame } = this.#options;
    try {
      const createPanel = await loadPanel();
      this.#panel = createPanel({ client, language, locale, isFrame, root: this.#root, slot: this.#slot, dismiss: () => this.#dismiss() });
      this.#draw();
    } catch {
      this.#loading = null; // The next click tries again.
      client.close();
    }
  }

  /** Many changes in one go are drawn once. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#draw();
    });
  }

  #draw(): void {
    const { state } = this.#options.client;
    if (!state.config) return;
    if (!this.#host.isConnected) this.#mount(state.config.brand.color);
    this.#host.hidden = state.isHidden;
    this.#drawButton(state);
    if (state.isOpen) this.prepare();
    this.#panel?.draw();
  }

  #mount(color: string | null | undefined): void {
    this.#root.adoptedStyleSheets = [sheet(tokens(color, this.#options.theme)), sheet(css), ...this.#root.adoptedStyleSheets];
    document.body.append(this.#host);
  }

  #drawButton(state: State): void {
    const { isLeft, isFrame } = this.#options;
    const n = unread(state);
    const { isOpen } = state;
    this.#layer.className = `root${isLeft ? ' left' : ''}${isFrame ? ' frame' : ''}${isOpen ? ' is-open' : ''}`;
    this.#button.ariaExpanded = String(isOpen);
    this.#button.ariaLabel = isOpen ? this.#say('close') : n ? this.#say('launchUnread', { n }) : this.#say('launch');
    this.#shape.setAttribute('d', isOpen ? DOWN : CHAT);
    this.#badge.textContent = n > 99 ? '99+' : String(n);
    this.#badge.hidden = isOpen || !n;
  }
}
