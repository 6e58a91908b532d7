/** Opening hours as they are edited: local wall times per day, checked before they are sent. Pure. */
import type { HoursException, Interval } from '@centralita/sdk';

export const DAYS = 7;
/** Monday to Friday, 9 to 18. */
export const OFFICE: readonly (readonly Interval[])[] = Array.from({ length: DAYS }, (_, day) => (day < 5 ? [{ from: '09:00', to: '18:00' }] : []));

export type HoursProblem = 'backwards' | 'overlap';

/** What is wrong with the intervals of one day; null when they are in order and apart. `24:00` ends a day. */
export function dayProblem(intervals: readonly Interval[]): HoursProblem | null {
  if (intervals.some((one) => one.from >= one.to)) return 'backwards';
  const sorted = [...intervals].sort((a, b) => (a.from < b.from ? -1 : 1));
  return sorted.some((one, index) => index > 0 && one.from < (sorted[index - 1]?.to ?? '')) ? 'overlap' : null;
}

/** Seven days, whatever came: missing ones are closed. */
export function week(weekly: readonly (readonly Interval[])[] | null | undefined): Interval[][] {
  return Array.from({ length: DAYS }, (_, day) => (weekly?.[day] ?? []).map((one) => ({ from: short(one.from), to: short(one.to) })));
}

/** `09:00:00` → `09:00`. */
const short = (time: string): string => time.slice(0, 5);

/** The interval a new line of a day begins with: after the last one, or the morning. */
export function nextInterval(intervals: readonly Interval[]): Interval {
  const last = intervals.at(-1);
  if (!last || last.to >= '22:00') return { from: '09:00', to: '14:00' };
  const hour = Number(last.to.slice(0, 2));
  const text = (value: number) => String(Math.min(24, value)).padStart(2, '0');
  return { from: `${text(hour + 1)}:00`, to: `${text(hour + 4)}:00` };
}

/** Hours of a week in minutes. */
export function openMinutes(weekly: readonly (readonly Interval[])[]): number {
  const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
  return weekly.flat().reduce((sum, one) => sum + Math.max(0, minutes(one.to) - minutes(one.from)), 0);
}

/** Exceptions in date order, those without a date left out. */
export function orderedExceptions(list: readonly HoursException[]): HoursException[] {
  return list.filter((one) => one.on !== '').sort((a, b) => (a.on < b.on ? -1 : 1));
}
