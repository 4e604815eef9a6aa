//! What another threshold or linkage would change, before anything is changed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::app::engine::shared::{Shared, lock};
use crate::app::jobs::regroup::{self, Grouping, PreparedGrouping};
use crate::cluster::{Linkage, WrongShare};
use crate::library::{GroupedBy, LibraryError, Stale};
use crate::networks::models::Store;
use crate::types::{Cancel, FaceId, PersonId, Revision, SquaredDistance, Touched};

/// What a grouping would change.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupingPreview {
    /// What of the library it was made from.
    pub seen: Revision,
    pub squared_distance: f32,
    pub linkage: Linkage,
    pub groups_before: u64,
    pub groups_after: u64,
    pub faces_moved: u64,
    /// Among the user's confirmed faces; none where too few are confirmed to say.
    pub wrong_merges: Option<WrongShare>,
    /// The largest threshold that can be looked at, where there are too many faces for any.
    pub reach: Option<f32>,
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

#[derive(Default)]
pub struct Preview {
    /// The last dendrogram, so that moving the threshold only cuts it anew.
    kept: Mutex<Option<PreparedPreview>>,
    work: Mutex<PreviewWork>,
}

/// What is asked of a preview. Nobody waits for the answer once something else is asked.
#[derive(Debug, Clone)]
pub(crate) struct PreviewQuestion {
    grouping: Grouping,
    dropped: Cancel,
}

#[derive(Default)]
struct PreviewWork {
    /// Of what was asked last.
    dropped: Cancel,
    /// The dendrogram that is being made, and for what.
    tree: Option<(Grouping, Cancel)>,
}

/// The dendrogram of the library as it was then.
struct PreparedPreview {
    generation: u64,
    linkage: Linkage,
    grouping: PreparedGrouping,
}

/// Changes listed at most; the rest is only counted.
const CHANGES: usize = 24;
/// Faces shown of each part.
const FACES_OF_PART: usize = 4;
/// How often who waits for a dendrogram looks whether somebody still waits for them.
const RETRY_EVERY: Duration = Duration::from_millis(10);

impl Preview {
    /// What was asked before is dropped, with the work for it unless that answers this, too. Returns at once.
    pub(crate) fn ask(&self, grouping: Grouping) -> PreviewQuestion {
        let mut work = lock(&self.work);
        work.drop_unless(|tree| tree.linkage == grouping.linkage && grouping.threshold.0 <= tree.threshold.0);
        PreviewQuestion { grouping, dropped: work.dropped.clone() }
    }

    /// Nobody waits for an answer any more.
    pub(crate) fn stop(&self) {
        lock(&self.work).drop_unless(|_| false);
    }

    /// None where the question was dropped.
    pub(crate) fn at(&self, shared: &Shared, question: &PreviewQuestion) -> Result<Option<GroupingPreview>> {
        let Grouping { threshold, linkage } = question.grouping;
        let answer = self.with_prepared(shared, question, |prepared| {
            let shown = preview(prepared, threshold.0, linkage);
            let people = prepared.people_of(shown.changes.iter().flat_map(|change| change.parts.iter().flatten()));
            (shown, people)
        })?;
        let Some((mut shown, people)) = answer else { return Ok(None) };
        let ids: Vec<PersonId> = people.values().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let cards = shared.library.ask(|library| library.people_by_id(&ids))?;
        let names: BTreeMap<PersonId, String> =
            cards.into_iter().filter_map(|card| Some((card.id, card.name?))).collect();
        for change in &mut shown.changes {
            let concerned: BTreeSet<PersonId> =
                change.parts.iter().flatten().filter_map(|face| people.get(face)).copied().collect();
            change.name = concerned.iter().find_map(|person| names.get(person)).cloned();
        }
        Ok(Some(shown))
    }

