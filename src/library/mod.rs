//! The SQLite library: photos, faces, people, review journal, scan state. The only part that knows SQL.
