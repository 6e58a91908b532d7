-- The agent's desk: custom statuses, tags and fields, views, undo, followers and mentions, merges, notifications, jobs.

ALTER TABLE conversations ADD COLUMN status_id {uuid};
ALTER TABLE conversations ADD COLUMN snoozed_by {uuid};
ALTER TABLE conversations ADD COLUMN follower_ids {json} NOT NULL DEFAULT '[]';
ALTER TABLE conversations ADD COLUMN mentioned_ids {json} NOT NULL DEFAULT '[]';
ALTER TABLE conversations ADD COLUMN linked_ids {json} NOT NULL DEFAULT '[]';
ALTER TABLE conversations ADD COLUMN merged_into_id {uuid};
ALTER TABLE conversations ADD COLUMN is_restricted {bool} NOT NULL DEFAULT FALSE;
ALTER TABLE conversations ADD COLUMN is_test {bool} NOT NULL DEFAULT FALSE;
ALTER TABLE conversations ADD COLUMN next_due_at {time};
ALTER TABLE conversations ADD COLUMN deleted_at {time};
-- Subject, outcome and newest text, folded: what a free word of a filter is looked for in.
ALTER TABLE conversations ADD COLUMN text_key TEXT NOT NULL DEFAULT '';
CREATE INDEX conversations_merged ON conversations (organization_id, merged_into_id) WHERE merged_into_id IS NOT NULL;
CREATE INDEX conversations_snoozed ON conversations (organization_id, snoozed_until) WHERE snoozed_until IS NOT NULL;

ALTER TABLE entries ADD COLUMN reply_to_id {uuid};
ALTER TABLE entries ADD COLUMN reactions {json} NOT NULL DEFAULT '[]';
ALTER TABLE entries ADD COLUMN edits {json} NOT NULL DEFAULT '[]';
ALTER TABLE entries ADD COLUMN is_redacted {bool} NOT NULL DEFAULT FALSE;
CREATE INDEX entries_time ON entries (conversation_id, created_at, id);

ALTER TABLE customers ADD COLUMN given_name TEXT;
ALTER TABLE customers ADD COLUMN family_name TEXT;
ALTER TABLE customers ADD COLUMN company_id {uuid};
ALTER TABLE customers ADD COLUMN owner_agent_id {uuid};
ALTER TABLE customers ADD COLUMN value {json};
ALTER TABLE customers ADD COLUMN renewal_on TEXT;
ALTER TABLE customers ADD COLUMN first_source TEXT;
-- The customer that active merges lead to; null for somebody who stands alone.
ALTER TABLE customers ADD COLUMN merged_into_id {uuid};
CREATE INDEX customers_merged ON customers (organization_id, merged_into_id) WHERE merged_into_id IS NOT NULL;
CREATE INDEX customers_company ON customers (organization_id, company_id) WHERE company_id IS NOT NULL;

ALTER TABLE identities ADD COLUMN is_shared {bool} NOT NULL DEFAULT FALSE;
ALTER TABLE identities ADD COLUMN verified_by TEXT;
CREATE INDEX identities_key ON identities (organization_id, address_key);

-- Who follows a conversation, and who was named in a note of it.
CREATE TABLE conversation_people (
  organization_id {uuid} NOT NULL,
  conversation_id {uuid} NOT NULL,
  user_id {uuid} NOT NULL,
  kind TEXT NOT NULL,
  created_at {time} NOT NULL,
  PRIMARY KEY (conversation_id, user_id, kind)
) {strict};
CREATE INDEX conversation_people_user ON conversation_people (organization_id, user_id, kind, conversation_id);

-- Conversation statuses, tags, custom fields, views and companies: small nouns that stand whole in `settings`.
CREATE TABLE desk_nouns (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  noun TEXT NOT NULL,
  key TEXT NOT NULL,
  user_id {uuid},
  settings {json} NOT NULL,
  position {int} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE UNIQUE INDEX desk_nouns_key ON desk_nouns (organization_id, noun, key);
CREATE INDEX desk_nouns_list ON desk_nouns (organization_id, noun, position, id);

-- A command that can be taken back: what it set, and what stood there before.
CREATE TABLE undos (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  user_id {uuid},
  kind TEXT NOT NULL,
  data {json} NOT NULL,
  created_at {time} NOT NULL,
  expires_at {time} NOT NULL,
  used_at {time}
) {strict};
CREATE INDEX undos_age ON undos (organization_id, expires_at);

-- What falls due by itself: the end of a snooze, the end of an undo window.
CREATE TABLE timers (
  organization_id {uuid} NOT NULL,
  kind TEXT NOT NULL,
  subject_id {uuid} NOT NULL,
  due_at {time} NOT NULL,
  PRIMARY KEY (organization_id, kind, subject_id)
) {strict};
CREATE INDEX timers_due ON timers (organization_id, due_at);

CREATE TABLE conversation_merges (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  target_id {uuid} NOT NULL,
  source_id {uuid} NOT NULL,
  state TEXT NOT NULL,
  data {json} NOT NULL,
  created_by {uuid},
  created_at {time} NOT NULL,
  unmerged_at {time}
) {strict};
CREATE INDEX conversation_merges_target ON conversation_merges (organization_id, target_id);

CREATE TABLE customer_merges (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  target_id {uuid} NOT NULL,
  source_id {uuid} NOT NULL,
  state TEXT NOT NULL,
  evidence {json} NOT NULL,
  field_choices {json} NOT NULL,
  created_by {uuid},
  created_at {time} NOT NULL,
  unmerged_at {time}
) {strict};
CREATE INDEX customer_merges_target ON customer_merges (organization_id, target_id);
CREATE UNIQUE INDEX customer_merges_source ON customer_merges (organization_id, source_id) WHERE state = 'merged';

CREATE TABLE merge_proposals (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  a_id {uuid} NOT NULL,
  b_id {uuid} NOT NULL,
  evidence {json} NOT NULL,
  state TEXT NOT NULL,
  created_at {time} NOT NULL,
  decided_at {time},
  decided_by {uuid}
) {strict};
CREATE UNIQUE INDEX merge_proposals_open ON merge_proposals (organization_id, a_id, b_id) WHERE state = 'open';

CREATE TABLE notifications (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  user_id {uuid} NOT NULL,
  kind TEXT NOT NULL,
  conversation_id {uuid},
  entry_id {uuid},
  actor {json} NOT NULL,
  created_at {time} NOT NULL,
  read_at {time}
) {strict};
CREATE INDEX notifications_user ON notifications (organization_id, user_id, id);

CREATE TABLE jobs (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  done_count {int} NOT NULL,
  total_count {int},
  result {json},
  error {json},
  undo {json},
  created_by {uuid},
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE INDEX jobs_organization ON jobs (organization_id, id);
CREATE INDEX jobs_running ON jobs (organization_id, state) WHERE state IN ('queued', 'running');

-- What is not done yet: figures and lists of open work never walk through the archive.
CREATE INDEX conversations_live ON conversations (organization_id, queue_id, last_activity_at, id)
  WHERE status_category <> 'resolved' AND merged_into_id IS NULL AND deleted_at IS NULL;
CREATE INDEX conversations_live_owner ON conversations (organization_id, owner_agent_id, last_activity_at, id)
  WHERE status_category <> 'resolved' AND merged_into_id IS NULL AND deleted_at IS NULL;
CREATE INDEX conversations_status ON conversations (organization_id, status_id) WHERE status_id IS NOT NULL;
CREATE INDEX events_conversation ON events (organization_id, (data ->> 'conversation_id'), position)
  WHERE (data ->> 'conversation_id') IS NOT NULL;
