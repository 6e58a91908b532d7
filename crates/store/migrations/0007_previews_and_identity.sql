-- A small safe picture of a picture.
ALTER TABLE attachments ADD COLUMN preview_key TEXT;
CREATE INDEX attachments_preview ON attachments (organization_id, preview_key) WHERE preview_key IS NOT NULL;
-- What joins another customer is found by its customer.
CREATE INDEX interactions_customer ON interactions (organization_id, customer_id);
CREATE INDEX used_token_ids_age ON used_token_ids (organization_id, channel_id, expires_at);
