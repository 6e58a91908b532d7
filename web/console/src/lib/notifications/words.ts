/** A notification in an icon and a line. */
import type { Notification } from '@centralita/sdk';
import { m } from '$m';

export function wordsOf(row: Notification): { icon: string; text: string } {
  const who = row.actor?.name ?? m.a_colleague();
  if (row.kind.includes('mention')) return { icon: 'at', text: m.note_mentioned({ name: who }) };
  if (row.kind.includes('assign') || row.kind.includes('owner')) return { icon: 'user', text: m.note_assigned({ name: who }) };
  if (row.kind.includes('snooze')) return { icon: 'clock', text: m.note_unsnoozed() };
  if (row.kind.includes('fail')) return { icon: 'alert', text: m.note_failed() };
  if (row.kind.includes('follow')) return { icon: 'eye', text: m.note_followed() };
  return { icon: 'bell', text: m.note_other() };
}
