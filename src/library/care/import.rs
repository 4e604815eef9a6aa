//! Brings an export into a library: an empty one, or one whose photos were scanned already, wherever they lie.
//!
//! * Photos are found by their picture's hash; where that was never made, at the same path, of the same size. One that is not here yet is made, as missing, if it has faces or took the
//!   place of one that has; the scan that finds the picture finds its faces by their boxes.
//! * Faces of a photo are found by their boxes (intersection over union of a half or more, the best first).
//! * People: see [`ImportedPeople`](super::import_people::ImportedPeople).
//! * What was decided in this library holds where the import says otherwise; each such case is listed. What the grouping
//!   made of a face is no decision: it gives way to the import's decisions, and the import's groupings give way to it.
//!
//! What became of edited pictures is in [`import_edits`](super::import_edits), who was forgotten for good in
//! [`import_forgotten`](super::import_forgotten). A second import of the same file changes nothing.

use std::collections::{HashMap, HashSet};
use std::io::BufRead;
use std::path::PathBuf;

use rusqlite::{Transaction, TransactionBehavior, params};

use super::BackupReason;
use super::import_edits::NotPlaced;
use super::import_people::ImportedPeople;
use super::lines::{self, Contents, FaceLine, PhotoLine};
use crate::library::error::Result;
use crate::library::faces;
use crate::library::open::Library;
use crate::library::path;
use crate::library::review::journal::Decisions;
use crate::library::review::{Belongs, FaceState, SetAside, rows};
use crate::library::scan::now_secs;
use crate::types::{Detection, FaceBox, FaceId, PathText, PersonId, PhotoId};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImportMode {
    Apply,
    /// Says what would be done, and does nothing.
    DryRun,
}

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ImportReport {
    /// That have a file here.
    pub photos_found: usize,
    /// Known here without a file, as an earlier import left them or since they went: missing until a scan finds them.
    pub photos_missing: usize,
    /// Not here yet: missing until a scan finds them.
    pub photos_made: usize,
    /// In photos that have a file here.
    pub faces_found: usize,
    pub faces_made: usize,
    /// Found here, and taken out: their person was forgotten for good.
    pub faces_forgotten: usize,
    pub people_found: usize,
    pub people_made: usize,
    /// Decisions that were not here.
    pub decisions: usize,
    /// Where this library says otherwise, and is kept.
    pub contradictions: Vec<Contradiction>,
    /// Faces that the import says something of and that are in no photo here: never brought in without a word.
    pub not_placed: Vec<NotPlaced>,
    /// Folders of the other computer that are not on this one.
    pub folders_not_here: Vec<PathBuf>,
    /// The library as it was before.
    pub backup: Option<PathBuf>,
}

/// What the import says and this library contradicts.
#[derive(Debug, Clone, PartialEq)]
pub enum Contradiction {
    Face {
        path: PathBuf,
        face_box: FaceBox,
        here: FaceDecision,
        import: FaceDecision,
    },
    /// Two people of the import are one here.
    OnePerson(Option<String>),
    /// Somebody whom the import hides.
    InSight(Option<String>),
}

/// What is said of a face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaceDecision {
    Is(Option<String>),
    IsNot(Option<String>),
    SetAside(SetAside),
    /// Its person was forgotten, and is not to be found again.
    Forgotten,
}

impl Library {
    /// Brings an export in, all of it or nothing.
    ///
    /// # Errors
    /// [`BadLine`](crate::library::LibraryError::BadLine) with the number of a line that cannot be read.
    pub(crate) fn import(&mut self, from: impl BufRead, mode: ImportMode) -> Result<ImportReport> {
        let contents = lines::read(from)?;
        if mode == ImportMode::Apply {
            self.be_writable()?;
        }
        self.refuse_replaced()?;
        let mut backup = None;
        if mode == ImportMode::Apply && !self.is_empty()? {
            backup = Some(self.back_up(BackupReason::BeforeImport)?);
        }
        let path = self.path.clone();
        let mut run = || -> Result<ImportReport> {
            let transaction = self.reader.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let report = Import::new(&transaction, &contents).run()?;
            if mode == ImportMode::Apply {
                transaction.commit()?;
            }
            Ok(report)
        };
        let report = run().map_err(|error| error.on(&self.reader.connection).at(&path))?;
        Ok(ImportReport { backup, ..report })
    }

