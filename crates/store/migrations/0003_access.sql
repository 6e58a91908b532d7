-- Access: roles of one's own, limits of API tokens, sealed audit records, mail about accounts.

ALTER TABLE api_tokens ADD COLUMN cidrs {json} NOT NULL DEFAULT '[]';
ALTER TABLE api_tokens ADD COLUMN updated_at {time};
ALTER TABLE api_tokens ADD COLUMN version {int} NOT NULL DEFAULT 1;

-- The built-in roles stand in the code; these are the organization's own.
CREATE TABLE roles (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  key TEXT NOT NULL,
  name {json} NOT NULL,
  grants {json} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE UNIQUE INDEX roles_key ON roles (organization_id, key);

-- A session whose rights changed gets a fresh token with the next call; the old one is good a moment longer.
ALTER TABLE sessions ADD COLUMN must_rotate {bool} NOT NULL DEFAULT FALSE;
ALTER TABLE sessions ADD COLUMN previous_hash {blob};
ALTER TABLE sessions ADD COLUMN previous_until {time};
CREATE INDEX sessions_previous ON sessions (previous_hash) WHERE previous_hash IS NOT NULL;

-- Mail about an account that is still to be sent. The link is made when it is sent: none stands here.
CREATE TABLE account_mails (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  kind TEXT NOT NULL,
  user_id {uuid} NOT NULL,
  created_at {time} NOT NULL,
  taken_at {time}
) {strict};
CREATE INDEX account_mails_due ON account_mails (organization_id, id) WHERE taken_at IS NULL;

-- The chain: a job gives each record its place and joins it to the record before.
ALTER TABLE audit_records ADD COLUMN seal {int};
ALTER TABLE audit_records ADD COLUMN prev_hash {blob};
ALTER TABLE audit_records ADD COLUMN hash {blob};
CREATE UNIQUE INDEX audit_records_seal ON audit_records (organization_id, seal) WHERE seal IS NOT NULL;
CREATE INDEX audit_records_unsealed ON audit_records (organization_id, position) WHERE seal IS NULL;
CREATE INDEX audit_records_id ON audit_records (organization_id, id);
