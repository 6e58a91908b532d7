import { describe, expect, it } from 'vitest';
import { ApiError } from '@centralita/sdk';
import { KNOWN_CODES, codeText, errorText, fieldError } from './text';

/** Codes of the API that the console's screens can meet. */
const MET = [
  'unauthenticated', 'invalid_credentials', 'session_expired', 'token_revoked', 'link_used', 'link_expired', 'forbidden', 'csrf_failed', 'origin_forbidden', 'offer_not_yours', 'out_of_scope', 'not_found', 'gone', 'undo_expired',
  'erased', 'already_exists', 'offer_expired', 'offer_closed', 'stale_epoch', 'work_item_state', 'not_queued', 'over_capacity', 'already_assigned', 'newer_entries', 'conversation_resolved', 'conversation_merged', 'in_use',
  'channel_disabled', 'undo_stale', 'setup_done', 'last_admin', 'agent_has_work', 'not_pending', 'version_conflict', 'body_too_large', 'attachment_too_large', 'invalid', 'bad_filter', 'password_weak', 'wrap_up_code_required',
  'decline_reason_required', 'reason_required', 'fields_required', 'window_closed', 'consent_missing', 'opted_out', 'text_too_long', 'no_reply_route', 'audience_required', 'config_invalid', 'setup_step_failed', 'rate_limited',
  'sign_in_delayed', 'internal', 'provider_error', 'unavailable', 'starting', 'draining', 'storage_full',
];
const problem = (code: string, extra: object = {}) => new ApiError({ type: '', title: code, status: 422, code, ...extra });

describe('errors in words', () => {
  it.each(MET)('has a text of its own for %s', (code) => {
    expect(KNOWN_CODES).toContain(code);
    expect(codeText(code)).not.toContain(code);
  });

  it('shows the code of a refusal it does not know', () => {
    expect(errorText(problem('brand_new'))).toContain('brand_new');
  });

  it('says how long to wait', () => {
    expect(errorText(problem('rate_limited', { retry_after_ms: 7_000 }))).toContain('7');
  });

  it('finds the field an error points at', () => {
    const error = problem('invalid', { errors: [{ pointer: '/email', code: 'required' }] });
    expect(fieldError(error, '/email')).not.toBeNull();
    expect(fieldError(error, '/name')).toBeNull();
  });
});
