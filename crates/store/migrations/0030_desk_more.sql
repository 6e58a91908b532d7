-- A channel may keep hours of its own; without them it has those of its queue.
ALTER TABLE channels ADD COLUMN hours_id {uuid};

-- A mail about an account that could not leave is tried again, later each time.
ALTER TABLE account_mails ADD COLUMN next_at {time};
ALTER TABLE account_mails ADD COLUMN attempt {int} NOT NULL DEFAULT 0;
