/** The panel: draws the view of the client's state, keeps focus, scroll and drafts where the visitor left them. */
import type { Client } from '../client.ts';
import { LOCAL } from '../outbox.ts';
import { PANEL_TEXTS, type Say } from '../panel-text.ts';
import type { State, View } from '../store.ts';
import { speaker } from '../text.ts';
import { Clock } from '../time.ts';
import { sheet } from '../tokens.ts';
import { write } from './composer.ts';
import type { Context } from './context.ts';
import { conversation } from './conversation.ts';
import { h, render, type Child } from './dom.ts';
import { form } from './form.ts';
import { home } from './home.ts';
import type { Shell } from './launcher.ts';
import css from './panel.css?inline';

/** Scrolled up further than this, new messages do not pull the log down. */
const NEAR_BOTTOM_PX = 80;

export class Panel {
  readonly #client: Client;
  readonly #shell: Shell;
  readonly #say: Say;
  readonly #context: Context;
  #shown = '';
  /** What last drew the focus to itself. */
  #asked = '';
  #bannerTimer: ReturnType<typeof setTimeout> | undefined;
  /** Kept so that the browser does not collect it while its dialog is open. */
  #fileField: HTMLInputElement | null = null;

  constructor(shell: Shell) {
    const { client, language, locale, isFrame, root, slot } = shell;
    this.#client = client;
    this.#shell = shell;
    this.#say = speaker(PANEL_TEXTS[language]);
    this.#context = {
      client,
      language,
      isFrame,
      say: this.#say,
      clock: new Clock(locale),
      redraw: () => this.draw(),
      dismiss: () => shell.dismiss(),
      pickFiles: (id) => this.#pickFiles(id),
      opened: { menu: false, end: false },
      drafts: new Map(),
    };
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet(css)];
    slot.addEventListener('keydown', (event) => this.#keydown(event));
  }

  draw(): void {
    const { state } = this.#client;
    const { root, slot } = this.#shell;
    const shown = state.isOpen ? viewKey(state.view) : '';
    const isRenamed = shown !== this.#shown && isSameConversation(this.#shown, shown);
    const hasChanged = shown !== this.#shown && !isRenamed;
    if (isRenamed) this.#moveDraft(this.#shown, shown);
    if (hasChanged) Object.assign(this.#context.opened, { menu: false, end: false });
    const hadFocus = !!root.activeElement;
    const restoreScroll = this.#holdScroll(hasChanged);
    render(slot, state.isOpen && this.#panel(state));
    restoreScroll();
    if (state.view.name === 'conversation') this.#showDraft(state.view.id);
    if (hasChanged) this.#focusView(state, hadFocus || !this.#shown);
    else this.#keepFocus(hadFocus);
    this.#shown = shown;
    this.#bannerLater(state);
  }

  #panel(state: State): Child {
    const { view } = state;
    const name = state.config!.brand.name;
    const inside = view.name === 'conversation' ? conversation(this.#context, state, view.id) : view.name === 'home' || view.name === 'messages' ? home(this.#context, state) : form(this.#context, state);
    return h('section', { key: 'panel', class: 'w', role: 'dialog', 'aria-label': this.#say('chat', { name }), tabindex: -1 }, inside);
  }

  /** On a new view: the box to write in where there is a real keyboard, else the panel, which says its name. */
  #focusView(state: State, isWanted: boolean): void {
    if (!state.isOpen || !isWanted || this.#shell.isFrame) return;
    const isTouch = matchMedia('(pointer: coarse)').matches;
    const target = (!isTouch && this.#find('textarea, form :is(input, select)')) || this.#find('.w');
    target?.focus();
  }

  /** Goes into a menu or question that just opened; back to the box when what had the focus is gone. */
  #keepFocus(hadFocus: boolean): void {
    const { menu, end } = this.#context.opened;
    const now = (menu ? '[role=menuitem]' : '') || (end ? '[data-ask]' : '');
    if (now && now !== this.#asked) this.#find(now)?.focus();
    else if (hadFocus && !this.#shell.root.activeElement) (this.#find('textarea') ?? this.#find('.w'))?.focus();
    this.#asked = now;
  }

  #moveDraft(before: string, now: string): void {
    const { drafts } = this.#context;
    const [from, to] = [before, now].map((key) => key.slice('conversation'.length)) as [string, string];
    drafts.set(to, drafts.get(from) ?? '');
  }

  #showDraft(id: string): void {
    const box = this.#find<HTMLTextAreaElement>('textarea');
    const draft = this.#context.drafts.get(id) ?? '';
    if (box && box.value !== draft) write(this.#context, id, box, draft);
  }

  /** Stays at the end when it was there; else stays on what is being read, also when older messages come in above. */
  #holdScroll(isNewView: boolean): () => void {
    const before = this.#find('.log');
    const fromEnd = before ? before.scrollHeight - before.scrollTop : 0;
    const isAtEnd = isNewView || !before || fromEnd - before.clientHeight < NEAR_BOTTOM_PX;
    const first = this.#find('.log > .b');
    const lastCount = before?.childElementCount;
    return () => {
      const now = this.#find('.log');
      if (!now) return;
      const hasOwnNews = now.childElementCount !== lastCount && !!now.lastElementChild?.matches('.e');
      if (isAtEnd || hasOwnNews) now.scrollTop = now.scrollHeight;
      else if (this.#find('.log > .b') !== first) now.scrollTop = now.scrollHeight - fromEnd;
    };
  }

  #keydown(event: KeyboardEvent): void {
    const { opened } = this.#context;
    if (event.key === 'Tab' && opened.menu) {
      opened.menu = false;
      this.draw();
    }
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    if (opened.menu || opened.end) {
      opened.menu = opened.end = false;
      this.draw();
      this.#find('[data-menu]')?.focus();
    } else if (!this.#shell.isFrame && this.#client.state.isOpen) this.#shell.dismiss();
  }

  /** The offline banner comes some seconds after the loss: draw again then. */
  #bannerLater(state: State): void {
    clearTimeout(this.#bannerTimer);
    const wait = state.offlineSince ? state.offlineSince + 5_000 - Date.now() : 0;
    if (wait > 0) this.#bannerTimer = setTimeout(() => this.draw(), wait + 20);
  }

  #pickFiles(id: string): void {
    const field = document.createElement('input');
    this.#fileField = field;
    field.type = 'file';
    field.multiple = true;
    field.accept = this.#client.state.config?.limits.attachment_types?.join() ?? '';
    field.onchange = () => {
      for (const file of field.files ?? []) this.#client.sendFile(id, file);
    };
    this.#fileField.click();
  }

  #find<T extends HTMLElement = HTMLElement>(selector: string): T | null {
    return this.#shell.slot.querySelector<T>(selector);
  }
}

const viewKey = (view: View): string => view.name + ('id' in view ? view.id : '');

/** A conversation that just got its real id is still the same view to the visitor. */
const isSameConversation = (before: string, now: string): boolean => before.startsWith('conversation' + LOCAL) && now.startsWith('conversation');
