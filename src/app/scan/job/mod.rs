//! A folder of photos into the library: look, decode, find faces, record. What is recorded stays, whenever it stops.
//!
//! Decoding runs on a small pool, the networks on the calling thread, the database on its own thread; the queue between
//! pool and networks is bounded, so memory stays flat whatever the album's size.

mod carry_over;
pub(crate) mod command;
mod folders;
#[cfg(test)]
mod histories;
mod interrupted;
mod lost;
#[cfg(feature = "gui")]
mod over;
mod pipeline;
mod presence;
#[cfg(test)]
mod tests;
#[cfg(feature = "gui")]
mod touched;
#[cfg(feature = "gui")]
mod watch;
mod went_away;
#[cfg(feature = "gui")]
mod window;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Serialize;

use crate::app::engine::home::Home;
use crate::app::engine::library_thread::{LibraryHandle, reader};
use crate::app::engine::networks::{Engine, EngineOptions, FindFaces};
use crate::app::engine::progress::{JobEvent, Skipped, Stage};
use crate::app::engine::scan_lock::ScanLock;
use crate::app::engine::thumbnail_files::ThumbnailCache;
use crate::app::jobs::reembed::{embed_portraits, reembed};
use crate::app::jobs::regroup::{GroupSummary, Grouping, reembed_and_regroup};
use crate::app::jobs::walk::{FoundPhotos, find_photos};
use crate::cluster::Linkage;
use crate::faces::image::{PictureHash, picture_hash_of_file};
use crate::library::{LibraryError, MissingPolicy, PhotoState, Suspect, asks_disk};
use crate::networks::models::Store;
use crate::types::{Cancel, FaceId, SquaredDistance, Touched, path_text};
#[cfg(feature = "gui")]
pub use interrupted::InterruptedScan;
use presence::{is_offline, real_path};
#[cfg(feature = "gui")]
pub use window::{Event, Job, Request};

const LOOKING_FOR_PHOTOS: Stage = Stage::new("stage_find_files", "Looking for photos");
pub const SCANNING: Stage = Stage::new("stage_find_faces", "Scanning");
pub(crate) const FINDING_LOST_FACES: Stage = Stage::new("stage_find_lost", "Looking for lost faces");

/// What a scan did. `photos` and `faces` count what the folder holds now, newly found or known before.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ScanSummary {
    pub photos: usize,
    pub faces: usize,
    pub new_photos: usize,
    /// Of these, those of which an import had told.
    pub imported_photos: usize,
    /// Known photos in which another detector had looked for faces, or this one for large ones alone, or in which somebody
    /// was forgotten since.
    pub searched_again: usize,
    /// Of these the second …
    pub searched_for_small: usize,
    /// … and the last.
    pub searched_after_forgetting: usize,
    pub unchanged_photos: usize,
    /// Known pictures at a new path: moved there, or copied.
    pub moved_photos: usize,
    pub new_faces: usize,
    pub missing_photos: usize,
    /// Faces with a name or another decision that were found again in an edited picture.
    pub carried_faces: usize,
    /// Those that were not: they wait to be put back by hand.
    pub lost_faces: usize,
    /// Of these, those whose photo no program could make a picture of since: it is damaged, and not edited.
    pub unread_faces: usize,
    /// Those whose photo is missing since: they stay with their people, and are back when it is.
    pub missing_faces: usize,
    /// Faces with a name or another decision whose photo was missing or replaced before, and that are there again.
    pub returned_faces: usize,
    #[serde(skip)]
    pub newly_lost: HashSet<FaceId>,
    /// Faces that the model in use had not embedded yet.
    #[serde(skip)]
    pub embedded_again: usize,
    /// What is to be loaded again.
    #[serde(skip)]
    pub touched: Touched,
    /// Folders that were not there.
    #[serde(serialize_with = "path_text::several::serialize")]
    pub offline_folders: Vec<PathBuf>,
    /// Photos that are gone but not marked as missing, since they are more than half of their folder's.
    pub withheld_photos: usize,
    /// The same, folder by folder.
    #[serde(skip)]
    pub withheld: Vec<Withheld>,
    pub skipped: Vec<Skipped>,
    /// Of these, files that failed before and were not tried again.
    pub left_out: usize,
    /// Videos, and pictures of kinds that are not read.
    pub not_looked_at: Vec<Skipped>,
    /// Hidden and system files and folders, which nobody looked into.
    pub hidden: usize,
    /// Pages of new photos beyond the first, which nobody looked at.
    pub further_pages: u64,
    /// New photos whose colour profile cannot be read; their pixels are taken for sRGB.
    pub broken_profiles: usize,
    /// New photos of which a part is missing: it stays grey.
    pub damaged_photos: usize,
    /// Of new photos.
    pub photos_per_s: f64,
    pub faces_per_s: f64,
    pub elapsed_secs: f64,
    pub cancelled: bool,
}

