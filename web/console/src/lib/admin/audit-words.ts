/** A line of the audit in words: what was done to what, and how it is called. */
import type { AuditRecord } from '@centralita/sdk';
import { i18n } from '$lib/i18n/locale.svelte';
import { m } from '$m';

const NOUNS: Record<string, () => string> = {
  agent: () => m.agent(), api_token: () => m.token_one(), business_hours: () => m.hours_one(), channel: () => m.channel(), config: () => m.config_title(), conversation: () => m.conversation(), conversation_status: () => m.status(),
  customer: () => m.customer(), dead_letter: () => m.dead_letters(), decline_reason: () => m.decline_reason(), entry: () => m.message(), field: () => m.field(), identity: () => m.address(), organization: () => m.organization_name(),
  presence_config: () => m.capacity_profile(), presence_status: () => m.status(), queue: () => m.queue(), role: () => m.role(), routing_config: () => m.routing_config(), session: () => m.session(), simulator_run: () => m.simulator(),
  skill: () => m.skill(), tag: () => m.tag(), team: () => m.team_one(), user: () => m.person(), view: () => m.view(), wrap_up_code: () => m.wrap_up_code(), demo: () => m.demo_title(),
};
const VERBS: Record<string, () => string> = {
  created: () => m.did_created(), updated: () => m.did_updated(), deleted: () => m.did_deleted(), invited: () => m.did_invited(), enabled: () => m.did_enabled(), disabled: () => m.did_disabled(), opened: () => m.did_opened(),
  closed: () => m.did_closed(), revoked: () => m.did_revoked(), merged: () => m.did_merged(), erased: () => m.did_erased(), redacted: () => m.did_redacted(), started: () => m.did_started(), stopped: () => m.did_stopped(),
  seeded: () => m.did_seeded(), cleared: () => m.did_cleared(), published: () => m.did_published(), blocked: () => m.did_blocked(),
};

/** «Creó · Habilidad «Inglés»»; the action itself where there is no word for it. */
export function auditSentence(row: AuditRecord): string {
  const [noun = '', verb = ''] = row.action.split('.');
  const what = NOUNS[noun]?.() ?? NOUNS[row.resource?.type ?? '']?.() ?? row.resource?.type ?? noun;
  const name = nameIn(row.after) ?? nameIn(row.before);
  const did = VERBS[verb]?.() ?? verb.replaceAll('_', ' ');
  return name ? m.audit_line_named({ did, what, name }) : m.audit_line({ did, what });
}

/** The name that a record carries: its own, by language, or its key. */
function nameIn(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  const { name, display_name, email, key } = value as Record<string, unknown>;
  if (typeof name === 'object' && name !== null) return i18n.pick(name as Record<string, string>) || null;
  return [name, display_name, email, key].find((one): one is string => typeof one === 'string' && one !== '') ?? null;
}
