/** The first view: greeting, the visitor's conversations, and a new one. */
import * as client from '../client.ts';
import { day, say, time } from '../speech.ts';
import * as texts from '../texts.ts';
import { latest, type Thread } from '../threads.ts';
import { h, type Child, type VNode } from './dom.ts';
import { FORWARD, icon } from './icons.ts';
import { availability, badge, brief, button, dayOf, header, hoursBanner, line, nameOf, siteTexts } from './parts.ts';

export function home(): Child {
  const { name, logo_url } = client.config!.brand;
  const greeting = (client.visitorName ? say(texts.hello, client.visitorName) + '\n' : '') + say(texts.ask);
  return [
    header(logo_url ? h('img.mk', { src: logo_url, 'aria-hidden': 'true' }) : h('b.mk', { 'aria-hidden': 'true' }, name[0]), name),
    h(
      '.wb',
      { key: 'home' },
      h('p.hi', 0, siteTexts().greeting || greeting),
      availability(),
      hoursBanner(),
      latest().map(row),
      button('btn p', client.compose, [say(texts.newMessage), icon(FORWARD)]),
    ),
  ];
}

function row(thread: Thread): VNode {
  const { id, agent, unread_count } = thread;
  const message = thread.last_message!;
  const at = message.created_at;
  const who = agent?.display_name ?? nameOf(message);
  return button(
    'row',
    () => client.go('conversation', id),
    [
      h('b.av', { 'aria-hidden': 'true' }, who[0]),
      h('.gr', 0, h('.fx', 0, h('b.gr el', 0, titleOf(thread)), line(dayOf(at) === dayOf(Date.now()) ? time(at) : day(at))), h('.fx', 0, h('.gr el mut', 0, brief(message)), badge(unread_count))),
    ],
    { key: id },
  );
}

export const titleOf = ({ subject, agent, last_message }: Thread): string =>
  subject || agent?.display_name || say(last_message ? texts.conversation : texts.newMessage);
