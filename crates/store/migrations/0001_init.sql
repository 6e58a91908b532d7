-- The first schema. Type words ({uuid} {json} {time} {int} {bool} {blob} {strict} …) are rendered per engine by `db`.

CREATE TABLE organizations (
  id {uuid} NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  key TEXT NOT NULL,
  default_language TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  settings {json} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE UNIQUE INDEX organizations_key ON organizations (key);

-- Conversation numbers are leased in blocks: unique, rising, with gaps.
CREATE TABLE number_blocks (
  organization_id {uuid} NOT NULL PRIMARY KEY,
  next_number {int} NOT NULL
) {strict};

-- The one owner of an organization's router; every write of a router carries the fence.
CREATE TABLE router_leases (
  organization_id {uuid} NOT NULL PRIMARY KEY,
  fence {int} NOT NULL,
  holder TEXT NOT NULL,
  renewed_at {time} NOT NULL
) {strict};

CREATE TABLE users (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL,
  name TEXT NOT NULL,
  language TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  roles {json} NOT NULL,
  state TEXT NOT NULL,
  password_hash TEXT,
  preferences {json} NOT NULL,
  last_sign_in_at {time},
  is_demo {bool} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE UNIQUE INDEX users_email ON users (organization_id, email_key);

CREATE TABLE sessions (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  user_id {uuid} NOT NULL,
  token_hash {blob} NOT NULL,
  csrf_token TEXT NOT NULL,
  ip TEXT,
  user_agent TEXT,
  created_at {time} NOT NULL,
  last_seen_at {time} NOT NULL,
  expires_at {time} NOT NULL
) {strict};
CREATE UNIQUE INDEX sessions_token ON sessions (token_hash);
CREATE INDEX sessions_user ON sessions (organization_id, user_id);

-- One-use links: set-up, sign-in, password reset, invitation.
CREATE TABLE link_tokens (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid},
  kind TEXT NOT NULL,
  token_hash {blob} NOT NULL,
  user_id {uuid},
  data {json} NOT NULL,
  created_at {time} NOT NULL,
  expires_at {time},
  used_at {time}
) {strict};
CREATE UNIQUE INDEX link_tokens_token ON link_tokens (token_hash);

CREATE TABLE api_tokens (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  name TEXT NOT NULL,
  token_hash {blob} NOT NULL,
  prefix TEXT NOT NULL,
  agent_id {uuid},
  grants {json} NOT NULL,
  created_by {uuid} NOT NULL,
  created_at {time} NOT NULL,
  expires_at {time},
  last_used_at {time},
  revoked_at {time}
) {strict};
CREATE UNIQUE INDEX api_tokens_token ON api_tokens (token_hash);
CREATE INDEX api_tokens_organization ON api_tokens (organization_id, id);

CREATE TABLE teams (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE UNIQUE INDEX teams_key ON teams (organization_id, key);

CREATE TABLE team_members (
  organization_id {uuid} NOT NULL,
  team_id {uuid} NOT NULL,
  user_id {uuid} NOT NULL,
  is_lead {bool} NOT NULL,
  PRIMARY KEY (team_id, user_id)
) {strict};
CREATE INDEX team_members_user ON team_members (organization_id, user_id);

CREATE TABLE presence_statuses (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  key TEXT NOT NULL,
  name {json} NOT NULL,
  kind TEXT NOT NULL,
  channels {json} NOT NULL,
  is_paid {bool} NOT NULL,
  is_productive {bool} NOT NULL,
  is_system {bool} NOT NULL,
  place {int} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE UNIQUE INDEX presence_statuses_key ON presence_statuses (organization_id, key);

CREATE TABLE presence_configs (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  key TEXT NOT NULL,
  settings {json} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE UNIQUE INDEX presence_configs_key ON presence_configs (organization_id, key);

CREATE TABLE agents (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  user_id {uuid},
  kind TEXT NOT NULL,
  display_name TEXT NOT NULL,
  presence_config_id {uuid} NOT NULL,
  skills {json} NOT NULL,
  state TEXT NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE UNIQUE INDEX agents_user ON agents (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX agents_organization ON agents (organization_id, id);

CREATE TABLE routing_configs (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  key TEXT NOT NULL,
  settings {json} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE UNIQUE INDEX routing_configs_key ON routing_configs (organization_id, key);

CREATE TABLE queues (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  key TEXT NOT NULL,
  name {json} NOT NULL,
  routing_config_id {uuid} NOT NULL,
  settings {json} NOT NULL,
  state TEXT NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE UNIQUE INDEX queues_key ON queues (organization_id, key);

CREATE TABLE queue_members (
  organization_id {uuid} NOT NULL,
  queue_id {uuid} NOT NULL,
  agent_id {uuid} NOT NULL,
  tier {int} NOT NULL,
  delay_ms {int} NOT NULL,
  PRIMARY KEY (queue_id, agent_id)
) {strict};
CREATE INDEX queue_members_agent ON queue_members (organization_id, agent_id);

CREATE TABLE channels (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  name TEXT NOT NULL,
  state TEXT NOT NULL,
  config {json} NOT NULL,
  secrets {json} NOT NULL,
  public_key TEXT NOT NULL,
  queue_id {uuid},
  health {json} NOT NULL,
  is_demo {bool} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE UNIQUE INDEX channels_key ON channels (organization_id, key);
CREATE UNIQUE INDEX channels_public_key ON channels (public_key);

CREATE TABLE customers (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  name TEXT,
  name_key TEXT NOT NULL,
  language TEXT,
  time_zone TEXT,
  is_vip {bool} NOT NULL,
  is_blocked {bool} NOT NULL,
  fields {json} NOT NULL,
  tags {json} NOT NULL,
  state TEXT NOT NULL,
  is_demo {bool} NOT NULL,
  first_seen_at {time} NOT NULL,
  last_seen_at {time} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE INDEX customers_organization ON customers (organization_id, id);
CREATE INDEX customers_name ON customers (organization_id, name_key, id);

CREATE TABLE identities (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  customer_id {uuid} NOT NULL,
  kind TEXT NOT NULL,
  address TEXT NOT NULL,
  address_key TEXT NOT NULL,
  display TEXT,
  channel_id {uuid},
  verification TEXT NOT NULL,
  is_authenticated {bool} NOT NULL,
  is_primary {bool} NOT NULL,
  reachability TEXT NOT NULL,
  verified_at {time},
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
-- Claimed addresses take no slot: typing a stranger's address captures nothing.
CREATE UNIQUE INDEX identities_address ON identities (organization_id, kind, address_key)
  WHERE channel_id IS NULL AND verification IN ('asserted', 'observed', 'verified');
CREATE UNIQUE INDEX identities_channel_address ON identities (organization_id, channel_id, kind, address_key)
  WHERE channel_id IS NOT NULL AND verification IN ('asserted', 'observed', 'verified');
CREATE INDEX identities_customer ON identities (organization_id, customer_id);

CREATE TABLE visitors (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  channel_id {uuid} NOT NULL,
  customer_id {uuid} NOT NULL,
  identity_id {uuid} NOT NULL,
  token_hash {blob} NOT NULL,
  subject TEXT,
  language TEXT NOT NULL,
  is_blocked {bool} NOT NULL,
  expires_at {time} NOT NULL,
  created_at {time} NOT NULL,
  last_seen_at {time} NOT NULL
) {strict};
CREATE UNIQUE INDEX visitors_token ON visitors (token_hash);
CREATE INDEX visitors_customer ON visitors (organization_id, customer_id);

-- Identity tokens used once (`jti`).
CREATE TABLE used_token_ids (
  organization_id {uuid} NOT NULL,
  channel_id {uuid} NOT NULL,
  token_id TEXT NOT NULL,
  expires_at {time} NOT NULL,
  PRIMARY KEY (channel_id, token_id)
) {strict};

CREATE TABLE conversations (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  number {int} NOT NULL,
  subject TEXT,
  outcome TEXT,
  status_category TEXT NOT NULL,
  priority TEXT NOT NULL,
  customer_id {uuid} NOT NULL,
  owner_agent_id {uuid},
  queue_id {uuid},
  reply_channel_id {uuid},
  reply_identity_id {uuid},
  channel_kinds {json} NOT NULL,
  language TEXT,
  tags {json} NOT NULL,
  fields {json} NOT NULL,
  snoozed_until {time},
  snoozed_until_reply {bool} NOT NULL,
  waiting_since_at {time},
  first_response_at {time},
  last_activity_at {time} NOT NULL,
  last_entry_seq {int} NOT NULL,
  last_entry {json},
  is_blocked {bool} NOT NULL,
  is_demo {bool} NOT NULL,
  resolved_at {time},
  reopened_count {int} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE UNIQUE INDEX conversations_number ON conversations (organization_id, number);
CREATE INDEX conversations_activity ON conversations (organization_id, last_activity_at, id);
CREATE INDEX conversations_customer ON conversations (organization_id, customer_id, last_activity_at);
CREATE INDEX conversations_owner ON conversations (organization_id, owner_agent_id, last_activity_at);
CREATE INDEX conversations_queue ON conversations (organization_id, queue_id, last_activity_at);

CREATE TABLE interactions (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  conversation_id {uuid} NOT NULL,
  customer_id {uuid} NOT NULL,
  channel_id {uuid} NOT NULL,
  channel_kind TEXT NOT NULL,
  identity_id {uuid} NOT NULL,
  shape TEXT NOT NULL,
  direction TEXT NOT NULL,
  state TEXT NOT NULL,
  started_at {time} NOT NULL,
  ended_at {time},
  end_reason TEXT,
  continued_from_id {uuid},
  last_activity_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE UNIQUE INDEX interactions_open ON interactions (conversation_id, channel_id, identity_id) WHERE state = 'open';
CREATE INDEX interactions_conversation ON interactions (organization_id, conversation_id);

CREATE TABLE entries (
  {position},
  id {uuid} NOT NULL,
  organization_id {uuid} NOT NULL,
  conversation_id {uuid} NOT NULL,
  interaction_id {uuid},
  customer_id {uuid} NOT NULL,
  seq {int} NOT NULL,
  kind TEXT NOT NULL,
  direction TEXT NOT NULL,
  audience TEXT NOT NULL,
  author_type TEXT NOT NULL,
  author_id {uuid},
  author_name TEXT,
  channel_id {uuid},
  channel_kind TEXT,
  body {json} NOT NULL,
  attachment_ids {json} NOT NULL,
  external_id TEXT,
  client_message_id {uuid},
  client_id {uuid},
  mail {json},
  raw_key TEXT,
  delivery {json},
  is_truncated {bool} NOT NULL,
  occurred_at {time} NOT NULL,
  created_at {time} NOT NULL,
  edited_at {time},
  deleted_at {time}
) {strict};
CREATE UNIQUE INDEX entries_id ON entries (id);
CREATE UNIQUE INDEX entries_seq ON entries (conversation_id, seq);
CREATE UNIQUE INDEX entries_external ON entries (channel_id, external_id) WHERE external_id IS NOT NULL;
-- `client_id` is the visitor or the user whose client chose `client_message_id`.
CREATE UNIQUE INDEX entries_client ON entries (client_id, client_message_id) WHERE client_message_id IS NOT NULL;
CREATE INDEX entries_customer ON entries (organization_id, customer_id, created_at, id);

-- What the router knows stands whole in `record`; the columns beside it are for finding it.
CREATE TABLE work_items (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  state TEXT NOT NULL,
  routing_kind TEXT NOT NULL,
  queue_id {uuid} NOT NULL,
  interaction_id {uuid},
  conversation_id {uuid},
  customer_id {uuid},
  channel_id {uuid},
  agent_id {uuid},
  assignment_id {uuid},
  enqueued_at {time} NOT NULL,
  record {json} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE INDEX work_items_live ON work_items (organization_id, state, queue_id) WHERE state NOT IN ('closed', 'cancelled');
CREATE INDEX work_items_conversation ON work_items (organization_id, conversation_id);
CREATE INDEX work_items_agent ON work_items (organization_id, agent_id) WHERE agent_id IS NOT NULL AND state NOT IN ('closed', 'cancelled');

CREATE TABLE offers (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  work_item_id {uuid} NOT NULL,
  agent_id {uuid} NOT NULL,
  state TEXT NOT NULL,
  record {json} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL
) {strict};
CREATE INDEX offers_pending ON offers (organization_id, agent_id) WHERE state = 'pending';
CREATE INDEX offers_item ON offers (organization_id, work_item_id);

CREATE TABLE assignments (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  work_item_id {uuid} NOT NULL,
  agent_id {uuid} NOT NULL,
  state TEXT NOT NULL,
  record {json} NOT NULL,
  started_at {time} NOT NULL,
  ended_at {time}
) {strict};
CREATE INDEX assignments_live ON assignments (organization_id, agent_id) WHERE state <> 'ended';
CREATE INDEX assignments_item ON assignments (organization_id, work_item_id);

CREATE TABLE presences (
  agent_id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  record {json} NOT NULL,
  updated_at {time} NOT NULL
) {strict};
CREATE INDEX presences_organization ON presences (organization_id);

CREATE TABLE presence_intervals (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  agent_id {uuid} NOT NULL,
  status_id {uuid} NOT NULL,
  reason TEXT NOT NULL,
  from_at {time} NOT NULL,
  to_at {time}
) {strict};
CREATE UNIQUE INDEX presence_intervals_open ON presence_intervals (agent_id) WHERE to_at IS NULL;
CREATE INDEX presence_intervals_agent ON presence_intervals (organization_id, agent_id, from_at);

CREATE TABLE drafts (
  organization_id {uuid} NOT NULL,
  conversation_id {uuid} NOT NULL,
  user_id {uuid} NOT NULL,
  mode TEXT NOT NULL,
  content {json} NOT NULL,
  base_seq {int} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL,
  PRIMARY KEY (conversation_id, user_id, mode)
) {strict};
CREATE INDEX drafts_user ON drafts (organization_id, user_id, updated_at);

CREATE TABLE read_marks (
  organization_id {uuid} NOT NULL,
  conversation_id {uuid} NOT NULL,
  reader_id {uuid} NOT NULL,
  seq {int} NOT NULL,
  updated_at {time} NOT NULL,
  PRIMARY KEY (conversation_id, reader_id)
) {strict};

CREATE TABLE attachments (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  entry_id {uuid},
  conversation_id {uuid},
  uploader_id {uuid},
  name TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size_bytes {int} NOT NULL,
  sha256 {blob} NOT NULL,
  content_id TEXT,
  state TEXT NOT NULL,
  created_at {time} NOT NULL
) {strict};
CREATE INDEX attachments_entry ON attachments (organization_id, entry_id);
CREATE INDEX attachments_loose ON attachments (created_at) WHERE entry_id IS NULL;

-- What has to leave for a provider: one row per attempt in flight or waiting.
CREATE TABLE deliveries (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  entry_id {uuid} NOT NULL,
  channel_id {uuid} NOT NULL,
  state TEXT NOT NULL,
  attempt {int} NOT NULL,
  next_at {time} NOT NULL,
  leased_until {time},
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL
) {strict};
CREATE UNIQUE INDEX deliveries_entry ON deliveries (entry_id, attempt);
CREATE INDEX deliveries_due ON deliveries (organization_id, next_at) WHERE state IN ('queued', 'sending');

CREATE TABLE mail_cursors (
  channel_id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  uid_validity {int} NOT NULL,
  last_uid {int} NOT NULL,
  updated_at {time} NOT NULL
) {strict};

-- Message-IDs seen or sent, for threading by reference.
CREATE TABLE mail_references (
  organization_id {uuid} NOT NULL,
  message_id TEXT NOT NULL,
  conversation_id {uuid} NOT NULL,
  entry_id {uuid} NOT NULL,
  PRIMARY KEY (organization_id, message_id)
) {strict};

CREATE TABLE dead_letters (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  channel_id {uuid} NOT NULL,
  direction TEXT NOT NULL,
  reason TEXT NOT NULL,
  raw_key TEXT,
  entry_id {uuid},
  created_at {time} NOT NULL,
  settled_at {time}
) {strict};
CREATE INDEX dead_letters_organization ON dead_letters (organization_id, id);

CREATE TABLE idempotency_keys (
  organization_id {uuid} NOT NULL,
  owner_id {uuid} NOT NULL,
  operation TEXT NOT NULL,
  key TEXT NOT NULL,
  body_hash {blob} NOT NULL,
  status {int} NOT NULL,
  response {json} NOT NULL,
  created_at {time} NOT NULL,
  PRIMARY KEY (organization_id, owner_id, operation, key)
) {strict};
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- The durable stream. Ids, states, figures and times only; never message text or personal data.
CREATE TABLE events (
  {position},
  {xid_column}
  organization_id {uuid} NOT NULL,
  id {uuid} NOT NULL,
  type TEXT NOT NULL,
  version {int} NOT NULL,
  at {time} NOT NULL,
  actor {json} NOT NULL,
  cause_id {uuid},
  data {json} NOT NULL
) {strict};
-- @sqlite
CREATE INDEX events_stream ON events (organization_id, position);
-- @end
-- @postgres
CREATE INDEX events_stream ON events (organization_id, xid, position);
-- @end

CREATE TABLE audit_records (
  {position},
  id {uuid} NOT NULL,
  organization_id {uuid} NOT NULL,
  at {time} NOT NULL,
  actor {json} NOT NULL,
  action TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  resource_id {uuid},
  before {json},
  after {json},
  ip TEXT,
  session_id {uuid},
  reason TEXT
) {strict};
CREATE INDEX audit_records_organization ON audit_records (organization_id, position);
