/** The first view: greeting, the latest conversations, a new one; and the list of all of them. */
import { recent, unread, type State, type Thread } from '../store.ts';
import { banner, availability, closeButton, initials, reopening, siteTexts, type Context } from './context.ts';
import { sentence } from '../time.ts';
import { h, type Child, type VNode } from './dom.ts';
import { icon, type Icon } from './icons.ts';

const LATEST_ON_HOME = 3;

export function home(context: Context, state: State): Child[] {
  const config = state.config!;
  const { brand, hours } = config;
  const { say } = context;
  const isHome = state.view.name === 'home';
  const threads = recent(state);
  const mark = brand.logo_url
    ? h('img', { class: 'mk', src: brand.logo_url, alt: '' })
    : h('span', { class: 'mk', 'aria-hidden': 'true' }, initials(brand.name).charAt(0));
  const name = isHome ? brand.name : say('messages');
  const note = siteTexts(config, context.language).outside_hours ?? say('outsideNote');
  return [
    h('div', { key: 'head', class: 'wh' }, mark, h('h2', { class: 'gr el' }, name), closeButton(context)),
    h(
      'div',
      { key: 'body' + state.view.name, class: 'wb' },
      isHome && h('div', null, h('p', { class: 'hi' }, greeting(context, state)), availability(context, state, 'fx mut')),
      isHome && !hours.is_open && banner('hours', 'clock', sentence(reopening(context, hours)) + '.', note),
      !isHome && !threads.length && h('p', { class: 'mut' }, say('noMessages')),
      (isHome ? threads.slice(0, LATEST_ON_HOME) : threads).map((thread) => row(context, thread)),
      h(
        'button',
        { type: 'button', class: 'btn p' + (isHome ? '' : ' sp'), onclick: () => context.client.compose() },
        say('newMessage'),
        icon('forward'),
      ),
    ),
    tabs(context, state),
  ];
}

function greeting({ say, language }: Context, state: State): string {
  const name = state.visitor?.display_name;
  const hello = name ? say('helloName', { name }) : say('hello');
  return siteTexts(state.config!, language).greeting ?? `${hello}\n${say('ask')}`;
}

function row({ client, say, clock }: Context, thread: Thread): VNode {
  const { conversation } = thread;
  const message = conversation.last_message!;
  const name = message.author.name ?? conversation.agent?.display_name ?? say(message.author.kind === 'bot' ? 'bot' : 'team');
  const what = message.text || message.attachments?.[0]?.name || '';
  const preview = message.author.kind === 'me' ? say('youSaid', { text: what }) : say('news', { name, text: what });
  const count = conversation.unread_count;
  return h(
    'button',
    { key: conversation.id, type: 'button', class: 'row', onclick: () => client.go({ name: 'conversation', id: conversation.id }) },
    h('span', { class: 'av', 'aria-hidden': 'true' }, initials(conversation.agent?.display_name ?? name)),
    h(
      'span',
      { class: 'gr' },
      h('span', { class: 'fx' }, h('b', { class: 'gr el' }, title(thread, say('log'))), h('span', { class: 'bm' }, clock.brief(message.created_at, Date.now()))),
      h('span', { class: 'fx' }, h('span', { class: 'gr el mut' }, preview), badge(count, say('unread', { n: count }))),
    ),
  );
}

export const title = ({ conversation }: Thread, fallback: string): string =>
  conversation.subject || conversation.agent?.display_name || fallback;

/** A count, said in words to those who do not see it. */
export const badge = (count: number, words: string): Child =>
  count > 0 && h('span', { class: 'cnt' }, h('span', { 'aria-hidden': 'true' }, count > 99 ? '99+' : String(count)), h('span', { class: 'vh' }, words));

function tabs({ client, say }: Context, state: State): VNode {
  const count = unread(state);
  const tab = (name: 'home' | 'messages', shape: Icon, mark: Child): VNode =>
    h(
      'button',
      { type: 'button', 'aria-current': state.view.name === name && 'page', onclick: () => client.go({ name }) },
      icon(shape),
      say(name),
      mark,
    );
  return h(
    'nav',
    { key: 'tabs', class: 'tabs', 'aria-label': say('sections') },
    tab('home', 'home', null),
    tab('messages', 'chat', badge(count, say('unread', { n: count }))),
  );
}
