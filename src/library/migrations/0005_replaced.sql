-- When the file's inode changed last: tells a file that was replaced by one of the same size and time. None where the
-- system does not tell (Windows), and of files not looked at since an older program.
ALTER TABLE file ADD COLUMN ctime_ns INTEGER;

-- The scan that first met this picture; 0 where only an older program knows.
ALTER TABLE photo ADD COLUMN found_in_scan INTEGER NOT NULL DEFAULT 0;

-- Pictures that lost a path to another one and are to be compared with it.
CREATE TABLE replaced (
    old INTEGER NOT NULL REFERENCES photo (id) ON DELETE CASCADE,
    new INTEGER NOT NULL REFERENCES photo (id) ON DELETE CASCADE,
    -- Whether the new picture was not known yet when the old one came to that path: only then it can be made from it.
    came_later INTEGER NOT NULL CHECK (came_later IN (0, 1)),
    PRIMARY KEY (old, new)
) WITHOUT ROWID;
CREATE INDEX replaced_by_new ON replaced (new);
INSERT INTO replaced (old, new, came_later) SELECT id, replaced_by, 0 FROM photo WHERE replaced_by IS NOT NULL AND carried = 0;
ALTER TABLE photo DROP COLUMN carried;

-- The same face in the pictures that took its own one's place: several, where copies of it were edited.
CREATE TABLE carried (
    face_id INTEGER NOT NULL REFERENCES face (id) ON DELETE CASCADE,
    into_face INTEGER NOT NULL REFERENCES face (id) ON DELETE CASCADE,
    PRIMARY KEY (face_id, into_face)
) WITHOUT ROWID;
CREATE INDEX carried_by_into ON carried (into_face);
INSERT INTO carried (face_id, into_face) SELECT id, carried_to FROM face WHERE carried_to IS NOT NULL;
DROP INDEX face_by_carried;
ALTER TABLE face DROP COLUMN carried_to;
