//! The disk, the library and the networks of one history: real files, a real database, stand-ins for the networks.

mod disk;
mod visible;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::Result;
use tempfile::TempDir;

pub(crate) use visible::{Shown, VisibleLibrary};

use super::fakes::{Edits, Finder};
use super::pictures::{Picture, Slot};
use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::networks::FindFaces;
use crate::app::engine::thumbnail_files::ThumbnailCache;
use crate::app::jobs::reembed;
use crate::app::jobs::regroup::{Grouping, regroup, split_group};
use crate::app::scan::job::lost::find_again;
use crate::app::scan::job::{GroupMeanwhile, ScanSummary, ScanTools, count_returned, scan_folders};
use crate::cluster::Linkage;
use crate::faces::image::{PictureHash, picture_hash_of_file};
use crate::library::care::BackupReason;
use crate::library::{Decision, FacesOfFolder, Library, LibraryError, MissingPolicy};
use crate::types::{Cancel, FaceId, PersonId, Revision, SquaredDistance, StepId, Touched};

pub(crate) const FOLDERS: usize = 2;
pub const NAMES: u8 = 4;
/// Files of this name lie in a folder inside, which may be scanned by itself, too.
const INSIDE: u8 = 3;
const INNER: &str = "inner";
/// Beside a file that cannot be read.
const UNREADABLE: &str = ".unreadable";
const SAME: SquaredDistance = SquaredDistance(0.5);
const GROUPING: Grouping = Grouping { threshold: SAME, linkage: Linkage::Average };

/// A file's place: which folder, which name.
pub(crate) type Place = (usize, u8);

/// A face of a picture, wherever the picture's files are.
pub type Key = (Picture, Slot);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drive {
    There,
    Unplugged,
    /// The mount point is there and empty.
    Empty,
}

pub struct World {
    home: PathBuf,
    pub library: LibraryHandle,
    database: PathBuf,
    thumbnails: ThumbnailCache,
    registers: bool,
    pub finder: Finder,
    versions: [usize; 2],
    pub folders: [PathBuf; FOLDERS],
    pub drives: [Drive; FOLDERS],
    /// The pictures on the drives, there or not.
    pub files: BTreeMap<Place, Picture>,
    /// Files with a folder in their place now.
    pub broken: BTreeMap<Place, Picture>,
    /// Files that are there and cannot be read now.
    pub unreadable: BTreeMap<Place, Picture>,
    /// Folders that the library scans.
    pub listed: [bool; FOLDERS],
    /// Of the folders inside those that it scans by themselves, and those that its user has added.
    pub inner_listed: [bool; FOLDERS],
    pub inner_added: [bool; FOLDERS],
    clock: u64,
    kill_in: Arc<AtomicI64>,
    copies: usize,
    /// Goes last.
    _root: TempDir,
}

impl World {
    pub fn new(registers: bool) -> Self {
        let root = tempfile::tempdir().unwrap();
        let home = fs::canonicalize(root.path()).unwrap();
        let folders = [home.join("one"), home.join("two")];
        folders.iter().for_each(|folder| fs::create_dir_all(folder.join(INNER)).unwrap());
        let kill_in = Arc::new(AtomicI64::new(0));
        let database = home.join("library-0.sqlite");
        Self {
            library: open(&database, &kill_in),
            database,
            thumbnails: ThumbnailCache::new(home.join("cache")),
            registers,
            finder: Finder::new(0, 0),
            versions: [0, 0],
            folders,
            drives: [Drive::There; FOLDERS],
            files: BTreeMap::new(),
            broken: BTreeMap::new(),
            unreadable: BTreeMap::new(),
            listed: [false; FOLDERS],
            inner_listed: [false; FOLDERS],
            inner_added: [false; FOLDERS],
            clock: 0,
            kill_in,
            copies: 0,
            home,
            _root: root,
        }
    }

    pub fn path(&self, (folder, name): Place) -> PathBuf {
        self.folders[folder].join(file_name(name))
    }

    /// The folder inside a folder.
    pub fn inner(&self, folder: usize) -> PathBuf {
        self.folders[folder].join(INNER)
    }

    /// The folders that the library scans.
    pub fn all_listed(&self) -> BTreeSet<PathBuf> {
        let outer = (0..FOLDERS).filter(|&folder| self.listed[folder]).map(|folder| self.folders[folder].clone());
        let inner = (0..FOLDERS).filter(|&folder| self.inner_listed[folder]).map(|folder| self.inner(folder));
        outer.chain(inner).collect()
    }

    /// Where the file is now: on a drive that is not there, it is beside it.
    fn real_path(&self, (folder, name): Place) -> PathBuf {
        match self.drives[folder] {
            Drive::There => self.path((folder, name)),
            _ => self.away(folder).join(file_name(name)),
        }
    }

    fn away(&self, folder: usize) -> PathBuf {
        self.home.join(format!("away-{folder}"))
    }

