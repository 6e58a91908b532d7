/** The view of one conversation: its log, where it stands in the queue, and the composer. */
import { LOCAL, type Item } from '../outbox.ts';
import type { Attachment, Message, Queue } from '../protocol.ts';
import { thread as threadOf, type State, type Thread } from '../store.ts';
import { sentence } from '../time.ts';
import { composer } from './composer.ts';
import { availability, banner, header, iconButton, reopening, siteTexts, type Context } from './context.ts';
import { h, type Child, type VNode } from './dom.ts';
import { title } from './home.ts';
import { icon } from './icons.ts';
import { timeline, type Row } from './timeline.ts';

/** Away this long before a banner says so; the line under the title says it at once. */
const OFFLINE_BANNER_MS = 5_000;
const PLACES_DRAWN = 6;

export function conversation(context: Context, state: State, id: string): Child[] {
  const { client, say, language, opened } = context;
  const thread = threadOf(state, id);
  const { config, notice } = state;
  const isEnded = thread.conversation.state === 'closed';
  const agent = thread.conversation.agent?.display_name;
  const isOffline = !!state.offlineSince && Date.now() - state.offlineSince >= OFFLINE_BANNER_MS;
  const sub = agent && thread.conversation.subject && !state.offlineSince ? h('p', { class: 'bm' }, h('span', { class: 'dot ok' }), say('agentHere', { name: agent })) : availability(context, state);
  const hours = config!.hours;
  return [
    header(context, title(thread, say('newConversation')), sub, () => client.go({ name: 'home' }), menuButton(context, id)),
    opened.menu && menu(context, state, id, isEnded),
    isOffline && banner('offline', 'offline', say('offlineTitle'), say('offlineNote')),
    !hours.is_open && !isOffline && banner('hours', 'clock', sentence(reopening(context, hours)) + '.', siteTexts(config!, language).outside_hours ?? say('outsideNote')),
    notice && banner('notice', notice.key === 'transcriptSent' ? 'checks' : 'alert', '', say(notice.key, notice.values), notice.key === 'transcriptSent' ? 'tint' : 'warn'),
    h('div', { key: 'log', class: 'log', role: 'log', 'aria-live': 'off', 'aria-label': say('log'), tabindex: 0 }, log(context, state, thread)),
    opened.end ? endQuestion(context, id) : thread.queue && queueCard(context, thread.queue),
    composer(context, state, id, isEnded),
  ];
}

function menuButton({ say, redraw, opened }: Context, id: string): Child {
  const toggle = (): void => {
    opened.menu = !opened.menu;
    redraw();
  };
  return !id.startsWith(LOCAL) && iconButton('more', say('more'), toggle, { 'aria-haspopup': 'menu', 'aria-expanded': String(opened.menu), 'data-menu': '' });
}

function menu({ client, say, redraw, opened }: Context, state: State, id: string, isEnded: boolean): VNode {
  const entry = (words: string, act: () => void): VNode =>
    h('button', { type: 'button', role: 'menuitem', onclick: () => ((opened.menu = false), act(), redraw()) }, words);
  const step = (event: Event): void => {
    const { key } = event as KeyboardEvent;
    if (key !== 'ArrowDown' && key !== 'ArrowUp') return;
    event.preventDefault();
    const at = event.target as Element;
    const next = key === 'ArrowDown' ? (at.nextElementSibling ?? at.parentElement!.firstElementChild) : (at.previousElementSibling ?? at.parentElement!.lastElementChild);
    (next as HTMLElement).focus();
  };
  return h(
    'div',
    { key: 'menu', class: 'menu', role: 'menu', 'aria-label': say('more'), onkeydown: step },
    state.config?.features.transcript && entry(say('transcript'), () => client.go({ name: 'transcript', id })),
    entry(say('newConversation'), () => client.compose()),
    !isEnded && entry(say('end'), () => (opened.end = true)),
  );
}

function endQuestion({ client, say, redraw, opened }: Context, id: string): VNode {
  const answer = (isYes: boolean) => () => {
    opened.end = false;
    if (isYes) void client.end(id);
    redraw();
  };
  return h(
    'div',
    { key: 'end', class: 'q', role: 'group', 'aria-label': say('endAsk') },
    h('b', null, say('endAsk')),
    h(
      'div',
      { class: 'fx' },
      h('button', { type: 'button', class: 'btn', onclick: answer(false), 'data-ask': '' }, say('cancel')),
      h('button', { type: 'button', class: 'btn p', onclick: answer(true) }, say('endYes')),
    ),
  );
}

function queueCard({ say, clock }: Context, { position, estimated_wait_ms: wait }: Queue): VNode {
  const bars = Array.from({ length: PLACES_DRAWN }, (_, i) => h('i', { class: i < (position ?? 0) ? 'on' : '' }));
  return h(
    'div',
    { key: 'queue', class: 'q', role: 'status' },
    h('div', { class: 'fx' }, h('b', { class: 'gr' }, position ? say('queuePlace', { n: position }) : say('queueWaiting')), wait ? h('span', { class: 'd' }, say('queueWait', { time: clock.duration(wait) })) : null),
    position ? h('div', { class: 'pos', 'aria-hidden': 'true' }, bars) : null,
    h('p', { class: 'd mut' }, say('queueKeep')),
  );
}

