/** The small forms: what the site asks before the first message, and where to send a transcript. */
import type { PrechatField } from '../protocol.ts';
import type { State } from '../store.ts';
import { header, localised, type Context } from './context.ts';
import { h, type Child, type VNode } from './dom.ts';

const INPUT = {
  text: { type: 'text', autocomplete: 'on' },
  email: { type: 'email', autocomplete: 'email' },
  phone: { type: 'tel', autocomplete: 'tel' },
};

export function form(context: Context, state: State): Child[] {
  const { client, say, language } = context;
  const { view } = state;
  if (view.name === 'transcript') {
    const { id } = view;
    const field: PrechatField = { key: 'email', type: 'email', label: { [language]: say('email') }, is_required: true };
    const back = (): void => client.go({ name: 'conversation', id });
    const send = ({ email }: Record<string, string>): void => void client.sendTranscript(id, email!);
    return page(context, say('transcript'), [field], say('send'), back, send);
  }
  const fields = state.config?.prechat?.fields ?? [];
  return page(context, say('prechatTitle'), fields, say('start'), () => client.go({ name: 'home' }), (answers) => client.answerPrechat(answers));
}

function page(context: Context, title: string, fields: readonly PrechatField[], action: string, back: () => void, send: (answers: Record<string, string>) => void): Child[] {
  const onsubmit = (event: Event): void => {
    event.preventDefault();
    const answers: Record<string, string> = {};
    new FormData(event.target as HTMLFormElement).forEach((value, key) => {
      if (value) answers[key] = String(value).trim();
    });
    send(answers);
  };
  return [
    header(context, title, null, back),
    h(
      'div',
      { key: 'form', class: 'wb' },
      h('form', { onsubmit }, fields.map((field) => control(context, field)), h('button', { class: 'btn p' }, action)),
    ),
  ];
}

function control({ language, say }: Context, { key, type, label, is_required: required, options }: PrechatField): VNode {
  const words = localised(label, language);
  const attrs = { class: 'in', name: key, required };
  return h(
    'label',
    { key },
    required ? words : say('optional', { label: words }),
    type === 'choice'
      ? h('select', attrs, h('option', { value: '' }), (options ?? []).map(({ value, label: name }) => h('option', { value }, localised(name, language))))
      : h('input', { ...attrs, ...(INPUT[type] ?? INPUT.text) }),
  );
}
