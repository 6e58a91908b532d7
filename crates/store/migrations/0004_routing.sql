-- Routing configuration: opening hours, skills, codes, teams as members of queues; what work is about; how it ended.

CREATE TABLE business_hours (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  key TEXT NOT NULL,
  settings {json} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE UNIQUE INDEX business_hours_key ON business_hours (organization_id, key);

CREATE TABLE skills (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  key TEXT NOT NULL,
  settings {json} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE UNIQUE INDEX skills_key ON skills (organization_id, key);

CREATE TABLE decline_reasons (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  key TEXT NOT NULL,
  settings {json} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE UNIQUE INDEX decline_reasons_key ON decline_reasons (organization_id, key);

CREATE TABLE wrap_up_codes (
  id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  key TEXT NOT NULL,
  settings {json} NOT NULL,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE UNIQUE INDEX wrap_up_codes_key ON wrap_up_codes (organization_id, key);

-- A team as a member of a queue: every agent of the team serves it.
CREATE TABLE queue_teams (
  organization_id {uuid} NOT NULL,
  queue_id {uuid} NOT NULL,
  team_id {uuid} NOT NULL,
  tier {int} NOT NULL,
  delay_ms {int} NOT NULL,
  PRIMARY KEY (queue_id, team_id)
) {strict};
CREATE INDEX queue_teams_organization ON queue_teams (organization_id, queue_id);

-- How a work item ended; one row per item.
CREATE TABLE dispositions (
  work_item_id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  code_id {uuid},
  note TEXT,
  is_code_missing {bool} NOT NULL,
  agent_id {uuid},
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL,
  version {int} NOT NULL
) {strict};
CREATE INDEX dispositions_code ON dispositions (organization_id, code_id);

-- Agents are matched by key in a configuration document; without one their id stands for it.
ALTER TABLE agents ADD COLUMN key TEXT;
CREATE UNIQUE INDEX agents_key ON agents (organization_id, key) WHERE key IS NOT NULL;

ALTER TABLE presence_statuses ADD COLUMN activity TEXT;

-- Work that came by `POST /work-items` says what it is about.
ALTER TABLE work_items ADD COLUMN kind TEXT;
ALTER TABLE work_items ADD COLUMN subject {json};
ALTER TABLE work_items ADD COLUMN attributes {json};
ALTER TABLE work_items ADD COLUMN external_id TEXT;
CREATE UNIQUE INDEX work_items_external ON work_items (organization_id, external_id) WHERE external_id IS NOT NULL;

-- The history of one item.
CREATE INDEX events_work_item ON events (organization_id, (data->>'work_item_id')) WHERE type LIKE 'work_item.%';