function log(context: Context, state: State, thread: Thread): Child[] {
  const { client, say } = context;
  const { id } = thread.conversation;
  const typing = thread.typing && thread.typing.until > Date.now() ? thread.typing : null;
  return [
    thread.older ? h('button', { key: 'older', type: 'button', class: 'lk ev', onclick: () => void client.loadHistory(id) }, say('older')) : null,
    timeline(thread, state.items).flatMap((row) => line(context, state, row)),
    thread.conversation.state === 'closed' && h('p', { key: 'ended', class: 'bm ev' }, say('ended')),
    typing &&
      h('div', { key: 'typing', class: 'b dots' }, h('span', { class: 'vh' }, say('typing', { name: typing.name || say('team') })), h('i', null), h('i', null), h('i', null)),
  ];
}

function line(context: Context, state: State, row: Row): Child[] {
  const { say, clock } = context;
  switch (row.kind) {
    case 'day':
      return [h('p', { key: row.key, class: 'bm ev' }, `${sentence(clock.day(row.at, Date.now()))}, ${clock.time(row.at)}`)];
    case 'line':
      return [h('p', { key: row.key, class: 'bm ev' }, say(row.line.kind, { name: row.line.name }))];
    case 'message':
      return message(context, row);
    case 'pending':
      return row.item.refusal ? refused(context, row.item) : pending(context, state, row);
  }
}

function message(context: Context, { key, message: m, isEnd, isLast, isLastOwn }: Row & { kind: 'message' }): Child[] {
  const { say, clock } = context;
  const time = clock.time(m.created_at);
  if (m.author.kind === 'system') return [h('p', { key, class: 'bm ev' }, m.text)];
  const isMine = m.author.kind === 'me';
  const files = m.attachments ?? [];
  const who = m.author.kind === 'bot' ? say('bot') : (m.author.name ?? say('team'));
  const state = isMine && isLastOwn ? `${say(m.state === 'read' ? 'read' : 'sent')} ${time}` : isMine ? time : `${who} · ${time}`;
  return [
    m.text ? h('div', { key, class: isMine ? 'b me' : 'b' }, m.text) : null,
    files.map((file) => fileChip(context, file, isMine)),
    isLast ? choices(context, m) : null,
    isEnd &&
      h('p', { key: key + 'm', class: 'bm' + (isMine ? ' e t' : '') }, m.author.kind === 'bot' && icon('bot', 's'), state, isMine && isLastOwn && icon('checks', 's')),
  ];
}

/** The buttons of a message, until something is answered. */
function choices({ client }: Context, m: Message): Child {
  const options = (m.blocks ?? []).flatMap((block) => (block.type === 'choices' ? (block.options ?? []) : []));
  if (!options.length) return null;
  return h(
    'div',
    { key: m.id + 'c', class: 'ch' },
    options.map(({ value, label }) => h('button', { type: 'button', class: 'btn', onclick: () => client.sendChoice(m, value, label) }, label)),
  );
}

function fileChip({ client, say, clock }: Context, file: Attachment, isMine: boolean): VNode {
  const save = async (): Promise<void> => {
    const blob = await client.download(file.id);
    if (!blob) return;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
  return h(
    'button',
    { key: file.id, type: 'button', class: 'b file' + (isMine ? ' me' : ''), onclick: () => void save() },
    icon('file'),
    h('span', null, h('span', { class: 'vh' }, say('download')), h('b', null, file.name), h('span', { class: 'bm' }, clock.size(file.size_bytes))),
  );
}

function pending({ say, clock }: Context, state: State, { key, item, place, count }: Row & { kind: 'pending' }): Child[] {
  const isSending = !state.offlineSince && (state.inFlight === item.id || count === 1);
  const body = item.upload
    ? h('div', { key, class: 'pend file' }, icon('file'), h('span', null, h('b', null, item.upload.name), h('span', { class: 'bm' }, clock.size(item.upload.size))))
    : h('div', { key, class: isSending ? 'b me' : 'pend' }, item.text);
  return [body, h('p', { key: key + 'm', class: 'bm e t' }, icon('clock', 's'), isSending ? say('sending') : say('waiting', { i: place, n: count }))];
}

function refused(context: Context, item: Item): Child[] {
  const { client, say, drafts, redraw, pickFiles } = context;
  const { upload } = item;
  const again = (words: string, act: () => void): VNode => h('button', { type: 'button', class: 'lk', onclick: act }, words);
  const edit = (): void => {
    drafts.set(item.conversation, item.text);
    client.remove(item);
    redraw();
  };
  const other = (): void => {
    client.remove(item);
    pickFiles(item.conversation);
  };
  return [
    h('div', { key: item.id, class: 'pend bad' }, h('b', null, icon('alert', 's'), upload ? say('notSentFile', { name: upload.name }) : say('notSent')), upload ? null : item.text, h('span', null, reason(context, item))),
    h(
      'p',
      { key: item.id + 'r', class: 'bm e t' },
      upload ? again(say('pickOther'), other) : [again(say('retry'), () => client.retry(item)), again(say('edit'), edit)],
      again(say('remove'), () => client.remove(item)),
    ),
  ];
}

function reason({ say, clock }: Context, { refusal, upload }: Item): string {
  const { code, max } = refusal!;
  if (code === 'attachment_too_large' && upload && max) return say('tooBig', { size: clock.size(upload.size), max: clock.size(max) });
  if (code === 'unsupported_media_type') return say('badType');
  if (code === 'text_too_long' && max) return say('tooLong', { max: clock.number(max) });
  if (code === 'visitor_blocked') return say('blocked');
  return say('refused', { code });
}
