//! What a library holds that its user would miss, in short: two with the same holdings differ in nothing that was decided,
//! found or lost.

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sha2::{Digest, Sha256};

use crate::library::error::Result;

/// A hash of people, faces, files, what was said of them and written into them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Holdings([u8; 32]);

/// Revisions are left out: a restore gives new ones.
const ROWS: [&str; 11] = [
    "SELECT id, name, hidden, cover_face FROM person ORDER BY id",
    "SELECT id, photo_id, person_id, belongs, set_aside FROM face ORDER BY id",
    "SELECT face_id, person_id, belongs FROM was_of ORDER BY face_id, person_id",
    "SELECT face_id, person_id FROM rejected ORDER BY face_id, person_id",
    "SELECT person_a, person_b FROM different ORDER BY person_a, person_b",
    "SELECT face_id, into_face FROM carried ORDER BY face_id, into_face",
    "SELECT photo_id, name, answer FROM name_answer ORDER BY photo_id, name",
    "SELECT id, picture, missing FROM photo ORDER BY id",
    "SELECT path, photo_id, missing FROM file ORDER BY path",
    // By these is taken back what was written into files.
    "SELECT * FROM written ORDER BY photo, place",
    "SELECT * FROM written_undo ORDER BY step, photo, place",
];

impl Holdings {
    /// # Errors
    /// Also where an older format lacks some of it.
    pub fn of(connection: &Connection) -> Result<Self> {
        let mut hash = Sha256::new();
        for sql in ROWS {
            let mut query = connection.prepare(sql)?;
            let columns = query.column_count();
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                for at in 0..columns {
                    add(&mut hash, row.get_ref(at)?);
                }
            }
            hash.update(b"\n");
        }
        Ok(Self(hash.finalize().into()))
    }
}

fn add(hash: &mut Sha256, value: ValueRef<'_>) {
    let (kind, bytes) = match value {
        ValueRef::Null => (0, Vec::new()),
        ValueRef::Integer(number) => (1, number.to_le_bytes().to_vec()),
        ValueRef::Real(number) => (2, number.to_le_bytes().to_vec()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => (3, bytes.to_vec()),
    };
    hash.update([kind]);
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}
