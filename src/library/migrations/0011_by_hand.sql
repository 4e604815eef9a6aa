-- Faces by hand whose step was undone, with their vectors: redo brings them back. A new decision ends that.
CREATE TABLE undone_face (
    id INTEGER PRIMARY KEY,
    photo_id INTEGER NOT NULL REFERENCES photo (id) ON DELETE CASCADE,
    x REAL NOT NULL,
    y REAL NOT NULL,
    width REAL NOT NULL,
    height REAL NOT NULL,
    landmarks BLOB NOT NULL,
    jpeg BLOB
);
CREATE INDEX undone_face_by_photo ON undone_face (photo_id);
CREATE TABLE undone_vector (
    face_id INTEGER NOT NULL REFERENCES undone_face (id) ON DELETE CASCADE,
    model_id INTEGER NOT NULL REFERENCES model (id) ON DELETE CASCADE,
    vector BLOB NOT NULL,
    PRIMARY KEY (face_id, model_id)
) WITHOUT ROWID;
CREATE INDEX undone_vector_by_model ON undone_vector (model_id);

-- What other programs' files said when they were read last (JSON), so that only those that changed are read again.
CREATE TABLE names_read (
    path BLOB PRIMARY KEY,
    -- Size and times of the file, and of those beside it that were read with it.
    stamp TEXT NOT NULL,
    said TEXT NOT NULL
) WITHOUT ROWID;