impl ScanSummary {
    /// Several folders as one: what was done in them.
    fn add(&mut self, other: Self) {
        self.new_photos += other.new_photos;
        self.imported_photos += other.imported_photos;
        self.searched_again += other.searched_again;
        self.searched_for_small += other.searched_for_small;
        self.searched_after_forgetting += other.searched_after_forgetting;
        self.unchanged_photos += other.unchanged_photos;
        self.moved_photos += other.moved_photos;
        self.new_faces += other.new_faces;
        self.missing_photos += other.missing_photos;
        self.offline_folders.extend(other.offline_folders);
        self.withheld_photos += other.withheld_photos;
        self.withheld.extend(other.withheld);
        self.skipped.extend(other.skipped);
        self.left_out += other.left_out;
        self.not_looked_at.extend(other.not_looked_at);
        self.hidden += other.hidden;
        self.further_pages += other.further_pages;
        self.broken_profiles += other.broken_profiles;
        self.damaged_photos += other.damaged_photos;
        self.elapsed_secs += other.elapsed_secs;
        self.cancelled |= other.cancelled;
        let secs = self.elapsed_secs.max(f64::MIN_POSITIVE);
        self.photos_per_s = (self.new_photos + self.searched_again) as f64 / secs;
        self.faces_per_s = self.new_faces as f64 / secs;
    }
}

/// A scan that broke off, and what it did until then: that stays, and the next one does not find it again.
#[derive(Debug)]
pub(crate) struct BrokenScan {
    pub done: ScanSummary,
    pub error: anyhow::Error,
}

/// It broke off before it began.
impl From<anyhow::Error> for BrokenScan {
    fn from(error: anyhow::Error) -> Self {
        Self { done: ScanSummary::default(), error }
    }
}

impl From<BrokenScan> for anyhow::Error {
    fn from(broken: BrokenScan) -> Self {
        broken.error
    }
}

/// A folder of whose photos so many are gone that nothing was marked as missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    pub folder: PathBuf,
    pub gone: u64,
    pub of: u64,
}

/// What is said of one scan. How faces are grouped is as in the scan before where nothing is said of it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ScanChoices<'a> {
    pub linkage: Option<Linkage>,
    pub threshold: Option<SquaredDistance>,
    pub missing: MissingPolicy,
    /// Where something was touched: nothing else of the folders is looked at. None: all of them is.
    pub touched: Option<&'a [PathBuf]>,
    /// The folders are the library's own: one that was removed from it meanwhile is not scanned, and not added again.
    pub of_library: bool,
    /// What was left out is tried again, also what this program could not look through.
    pub again: bool,
}

/// What a scan works with.
pub(crate) struct ScanContext<'a> {
    pub home: &'a Home,
    /// What the networks were loaded with.
    pub options: &'a EngineOptions,
    pub(crate) engine: &'a Engine,
    pub library: &'a LibraryHandle,
    pub(crate) thumbnails: &'a ThumbnailCache,
}

/// The hashes of a file's bytes and of its picture, or what a test puts in its place.
type HashFile = fn(&Path) -> io::Result<([u8; 32], PictureHash)>;

