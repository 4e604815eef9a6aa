//! Faces of a picture whose file shows another picture now: an edit of the first, or something else. Who compares the
//! two says which faces are the same; what nobody could match waits as a lost face and is never deleted.

use std::collections::HashSet;
use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::error::Result;
use super::faces::{self, IS_DECIDED};
use super::open::{Library, LibraryReader};
use super::path;
use super::review::{FaceState, SetAside, rows};
use super::scan::ScanId;
use super::vectors;
use crate::types::{Detection, Embedding, FaceId, ModelId, PersonId, PhotoId};

/// A picture, and the one that a path of it leads to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Replaced {
    pub old: PhotoId,
    pub new: PhotoId,
    /// The old picture is at another path.
    pub lives_on: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PictureFaces {
    /// Where it is, or was last.
    pub path: PathBuf,
    /// The hash of the picture.
    pub picture: Option<[u8; 32]>,
    /// Width and height, upright.
    pub size: (u32, u32),
    /// Names the thumbnail.
    pub sha256: Option<[u8; 32]>,
    pub is_missing: bool,
    pub faces: Vec<FaceInPicture>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FaceInPicture {
    pub face_id: FaceId,
    pub detection: Detection,
    /// None where the model has not embedded it.
    pub embedding: Option<Embedding>,
    /// Its user said something about it.
    pub is_decided: bool,
    /// It was carried over before, to another picture.
    pub was_carried: bool,
}

/// Where a face of the old picture is in the new one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Carried {
    /// It is this face.
    Onto { old: FaceId, new: FaceId },
    /// No detector finds it there, but the pictures agree.
    Place { old: FaceId, detection: Detection },
}

/// A face about which something was decided, whose picture is gone from its place and that was found nowhere in the
/// picture there now.
#[derive(Debug, Clone, PartialEq)]
pub struct LostFace {
    pub face_id: FaceId,
    /// Where its picture was last.
    pub path: PathBuf,
    pub state: FaceState,
    /// Of its person.
    pub name: Option<String>,
    /// The picture that is there now; none where that is in the library no more.
    pub replaced_by: Option<PhotoId>,
    /// Nobody has looked for it there yet: a scan that runs does so in the end, or the next one.
    pub is_sought: bool,
}

/// A face whose picture is gone, and the one of which the same is said since: a scan has found it there, or its user has
/// put it back.
#[derive(Debug, Clone, PartialEq)]
pub struct CarriedFace {
    pub was: LostFace,
    pub into: FaceId,
    pub into_photo: PhotoId,
}

/// A lost face: said to be somebody's or set aside, its picture without a file and replaced, and what was said of it said
/// of no face to which it was carried over. One that was, and of which something else was said since, holds nothing of
/// it. So from the moment on when another picture takes the place of its own: at no time it is neither shown nor listed.
pub(super) const IS_LOST: &str = "missing = 1 AND replaced_by IS NOT NULL \
    AND NOT EXISTS (SELECT 1 FROM carried JOIN face AS copy ON copy.id = into_face WHERE carried.face_id = face.id \
    AND copy.person_id IS face.person_id AND copy.set_aside IS face.set_aside \
    AND (copy.set_aside IS NOT NULL OR copy.belongs IN ('named', 'confirmed'))) \
    AND (belongs IN ('named', 'confirmed') OR set_aside IS NOT NULL)";

/// The two pictures wait to be compared.
pub(super) const IS_SOUGHT: &str = "EXISTS (SELECT 1 FROM replaced WHERE old = photo.id)";

/// Carried over to itself: not looked for any more.
const IS_LET_GO: &str = "missing = 1 AND replaced_by IS NOT NULL \
    AND EXISTS (SELECT 1 FROM carried WHERE face_id = face.id AND into_face = face.id) \
    AND (belongs IN ('named', 'confirmed') OR set_aside IS NOT NULL)";

/// Faces of somebody, and those that are the same person's since they were carried over to them. What was set aside is
/// listed where it is.
const CARRIED: &str = "FROM carried JOIN face ON face.id = carried.face_id JOIN photo ON photo.id = face.photo_id \
    JOIN face AS copy ON copy.id = into_face AND copy.id <> face.id JOIN photo AS there ON there.id = copy.photo_id \
    LEFT JOIN person ON person.id = face.person_id \
    WHERE photo.missing = 1 AND photo.replaced_by IS NOT NULL AND there.missing = 0 \
    AND copy.person_id = face.person_id AND copy.belongs IN ('named', 'confirmed')";

