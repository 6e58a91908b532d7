/** A moment from words: «mañana 9:30», «en 2 h», «el lunes a las 9», `tomorrow 9am`, `in 3 days`. Pure; local time of the browser. */

const MINUTE = 60_000;
const UNITS: readonly [RegExp, number][] = [
  [/^(m|min|mins|minutos?|minutes?)$/, MINUTE],
  [/^(h|hs|horas?|hours?)$/, 60 * MINUTE],
  [/^(d|dias?|days?)$/, 24 * 60 * MINUTE],
  [/^(s|sem|semanas?|w|weeks?)$/, 7 * 24 * 60 * MINUTE],
];
const DAYS: readonly (readonly string[])[] = [
  ['domingo', 'sunday', 'sun'], ['lunes', 'monday', 'mon'], ['martes', 'tuesday', 'tue'], ['miercoles', 'wednesday', 'wed'],
  ['jueves', 'thursday', 'thu'], ['viernes', 'friday', 'fri'], ['sabado', 'saturday', 'sat'],
];
/** Hour of a day that is named without one. */
const MORNING = 9;

/** Ms since 1970, always after `now`; null when the words say no moment. */
export function parseWhen(text: string, now: number): number | null {
  const words = text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/\b(el|a las|a la|at|on|next|proximo|este|this)\b/g, ' ').replace(/\s+/g, ' ').trim();
  if (words === '') return null;
  return fromNow(words, now) ?? onADay(words, now);
}

function fromNow(words: string, now: number): number | null {
  const found = /^(?:en|in|dentro de)\s+(\d+(?:[.,]\d+)?|una?|an?|media)\s*([a-z]+)$/.exec(words);
  if (!found) return null;
  const unit = UNITS.find(([name]) => name.test(found[2] ?? ''))?.[1];
  const amount = found[1] === 'media' ? 0.5 : /^(una?|an?)$/.test(found[1] ?? '') ? 1 : Number((found[1] ?? '').replace(',', '.'));
  return unit === undefined || amount <= 0 ? null : now + amount * unit;
}

function onADay(words: string, now: number): number | null {
  const clock = /(?:^|\s)(\d{1,2})(?:[:.h](\d{2}))?\s*(am|pm|h)?$/.exec(words);
  const dayWords = (clock ? words.slice(0, clock.index) : words).trim();
  const minutes = clock ? minutesOf(clock) : MORNING * 60;
  if (minutes === null) return null;
  if (dayWords === '') return clock ? after(now, 0, minutes) ?? after(now, 1, minutes) : null;
  const days = daysAhead(dayWords, now);
  if (days === null) return null;
  return after(now, days, minutes) ?? (isWeekday(dayWords) ? after(now, days + 7, minutes) : null);
}

function minutesOf(clock: RegExpExecArray): number | null {
  const hour = Number(clock[1]) % (clock[3] === 'am' || clock[3] === 'pm' ? 12 : 24) + (clock[3] === 'pm' ? 12 : 0);
  const minute = Number(clock[2] ?? 0);
  return Number(clock[1]) > 24 || minute > 59 ? null : hour * 60 + minute;
}

const isWeekday = (words: string): boolean => DAYS.some((names) => names.includes(words));

function daysAhead(words: string, now: number): number | null {
  if (/^(hoy|today)$/.test(words)) return 0;
  if (/^(manana|tomorrow)$/.test(words)) return 1;
  if (/^(pasado manana|day after tomorrow|the day after tomorrow)$/.test(words)) return 2;
  const day = DAYS.findIndex((names) => names.includes(words));
  return day < 0 ? null : (day - new Date(now).getDay() + 7) % 7;
}

/** The wall time `minutes` past midnight, `days` from today; null when it is not after `now`. */
function after(now: number, days: number, minutes: number): number | null {
  const date = new Date(now);
  date.setDate(date.getDate() + days);
  date.setHours(Math.floor(minutes / 60), minutes % 60, 0, 0);
  return date.getTime() > now ? date.getTime() : null;
}
