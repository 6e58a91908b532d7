/** The visitor's language: texts, dates, durations and sizes in words. A page has one widget, so it has one language. */
import { LANGUAGES, wordsOf, type Text } from './texts.ts';
import type { Localised } from './wire.ts';

/** BCP 47 tag the visitor is served in. */
export let locale = 'en';
/** Its language alone. */
export let language = locale;

const languageOf = (tag: string | null | undefined): string => tag?.split('-')[0]!.toLowerCase() ?? '';
const place = (of: string): number => LANGUAGES.indexOf(of);

/** Takes the first of the wanted tags whose language the widget speaks; English when none is. */
export function chooseLocale(wanted: readonly (string | null | undefined)[]): void {
  locale = wanted.find((tag) => place(languageOf(tag)) >= 0) ?? 'en';
  language = languageOf(locale);
}

/** A text in the visitor's language, its values filled in. */
export const say = (text: Text, ...values: (string | number)[]): string => wordsOf(text, place(language)).replace(/{}/g, () => String(values.shift()));

/** One of the site's own texts in the visitor's language, else in any. */
export const localised = (texts: Localised | null | undefined): string => texts?.[language] ?? Object.values(texts ?? {})[0] ?? '';

/** `12:31` */
export const time = (at: string | number): string => new Date(at).toLocaleTimeString(locale, { hour: 'numeric', minute: '2-digit' });

const midnight = (at: string | number): number => new Date(at).setHours(0, 0, 0, 0);

/** `hoy`, `ayer`, `mañana`, `hace 3 días` */
export const day = (at: string | number): string =>
  new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(Math.round((midnight(at) - midnight(Date.now())) / 86_400_000), 'day');

/** `2,4 MB`, `0,085 MB` */
export const size = (bytes: number): string => (bytes / 1e6).toLocaleString(locale, { maximumSignificantDigits: 2 }) + ' MB';
