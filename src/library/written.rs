//! What was written about people into files: which names there are ours, and what puts a file back. The texts are those
//! of the part that writes; here they are only kept.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use super::error::{LibraryError, Result};
use super::open::{Library, LibraryReader};
use super::path;
use crate::types::FaceBox;

/// Where names are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum WritePlace {
    /// Into a file beside the photo; the photo stays byte for byte as it is
    #[default]
    Sidecar,
    /// Into the photo itself, which has to be a JPEG
    Embedded,
}

impl WritePlace {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Sidecar => Self::Embedded,
            Self::Embedded => Self::Sidecar,
        }
    }
}

/// A photo whose names were written, or are to be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PhotoToWrite {
    pub path: PathBuf,
    /// Upright.
    pub size: (u32, u32),
    /// Faces of people with names who are not hidden.
    pub faces: Vec<NamedFace>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NamedFace {
    pub name: String,
    /// In the upright picture, in pixels.
    pub face_box: FaceBox,
    /// Whether the user gave the name; else it is only suggested.
    pub is_decided: bool,
}

/// A file that was written, as its way back needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrittenFile {
    pub photo: PathBuf,
    pub place: WritePlace,
    pub undo: String,
    /// The names that were ours there before.
    pub names_before: Option<String>,
}

/// Of so many writings the way back is kept.
const STEPS: i64 = 5;
/// The library's own name in files.
const NAME: &str = "metadata.library";

impl LibraryReader {
    /// What marks in files call this library; none while it has written nothing.
    pub(crate) fn known_in_files_as(&self) -> Result<Option<String>> {
        self.setting(NAME)
    }

    /// The photos below a folder that have a named face, or into or beside which names were written; in order of their
    /// paths. A photo found at several paths is several.
    pub(crate) fn photos_to_write(&self, folder: &Path) -> Result<Vec<PhotoToWrite>> {
        let photos = self.read(|c| {
            let mut query = c.prepare(
                "SELECT file.path, width, height, photo_id FROM file JOIN photo ON photo.id = photo_id \
                 WHERE file.missing = 0 AND state = 'done' AND (EXISTS (SELECT 1 FROM face JOIN person \
                 ON person.id = person_id WHERE face.photo_id = file.photo_id AND name IS NOT NULL AND hidden = 0) \
                 OR EXISTS (SELECT 1 FROM written WHERE photo = file.path)) ORDER BY file.path",
            )?;
            let rows = query.query_map([], |row| {
                let size = (row.get(1)?, row.get(2)?);
                Ok((PhotoToWrite { path: path::from_bytes(row.get(0)?), size, faces: Vec::new() }, row.get(3)?))
            })?;
            Ok(rows.collect::<rusqlite::Result<Vec<(PhotoToWrite, i64)>>>()?)
        })?;
        let below = photos.into_iter().filter(|(photo, _)| photo.path.starts_with(folder));
        below.map(|(photo, id)| Ok(PhotoToWrite { faces: self.read(|c| named_faces(c, id))?, ..photo })).collect()
    }

    /// The names that are ours at a place, as they were noted.
    pub(crate) fn names_written(&self, photo: &Path, place: WritePlace) -> Result<Option<String>> {
        self.read(|c| names_at(c, photo, place))
    }

    /// The latest writing whose ways back are kept: its number, and where it wrote.
    pub(crate) fn last_writing(&self) -> Result<Option<(i64, Vec<(PathBuf, WritePlace)>)>> {
        self.read(|c| {
            let last: Option<i64> = c.query_row("SELECT max(step) FROM written_undo", [], |row| row.get(0))?;
            let Some(step) = last else { return Ok(None) };
            let mut query = c.prepare("SELECT photo, place FROM written_undo WHERE step = ?1 ORDER BY photo, place")?;
            let mut rows = query.query([step])?;
            let mut files = Vec::new();
            while let Some(row) = rows.next()? {
                files.push((path::from_bytes(row.get(0)?), place_from(row.get(1)?)?));
            }
            Ok(Some((step, files)))
        })
    }

    /// What puts a file back as it was before a writing.
    pub(crate) fn way_back(&self, step: i64, photo: &Path, place: WritePlace) -> Result<Option<WrittenFile>> {
        self.read(|c| {
            let mut query =
                c.prepare_cached("SELECT undo, names FROM written_undo WHERE step = ?1 AND photo = ?2 AND place = ?3")?;
            let file = query.query_row(params![step, path::to_bytes(photo), place_word(place)], |row| {
                Ok(WrittenFile { photo: photo.to_owned(), place, undo: row.get(0)?, names_before: row.get(1)? })
            });
            Ok(file.optional()?)
        })
    }

