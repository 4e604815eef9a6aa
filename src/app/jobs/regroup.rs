//! Faces of the library into people: constraints from what the user said, the dendrogram, and its groups applied.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::networks::{Engine, EngineOptions, FindFaces};
use crate::app::engine::progress::{JobEvent, Meter, Stage};
use crate::app::jobs::reembed::{ReembedSummary, reembed};
use crate::cluster::{self, Constraints, Dendrogram, Linkage};
use crate::library::{Decision, GroupedBy, GroupingInput, LibraryError};
use crate::networks::models::Store;
use crate::types::{Cancel, Embedding, FaceId, ModelId, PersonId, Revision, SquaredDistance, Touched};

/// How faces are grouped: what the user moves in the grouping panel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grouping {
    pub linkage: Linkage,
    pub threshold: SquaredDistance,
}

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

    pub(crate) fn remember(&self, library: &LibraryHandle, model: &ModelId) -> Result<()> {
        let (linkage, threshold) = (serde_json::to_string(&self.linkage)?, serde_json::to_string(&self.threshold)?);
        let setting = threshold_setting(model);
        library.call(move |library| {
            library.set_setting(LINKAGE_SETTING, &linkage)?;
            library.set_setting(&setting, &threshold)
        })
    }
}

/// The people of the library after a grouping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupSummary {
    /// Named people and nameless groups; a face alone is a group of one.
    pub people: usize,
    pub named: usize,
}

/// Groups all faces and writes the groups. Confirmed faces stay where their user put them.
pub(crate) fn regroup(
    library: &LibraryHandle,
    model: &ModelId,
    grouping: &Grouping,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<GroupSummary> {
    let prepared = PreparedGrouping::prepare(library, model, grouping.linkage, cancel, events)?;
    let (groups, seen) = (prepared.groups(grouping.threshold), prepared.seen());
    let counts = library.call(move |library| {
        library.before_grouping(&groups)?;
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

/// The faces and their dendrogram: every threshold can be looked at without computing again.
pub(crate) struct PreparedGrouping {
    input: GroupingInput,
    dendrogram: Dendrogram,
}

impl PreparedGrouping {
    pub fn prepare(
        library: &LibraryHandle,
        model: &ModelId,
        linkage: Linkage,
        cancel: &Cancel,
        events: &mut dyn FnMut(JobEvent),
    ) -> Result<Self> {
        let input = library.ask(|library| library.faces_to_group(model))?;
        let embeddings: Vec<Embedding> = input.faces.iter().map(|face| face.embedding.clone()).collect();
        let constraints = Constraints {
            photos: input.faces.iter().map(|face| face.photo_id).collect(),
            confirmed: input.confirmed(),
            apart: input.apart(),
        };
        let mut meter = Meter::start(Stage::GROUPING, Some(embeddings.len() as u64));
        let dendrogram = cluster::dendrogram(&embeddings, &constraints, linkage, cancel, &mut |done, total| {
            events(JobEvent::Progress(meter.set(done as u64, Some(total as u64))));
        })?;
        Ok(Self { input, dendrogram })
    }

    /// What of the library the dendrogram was made from.
    pub fn seen(&self) -> Revision {
        self.input.revision
    }

    /// The groups at a threshold, the largest first.
    pub fn groups(&self, threshold: SquaredDistance) -> Vec<Vec<FaceId>> {
        let ids = |group: Vec<usize>| group.into_iter().map(|index| self.input.faces[index].face_id).collect();
        self.dendrogram.groups(threshold).into_iter().map(ids).collect()
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

    /// Of 1,000 pairs of confirmed faces of different people, how many are nearer than `threshold` (FAR, Schroff et al.
    /// 2015, equation 7). None while there are too few such pairs to say.
    pub fn wrong_matches_per_1000(&self, threshold: SquaredDistance) -> Option<f32> {
        const LEAST_PAIRS: u64 = 100;
        let confirmed: Vec<_> = self.input.faces.iter().filter(|face| face.state.is_decided()).collect();
        let (mut near, mut pairs) = (0_u64, 0_u64);
        for (index, a) in confirmed.iter().enumerate() {
            for b in confirmed[..index].iter().filter(|b| b.state.person() != a.state.person()) {
                pairs += 1;
                near += u64::from(a.embedding.squared_distance(&b.embedding) <= threshold);
            }
        }
        (pairs >= LEAST_PAIRS).then(|| near as f32 * 1000.0 / pairs as f32)
    }
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
    let faces = library.ask(|library| library.faces_to_group_of(person, model))?;
    anyhow::ensure!(faces.len() > 1, "a group of one face cannot be split");
    let embeddings: Vec<Embedding> = faces.iter().map(|face| face.embedding.clone()).collect();
    let tree = cluster::dendrogram(
        &embeddings,
        &Constraints::default(),
        Linkage::Average,
        &Cancel::default(),
        &mut |_, _| {},
    )?;
    let (last, earlier) = tree.steps().split_last().context("a tree of several faces has merges")?;
    let threshold = earlier.last().map_or(SquaredDistance(0.0), |step| step.distance);
    let mut groups = tree.groups(threshold);
    if groups.len() < 2 {
        // Several merges at one distance: only the last is undone.
        groups = tree.groups(SquaredDistance(last.distance.0.next_down()));
    }
    let smaller = groups.pop().context("two groups were left")?;
    let moved: Vec<FaceId> = smaller.into_iter().map(|index| faces[index].face_id).collect();
    library.call(move |library| library.decide(&Decision::TakeOut(moved), seen))
}
