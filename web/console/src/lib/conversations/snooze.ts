/** Moments to snooze until, from now. Pure; local time of the browser. */

const HOUR = 3_600_000;

export interface SnoozeChoice { id: 'in_2_hours' | 'tomorrow' | 'monday' | 'until_reply'; at: number | null }

export function snoozeChoices(now: number): SnoozeChoice[] {
  return [
    { id: 'in_2_hours', at: now + 2 * HOUR },
    { id: 'tomorrow', at: morning(now, 1) },
    { id: 'monday', at: morning(now, daysToMonday(now)) },
    { id: 'until_reply', at: null },
  ];
}

/** 9:00 of the day `days` after today. */
function morning(now: number, days: number): number {
  const date = new Date(now);
  date.setDate(date.getDate() + days);
  date.setHours(9, 0, 0, 0);
  return date.getTime();
}

/** Days to the next Monday; a whole week when today is Monday. */
function daysToMonday(now: number): number {
  return (8 - new Date(now).getDay()) % 7 || 7;
}
