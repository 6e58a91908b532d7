-- Messages to a customer in one conversation on one channel: read marks and unread counts go by these alone.
CREATE INDEX entries_out ON entries (conversation_id, channel_id, seq) WHERE direction = 'out' AND kind = 'message';