    /// Where nothing is.
    pub(crate) fn free_places(&self) -> impl Iterator<Item = Place> {
        let is_taken =
            |place: &Place| [&self.files, &self.broken, &self.unreadable].iter().any(|files| files.contains_key(place));
        let places = (0..FOLDERS).flat_map(|folder| (0..NAMES).map(move |name| (folder, name)));
        places.filter(move |place| !is_taken(place))
    }

    /// The drive is plugged in at another place, and its user says so. Returns the place before.
    pub(crate) fn move_folder(&mut self, folder: usize) -> PathBuf {
        self.copies += 1;
        let to = self.home.join(format!("moved-{}", self.copies));
        fs::rename(&self.folders[folder], &to).unwrap();
        let from = std::mem::replace(&mut self.folders[folder], to.clone());
        let before = from.clone();
        self.library.call(move |library| library.move_folder(&from, &to)).unwrap();
        before
    }

    /// Its user scans the folder no longer, until the next scan.
    pub(crate) fn remove_folder(&mut self, folder: usize) {
        let path = self.folders[folder].clone();
        self.library.call(move |library| library.remove_folder(&path, FacesOfFolder::Keep)).unwrap();
        self.listed[folder] = false;
    }

    /// Its user scans the folder inside no longer by itself.
    pub(crate) fn remove_inner(&mut self, folder: usize) {
        let path = self.inner(folder);
        self.library.call(move |library| library.remove_folder(&path, FacesOfFolder::Keep)).unwrap();
        (self.inner_listed[folder], self.inner_added[folder]) = (false, false);
    }

    /// Those that a scan looks through: one that its user has only just added has to be there.
    fn to_scan(&self) -> Vec<PathBuf> {
        let is_known = |folder: &usize| {
            self.inner_listed[*folder] || (self.inner_added[*folder] && self.drives[*folder] == Drive::There)
        };
        let inner = (0..FOLDERS).filter(is_known).map(|folder| self.inner(folder));
        self.folders.iter().cloned().chain(inner).collect()
    }

    /// The faces that were set aside as somebody's, as the question before they are forgotten has them.
    pub(crate) fn set_aside_as(&self, person: PersonId) -> Result<BTreeSet<FaceId>> {
        let known = self.library.ask(|library| library.person_to_forget(person))?;
        Ok(known.faces.iter().filter(|face| face.is_set_aside).map(|face| face.face_id).collect())
    }

    /// Forgets somebody for good. Returns the steps of the history that are left.
    pub(crate) fn forget(&mut self, person: PersonId, may_find_again: bool) -> Result<Vec<StepId>> {
        self.library.call(move |library| {
            let shown = library.person_to_forget(person)?;
            let forgotten = library.forget_person(&shown, may_find_again)?;
            assert!(forgotten.is_complete, "nobody else reads");
            library.steps()
        })
    }

    /// The files that a scan meets.
    pub(crate) fn readable(&self, folder: usize) -> BTreeMap<PathBuf, Picture> {
        let is_there = self.drives[folder] == Drive::There;
        let here = self.files.iter().filter(|(place, _)| is_there && place.0 == folder);
        here.map(|(place, picture)| (self.path(*place), *picture)).collect()
    }

    pub fn scan(&mut self, policy: MissingPolicy) -> Result<ScanSummary> {
        let folders = self.to_scan();
        self.listed = [true; FOLDERS];
        let suspects = self.library.call(|library| library.suspects())?;
        let is_first = self.library.ask(|library| library.counts())?.faces == 0;
        let meanwhile = is_first.then_some(GroupMeanwhile { grouping: &GROUPING, faces: 1 });
        let edits = if self.registers { Edits::Registered(&self.thumbnails) } else { Edits::Known };
        let tools = ScanTools {
            engine: &self.finder,
            library: &self.library,
            thumbnails: &self.thumbnails,
            edits: &edits,
            same_person: SAME,
            missing: policy,
            touched: None,
            of_library: false,
            suspects: &suspects,
            hash,
            own: &[],
            meanwhile,
        };
        let absent = self.library.call(|library| library.absent_faces())?;
        let mut summary = scan_folders(&folders, &tools, &Cancel::default(), &mut |_| {})?;
        self.embed_again()?;
        find_again(&tools, &mut summary, &Cancel::default(), &mut |_| {})?;
        count_returned(absent, &self.library, &mut summary)?;
        self.embed_again()?;
        self.regroup()?;
        Ok(summary)
    }

    pub fn regroup(&self) -> Result<()> {
        regroup(&self.library, self.finder.model_id(), &GROUPING, &Cancel::default(), &mut |_| {})?;
        Ok(())
    }

    /// Faces that the model has not embedded yet.
    fn embed_again(&self) -> Result<()> {
        let model = self.finder.model_id().clone();
        let faces = self.library.call(move |library| library.faces_without_embedding(&model, FaceId(0), 1000))?;
        let embedded = faces.into_iter().filter_map(|face| {
            let photo = reembed::open(&face.path, face.picture.as_ref()).ok()?;
            Some((face.face_id, self.finder.embed_at(&photo.pixels, face.detection.face_box)?))
        });
        let (model, embedded) = (self.finder.model_id().clone(), embedded.collect::<Vec<_>>());
        self.library.call(move |library| library.add_embeddings(&model, &embedded))?;
        reembed::embed_portraits(&self.finder, &self.library, &Cancel::default(), &mut |_| {})?;
        Ok(())
    }

