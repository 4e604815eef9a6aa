//! What has happened to the pictures of a run since it began.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, bail};
use rayon::prelude::*;

use crate::app::engine::progress::Skipped;
use crate::app::jobs::run_event::RunEvent;
use crate::app::train::job::TrainRequest;
use crate::app::train::job::people::{DataEntry, DataPart, PreparedPeople, wanted};
use crate::app::train::job::picture_lost::PictureLost;
use crate::eval::PairList;
use crate::types::counted;

/// Tells of each picture that is not as it was, and so takes no part any more; answers with their numbers.
///
/// # Errors
/// When nothing is left to learn from.
pub(super) fn check_pictures(
    prepared: &PreparedPeople,
    request: &TrainRequest,
    pairs: Option<&PairList>,
    events: &mut dyn FnMut(RunEvent),
) -> Result<BTreeSet<usize>> {
    let lost = |entry: &DataEntry| match entry.looks_unchanged() {
        Ok(true) => None,
        Ok(false) => Some(PictureLost::HasChanged),
        Err(_) => Some(PictureLost::Gone),
    };
    let lost: Vec<Option<PictureLost>> = prepared.entries.par_iter().map(lost).collect();
    let pictures = || prepared.entries.iter().zip(&lost);
    let mut learned = pictures().filter(|(entry, _)| entry.part == DataPart::Training).peekable();
    if let Some((first, _)) = learned.peek().copied()
        && learned.all(|(_, lost)| lost.is_some())
    {
        bail!("none of the run's pictures is there as it was, such as {}: put them back", first.path.display());
    }
    let mut told = BTreeSet::new();
    for (number, (entry, lost)) in pictures().enumerate() {
        let Some(lost) = lost else { continue };
        told.insert(number);
        events(RunEvent::LeftOut(Skipped { path: entry.path.clone(), reason: lost.to_string() }));
    }
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
    Ok(told)
}
