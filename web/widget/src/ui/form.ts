/** The small forms: what the site asks before the first message, and where to send a transcript. */
import * as client from '../client.ts';
import { localised, say } from '../speech.ts';
import * as texts from '../texts.ts';
import type { PrechatField } from '../wire.ts';
import { h, type Child, type VNode } from './dom.ts';
import { backButton, button, header } from './parts.ts';

const EMAIL: PrechatField = { key: 'email', type: 'email', label: {}, is_required: true };

export const prechatForm = (): Child => form('home', texts.newMessage, client.config!.prechat!.fields, client.answerPrechat);

export const transcriptForm = (): Child =>
  form('conversation', texts.transcript, [EMAIL], ({ email }) => client.sendTranscript(client.shown, email!));

function form(from: client.View, title: texts.Text, fields: readonly PrechatField[], send: (answers: Record<string, string>) => void): Child {
  const onsubmit = (event: Event): void => {
    event.preventDefault();
    const entries = [...new FormData(event.target as HTMLFormElement)] as [string, string][];
    send(Object.fromEntries(entries.filter(([, value]) => value)));
  };
  return [header(backButton(from), say(title)), h('form.wb', { onsubmit }, fields.map(control), button('btn p', () => {}, say(texts.send)))];
}

function control({ key, type, label, is_required: required, options = [] }: PrechatField): VNode {
  const words = localised(label) || say(texts.email);
  const isChoice = type === 'choice';
  const kind = type === 'phone' ? 'tel' : type;
  const choices = options.map(({ value, label: name }) => h('option', { value }, localised(name)));
  return h(
    'label',
    { key },
    required ? words : say(texts.optional, words),
    h(isChoice ? 'select.in' : 'input.in', { name: key, required, type: kind, autocomplete: /l$/.test(kind) && kind }, isChoice && [h('option', { value: '' }), choices]),
  );
}
