/**
 * Wire types of the Centralita API v1. Names are those of the wire.
 *
 * Nullable fields are `T | null` and always present in responses; enums are closed here, but a client must treat a
 * value it does not know as "other". All types live in this one file so that they can be generated.
 */

/** UUIDv7, lower case, hyphenated. */
export type Id = string;
/** RFC 3339 in UTC with six decimals. */
export type Timestamp = string;
/** Opaque position in the event stream, at most 64 characters. */
export type Cursor = string;
/** Text by language, `{ "es": "…", "en": "…" }`. */
export type Localized = Record<string, string>;

export interface Money { amount: number; currency: string }
export interface Page { next: string | null; prev: string | null; has_more: boolean }
export interface List<T> { items: T[]; page: Page }
export interface Undo { id: Id; expires_at: Timestamp }

export interface FieldError { pointer: string; code: string; detail?: string; params?: Record<string, unknown> }
/** Body of every refusal (RFC 9457). Members named with the code sit beside these. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  instance?: string;
  code: string;
  request_id?: string;
  errors?: FieldError[];
  retry_after_ms?: number;
  [member: string]: unknown;
}

// ---- people and access --------------------------------------------------------------------------------------------

export interface Organization {
  id: Id;
  name: string;
  key: string;
  default_language: string;
  languages: string[];
  time_zone: string;
  undo_send_ms: number;
  version: number;
}
export interface User {
  id: Id;
  email: string | null;
  name: string;
  language: string;
  time_zone: string | null;
  role_ids: Id[];
  state: 'invited' | 'active' | 'disabled';
  has_password: boolean;
  last_sign_in_at: Timestamp | null;
  preferences: Record<string, unknown>;
  version: number;
}
export interface Grant { permission: string; scope: 'organization' | 'team' | 'queue' | 'own' }
export interface Role { id: Id; key: string; name: Localized; grants: Grant[]; is_builtin: boolean; version: number }
export interface Team { id: Id; key: string; name: string; user_ids: Id[]; lead_ids: Id[]; version: number }
export interface AgentSkill { skill_id: Id; level: number; until_at: Timestamp | null }
/** What an agent has at a level from 1 to 10, and work may ask for. */
export interface Skill { id: Id; key: string; name: Localized; kind: 'skill' | 'language' | 'licence'; version: number }
export interface AgentLoad {
  primary_milli: number;
  interruptible_milli: number;
  cap_primary_milli: number;
  cap_interruptible_milli: number;
  channels: Record<string, { held: number; max: number }>;
}
export interface Agent {
  id: Id;
  user_id: Id | null;
  kind: 'human' | 'bot';
  display_name: string;
  team_ids: Id[];
  presence_config_id: Id | null;
  skills: AgentSkill[];
  queue_ids: Id[];
  state: 'active' | 'inactive';
  presence: Presence | null;
  load: AgentLoad | null;
  idle_since_at: Timestamp | null;
  version: number;
}
export interface Session {
  user: User;
  agent: Agent | null;
  organization: Organization;
  grants: Grant[];
  csrf_token: string;
}
/** A sign-in of the person, on one device. */
export interface SessionRow {
  id: Id;
  user_id: Id;
  created_at: Timestamp;
  last_seen_at: Timestamp;
  ip: string | null;
  user_agent: string | null;
  is_current: boolean;
}
export interface ApiToken {
  id: Id;
  name: string;
  agent_id: Id | null;
  grants: Grant[];
  cidrs: string[];
  expires_at: Timestamp | null;
  last_used_at: Timestamp | null;
  prefix: string;
  created_at: Timestamp;
  version: number;
}
export interface NewApiToken { name: string; grants: Grant[]; agent_id?: Id; cidrs?: string[]; expires_at?: Timestamp }
export interface AuditRecord {
  id: Id;
  at: Timestamp;
  actor: Actor;
  action: string;
  resource: { type: string; id: string } | null;
  before: unknown;
  after: unknown;
  ip: string | null;
  reason: string | null;
}
export interface SetupState { state: 'required' | 'done' }
export interface SetupInput {
  token: string;
  organization_name: string;
  name: string;
  email?: string;
  password?: string;
  language: string;
  time_zone: string;
  demo?: { is_enabled: boolean; channels: string[] };
}
export interface SetupDone { user: User; organization: Organization; csrf_token: string }