    fn is_empty(&self) -> Result<bool> {
        self.read(|c| {
            let sql = "SELECT NOT EXISTS (SELECT 1 FROM photo) AND NOT EXISTS (SELECT 1 FROM person)";
            Ok(c.query_row(sql, [], |row| row.get(0))?)
        })
    }
}

pub(super) struct Import<'t, 'c> {
    pub(super) d: Decisions<'t>,
    pub(super) contents: &'c Contents,
    photo_lines: HashMap<i64, &'c PhotoLine>,
    face_lines: HashMap<i64, &'c FaceLine>,
    pub(super) rejected: HashSet<(i64, i64)>,
    /// The library's photos and faces by their numbers in the file.
    pub(super) photos: HashMap<i64, PhotoId>,
    pub(super) faces: HashMap<i64, FaceId>,
    pub(super) made_photos: HashSet<PhotoId>,
    pub(super) made_faces: HashSet<FaceId>,
    /// Made here, and compared where the export was written: the picture, and the one that took its place.
    pub(super) compared: Vec<(PhotoId, PhotoId)>,
    /// Of which something was said by this import that was not said here.
    pub(super) decided: HashSet<FaceId>,
    pub(super) report: ImportReport,
}

impl<'t, 'c> Import<'t, 'c> {
    fn new(t: &'t Transaction<'t>, contents: &'c Contents) -> Self {
        Self {
            d: Decisions::begin(t),
            contents,
            photo_lines: contents.photos.iter().map(|photo| (photo.id, photo)).collect(),
            face_lines: contents.faces.iter().map(|face| (face.id, face)).collect(),
            rejected: contents.rejected.iter().copied().collect(),
            photos: HashMap::new(),
            faces: HashMap::new(),
            made_photos: HashSet::new(),
            made_faces: HashSet::new(),
            compared: Vec::new(),
            decided: HashSet::new(),
            report: ImportReport::default(),
        }
    }

    fn run(mut self) -> Result<ImportReport> {
        self.place_photos()?;
        let mut people = ImportedPeople::find(&self.d, self.contents, &self.faces)?;
        let (hidden, in_sight) = people.hide(&mut self.d)?;
        self.report.decisions += hidden;
        self.report.contradictions.extend(in_sight.into_iter().map(Contradiction::InSight));
        for face in &self.contents.faces {
            self.decide(&mut people, face)?;
        }
        people.make_others(&mut self.d)?;
        for &(face, person) in &self.contents.rejected {
            self.reject(&people, face, person)?;
        }
        for &(face, person, belongs) in &self.contents.was_of {
            self.remember(&people, face, person, belongs)?;
        }
        self.answer_names()?;
        for &[a, b] in &self.contents.different {
            self.tell_apart(&people, a, b)?;
        }
        self.report.people_found = people.found();
        self.report.people_made = people.made();
        people.choose_covers(&mut self.d, &self.faces)?;
        self.follow_edits()?;
        self.follow_paths()?;
        self.compare_again()?;
        self.note_not_placed(&people)?;
        self.forgotten()?;
        self.remove_emptied()?;
        self.folders()?;
        self.settings()?;
        Ok(self.report)
    }

