//! The network of a finished run against the one it shall replace, on people held out for that alone and on the list of
//! pairs. Where too few people were held out for that, those who chose the network say what they can.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::app::train::job::people::PreparedPeople;
use crate::app::train::job::source::FolderSource;
use crate::app::train::job::start::StartingNetwork;
use crate::networks::device::ComputeDevice;
use crate::networks::weights::{ModelCard, load};
use crate::train::TrainConfig;
use crate::train::checkpoint::VectorFile;
use crate::train::comparison::{
    BothVectors, Comparison, PairsComparison, PeopleComparison, compare_pairs, compare_people,
};
use crate::train::events::Control;
use crate::train::loader::SkippedPicture;
use crate::train::run::{TrainError, TrainingData};
use crate::train::start::{Frozen, PictureViews, StartWeights, frozen_vectors};
use crate::train::validate::pictures_to_judge;

/// What both are measured on.
pub struct Judged<'a> {
    pub(crate) prepared: &'a PreparedPeople,
    pub(crate) data: &'a TrainingData,
    pub(crate) config: &'a TrainConfig,
    pub(crate) control: &'a Control,
}

impl Judged<'_> {
    fn go_on(&self) -> Result<(), TrainError> {
        self.control.interrupted().map_or(Ok(()), |reason| Err(TrainError::Interrupted(reason)))
    }
}

/// A comparison, and the pictures that could not be read for it.
type ComparedOn = (Comparison, Vec<SkippedPicture>);

/// `progress` hears how many of the pictures are embedded, each by both networks, and of how many. None when it was
/// stopped.
pub(crate) fn compare(
    old: &StartingNetwork,
    model: &Path,
    on: &Judged<'_>,
    device: &ComputeDevice,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Option<ComparedOn>> {
    match compared(old, model, on, device, progress) {
        Err(error) if matches!(error.downcast_ref(), Some(TrainError::Interrupted(_))) => Ok(None),
        compared => compared.map(Some),
    }
}

fn compared(
    old: &StartingNetwork,
    model: &Path,
    on: &Judged<'_>,
    device: &ComputeDevice,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<ComparedOn> {
    let (tensors, new_card) = load(model)?;
    let (pairs, validation) = (on.data.pairs.as_ref(), on.config.validation);
    let apart = on.prepared.compared();
    let held_out = if apart.people.is_empty() { &on.data.held_out } else { &apart };
    let exemplars = pictures_to_judge(held_out, validation.pictures_at_most);
    // Whoever is held out chooses which step's network is handed on, pairs where nobody is.
    let people_chose = on.config.chooses() && apart.people.is_empty();
    let pairs_chose = on.config.chooses() && on.data.held_out.people.is_empty();
    let of_pairs = pairs.iter().flat_map(|set| set.pictures.iter().copied().flatten());
    let mut pictures: Vec<usize> = exemplars.iter().map(|exemplar| exemplar.picture).chain(of_pairs).collect();
    pictures.sort_unstable();
    pictures.dedup();
    let mut vectors = |card: &ModelCard, weights: &StartWeights, before: usize| {
        let source = FolderSource::new(on.prepared, card.input);
        let frozen = Frozen { card, weights, device: &device.burn, views: PictureViews::AsItIs };
        frozen_vectors(frozen, &source, &pictures, VectorFile::default(), &mut |done, total| {
            progress(before + done, 2 * total);
            on.go_on()
        })
    };
    let new_vectors =
        vectors(&new_card, &StartWeights::Own(Arc::new(tensors)), 0).context("the new network could not be judged")?;
    let old_vectors =
        vectors(&old.card, &old.weights, pictures.len()).context("the old network could not be judged")?;
    let rows = Rows { old: &old_vectors.by_picture, new: &new_vectors.by_picture };
    let both = |pictures: &[usize]| rows.both(pictures, old.card.dimensions, new_card.dimensions);
    let (people, seen): (Vec<u32>, Vec<usize>) = exemplars
        .iter()
        .filter(|exemplar| rows.has(exemplar.picture))
        .map(|exemplar| (exemplar.person, exemplar.picture))
        .unzip();
    let far_target = validation.far_target;
    let people = compare_people(&both(&seen), &people, far_target, on.config.seed)
        .context("the people held out could not be judged")?;
    let pairs = pairs.map(|set| {
        let seen: Vec<usize> = set.pictures.iter().copied().flatten().filter(|&picture| rows.has(picture)).collect();
        let row_of: BTreeMap<usize, usize> = seen.iter().enumerate().map(|(row, &picture)| (picture, row)).collect();
        compare_pairs(set, &both(&seen), |picture| row_of.get(&picture).copied(), far_target)
    });
    let pairs = pairs.transpose().context("the list of pairs could not be judged")?;
    let people = people.map(|people| PeopleComparison { chose: people_chose, ..people });
    let pairs = pairs.map(|pairs| PairsComparison { chose: pairs_chose, ..pairs });
    let comparison = Comparison::new(old.name.clone(), people, pairs);
    Ok((comparison, new_vectors.skipped.into_iter().chain(old_vectors.skipped).collect()))
}

/// Vectors by picture; only pictures that both networks could read count.
struct Rows<'a> {
    old: &'a BTreeMap<usize, Vec<f32>>,
    new: &'a BTreeMap<usize, Vec<f32>>,
}

impl Rows<'_> {
    fn has(&self, picture: usize) -> bool {
        self.old.contains_key(&picture) && self.new.contains_key(&picture)
    }

    /// Row after row; `pictures` are among those that both networks could read.
    fn both(&self, pictures: &[usize], old_dimensions: usize, new_dimensions: usize) -> BothVectors {
        let rows = |vectors: &BTreeMap<usize, Vec<f32>>| {
            pictures.iter().filter_map(|picture| vectors.get(picture)).flatten().copied().collect()
        };
        BothVectors { old: rows(self.old), old_dimensions, new: rows(self.new), new_dimensions }
    }
}