// ---- customer -----------------------------------------------------------------------------------------------------

export type IdentityKind =
  | 'email' | 'phone' | 'visitor' | 'external_user' | 'whatsapp' | 'bsuid' | 'messenger' | 'instagram' | 'line'
  | 'telegram' | 'viber' | 'apple' | 'rcs' | 'x' | 'store_reviewer' | 'discourse' | 'slack' | 'custom';
export type Verification = 'claimed' | 'asserted' | 'observed' | 'verified' | 'failed' | 'revoked';
export interface Identity {
  id: Id;
  customer_id: Id;
  kind: IdentityKind;
  address: string;
  display: string | null;
  channel_id: Id | null;
  verification: Verification;
  verified_at: Timestamp | null;
  verified_by: string | null;
  reachability: 'ok' | 'soft_bounce' | 'hard_bounce' | 'opted_out';
  is_authenticated: boolean;
  is_shared: boolean;
  is_primary: boolean;
}
export interface Customer {
  id: Id;
  name: string | null;
  given_name: string | null;
  family_name: string | null;
  language: string | null;
  time_zone: string | null;
  company_id: Id | null;
  owner_agent_id: Id | null;
  is_vip: boolean;
  is_blocked: boolean;
  value: Money | null;
  renewal_on: string | null;
  fields: Record<string, unknown>;
  tags: string[];
  state: 'active' | 'merged' | 'erased';
  merged_into_id: Id | null;
  first_seen_at: Timestamp;
  last_seen_at: Timestamp | null;
  first_source: string | null;
  is_demo: boolean;
  /** Only where one customer is asked for. */
  identities?: Identity[] | null;
  created_at: Timestamp;
  version: number;
}

// ---- conversation -------------------------------------------------------------------------------------------------

export type ChannelKind = string;
export type StatusCategory = 'open' | 'waiting' | 'resolved';
export type Priority = 'low' | 'normal' | 'high' | 'urgent';
export type Direction = 'in' | 'out' | 'internal';
export type EntryKind = 'message' | 'note' | 'call_leg' | 'event';
export interface Actor {
  type: 'customer' | 'agent' | 'user' | 'bot' | 'rule' | 'flow' | 'api' | 'system';
  id: Id | null;
  name: string | null;
}
export interface ReplyRoute { channel_id: Id; identity_id: Id | null }
export interface Snooze { until_at: Timestamp | null; until_reply: boolean; by: Id | null }
export interface SlaSummary {
  next_kind: 'first_response' | 'next_response' | 'resolution';
  next_due_at: Timestamp | null;
  state: 'ok' | 'warning' | 'breached' | 'paused';
}
export interface LastEntry {
  id: Id;
  seq: number;
  kind: EntryKind;
  direction: Direction;
  author_name: string | null;
  text: string;
  channel_kind: ChannelKind | null;
  created_at: Timestamp;
  delivery_state: DeliveryState | null;
}
export interface ConversationWork { work_item_id: Id; state: WorkItemState; agent_id: Id | null; queue_id: Id | null }
export interface Conversation {
  id: Id;
  number: number;
  subject: string | null;
  outcome: string | null;
  status_id: Id | null;
  status_category: StatusCategory;
  priority: Priority;
  customer_id: Id;
  owner_agent_id: Id | null;
  team_id: Id | null;
  queue_id: Id | null;
  reply_route: ReplyRoute | null;
  channel_kinds: ChannelKind[];
  language: string | null;
  tags: string[];
  fields: Record<string, unknown>;
  snooze: Snooze | null;
  follower_ids: Id[];
  sla: SlaSummary | null;
  waiting_since_at: Timestamp | null;
  first_response_at: Timestamp | null;
  last_activity_at: Timestamp;
  last_entry: LastEntry | null;
  last_entry_seq: number;
  /** For the caller; absent in events, which go to many. */
  unread_count?: number;
  work: ConversationWork[];
  merged_into_id: Id | null;
  linked_ids: Id[];
  is_blocked: boolean;
  is_restricted: boolean;
  is_test: boolean;
  is_demo: boolean;
  resolved_at: Timestamp | null;
  reopened_count: number;
  created_at: Timestamp;
  version: number;
  /** Present with `expand=customer`; null when the caller may not read it. */
  customer?: Customer | null;
  owner?: Agent | null;
  queue?: Queue | null;
}
/** What a command answers beside the conversation itself; a merge answers both. */
export interface ConversationResult { conversation?: Conversation; source?: Conversation; undo?: Undo | null }

