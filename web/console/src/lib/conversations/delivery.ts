/** How far an outgoing message got, in an icon, words and what can be done about it. Pure. */
import type { Delivery, Entry } from '@centralita/sdk';
import { KNOWN_CODES, codeText } from '$lib/errors/text';
import { i18n } from '$lib/i18n/locale.svelte';
import { timeOfDay } from '$lib/time/format';
import { m } from '$m';

export type DeliveryTone = 'plain' | 'bad' | 'warn';
export interface DeliveryLine { icon: string; text: string; tone: DeliveryTone; may: readonly ('cancel' | 'undo' | 'retry')[] }

/** The line below a message of ours; null when there is nothing to tell. `now` is the server's clock in ms. */
export function deliveryLine(entry: Entry, now: number): DeliveryLine | null {
  const delivery = entry.delivery;
  if (!delivery || entry.direction !== 'out') return null;
  switch (delivery.state) {
    case 'held': return held(delivery, now);
    case 'queued': return queued(delivery, now);
    case 'sending': return { icon: 'clock', text: m.sending(), tone: 'plain', may: [] };
    case 'unknown': return { icon: 'alert', text: m.delivery_unknown(), tone: 'warn', may: ['retry'] };
    case 'sent': return { icon: 'check', text: m.delivery_sent(), tone: 'plain', may: [] };
    case 'delivered': return { icon: 'checks', text: m.delivery_delivered(), tone: 'plain', may: [] };
    case 'read': return { icon: 'checks', text: m.delivery_read(), tone: 'plain', may: [] };
    case 'failed': return { icon: 'alert', text: m.not_sent(), tone: 'bad', may: ['retry'] };
    case 'cancelled': return { icon: 'x', text: m.delivery_cancelled(), tone: 'plain', may: [] };
  }
}

function held(delivery: Delivery, now: number): DeliveryLine {
  const left = delivery.undo_until_at ? Math.max(0, Math.ceil((Date.parse(delivery.undo_until_at) - now) / 1000)) : 0;
  return { icon: 'clock', text: left > 0 ? m.delivery_held({ seconds: left }) : m.sending(), tone: 'plain', may: left > 0 ? ['undo'] : [] };
}

function queued(delivery: Delivery, now: number): DeliveryLine {
  const next = delivery.next_retry_at ? Date.parse(delivery.next_retry_at) : null;
  const isWaiting = delivery.attempt > 1 || (next !== null && next > now + 5_000);
  if (!isWaiting) return { icon: 'clock', text: m.sending(), tone: 'plain', may: [] };
  const text = next !== null ? m.delivery_retry_at({ time: timeOfDay(next, i18n.locale), attempt: delivery.attempt }) : m.delivery_queued();
  return { icon: 'clock', text, tone: 'warn', may: ['cancel'] };
}

/** Why it failed or waits, in words: our own for a code we know, else the provider's. Null when nobody said. */
export function deliveryError(delivery: Delivery | null): string | null {
  const error = delivery?.error;
  if (!error) return null;
  if (KNOWN_CODES.includes(error.code)) return codeText(error.code, { ...error });
  if (!error.text) return codeText(error.code);
  return error.class === 'retry' ? m.delivery_provider_waits({ text: error.text }) : m.delivery_provider_said({ text: error.text });
}
