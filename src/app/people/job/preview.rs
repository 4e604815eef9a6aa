//! What another threshold or linkage would change, before anything is changed.

use std::collections::HashMap;
use std::sync::Mutex;

use anyhow::{Context, Result};

use crate::app::engine::shared::{Shared, lock};
use crate::app::jobs::regroup::{Grouping, PreparedGrouping};
use crate::cluster::Linkage;
use crate::library::{GroupedBy, LibraryError};
use crate::types::{Cancel, FaceId, SquaredDistance, Touched};

/// What a grouping would change.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupingPreview {
    pub squared_distance: f32,
    pub linkage: Linkage,
    pub groups_before: u64,
    pub groups_after: u64,
    pub faces_moved: u64,
    /// Among the user's confirmed faces; none where too few are confirmed to say.
    pub wrong_merges_per_1000: Option<f32>,
    /// The largest changes first.
    pub changes: Vec<GroupChange>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct GroupChange {
    pub kind: GroupChangeKind,
    /// A few faces of each part.
    pub parts: Vec<Vec<FaceId>>,
    /// The name of a part that has one.
    pub name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupChangeKind {
    /// The parts become one group.
    Joins,
    /// One group falls into the parts.
    Splits,
}

/// The last dendrogram, so that moving the threshold only cuts it anew.
#[derive(Default)]
pub struct Preview(Mutex<Option<PreparedPreview>>);

/// The dendrogram of the library as it was at a revision.
struct PreparedPreview {
    revision: u64,
    linkage: Linkage,
    grouping: PreparedGrouping,
}

/// Changes listed at most; the rest is only counted.
const CHANGES: usize = 24;
/// Faces shown of each part.
const FACES_OF_PART: usize = 4;

impl Preview {
    pub fn at(&self, shared: &Shared, squared_distance: f32, linkage: Linkage) -> Result<GroupingPreview> {
        self.with_prepared(shared, linkage, |prepared| preview(prepared, squared_distance, linkage))
    }

    /// Groups anew as previewed, as one step of the history, and remembers threshold and linkage.
    pub(crate) fn apply(&self, shared: &Shared, threshold: SquaredDistance, linkage: Linkage) -> Result<Touched> {
        let (groups, seen) =
            self.with_prepared(shared, linkage, |prepared| (prepared.groups(threshold), prepared.seen()))?;
        Grouping { linkage, threshold }.remember(&shared.library, &shared.options().model_id())?;
        shared.library.call(move |library| {
            library.before_grouping(&groups)?;
            let touched = library.apply_grouping(&groups, GroupedBy::User, seen)?.touched;
            // How faces are grouped is remembered, too, and shown with the settings.
            Ok::<_, LibraryError>(Touched { settings: true, ..touched })
        })
    }

    fn with_prepared<T>(
        &self,
        shared: &Shared,
        linkage: Linkage,
        use_it: impl FnOnce(&PreparedGrouping) -> T,
    ) -> Result<T> {
        let mut kept = lock(&self.0);
        let revision = shared.generation();
        if kept.as_ref().is_none_or(|prepared| prepared.linkage != linkage || prepared.revision != revision) {
            let model = shared.options().model_id();
            let grouping =
                PreparedGrouping::prepare(&shared.library, &model, linkage, &Cancel::default(), &mut |_| {})?;
            *kept = Some(PreparedPreview { revision, linkage, grouping });
        }
        Ok(use_it(&kept.as_ref().context("the preview was just prepared")?.grouping))
    }
}

fn preview(prepared: &PreparedGrouping, squared_distance: f32, linkage: Linkage) -> GroupingPreview {
    let after = prepared.groups(SquaredDistance(squared_distance));
    let before = prepared.groups_now();
    let mut changes = compare(&before, &after);
    changes.sort_by_key(|change| std::cmp::Reverse(change.1));
    GroupingPreview {
        squared_distance,
        linkage,
        groups_before: before.len() as u64,
        groups_after: after.len() as u64,
        faces_moved: moved(&before, &after),
        wrong_merges_per_1000: prepared.wrong_matches_per_1000(SquaredDistance(squared_distance)),
        changes: changes.into_iter().take(CHANGES).map(|(change, _)| change).collect(),
    }
}

/// Groups that join and groups that split, each with how many faces are concerned.
fn compare(before: &[Vec<FaceId>], after: &[Vec<FaceId>]) -> Vec<(GroupChange, usize)> {
    let mut changes = parts_of(after, before, GroupChangeKind::Joins);
    changes.extend(parts_of(before, after, GroupChangeKind::Splits));
    changes
}

/// Each of `wholes` that is made of two or more of `pieces`.
fn parts_of(wholes: &[Vec<FaceId>], pieces: &[Vec<FaceId>], kind: GroupChangeKind) -> Vec<(GroupChange, usize)> {
    let piece_of = places(pieces);
    let mut changes = Vec::new();
    for whole in wholes {
        let mut parts: HashMap<usize, Vec<FaceId>> = HashMap::new();
        for face in whole {
            if let Some(&piece) = piece_of.get(face) {
                parts.entry(piece).or_default().push(*face);
            }
        }
        if parts.len() > 1 {
            let mut parts: Vec<_> = parts.into_values().collect();
            parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
            // All but the largest part change their place.
            let concerned = parts.iter().skip(1).map(Vec::len).sum();
            parts.iter_mut().for_each(|part| part.truncate(FACES_OF_PART));
            changes.push((GroupChange { kind, parts, name: None }, concerned));
        }
    }
    changes
}

/// Faces that leave the company they are in: those of a group of before outside its largest remainder.
fn moved(before: &[Vec<FaceId>], after: &[Vec<FaceId>]) -> u64 {
    let place = places(after);
    let stay = |group: &Vec<FaceId>| {
        let mut sizes: HashMap<Option<usize>, usize> = HashMap::new();
        for face in group {
            *sizes.entry(place.get(face).copied()).or_default() += 1;
        }
        sizes.into_values().max().unwrap_or(0)
    };
    before.iter().map(|group| (group.len() - stay(group)) as u64).sum()
}

fn places(groups: &[Vec<FaceId>]) -> HashMap<FaceId, usize> {
    groups.iter().enumerate().flat_map(|(place, group)| group.iter().map(move |&face| (face, place))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(rows: &[&[i64]]) -> Vec<Vec<FaceId>> {
        rows.iter().map(|row| row.iter().map(|&id| FaceId(id)).collect()).collect()
    }

    #[test]
    fn tells_what_joins_and_what_splits() {
        let before = groups(&[&[1, 2], &[3], &[4, 5, 6]]);
        let after = groups(&[&[1, 2, 3], &[4, 5], &[6]]);
        let changes = compare(&before, &after);
        let kinds: Vec<_> = changes.iter().map(|(change, concerned)| (change.kind, *concerned)).collect();
        assert_eq!(kinds, [(GroupChangeKind::Joins, 1), (GroupChangeKind::Splits, 1)]);
        assert_eq!(moved(&before, &after), 1);
        assert!(compare(&before, &before).is_empty());
    }
}