    /// How many files the latest writing can be taken back in.
    pub(crate) fn files_of_last_writing(&self) -> Result<usize> {
        self.read(|c| {
            let sql = "SELECT count(*) FROM written_undo WHERE step = (SELECT max(step) FROM written_undo)";
            Ok(c.query_row(sql, [], |row| row.get::<_, i64>(0))? as usize)
        })
    }
}

impl Library {
    /// The number of a new writing. The way back of the oldest ones goes.
    pub(crate) fn begin_writing(&mut self) -> Result<i64> {
        self.write(|t| {
            let last: Option<i64> = t.query_row("SELECT max(step) FROM written_undo", [], |row| row.get(0))?;
            let step = last.unwrap_or(0) + 1;
            t.execute("DELETE FROM written_undo WHERE step <= ?1", [step - STEPS])?;
            Ok(step)
        })
    }

    /// Notes what is about to be written into a file, before it is: a program that dies in between leaves a way back
    /// that finds nothing to do, where the other order would leave names that are nobody's.
    pub(crate) fn note_writing(&mut self, step: i64, file: &WrittenFile, names: &str) -> Result<()> {
        self.write(|t| {
            t.prepare_cached("INSERT INTO written_undo (step, photo, place, undo, names) VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![
                    step,
                    path::to_bytes(&file.photo),
                    place_word(file.place),
                    file.undo,
                    file.names_before
                ])?;
            set_names(t, &file.photo, file.place, Some(names))
        })
    }

    /// The file is as it was before, or was never written.
    pub(crate) fn note_taken_back(&mut self, step: i64, file: &WrittenFile) -> Result<()> {
        self.write(|t| {
            delete_way_back(t, step, file)?;
            set_names(t, &file.photo, file.place, file.names_before.as_deref())
        })
    }

    /// Nothing puts the file back any more; which names are ours in it stays noted.
    pub(crate) fn drop_way_back(&mut self, step: i64, file: &WrittenFile) -> Result<()> {
        self.write(|t| delete_way_back(t, step, file))
    }

    /// What marks in files call this library, drawn once.
    pub(crate) fn name_in_files(&mut self) -> Result<String> {
        if let Some(name) = self.known_in_files_as()? {
            return Ok(name);
        }
        self.write(|t| {
            t.execute("INSERT OR IGNORE INTO setting (key, value) VALUES (?1, lower(hex(randomblob(8))))", [NAME])?;
            Ok(t.query_row("SELECT value FROM setting WHERE key = ?1", [NAME], |row| row.get(0))?)
        })
    }
}

fn named_faces(c: &Connection, photo: i64) -> Result<Vec<NamedFace>> {
    let mut query = c.prepare_cached(
        "SELECT name, x, y, width, height, belongs IN ('named', 'confirmed') FROM face JOIN person \
         ON person.id = person_id WHERE photo_id = ?1 AND name IS NOT NULL AND hidden = 0 ORDER BY x, y, face.id",
    )?;
    let rows = query.query_map([photo], |row| {
        let face_box = FaceBox { x: row.get(1)?, y: row.get(2)?, width: row.get(3)?, height: row.get(4)? };
        Ok(NamedFace { name: row.get(0)?, face_box, is_decided: row.get(5)? })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn delete_way_back(t: &Transaction, step: i64, file: &WrittenFile) -> Result<()> {
    t.prepare_cached("DELETE FROM written_undo WHERE step = ?1 AND photo = ?2 AND place = ?3")?.execute(params![
        step,
        path::to_bytes(&file.photo),
        place_word(file.place)
    ])?;
    Ok(())
}

fn names_at(c: &Connection, photo: &Path, place: WritePlace) -> Result<Option<String>> {
    let mut query = c.prepare_cached("SELECT names FROM written WHERE photo = ?1 AND place = ?2")?;
    Ok(query.query_row(params![path::to_bytes(photo), place_word(place)], |row| row.get(0)).optional()?)
}

fn set_names(t: &Transaction, photo: &Path, place: WritePlace, names: Option<&str>) -> Result<()> {
    let (photo, place) = (path::to_bytes(photo), place_word(place));
    match names {
        Some(names) => t
            .prepare_cached("INSERT OR REPLACE INTO written (photo, place, names) VALUES (?1, ?2, ?3)")?
            .execute(params![photo, place, names])?,
        None => {
            t.prepare_cached("DELETE FROM written WHERE photo = ?1 AND place = ?2")?.execute(params![photo, place])?
        }
    };
    Ok(())
}

fn place_word(place: WritePlace) -> &'static str {
    match place {
        WritePlace::Sidecar => "sidecar",
        WritePlace::Embedded => "embedded",
    }
}

fn place_from(word: String) -> Result<WritePlace> {
    match word.as_str() {
        "sidecar" => Ok(WritePlace::Sidecar),
        "embedded" => Ok(WritePlace::Embedded),
        _ => Err(LibraryError::BadValue { what: "place of written names" }),
    }
}
