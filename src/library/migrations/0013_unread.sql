-- When a file was last looked into, in seconds since 1970: what could not be read was tried then.
ALTER TABLE file ADD COLUMN tried_at INTEGER;

-- Written into since this picture was found here, and not read since: it may show another one by now.
ALTER TABLE file ADD COLUMN may_be_other INTEGER NOT NULL DEFAULT 0 CHECK (may_be_other IN (0, 1));