    fn place_photos(&mut self) -> Result<()> {
        let mut of_photo: HashMap<i64, Vec<&FaceLine>> = HashMap::new();
        for face in &self.contents.faces {
            of_photo.entry(face.photo).or_default().push(face);
        }
        let rejected: HashSet<i64> = self.contents.rejected.iter().map(|&(face, _)| face).collect();
        let answered: HashSet<i64> = self.contents.names.iter().map(|(photo, ..)| *photo).collect();
        let took_a_place = self.took_a_place(|photo| of_photo.contains_key(&photo));
        for photo in &self.contents.photos {
            let faces = of_photo.remove(&photo.id).unwrap_or_default();
            let found = self.find_photo(photo)?;
            let id = match found {
                Some(id) => id,
                // Nothing is known of it that a scan would not find out, but whose place it took or what was answered.
                None if faces.is_empty() && !took_a_place.contains(&photo.id) && !answered.contains(&photo.id) => {
                    continue;
                }
                None => self.make_photo(photo)?,
            };
            self.photos.insert(photo.id, id);
            let is_missing = self.is_missing(id)?;
            match found {
                Some(_) if is_missing => self.report.photos_missing += 1,
                Some(_) => self.report.photos_found += 1,
                None => {}
            }
            self.place_faces(id, is_missing, &faces, &rejected)?;
        }
        Ok(())
    }

