//! Names into and out of the files of a folder.

mod access;
mod answer;
mod by_hand;
pub mod command;
mod files_read;
mod offer;
mod pending;
mod preview;
mod read;
mod skipped;
mod sources;
#[cfg(test)]
mod tests;
#[cfg(feature = "gui")]
mod window;
#[cfg(feature = "gui")]
mod write_window;

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use self::access::LibraryAccess;
pub use self::answer::NameChoices;
pub(crate) use self::answer::offer_again;
pub(crate) use self::answer::{NameOfPhoto, NamePlace, PlacedName, name_at, names_of, placed_names};
pub(crate) use self::by_hand::{AnsweredHere, answer_here};
pub use self::offer::OfferedNames;
pub(crate) use self::offer::{KnownFaces, offer};
pub use self::preview::{DiffLine, FileFate, FilePreview, WritePreview};
pub(crate) use self::read::{FolderNames, read, says_something};
pub use self::skipped::{SkipWhy, SkippedFile};
pub use self::sources::MoreSources;
#[cfg(feature = "gui")]
pub use self::window::{Event, Job, Request};
#[cfg(feature = "gui")]
pub(crate) use self::window::{FIND_NAMES, TAKE_NAMES};
#[cfg(feature = "gui")]
pub(crate) use self::write_window::{PREVIEW_NAMES, TAKE_NAMES_BACK, WRITE_NAMES};
#[cfg(feature = "gui")]
pub use self::write_window::{WriteEvent, WriteRequest, WritingKept, WritingSettings};
use crate::app::engine::progress::{JobEvent, Meter, Stage};
use crate::app::jobs::walk::real_folder;
use crate::faces::image::orientation_of_file;
use crate::library::{Library, LibraryReader, NamedFace, PhotoToWrite, WritePlace, WrittenFile};
use crate::metadata::region_box::RegionBox;
use crate::metadata::xmp::{
    self, FaceToWrite, FileChange, FileUndo, MetadataError, MetadataPlan, Modified, NamesToWrite, PacketPlace,
    PeoplePacket, Undone, WriteRemains, WrittenNames,
};
pub use crate::metadata::xmp::{ChangeKind, NameList, OthersNames, Refusal};
use crate::types::Cancel;

const LOOKING: Stage = Stage::new("stage_metadata_plan", "Looking at metadata");
const WRITING: Stage = Stage::new("stage_metadata_write", "Writing names");
const TAKING_BACK: Stage = Stage::new("stage_metadata_undo", "Taking names back");

/// What its user wants written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WriteChoices {
    pub place: WritePlace,
    /// Whether each photo has our names at one place alone: beside it where it is none that can be written into, and
    /// nothing of ours is left at the other place.
    pub at_one_place: bool,
    /// Into which lists of the XMP. What was written into another is taken out of it.
    pub lists: Vec<NameList>,
    /// Also the names that are only suggested.
    pub with_suggested: bool,
    /// Whether a file keeps the time of its last change.
    pub keep_time: bool,
    pub others: OthersNames,
}

impl Default for WriteChoices {
    fn default() -> Self {
        Self {
            place: WritePlace::Sidecar,
            at_one_place: true,
            lists: NameList::ALL.to_vec(),
            with_suggested: false,
            keep_time: false,
            others: OthersNames::default(),
        }
    }
}

/// What became of a folder's photos.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WriteSummary {
    /// Files that were changed, or would be.
    pub files: usize,
    /// Photos whose names stand there already.
    pub unchanged: usize,
    /// Names that other programs' ones stand for.
    pub left: Vec<LeftName>,
    pub skipped: Vec<SkippedFile>,
    pub cancelled: bool,
}

/// A name that is not written, since another program calls the face otherwise; that name stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftName {
    pub file: PathBuf,
    pub name: String,
    pub instead: String,
}

