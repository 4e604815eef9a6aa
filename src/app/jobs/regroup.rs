//! Faces of the library into people: constraints from what the user said, the dendrogram, and its groups applied.

mod by_neighbours;
mod files;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::networks::{Engine, EngineOptions, FindFaces};
use crate::app::engine::progress::{JobEvent, Meter, Stage};
use crate::app::jobs::reembed::{ReembedSummary, reembed};
use crate::cluster::wrong_matches::WrongMatches;
use crate::cluster::{self, Constraints, Dendrogram, Linkage, MeanFace, WrongShare};
use crate::library::{Decision, GroupedBy, GroupingInput, KeptVectors, Library, LibraryError};
use crate::networks::models::Store;
use crate::types::{Cancel, Embedding, FaceId, ModelId, PersonId, Revision, SquaredDistance, Touched};
use by_neighbours::{NeighbourGrouping, TreeExtent};
pub(crate) use files::remove_all;
use files::{FoundToKeep, GroupingFiles, idle_in};

/// How faces are grouped: what the user moves in the grouping panel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grouping {
    pub linkage: Linkage,
    pub threshold: SquaredDistance,
}

/// Faces of one photo nearer than this are one face shown twice. Smaller, recompressed or mirrored, it moves by up to 0.3,
/// seldom more. No two different people on LFW are this near, and of two pictures of one person only 1 pair in 27, so that
/// twins beside each other seldom are (`benches/README.md`).
const COPIES: SquaredDistance = SquaredDistance(0.35);

/// Up to how many faces groups come from all pairs of them; above, from each face's neighbours.
#[derive(Debug, Clone, Copy)]
struct ExactUpTo {
    average: usize,
    single: usize,
}

/// Average linkage is as exact from neighbours, and quicker; single linkage is not where their lists are full.
const EXACT_UP_TO: ExactUpTo = ExactUpTo { average: 4_000, single: cluster::MATRIX_MAX_FACES };

impl ExactUpTo {
    fn is_exceeded(self, linkage: Linkage, faces: usize) -> bool {
        match linkage {
            Linkage::Average => faces > self.average,
            Linkage::Single => faces > self.single,
            Linkage::Complete | Linkage::Ward => false,
        }
    }
}

/// A file of which more than one vector in so many takes no part in a grouping is written anew.
const MOST_IDLE: usize = 4;

const LINKAGE_SETTING: &str = "grouping.linkage";

/// Distances of two models do not compare, so each has a threshold of its own.
fn threshold_setting(model: &ModelId) -> String {
    format!("grouping.threshold.{model}")
}

impl Grouping {
    /// As the user left it, else average linkage at the model's own threshold.
    pub(crate) fn remembered(library: &LibraryHandle, store: &Store, options: &EngineOptions) -> Result<Self> {
        let setting = threshold_setting(&options.model_id());
        let (linkage, threshold) = library
            .ask(|library| Ok::<_, LibraryError>((library.setting(LINKAGE_SETTING)?, library.setting(&setting)?)))?;
        let threshold = threshold.and_then(|text| serde_json::from_str(&text).ok());
        Ok(Self {
            linkage: linkage.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default(),
            threshold: threshold.unwrap_or(options.thresholds(store)?.grouping),
        })
    }

    /// What a library remembers of it.
    pub(crate) fn settings(&self, model: &ModelId) -> Result<[(String, String); 2]> {
        let (linkage, threshold) = (serde_json::to_string(&self.linkage)?, serde_json::to_string(&self.threshold)?);
        Ok([(LINKAGE_SETTING.to_owned(), linkage), (threshold_setting(model), threshold)])
    }
}

/// The people of the library after a grouping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GroupSummary {
    /// Named people and nameless groups; a face alone is a group of one.
    pub people: usize,
    pub named: usize,
}

