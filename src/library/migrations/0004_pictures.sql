-- A photo is a picture, known by the hash of its coded data; files lead to it, and come and go. Decisions belong to the
-- picture's faces. Run with foreign keys off, since tables are built anew under their old names.
CREATE TABLE photo_4 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- None where only an older program has read the file: the next scan fills it in.
    picture BLOB UNIQUE,
    -- The file it is shown by, or was last.
    path BLOB NOT NULL,
    name_key TEXT NOT NULL,
    size INTEGER NOT NULL,
    -- Of the file that was decoded: names the thumbnail.
    sha256 BLOB,
    state TEXT NOT NULL CHECK (state IN ('done', 'failed')),
    reason TEXT,
    -- The program that failed; a newer one tries again.
    failed_by TEXT,
    -- No file leads here.
    missing INTEGER NOT NULL DEFAULT 0 CHECK (missing IN (0, 1)),
    -- The picture that took its place at its path, when it lost its last file so.
    replaced_by INTEGER REFERENCES photo (id) ON DELETE SET NULL,
    -- Whether its faces were looked for in that picture.
    carried INTEGER NOT NULL DEFAULT 0 CHECK (carried IN (0, 1)),
    detector TEXT,
    width INTEGER NOT NULL DEFAULT 0,
    height INTEGER NOT NULL DEFAULT 0,
    format TEXT,
    captured_at TEXT,
    camera TEXT,
    latitude REAL,
    longitude REAL,
    sort_at TEXT NOT NULL,
    CHECK ((state = 'failed') = (reason IS NOT NULL))
);
INSERT INTO photo_4 (id, path, name_key, size, sha256, state, reason, missing, detector, width, height, format,
    captured_at, camera, latitude, longitude, sort_at)
SELECT id, path, name_key, size, sha256, state, reason, missing, detector, width, height, format,
    captured_at, camera, latitude, longitude, sort_at FROM photo;

CREATE TABLE file (
    path BLOB PRIMARY KEY,
    photo_id INTEGER NOT NULL REFERENCES photo (id) ON DELETE CASCADE,
    folder_id INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    seen_in_scan INTEGER NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256 BLOB,
    -- Why it could not be read at the last scan.
    problem TEXT,
    -- The scan that first found this picture here.
    linked_in_scan INTEGER NOT NULL DEFAULT 0,
    missing INTEGER NOT NULL DEFAULT 0 CHECK (missing IN (0, 1))
) WITHOUT ROWID;
INSERT INTO file (path, photo_id, folder_id, seen_in_scan, size, mtime_ns, sha256, missing)
SELECT path, id, folder_id, seen_in_scan, size, mtime_ns, sha256, missing FROM photo;
CREATE INDEX file_by_photo ON file (photo_id, missing);
CREATE INDEX file_by_folder ON file (folder_id, seen_in_scan);

DROP TABLE photo;
ALTER TABLE photo_4 RENAME TO photo;
CREATE INDEX photo_by_time ON photo (sort_at DESC, id);
CREATE INDEX photo_failed ON photo (sort_at DESC, id) WHERE state = 'failed';
CREATE INDEX photo_missing ON photo (id) WHERE missing = 1;
CREATE INDEX photo_replaced ON photo (id) WHERE replaced_by IS NOT NULL;
CREATE INDEX photo_by_hash ON photo (sha256);
CREATE INDEX photo_by_path ON photo (path);

-- Named: with the group, without being looked at one by one.
CREATE TABLE face_4 (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    photo_id INTEGER NOT NULL REFERENCES photo (id) ON DELETE CASCADE,
    x REAL NOT NULL,
    y REAL NOT NULL,
    width REAL NOT NULL,
    height REAL NOT NULL,
    score REAL NOT NULL,
    landmarks BLOB NOT NULL,
    quality REAL NOT NULL,
    person_id INTEGER REFERENCES person (id),
    belongs TEXT CHECK (belongs IN ('grouped', 'suggested', 'named', 'confirmed')),
    set_aside TEXT CHECK (set_aside IN ('stranger', 'not_a_face')),
    -- When a decision or a grouping changed it last.
    revision INTEGER NOT NULL DEFAULT 0,
    -- The same face in the picture that took this one's place.
    carried_to INTEGER REFERENCES face (id) ON DELETE SET NULL,
    CHECK ((person_id IS NULL) = (belongs IS NULL)),
    CHECK (set_aside IS NULL OR person_id IS NULL)
);
INSERT INTO face_4 (id, photo_id, x, y, width, height, score, landmarks, quality, person_id, belongs, set_aside)
SELECT id, photo_id, x, y, width, height, score, landmarks, quality, person_id, belongs,
    CASE set_aside WHEN 'ignored' THEN 'stranger' ELSE set_aside END FROM face;
DROP TABLE face;
ALTER TABLE face_4 RENAME TO face;
CREATE INDEX face_by_photo ON face (photo_id);
CREATE INDEX face_by_person ON face (person_id, belongs, quality, photo_id);
CREATE INDEX face_set_aside ON face (photo_id) WHERE set_aside IS NOT NULL;
CREATE INDEX face_by_carried ON face (carried_to) WHERE carried_to IS NOT NULL;

-- When its row changed last, or a face left it.
ALTER TABLE person ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;

-- Counts the changes of faces and people.
CREATE TABLE clock (revision INTEGER NOT NULL);
INSERT INTO clock VALUES (1);

-- Its drive is not there: photos below it are neither looked for nor missing.
ALTER TABLE folder ADD COLUMN offline INTEGER NOT NULL DEFAULT 0 CHECK (offline IN (0, 1));

-- The weights that made a model's embeddings; none where only an older program has embedded.
ALTER TABLE model ADD COLUMN weights TEXT;

-- Files that were being read when the program died, by how often it did so, and how often with this one alone.
CREATE TABLE attempt (
    path BLOB PRIMARY KEY,
    deaths INTEGER NOT NULL DEFAULT 0,
    deaths_alone INTEGER NOT NULL DEFAULT 0,
    is_alone INTEGER NOT NULL,
    is_open INTEGER NOT NULL
) WITHOUT ROWID;

-- Faces of forgotten people that no scan may find again: the picture's hash and the place, nothing else.
CREATE TABLE forgotten (
    picture BLOB NOT NULL,
    x REAL NOT NULL,
    y REAL NOT NULL,
    width REAL NOT NULL,
    height REAL NOT NULL
);
CREATE INDEX forgotten_by_picture ON forgotten (picture);
