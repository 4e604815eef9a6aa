//! Writes people and decisions in the form of [`lines`](super::lines): no vectors, no crops.

use std::collections::HashMap;
use std::io::Write;

use rusqlite::Connection;

use super::lines::{EXPORTED_SETTINGS, FORMAT, FaceLine, Hash, Header, PersonLine, PhotoLine, TransferLine, VERSION};
use crate::library::error::{LibraryError, Result};
use crate::library::files::PROGRAM;
use crate::library::names::{ExportedAnswer, ExportedName};
use crate::library::open::LibraryReader;
use crate::library::reason::Reason;
use crate::library::review::{FaceState, rows};
use crate::library::{faces, names, path};
use crate::types::{FaceBox, FaceId, PathText};

/// How much was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExportCounts {
    /// Those with a name.
    pub people: usize,
    pub photos: usize,
    /// Of these, photos with faces that no hash is known of: an import finds them at the same path only.
    pub photos_by_path: usize,
    pub faces: usize,
}

impl LibraryReader {
    /// Writes all people, photos, faces and decisions, as one moment of the library.
    ///
    /// # Errors
    /// [`LibraryError::NotExported`] when `out` fails.
    pub fn export(&self, out: &mut impl Write) -> Result<ExportCounts> {
        self.at_once(|library| {
            library.read(|c| {
                let mut writer = Writer { out, lines: 0 };
                let mut counts = ExportCounts::default();
                writer.put(&header())?;
                people(c, &mut |person| {
                    counts.people += usize::from(person.name.is_some());
                    writer.put(&TransferLine::Person(person))
                })?;
                photos(c, &mut |photo| {
                    counts.photos += 1;
                    counts.photos_by_path += usize::from(!photo.has_hash());
                    writer.put(&TransferLine::Photo(photo))
                })?;
                faces_of(c, &mut |face| {
                    counts.faces += 1;
                    writer.put(&TransferLine::Face(face))
                })?;
                the_rest(c, &mut |line| writer.put(&line))?;
                let lines = writer.lines;
                writer.put(&TransferLine::End { lines })?;
                writer.out.flush().map_err(|error| not_written(&error))?;
                Ok(counts)
            })
        })
    }
}

struct Writer<'w, W> {
    out: &'w mut W,
    lines: usize,
}

impl<W: Write> Writer<'_, W> {
    fn put(&mut self, line: &TransferLine) -> Result<()> {
        let mut text = serde_json::to_vec(line).map_err(|_| LibraryError::BadValue { what: "export" })?;
        text.push(b'\n');
        self.out.write_all(&text).map_err(|error| not_written(&error))?;
        self.lines += 1;
        Ok(())
    }
}

fn not_written(error: &std::io::Error) -> LibraryError {
    LibraryError::NotExported(Reason::of_system(error))
}

fn header() -> TransferLine {
    let at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    TransferLine::Header(Header { format: FORMAT.to_owned(), version: VERSION, program: PROGRAM.to_owned(), at })
}

type Take<'t, T> = &'t mut dyn FnMut(T) -> Result<()>;

fn people(c: &Connection, take: Take<PersonLine>) -> Result<()> {
    let mut query = c.prepare("SELECT id, name, hidden, cover_face FROM person ORDER BY id")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        take(PersonLine { id: row.get(0)?, name: row.get(1)?, hidden: row.get(2)?, cover: row.get(3)? })?;
    }
    Ok(())
}

