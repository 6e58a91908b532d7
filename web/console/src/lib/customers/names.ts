import type { Customer } from '@centralita/sdk';
import { m } from '$m';

/** The name to show; a visitor without one is called so. */
export function customerTitle(row: Customer): string {
  return row.name || [row.given_name, row.family_name].filter(Boolean).join(' ') || m.visitor();
}

/** «Cliente desde 2021», or the month when it is this year. */
export function sinceYear(row: Customer, locale: string): string {
  const first = new Date(row.first_seen_at);
  const isThisYear = first.getFullYear() === new Date().getFullYear();
  const text = isThisYear ? new Intl.DateTimeFormat(locale, { month: 'long' }).format(first) : String(first.getFullYear());
  return m.customer_since({ when: text });
}