    pub(crate) fn change_detector(&mut self) {
        self.versions[0] += 1;
        self.finder = Finder::new(self.versions[0], self.versions[1]);
    }

    /// Another model, and all faces embedded by it.
    pub(crate) fn change_model(&mut self) -> Result<()> {
        self.versions[1] = 1 - self.versions[1];
        self.finder = Finder::new(self.versions[0], self.versions[1]);
        self.embed_again()?;
        self.regroup()
    }

    /// The program is started anew.
    pub(crate) fn restart(&mut self) {
        self.library = open(&self.database, &self.kill_in);
    }

    /// A backup that no other one takes the place of.
    pub fn back_up(&mut self) -> PathBuf {
        let made = Library::open_read_only(&self.database).unwrap().back_up(BackupReason::Asked).unwrap();
        self.copies += 1;
        let kept = self.home.join(format!("backup-{}.sqlite", self.copies));
        fs::rename(made, &kept).unwrap();
        kept
    }

    /// The backup is restored into the open library, and the program started anew.
    pub fn restore(&mut self, backup: &Path) {
        let backup = backup.to_owned();
        self.library.call(move |library| library.restore_backup(&backup).map(drop)).unwrap();
        self.restart();
    }

    /// Runs a scan that the program does not survive: it goes on with what the database was after so many calls.
    pub(crate) fn killed_scan(&mut self, calls: u8) -> Result<()> {
        self.kill_in.store(i64::from(calls) + 1, Ordering::SeqCst);
        let scanned = self.scan(MissingPolicy::Accept);
        self.kill_in.store(0, Ordering::SeqCst);
        scanned?;
        let killed = killed_at(&self.database);
        if killed.exists() {
            self.copies += 1;
            let next = self.home.join(format!("library-{}.sqlite", self.copies));
            for end in ["", "-wal"] {
                let from = with_end(&killed, end);
                if from.exists() {
                    fs::rename(from, with_end(&next, end)).unwrap();
                }
            }
            self.database = next;
        }
        self.restart();
        Ok(())
    }

    pub fn revision(&self) -> Revision {
        self.library.call(|library| library.revision()).unwrap()
    }

    pub fn decide(&self, decision: Decision, seen: Revision) -> Result<Touched> {
        self.library.call(move |library| library.decide(&decision, seen))
    }

    pub(crate) fn split(&self, person: PersonId, seen: Revision) -> Result<Touched> {
        split_group(&self.library, self.finder.model_id(), person, seen)
    }

    /// The face on a card, and whether its user chose it.
    pub(crate) fn cover(&self, person: PersonId) -> (Option<FaceId>, bool) {
        let card = self.library.call(move |library| library.person(person)).unwrap();
        card.map_or((None, false), |card| (card.cover, card.is_cover_chosen))
    }

    /// As another program decides.
    pub(crate) fn decide_elsewhere(&self, decision: &Decision) -> Result<Touched, LibraryError> {
        Library::open(&self.database)?.decide(decision, Revision::NOW)
    }

    pub(crate) fn check_integrity(&self) {
        self.library.call(|library| library.check_integrity()).unwrap();
    }

    pub fn view(&self) -> VisibleLibrary {
        let model = self.finder.model_id().clone();
        let report = self.library.call(|library| library.check()).unwrap();
        // As the window reads it, on another connection than the one that writes.
        let view = self.library.ask(|library| visible::read(library, &model)).unwrap();
        let is_tidy = report.is_sound() && report.to_settle == 0;
        VisibleLibrary { unsound: (!is_tidy).then(|| format!("{report:?}")), ..view }
    }
}

fn open(database: &Path, kill_in: &Arc<AtomicI64>) -> LibraryHandle {
    let (database, kill_in) = (database.to_owned(), kill_in.clone());
    let copied = database.clone();
    let watch = move || {
        // On the library's own thread, between two changes: as a killed process leaves it.
        if kill_in.load(Ordering::SeqCst) > 0 && kill_in.fetch_sub(1, Ordering::SeqCst) == 1 {
            for end in ["", "-wal"] {
                let _ = fs::copy(with_end(&copied, end), with_end(&killed_at(&copied), end));
            }
        }
    };
    LibraryHandle::open_watched(&database, watch).unwrap()
}

fn hash(path: &Path) -> io::Result<([u8; 32], PictureHash)> {
    match with_end(path, UNREADABLE).exists() {
        true => Err(io::Error::other("input/output error")),
        false => picture_hash_of_file(path),
    }
}

fn file_name(name: u8) -> PathBuf {
    let file = PathBuf::from(format!("{name}.jpg"));
    if name == INSIDE { Path::new(INNER).join(file) } else { file }
}

fn killed_at(database: &Path) -> PathBuf {
    with_end(database, "-killed")
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