/// Photos that are known by a hash, and those of which something may have been said.
fn photos(c: &Connection, take: Take<PhotoLine>) -> Result<()> {
    let mut paths: HashMap<i64, Vec<PathText>> = HashMap::new();
    let mut query = c.prepare("SELECT photo_id, path FROM file WHERE missing = 0 ORDER BY photo_id, path")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        paths.entry(row.get(0)?).or_default().push(PathText::of(&path::from_bytes(row.get(1)?)));
    }
    let mut query = c.prepare(
        "SELECT id, picture, sha256, path, size, width, height, sort_at, replaced_by, \
         replaced_by IS NOT NULL AND NOT EXISTS (SELECT 1 FROM replaced WHERE old = photo.id) FROM photo \
         WHERE picture IS NOT NULL OR sha256 IS NOT NULL OR EXISTS (SELECT 1 FROM face WHERE photo_id = photo.id) \
         OR EXISTS (SELECT 1 FROM name_answer WHERE photo_id = photo.id) ORDER BY id",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        let last = PathText::of(&path::from_bytes(row.get(3)?));
        take(PhotoLine {
            id,
            picture: row.get::<_, Option<[u8; 32]>>(1)?.map(Hash),
            sha256: row.get::<_, Option<[u8; 32]>>(2)?.map(Hash),
            paths: paths.remove(&id).unwrap_or_else(|| vec![last]),
            size: row.get::<_, i64>(4)? as u64,
            width: row.get(5)?,
            height: row.get(6)?,
            time: row.get(7)?,
            replaced_by: row.get(8)?,
            carried: row.get(9)?,
        })?;
    }
    Ok(())
}

fn faces_of(c: &Connection, take: Take<FaceLine>) -> Result<()> {
    let mut query = c.prepare(
        "SELECT face.id, photo_id, picture, x, y, face.width, face.height, score, landmarks, person_id, belongs, \
         set_aside FROM face JOIN photo ON photo.id = photo_id ORDER BY face.id",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let detection = faces::detection_at(row, 3)?;
        let (mut person, mut belongs, mut set_aside) = (None, None, None);
        match rows::state_at(row, 9)? {
            FaceState::Unassigned => {}
            FaceState::Of { person: of, belongs: how } => (person, belongs) = (Some(of.0), Some(how)),
            FaceState::SetAside(why) => set_aside = Some(why),
        }
        take(FaceLine {
            id: row.get(0)?,
            photo: row.get(1)?,
            picture: row.get::<_, Option<[u8; 32]>>(2)?.map(Hash),
            face_box: detection.face_box,
            landmarks: detection.landmarks,
            score: detection.score,
            person,
            belongs,
            set_aside,
            carried_to: rows::carried_to(c, FaceId(row.get(0)?))?.into_iter().map(|copy| copy.0).collect(),
        })?;
    }
    Ok(())
}

fn the_rest(c: &Connection, take: Take<TransferLine>) -> Result<()> {
    let mut query = c.prepare("SELECT face_id, person_id FROM rejected ORDER BY 1, 2")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        take(TransferLine::Rejected { face: row.get(0)?, person: row.get(1)? })?;
    }
    // Of a group that is gone nobody would know who it was.
    let mut query = c.prepare(
        "SELECT face_id, person_id, belongs FROM was_of WHERE person_id IN (SELECT id FROM person) ORDER BY 1, 2",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let belongs = rows::belongs_at(row, 2)?;
        take(TransferLine::WasOf { face: row.get(0)?, person: row.get(1)?, belongs })?;
    }
    for (photo, ExportedName { name, at, answer }) in names::exported_answers(c)? {
        let photo = photo.0;
        take(match answer {
            ExportedAnswer::Refused => TransferLine::RefusedName { photo, name, at },
            ExportedAnswer::Taken { sources } => TransferLine::TakenName { photo, name, at, sources },
        })?;
    }
    let mut query = c.prepare("SELECT person_a, person_b FROM different ORDER BY 1, 2")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        take(TransferLine::Different { people: [row.get(0)?, row.get(1)?] })?;
    }
    let mut query = c.prepare("SELECT path FROM folder ORDER BY path")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        take(TransferLine::Folder(PathText::of(&path::from_bytes(row.get(0)?))))?;
    }
    let mut query = c.prepare("SELECT key, value FROM setting WHERE key LIKE ?1 ORDER BY key")?;
    let mut rows = query.query([format!("{EXPORTED_SETTINGS}%")])?;
    while let Some(row) = rows.next()? {
        take(TransferLine::Setting { key: row.get(0)?, value: row.get(1)? })?;
    }
    let mut query = c.prepare("SELECT picture, x, y, width, height FROM forgotten ORDER BY 1, 2, 3")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let face_box = FaceBox { x: row.get(1)?, y: row.get(2)?, width: row.get(3)?, height: row.get(4)? };
        take(TransferLine::Forgotten { picture: Hash(row.get(0)?), face_box })?;
    }
    Ok(())
}
