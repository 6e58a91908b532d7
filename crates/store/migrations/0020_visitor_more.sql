-- Mails that no person writes: transcripts, and word of answers nobody has read. What they say is made from the
-- conversation at the moment they leave, so nothing of it is kept twice.
CREATE TABLE letters (
  entry_id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  conversation_id {uuid} NOT NULL,
  kind TEXT NOT NULL,
  format TEXT NOT NULL,
  -- The channel whose messages it holds; all channels without one.
  about_channel_id {uuid},
  -- Whose address it is, where somebody of the conversation has it.
  identity_id {uuid},
  address TEXT NOT NULL,
  address_key TEXT NOT NULL,
  language TEXT NOT NULL,
  -- What it holds: entries after the first number, up to the second.
  after_seq {int} NOT NULL,
  until_seq {int} NOT NULL,
  reference TEXT,
  created_at {time} NOT NULL
) {strict};
CREATE INDEX letters_conversation ON letters (organization_id, conversation_id, created_at);

-- What customers think of an engagement; once for each.
CREATE TABLE ratings (
  interaction_id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  conversation_id {uuid} NOT NULL,
  channel_id {uuid} NOT NULL,
  entry_id {uuid} NOT NULL,
  stars {int} NOT NULL,
  comment TEXT,
  created_at {time} NOT NULL,
  updated_at {time} NOT NULL
) {strict};
CREATE INDEX ratings_conversation ON ratings (organization_id, conversation_id, channel_id);

-- Where visitors want answers that they have not read; one address for each conversation.
CREATE TABLE notices (
  conversation_id {uuid} NOT NULL PRIMARY KEY,
  organization_id {uuid} NOT NULL,
  channel_id {uuid} NOT NULL,
  visitor_id {uuid} NOT NULL,
  identity_id {uuid} NOT NULL,
  address TEXT NOT NULL,
  language TEXT NOT NULL,
  state TEXT NOT NULL,
  -- Which links are good.
  nonce {uuid} NOT NULL,
  -- The last entry that a mail has told of.
  told_seq {int} NOT NULL,
  asked_at {time} NOT NULL,
  confirmed_at {time}
) {strict};
CREATE INDEX notices_visitor ON notices (organization_id, visitor_id);
