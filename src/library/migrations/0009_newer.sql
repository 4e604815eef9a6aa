-- What was said of a face after what was said of the one that it leads to: noted when the picture of that one is back, until
-- the two pictures are compared.
ALTER TABLE carried ADD COLUMN newer INTEGER NOT NULL DEFAULT 0 CHECK (newer IN (0, 1));
