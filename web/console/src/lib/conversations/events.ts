/** One line per event of the timeline, in words. */
import type { Entry } from '@centralita/sdk';
import { i18n } from '$lib/i18n/locale.svelte';
import { live } from '$lib/live/store.svelte';
import { m } from '$m';

export interface Line { icon: string; text: string }

const word = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The line of an event or call; null for one that people need not see. */
export function eventLine(entry: Entry): Line | null {
  if (entry.kind === 'call_leg') return { icon: 'phone', text: m.ev_call() };
  const who = entry.author.name ?? '';
  const data = entry.body.data ?? {};
  const queueId = typeof data['queue_id'] === 'string' ? data['queue_id'] : null;
  const queue = i18n.pick(queueId ? live.tables.queues.get(queueId)?.name : null);
  const to = typeof data['to_name'] === 'string' ? data['to_name'] : queue;
  switch (entry.body.type) {
    case 'conversation.created': return { icon: 'chat', text: m.ev_created() };
    case 'conversation.resolved': return { icon: 'check', text: who ? m.ev_resolved_by({ name: who }) : m.ev_resolved() };
    case 'conversation.reopened': return { icon: 'undo', text: m.ev_reopened() };
    case 'conversation.snoozed': return { icon: 'clock', text: who ? m.ev_snoozed_by({ name: who }) : m.ev_snoozed() };
    case 'conversation.unsnoozed': return { icon: 'clock', text: m.ev_unsnoozed() };
    case 'conversation.owner_changed': return { icon: 'user', text: who ? m.ev_owner({ name: to || who }) : m.ev_owner_cleared() };
    case 'conversation.merged': return { icon: 'swap', text: m.ev_merged() };
    case 'interaction.started': return { icon: 'route', text: m.ev_interaction_started() };
    case 'interaction.ended': return { icon: 'route', text: m.ev_interaction_ended() };
    case 'work_item.queued': return { icon: 'route', text: queue ? m.ev_queued({ queue }) : m.ev_queued_any() };
    case 'work_item.active': return { icon: 'user', text: m.ev_active({ name: to || who }) };
    case 'transcript.sent': return { icon: 'mail', text: m.ev_transcript({ to: word(data['to']) }) };
    case 'notify.asked': return { icon: 'mail', text: m.ev_notify_asked({ to: word(data['to']) }) };
    case 'notify.sent': return { icon: 'mail', text: m.ev_notify_sent({ to: word(data['to']) }) };
    case 'rating.given': {
      const comment = word(data['comment']);
      const stars = '★'.repeat(typeof data['stars'] === 'number' ? data['stars'] : 0);
      return { icon: 'info', text: m.ev_rating({ stars }) + (comment ? ` · ${comment}` : '') };
    }
    case 'work_item.closed': return null;
    case 'offer.declined':
    case 'offer.timed_out': return { icon: 'bell', text: m.ev_offer_missed({ name: who }) };
    default: return entry.body.text ? { icon: 'info', text: entry.body.text } : null;
  }
}
