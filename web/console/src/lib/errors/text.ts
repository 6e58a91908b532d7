/** What a refusal means for the person: what happened, its effect, what to do. One text per `code` of the API. */
import { ApiError } from '@centralita/sdk';
import { m } from '$m';

type Text = (params: Record<string, unknown>) => string;

const word = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');
const mebibytes = (value: unknown): string => (typeof value === 'number' ? String(Math.floor(value / 1_048_576)) : '25');
const seconds = (value: unknown): string => (typeof value === 'number' ? String(Math.ceil(value / 1000)) : '60');

const TEXTS: Record<string, Text> = {
  network: () => m.err_network(),
  malformed_body: () => m.err_internal(),
  bad_cursor: () => m.err_bad_cursor(),
  unauthenticated: () => m.err_session_expired(),
  session_expired: () => m.err_session_expired(),
  token_revoked: () => m.err_session_expired(),
  invalid_credentials: () => m.err_invalid_credentials(),
  second_factor_required: () => m.err_second_factor_required(),
  link_used: () => m.err_link_used(),
  link_expired: () => m.err_link_expired(),
  forbidden: () => m.err_forbidden(),
  out_of_scope: () => m.err_out_of_scope(),
  csrf_failed: () => m.err_csrf_failed(),
  origin_forbidden: () => m.err_origin_forbidden(),
  offer_not_yours: () => m.err_offer_not_yours(),
  visitor_blocked: () => m.err_visitor_blocked(),
  ip_not_allowed: () => m.err_ip_not_allowed(),
  not_found: () => m.err_not_found(),
  gone: () => m.err_gone(),
  erased: () => m.err_gone(),
  undo_expired: () => m.err_undo_expired(),
  undo_stale: () => m.err_undo_stale(),
  cursor_expired: () => m.err_bad_cursor(),
  idempotency_in_progress: () => m.err_in_progress(),
  idempotency_mismatch: () => m.err_in_progress(),
  already_exists: () => m.err_already_exists(),
  offer_expired: () => m.err_offer_expired(),
  offer_closed: () => m.err_offer_closed(),
  stale_epoch: () => m.err_stale_epoch(),
  work_item_state: () => m.err_work_item_state(),
  not_queued: () => m.err_not_queued(),
  over_capacity: () => m.err_over_capacity(),
  already_assigned: () => m.err_already_assigned(),
  newer_entries: () => m.err_newer_entries(),
  conversation_resolved: () => m.err_conversation_resolved(),
  conversation_merged: () => m.err_conversation_merged(),
  in_use: () => m.err_in_use(),
  channel_disabled: () => m.err_channel_disabled(),
  setup_done: () => m.err_setup_done(),
  last_admin: () => m.err_last_admin(),
  agent_has_work: (p) => m.err_agent_has_work({ count: word(p['count']) || '1' }),
  not_pending: () => m.err_not_pending(),
  version_conflict: () => m.err_version_conflict(),
  precondition_required: () => m.err_version_conflict(),
  body_too_large: (p) => m.err_too_large({ max: mebibytes(p['max_bytes']) }),
  attachment_too_large: (p) => m.err_too_large({ max: mebibytes(p['max_bytes']) }),
  unsupported_media_type: () => m.err_unsupported_media_type(),
  invalid: () => m.err_invalid(),
  unknown_field: () => m.err_internal(),
  bad_filter: () => m.err_bad_filter(),
  password_weak: () => m.err_password_weak(),
  wrap_up_code_required: () => m.err_wrap_up_code_required(),
  decline_reason_required: () => m.err_decline_reason_required(),
  reason_required: () => m.err_reason_required(),
  fields_required: () => m.err_fields_required(),
  window_closed: () => m.err_window_closed(),
  consent_missing: () => m.err_consent_missing(),
  opted_out: () => m.err_opted_out(),
  quiet_hours: () => m.err_quiet_hours(),
  template_required: () => m.err_window_closed(),
  template_params_missing: () => m.err_template_params_missing(),
  capability_unsupported: () => m.err_capability_unsupported(),
  text_too_long: (p) => m.err_text_too_long({ max: word(p['max']) }),
  no_reply_route: () => m.err_no_reply_route(),
  no_mail_channel: () => m.err_no_mail_channel(),
  audience_required: () => m.err_audience_required(),
  config_invalid: () => m.err_config_invalid(),
  setup_step_failed: () => m.err_setup_step_failed(),
  rate_limited: (p) => m.err_rate_limited({ seconds: seconds(p['retry_after_ms']) }),
  sign_in_delayed: (p) => m.err_sign_in_delayed({ seconds: seconds(p['retry_after_ms']) }),
  routing_limit: () => m.err_unavailable(),
  internal: () => m.err_internal(),
  provider_error: () => m.err_provider_error(),
  unavailable: () => m.err_unavailable(),
  starting: () => m.err_unavailable(),
  draining: () => m.err_unavailable(),
  storage_full: () => m.err_storage_full(),
};

/** Codes that have a text of their own; the tests compare them with the API's list. */
export const KNOWN_CODES: readonly string[] = Object.keys(TEXTS);

/** Text for a stable code with the members that came with it. */
export function codeText(code: string, params: Record<string, unknown> = {}): string {
  return TEXTS[code]?.(params) ?? m.err_unknown({ code });
}

/** Text for anything that was thrown. */
export function errorText(error: unknown): string {
  return error instanceof ApiError ? codeText(error.code, error.problem) : m.err_internal();
}

const FIELD_TEXTS: Record<string, () => string> = {
  required: () => m.field_required(),
  type: () => m.field_format(),
  range: () => m.field_range(),
  length: () => m.field_length(),
  format: () => m.field_format(),
  pattern: () => m.field_format(),
  enum: () => m.field_format(),
  duplicate: () => m.field_duplicate(),
  unknown_reference: () => m.field_unknown_reference(),
  password_weak: () => m.err_password_weak(),
};

/** Text for the field at `pointer` (a JSON Pointer such as `/email`), or null when that field is fine. */
export function fieldError(error: unknown, pointer: string): string | null {
  if (!(error instanceof ApiError)) return null;
  const found = error.errors.find((one) => one.pointer === pointer);
  return found ? (FIELD_TEXTS[found.code]?.() ?? found.detail ?? m.field_format()) : null;
}