/// How each folder is scanned.
struct ScanTools<'a> {
    pub engine: &'a dyn FindFaces,
    pub library: &'a LibraryHandle,
    pub thumbnails: &'a ThumbnailCache,
    pub edits: &'a dyn carry_over::FindEdit,
    pub same_person: SquaredDistance,
    pub missing: MissingPolicy,
    pub touched: Option<&'a [PathBuf]>,
    /// One of the folders that the library does not have any more is left out.
    pub of_library: bool,
    pub suspects: &'a [Suspect],
    pub hash: HashFile,
    /// Folders of the program's own, wherever they lie: no photos of the user's.
    pub own: &'a [PathBuf],
    pub meanwhile: Option<GroupMeanwhile<'a>>,
}

/// What a first scan has found is grouped while it goes on, so that its user can begin to name people. Once something is
/// decided, an edited picture's faces must be compared first with those they take the place of.
#[derive(Debug, Clone, Copy)]
struct GroupMeanwhile<'a> {
    pub grouping: &'a Grouping,
    /// How many faces are to be new at least.
    pub faces: usize,
}

/// New faces after which a first scan groups what it has found.
const FACES_MEANWHILE: usize = 100;

/// Scans the folders, embeds what the model in use has not embedded yet, and groups all faces anew. The groups are
/// none where the scan was cancelled before they were written. A folder of the library that is not there is told and
/// passed over. Where another process scans this library, it waits.
pub(crate) fn run(
    folders: &[PathBuf],
    choices: &ScanChoices<'_>,
    context: &ScanContext<'_>,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<(ScanSummary, Option<GroupSummary>), BrokenScan> {
    let mut done = ScanSummary::default();
    match run_into(&mut done, folders, choices, context, cancel, events) {
        Ok(groups) => Ok((done, groups)),
        Err(error) => Err(BrokenScan { done, error }),
    }
}

fn run_into(
    summary: &mut ScanSummary,
    folders: &[PathBuf],
    choices: &ScanChoices<'_>,
    context: &ScanContext<'_>,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<Option<GroupSummary>> {
    let ScanContext { home, options, engine, library, thumbnails } = context;
    let store = Store::open(home.models())?;
    let remembered = Grouping::remembered(library, &store, options)?;
    let grouping = Grouping {
        linkage: choices.linkage.unwrap_or(remembered.linkage),
        threshold: choices.threshold.unwrap_or(remembered.threshold),
    };
    // Up to this distance two faces of an edited picture are one.
    let same_person = options.thresholds(&store)?.same_person;
    let Some(_lock) = ScanLock::wait(home, cancel, events)? else {
        summary.cancelled = true;
        return Ok(None);
    };
    let (model, weights) = (engine.model_id().clone(), engine.weights().to_owned());
    library.call(move |library| library.use_weights(&model, &weights))?;
    let ScanChoices { missing, touched, of_library, again, .. } = *choices;
    let suspects = suspects(library, touched.unwrap_or(folders), again)?;
    let edits: &ThumbnailCache = thumbnails;
    let (suspects, own) = (&suspects[..], &home.own_folders()[..]);
    let meanwhile = is_undecided(library)?.then_some(GroupMeanwhile { grouping: &grouping, faces: FACES_MEANWHILE });
    let tools = ScanTools {
        engine: *engine,
        library,
        thumbnails,
        edits,
        same_person,
        missing,
        touched,
        of_library,
        suspects,
        hash: picture_hash_of_file,
        own,
        meanwhile,
    };
    let absent = library.call(|library| library.absent_faces())?;
    scan_into(summary, folders, &tools, cancel, events)?;
    if !cancel.is_cancelled() {
        find_lost_again(engine, &tools, summary, cancel, events)?;
    }
    count_returned(absent, library, summary)?;
    if cancel.is_cancelled() {
        summary.cancelled = true;
        return Ok(None);
    }
    let regrouped = reembed_and_regroup(engine, library, &grouping, cancel, events);
    summary.cancelled = cancel.is_cancelled();
    match regrouped {
        Err(_) if summary.cancelled => Ok(None),
        Err(error) => Err(error),
        Ok((embedded, groups)) => {
            summary.skipped.extend(embedded.skipped);
            summary.embedded_again += embedded.faces;
            if touched.is_none() && !summary.cancelled {
                // Whoever began it: there is nothing left to go on with.
                interrupted::note_ended(library, folders.to_vec())?;
            }
            Ok(groups)
        }
    }
}