export type DeliveryState =
  | 'held' | 'queued' | 'sending' | 'unknown' | 'sent' | 'failed' | 'delivered' | 'read' | 'cancelled';
export interface DeliveryError {
  code: string;
  class: 'retry' | 'permanent' | 'unknown' | 'policy';
  provider_code: string | null;
  text: string | null;
}
export interface Delivery {
  state: DeliveryState;
  attempt: number;
  provider_id: string | null;
  error: DeliveryError | null;
  sent_at: Timestamp | null;
  delivered_at: Timestamp | null;
  read_at: Timestamp | null;
  next_retry_at: Timestamp | null;
  undo_until_at: Timestamp | null;
  segments: number | null;
}
export interface Attachment {
  id: Id;
  name: string;
  media_type: string;
  size_bytes: number;
  sha256: string | null;
  state: 'uploading' | 'scanning' | 'ready' | 'rejected' | 'expired';
  width: number | null;
  height: number | null;
  download_url: string | null;
  preview_url: string | null;
}
/** One shape for the four kinds of entry; a field is present for the kinds that have it. */
export interface EntryBody {
  text?: string | null;
  html?: string | null;
  mentions?: Id[];
  role?: string | null;
  from?: string | null;
  to?: string | null;
  answered_at?: Timestamp | null;
  ended_at?: Timestamp | null;
  event_id?: Id;
  type?: string;
  data?: Record<string, unknown>;
}
export interface MailHeaders {
  message_id: string | null;
  subject: string | null;
  to: string[];
  cc: string[];
  spf: string | null;
  dkim: string | null;
  dmarc: string | null;
  quoted_from: number | null;
}
export interface Entry {
  id: Id;
  conversation_id: Id;
  interaction_id: Id | null;
  customer_id: Id | null;
  seq: number;
  kind: EntryKind;
  direction: Direction;
  author: Actor;
  channel_id: Id | null;
  channel_kind: ChannelKind | null;
  occurred_at: Timestamp | null;
  audience: 'private' | 'public' | 'internal';
  language: string | null;
  body: EntryBody;
  attachments: Attachment[];
  reply_to_id: Id | null;
  delivery: Delivery | null;
  client_message_id: string | null;
  mail: MailHeaders | null;
  edited_at: Timestamp | null;
  deleted_at: Timestamp | null;
  is_redacted: boolean;
  is_truncated: boolean;
  raw_available: boolean;
  created_at: Timestamp;
}
export type DraftMode = 'reply' | 'note' | 'side';
export interface Draft {
  conversation_id: Id;
  user_id: Id;
  mode: DraftMode;
  body: EntryBody;
  attachment_ids: Id[];
  reply_route: ReplyRoute | null;
  base_seq: number;
  updated_at: Timestamp;
  version: number;
}
/** Two customers who may be one person. */
export interface MergeProposal { id: Id; a_id: Id; b_id: Id; evidence: unknown[]; state: 'open' | 'accepted' | 'dismissed'; created_at: Timestamp }
export interface View {
  id: Id;
  name: string;
  q: string;
  sort: string;
  shared_with: 'me' | 'team' | 'organization';
  version: number;
}
export interface ConversationStatus {
  id: Id;
  key: string;
  name: Localized;
  category: StatusCategory;
  is_default: boolean;
  position: number;
  version: number;
}
export interface Tag { id: Id; key: string; name: string; colour: string | null; version: number }
export type FieldType = 'text' | 'number' | 'date' | 'bool' | 'choice' | 'money' | 'url';
export interface CustomField {
  id: Id;
  key: string;
  name?: Localized | string;
  noun: string;
  type: FieldType;
  options: string[];
  is_required_to_resolve: boolean;
  version: number;
}
export interface Notification {
  id: Id;
  kind: string;
  conversation_id: Id | null;
  entry_id: Id | null;
  actor: Actor | null;
  created_at: Timestamp;
  read_at: Timestamp | null;
}
/** What a command on many conversations would do, or the job that does it. */
export interface BulkPreview { affected_count: number; excluded: { id: Id; code: string }[] }
export interface Job {
  id: Id;
  kind: string;
  state: 'queued' | 'running' | 'paused' | 'succeeded' | 'failed' | 'cancelled' | 'undone';
  progress: { done_count: number; total_count: number | null } | null;
  result: Record<string, unknown> | null;
  error: Record<string, unknown> | null;
  undo: Undo | null;
}
export interface DemoColleague { name: string; email: string; /** Told once, in the answer that made it. */ password: string | null }
export type DemoJob = Omit<Job, 'result'> & { result: { colleagues: DemoColleague[]; conversation_count: number } | null };
export interface SimulatorScript { key: string; language: string; name: Localized; about: Localized }
export interface SimulatorRun { id: Id; script: string; seed: number; rate_per_min: number; started_at: Timestamp; started_count: number; failed_count: number }
export interface Merge { id: Id; target_id: Id; source_id: Id; state: 'merged' | 'unmerged' }
export interface ComposerRoute {
  channel_id: Id;
  identity_id: Id | null;
  channel_kind?: ChannelKind;
  channel_name?: string;
  address?: string | null;
  is_allowed: boolean;
  why_not: string | null;
  capabilities: Record<string, unknown>;
  window_closes_at: Timestamp | null;
  text_max: { value: number; unit: string } | null;
}
export interface ComposerState { routes: ComposerRoute[] }
export interface NewMessage {
  text: string;
  attachment_ids?: Id[];
  reply_to_id?: Id;
  reply_route?: ReplyRoute;
  seen_seq: number;
  is_forced?: boolean;
  client_message_id?: string;
}
export interface SearchHighlight { field: string; text: string; ranges: [number, number][] }
export interface SearchItem { id: Id; title: string; highlights: SearchHighlight[]; resource: Record<string, unknown> }
export interface SearchGroup { type: 'conversations' | 'customers' | 'entries' | 'articles' | 'settings'; items: SearchItem[]; has_more: boolean }
export interface SearchResult { groups: SearchGroup[] }