/// What writing the names of a folder's photos would do, told file by file. Nothing is written.
pub(crate) fn diff(
    library: &mut impl LibraryAccess,
    folder: &Path,
    choices: &WriteChoices,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
    tell: &mut dyn FnMut(&Path, WritePlace, &MetadataPlan) -> Result<()>,
) -> Result<WriteSummary> {
    let name = library.change(Library::name_in_files)?;
    each_photo(library, folder, LOOKING, cancel, events, &mut |library, photo, summary| {
        for (place, planned) in plans(library, photo, &name, choices)? {
            match planned {
                Ok(planned) => {
                    count(&planned, summary);
                    summary.left.extend(left_names(&planned));
                    tell(&photo.path, place, &planned)?;
                }
                Err(error) => summary.skip(&photo.path, SkipWhy::of(&error)),
            }
        }
        Ok(())
    })
}

/// Writes the names of a folder's photos. Each file is changed at once or not at all, and its way back is kept before.
pub(crate) fn write(
    library: &mut impl LibraryAccess,
    folder: &Path,
    choices: &WriteChoices,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<WriteSummary> {
    let (name, step) = (library.change(Library::name_in_files)?, library.change(Library::begin_writing)?);
    let mut remains = WriteRemains::default();
    each_photo(library, folder, WRITING, cancel, events, &mut |library, photo, summary| {
        remains.clear_beside(&photo.path);
        for (place, planned) in plans(library, photo, &name, choices)? {
            match planned {
                Ok(planned) => {
                    summary.left.extend(left_names(&planned));
                    write_planned(library, step, (photo.path.as_path(), place), &planned, choices, summary)?;
                }
                Err(error) => summary.skip(&photo.path, SkipWhy::of(&error)),
            }
        }
        Ok(())
    })
}

/// Notes the way back, then writes.
fn write_planned(
    library: &mut impl LibraryAccess,
    step: i64,
    (photo, place): (&Path, WritePlace),
    planned: &MetadataPlan,
    choices: &WriteChoices,
    summary: &mut WriteSummary,
) -> Result<()> {
    if planned.file == FileChange::Nothing {
        summary.unchanged += 1;
        return Ok(());
    }
    let undo = match planned.undo() {
        Ok(undo) => serde_json::to_string(&undo)?,
        Err(error) => {
            summary.skip(photo, SkipWhy::of(&error));
            return Ok(());
        }
    };
    let names_before = library.ask(|library| library.names_written(photo, place))?;
    let file = WrittenFile { photo: photo.to_owned(), place, undo, names_before };
    let (noted, names) = (file.clone(), serde_json::to_string(&planned.written)?);
    library.change(move |library| library.note_writing(step, &noted, &names))?;
    match planned.write(if choices.keep_time { Modified::Kept } else { Modified::Now }) {
        Ok(()) => summary.files += 1,
        Err(error) => {
            library.change(move |library| library.note_taken_back(step, &file))?;
            summary.skip(photo, SkipWhy::of(&error));
        }
    }
    Ok(())
}

/// What taking the latest writing back did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UndoSummary {
    /// Files that were put back; not those that a writing which broke off had noted and never touched.
    pub restored: usize,
    /// Files that others have changed since; they stay as they are.
    pub skipped: Vec<SkippedFile>,
    pub cancelled: bool,
}

