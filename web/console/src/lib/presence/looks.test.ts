import { describe, expect, it } from 'vitest';
import type { PresenceStatus } from '@centralita/sdk';
import { m } from '$m';
import { channelEffect } from './looks';

const status = (kind: PresenceStatus['kind'], channels: Record<string, string> = {}) => ({ kind, channels }) as unknown as PresenceStatus;

describe('what a status lets in', () => {
  it('is everything but what it shuts', () => {
    expect(channelEffect(status('online'))).toBe(m.effect_all());
    expect(channelEffect(status('online', { email: 'off' }))).toBe(m.effect_except({ list: m.ch_email() }));
  });

  it('is only what it opens, or nothing', () => {
    expect(channelEffect(status('online', { chat: 'online', email: 'off' }))).toBe(m.effect_only({ list: m.ch_web_chat() }));
    expect(channelEffect(status('busy'))).toBe(m.effect_none());
    expect(channelEffect(status('offline'))).toBe(m.effect_none_offline());
  });
});
