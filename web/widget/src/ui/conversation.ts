/** The view of one conversation: its log, where it stands in the queue, and where the visitor writes. */
import * as client from '../client.ts';
import { isLocal } from '../outbox.ts';
import { localised, say } from '../speech.ts';
import * as texts from '../texts.ts';
import { threadOf, type Thread } from '../threads.ts';
import { h, type Child, type VNode } from './dom.ts';
import { titleOf } from './home.ts';
import { ALERT, CLIP, CLOCK, icon, MORE, SEND } from './icons.ts';
import { log } from './log.ts';
import { availability, backButton, banner, button, header, hoursBanner, iconButton } from './parts.ts';

const PLACES_DRAWN = 6;

/** What is open over the log: the menu, or its question before ending. */
export let opened: '' | 'menu' | 'end' = '';

/** Opens one of them, or none. */
export function expand(what: typeof opened): void {
  opened = what;
  client.changed();
}

export function conversation(): Child {
  const thread = threadOf(client.shown);
  const { id } = thread;
  const more = iconButton(MORE, say(texts.more), () => expand(opened ? '' : 'menu'), { 'aria-expanded': String(!!opened) });
  return [
    header(backButton('home'), titleOf(thread), availability(), !isLocal(id) && more),
    opened && h('.menu', { key: opened }, menu(thread)),
    client.offlineSince ? banner(ALERT, say(texts.offlineNote)) : hoursBanner(),
    client.notice && banner(ALERT, client.notice),
    h('.log', { key: 'log' + isLocal(id), role: 'log', 'aria-live': 'off', 'aria-label': say(texts.conversation), tabindex: '0' }, h('.rows', 0, log(thread))),
    queueCard(thread),
    composer(thread),
  ];
}

function menu({ id, state }: Thread): Child {
  const entry = (words: texts.Text, act: () => void): VNode =>
    button('mi', () => (expand(''), act()), say(words));
  return opened === 'menu'
    ? [
        client.config!.features.transcript && entry(texts.transcript, () => client.go('transcript', id)),
        entry(texts.newMessage, client.compose),
        state !== 'closed' && entry(texts.end, () => expand('end')),
      ]
    : [h('b', 0, say(texts.end) + '?'), entry(texts.back, () => {}), entry(texts.end, () => client.end(id))];
}

/** Without a place and without a wait nobody waits any more. */
function queueCard({ queue, state }: Thread): Child {
  const { position, wait_band } = queue ?? {};
  const bars = Array.from({ length: PLACES_DRAWN }, (_, i) => h(i < position! ? 'i.on' : 'i', 0));
  return (
    (position || wait_band) &&
    state !== 'closed' &&
    h(
      '.q',
      { key: 'queue', role: 'status' },
      h('b', 0, position ? say(texts.queuePlace, position) : say(texts.queued)),
      position && h('.pos', { 'aria-hidden': 'true' }, bars),
      h('p.mut', 0, say(texts.queueKeep)),
    )
  );
}

/** Enter sends, Shift+Enter breaks the line. The button leaves the focus where it is: in the box. */
function composer(thread: Thread): VNode {
  const { id } = thread;
  const { features, limits, consent_notice } = client.config!;
  const submit = (): void => {
    const text = thread.draft.trim();
    if (!text || client.send(id, { text })) thread.draft = '';
    client.changed();
  };
  const sendAll = (files: FileList | null | undefined): void => {
    if (features.upload) for (const file of files ?? []) client.sendFile(id, file);
  };
  const onchange = (event: Event): void => {
    const field = event.target as HTMLInputElement;
    sendAll(field.files);
    field.value = ''; // The same file may be picked again.
  };
  return h(
    '.wc',
    { key: 'composer' },
    h(
      '.box',
      0,
      features.upload &&
        h('label.ib', 0, h('input.vh', { type: 'file', multiple: true, accept: limits.attachment_types?.join(), 'aria-label': say(texts.attach), onchange }), icon(CLIP)),
      h('textarea', {
        rows: '1',
        'aria-label': say(texts.write),
        placeholder: say(texts.write),
        maxlength: limits.max_text_chars,
        enterkeyhint: 'send',
        value: thread.draft,
        onkeydown: (event) => {
          const { key, shiftKey, isComposing } = event as KeyboardEvent;
          if (key !== 'Enter' || shiftKey || isComposing) return;
          event.preventDefault();
          submit();
        },
        oninput: (event) => {
          thread.draft = (event.target as HTMLTextAreaElement).value;
          if (thread.draft) client.typed(id);
        },
        onpaste: (event) => sendAll((event as ClipboardEvent).clipboardData?.files),
      }),
      iconButton(client.offlineSince ? CLOCK : SEND, say(texts.send), submit, { class: 'ib go', onmousedown: (event) => event.preventDefault() }),
    ),
    !client.token && h('p.bm note', 0, localised(consent_notice)),
  );
}
