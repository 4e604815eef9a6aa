//! Folders that are scanned together: each is looked through, and only then it is said of any what is gone from it.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::pipeline::Scanning;
use super::presence::{Presence, presence, real_path, unreadable};
use super::went_away::UnreadFiles;
use super::{LOOKING_FOR_PHOTOS, ScanSummary, ScanTools, Withheld};
use crate::app::engine::progress::{JobEvent, Meter, Skipped};
use crate::app::jobs::not_looked_at;
use crate::app::jobs::walk::{find_photos, find_photos_at, real_folder};
use crate::library::{Gone, LibraryError, ScanId, ScanOutcome};
use crate::types::Cancel;

/// Looks through the folders that are there, and finishes them when that is done: what went from one to another is gone
/// from neither. Where one of them breaks off, or the work is cancelled, nothing is gone from any: it may lie where nobody
/// has looked yet.
pub(super) fn scan_each(
    folders: &[PathBuf],
    tools: &ScanTools<'_>,
    summary: &mut ScanSummary,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<Vec<ScanId>> {
    let mut scanned = Vec::new();
    let looked = scan_all(folders, tools, (&mut scanned, &mut *summary), cancel, events);
    let scans = scanned.iter().map(|folder| folder.scan).collect();
    let outcome = match looked.is_ok() && !cancel.is_cancelled() {
        true => ScanOutcome::Complete,
        false => ScanOutcome::Cancelled,
    };
    let finished = scanned.into_iter().try_for_each(|folder| {
        summary.add(folder.finish(tools, outcome, cancel, events)?);
        Ok::<_, anyhow::Error>(())
    });
    looked.and(finished).map(|()| scans)
}

fn scan_all(
    folders: &[PathBuf],
    tools: &ScanTools<'_>,
    (scanned, summary): (&mut Vec<UnfinishedScan>, &mut ScanSummary),
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<()> {
    for folder in folders {
        match presence(folder, tools.library)? {
            Presence::Offline => summary.offline_folders.push(folder.clone()),
            // The others are scanned all the same.
            Presence::Unreadable(error) if folders.len() > 1 => {
                let skipped = unreadable(folder, &error);
                events(JobEvent::Skipped(skipped.clone()));
                summary.skipped.push(skipped);
            }
            Presence::There | Presence::Unreadable(_) => {
                let before = scanned.len();
                match scan_folder(folder, tools, scanned, cancel, events) {
                    // It went before it was looked through.
                    Err(_) if scanned.len() == before && is_offline_now(folder, tools)? => {
                        summary.offline_folders.push(folder.clone());
                    }
                    looked => looked?,
                }
            }
        }
    }
    Ok(())
}

fn is_offline_now(folder: &Path, tools: &ScanTools<'_>) -> Result<bool> {
    Ok(matches!(presence(folder, tools.library)?, Presence::Offline))
}

/// A folder whose files are in the library as they are now; what is gone from it is not looked for yet.
struct UnfinishedScan {
    scan: ScanId,
    root: PathBuf,
    /// Where only so much of it was looked at.
    part: Option<Vec<PathBuf>>,
    summary: ScanSummary,
    unread: UnreadFiles,
}

/// Looks through `folder`, or at what was touched of it. Photos that the library knows unchanged are not opened again.
/// What was done is among the scans also where it breaks off; nothing is where the folder was removed from the library
/// meanwhile.
fn scan_folder(
    folder: &Path,
    tools: &ScanTools<'_>,
    scanned: &mut Vec<UnfinishedScan>,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<()> {
    let mut looking = Meter::start(LOOKING_FOR_PHOTOS, None);
    let mut seen = |photos| events(JobEvent::Progress(looking.set(photos, None)));
    let root = real_folder(folder)?;
    let part = tools.touched.filter(|touched| !touched.iter().any(|path| root.starts_with(path)));
    let found = match part {
        None => find_photos(folder, tools.own, cancel, &mut seen)?,
        Some(touched) => {
            let mut found = find_photos_at(&root, touched, tools.own, cancel, &mut seen);
            found.photos.extend(behind_links(&root, touched, tools)?);
            found
        }
    };
    // The library knows what is gone by where it was.
    let in_root = |touched: &[PathBuf]| touched.iter().map(|path| real_path(path)).collect::<Result<Vec<_>>>();
    let part = part.map(in_root).transpose()?;
    let (at, is_part, of_library) = (root.clone(), part.is_some(), tools.of_library);
    let scan = tools.library.call(move |library| match (is_part, of_library) {
        (true, _) => library.begin_part(&at),
        (false, true) => library.begin_scan_again(&at),
        (false, false) => library.begin_scan(&at).map(Some),
    })?;
    let Some(scan) = scan else { return Ok(()) };
    let mut scanning = Scanning::new(scan, tools, cancel, events);
    found.skipped.into_iter().for_each(|skipped: Skipped| scanning.report_skipped(skipped));
    scanning.note_not_looked_at(found.not_looked_at, found.hidden);
    let looked = scanning.sort_out(found.photos).and_then(|todo| scanning.scan_files(todo));
    let (summary, unread) = scanning.summarise();
    scanned.push(UnfinishedScan { scan, root, part, summary, unread });
    looked
}

/// Of what was touched the files that a scan of the folder has come to though they lie elsewhere.
fn behind_links(root: &Path, touched: &[PathBuf], tools: &ScanTools<'_>) -> Result<Vec<PathBuf>> {
    let elsewhere = touched.iter().filter(|path| !path.starts_with(root));
    let elsewhere: Vec<PathBuf> = elsewhere.filter(|path| path.is_file()).cloned().collect();
    let root = root.to_owned();
    tools.library.ask(move |library| {
        let mut met = Vec::new();
        for path in elsewhere {
            if library.met_by(&path)?.as_ref() == Some(&root) {
                met.push(path);
            }
        }
        Ok::<_, LibraryError>(met)
    })
}

impl UnfinishedScan {
    /// Marks what is gone, where all was looked through. Of a folder whose drive was pulled meanwhile nothing is.
    fn finish(
        self,
        tools: &ScanTools<'_>,
        mut outcome: ScanOutcome,
        cancel: &Cancel,
        events: &mut dyn FnMut(JobEvent),
    ) -> Result<ScanSummary> {
        let Self { scan, root, part, mut summary, unread } = self;
        if is_offline_now(&root, tools)? {
            outcome = ScanOutcome::Cancelled;
            summary.offline_folders.push(root.clone());
        } else {
            let gone = unread.gone_from(&root);
            gone.iter().for_each(|skipped| events(JobEvent::Skipped(skipped.clone())));
            summary.skipped.extend(unread.files.into_iter().chain(gone));
        }
        if outcome == ScanOutcome::Complete {
            let looked_at = part.as_deref().unwrap_or(std::slice::from_ref(&root));
            not_looked_at::keep(tools.library, looked_at, &summary.not_looked_at)?;
        }
        let (policy, mut gone) = (tools.missing, Gone::default());
        if outcome == ScanOutcome::Complete {
            // Nobody else waits while the disk is asked.
            match Gone::after(scan, part.as_deref(), policy, cancel, |question| tools.library.ask(question))? {
                Some(asked) => gone = asked,
                None => outcome = ScanOutcome::Cancelled,
            }
        }
        let end = tools.library.call(move |library| match part {
            None => library.end_scan(scan, outcome, policy, &gone),
            Some(_) => library.end_part(scan, outcome, policy, &gone),
        })?;
        summary.missing_photos = end.missing;
        summary.withheld_photos = end.withheld.map_or(0, |(gone, _)| gone);
        let withheld = |(gone, of)| Withheld { folder: root, gone: gone as u64, of: of as u64 };
        summary.withheld.extend(end.withheld.map(withheld));
        Ok(summary)
    }
}