// ---- routing ------------------------------------------------------------------------------------------------------

export type WorkItemState =
  | 'new' | 'deferred' | 'queued' | 'offered' | 'active' | 'paused' | 'wrap_up' | 'closed' | 'cancelled';
export interface QueueMember { agent_id?: Id | null; team_id?: Id | null; tier: number; delay_ms: number }
/** What a queue does with work it cannot take now: `wait`, `overflow` or `reject`. */
export interface Spill { action: string; queue_id: Id | null }
export interface Queue {
  id: Id;
  key: string;
  name: Localized;
  routing_config_id: Id | null;
  hours_id: Id | null;
  members: QueueMember[];
  max_waiting: number | null;
  max_wait_ms: number | null;
  on_full?: Spill;
  on_closed?: Spill;
  service_target_ms: number | null;
  wrap_up_code_required: boolean;
  state: 'open' | 'closed' | 'emergency';
  version: number;
}
export type RoutingKind =
  | 'voice' | 'video' | 'chat' | 'messaging' | 'sms' | 'email' | 'social' | 'task' | 'case' | 'callback' | 'visit';
export type ChannelPresence = 'online' | 'transfers_only' | 'off';
export interface PresenceStatus {
  id: Id;
  key: string;
  name: Localized;
  kind: 'online' | 'busy' | 'offline';
  channels: Partial<Record<RoutingKind, ChannelPresence>>;
  activity: string | null;
  is_paid: boolean;
  is_productive: boolean;
  max_duration_ms: number | null;
  needs_approval: boolean;
  is_system: boolean;
  version: number;
}
export interface PresenceConfig {
  id: Id;
  key: string;
  cap_primary_milli: number;
  cap_interruptible_milli: number;
  channel_max: Partial<Record<RoutingKind, number>>;
  auto_accept: boolean;
  decline_allowed: boolean;
  decline_reason_ids: Id[];
  status_on_decline: Id | null;
  status_on_timeout: Id | null;
  /** How long a lost session keeps its place, in ms. */
  grace_ms?: number;
  version: number;
}
export interface Presence {
  agent_id: Id;
  status_id: Id;
  since_at: Timestamp;
  next_status_id: Id | null;
  session: 'live' | 'grace' | 'none';
  grace_until_at: Timestamp | null;
  epoch: number;
  is_wrap_up_locked: boolean;
  channels: Partial<Record<RoutingKind, ChannelPresence>>;
}
export interface WorkItem {
  id: Id;
  kind: string;
  routing_kind: RoutingKind;
  interaction_id: Id | null;
  conversation_id: Id | null;
  customer_id: Id | null;
  subject: { type: string; id: string; title: string; url: string | null } | null;
  channel_id: Id | null;
  queue_id: Id | null;
  direction: 'in' | 'out';
  language: string | null;
  priority: number;
  due_at: Timestamp | null;
  units_milli: number;
  is_interruptible: boolean;
  state: WorkItemState;
  pause_reason: string | null;
  close_reason: string | null;
  cancel_reason: string | null;
  enqueued_at: Timestamp | null;
  position: number | null;
  estimated_wait: { band: string; ms: number | null } | null;
  attempt: number;
  agent_id: Id | null;
  assignment_id: Id | null;
  previous_id: Id | null;
  wrap_up_deadline_at?: Timestamp | null;
  version: number;
}
export type OfferState = 'pending' | 'accepted' | 'declined' | 'timed_out' | 'cancelled' | 'rescinded';
export interface OfferCard {
  channel_kind: ChannelKind | null;
  queue_name: string;
  customer: { id: Id; name: string | null; is_vip: boolean } | null;
  waited_ms: number;
  preview: string | null;
  language: string | null;
  last_relation: string | null;
  next_agent_name: string | null;
}
export interface Offer {
  id: Id;
  work_item_id: Id;
  agent_id: Id;
  epoch: number;
  state: OfferState;
  mode: 'single' | 'parallel';
  created_at: Timestamp;
  deadline_at: Timestamp;
  ended_at: Timestamp | null;
  end_reason: string | null;
  decline_reason_id: Id | null;
  card: OfferCard;
  version: number;
}
export interface Assignment {
  id: Id;
  work_item_id: Id;
  agent_id: Id;
  offer_id: Id | null;
  state: 'active' | 'paused' | 'wrap_up' | 'ended';
  started_at: Timestamp;
  ended_at: Timestamp | null;
  end_reason: string | null;
  wrap_up_deadline_at: Timestamp | null;
  extensions_used: number;
}
/** Why a work item stands where it stands, and what keeps each agent from it. */
export interface Explanation {
  work_item_id: Id;
  state: WorkItemState;
  position: number | null;
  estimated_wait: { band: string; ms: number | null } | null;
  agents: { agent_id: Id; is_eligible: boolean; first_failing: { code: string; params: Record<string, unknown> } | null; rank: number | null }[];
  is_truncated: boolean;
}
export interface AcceptResult {
  offer: Offer;
  work_item: WorkItem;
  /** Null when it ended meanwhile. */
  assignment: Assignment | null;
  conversation: Conversation | null;
}
export interface WrapUpCode { id: Id; key: string; name: Localized; parent_id: Id | null; queue_ids: Id[]; version: number }
export interface DeclineReason { id: Id; key: string; name: Localized; version: number }
export interface RoutingConfig {
  id: Id;
  key: string;
  tier: number;
  agent_model: string;
  units_milli: number;
  capacity_pool: 'primary' | 'interruptible';
  offer_timeout_ms: number;
  auto_accept: boolean;
  misses_before_away: number;
  exclusion_ttl_ms: number;
  retry_gap_ms: number;
  wrap_up?: { mode: 'none' | 'optional' | 'mandatory' | 'timeboxed'; max_ms: number | null; extension_ms?: number | null; extensions_max?: number | null } | null;
  version: number;
}
/** Local wall time, `09:00` to `17:30`. */
export interface Interval { from: string; to: string }
export interface HoursException { on: string; intervals: Interval[]; name: string | null }
export interface BusinessHours {
  id: Id;
  key: string;
  time_zone: string;
  /** Seven days, Monday first. */
  weekly: Interval[][];
  exceptions: HoursException[];
  is_emergency_closed: boolean;
  version: number;
}

