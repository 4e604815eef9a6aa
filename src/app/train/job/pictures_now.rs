//! What has happened to the pictures of a run since it began.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, bail};
use rayon::prelude::*;

use crate::app::jobs::run_event::RunEvent;
use crate::app::train::job::TrainRequest;
use crate::app::train::job::people::{DataEntry, DataPart, PreparedPeople, wanted};
use crate::eval::PairList;
use crate::types::counted;

#[derive(Clone, Copy, PartialEq, Eq)]
enum PictureNow {
    Same,
    Changed,
    Gone,
}

/// Tells it; pictures that are not as they were take no part any more.
///
/// # Errors
/// When nothing is left to learn from.
pub(super) fn check_pictures(
    prepared: &PreparedPeople,
    request: &TrainRequest,
    pairs: Option<&PairList>,
    events: &mut dyn FnMut(RunEvent),
) -> Result<()> {
    let now = |entry: &DataEntry| match entry.is_unchanged() {
        Ok(true) => PictureNow::Same,
        Ok(false) => PictureNow::Changed,
        Err(_) => PictureNow::Gone,
    };
    let now: Vec<PictureNow> = prepared.entries.par_iter().map(now).collect();
    let pictures = || prepared.entries.iter().zip(&now);
    let mut learned = pictures().filter(|(entry, _)| entry.part == DataPart::Training).peekable();
    if let Some((first, _)) = learned.peek().copied()
        && learned.all(|(_, now)| *now != PictureNow::Same)
    {
        bail!("none of the run's pictures is there as it was, such as {}: put them back", first.path.display());
    }
    let mut tell = |state: PictureNow, has: &str, have: &str| {
        let mut found = pictures().filter(|(_, now)| **now == state).map(|(entry, _)| entry.path.display());
        if let Some(first) = found.next() {
            events(RunEvent::Note(match found.count() {
                0 => format!("1 picture {has}: {first}"),
                more => format!("{} pictures {have}, such as {first}", more + 1),
            }));
        }
    };
    tell(
        PictureNow::Changed,
        "has changed since the run began and takes no part any more",
        "have changed since the run began and take no part any more",
    );
    tell(PictureNow::Gone, "cannot be read any more", "cannot be read any more");
    let known: BTreeSet<&Path> = prepared.entries.iter().map(|entry| entry.path.as_path()).collect();
    // Where the people's folder is gone its pictures are, which has been told.
    let there = wanted(request, pairs, &mut |_| {}).unwrap_or_default();
    let added = there.iter().filter(|picture| !known.contains(picture.path.as_path())).count();
    // What could not be used when the run began is no news.
    let added = added.saturating_sub(prepared.left_out);
    if added > 0 {
        let added = counted(added, "picture", "pictures");
        events(RunEvent::Note(format!("added since the run began, which goes on without: {added}")));
    }
    Ok(())
}
