/** What stands in the log of a conversation, line by line. */
import * as client from '../client.ts';
import { day, say, size, time } from '../speech.ts';
import * as texts from '../texts.ts';
import { threadOf, type Thread } from '../threads.ts';
import type { Item, Message, Rich } from '../wire.ts';
import { h, type Child, type VNode } from './dom.ts';
import { ALERT, CHECKS, CLOCK, FILE, icon } from './icons.ts';
import { button, dayOf, line, nameOf } from './parts.ts';

/** The rows of a thread and of its unsent messages. An own message has the key of its outbox item, so it stays the same row. */
export function log({ messages, id, older, state, typing, typingUntil, rating }: Thread): Child {
  const known = messages.map((message) => message.client_message_id);
  const unsent = client.outbox.items().filter((item) => item.conversation === id && !known.includes(item.id));
  const waiting = unsent.filter((item) => !item.refusal);
  const lastOwn = messages.findLast(isMine);
  return [
    older && button('lk ev', () => client.loadHistory(id), say(texts.older), { key: 'older' }),
    messages.map((message, i) => {
      const next = messages[i + 1];
      const at = message.created_at;
      return [
        dayOf(messages[i - 1]?.created_at) !== dayOf(at) && event(`${day(at)}, ${time(at)}`),
        message.author.kind === 'system' ? event(message.text) : bubble(message, !next || groupOf(next) !== groupOf(message), message === lastOwn),
        !next && !unsent[0] && choices(message),
      ];
    }),
    unsent.map((item) => (item.refusal ? refused(item) : pending(item, waiting))),
    state === 'closed' ? [event(say(texts.ended)), client.config!.features.rating && (rating ? event('★'.repeat(rating)) : stars(id))] : typing && typingUntil! > Date.now() && line(say(texts.typing, typing)),
  ];
}

/** The question after the end. */
const stars = (id: string): Child => [event(say(texts.rate)), h('.fx ev', 0, [1, 2, 3, 4, 5].map((n) => button('btn', () => client.rate(id, n), n + ' ★')))];

const event = (words: string): VNode => h('p.bm ev', 0, words);

const isMine = ({ author }: Message): boolean => author.kind === 'me';

/** The messages of one author in one minute stand together. */
const groupOf = ({ author, created_at }: Message): string => author.kind + author.name + created_at.slice(0, 16);

/** `isEnd`: the last of one author's messages close together; it carries the time. */
function bubble(message: Message, isEnd: boolean, isLastOwn: boolean): Child {
  const { id, text, blocks = [], attachments = [], state, client_message_id } = message;
  const key = client_message_id ?? id;
  const own = isMine(message);
  const prefix = own ? (isLastOwn ? say(state === 'read' ? texts.read : texts.sent) + ' ' : '') : nameOf(message) + ' · ';
  return [
    text && h(own ? '.b me' : '.b', { key }, blocks[0]?.nodes?.map(marked) ?? text),
    attachments.map((file) => button(own ? 'b file e' : 'b file', () => client.download(file.id, file.name), fileWords(file), { key: file.id })),
    isEnd && meta(own, key, prefix + time(message.created_at), isLastOwn && icon(CHECKS)),
  ];
}

/** An element of marked-up words. The server has read the marks; tag and address are looked at all the same. */
const marked = (node: Rich): Child => {
  if (!Array.isArray(node)) return node as string;
  const [tag, href, ...kids] = node as string[];
  return /^(a|b|i|p|code|pre|[uo]l|li)$/.test(tag!) && h(tag!, /^(https?|mailto):/.test(href!) && { href, target: '_blank' }, kids.map(marked));
};

/** The small line under a bubble. */
const meta = (own: boolean, key: string, ...kids: Child[]): VNode => h(own ? 'p.bm e' : 'p.bm', { key: key + 'm' }, kids);

/** The buttons of a message, until something is answered. */
const choices = ({ id, conversation_id, blocks = [] }: Message): Child =>
  blocks.map(
    ({ options }) =>
      options &&
      h('.fx', 0, options.map(({ value, label }) => button('btn', () => client.send(conversation_id, { text: label, choice: { entry_id: id, value } }), label))),
  );

const fileWords = ({ name, size_bytes }: NonNullable<Item['upload']>): Child => [icon(FILE), h('.gr', 0, h('b', 0, name), line(size(size_bytes)))];

function pending(item: Item, waiting: readonly Item[]): Child {
  const { id, text, upload } = item;
  const count = waiting.length;
  const isSending = !client.offlineSince && (client.outbox.inFlight() === id || count < 2);
  const share = client.progress.get(id);
  return [
    upload
      ? h('.pend file', { key: id }, fileWords(upload))
      : h(isSending ? '.b me' : '.pend', { key: id }, text),
    meta(true, id, icon(CLOCK), isSending ? say(texts.sending) + (share ? ` ${Math.round(share * 100)} %` : '') : say(texts.waiting, waiting.indexOf(item) + 1, count)),
  ];
}

function refused(item: Item): Child {
  const { id, text, upload, conversation } = item;
  const link = (words: texts.Text, act: () => void): VNode => button('lk', act, say(words));
  const remove = (): void => client.outbox.drop(item);
  const edit = (): void => {
    threadOf(conversation).draft = text;
    remove();
  };
  return [
    h('.pend bad', { key: id }, h('b', 0, icon(ALERT), say(texts.notSent)), upload ? upload.name : text, h('p', 0, reason(item))),
    meta(true, id, !upload && [link(texts.retry, () => client.outbox.add({ ...item, refusal: undefined })), link(texts.edit, edit)], link(texts.remove, remove)),
  ];
}

/** Why the server refused a message, and what would be accepted. */
function reason({ refusal, upload }: Item): string {
  const { code, status, max_bytes } = refusal!;
  if (code === 'attachment_too_large' && max_bytes) return say(texts.tooBig, size(upload!.size_bytes), size(max_bytes));
  if (code === 'unsupported_media_type') return say(texts.badType);
  if (code === 'visitor_blocked') return say(texts.blocked);
  return say(texts.failure, code ?? status);
}
