//! Promises about the library's file. Each test has a folder of its own; no photo is decoded.

mod backups;
mod checks;
mod failing_disk;
mod faults;
mod forgetting;
mod forgetting_for_good;
mod forgetting_whole;
mod imported_edits;
#[cfg(unix)]
mod in_the_way;
mod protected;
mod restoring;
#[cfg(unix)]
mod torn;
mod transfers;

use std::path::{Path, PathBuf};

use super::*;
use crate::library::fixture::{self, LibraryFixture};
use crate::library::{
    Decision, Destination, FaceRecord, GroupedBy, Library, LibraryError, PhotoRecord, SetAside, Stale,
};
use crate::types::{Embedding, FaceId, ModelId, PersonId, Revision};

impl LibraryFixture {
    fn name(&mut self, faces: &[FaceId], name: &str) -> PersonId {
        self.library.move_faces(faces, &Destination::NewPerson { name: name.into() }).unwrap()
    }

    fn names(&self) -> Vec<String> {
        names(&self.library)
    }

    fn told(&self) -> String {
        told(&self.library)
    }

    /// Restores every backup that is there now, though each restore may remove the others.
    fn restore_each(&mut self, look: impl Fn(&Self)) {
        let all = backups(&self.file()).unwrap();
        let copied: Vec<Vec<u8>> = all.iter().map(|backup| std::fs::read(&backup.path).unwrap()).collect();
        for (backup, bytes) in all.iter().zip(copied) {
            std::fs::write(&backup.path, bytes).unwrap();
            self.library.restore_backup(&backup.path).unwrap();
            look(self);
        }
    }

    /// All of every table, byte for byte.
    fn dump(&self) -> String {
        let tables = rows(&self.library, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", 1);
        let mut dump = String::new();
        for table in tables {
            let columns: i64 = self
                .library
                .connection
                .query_row("SELECT count(*) FROM pragma_table_info(?1)", [&table], |row| row.get(0))
                .unwrap();
            let mut all = rows(&self.library, &format!("SELECT * FROM {table}"), columns as usize);
            all.sort();
            dump += &format!("{table}\n{}\n", all.join("\n"));
        }
        dump
    }
}

/// Every row about decisions, whatever its number.
fn told(library: &Library) -> String {
    let mut told = Vec::new();
    for person in library.everyone().unwrap() {
        told.push(format!("person {:?}", person.name));
    }
    let sql = "SELECT hex(picture), cast(x AS INTEGER), ifnull(name, '-'), ifnull(belongs, '-'), \
        ifnull(set_aside, '-') FROM face JOIN photo ON photo.id = photo_id LEFT JOIN person ON person.id = person_id";
    told.extend(rows(library, sql, 5));
    let sql = "SELECT hex(picture), cast(x AS INTEGER), ifnull(name, '-'), 'rejected', '' FROM rejected \
        JOIN face ON face.id = face_id JOIN photo ON photo.id = photo_id JOIN person ON person.id = rejected.person_id";
    told.extend(rows(library, sql, 5));
    let sql = "SELECT min(ifnull(a.name, '-'), ifnull(b.name, '-')), max(ifnull(a.name, '-'), ifnull(b.name, '-')) \
        FROM different JOIN person a ON a.id = person_a JOIN person b ON b.id = person_b";
    told.extend(rows(library, sql, 2));
    told.sort();
    told.join("\n")
}

fn rows(library: &Library, sql: &str, columns: usize) -> Vec<String> {
    let mut query = library.connection.prepare(sql).unwrap();
    let mut rows = query.query([]).unwrap();
    let mut all = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let value = |at| match row.get::<_, rusqlite::types::Value>(at).unwrap() {
            rusqlite::types::Value::Text(text) => text,
            other => format!("{other:?}"),
        };
        all.push((0..columns).map(value).collect::<Vec<_>>().join(" "));
    }
    all
}

fn names(library: &Library) -> Vec<String> {
    let mut names: Vec<String> = library.everyone().unwrap().into_iter().filter_map(|person| person.name).collect();
    names.sort();
    names
}

fn face(place: usize) -> FaceRecord {
    fixture::face(100.0 * place as f32, 10.0 * place as f32)
}

fn photo(path: &Path, hash: u8, faces: usize) -> PhotoRecord {
    fixture::photo(path, hash, (0..faces).map(face).collect())
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Changes some bytes in the middle of a file.
fn damage(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    for byte in &mut bytes[4096..middle] {
        *byte ^= 0xA5;
    }
    std::fs::write(path, bytes).unwrap();
}
