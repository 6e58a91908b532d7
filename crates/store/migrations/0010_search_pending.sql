-- New documents are written at once and put into the index of words together, a little later: each commit that writes
-- to the index costs a segment of it. Up to which document the index stands is known; raising it puts the next ones in.
CREATE TABLE search_progress (
  up_to {int} NOT NULL
) {strict};
INSERT INTO search_progress (up_to) SELECT COALESCE(MAX(position), 0) FROM search_documents;
-- @sqlite
DROP TRIGGER search_documents_added;
DROP TRIGGER search_documents_removed;
DROP TRIGGER search_documents_changed;
CREATE TRIGGER search_progress_raised AFTER UPDATE OF up_to ON search_progress WHEN new.up_to > old.up_to BEGIN
  INSERT INTO search_index (rowid, scope, folded)
    SELECT position, scope, folded FROM search_documents WHERE position > old.up_to AND position <= new.up_to;
END;
-- A position may be given again when the newest document goes: the index then stands before it.
CREATE TRIGGER search_documents_removed AFTER DELETE ON search_documents
WHEN old.position <= (SELECT up_to FROM search_progress) BEGIN
  INSERT INTO search_index (search_index, rowid, scope, folded) VALUES ('delete', old.position, old.scope, old.folded);
  UPDATE search_progress SET up_to = MIN(up_to, (SELECT COALESCE(MAX(position), 0) FROM search_documents));
END;
CREATE TRIGGER search_documents_changed AFTER UPDATE OF folded ON search_documents
WHEN old.position <= (SELECT up_to FROM search_progress) BEGIN
  INSERT INTO search_index (search_index, rowid, scope, folded) VALUES ('delete', old.position, old.scope, old.folded);
  INSERT INTO search_index (rowid, scope, folded) VALUES (new.position, new.scope, new.folded);
END;
-- @end
