import { describe, expect, it } from 'vitest';
import { KNOWN_REASONS, reasonText } from './why';

/** What the engine can answer for an agent. */
const CODES = 'offline session_grace busy channel_off transfers_only not_member membership_delay ring_not_reached skill_missing skill_level language excluded_round affinity_window mandatory_other over_capacity channel_max held_max exclusive_busy wrap_up_lock schedule_lock ramp_limit offer_rate retry_gap hours_closed interruption_limit'.split(' ');

describe('why work does not reach somebody', () => {
  it.each(CODES)('is said in words for %s', (code) => {
    expect(KNOWN_REASONS).toContain(code);
    expect(reasonText(code)).not.toBe(code);
  });

  it('shows a reason it does not know as it is', () => expect(reasonText('moon_phase')).toBe('moon phase'));
});