/// Files that may have ended the program before; of those that were left out at these places only where they are tried
/// `again`.
fn suspects(library: &LibraryHandle, at: &[PathBuf], again: bool) -> Result<Vec<Suspect>> {
    let at = if again { at.iter().map(|path| real_path(path)).collect::<Result<Vec<_>>>()? } else { Vec::new() };
    library.call(move |library| {
        let suspects = library.suspects()?;
        // Those of a scan that was killed are counted before.
        match library.try_left_out_again(&at)? {
            0 => Ok(suspects),
            _ => library.suspects(),
        }
    })
}

/// Whether nobody has decided anything about faces yet: a first scan, or one that goes on with it.
fn is_undecided(library: &LibraryHandle) -> Result<bool> {
    library.ask(|library| {
        let has_steps = library.can_undo()? || library.can_redo()?;
        Ok::<_, LibraryError>(!has_steps && library.counts()?.named_people == 0 && library.count_set_aside()? == 0)
    })
}

#[cfg(test)]
fn scan_folders(
    folders: &[PathBuf],
    tools: &ScanTools<'_>,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<ScanSummary, BrokenScan> {
    let mut done = ScanSummary::default();
    match scan_into(&mut done, folders, tools, cancel, events) {
        Ok(()) => Ok(done),
        Err(error) => Err(BrokenScan { done, error }),
    }
}

/// Those folders that are there. What was done until it breaks off is told, too.
fn scan_into(
    summary: &mut ScanSummary,
    folders: &[PathBuf],
    tools: &ScanTools<'_>,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<()> {
    let lost_before = lost_faces(tools.library)?;
    let scans = folders::scan_each(folders, tools, summary, cancel, events)?;
    // A file may go from one folder to another: only in the end it is known what was replaced, and what is lost. What was
    // replaced is compared by vectors of the model in use.
    embed_portraits(tools.engine, tools.library, cancel, events)?;
    let mut tell = |skipped: Skipped| {
        events(JobEvent::Skipped(skipped.clone()));
        summary.skipped.push(skipped);
    };
    if let Some(first) = scans.iter().copied().min_by_key(|scan| scan.0) {
        tools.library.call(move |library| library.leave_out_renamed(first))?;
    }
    summary.carried_faces = carry_over::carry_over(tools, cancel, &mut tell)?;
    for scan in scans {
        let counts = tools.library.call(move |library| library.scan_counts(scan))?;
        summary.photos += counts.photos;
        summary.faces += counts.faces;
    }
    summary.newly_lost = lost_faces(tools.library)?.difference(&lost_before).copied().collect();
    summary.lost_faces = summary.newly_lost.len();
    Ok(())
}

