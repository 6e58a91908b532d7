/** Why work waits or does not reach somebody, in words; one text per code of the routing engine. */
import { m } from '$m';

const FAILING: Record<string, () => string> = {
  offline: () => m.why_offline(), session_grace: () => m.why_session_grace(), busy: () => m.why_busy(), channel_off: () => m.why_channel_off(), transfers_only: () => m.why_transfers_only(),
  not_member: () => m.why_not_member(), membership_delay: () => m.why_membership_delay(), ring_not_reached: () => m.why_ring_not_reached(), skill_missing: () => m.why_skill_missing(), skill_level: () => m.why_skill_level(),
  language: () => m.why_language(), excluded_round: () => m.why_excluded_round(), affinity_window: () => m.why_affinity_window(), mandatory_other: () => m.why_mandatory_other(), over_capacity: () => m.why_over_capacity(),
  channel_max: () => m.why_channel_max(), held_max: () => m.why_channel_max(), exclusive_busy: () => m.why_exclusive_busy(), wrap_up_lock: () => m.why_wrap_up_lock(), schedule_lock: () => m.why_schedule_lock(),
  ramp_limit: () => m.why_offer_rate(), offer_rate: () => m.why_offer_rate(), retry_gap: () => m.why_retry_gap(), hours_closed: () => m.why_hours_closed(), interruption_limit: () => m.why_interruption_limit(),
};

/** Codes that have a text of their own. */
export const KNOWN_REASONS: readonly string[] = Object.keys(FAILING);

export const reasonText = (code: string): string => FAILING[code]?.() ?? code.replaceAll('_', ' ');
