/** What several views are made of. */
import * as client from '../client.ts';
import { day, language, say, time } from '../speech.ts';
import * as texts from '../texts.ts';
import type { Config, Message } from '../wire.ts';
import { h, type Attrs, type Child, type Handler, type VNode } from './dom.ts';
import { BACK, CLOCK, icon, X } from './icons.ts';

/** A button of that class. */
export const button = (name: string, onclick: Handler, kids: Child, attrs?: Attrs): VNode => h('button.' + name, { onclick, ...attrs }, kids);

export const iconButton = (shape: string, label: string, onclick: Handler, attrs?: Attrs): VNode =>
  button('ib', onclick, icon(shape), { 'aria-label': label, ...attrs });

/** A small grey line. */
export const line = (...kids: Child[]): VNode => h('p.bm', 0, kids);

/** A count; what it counts is said to those who do not see it. */
export const badge = (count: number): Child => count > 0 && h('.cnt', 0, count, h('.vh', 0, say(texts.unread, '')));

/** Who wrote it, for the eyes of the visitor. */
export const nameOf = ({ author }: Message): string => (author.kind === 'bot' ? say(texts.bot) : author.name || say(texts.team));

/** To compare by: the same text on the same day of the visitor's zone. */
export const dayOf = (at: string | number | undefined): string => new Date(at ?? 0).toDateString();

/** A message in one line: who, and its text or the name of its file. */
export function brief(message: Message): string {
  const words = message.text || (message.attachments?.[0]?.name ?? '');
  return message.author.kind === 'me' ? say(texts.you, words) : `${nameOf(message)}: ${words}`;
}

/** A dot and a few words: whether the network, then whether the people are there, and until or from when. */
export function availability(): VNode {
  const { is_open, closes_at, reopens_at } = client.config!.hours;
  const open = closes_at ? say(texts.openUntil, time(closes_at)) : say(texts.openNow);
  const shut = reopens_at ? say(texts.outsideUntil, day(reopens_at), time(reopens_at)) : say(texts.outside);
  const isThere = is_open && !client.offlineSince;
  return line(h(isThere ? 'i.dot ok' : 'i.dot', 0), client.offlineSince ? `${say(texts.offline)} · ${time(client.offlineSince)}` : is_open ? open : shut);
}

export const banner = (shape: string, words: string): VNode => h('.ban', { key: words, role: 'status' }, icon(shape), h('p', 0, words));

/** Outside business hours: what becomes of a message until somebody is back. */
export const hoursBanner = (): Child => !client.config!.hours.is_open && banner(CLOCK, siteTexts().outside_hours || say(texts.outsideNote));

/** The site's own texts in the visitor's language. */
export const siteTexts = (): NonNullable<Config['texts'][string]> => client.config!.texts[language] ?? {};

/** The bar on top of every view; `left` is the way back or the site's mark. */
export const header = (left: Child, title: string, ...kids: Child[]): VNode =>
  h('.wh', 0, left, h('.gr', 0, h('h2.el', 0, title), kids[0]), kids[1], iconButton(X, say(texts.close), () => client.toggle(false), { class: 'ib x' }));

export const backButton = (to: client.View): VNode => iconButton(BACK, say(texts.back), () => client.go(to, client.shown));
