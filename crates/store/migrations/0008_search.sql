-- What can be found: folded words of conversations, customers and entries. `scope` is one word of organization and kind.
CREATE TABLE search_documents (
  {position},
  organization_id {uuid} NOT NULL,
  kind TEXT NOT NULL,
  id {uuid} NOT NULL,
  conversation_id {uuid},
  scope TEXT NOT NULL,
  folded TEXT NOT NULL
) {strict};
CREATE UNIQUE INDEX search_documents_id ON search_documents (organization_id, kind, id);
-- @sqlite
CREATE VIRTUAL TABLE search_index USING fts5(
  scope, folded, content = 'search_documents', content_rowid = 'position', tokenize = 'ascii', prefix = '2 3'
);
INSERT INTO search_index (search_index, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER search_documents_added AFTER INSERT ON search_documents BEGIN
  INSERT INTO search_index (rowid, scope, folded) VALUES (new.position, new.scope, new.folded);
END;
CREATE TRIGGER search_documents_removed AFTER DELETE ON search_documents BEGIN
  INSERT INTO search_index (search_index, rowid, scope, folded) VALUES ('delete', old.position, old.scope, old.folded);
END;
CREATE TRIGGER search_documents_changed AFTER UPDATE OF folded ON search_documents BEGIN
  INSERT INTO search_index (search_index, rowid, scope, folded) VALUES ('delete', old.position, old.scope, old.folded);
  INSERT INTO search_index (rowid, scope, folded) VALUES (new.position, new.scope, new.folded);
END;
-- @end
-- @postgres
ALTER TABLE search_documents ADD COLUMN words tsvector
  GENERATED ALWAYS AS (array_to_tsvector(string_to_array(folded, ' '))) STORED;
-- Common words are found by going back from the newest, rare ones by the words.
CREATE INDEX search_documents_newest ON search_documents (organization_id, kind, position);
CREATE INDEX search_documents_words ON search_documents USING gin (words);
-- @end
