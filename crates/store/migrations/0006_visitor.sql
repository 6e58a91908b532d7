-- Files: where the bytes stand, and how large a picture is.
ALTER TABLE attachments ADD COLUMN file_key TEXT;
ALTER TABLE attachments ADD COLUMN width {int};
ALTER TABLE attachments ADD COLUMN height {int};
CREATE INDEX attachments_file ON attachments (organization_id, file_key) WHERE file_key IS NOT NULL;
-- Who still needs a file: the cleaner asks by key.
CREATE INDEX entries_raw ON entries (organization_id, raw_key) WHERE raw_key IS NOT NULL;
CREATE INDEX dead_letters_raw ON dead_letters (organization_id, raw_key) WHERE raw_key IS NOT NULL;