// ---- channels -----------------------------------------------------------------------------------------------------

export interface ChannelHealth {
  state: 'ok' | 'degraded' | 'down' | 'unknown';
  last_in_at: Timestamp | null;
  last_out_at: Timestamp | null;
  error: { code: string; text: Localized; since_at: Timestamp } | null;
}
export interface SecretState { is_set: boolean; last4: string | null; set_at: Timestamp | null }
export type ChannelState = 'draft' | 'ready' | 'enabled' | 'draining' | 'disabled' | 'archived';
export interface Channel {
  id: Id;
  type: ChannelKind;
  name: string;
  key: string;
  state: ChannelState;
  config: Record<string, unknown>;
  secrets: Record<string, SecretState>;
  hook_url: string | null;
  queue_id: Id | null;
  hours_id: Id | null;
  capabilities: Record<string, unknown>;
  health: ChannelHealth;
  is_test: boolean;
  version: number;
}
/** What every signed-in person may know of a channel. */
export interface ChannelSummary { id: Id; name: string; kind: ChannelKind; health: ChannelHealth | null }
export interface ChannelType {
  kind: ChannelKind;
  family: string;
  name: Localized;
  capabilities: Record<string, unknown>;
  config_schema: Record<string, unknown>;
  setup_steps: unknown[];
}
export interface SetupStep {
  key: string;
  kind: 'input' | 'oauth' | 'show_webhook_url' | 'call_check' | 'wait_first_event';
  state: 'todo' | 'running' | 'done' | 'failed';
  error: { code: string; text?: Localized | null } | null;
  values: Record<string, unknown> | null;
}
export interface DeadLetter {
  id: Id;
  channel_id: Id;
  channel_name: string | null;
  direction: 'in' | 'out';
  reason: string;
  entry_id: Id | null;
  /** What is known of it: `from`, `subject`. */
  about: Record<string, unknown>;
  raw_available: boolean;
  created_at: Timestamp;
}

