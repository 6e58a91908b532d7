/** Durations, clocks and days as people read them. Pure: `now` and the language are arguments. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** `0:41`, `12:04`, `1:02:09`. */
export function stopwatch(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const tail = String(seconds).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** `02:14` under 15 min, then `18 min`, `1 h 10`, `3 h`, `2 d`. Never negative. */
export function countdown(ms: number): string {
  const rest = Math.max(0, ms);
  return rest < 15 * MINUTE ? stopwatch(rest).padStart(5, '0') : span(rest);
}

/** `20 s`, `18 min`, `1 h 10`, `3 h`, `2 d`. */
export function span(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / 1000)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms >= DAY) return `${Math.floor(ms / DAY)} d`;
  const minutes = Math.floor((ms % HOUR) / MINUTE);
  const hours = Math.floor(ms / HOUR);
  return hours >= 3 || minutes === 0 ? `${hours} h` : `${hours} h ${String(minutes).padStart(2, '0')}`;
}

export function timeOfDay(at: number, locale: string): string {
  return format(locale, { hour: 'numeric', minute: '2-digit' }).format(at);
}

/** Local wall time in a zone the person lives in; `null` when the zone is unknown to this browser. */
export function timeInZone(at: number, zone: string, locale: string): string | null {
  try {
    return new Intl.DateTimeFormat(locale, { hour: 'numeric', minute: '2-digit', timeZone: zone }).format(at);
  } catch {
    return null;
  }
}

/** Key that is equal for two instants of the same local day. */
export function dayKey(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

/** `Lunes, 16 de noviembre`; with the year when it is another one. */
export function longDay(at: number, now: number, locale: string): string {
  const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  const text = format(locale, { weekday: 'long', day: 'numeric', month: 'long', ...(isThisYear ? {} : { year: 'numeric' }) }).format(at);
  return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
}

/** `3 nov`, or `3 nov 2024` in another year. */
export function shortDay(at: number, now: number, locale: string): string {
  const isThisYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return format(locale, { day: 'numeric', month: 'short', ...(isThisYear ? {} : { year: 'numeric' }) }).format(at);
}

/** Full date and time with the zone, for tooltips. */
export function exact(at: number, locale: string): string {
  return format(locale, { dateStyle: 'full', timeStyle: 'long' }).format(at);
}

/** `10:02` today, else `3 nov`. */
export function timeOrDay(at: number, now: number, locale: string): string {
  return dayKey(at) === dayKey(now) ? timeOfDay(at, locale) : shortDay(at, now, locale);
}

const cache = new Map<string, Intl.DateTimeFormat>();
function format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  const known = cache.get(key) ?? new Intl.DateTimeFormat(locale, options);
  cache.set(key, known);
  return known;
}
