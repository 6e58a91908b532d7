/** Permissions and their reach, in words. The name of the wire stands beside, because scripts and tokens use it. */
import type { Grant } from '@centralita/sdk';
import { m } from '$m';

type Scope = Grant['scope'];
/** From the narrowest to the widest. */
export const SCOPES: readonly Scope[] = ['own', 'queue', 'team', 'organization'];
const SCOPE_NAMES: Record<Scope, () => string> = { organization: () => m.scope_organization(), team: () => m.scope_team(), queue: () => m.scope_queue(), own: () => m.scope_own() };
export const scopeName = (scope: string): string => SCOPE_NAMES[scope as Scope]?.() ?? scope;

const NOUNS: Record<string, () => string> = {
  conversations: () => m.conversations(), entries: () => m.messages(), customers: () => m.people(), consents: () => m.noun_consents(), offers: () => m.offers(), presence: () => m.presence(), work: () => m.noun_work(),
  agents: () => m.noun_agents(), queues: () => m.queues(), live: () => m.noun_live(), monitor: () => m.noun_monitor(), routing: () => m.routing(), skills: () => m.skills(), channels: () => m.channels(), templates: () => m.noun_templates(),
  outbound: () => m.noun_outbound(), macros: () => m.noun_macros(), views: () => m.views(), rules: () => m.noun_rules(), sla: () => m.noun_sla(), help: () => m.noun_help(), flows: () => m.noun_flows(), organization: () => m.organization_name(),
  api_tokens: () => m.tokens(), webhooks: () => m.noun_webhooks(), demo: () => m.demo_title(), data: () => m.noun_data(), privacy: () => m.noun_privacy(), events: () => m.noun_events(), activities: () => m.noun_activities(),
  metrics: () => m.noun_metrics(), reports: () => m.noun_reports(), users: () => m.users(), roles: () => m.roles(), audit: () => m.audit(),
};
export const nounName = (noun: string): string => NOUNS[noun]?.() ?? noun;

const VERBS: Record<string, () => string> = {
  read: () => m.verb_read(), reply: () => m.verb_reply(), note: () => m.verb_note(), edit: () => m.verb_edit(), assign: () => m.verb_assign(), merge: () => m.verb_merge(), export: () => m.verb_export(), delete: () => m.verb_delete(),
  redact: () => m.verb_redact(), erase: () => m.verb_erase(), answer: () => m.verb_answer(), set_own: () => m.verb_set_own(), pull: () => m.verb_pull(), create: () => m.verb_create(), route: () => m.verb_route(), manage: () => m.verb_manage(),
  operate: () => m.verb_operate(), monitor: () => m.verb_monitor(), whisper: () => m.verb_whisper(), barge: () => m.verb_barge(), takeover: () => m.verb_takeover(), publish: () => m.verb_publish(), send: () => m.verb_send(), batch: () => m.verb_batch(),
  share: () => m.verb_share(), import: () => m.verb_import(), write: () => m.verb_write(),
};
/** What a permission lets one do with its noun: `conversations.reply` → «responder». */
export function verbName(permission: string): string {
  const verb = permission.split('.').slice(1).join('.');
  return VERBS[verb]?.() ?? verb;
}

/** Whether both halves of a permission have words. */
export const isWorded = (permission: string): boolean => {
  const [noun = '', ...verb] = permission.split('.');
  return noun in NOUNS && verb.join('.') in VERBS;
};

/** Of several reaches of one permission, the widest. */
export function widest(grants: readonly Grant[]): Grant[] {
  const best = new Map<string, Grant>();
  for (const grant of grants) {
    const known = best.get(grant.permission);
    if (!known || SCOPES.indexOf(grant.scope) > SCOPES.indexOf(known.scope)) best.set(grant.permission, grant);
  }
  return [...best.values()];
}

/** Grants by the noun before the dot, both in order. */
export function byNoun(grants: readonly Grant[]): { noun: string; grants: Grant[] }[] {
  const groups = new Map<string, Grant[]>();
  for (const grant of [...grants].sort((a, b) => (a.permission < b.permission ? -1 : 1))) {
    const noun = grant.permission.split('.')[0] ?? '';
    groups.set(noun, [...(groups.get(noun) ?? []), grant]);
  }
  return [...groups].map(([noun, list]) => ({ noun, grants: list }));
}
