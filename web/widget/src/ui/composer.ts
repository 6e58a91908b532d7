/** Where the visitor writes. Enter sends, Shift+Enter breaks the line. */
import type { State } from '../store.ts';
import { iconButton, localised, type Context } from './context.ts';
import { h, type VNode } from './dom.ts';

export function composer(context: Context, state: State, id: string, isEnded: boolean): VNode {
  const { client, say, language, pickFiles } = context;
  const { features, limits, consent_notice: notice } = state.config!;
  const isOffline = !!state.offlineSince;
  const hint = say(isOffline ? 'writeOffline' : isEnded ? 'writeEnded' : 'writeHint');
  const submit = (event: Event): void => {
    const box = (event.currentTarget as Element).closest('.box')!.querySelector('textarea')!;
    const text = box.value.trim();
    if (text) client.sendText(id, text);
    write(context, id, box, '');
    box.focus();
  };
  const keydown = (event: Event): void => {
    const { key, shiftKey, isComposing } = event as KeyboardEvent;
    if (key !== 'Enter' || shiftKey || isComposing) return;
    event.preventDefault();
    submit(event);
  };
  return h(
    'div',
    { key: 'composer', class: 'wc' },
    h(
      'div',
      { class: 'box' },
      features.upload && iconButton('clip', say('attach'), () => pickFiles(id)),
      h('textarea', {
        rows: 1,
        'aria-label': say('write'),
        placeholder: hint,
        maxlength: limits.max_text_chars,
        enterkeyhint: 'send',
        onkeydown: keydown,
        oninput: (event) => {
          const box = event.currentTarget as HTMLTextAreaElement;
          write(context, id, box, box.value);
          if (box.value) client.typed(id);
        },
        onpaste: (event) => {
          const files = (event as ClipboardEvent).clipboardData?.files;
          if (features.upload) for (const file of files ?? []) client.sendFile(id, file);
        },
      }),
      iconButton(isOffline ? 'clock' : 'send', say(isOffline ? 'sendLater' : 'send'), submit, { class: 'ib go' }),
    ),
    notice && !client.hasSession ? h('p', { class: 'bm note' }, localised(notice, language)) : null,
  );
}

/** Puts text into the box, keeps it as the draft, and lets the box grow with it. */
export function write({ drafts }: Context, id: string, box: HTMLTextAreaElement, text: string): void {
  drafts.set(id, text);
  if (box.value !== text) box.value = text;
  box.style.height = '44px';
  if (box.scrollHeight > 44) box.style.height = box.scrollHeight + 'px';
}
