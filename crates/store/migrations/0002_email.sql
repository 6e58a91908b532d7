-- Mail: what could not be placed is found again by its content; what waits to leave is found by its channel.
ALTER TABLE dead_letters ADD COLUMN external_id TEXT;
ALTER TABLE dead_letters ADD COLUMN about {json};
CREATE UNIQUE INDEX dead_letters_external ON dead_letters (channel_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX dead_letters_entry ON dead_letters (organization_id, entry_id) WHERE entry_id IS NOT NULL;
CREATE INDEX deliveries_channel ON deliveries (organization_id, channel_id) WHERE state IN ('queued', 'sending');
CREATE INDEX entries_mail ON entries (conversation_id, seq) WHERE mail IS NOT NULL;
