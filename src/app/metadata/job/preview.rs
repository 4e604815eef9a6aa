//! What writing would do, as it is shown before anything is written, and writing just that.
//!
//! Of each file its lines are kept, not its bytes, and a digest of the plan: what is not as it was shown is left out.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::pending::{self, NamesWhenWritten};
use super::{
    ChangeKind, LeftName, LibraryAccess, NameList, PlannedAt, SkipWhy, SkippedFile, WRITING, WriteChoices,
    WriteSummary, diff, plans, write_planned,
};
use crate::app::engine::progress::{JobEvent, Meter};
use crate::library::{Library, PhotoToWrite, WritePlace};
use crate::metadata::xmp::{FileChange, MetadataPlan, PlannedChange};
use crate::types::Cancel;

/// What its user is shown; nothing else is written then.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WritePreview {
    pub choices: WriteChoices,
    pub files: Vec<FilePreview>,
    /// Photos whose names stand there already.
    pub unchanged: usize,
    /// Names that are left to other programs.
    pub left: Vec<LeftName>,
    pub skipped: Vec<SkippedFile>,
    pub(crate) names: NamesWhenWritten,
}

/// A file that would be changed.
#[derive(Debug, Clone, PartialEq)]
pub struct FilePreview {
    pub photo: PathBuf,
    pub place: WritePlace,
    /// The photo itself, or the file beside it.
    pub file: PathBuf,
    pub fate: FileFate,
    pub lines: Vec<DiffLine>,
    /// Entries in these lists that stay, whoever wrote them.
    pub kept: usize,
    /// Of the plan.
    pub digest: [u8; 32],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFate {
    Made,
    Changed,
    Removed,
}

/// A name that comes, goes or is withheld, and the lists in which it does.
#[derive(Debug, Clone, PartialEq)]
pub struct DiffLine {
    pub kind: ChangeKind,
    /// None: a region without a name.
    pub name: Option<String>,
    pub lists: Vec<NameList>,
    /// The name for which one was withheld.
    pub instead: Option<String>,
}

/// Looks at the files of all photos of the library. None: cancelled.
pub(crate) fn preview(
    library: &mut impl LibraryAccess,
    choices: &WriteChoices,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<Option<WritePreview>> {
    let photos = library.ask(|library| library.photos_to_write(everywhere()))?;
    let names = NamesWhenWritten::of(&photos, choices.with_suggested);
    drop(photos);
    let mut files = Vec::new();
    let mut tell = |photo: &Path, place, plan: &MetadataPlan| {
        files.extend(FilePreview::of(photo, place, plan));
        Ok(())
    };
    let WriteSummary { unchanged, left, skipped, cancelled, .. } =
        diff(library, everywhere(), choices, cancel, events, &mut tell)?;
    // What stands there already was written by a run that noted nothing, or broke off before it did.
    if !cancelled && !choices.lists.is_empty() {
        let changed = files.iter().map(|file| file.photo.as_path());
        let left_out = changed.chain(skipped.iter().map(|skipped| skipped.path.as_path())).collect();
        pending::note(library, &names, &left_out)?;
    }
    Ok((!cancelled).then(|| WritePreview { choices: choices.clone(), files, unchanged, left, skipped, names }))
}

/// Writes what was shown. A file that is another than it was then, or whose names are others, is left out and told.
pub(crate) fn write_as_shown(
    library: &mut impl LibraryAccess,
    shown: &WritePreview,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<WriteSummary> {
    let (name, step) = (library.change(Library::name_in_files)?, library.change(Library::begin_writing)?);
    let photos: HashMap<PathBuf, PhotoToWrite> = library
        .ask(|library| library.photos_to_write(everywhere()))?
        .into_iter()
        .map(|photo| (photo.path.clone(), photo))
        .collect();
    let mut meter = Meter::start(WRITING, Some(shown.files.len() as u64));
    let mut summary = WriteSummary { left: shown.left.clone(), ..WriteSummary::default() };
    let mut left_out: HashSet<&Path> = HashSet::new();
    for files in shown.files.chunk_by(|a, b| a.photo == b.photo) {
        let photo = &files[0].photo;
        summary.cancelled = cancel.is_cancelled();
        let told = summary.skipped.len();
        match photos.get(photo) {
            _ if summary.cancelled => drop(left_out.insert(photo)),
            Some(photo) => {
                let planned = plans(library, photo, &name, &shown.choices)?;
                for file in files {
                    write_file(library, step, file, &planned, &shown.choices, &mut summary)?;
                }
            }
            None => summary.skip(&files[0].file, SkipWhy::ChangedSinceShown),
        }
        if summary.skipped.len() > told {
            left_out.insert(photo);
        }
        summary.skipped[told..].iter().for_each(|skipped| events(JobEvent::Skipped(skipped.clone().into())));
        events(JobEvent::Progress(meter.advance(files.len() as u64)));
    }
    pending::note(library, &shown.names, &left_out)?;
    Ok(summary)
}

fn write_file(
    library: &mut impl LibraryAccess,
    step: i64,
    shown: &FilePreview,
    planned: &[PlannedAt],
    choices: &WriteChoices,
    summary: &mut WriteSummary,
) -> Result<()> {
    match planned.iter().find(|(place, _)| *place == shown.place) {
        Some((place, Ok(plan))) if plan.file == FileChange::Nothing || plan.digest() == shown.digest => {
            write_planned(library, step, (shown.photo.as_path(), *place), plan, choices, summary)
        }
        Some((_, Err(error))) => {
            summary.skip(&shown.file, SkipWhy::of(error));
            Ok(())
        }
        _ => {
            summary.skip(&shown.file, SkipWhy::ChangedSinceShown);
            Ok(())
        }
    }
}

/// Below this are all paths.
fn everywhere() -> &'static Path {
    Path::new("")
}

impl FilePreview {
    /// None where nothing changes.
    fn of(photo: &Path, place: WritePlace, plan: &MetadataPlan) -> Option<Self> {
        let fate = match plan.file {
            FileChange::Nothing => return None,
            FileChange::Create { .. } => FileFate::Made,
            FileChange::Replace { .. } => FileFate::Changed,
            FileChange::Remove { .. } => FileFate::Removed,
        };
        let stays = |change: &&PlannedChange| matches!(change.kind, ChangeKind::Kept | ChangeKind::KeptOthers);
        Some(Self {
            photo: photo.to_owned(),
            place,
            file: plan.path.clone(),
            fate,
            lines: lines(&plan.changes),
            kept: plan.changes.iter().filter(stays).count(),
            digest: plan.digest(),
        })
    }
}

/// A line a name, not one a list; two faces of one name are two lines.
fn lines(changes: &[PlannedChange]) -> Vec<DiffLine> {
    let mut lines: Vec<DiffLine> = Vec::new();
    for change in changes {
        if matches!(change.kind, ChangeKind::Kept | ChangeKind::KeptOthers) {
            continue;
        }
        let (name, list) = (change.name(), change.list);
        let is_same = |line: &&mut DiffLine| {
            line.kind == change.kind && line.name.as_deref() == name && line.instead == change.instead
        };
        match lines.iter_mut().find(|line| is_same(line) && !line.lists.contains(&list)) {
            Some(line) => line.lists.push(list),
            None => lines.push(DiffLine {
                kind: change.kind,
                name: name.map(str::to_owned),
                lists: vec![list],
                instead: change.instead.clone(),
            }),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(kind: ChangeKind, list: NameList, text: &str) -> PlannedChange {
        PlannedChange { kind, list, text: Some(text.into()), area: None, instead: None }
    }

    #[test]
    fn a_name_is_one_line_however_many_lists_it_goes_into() {
        use NameList::{HierarchicalSubject, MwgRegions, Subject, TagsList};
        let added = |list, text| change(ChangeKind::Added, list, text);
        let changes = [
            added(MwgRegions, "Ada"),
            added(MwgRegions, "Ada"),
            added(HierarchicalSubject, "People|Ada"),
            added(TagsList, "People/Ada"),
            change(ChangeKind::KeptOthers, Subject, "Rome"),
            change(ChangeKind::RemovedOthers, Subject, "Bo"),
        ];
        let told: Vec<_> = lines(&changes).into_iter().map(|line| (line.kind, line.name, line.lists)).collect();
        assert_eq!(
            told,
            [
                (ChangeKind::Added, Some("Ada".into()), vec![MwgRegions, HierarchicalSubject, TagsList]),
                (ChangeKind::Added, Some("Ada".into()), vec![MwgRegions]),
                (ChangeKind::RemovedOthers, Some("Bo".into()), vec![Subject]),
            ]
        );
    }
}
