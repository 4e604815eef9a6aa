-- What its user said, to be remembered by every later grouping, and the history of saying it.
CREATE TABLE rejected (
    face_id INTEGER NOT NULL REFERENCES face (id) ON DELETE CASCADE,
    person_id INTEGER NOT NULL REFERENCES person (id),
    PRIMARY KEY (face_id, person_id)
) WITHOUT ROWID;
CREATE INDEX rejected_by_person ON rejected (person_id);

CREATE TABLE different (
    person_a INTEGER NOT NULL REFERENCES person (id),
    person_b INTEGER NOT NULL REFERENCES person (id),
    PRIMARY KEY (person_a, person_b),
    CHECK (person_a < person_b)
) WITHOUT ROWID;
CREATE INDEX different_by_b ON different (person_b);

CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    action TEXT NOT NULL,
    faces INTEGER NOT NULL,
    changes BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0 CHECK (undone IN (0, 1)),
    at INTEGER NOT NULL
);
