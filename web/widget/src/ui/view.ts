/**
 * The shadow root: launcher, panel and announcements. Draws what the client knows; keeps the focus where the visitor
 * left it.
 */
import * as client from '../client.ts';
import { language, say } from '../speech.ts';
import * as texts from '../texts.ts';
import { unread } from '../threads.ts';
import type { Message } from '../wire.ts';
import { conversation, expand, opened } from './conversation.ts';
import { h, render, type Child } from './dom.ts';
import { prechatForm, transcriptForm } from './form.ts';
import { home } from './home.ts';
import { CHAT, DOWN, icon } from './icons.ts';
import { badge, brief, button } from './parts.ts';
import css from './style.css?inline';

const ANNOUNCE_AFTER_MS = 1_000;
const BRAND = '#1d5fd6';

const host = document.createElement('centralita-widget');
const root = host.attachShadow({ mode: 'open' });

/** Class names of the whole: on the left, in a frame. */
let manner = '';
/** `light`, `dark`, or `light dark` for what the visitor's system says. */
let scheme = '';
/** The view that stands on the screen, and what last drew the focus to itself. */
let drawn = '';
let asked = '';
let isScheduled = false;
/** News not yet said to assistive technology, and what was said last. */
let news: string[] = [];
let said: Child;

const find = <T extends HTMLElement>(selector: string): T | null => root.querySelector<T>(selector);

export function wear(classes: string, colors: string): void {
  manner = classes;
  scheme = colors;
}

/** Whether it fills the page it is in: then there is no launcher to go back to. */
const isFrame = (): boolean => manner.includes('frame');

/** Draws soon; many changes in one go are drawn once. */
export function redraw(): void {
  if (!isScheduled) queueMicrotask(draw);
  isScheduled = true;
}

/** Says a message to assistive technology, several within a second as their number. */
export function announce(message: Message): void {
  if (news.push(brief(message)) > 1) return;
  setTimeout(() => {
    said = h('p', { key: Date.now() }, news[1] ? say(texts.unread, news.length) : news[0]);
    news = [];
    redraw();
  }, ANNOUNCE_AFTER_MS);
}

function draw(): void {
  isScheduled = false;
  if (!client.config) return;
  const { name, color } = client.config.brand;
  if (!host.isConnected) mount(color);
  const now = client.isOpen ? client.view + client.shown : '';
  // A conversation that just got its real id is still the same view to the visitor.
  const isNew = now !== drawn && !(drawn.startsWith('conversationnew:') && client.view === 'conversation');
  if (isNew) expand('');
  const hadFocus = root.activeElement;
  render(
    root,
    !client.isHidden && h(
      '.root' + manner + (client.isOpen ? ' open' : ''),
      { lang: language, onkeydown },
      launcher(),
      client.isOpen && h('.w', { role: 'dialog', 'aria-label': name, tabindex: '-1' }, panel()),
      h('.vh', { role: 'status' }, said),
    ),
  );
  keepFocus(isNew, hadFocus);
  drawn = now;
}

function mount(color: string | null | undefined): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`${css}.root{--c:${/^#[\da-f]+$/i.test(color!) ? color : BRAND};color-scheme:${scheme}}`);
  root.adoptedStyleSheets = [sheet];
  document.body?.append(host);
}

function panel(): Child {
  switch (client.view) {
    case 'home':
      return home();
    case 'conversation':
      return conversation();
    case 'prechat':
      return prechatForm();
    case 'transcript':
      return transcriptForm();
  }
}

function launcher(): Child {
  const count = unread();
  const isOpen = client.isOpen;
  const label = isOpen ? say(texts.close) : say(texts.launch) + (count ? ', ' + say(texts.unread, count) : '');
  return button('launch', () => client.toggle(!isOpen), [icon(isOpen ? DOWN : CHAT), !isOpen && badge(count)], { 'aria-label': label });
}

/**
 * On a new view: the box to write in where there is a real keyboard, else the panel, which says its name. Closed: back
 * to the launcher. Else into what just opened, and back to the box when what had the focus is gone.
 */
function keepFocus(isNew: boolean, hadFocus: Element | null): void {
  const isTouch = matchMedia('(pointer:coarse)').matches;
  const field = (!isTouch && find('textarea,input,select')) || find('.w');
  const isAsking = opened && opened !== asked;
  const isLost = hadFocus && !root.activeElement;
  const isWanted = isNew ? hadFocus || (!drawn && !isFrame()) : isLost;
  if (isAsking) find('.menu button')?.focus();
  else if (isWanted) (client.isOpen ? field : find('.launch'))?.focus();
  asked = opened;
}

function onkeydown(event: Event): void {
  if ((event as KeyboardEvent).key !== 'Escape') return;
  event.stopPropagation();
  if (opened) expand('');
  else if (!isFrame()) client.toggle(false);
}
