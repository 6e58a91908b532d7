/** The language of the console: a signal, so that every text follows a change without a reload. */
import { getLocale, isLocale, localStorageKey, overwriteGetLocale } from '../../paraglide/runtime.js';
import type { Localized } from '@centralita/sdk';

export type Locale = 'es' | 'en';

class I18n {
  #locale = $state<Locale>('es');

  constructor() {
    this.#locale = getLocale();
    overwriteGetLocale(() => this.#locale);
    document.documentElement.lang = this.#locale;
  }

  get locale(): Locale {
    return this.#locale;
  }

  /** Takes the person's language unless this browser has one chosen here. */
  suggest(language: string): void {
    const short = language.slice(0, 2);
    if (localStorage.getItem(localStorageKey) === null && isLocale(short)) this.#show(short);
  }

  choose(locale: Locale): void {
    localStorage.setItem(localStorageKey, locale);
    this.#show(locale);
  }

  /** The text in the present language, else in any. */
  pick(text: Localized | string | null | undefined): string {
    if (text === null || text === undefined) return '';
    if (typeof text === 'string') return text;
    return text[this.#locale] ?? text['es'] ?? text['en'] ?? Object.values(text)[0] ?? '';
  }

  #show(locale: Locale): void {
    this.#locale = locale;
    document.documentElement.lang = locale;
  }
}

export const i18n = new I18n();