/// Looks for lost faces, and for those that went, in what is new, once the model in use has embedded it.
fn find_lost_again(
    engine: &Engine,
    tools: &ScanTools<'_>,
    summary: &mut ScanSummary,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<()> {
    if summary.missing_photos + summary.new_photos == 0
        && tools.library.call(|library| library.count_lost_faces())? == 0
    {
        return Ok(());
    }
    // Photos that cannot be opened are told when the rest is embedded.
    summary.embedded_again += reembed(engine, tools.library, cancel, events)?.faces;
    lost::find_again(tools, summary, cancel, events)
}

/// Counts the faces that are absent since, and not lost, and those that were before and are not any more: their photo is
/// back, or they were found in another one. The latter are no faces carried over, since they were gone from where they
/// were long before. Each counts once, by the face that is there now: a photo that was edited several times has left the
/// same one in every edit.
fn count_returned(absent: HashSet<FaceId>, library: &LibraryHandle, summary: &mut ScanSummary) -> Result<()> {
    let newly_lost = summary.newly_lost.clone();
    let (missing, returned, found, unread) = library.call(move |library| {
        let (absent_now, listed) = (library.absent_faces()?, library.lost_faces()?);
        let mut unread = 0;
        for by in listed.iter().filter(|lost| newly_lost.contains(&lost.face_id)).filter_map(|lost| lost.replaced_by) {
            unread += usize::from(library.photo(by)?.is_some_and(|by| by.state != PhotoState::Done));
        }
        let lost: HashSet<FaceId> = listed.into_iter().map(|lost| lost.face_id).collect();
        let missing = absent_now.difference(&absent).filter(|face| !lost.contains(face)).count();
        let (mut returned, mut found) = (HashSet::new(), HashSet::new());
        for &face in absent.difference(&absent_now) {
            let Some(known) = library.face(face)? else { continue };
            if library.photo(known.photo_id)?.is_some_and(|photo| photo.is_missing) {
                found.extend(library.face_shown_for(face)?);
            } else {
                returned.insert(face);
            }
        }
        // An original that is back, and its edits that lead to it.
        let found = found.difference(&returned).count();
        Ok::<_, LibraryError>((missing, returned.len() + found, found, unread))
    })?;
    summary.unread_faces = unread;
    summary.missing_faces = missing;
    summary.returned_faces = returned;
    summary.carried_faces = summary.carried_faces.saturating_sub(found);
    Ok(())
}

/// Those that were looked for in what took their place: the others are told by the scan that does so.
fn lost_faces(library: &LibraryHandle) -> Result<HashSet<FaceId>> {
    library.call(|library| {
        let lost = library.lost_faces()?.into_iter().filter(|lost| !lost.is_sought);
        Ok::<_, LibraryError>(lost.map(|lost| lost.face_id).collect())
    })
}

/// What can be told of a folder before anything is loaded or downloaded for it: that it is not there, or that it holds
/// no photos, and never did, while no model is installed to scan with. None: it has to be scanned.
///
/// The window does not ask this: its first page offers the models, and a folder that was chosen there belongs to the
/// library also while it is empty.
pub(crate) fn summary_without_networks(
    folder: &Path,
    options: &EngineOptions,
    home: &Home,
    cancel: &Cancel,
) -> Result<Option<ScanSummary>> {
    if is_offline(folder, home)? {
        return Ok(Some(ScanSummary { offline_folders: vec![folder.to_owned()], ..ScanSummary::default() }));
    }
    if holds_photos(folder, &home.own_folders(), cancel)? || options.installed(home)? || knows_files_in(folder, home)? {
        return Ok(None);
    }
    Ok(Some(ScanSummary { cancelled: cancel.is_cancelled(), ..ScanSummary::default() }))
}

/// Whether the library knows files in the folder, above or below it.
fn knows_files_in(folder: &Path, home: &Home) -> Result<bool> {
    if !home.has_library() {
        return Ok(false);
    }
    let folder = real_path(folder)?;
    let is_there = |known: &Path| known.starts_with(&folder) || folder.starts_with(known);
    Ok(reader(&home.library())?.folders()?.iter().any(|known| known.files > 0 && is_there(&known.path)))
}

/// Whether there is a photo below `folder`; an error where it is no folder, or cannot be read.
fn holds_photos(folder: &Path, own: &[PathBuf], cancel: &Cancel) -> Result<bool> {
    Ok(!first_found(folder, own, cancel)?.photos.is_empty())
}

/// What there is below `folder`, up to its first photo.
fn first_found(folder: &Path, own: &[PathBuf], cancel: &Cancel) -> Result<FoundPhotos> {
    asks_disk();
    let enough = Cancel::default();
    find_photos(folder, own, &enough, |photos| {
        if photos > 0 || cancel.is_cancelled() {
            enough.cancel();
        }
    })
}
