//! Who was forgotten for good stays so, whatever backup is restored: also one from before their photos were there, which
//! no forgetting had anything to take out of, and one that its user kept elsewhere, which none could reach.

use std::collections::HashSet;
use std::path::Path;

use rusqlite::{Connection, Transaction, params};

use super::forget_backups::{emptied, photos_with};
use super::forget_theirs::Theirs;
use super::{backup, file, forget};
use crate::library::error::Result;
use crate::library::faces;
use crate::types::FaceBox;

/// The places of all faces that no scan may find again, and how many people were forgotten so far.
#[derive(Debug, Default)]
pub(super) struct ForgottenForGood {
    places: Vec<([u8; 32], FaceBox)>,
    people: i64,
}

impl ForgottenForGood {
    pub fn read(c: &Connection) -> Result<Self> {
        let mut query = c.prepare("SELECT picture, x, y, width, height FROM forgotten")?;
        let rows = query.query_map([], |row| {
            let face_box = FaceBox { x: row.get(1)?, y: row.get(2)?, width: row.get(3)?, height: row.get(4)? };
            Ok((row.get(0)?, face_box))
        })?;
        Ok(Self { places: rows.collect::<rusqlite::Result<_>>()?, people: forget::count(c)? })
    }

    /// What a library that may be damaged says, and its backups, which are of it: as far as each can be read.
    pub fn of_what_is_left(library: &Path) -> Result<Self> {
        let mut all = Self::default();
        let backups = backup::find(library)?.into_iter().map(|found| found.path);
        for path in std::iter::once(library.to_owned()).chain(backups) {
            let Ok(said) = file::open_as_it_is(&path).and_then(|c| Self::read(&c)) else { continue };
            all.people = all.people.max(said.people);
            for place in said.places {
                if !all.places.contains(&place) {
                    all.places.push(place);
                }
            }
        }
        Ok(all)
    }

    /// Takes them out of a copy that is to be restored. A copy that knows of a place is from after the forgetting, and
    /// what it holds there was said since.
    pub fn apply(&self, copy: &mut Connection) -> Result<()> {
        let known = Self::read(copy)?;
        let news: Vec<_> = self.places.iter().filter(|place| !known.places.contains(place)).collect();
        if news.is_empty() && known.people >= self.people {
            return Ok(());
        }
        copy.pragma_update(None, "foreign_keys", true)?;
        copy.pragma_update(None, "secure_delete", true)?;
        let transaction = copy.transaction()?;
        let mut there = HashSet::new();
        for &&(picture, face_box) in &news {
            there.extend(faces_at(&transaction, &picture, face_box)?);
        }
        take_out(&transaction, &there)?;
        for (picture, face_box) in news {
            let FaceBox { x, y, width, height } = face_box;
            transaction.execute(
                "INSERT INTO forgotten (picture, x, y, width, height) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![picture, x, y, width, height],
            )?;
        }
        forget::count_at_least(&transaction, self.people)?;
        transaction.commit()?;
        if !there.is_empty() {
            copy.pragma_update(None, "temp_store", "memory")?;
            copy.execute_batch("VACUUM")?;
        }
        Ok(())
    }
}

fn faces_at(c: &Connection, picture: &[u8; 32], place: FaceBox) -> Result<Vec<i64>> {
    let mut found = Vec::new();
    for photo in photos_with(c, picture)? {
        let mut query = c.prepare_cached("SELECT id, x, y, width, height FROM face WHERE photo_id = ?1")?;
        let mut rows = query.query([photo])?;
        while let Some(row) = rows.next()? {
            let there = FaceBox { x: row.get(1)?, y: row.get(2)?, width: row.get(3)?, height: row.get(4)? };
            if faces::is_same_place(there, place) {
                found.push(row.get(0)?);
            }
        }
    }
    Ok(found)
}

/// The faces, and who has no other, with their names.
fn take_out(t: &Transaction, there: &HashSet<i64>) -> Result<()> {
    for person in emptied(t, there)? {
        forget::remove(t, &Theirs::of(t, &HashSet::from([person]), there, [])?)?;
    }
    if !there.is_empty() {
        forget::remove(t, &Theirs::of(t, &HashSet::new(), there, [])?)?;
    }
    Ok(())
}
