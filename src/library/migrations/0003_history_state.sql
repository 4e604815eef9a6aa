-- Which steps can be undone and redone, and how long the history is, without reading the steps: one may be megabytes.
CREATE INDEX journal_by_state ON journal (undone, id, bytes);

-- Few faces are set aside; counting the others is counting all without these.
CREATE INDEX face_set_aside ON face (photo_id) WHERE set_aside IS NOT NULL;