/// Decided about, its picture without a file, and not carried over to a face that is there.
const IS_ABSENT: &str = "missing = 1 AND NOT EXISTS (SELECT 1 FROM carried JOIN face AS copy ON copy.id = into_face \
    JOIN photo AS there ON there.id = copy.photo_id WHERE carried.face_id = face.id AND there.missing = 0)";

impl LibraryReader {
    /// Faces about which something was decided and that are nowhere now, lost or not: photos of theirs may come back.
    pub(crate) fn absent_faces(&self) -> Result<HashSet<FaceId>> {
        self.read(|c| {
            let mut query = c.prepare_cached(&format!(
                "SELECT face.id FROM photo JOIN face ON photo_id = photo.id WHERE {IS_ABSENT} AND {IS_DECIDED}"
            ))?;
            let faces = query.query_map([], |row| Ok(FaceId(row.get(0)?)))?;
            Ok(faces.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The face in a picture that is there to which one was carried over; the first, where there are several.
    pub(crate) fn face_shown_for(&self, face: FaceId) -> Result<Option<FaceId>> {
        self.read(|c| {
            let mut query = c.prepare_cached(
                "SELECT min(into_face) FROM carried JOIN face ON face.id = into_face JOIN photo ON photo.id = photo_id \
                 WHERE carried.face_id = ?1 AND missing = 0",
            )?;
            Ok(query.query_row([face.0], |row| row.get::<_, Option<i64>>(0))?.map(FaceId))
        })
    }

    /// A picture with its faces as `model` knows them.
    pub(crate) fn picture_faces(&self, photo: PhotoId, model: &ModelId) -> Result<PictureFaces> {
        self.read(|c| picture_faces(c, photo, model))
    }

    /// Lost faces, in order of person and path.
    pub fn lost_faces(&self) -> Result<Vec<LostFace>> {
        self.faces_gone(IS_LOST)
    }

    /// Lost faces that nobody needs any more, in the same order.
    pub(crate) fn faces_let_go(&self) -> Result<Vec<LostFace>> {
        self.faces_gone(IS_LET_GO)
    }

    fn faces_gone(&self, which: &str) -> Result<Vec<LostFace>> {
        self.read(|c| {
            let mut query = c.prepare_cached(&format!(
                "SELECT face.id, path, person_id, belongs, set_aside, name, nullif(replaced_by, photo.id), {IS_SOUGHT} \
                 FROM photo JOIN face ON photo_id = photo.id LEFT JOIN person ON person.id = person_id \
                 WHERE {which} ORDER BY person_id, path, face.id"
            ))?;
            let faces = query.query_map([], lost_at)?;
            Ok(faces.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Faces that were carried over to a picture that is there, in order of person and path.
    pub fn carried_faces(&self) -> Result<Vec<CarriedFace>> {
        self.read(|c| {
            let mut query = c.prepare_cached(&format!(
                "SELECT face.id, photo.path, face.person_id, face.belongs, face.set_aside, name, \
                 nullif(photo.replaced_by, photo.id), 0, copy.id, copy.photo_id {CARRIED} \
                 ORDER BY face.person_id, photo.path, face.id, copy.id"
            ))?;
            let faces = query.query_map([], |row| {
                let (into, into_photo) = (FaceId(row.get(8)?), PhotoId(row.get(9)?));
                Ok(CarriedFace { was: lost_at(row)?, into, into_photo })
            })?;
            Ok(faces.collect::<rusqlite::Result<_>>()?)
        })
    }

    pub(crate) fn count_lost_faces(&self) -> Result<usize> {
        self.count_faces_gone(IS_LOST)
    }

    pub(crate) fn count_faces_let_go(&self) -> Result<usize> {
        self.count_faces_gone(IS_LET_GO)
    }

    fn count_faces_gone(&self, which: &str) -> Result<usize> {
        self.read(|c| {
            let sql = format!("SELECT count(*) FROM photo JOIN face ON photo_id = photo.id WHERE {which}");
            Ok(c.prepare_cached(&sql)?.query_row([], |row| row.get::<_, i64>(0))? as usize)
        })
    }
}

fn lost_at(row: &Row) -> rusqlite::Result<LostFace> {
    Ok(LostFace {
        face_id: FaceId(row.get(0)?),
        path: path::from_bytes(row.get(1)?),
        state: rows::state_at(row, 2)?,
        name: row.get(5)?,
        replaced_by: row.get::<_, Option<i64>>(6)?.map(PhotoId),
        is_sought: row.get(7)?,
    })
}

impl Library {
    /// Pictures that were found at another path since the scan `first`, or since scans just before it that did not end:
    /// where the one that has their place now is as old as they were there, both were renamed. Nor are they replaced on
    /// the day that they go, unless faces of theirs were once carried over there.
    pub(crate) fn leave_out_renamed(&mut self, first: ScanId) -> Result<()> {
        self.write(|t| {
            t.execute(
                "UPDATE photo SET replaced_by = NULL WHERE missing = 0 AND EXISTS (SELECT 1 FROM replaced \
                 WHERE old = photo.id AND new = photo.replaced_by AND came_later = 0) AND EXISTS (SELECT 1 FROM file \
                 WHERE photo_id = photo.id AND file.missing = 0 AND linked_in_scan >= ?1) AND NOT EXISTS (SELECT 1 FROM face \
                 JOIN carried ON carried.face_id = face.id JOIN face AS copy ON copy.id = into_face \
                 WHERE face.photo_id = photo.id AND copy.photo_id = photo.replaced_by)",
                [with_unfinished(t, first)?.0],
            )?;
            Ok(())
        })
    }

    /// Pictures that lost a path to another one and are to be compared with it, in the order in which they were found.
    /// One that lives on was not made into a picture that is as old as it was there.
    pub(crate) fn replaced_photos(&mut self) -> Result<Vec<Replaced>> {
        self.write(|t| {
            t.execute(
                "DELETE FROM replaced WHERE came_later = 0 AND old IN (SELECT id FROM photo WHERE missing = 0)",
                [],
            )?;
            let mut query =
                t.prepare("SELECT old, new, missing = 0 FROM replaced JOIN photo ON photo.id = old ORDER BY old, new")?;
            let pairs = query.query_map([], |row| {
                Ok(Replaced { old: PhotoId(row.get(0)?), new: PhotoId(row.get(1)?), lives_on: row.get(2)? })
            })?;
            Ok(pairs.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Gives the faces of a replaced picture's successor what was decided about the same faces before, and notes that
    /// the two were compared. A face about which something else was decided meanwhile keeps that, unless it came back in
    /// place of its own edit: what was said there last holds. One that stands for a face of the new picture already, as its
    /// user or an earlier look has said, is passed over. Returns how many faces were carried over.
    pub(crate) fn carry_over(&mut self, pair: Replaced, carried: &[Carried]) -> Result<usize> {
        let Replaced { old, new, .. } = pair;
        self.write(|t| {
            let mut faces = 0;
            for carried in carried {
                if is_in(t, carried.old(), new)? {
                    continue;
                }
                faces += match *carried {
                    Carried::Onto { old, new } => carry(t, old, new)?,
                    Carried::Place { old, detection } => {
                        faces::clear_place(t, new, detection.face_box)?;
                        let placed = faces::insert_face(t, new, &detection)?;
                        faces::copy_crop(t, old, placed)?;
                        carry(t, old, placed)?
                    }
                }
            }
            t.execute("DELETE FROM replaced WHERE old = ?1 AND new = ?2", [old.0, new.0])?;
            forget_unmatched(t, pair)?;
            if !carried.is_empty() {
                // Of a picture that lives on too: the day it goes, what is not in its edit is lost.
                t.execute("UPDATE photo SET replaced_by = ?2 WHERE id = ?1 AND replaced_by IS NULL", [old.0, new.0])?;
            }
            Ok(faces)
        })
    }
}

/// The first of the scans just before one that were stopped or killed: what they replaced waits for it.
fn with_unfinished(c: &Connection, mut first: ScanId) -> Result<ScanId> {
    let mut query = c.prepare_cached("SELECT 1 FROM scan WHERE id = ?1 AND outcome IS NOT 'complete'")?;
    while query.exists([first.0 - 1])? {
        first.0 -= 1;
    }
    Ok(first)
}

/// Before a picture leaves the library: those whose place it took stay replaced, by what is at their path now, else by
/// nothing known, which is written as their own number. So their lost faces stay listed.
pub(super) fn keep_lost(t: &Transaction, leaves: PhotoId) -> Result<()> {
    t.prepare_cached(
        "UPDATE photo SET replaced_by = ifnull((SELECT photo_id FROM file WHERE file.path = photo.path \
         AND file.missing = 0 AND photo_id <> ?1), id) WHERE replaced_by = ?1 AND id <> ?1",
    )?
    .execute([leaves.0])?;
    Ok(())
}

/// Whether a face that was lost need not be looked for any more.
pub(super) fn is_let_go(c: &Connection, face: FaceId) -> Result<bool> {
    let sql = format!("SELECT 1 FROM photo JOIN face ON photo_id = photo.id WHERE face.id = ?1 AND {IS_LET_GO}");
    Ok(c.prepare_cached(&sql)?.exists([face.0])?)
}

impl Carried {
    fn old(&self) -> FaceId {
        match *self {
            Self::Onto { old, .. } | Self::Place { old, .. } => old,
        }
    }
}

/// Whether some face of the picture is said to be this one.
fn is_in(t: &Transaction, face: FaceId, picture: PhotoId) -> Result<bool> {
    let mut query = t.prepare_cached(
        "SELECT 1 FROM carried JOIN face AS copy ON copy.id = into_face \
         WHERE face_id = ?1 AND into_face <> ?1 AND newer = 0 AND copy.photo_id = ?2",
    )?;
    Ok(query.exists([face.0, picture.0])?)
}

/// How many faces that were: one, or none. Not twice to the same face: what its user has taken back there since is not
/// said again. Only where an original is back, and something was said of its edit after what was said of it, that holds.
fn carry(t: &Transaction, old: FaceId, new: FaceId) -> Result<usize> {
    let is_newer = t
        .prepare_cached("SELECT newer FROM carried WHERE face_id = ?1 AND into_face = ?2")?
        .query_row([old.0, new.0], |row| row.get::<_, bool>(0))
        .optional()?;
    if is_newer == Some(false) {
        return Ok(0);
    }
    let decided = t
        .prepare_cached(&format!("SELECT {IS_DECIDED} FROM face WHERE id = ?1"))?
        .query_row([new.0], |row| row.get::<_, bool>(0))?;
    if !decided {
        faces::copy_decision(t, old, new)?;
    } else if decision(t, old)? == decision(t, new)? {
        faces::copy_rejections(t, old, new)?;
    } else if is_newer.is_some() {
        faces::replace_decision(t, old, new)?;
    } else {
        return Ok(0);
    }
    settle_newer(t, old, new, true)?;
    // One that was let go before anybody looked for it is there after all.
    rows::write_carried(t, old, old, false)?;
    Ok(1)
}

/// The two were compared: what was said of the one is said of the other, or is not.
fn settle_newer(t: &Transaction, face: FaceId, into: FaceId, is_said: bool) -> Result<()> {
    rows::write_carried(t, face, into, false)?;
    if is_said {
        rows::write_carried(t, face, into, true)?;
    }
    Ok(())
}

/// Whose a face is said to be, or why it takes no part; the same whether it was said one by one or with a group. Nothing
/// of a face that nobody was given, also where it is said whom it does not show.
fn decision(t: &Transaction, face: FaceId) -> Result<(Option<PersonId>, Option<SetAside>)> {
    Ok(match rows::face(t, face)? {
        Some(state) if state.is_decided() => (state.person(), None),
        Some(FaceState::SetAside(why)) => (None, Some(why)),
        _ => (None, None),
    })
}

/// Before a picture that was gone takes the place of one that was made from it: notes of which of their faces something was
/// said since. Whether they are the same is for who compares the two pictures.
pub(super) fn note_newer(t: &Transaction, back: PhotoId, edit: PhotoId) -> Result<()> {
    t.prepare_cached(
        "WITH RECURSIVE same (face, copy) AS (SELECT face.id, into_face FROM face JOIN photo ON photo.id = photo_id \
         JOIN carried ON face_id = face.id WHERE photo_id = ?1 AND missing = 1 \
         UNION SELECT face, into_face FROM same JOIN carried ON face_id = copy) \
         INSERT OR IGNORE INTO carried (face_id, into_face, newer) SELECT copy.id, original.id, 1 FROM same \
         JOIN face AS original ON original.id = same.face JOIN face AS copy ON copy.id = same.copy \
         WHERE copy.photo_id = ?2 AND copy.revision > original.revision",
    )?
    .execute([back.0, edit.0])?;
    Ok(())
}

/// A picture that was there all the time is back at a path where its edit was: that its faces were carried over there says
/// no more that they are somewhere, or, once both pictures are gone, each would be looked for in the other and nowhere else.
pub(super) fn open_circle(t: &Transaction, back: PhotoId, edit: PhotoId) -> Result<()> {
    t.prepare_cached(
        "WITH RECURSIVE way (face, first, copy) AS (SELECT face.id, into_face, into_face FROM face \
         JOIN carried ON face_id = face.id WHERE photo_id = ?1 \
         UNION SELECT face, first, into_face FROM way JOIN carried ON face_id = copy) \
         DELETE FROM carried WHERE (face_id, into_face) IN (SELECT face, first FROM way \
         JOIN face AS copy ON copy.id = way.copy WHERE copy.photo_id = ?2)",
    )?
    .execute([back.0, edit.0])?;
    Ok(())
}

/// Takes back what [`note_newer`] noted of faces that are not the same, as it turned out.
fn forget_unmatched(t: &Transaction, Replaced { old, new, .. }: Replaced) -> Result<()> {
    let mut query = t.prepare_cached(
        "SELECT face_id, into_face FROM carried JOIN face AS copy ON copy.id = face_id \
         JOIN face AS original ON original.id = into_face \
         WHERE newer = 1 AND copy.photo_id = ?1 AND original.photo_id = ?2",
    )?;
    let noted = query.query_map([old.0, new.0], |row| Ok((FaceId(row.get(0)?), FaceId(row.get(1)?))))?;
    for (copy, original) in noted.collect::<rusqlite::Result<Vec<_>>>()? {
        let is_said = decision(t, copy)? == decision(t, original)?;
        settle_newer(t, copy, original, is_said)?;
    }
    Ok(())
}

fn picture_faces(c: &Connection, photo: PhotoId, model: &ModelId) -> Result<PictureFaces> {
    let mut picture = c
        .prepare_cached("SELECT path, picture, width, height, sha256, missing FROM photo WHERE id = ?1")?
        .query_row([photo.0], |row| {
            Ok(PictureFaces {
                path: path::from_bytes(row.get(0)?),
                picture: row.get(1)?,
                size: (row.get(2)?, row.get(3)?),
                sha256: row.get(4)?,
                is_missing: row.get(5)?,
                faces: Vec::new(),
            })
        })?;
    let mut query = c.prepare_cached(&format!(
        "SELECT id, {IS_DECIDED}, vector, x, y, width, height, score, landmarks, \
         EXISTS (SELECT 1 FROM carried WHERE carried.face_id = face.id) FROM face LEFT JOIN embedding \
         ON embedding.face_id = face.id AND model_id = (SELECT id FROM model WHERE name = ?2) \
         WHERE photo_id = ?1 ORDER BY id"
    ))?;
    let mut rows = query.query(params![photo.0, model.0])?;
    while let Some(row) = rows.next()? {
        picture.faces.push(face_at(row)?);
    }
    Ok(picture)
}

fn face_at(row: &Row) -> Result<FaceInPicture> {
    let vector: Option<Vec<u8>> = row.get(2)?;
    Ok(FaceInPicture {
        face_id: FaceId(row.get(0)?),
        is_decided: row.get(1)?,
        embedding: vector.map(|bytes| vectors::embedding_from(&bytes)).transpose()?,
        detection: faces::detection_at(row, 3)?,
        was_carried: row.get(9)?,
    })
}
