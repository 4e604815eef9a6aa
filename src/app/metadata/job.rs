//! Names into and out of the files of a folder.

mod offer;
mod read;
mod sources;
#[cfg(test)]
mod tests;
#[cfg(feature = "gui")]
mod window;

use std::path::Path;

use anyhow::Result;

pub use self::offer::OfferedNames;
pub(crate) use self::offer::{KnownFaces, offer, refuse, take};
pub(crate) use self::read::{FolderNames, read, says_something};
pub(crate) use self::sources::MoreSources;
#[cfg(feature = "gui")]
pub(crate) use self::window::LOOK_FOR_NAMES;
#[cfg(feature = "gui")]
pub use self::window::{Event, Job, Request};
use crate::app::engine::progress::{JobEvent, Meter, Skipped, Stage};
use crate::app::jobs::walk::plain;
use crate::faces::image::orientation_of_file;
use crate::library::{Library, LibraryReader, NamedFace, PhotoToWrite, WritePlace, WrittenFile};
use crate::metadata::xmp::{
    self, FaceToWrite, FileChange, FileUndo, MetadataError, MetadataPlan, Modified, NameList, NamesToWrite,
    OthersNames, PacketPlace, PeoplePacket, RegionBox, WrittenNames,
};
use crate::types::Cancel;

const LOOKING: Stage = Stage::new("stage_metadata_plan", "Looking at metadata");
const WRITING: Stage = Stage::new("stage_metadata_write", "Writing names");
const TAKING_BACK: Stage = Stage::new("stage_metadata_undo", "Taking names back");

/// What its user wants written.
#[derive(Debug, Clone)]
pub(crate) struct WriteChoices {
    pub place: WritePlace,
    /// Into which lists of the XMP. What was written into another is taken out of it.
    pub lists: Vec<NameList>,
    /// Also the names that are only suggested.
    pub with_suggested: bool,
    pub modified: Modified,
    pub others: OthersNames,
}

/// What became of a folder's photos.
#[derive(Debug, Default)]
pub(crate) struct WriteSummary {
    /// Files that were changed, or would be.
    pub files: usize,
    /// Photos whose names stand there already.
    pub unchanged: usize,
    pub skipped: Vec<Skipped>,
    pub cancelled: bool,
}

/// What writing the names of a folder's photos would do, told file by file. Nothing is written.
pub(crate) fn diff(
    library: &mut Library,
    folder: &Path,
    choices: &WriteChoices,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
    tell: &mut dyn FnMut(&Path, &MetadataPlan),
) -> Result<WriteSummary> {
    let name = library.name_in_files()?;
    each_photo(library, folder, LOOKING, cancel, events, &mut |library, photo, summary| {
        let ours = written_names(library, &photo.path, choices.place, &name)?;
        match plan(photo, &ours, &name, choices) {
            Ok(planned) => {
                count(&planned, summary);
                tell(&photo.path, &planned);
            }
            Err(error) => summary.skip(&photo.path, &error),
        }
        Ok(())
    })
}

