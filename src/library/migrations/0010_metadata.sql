-- Which names in files are this library's, as the part that writes them says it (JSON): nothing else is taken back.
CREATE TABLE written (
    photo BLOB NOT NULL,
    place TEXT NOT NULL CHECK (place IN ('sidecar', 'embedded')),
    names TEXT NOT NULL,
    PRIMARY KEY (photo, place)
) WITHOUT ROWID;

-- What puts a written file back: one step a writing, each file with the names that were ours in it before.
CREATE TABLE written_undo (
    step INTEGER NOT NULL,
    photo BLOB NOT NULL,
    place TEXT NOT NULL CHECK (place IN ('sidecar', 'embedded')),
    undo TEXT NOT NULL,
    names TEXT,
    PRIMARY KEY (step, photo, place)
) WITHOUT ROWID;

-- What was answered to names that other programs gave to a photo (JSON): they are not offered again.
CREATE TABLE name_answer (
    photo_id INTEGER NOT NULL REFERENCES photo (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    answer TEXT NOT NULL,
    -- The step of the history that took the name; while that is undone, nothing was answered.
    step INTEGER,
    PRIMARY KEY (photo_id, name)
) WITHOUT ROWID;
