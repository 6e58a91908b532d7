/** What every part of the panel is given. */
import type { Client } from '../client.ts';
import type { Config, Hours, Localised } from '../protocol.ts';
import type { State } from '../store.ts';
import type { Say } from '../panel-text.ts';
import type { Language } from '../text.ts';
import { sentence, type Clock } from '../time.ts';
import { h, type Child, type Handler, type VNode } from './dom.ts';
import { icon, type Icon } from './icons.ts';

export interface Context {
  readonly client: Client;
  readonly say: Say;
  readonly clock: Clock;
  readonly language: Language;
  readonly isFrame: boolean;
  /** Draws again after a change that is not in the state: menus, drafts. */
  redraw(): void;
  /** Closes the panel and puts the focus back on the launcher. */
  dismiss(): void;
  /** Opens the browser's file dialog and sends what is picked. */
  pickFiles(conversation: string): void;
  /** What is open beside the state: the menu, the question before ending. */
  readonly opened: { menu: boolean; end: boolean };
  /** Unsent text by conversation. */
  readonly drafts: Map<string, string>;
}

/** The text of the visitor's language, else any. */
export const localised = (texts: Localised | null | undefined, language: Language): string =>
  texts?.[language] ?? Object.values(texts ?? {})[0] ?? '';

/** The site's own texts in the visitor's language. */
export const siteTexts = (config: Config, language: Language): NonNullable<Config['texts'][string]> => config.texts?.[language] ?? {};

export const iconButton = (name: Icon, label: string, onclick: Handler, extra: Record<string, string> = {}): VNode =>
  h('button', { type: 'button', class: 'ib', 'aria-label': label, onclick, ...extra }, icon(name));

export const closeButton = ({ isFrame, say, dismiss }: Context): Child => !isFrame && iconButton('x', say('close'), dismiss);

/** `Back tomorrow at 9:00`, or that it is outside hours when nobody knows until when. */
export function reopening({ say, clock }: Context, hours: Hours): string {
  if (!hours.reopens_at) return say('outside');
  const when = say('outsideWhen', { day: clock.day(hours.reopens_at, Date.now()), time: clock.time(hours.reopens_at) });
  return say('outsideUntil', { when });
}

/** A dot and a few words: whether the network, then whether the people are there. */
export function availability(context: Context, state: State, style = 'bm'): VNode {
  const { say, clock } = context;
  const hours = state.config?.hours ?? { is_open: true };
  const open = hours.closes_at ? say('openUntil', { time: clock.time(hours.closes_at) }) : say('openNow');
  const words = state.offlineSince ? say('offline', { time: clock.time(state.offlineSince) }) : hours.is_open ? open : reopening(context, hours);
  return h('p', { class: style }, h('span', { class: 'dot' + (hours.is_open && !state.offlineSince ? ' ok' : '') }), sentence(words));
}

/** Up to two initials. */
export const initials = (name: string): string =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase();

/** The bar on top of every view but the home one. */
export function header(context: Context, title: string, sub: Child, onback: Handler, ...extra: Child[]): VNode {
  return h(
    'div',
    { key: 'head', class: 'wh bk' },
    iconButton('back', context.say('back'), onback, { 'data-first': '' }),
    h('div', { class: 'gr' }, h('h2', { class: 'el' }, title), sub),
    ...extra,
    closeButton(context),
  );
}

export const banner = (key: string, name: Icon, title: string, text: string, tone = 'warn'): VNode =>
  h('div', { key, class: 'ban ' + tone, role: 'status' }, icon(name), h('p', { class: 'gr' }, title && h('b', null, title + ' '), text));