/// Writes the names of a folder's photos. Each file is changed at once or not at all, and its way back is kept before.
pub(crate) fn write(
    library: &mut Library,
    folder: &Path,
    choices: &WriteChoices,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<WriteSummary> {
    let (name, step) = (library.name_in_files()?, library.begin_writing()?);
    each_photo(library, folder, WRITING, cancel, events, &mut |library, photo, summary| {
        let names_before = library.names_written(&photo.path, choices.place)?;
        let ours = written_names(library, &photo.path, choices.place, &name)?;
        let planned = plan(photo, &ours, &name, choices).and_then(|planned| Ok((planned.undo()?, planned)));
        let (undo, planned) = match planned {
            Ok(planned) => planned,
            Err(error) => {
                summary.skip(&photo.path, &error);
                return Ok(());
            }
        };
        count(&planned, summary);
        if planned.file == FileChange::Nothing {
            return Ok(());
        }
        let undo = serde_json::to_string(&undo)?;
        let file = WrittenFile { photo: photo.path.clone(), place: choices.place, undo, names_before };
        library.note_writing(step, &file, &serde_json::to_string(&planned.written)?)?;
        if let Err(error) = planned.write(choices.modified) {
            library.note_taken_back(step, &file)?;
            summary.files -= 1;
            summary.skip(&photo.path, &error);
        }
        Ok(())
    })
}

/// What taking the latest writing back did.
#[derive(Debug, Default)]
pub(crate) struct UndoSummary {
    pub restored: usize,
    /// Files that others have changed since; they stay as they are.
    pub skipped: Vec<Skipped>,
    pub cancelled: bool,
}

/// Puts the files of the latest writing back as they were, byte for byte. None: nothing was written, or all of it was
/// taken back.
pub(crate) fn undo(
    library: &mut Library,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<Option<UndoSummary>> {
    let Some((step, files)) = library.last_writing()? else { return Ok(None) };
    let mut meter = Meter::start(TAKING_BACK, Some(files.len() as u64));
    let mut summary = UndoSummary::default();
    for file in files {
        if cancel.is_cancelled() {
            summary.cancelled = true;
            break;
        }
        let back: FileUndo = serde_json::from_str(&file.undo)?;
        match back.apply() {
            Ok(()) => {
                summary.restored += 1;
                library.note_taken_back(step, &file)?;
            }
            Err(error) => {
                let skipped = Skipped { path: back.path.clone(), reason: reason(&error) };
                events(JobEvent::Skipped(skipped.clone()));
                summary.skipped.push(skipped);
                // Nothing puts such a file back any more; one that cannot be reached may be there again.
                if matches!(error, MetadataError::Changed { .. }) {
                    library.drop_way_back(step, &file)?;
                }
            }
        }
        events(JobEvent::Progress(meter.advance(1)));
    }
    Ok(Some(summary))
}

impl WriteSummary {
    fn skip(&mut self, path: &Path, error: &MetadataError) {
        self.skipped.push(Skipped { path: path.to_owned(), reason: reason(error) });
    }
}

/// The reason alone: the path stands before it.
fn reason(error: &MetadataError) -> String {
    match error {
        MetadataError::Io { doing, reason, .. } => format!("cannot {doing} the file: {}", plain(reason)),
        MetadataError::Packet { reason, .. } => reason.to_string(),
        MetadataError::Refused { why, .. } => why.to_string(),
        MetadataError::Changed { .. } => "the file has changed since it was looked at".to_owned(),
    }
}

fn count(planned: &MetadataPlan, summary: &mut WriteSummary) {
    match planned.file {
        FileChange::Nothing => summary.unchanged += 1,
        _ => summary.files += 1,
    }
}

type EachPhoto<'a> = dyn FnMut(&mut Library, &PhotoToWrite, &mut WriteSummary) -> Result<()> + 'a;

fn each_photo(
    library: &mut Library,
    folder: &Path,
    stage: Stage,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
    each: &mut EachPhoto<'_>,
) -> Result<WriteSummary> {
    // As the library has them.
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let photos = library.photos_to_write(&folder)?;
    let mut meter = Meter::start(stage, Some(photos.len() as u64));
    let mut summary = WriteSummary::default();
    for photo in photos {
        if cancel.is_cancelled() {
            summary.cancelled = true;
            break;
        }
        let told = summary.skipped.len();
        each(library, &photo, &mut summary)?;
        summary.skipped[told..].iter().for_each(|skipped| events(JobEvent::Skipped(skipped.clone())));
        events(JobEvent::Progress(meter.advance(1)));
    }
    Ok(summary)
}

/// The names at a place that are this library's: as it noted, and where it noted nothing, by its marks in the file. Its
/// notes may be those of a backup, or have gone with somebody who was forgotten.
fn written_names(library: &LibraryReader, photo: &Path, place: WritePlace, name: &str) -> Result<WrittenNames> {
    if let Some(noted) = library.names_written(photo, place)? {
        return Ok(serde_json::from_str(&noted)?);
    }
    // What cannot be read is told when it is to be changed.
    let packets = xmp::read(photo).map(|found| found.packets).unwrap_or_default();
    let is_there = |packet: &&PeoplePacket| match packet.place {
        PacketPlace::Sidecar(_) => place == WritePlace::Sidecar,
        PacketPlace::Embedded | PacketPlace::Extended => place == WritePlace::Embedded,
    };
    Ok(WrittenNames(packets.iter().filter(is_there).flat_map(|packet| packet.written(Some(name)).0).collect()))
}

fn plan(
    photo: &PhotoToWrite,
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
    xmp::plan(&photo.path, choices.place, &names)
}

fn face_to_write(face: &NamedFace, (width, height): (u32, u32)) -> FaceToWrite {
    let (width, height, b) = (f64::from(width), f64::from(height), face.face_box);
    let area = RegionBox {
        left: f64::from(b.x) / width,
        top: f64::from(b.y) / height,
        width: f64::from(b.width) / width,
        height: f64::from(b.height) / height,
    };
    FaceToWrite { name: face.name.clone(), area }
}