// ---- configuration as a document --------------------------------------------------------------------------------

export interface ConfigChange { noun: string; key: string; id: Id }
export interface ConfigOutcome {
  created: ConfigChange[];
  updated: ConfigChange[];
  unchanged_count: number;
  removed: ConfigChange[];
  warnings: { code: string; pointer?: string; detail?: string; params?: Record<string, unknown> }[];
}

// ---- the console's first request ----------------------------------------------------------------------------------

export interface Count { count: number; unread_count: number; is_capped: boolean }
export type CountedList = 'mine' | 'offers' | 'mentions' | 'snoozed' | 'drafts';
export interface InboxCounts {
  lists: Partial<Record<CountedList, Count>>;
  queues: Record<Id, Count>;
  views: Record<Id, Count>;
}
export interface Bootstrap {
  session: Session;
  agent: Agent | null;
  presence: Presence | null;
  offers: Offer[];
  work: WorkItem[];
  statuses: PresenceStatus[];
  queues: Queue[];
  views: View[];
  channels: ChannelSummary[];
  counts: InboxCounts;
  limits: Record<string, number>;
  features: Record<string, boolean>;
  cursor: Cursor;
}

// ---- socket -------------------------------------------------------------------------------------------------------

export interface EventBase<T extends string, D> {
  id: Id;
  type: T;
  version: number;
  timestamp: Timestamp;
  actor: Actor;
  cause_id: Id | null;
  data: D;
}
export type ConversationEventType =
  | 'conversation.created' | 'conversation.updated' | 'conversation.status_changed' | 'conversation.resolved'
  | 'conversation.reopened' | 'conversation.owner_changed' | 'conversation.snoozed' | 'conversation.unsnoozed'
  | 'conversation.followers_changed' | 'conversation.merged' | 'conversation.unmerged' | 'conversation.split'
  | 'conversation.linked';
export type EntryEventType =
  | 'entry.created' | 'entry.updated' | 'entry.deleted' | 'entry.redacted' | 'entry.reaction_changed';
