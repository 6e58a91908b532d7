/** A channel's health in a dot, a word and a time. */
import type { Channel } from '@centralita/sdk';
import { i18n } from '$lib/i18n/locale.svelte';
import { timeOrDay } from '$lib/time/format';
import { m } from '$m';

export interface HealthLook { dot: '' | 'ok' | 'warn' | 'bad' | 'acc'; word: string; last: string }

export function healthLook(channel: Channel, now: number, locale: string): HealthLook {
  const at = channel.health.last_in_at ?? channel.health.last_out_at;
  const last = at ? m.last_message({ when: timeOrDay(Date.parse(at), now, locale) }) : m.no_messages_yet();
  if (channel.state !== 'enabled') {
    const isUnfinished = channel.state === 'draft' || channel.state === 'ready';
    return { dot: isUnfinished ? 'acc' : '', word: isUnfinished ? m.channel_draft() : m.channel_off(), last };
  }
  switch (channel.health.state) {
    case 'ok': return { dot: 'ok', word: m.health_ok(), last };
    case 'degraded': return { dot: 'warn', word: i18n.pick(channel.health.error?.text) || m.health_degraded(), last };
    case 'down': return { dot: 'bad', word: i18n.pick(channel.health.error?.text) || m.health_down(), last };
    case 'unknown': return { dot: '', word: m.health_unknown(), last };
  }
}
