-- Which file was being looked through: another one at its path is not to blame. What is in it is known once it was hashed.
ALTER TABLE attempt ADD COLUMN size INTEGER;
ALTER TABLE attempt ADD COLUMN mtime_ns INTEGER;
ALTER TABLE attempt ADD COLUMN ctime_ns INTEGER;
ALTER TABLE attempt ADD COLUMN sha256 BLOB;
