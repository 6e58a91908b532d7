/**
 * The texts of the launcher, in Spanish and English, and how a text is chosen and filled. `{name}` marks a value.
 *
 * The panel's own are in `panel-text.ts`, which is loaded with it.
 */

export const LAUNCHER_TEXTS = {
  es: {
    launch: 'Abrir el chat',
    launchUnread: 'Abrir el chat, {n} sin leer',
    close: 'Cerrar el chat',
    bot: 'Asistente automático',
    team: 'El equipo',
    news: '{name}: {text}',
    newsMany: '{n} mensajes nuevos',
  },
  en: {
    launch: 'Open chat',
    launchUnread: 'Open chat, {n} unread',
    close: 'Close chat',
    bot: 'Automatic assistant',
    team: 'The team',
    news: '{name}: {text}',
    newsMany: '{n} new messages',
  },
};

export type Language = 'es' | 'en';
export type Values = Readonly<Record<string, string | number>>;
export type Speak<K extends string> = (key: K, values?: Values) => string;
export type LauncherKey = keyof typeof LAUNCHER_TEXTS.es;

/** The first of the wanted BCP 47 tags whose language the widget speaks; English when none is. */
export function pickLocale(wanted: readonly (string | null | undefined)[]): { readonly language: Language; readonly locale: string } {
  for (const tag of wanted) {
    const language = tag?.toLowerCase().split('-')[0];
    if (tag && (language === 'es' || language === 'en')) return { language, locale: tag };
  }
  return { language: 'en', locale: 'en' };
}

/** Says the texts of one table, their values filled in. */
export const speaker =
  <K extends string>(texts: Readonly<Record<K, string>>): Speak<K> =>
  (key, values = {}) =>
    texts[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