    fn place_faces(
        &mut self,
        id: PhotoId,
        is_missing: bool,
        faces: &[&'c FaceLine],
        rejected: &HashSet<i64>,
    ) -> Result<()> {
        let (here, is_looked_through) = self.faces_here(id)?;
        let mut pairs = Vec::new();
        for face in faces {
            for &(known, face_box) in &here {
                let share = face.face_box.overlap(face_box);
                if share >= faces::SAME_FACE_OVERLAP {
                    pairs.push((share, face.id, known));
                }
            }
        }
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let mut taken = HashSet::new();
        for (_, face, known) in pairs {
            if !self.faces.contains_key(&face) && taken.insert(known) {
                self.faces.insert(face, known);
                self.report.faces_found += usize::from(!is_missing);
            }
        }
        let forgotten = faces::forgotten_places(self.d.t, id)?;
        for &face in faces {
            if self.faces.contains_key(&face.id) {
                continue;
            }
            let is_decided = face.set_aside.is_some() || face.belongs.is_some_and(Belongs::is_decided);
            if forgotten.iter().any(|&place| faces::is_same_place(place, face.face_box)) {
                if is_decided {
                    self.contradict(face, FaceDecision::Forgotten, decision_in(face, |id| self.name_in_import(id)));
                }
            } else if is_decided || rejected.contains(&face.id) || !is_looked_through {
                self.make_face(id, face)?;
            }
        }
        Ok(())
    }

    /// The faces of a photo with their boxes, and whether a detector has looked for more.
    pub(super) fn faces_here(&self, photo: PhotoId) -> Result<(Vec<(FaceId, FaceBox)>, bool)> {
        let mut query =
            self.d.t.prepare_cached("SELECT id, x, y, width, height FROM face WHERE photo_id = ?1 ORDER BY id")?;
        let rows = query.query_map([photo.0], |row| {
            let face_box = FaceBox { x: row.get(1)?, y: row.get(2)?, width: row.get(3)?, height: row.get(4)? };
            Ok((FaceId(row.get(0)?), face_box))
        })?;
        let mut query = self.d.t.prepare_cached("SELECT detector IS NOT NULL FROM photo WHERE id = ?1")?;
        Ok((rows.collect::<rusqlite::Result<_>>()?, query.query_row([photo.0], |row| row.get(0))?))
    }

    fn make_face(&mut self, photo: PhotoId, face: &FaceLine) -> Result<()> {
        let detection = Detection { face_box: face.face_box, score: face.score, landmarks: face.landmarks };
        let id = faces::insert_face(self.d.t, photo, &detection)?;
        self.faces.insert(face.id, id);
        self.made_faces.insert(id);
        self.report.faces_made += 1;
        Ok(())
    }

    /// Says of a face what the import says of it, unless this library says otherwise.
    fn decide(&mut self, people: &mut ImportedPeople<'c>, face: &'c FaceLine) -> Result<()> {
        let Some(&here) = self.faces.get(&face.id) else { return Ok(()) };
        let now = rows::face(self.d.t, here)?.unwrap_or(FaceState::Unassigned);
        let known = face.person.and_then(|person| people.known(person));
        let is_rejected = match known {
            Some(person) => rows::is_rejected(self.d.t, here, person)?,
            None => false,
        };
        match (face.person, face.belongs, face.set_aside) {
            (Some(person), Some(belongs), _) if belongs.is_decided() => match now {
                FaceState::Of { person: own, belongs: how } if how.is_decided() => {
                    if known != Some(own) {
                        self.keep_ours(people, face, here)?;
                    } else if (how, belongs) == (Belongs::Named, Belongs::Confirmed) {
                        self.set(here, FaceState::Of { person: own, belongs })?;
                    }
                }
                FaceState::SetAside(_) => self.keep_ours(people, face, here)?,
                _ if is_rejected => self.keep_ours(people, face, here)?,
                _ => {
                    let person = people.get(&mut self.d, person)?;
                    self.set(here, FaceState::Of { person, belongs })?;
                }
            },
            (Some(person), Some(belongs), _) if now == FaceState::Unassigned && !is_rejected => {
                // Of faces that a scan has found here, its grouping says it better.
                if self.made_faces.contains(&here) {
                    let person = people.get(&mut self.d, person)?;
                    self.d.set_face(here, FaceState::Of { person, belongs })?;
                }
            }
            (None, _, Some(why)) => match now {
                FaceState::SetAside(here_why) if here_why == why => {}
                FaceState::SetAside(_) => self.keep_ours(people, face, here)?,
                now if now.is_decided() => self.keep_ours(people, face, here)?,
                _ => self.set(here, FaceState::SetAside(why))?,
            },
            _ => {}
        }
        Ok(())
    }

    /// What was said of the face before was carried over to edits of its picture; what is said now is looked for anew.
    fn set(&mut self, face: FaceId, state: FaceState) -> Result<()> {
        self.report.decisions += 1;
        self.decided.insert(face);
        self.d.t.prepare_cached("DELETE FROM carried WHERE face_id = ?1")?.execute([face.0])?;
        self.d.set_face(face, state)
    }

    /// Of somebody who has come to nothing here, nothing needs to be remembered.
    fn reject(&mut self, people: &ImportedPeople<'c>, face: i64, person: i64) -> Result<()> {
        let (Some(&here), Some(own)) = (self.faces.get(&face), people.known(person)) else { return Ok(()) };
        match rows::face(self.d.t, here)? {
            Some(state @ FaceState::Of { person: holder, .. }) if holder == own && state.is_decided() => {
                let is = FaceDecision::Is(self.name_here(own)?);
                self.contradict(self.face_lines[&face], is, FaceDecision::IsNot(people.name(person)));
                return Ok(());
            }
            Some(state) if state.person() == Some(own) => self.d.set_face(here, FaceState::Unassigned)?,
            _ => {}
        }
        if !rows::is_rejected(self.d.t, here, own)? {
            self.report.decisions += 1;
            self.decided.insert(here);
            self.d.set_rejected(here, own, true)?;
        }
        Ok(())
    }

    fn tell_apart(&mut self, people: &ImportedPeople<'c>, a: i64, b: i64) -> Result<()> {
        let (Some(a), Some(b)) = (people.known(a), people.known(b)) else { return Ok(()) };
        let (a, b) = (a.min(b), a.max(b));
        if a == b {
            let name = rows::person(self.d.t, a)?.and_then(|row| row.name);
            self.report.contradictions.push(Contradiction::OnePerson(name));
        } else if !rows::is_different(self.d.t, a, b)? {
            self.report.decisions += 1;
            self.d.set_different(a, b, true)?;
        }
        Ok(())
    }

    /// Notes that this library says something else of a face, and that this holds.
    fn keep_ours(&mut self, people: &ImportedPeople<'c>, face: &'c FaceLine, here: FaceId) -> Result<()> {
        let rejected = FaceDecision::IsNot(face.person.and_then(|person| people.name(person)));
        let ours = match self.decision_here(here)? {
            Some(ours) if !matches!(ours, FaceDecision::IsNot(_)) => ours,
            _ => rejected,
        };
        self.contradict(face, ours, decision_in(face, |id| people.name(id)));
        Ok(())
    }

    fn contradict(&mut self, face: &FaceLine, here: FaceDecision, import: FaceDecision) {
        let path = self.path_of(face);
        self.report.contradictions.push(Contradiction::Face { path, face_box: face.face_box, here, import });
    }

    fn name_here(&self, person: PersonId) -> Result<Option<String>> {
        Ok(rows::person(self.d.t, person)?.and_then(|row| row.name))
    }

    fn name_in_import(&self, person: i64) -> Option<String> {
        self.contents.people.iter().find(|line| line.id == person).and_then(|line| line.name.clone())
    }

    pub(super) fn path_of(&self, face: &FaceLine) -> PathBuf {
        self.photo_lines[&face.photo].paths.first().map(PathText::to_path).unwrap_or_default()
    }

    /// Groups whose faces all came to people of the import.
    fn remove_emptied(&mut self) -> Result<()> {
        let emptied: Vec<PersonId> = {
            let mut query = self.d.t.prepare(
                "SELECT id FROM person WHERE name IS NULL AND hidden = 0 \
                 AND NOT EXISTS (SELECT 1 FROM face WHERE person_id = person.id)",
            )?;
            query.query_map([], |row| Ok(PersonId(row.get(0)?)))?.collect::<rusqlite::Result<_>>()?
        };
        for person in emptied {
            if !rows::is_spoken_of(self.d.t, person)? {
                self.d.delete_person(person)?;
            }
        }
        Ok(())
    }

    /// A folder that is on this computer can be scanned again from the list of folders.
    fn folders(&mut self) -> Result<()> {
        for folder in &self.contents.folders {
            if !folder.is_dir() {
                self.report.folders_not_here.push(folder.clone());
                continue;
            }
            let bytes = path::to_bytes(folder);
            let made = self
                .d
                .t
                .execute("INSERT OR IGNORE INTO folder (path, added_at) VALUES (?1, ?2)", params![bytes, now_secs()])?;
            if made > 0 {
                self.d.t.execute(
                    "INSERT INTO scan (folder_id, started_at, finished_at, outcome) \
                     SELECT id, ?2, ?2, 'cancelled' FROM folder WHERE path = ?1",
                    params![bytes, now_secs()],
                )?;
            }
        }
        Ok(())
    }

    fn settings(&mut self) -> Result<()> {
        for (key, value) in &self.contents.settings {
            self.d.t.execute("INSERT OR IGNORE INTO setting (key, value) VALUES (?1, ?2)", [key, value])?;
        }
        Ok(())
    }

    /// What its user said of a face here, if anything.
    pub(super) fn decision_here(&self, face: FaceId) -> Result<Option<FaceDecision>> {
        Ok(match rows::face(self.d.t, face)? {
            Some(FaceState::SetAside(why)) => Some(FaceDecision::SetAside(why)),
            Some(state @ FaceState::Of { person, .. }) if state.is_decided() => {
                Some(FaceDecision::Is(self.name_here(person)?))
            }
            _ => match rows::rejected_for(self.d.t, face)?.first() {
                Some(&person) => Some(FaceDecision::IsNot(self.name_here(person)?)),
                None => None,
            },
        })
    }
}

pub(super) fn decision_in(face: &FaceLine, name: impl Fn(i64) -> Option<String>) -> FaceDecision {
    match (face.set_aside, face.person) {
        (Some(why), _) => FaceDecision::SetAside(why),
        (None, person) => FaceDecision::Is(person.and_then(name)),
    }
}
