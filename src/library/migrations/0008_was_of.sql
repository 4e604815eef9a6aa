-- Whose a face was, and how, when it was set aside or said not to be theirs: taking that back makes it theirs again. The
-- person need not be there any more: a group that lost its last face is made anew.
CREATE TABLE was_of (
    face_id INTEGER NOT NULL REFERENCES face (id) ON DELETE CASCADE,
    person_id INTEGER NOT NULL,
    belongs TEXT NOT NULL CHECK (belongs IN ('grouped', 'suggested', 'named', 'confirmed')),
    PRIMARY KEY (face_id, person_id)
) WITHOUT ROWID;
CREATE INDEX was_of_by_person ON was_of (person_id);