/// Puts the files of the latest writing back as they were, byte for byte. None: nothing was written, or all of it was
/// taken back.
pub(crate) fn undo(
    library: &mut impl LibraryAccess,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<Option<UndoSummary>> {
    let Some((step, files)) = library.ask(LibraryReader::last_writing)? else { return Ok(None) };
    let mut meter = Meter::start(TAKING_BACK, Some(files.len() as u64));
    let (mut summary, mut remains) = (UndoSummary::default(), WriteRemains::default());
    let mut looked_at = 0;
    for (photo, place) in &files {
        if cancel.is_cancelled() {
            summary.cancelled = true;
            break;
        }
        remains.clear_beside(photo);
        if let Some(file) = library.ask(|library| library.way_back(step, photo, *place))? {
            take_back(library, step, file, &mut summary, events)?;
        }
        looked_at += 1;
        events(JobEvent::Progress(meter.advance(1)));
    }
    pending::forget_photos(library, files[..looked_at].iter().map(|(photo, _)| photo.as_path()))?;
    Ok(Some(summary))
}

fn take_back(
    library: &mut impl LibraryAccess,
    step: i64,
    file: WrittenFile,
    summary: &mut UndoSummary,
    events: &mut dyn FnMut(JobEvent),
) -> Result<()> {
    let Ok(back) = serde_json::from_str::<FileUndo>(&file.undo) else {
        summary.skip(SkippedFile::new(&file.photo, SkipWhy::NotNoted), events);
        return Ok(());
    };
    match back.apply() {
        Ok(undone) => {
            summary.restored += usize::from(undone == Undone::Restored);
            library.change(move |library| library.note_taken_back(step, &file))
        }
        Err(error) => {
            summary.skip(SkippedFile::new(&back.path, SkipWhy::of(&error)), events);
            // Nothing puts such a file back any more; one that cannot be reached may be there again.
            match error {
                MetadataError::Changed { .. } => library.change(move |library| library.drop_way_back(step, &file)),
                _ => Ok(()),
            }
        }
    }
}

impl WriteSummary {
    fn skip(&mut self, path: &Path, why: SkipWhy) {
        self.skipped.push(SkippedFile::new(path, why));
    }
}

impl UndoSummary {
    fn skip(&mut self, file: SkippedFile, events: &mut dyn FnMut(JobEvent)) {
        events(JobEvent::Skipped(file.clone().into()));
        self.skipped.push(file);
    }
}

fn count(planned: &MetadataPlan, summary: &mut WriteSummary) {
    match planned.file {
        FileChange::Nothing => summary.unchanged += 1,
        _ => summary.files += 1,
    }
}

/// Each once, however many lists it is withheld from.
fn left_names(planned: &MetadataPlan) -> Vec<LeftName> {
    let mut left: Vec<LeftName> = Vec::new();
    for change in planned.changes.iter().filter(|change| change.kind == ChangeKind::Withheld) {
        let Some((name, instead)) = change.name().zip(change.instead.as_deref()) else { continue };
        let new = LeftName { file: planned.path.clone(), name: name.to_owned(), instead: instead.to_owned() };
        if !left.contains(&new) {
            left.push(new);
        }
    }
    left
}

type EachPhoto<'a, L> = dyn FnMut(&mut L, &PhotoToWrite, &mut WriteSummary) -> Result<()> + 'a;

fn each_photo<L: LibraryAccess>(
    library: &mut L,
    folder: &Path,
    stage: Stage,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
    each: &mut EachPhoto<'_, L>,
) -> Result<WriteSummary> {
    // As the library has them; everywhere is no folder.
    let folder = match folder.as_os_str().is_empty() {
        true => folder.to_owned(),
        false => real_folder(folder)?,
    };
    let photos = library.ask(|library| library.photos_to_write(&folder))?;
    let mut meter = Meter::start(stage, Some(photos.len() as u64));
    let mut summary = WriteSummary::default();
    for photo in photos {
        if cancel.is_cancelled() {
            summary.cancelled = true;
            break;
        }
        let told = summary.skipped.len();
        match each(library, &photo, &mut summary) {
            Ok(()) => {}
            // One file whose way back cannot be noted, or whose note cannot be read, keeps no other from its names.
            Err(error) if error.is::<serde_json::Error>() => summary.skip(&photo.path, SkipWhy::NotNoted),
            Err(error) => return Err(error),
        }
        summary.skipped[told..].iter().for_each(|skipped| events(JobEvent::Skipped(skipped.clone().into())));
        events(JobEvent::Progress(meter.advance(1)));
    }
    Ok(summary)
}

type PlannedAt = (WritePlace, Result<MetadataPlan, MetadataError>);

/// What is to be done for a photo: where its names belong, and at the other place where they may not stay.
fn plans(
    library: &mut impl LibraryAccess,
    photo: &PhotoToWrite,
    name: &str,
    choices: &WriteChoices,
) -> Result<Vec<PlannedAt>> {
    let mut place = choices.place;
    let mut planned = plan(photo, place, &ours_at(library, photo, place, name)?, name, choices);
    if choices.at_one_place && planned.as_ref().is_err_and(MetadataError::asks_for_a_sidecar) {
        place = WritePlace::Sidecar;
        planned = plan(photo, place, &ours_at(library, photo, place, name)?, name, choices);
    }
    let mut plans = vec![(place, planned)];
    let other = place.other();
    let noted = library.ask(|library| library.names_written(&photo.path, other))?;
    let left: Option<WrittenNames> = noted.map(|noted| serde_json::from_str(&noted)).transpose()?;
    if let Some(left) = left.filter(|left| choices.at_one_place && !left.0.is_empty()) {
        let nobody = PhotoToWrite { faces: Vec::new(), ..photo.clone() };
        let only_ours = WriteChoices { others: OthersNames::default(), ..choices.clone() };
        plans.push((other, plan(&nobody, other, &left, name, &only_ours)));
    }
    Ok(plans)
}

/// The names at a place that are this library's: as it noted, and where it noted nothing, by its marks in the file. Its
/// notes may be those of a backup, or have gone with somebody who was forgotten.
fn ours_at(
    library: &mut impl LibraryAccess,
    photo: &PhotoToWrite,
    place: WritePlace,
    name: &str,
) -> Result<WrittenNames> {
    if let Some(noted) = library.ask(|library| library.names_written(&photo.path, place))? {
        return Ok(serde_json::from_str(&noted)?);
    }
    // What cannot be read is told when it is to be changed.
    let packets = xmp::read(&photo.path).map(|found| found.packets).unwrap_or_default();
    let is_there = |packet: &&PeoplePacket| match packet.place {
        PacketPlace::Sidecar(_) => place == WritePlace::Sidecar,
        PacketPlace::Embedded | PacketPlace::Extended => place == WritePlace::Embedded,
    };
    Ok(WrittenNames(packets.iter().filter(is_there).flat_map(|packet| packet.written(Some(name)).0).collect()))
}

fn plan(
    photo: &PhotoToWrite,
    place: WritePlace,
    ours: &WrittenNames,
    library: &str,
    choices: &WriteChoices,
) -> Result<MetadataPlan, MetadataError> {
    let orientation = orientation_of_file(&photo.path).map_err(|reason| MetadataError::Io {
        doing: "read",
        path: photo.path.clone(),
        reason,
    })?;
    let (width, height) = photo.size;
    // Of the picture as it is stored.
    let size = if orientation >= 5 { (height, width) } else { (width, height) };
    let wanted = photo.faces.iter().filter(|face| face.is_decided || choices.with_suggested);
    let faces: Vec<FaceToWrite> = wanted.map(|face| face_to_write(face, photo.size)).collect();
    let names = NamesToWrite {
        faces: &faces,
        size,
        orientation: orientation as u8,
        lists: &choices.lists,
        ours,
        others: &choices.others,
        library: Some(library),
    };
    let planned = xmp::plan(&photo.path, place, &names)?;
    // Nothing is shown that would be refused then.
    planned.check().map(|()| planned)
}

fn face_to_write(face: &NamedFace, (width, height): (u32, u32)) -> FaceToWrite {
    let (width, height, b) = (width as f32, height as f32, face.face_box);
    let area = RegionBox { x: b.x / width, y: b.y / height, width: b.width / width, height: b.height / height };
    FaceToWrite { name: face.name.clone(), area }
}