    /// Groups anew as previewed, as one step of the history, and remembers threshold and linkage. Nothing is computed
    /// for it: other decisions wait meanwhile. Faces that have changed since the preview are left as they are.
    ///
    /// # Errors
    /// [`Stale::OtherPreview`] where it is not what was previewed last.
    pub(crate) fn apply(&self, shared: &Shared, asked: Grouping, seen: Revision) -> Result<Touched> {
        let groups = self.previewed(asked, seen).ok_or(LibraryError::Stale(Stale::OtherPreview))?;
        let settings = asked.settings(&shared.options().model_id())?;
        regroup::back_up_before(&shared.library, &groups)?;
        shared.library.call(move |library| {
            Ok::<_, LibraryError>(library.apply_grouping(&groups, GroupedBy::User(&settings), seen)?.touched)
        })
    }

    /// The groups at the threshold; none where something else was prepared since, or is being prepared.
    fn previewed(&self, asked: Grouping, seen: Revision) -> Option<Vec<Vec<FaceId>>> {
        let kept = match self.kept.try_lock() {
            Ok(kept) => kept,
            Err(TryLockError::Poisoned(kept)) => kept.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        let prepared = kept.as_ref().filter(|prepared| prepared.answers(asked) && prepared.grouping.seen() == seen)?;
        Some(prepared.grouping.groups(asked.threshold))
    }

    fn with_prepared<T>(
        &self,
        shared: &Shared,
        question: &PreviewQuestion,
        use_it: impl FnOnce(&PreparedGrouping) -> T,
    ) -> Result<Option<T>> {
        let asked = question.grouping;
        let Some(mut kept) = self.wait_for_kept(question) else { return Ok(None) };
        let generation = shared.generation();
        if kept.as_ref().is_none_or(|prepared| prepared.generation != generation || !prepared.answers(asked)) {
            let Some(cancel) = lock(&self.work).begin_tree(question) else { return Ok(None) };
            let prepared = prepare(shared, asked, &cancel);
            lock(&self.work).tree = None;
            if cancel.is_cancelled() {
                return Ok(None);
            }
            *kept = Some(PreparedPreview { generation, linkage: asked.linkage, grouping: prepared? });
        }
        if question.dropped.is_cancelled() {
            return Ok(None);
        }
        Ok(Some(use_it(&kept.as_ref().context("the preview was just prepared")?.grouping)))
    }

    /// None where the question is dropped meanwhile.
    fn wait_for_kept(&self, question: &PreviewQuestion) -> Option<MutexGuard<'_, Option<PreparedPreview>>> {
        while !question.dropped.is_cancelled() {
            match self.kept.try_lock() {
                Ok(kept) => return Some(kept),
                Err(TryLockError::Poisoned(kept)) => return Some(kept.into_inner()),
                Err(TryLockError::WouldBlock) => std::thread::sleep(RETRY_EVERY),
            }
        }
        None
    }
}

impl PreviewWork {
    /// None where the question was dropped: whoever did it has not met this tree.
    fn begin_tree(&mut self, question: &PreviewQuestion) -> Option<Cancel> {
        let cancel = Cancel::default();
        self.tree = Some((question.grouping, cancel.clone())).filter(|_| !question.dropped.is_cancelled());
        self.tree.is_some().then_some(cancel)
    }

    fn drop_unless(&mut self, serves: impl Fn(&Grouping) -> bool) {
        std::mem::take(&mut self.dropped).cancel();
        if let Some((_, tree)) = self.tree.as_ref().filter(|(grouping, _)| !serves(grouping)) {
            tree.cancel();
        }
    }
}

fn prepare(shared: &Shared, asked: Grouping, cancel: &Cancel) -> Result<PreparedGrouping> {
    let (options, store) = (shared.options(), Store::open(shared.home.models())?);
    let remembered = Grouping::remembered(&shared.library, &store, &options)?;
    // From the groups as they are, where these are of the linkage that is asked for, and reach as far.
    let is_near = remembered.linkage == asked.linkage && asked.threshold.0 <= remembered.threshold.0;
    let around = if is_near { remembered } else { asked };
    PreparedGrouping::prepare(&shared.library, &options.model_id(), &around, cancel, &mut |_| {})
}

impl PreparedPreview {
    fn answers(&self, asked: Grouping) -> bool {
        let reaches = |reach: SquaredDistance| asked.threshold.0 <= reach.0;
        self.linkage == asked.linkage && self.grouping.reach().is_none_or(reaches)
    }
}

