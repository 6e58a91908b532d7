// Accessible names of what the suites press and read.
import { readFileSync } from 'node:fs';

const catalogues = {};

/** A text of the console, as its message file says it. */
export function consoleText(language, key) {
  catalogues[language] ??= JSON.parse(readFileSync(`web/console/messages/${language}.json`, 'utf8'));
  const text = catalogues[language][key];
  if (typeof text !== 'string') throw new Error(`web/console/messages/${language}.json has no text \`${key}\``);
  return text;
}

/** Texts of the widget; they are code there, in web/widget/src/texts.ts. */
export const WIDGET = {
  es: { launch: /^abrir el chat/i, newMessage: /^(nuevo mensaje|nueva conversación)$/i, write: 'Escribe un mensaje', send: 'Enviar', log: 'Conversación' },
  en: { launch: /^open chat/i, newMessage: /^new (message|conversation)$/i, write: 'Write a message', send: 'Send', log: 'Conversation' },
};

/** Names of the presence statuses an organization begins with. */
export const AVAILABLE = { es: 'Disponible', en: 'Available' };
