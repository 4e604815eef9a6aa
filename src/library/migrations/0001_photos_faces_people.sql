-- A photo's path is kept as the bytes the operating system uses (see path.rs), because names need not be text.
CREATE TABLE folder (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    added_at INTEGER NOT NULL
);

CREATE TABLE scan (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    folder_id INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    outcome TEXT CHECK (outcome IN ('complete', 'cancelled'))
);

CREATE TABLE photo (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    folder_id INTEGER NOT NULL REFERENCES folder (id) ON DELETE CASCADE,
    seen_in_scan INTEGER NOT NULL,
    path BLOB NOT NULL UNIQUE,
    name_key TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sha256 BLOB,
    state TEXT NOT NULL CHECK (state IN ('done', 'failed')),
    reason TEXT,
    missing INTEGER NOT NULL DEFAULT 0 CHECK (missing IN (0, 1)),
    detector TEXT,
    width INTEGER NOT NULL DEFAULT 0,
    height INTEGER NOT NULL DEFAULT 0,
    format TEXT,
    captured_at TEXT,
    camera TEXT,
    latitude REAL,
    longitude REAL,
    -- The order of the grid: the capture time, or the file's time where a photo does not tell.
    sort_at TEXT NOT NULL,
    CHECK ((state = 'failed') = (reason IS NOT NULL))
);
CREATE INDEX photo_by_hash ON photo (sha256);
CREATE INDEX photo_by_time ON photo (sort_at DESC, id);
CREATE INDEX photo_by_folder ON photo (folder_id, seen_in_scan);
CREATE INDEX photo_failed ON photo (sort_at DESC, id) WHERE state = 'failed';
CREATE INDEX photo_missing ON photo (id) WHERE missing = 1;

CREATE TABLE person (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT CHECK (name <> ''),
    hidden INTEGER NOT NULL DEFAULT 0 CHECK (hidden IN (0, 1)),
    cover_face INTEGER REFERENCES face (id) ON DELETE SET NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX person_by_cover ON person (cover_face) WHERE cover_face IS NOT NULL;

CREATE TABLE face (
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
    belongs TEXT CHECK (belongs IN ('grouped', 'suggested', 'confirmed')),
    set_aside TEXT CHECK (set_aside IN ('ignored', 'not_a_face')),
    CHECK ((person_id IS NULL) = (belongs IS NULL)),
    CHECK (set_aside IS NULL OR person_id IS NULL)
);
CREATE INDEX face_by_photo ON face (photo_id);
CREATE INDEX face_by_person ON face (person_id, belongs, quality, photo_id);

-- Apart from the face, so that reading faces does not read pictures.
CREATE TABLE face_crop (
    face_id INTEGER PRIMARY KEY REFERENCES face (id) ON DELETE CASCADE,
    jpeg BLOB NOT NULL
);

CREATE TABLE model (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    dimensions INTEGER NOT NULL
);

-- Clustered by model: two models' embeddings are never read together.
CREATE TABLE embedding (
    model_id INTEGER NOT NULL REFERENCES model (id) ON DELETE CASCADE,
    face_id INTEGER NOT NULL REFERENCES face (id) ON DELETE CASCADE,
    vector BLOB NOT NULL,
    PRIMARY KEY (model_id, face_id)
) WITHOUT ROWID;
CREATE INDEX embedding_by_face ON embedding (face_id);

CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