fn preview(prepared: &PreparedGrouping, squared_distance: f32, linkage: Linkage) -> GroupingPreview {
    let after = prepared.groups(SquaredDistance(squared_distance));
    let before = prepared.groups_now();
    let mut changes = compare(&before, &after);
    changes.sort_by_key(|change| std::cmp::Reverse(change.1));
    GroupingPreview {
        seen: prepared.seen(),
        squared_distance,
        linkage,
        groups_before: before.len() as u64,
        groups_after: after.len() as u64,
        faces_moved: moved(&before, &after),
        wrong_merges: prepared.wrong_matches(SquaredDistance(squared_distance)),
        reach: prepared.reach().map(|reach| reach.0),
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
    use crate::app::engine::home::Home;
    use crate::app::engine::library_thread::LibraryHandle;
    use crate::app::engine::networks::EngineOptions;
    use crate::library::{Decision, PhotoRecord, fixture};
    use crate::types::StepId;

    /// One face a photo, in directions given in degrees, and grouped as they were before.
    fn shared(folder: &std::path::Path, groups: &[&[f32]]) -> Shared {
        let home = Home::open(Some(folder)).unwrap();
        let options = EngineOptions::default();
        let (library, model) = (LibraryHandle::open(&home.library()).unwrap(), options.model_id());
        let photo = |number: usize, degrees: f32| PhotoRecord {
            model: model.clone(),
            ..fixture::photo(
                &folder.join(format!("{number}.jpg")),
                number as u8 + 1,
                vec![fixture::face(10.0, degrees)],
            )
        };
        let photos: Vec<PhotoRecord> =
            groups.iter().copied().flatten().enumerate().map(|(number, degrees)| photo(number, *degrees)).collect();
        let (root, sizes): (_, Vec<usize>) = (folder.to_owned(), groups.iter().map(|group| group.len()).collect());
        let record = move |library: &mut crate::library::Library| {
            let scan = library.begin_scan(&root)?;
            library.record_photos(scan, &photos)?;
            let mut faces = library.faces_to_group(&model)?.faces.into_iter().map(|face| face.face_id);
            let groups: Vec<Vec<FaceId>> = sizes.iter().map(|size| faces.by_ref().take(*size).collect()).collect();
            library.apply_grouping(&groups, GroupedBy::Scan, Revision::NOW)
        };
        library.call(record).unwrap();
        Shared::new(home, library, options)
    }

    const ASKED: Grouping = Grouping { linkage: Linkage::Average, threshold: SquaredDistance(0.5) };

    fn shown(preview: &Preview, shared: &Shared) -> GroupingPreview {
        preview.at(shared, &preview.ask(ASKED)).unwrap().unwrap()
    }

    #[test]
    fn a_newer_question_drops_the_older_one_at_once_and_work_that_does_not_serve_it() {
        let folder = tempfile::tempdir().unwrap();
        let shared = shared(folder.path(), &[&[0.0, 1.0], &[8.0, 9.0], &[180.0]]);
        let preview = Preview::default();
        let older = preview.ask(ASKED);
        // Somebody else makes a dendrogram meanwhile, and does not end.
        let kept = preview.kept.lock().unwrap();
        let tree = Cancel::default();
        preview.work.lock().unwrap().tree = Some((ASKED, tree.clone()));
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| preview.at(&shared, &older).unwrap());
            preview.ask(Grouping { threshold: SquaredDistance(0.4), ..ASKED });
            assert_eq!(waits.join().unwrap(), None);
        });
        assert!(!tree.is_cancelled(), "it answers the newer question, too");
        drop(kept);
        preview.work.lock().unwrap().tree = None;
        assert!(preview.at(&shared, &preview.ask(ASKED)).unwrap().is_some());
        for ask in [
            (|preview: &Preview| _ = preview.ask(Grouping { linkage: Linkage::Ward, ..ASKED })) as fn(&Preview),
            |preview| _ = preview.ask(Grouping { threshold: SquaredDistance(0.6), ..ASKED }),
            Preview::stop,
        ] {
            let tree = Cancel::default();
            preview.work.lock().unwrap().tree = Some((ASKED, tree.clone()));
            ask(&preview);
            assert!(tree.is_cancelled());
        }
    }

    #[test]
    fn a_change_that_concerns_somebody_with_a_name_says_whom() {
        let folder = tempfile::tempdir().unwrap();
        let shared = shared(folder.path(), &[&[0.0, 1.0], &[8.0, 9.0], &[180.0]]);
        let ada = shared.library.ask(|library| library.everyone()).unwrap()[0].id;
        shared.library.call(move |library| library.name_person(ada, "Ada")).unwrap();
        let shown = shown(&Preview::default(), &shared);
        assert_eq!((shown.groups_before, shown.groups_after, shown.reach), (3, 2, None));
        assert_eq!(shown.changes[0].name.as_deref(), Some("Ada"));
    }

    #[test]
    fn only_what_was_previewed_last_is_applied_and_not_to_what_changed_since() {
        let folder = tempfile::tempdir().unwrap();
        let shared = shared(folder.path(), &[&[0.0, 1.0], &[8.0, 9.0], &[180.0]]);
        let preview = Preview::default();
        let shown = shown(&preview, &shared);
        let is_refused = |asked, seen| {
            let error = preview.apply(&shared, asked, seen).unwrap_err();
            matches!(error.downcast_ref(), Some(LibraryError::Stale(Stale::OtherPreview)))
        };
        assert!(is_refused(Grouping { linkage: Linkage::Ward, ..ASKED }, shown.seen));
        assert!(is_refused(ASKED, Revision(shown.seen.0 - 1)));
        // Somebody sets a face aside meanwhile: that holds, and the others are joined.
        let face = shared.library.ask(|library| library.everyone()).unwrap()[0].faces[0].face_id;
        let why = crate::library::SetAside::Stranger;
        shared.library.call(move |library| library.set_aside(&[face], why)).unwrap();
        preview.apply(&shared, ASKED, shown.seen).unwrap();
        let sizes: Vec<usize> =
            shared.library.ask(|library| library.everyone()).unwrap().iter().map(|person| person.faces.len()).collect();
        assert_eq!(sizes.iter().filter(|size| **size > 0).copied().max(), Some(3), "{sizes:?}");
        assert_eq!(shared.library.ask(|library| library.count_set_aside()).unwrap(), 1);
    }

    #[test]
    fn threshold_and_linkage_come_and_go_with_the_groups() {
        let folder = tempfile::tempdir().unwrap();
        let shared = shared(folder.path(), &[&[0.0, 1.0], &[8.0, 9.0], &[180.0]]);
        let store = Store::open(shared.home.models()).unwrap();
        let remembered = || Grouping::remembered(&shared.library, &store, &shared.options()).unwrap();
        let asked = Grouping { linkage: Linkage::Single, ..ASKED };
        let before = remembered();
        assert_ne!(before, asked);
        let preview = Preview::default();
        let shown = preview.at(&shared, &preview.ask(asked)).unwrap().unwrap();
        let step = |decision: Decision| {
            shared.library.call(move |library| library.decide(&decision, Revision::NOW)).unwrap().settings
        };
        assert!(preview.apply(&shared, asked, shown.seen).unwrap().settings);
        assert_eq!(remembered(), asked);
        assert!(step(Decision::Undo(StepId::LATEST)));
        assert_eq!(remembered(), before);
        assert!(step(Decision::Redo(StepId::LATEST)));
        assert_eq!(remembered(), asked);
        // What was chosen since is left alone.
        let ward = Grouping { linkage: Linkage::Ward, ..ASKED }.settings(&shared.options().model_id()).unwrap();
        let choose = move |library: &mut crate::library::Library| library.set_setting(&ward[0].0, &ward[0].1);
        shared.library.call(choose).unwrap();
        step(Decision::Undo(StepId::LATEST));
        assert_eq!(remembered(), Grouping { linkage: Linkage::Ward, ..before });
    }

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
