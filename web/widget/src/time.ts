/** Dates, durations and sizes in words, by the visitor's locale and zone. */

export class Clock {
  readonly #locale: string;
  readonly #words: Intl.RelativeTimeFormat;

  constructor(locale: string) {
    this.#locale = locale;
    this.#words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  }

  /** `12:31` */
  time(at: string | number): string {
    return new Date(at).toLocaleTimeString(this.#locale, { hour: 'numeric', minute: '2-digit' });
  }

  /** `hoy`, `ayer`, `mañana`, a weekday within six days, else the date. */
  day(at: string | number, now: number): string {
    const date = new Date(at);
    const days = Math.round((midnight(date) - midnight(new Date(now))) / 86_400_000);
    if (Math.abs(days) <= 1) return this.#words.format(days, 'day');
    return date.toLocaleDateString(this.#locale, Math.abs(days) < 7 ? { weekday: 'long' } : { day: 'numeric', month: 'short' });
  }

  /** For a list: the time today, else the day. */
  brief(at: string, now: number): string {
    return midnight(new Date(at)) === midnight(new Date(now)) ? this.time(at) : this.day(at, now);
  }

  /** `4 min`, `1 h 10` */
  duration(ms: number): string {
    const minutes = Math.max(1, Math.round(ms / 60_000));
    return minutes < 60 ? minutes + ' min' : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')}`;
  }

  /** `10.000` */
  number(value: number): string {
    return value.toLocaleString(this.#locale);
  }

  /** `2,4 MB` */
  size(bytes: number): string {
    const [value, unit] = bytes < 1_000_000 ? [bytes / 1_000, 'kB'] : [bytes / 1_000_000, 'MB'];
    return value.toLocaleString(this.#locale, { maximumFractionDigits: value < 10 ? 1 : 0 }) + ' ' + unit;
  }
}

const midnight = (date: Date): number => new Date(date).setHours(0, 0, 0, 0);

/** The first letter in upper case, for a phrase that opens a line. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