/// Groups all faces and writes the groups; of many, only what has changed since the last grouping is grouped anew.
/// Confirmed faces stay where their user put them.
pub(crate) fn regroup(
    library: &LibraryHandle,
    model: &ModelId,
    grouping: &Grouping,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<GroupSummary> {
    Ok(regroup_above(EXACT_UP_TO, library, model, grouping, cancel, events)?.0)
}

/// The people of the library, and how many groups were applied.
fn regroup_above(
    exact_up_to: ExactUpTo,
    library: &LibraryHandle,
    model: &ModelId,
    grouping: &Grouping,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<(GroupSummary, usize)> {
    let read = GroupingRead::of(exact_up_to, library, model, grouping.linkage)?;
    if !read.is_many {
        told(read.files.remove(), events);
        let prepared = PreparedGrouping::of(read.input, grouping.linkage, cancel, events)?;
        let groups = prepared.groups(grouping.threshold);
        let applied = groups.len();
        return Ok((apply(library, groups, prepared.seen())?, applied));
    }
    let mut found = read.by_neighbours(grouping, TreeExtent::Groups, cancel, events)?;
    let groups = found.tree.groups(grouping.threshold);
    let changed = read.input.changed(&groups.into_iter().map(|group| ids(&read.input, group)).collect::<Vec<_>>());
    let applied = changed.len();
    let summary = apply(library, changed, read.input.revision)?;
    read.keep(library, found.to_keep.take(), events);
    Ok((summary, applied))
}

/// The faces, and what was kept of their last grouping.
struct GroupingRead {
    files: GroupingFiles,
    /// Whether what is found may be kept.
    begun: std::io::Result<()>,
    model: ModelId,
    input: GroupingInput,
    /// Where vectors of it come from.
    vectors: Option<Arc<KeptVectors>>,
    /// So many that they are grouped by their neighbours.
    is_many: bool,
}

impl GroupingRead {
    fn of(exact_up_to: ExactUpTo, library: &LibraryHandle, model: &ModelId, linkage: Linkage) -> Result<Self> {
        let files = GroupingFiles::beside(library.path(), model);
        let is_for_files = exact_up_to.is_exceeded(linkage, library.ask(|l| l.counts())?.faces);
        let begun = if is_for_files { files.begin() } else { Ok(()) };
        let (input, vectors) = library.faces_to_group(model)?;
        let is_many = is_for_files && exact_up_to.is_exceeded(linkage, input.faces.len());
        Ok(Self { files, begun, model: model.clone(), input, vectors, is_many })
    }

    fn by_neighbours(
        &self,
        grouping: &Grouping,
        extent: TreeExtent,
        cancel: &Cancel,
        events: &mut dyn FnMut(JobEvent),
    ) -> Result<NeighbourGrouping> {
        let mut meter = Meter::start(Stage::GROUPING, Some(self.input.faces.len() as u64));
        let mut progress = |done: usize, total: usize| {
            events(JobEvent::Progress(meter.set(done as u64, Some(total as u64))));
        };
        Ok(by_neighbours::group(&self.input, grouping, extent, &self.files, cancel, &mut progress)?)
    }

    fn keep(&self, library: &LibraryHandle, found: Option<FoundToKeep>, events: &mut dyn FnMut(JobEvent)) {
        if let Err(error) = &self.begun {
            return told(Err(error), events);
        }
        told(self.keep_vectors(library), events);
        if let Some(found) = found {
            told(self.files.keep(&found), events);
        }
    }

    fn keep_vectors(&self, library: &LibraryHandle) -> Result<()> {
        let Some(state) = self.input.vectors else { return Ok(()) };
        let kept = match &self.vectors {
            Some(kept) if self.may_stay(kept, library)? => Some(kept),
            _ => None,
        };
        let model = self.model.clone();
        match self.files.keep_vectors(&self.input, state, kept)? {
            true => library.call(move |library| library.note_kept_vectors(&model, state)),
            false => Ok(()),
        }
    }

    /// Faces that take no part now, as those set aside, keep their place in the file; who has left the library does not.
    fn may_stay(&self, kept: &KeptVectors, library: &LibraryHandle) -> Result<bool> {
        let Some(idle) = idle_in(kept, &self.input) else { return Ok(false) };
        Ok(idle.len() * MOST_IDLE <= kept.faces().len() && library.ask(|l| l.have_vectors(&self.model, &idle))?)
    }
}

/// A cache that cannot be written or removed costs time, no groups.
fn told<E: std::fmt::Display>(outcome: Result<(), E>, events: &mut dyn FnMut(JobEvent)) {
    if let Err(error) = outcome {
        events(JobEvent::Note(format!("What is kept for the next grouping was not written: {error}")));
    }
}

/// The backup before is made beside the writer: it takes seconds, and nobody's decision waits for it.
pub(crate) fn back_up_before(library: &LibraryHandle, groups: &[Vec<FaceId>]) -> Result<()> {
    Library::open(library.path())?.before_grouping(groups)?;
    Ok(())
}

fn apply(library: &LibraryHandle, groups: Vec<Vec<FaceId>>, seen: Revision) -> Result<GroupSummary> {
    back_up_before(library, &groups)?;
    let counts = library.call(move |library| {
        library.apply_grouping(&groups, GroupedBy::Scan, seen)?;
        library.counts()
    })?;
    Ok(GroupSummary { people: counts.named_people + counts.nameless_people, named: counts.named_people })
}

/// Embeds the faces that the loaded model has not embedded yet, then groups all of them anew; names stay. The groups are
/// none where it was cancelled before.
pub(crate) fn reembed_and_regroup(
    engine: &Engine,
    library: &LibraryHandle,
    grouping: &Grouping,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<(ReembedSummary, Option<GroupSummary>)> {
    let embedded = reembed(engine, library, cancel, events)?;
    if cancel.is_cancelled() {
        return Ok((embedded, None));
    }
    let groups = regroup(library, engine.model_id(), grouping, cancel, events)?;
    Ok((embedded, Some(groups)))
}

/// The faces and their dendrogram: other thresholds can be looked at without computing again.
pub(crate) struct PreparedGrouping {
    input: GroupingInput,
    dendrogram: Dendrogram,
    /// The dendrogram says nothing of thresholds beyond this; none where it says all.
    reach: Option<SquaredDistance>,
    /// Only who moves the threshold asks for it.
    wrong_matches: OnceCell<WrongMatches>,
}

impl PreparedGrouping {
    /// For a look at thresholds around this grouping's.
    pub fn prepare(
        library: &LibraryHandle,
        model: &ModelId,
        grouping: &Grouping,
        cancel: &Cancel,
        events: &mut dyn FnMut(JobEvent),
    ) -> Result<Self> {
        Self::prepare_above(EXACT_UP_TO, library, model, grouping, cancel, events)
    }

    fn prepare_above(
        exact_up_to: ExactUpTo,
        library: &LibraryHandle,
        model: &ModelId,
        grouping: &Grouping,
        cancel: &Cancel,
        events: &mut dyn FnMut(JobEvent),
    ) -> Result<Self> {
        let read = GroupingRead::of(exact_up_to, library, model, grouping.linkage)?;
        if !read.is_many {
            return Self::of(read.input, grouping.linkage, cancel, events);
        }
        let mut found = read.by_neighbours(grouping, TreeExtent::Neighbours, cancel, events)?;
        read.keep(library, found.to_keep.take(), events);
        let reach = Some(SquaredDistance(found.reach));
        Ok(Self { input: read.input, dendrogram: found.tree, reach, wrong_matches: OnceCell::new() })
    }

    fn of(input: GroupingInput, linkage: Linkage, cancel: &Cancel, events: &mut dyn FnMut(JobEvent)) -> Result<Self> {
        let embeddings: Vec<Embedding> = input.faces.iter().map(|face| face.embedding.clone()).collect();
        let constraints = constraints(&input);
        let mut meter = Meter::start(Stage::GROUPING, Some(embeddings.len() as u64));
        let dendrogram = cluster::dendrogram(&embeddings, &constraints, linkage, cancel, &mut |done, total| {
            events(JobEvent::Progress(meter.set(done as u64, Some(total as u64))));
        })?;
        Ok(Self { input, dendrogram, reach: None, wrong_matches: OnceCell::new() })
    }

    /// What of the library the dendrogram was made from.
    pub fn seen(&self) -> Revision {
        self.input.revision
    }

    /// The largest threshold that can be looked at; none where any can.
    pub fn reach(&self) -> Option<SquaredDistance> {
        self.reach
    }

    /// The groups at a threshold within reach, the largest first.
    pub fn groups(&self, threshold: SquaredDistance) -> Vec<Vec<FaceId>> {
        self.dendrogram.groups(threshold).into_iter().map(|group| ids(&self.input, group)).collect()
    }

    /// The groups as they stand in the library; suggestions count for the person they are suggested for.
    pub fn groups_now(&self) -> Vec<Vec<FaceId>> {
        let mut people: BTreeMap<PersonId, Vec<FaceId>> = BTreeMap::new();
        for face in &self.input.faces {
            if let Some(person) = face.state.person() {
                people.entry(person).or_default().push(face.face_id);
            }
        }
        people.into_values().collect()
    }

    /// Whose these faces are now, where they are somebody's.
    pub fn people_of<'a>(&self, faces: impl Iterator<Item = &'a FaceId>) -> HashMap<FaceId, PersonId> {
        let wanted: HashSet<FaceId> = faces.copied().collect();
        let now = self.input.faces.iter().filter(|face| wanted.contains(&face.face_id));
        now.filter_map(|face| Some((face.face_id, face.state.person()?))).collect()
    }

    /// How many pairs of confirmed faces of different people are nearer than `threshold` (FAR, Schroff et al. 2015,
    /// equation 7). None while there are too few such pairs to say.
    pub fn wrong_matches(&self, threshold: SquaredDistance) -> Option<WrongShare> {
        let confirmed = self.input.faces.iter().filter(|face| face.state.is_decided());
        let people = confirmed.filter_map(|face| Some((face.state.person()?, face.embedding.as_slice())));
        self.wrong_matches.get_or_init(|| WrongMatches::new(people)).at(threshold)
    }
}

fn constraints(input: &GroupingInput) -> Constraints {
    let faces = input.faces.iter().enumerate();
    Constraints {
        photos: input.faces.iter().map(|face| face.photo_id).collect(),
        confirmed: input.confirmed(),
        copies: Some(COPIES),
        apart: Vec::new(),
        groups: input.groups(),
        different: input.different.clone(),
        rejected: faces.flat_map(|(place, face)| face.rejected.iter().map(move |&person| (place, person))).collect(),
    }
}

fn ids(input: &GroupingInput, group: Vec<usize>) -> Vec<FaceId> {
    group.into_iter().map(|index| input.faces[index].face_id).collect()
}

/// Parts a group that holds different people: its dendrogram's last merge is undone, and the smaller half becomes a
/// group of its own that is known to be somebody else. Refused where faces have changed since `seen`. Returns what that
/// touched.
pub(crate) fn split_group(
    library: &LibraryHandle,
    model: &ModelId,
    person: PersonId,
    seen: Revision,
) -> Result<Touched> {
    let vectors = library.vectors(model);
    let faces = library.ask(|library| library.faces_to_group_of(person, model, vectors.as_ref()))?;
    anyhow::ensure!(faces.len() > 1, "a group of one face cannot be split");
    let embeddings: Vec<Embedding> = faces.iter().map(|face| face.embedding.clone()).collect();
    let smaller = smaller_half(&embeddings, SPLIT_EXACTLY)?;
    let moved: Vec<FaceId> = smaller.into_iter().map(|index| faces[index].face_id).collect();
    library.call(move |library| library.decide(&Decision::TakeOut { person, faces: moved }, seen))
}

/// A larger group is parted as so many of its faces, taken evenly, part: its tree would cost the square of its size.
const SPLIT_EXACTLY: usize = 4096;

/// The smaller of the two groups that the tree's last merge joined, by their places. Of more faces than `exactly` the tree
/// is a sample's, and each of the others goes to the half that it is nearer to, by average linkage.
fn smaller_half(embeddings: &[Embedding], exactly: usize) -> Result<Vec<usize>> {
    let sample: Vec<usize> = match embeddings.len() <= exactly {
        true => (0..embeddings.len()).collect(),
        false => (0..exactly).map(|place| place * embeddings.len() / exactly).collect(),
    };
    let sampled: Vec<Embedding> = sample.iter().map(|&place| embeddings[place].clone()).collect();
    let tree =
        cluster::dendrogram(&sampled, &Constraints::default(), Linkage::Average, &Cancel::default(), &mut |_, _| {})?;
    let (last, earlier) = tree.steps().split_last().context("a tree of several faces has merges")?;
    let threshold = earlier.last().map_or(SquaredDistance(0.0), |step| step.distance);
    let mut groups = tree.groups(threshold);
    if groups.len() < 2 {
        // Several merges at one distance: only the last is undone.
        groups = tree.groups(SquaredDistance(last.distance.0.next_down()));
    }
    let smaller = groups.pop().context("two groups were left")?;
    if sample.len() == embeddings.len() {
        return Ok(smaller);
    }
    let is_in_smaller: HashSet<usize> = smaller.into_iter().collect();
    let half = |is_smaller: bool| {
        let theirs = (0..sampled.len()).filter(|place| is_in_smaller.contains(place) == is_smaller);
        MeanFace::of(theirs.map(|place| &sampled[place])).context("both halves hold faces")
    };
    let (few, many) = (half(true)?, half(false)?);
    let is_nearer = |place: &usize| few.distance(&embeddings[*place]).0 < many.distance(&embeddings[*place]).0;
    let mut halves: [Vec<usize>; 2] = Default::default();
    for place in 0..embeddings.len() {
        let sampled = sample.binary_search(&place).ok();
        let is_few = sampled.map_or_else(|| is_nearer(&place), |place| is_in_smaller.contains(&place));
        halves[usize::from(is_few)].push(place);
    }
    let [many, few] = halves;
    Ok(if few.len() <= many.len() { few } else { many })
}