export type WorkItemEventType =
  | 'work_item.created' | 'work_item.deferred' | 'work_item.queued' | 'work_item.offered' | 'work_item.active'
  | 'work_item.paused' | 'work_item.wrap_up' | 'work_item.closed' | 'work_item.cancelled' | 'work_item.updated'
  | 'work_item.plan_step' | 'work_item.interrupted';
export type OfferEventType =
  | 'offer.created' | 'offer.accepted' | 'offer.declined' | 'offer.timed_out' | 'offer.cancelled' | 'offer.rescinded';
export type StreamEvent =
  | EventBase<ConversationEventType, { conversation: Conversation; changed?: string[]; other_id?: Id }>
  | EventBase<'conversation.deleted', { conversation: { id: Id } }>
  | EventBase<'conversation.hidden' | 'work_item.hidden', { id: Id }>
  | EventBase<EntryEventType, { entry: Entry; conversation?: { id: Id; number: number; last_entry_seq: number; version: number } }>
  | EventBase<'entry.delivery_changed', { entry_id: Id; conversation_id: Id; delivery: Delivery; previous_state: DeliveryState | null }>
  | EventBase<'draft.changed', { draft: Draft }>
  | EventBase<WorkItemEventType, { work_item: WorkItem; previous_state?: WorkItemState; row?: number; reason?: string; assignment?: Assignment; conversation?: Conversation }>
  | EventBase<OfferEventType, { offer: Offer; reason?: string }>
  | EventBase<'presence.changed' | 'presence.session_changed', { presence: Presence; previous?: Presence | null; reason?: string | null }>
  | EventBase<'agent.updated', { agent: Agent }>
  | EventBase<'queue.created' | 'queue.updated' | 'queue.opened' | 'queue.closed', { queue: Queue }>
  | EventBase<'customer.created' | 'customer.updated' | 'customer.merged' | 'customer.unmerged' | 'customer.blocked', { customer: Customer }>
  | EventBase<'identity.added' | 'identity.verified' | 'identity.failed' | 'identity.removed', { identity: Identity }>
  | EventBase<'channel.created' | 'channel.updated' | 'channel.enabled' | 'channel.disabled' | 'channel.health_changed', { channel: Channel }>
  | EventBase<'mention.created', { mention: Record<string, unknown> }>
  | EventBase<'notification.created', { notification: Notification }>
  | EventBase<'job.updated', { job: Job }>
  | EventBase<'session.revoked', { session_id: Id }>;

export interface SignalData {
  typing: { conversation_id: Id; actor: Actor; is_on: boolean };
  viewing: { conversation_id: Id; user_ids: Id[] };
  counts: InboxCounts;
}
export type Signal = {
  [T in keyof SignalData]: { op: 'signal'; topic: string; type: T; at: Timestamp; data: SignalData[T] };
}[keyof SignalData];
export type OwnSignal =
  | { op: 'signal'; type: 'typing'; conversation_id: Id; data: { is_on: boolean } }
  | { op: 'signal'; type: 'viewing'; conversation_id: Id; data: { is_on: boolean } }
  | { op: 'signal'; type: 'active'; data: Record<string, never> };

export interface HelloFrame {
  op: 'hello';
  connection_id: Id;
  server_now: Timestamp;
  cursor: Cursor;
  resumed: boolean;
  session: { user_id: Id; agent_id: Id | null; epoch: number | null };
  heartbeat_ms: number;
  limits: Record<string, number>;
}
export type ServerFrame =
  | HelloFrame
  | { op: 'ack'; ref: number; cursor: Cursor; refused: { topic: string; code: string }[] }
  | { op: 'event'; n: number; cursor: Cursor; event: StreamEvent }
  | { op: 'mark'; cursor: Cursor }
  | Signal
  | { op: 'ping'; server_now: Timestamp }
  | { op: 'resync'; reason: string; topics: string[]; cursor: Cursor }
  | { op: 'error'; code: string; ref?: number };
export type ClientFrame =
  | { op: 'start'; after?: Cursor; topics: string[]; routable: boolean; client: string }
  | { op: 'subscribe' | 'unsubscribe'; topics: string[]; ref: number }
  | OwnSignal
  | { op: 'pong' };
