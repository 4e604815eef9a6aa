//! Networks to start a run from, by name: the only place where the trainer knows particular networks.

use std::collections::BTreeMap;
use std::sync::Arc;

use burn::module::Module;
use burn::tensor::Device;
use image::{RgbImage, imageops};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::checkpoint::VectorFile;
use super::data::PictureSource;
use super::events::{Control, TrainEvent};
use super::loader::{SkippedPicture, load_plain};
use super::rows::normalise_rows;
use super::run::{RunOutcome, Setup, TrainError, train};
use super::sampler::Exemplar;
use super::step::embed;
use super::teacher::EmbedCrops;
use crate::networks::nets::catalogue::{NetOptions, build, build_as};
use crate::networks::nets::{Net, likeness_small};
use crate::networks::weights::{ModelCard, NamedTensor, TensorFile, fill};

/// The weights a network starts from.
#[derive(Debug, Clone)]
pub(crate) enum StartWeights {
    /// Drawn at random from a seed.
    Scratch { seed: u64 },
    /// Tensors by the paths of the network's parameters: written by a run, or converted from another tool's file. Shared,
    /// because a run may start from them and be compared with them.
    Own(Arc<TensorFile>),
}

impl StartWeights {
    /// SHA-256 of the tensors, whatever file they came from; of the seed where they are drawn.
    pub fn sha256(&self) -> [u8; 32] {
        match self {
            Self::Scratch { seed } => Sha256::digest(seed.to_le_bytes()).into(),
            Self::Own(file) => sha256_of(file.iter()),
        }
    }
}

/// SHA-256 of tensors with their names and shapes.
pub(super) fn sha256_of<'a>(tensors: impl Iterator<Item = &'a NamedTensor>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for tensor in tensors {
        hash.update(format!("{} {:?};", tensor.name, tensor.shape));
        let bytes: Vec<u8> = tensor.data.iter().flat_map(|value| value.to_le_bytes()).collect();
        hash.update(bytes);
    }
    hash.finalize().into()
}

/// Trains the network that `setup.card` names, starting from `weights`; it ends in the run's folder.
pub(crate) fn train_named(
    weights: &StartWeights,
    device: &Device,
    setup: Setup<'_>,
    control: &Control,
    emit: &mut dyn FnMut(TrainEvent),
) -> Result<RunOutcome, TrainError> {
    let net = network(&setup.card, weights, device)?;
    Ok(train(net, setup, control, emit)?.outcome)
}

const PICTURES_AT_ONCE: usize = 240;
const NO_NUMBERS: &str = "what the network makes of it is not a number";

/// A network that stays as it is.
#[derive(Clone, Copy)]
pub(crate) struct Frozen<'a> {
    pub card: &'a ModelCard,
    pub weights: &'a StartWeights,
    pub device: &'a Device,
    pub views: PictureViews,
}

/// How a network looks at a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PictureViews {
    AsItIs,
    /// And at its mirror image: the vector is the mean direction of both.
    Mirrored,
}

/// Unit vectors by picture, and the pictures that have none.
#[derive(Debug, Default)]
pub(crate) struct FrozenVectors {
    pub by_picture: BTreeMap<usize, Vec<f32>>,
    pub skipped: Vec<SkippedPicture>,
}

/// The unit vectors of pictures by a network that stays as it is. What `kept` knows is not found again; `watch` hears how many of the pictures are done, and may stop the work between two batches.
pub(crate) fn frozen_vectors(
    frozen: Frozen<'_>,
    source: &dyn PictureSource,
    pictures: &[usize],
    mut kept: VectorFile,
    watch: &mut dyn FnMut(usize, usize) -> Result<(), TrainError>,
) -> Result<FrozenVectors, TrainError> {
    let Frozen { card, weights, device, views } = frozen;
    let mut skipped = Vec::new();
    let missing: Vec<usize> = pictures.iter().copied().filter(|&picture| !kept.knows(picture)).collect();
    if missing.is_empty() {
        return Ok(FrozenVectors { by_picture: kept.into_vectors(), skipped });
    }
    let net = network(card, weights, device)?.valid().folded();
    let mut done = pictures.len() - missing.len();
    for pictures_now in missing.chunks(PICTURES_AT_ONCE) {
        watch(done, pictures.len())?;
        let exemplars: Vec<Exemplar> = pictures_now.iter().map(|&picture| Exemplar { picture, person: 0 }).collect();
        let loaded = load_plain(source, &exemplars);
        let mut rows = embed(&net, &loaded.images, &card.input, PICTURES_AT_ONCE)?;
        normalise_rows(&mut rows, card.dimensions);
        if views == PictureViews::Mirrored {
            let mirrored: Vec<RgbImage> = loaded.images.par_iter().map(imageops::flip_horizontal).collect();
            let mut others = embed(&net, &mirrored, &card.input, PICTURES_AT_ONCE)?;
            normalise_rows(&mut others, card.dimensions);
            rows.iter_mut().zip(others).for_each(|(value, other)| *value += other);
            normalise_rows(&mut rows, card.dimensions);
        }
        let read = loaded.exemplars.iter().map(|exemplar| exemplar.picture);
        let found = read.zip(rows.chunks(card.dimensions));
        let (sound, other): (Vec<_>, Vec<_>) = found.partition(|(_, row)| row.iter().all(|value| value.is_finite()));
        kept.keep(sound.into_iter().map(|(picture, row)| (picture, Arc::from(row))))?;
        skipped.extend(loaded.skipped);
        skipped.extend(other.into_iter().map(|(picture, _)| SkippedPicture { picture, reason: NO_NUMBERS.to_owned() }));
        done += pictures_now.len();
    }
    watch(done, pictures.len())?;
    Ok(FrozenVectors { by_picture: kept.into_vectors(), skipped })
}

/// A network that stays as it is, to be asked in every step: unit vectors of crops as it wants them, row after row.
pub(crate) fn frozen_embedder(frozen: Frozen<'_>) -> Result<EmbedCrops, TrainError> {
    let Frozen { card, weights, device, .. } = frozen;
    let net = network(card, weights, device)?.valid().folded();
    let (input, dimensions) = (card.input, card.dimensions);
    Ok(Box::new(move |crops| {
        let mut rows = embed(&net, crops, &input, PICTURES_AT_ONCE)?;
        normalise_rows(&mut rows, dimensions);
        Ok(rows)
    }))
}

/// The small network with weights drawn from `seed`.
pub(crate) fn small_from_scratch(seed: u64, device: &Device) -> Result<Net, TrainError> {
    Ok(build(likeness_small::NAME, &NetOptions::default(), device)?.drawn(seed, device))
}

/// The network that `card` describes, with its weights.
fn network(card: &ModelCard, weights: &StartWeights, device: &Device) -> Result<Net, TrainError> {
    let net = build_as(card, device)?;
    match weights {
        StartWeights::Scratch { seed } => Ok(net.drawn(*seed, device)),
        StartWeights::Own(file) => Ok(fill(net, file, str::to_owned)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::nets::catalogue::card;
    use crate::networks::weights::collect;
    use crate::train::checkpoint::VectorKey;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// A disk that is away for a while.
    struct Passing(AtomicBool);

    impl PictureSource for Passing {
        fn crop(&self, picture: usize) -> Result<RgbImage, String> {
            match picture == 1 && self.0.load(Ordering::Relaxed) {
                true => Err("the disk is away".to_owned()),
                false => Ok(RgbImage::from_pixel(48, 48, image::Rgb([picture as u8 * 40; 3]))),
            }
        }
    }

    #[test]
    fn a_picture_that_could_not_be_read_is_told_and_looked_at_again() {
        let folder = tempfile::tempdir().unwrap();
        let (device, weights) = (Device::flex(), StartWeights::Scratch { seed: 2 });
        let card = card(likeness_small::NAME, &NetOptions::default()).unwrap();
        let source = Passing(AtomicBool::new(true));
        let found = || {
            let frozen = Frozen { card: &card, weights: &weights, device: &device, views: PictureViews::AsItIs };
            let key = VectorKey::of(weights.sha256(), &device, &card.input, "", false);
            let kept = VectorFile::open(&folder.path().join("vectors.bin"), key, card.dimensions).unwrap();
            let found = frozen_vectors(frozen, &source, &[0, 1, 2], kept, &mut |_, _| Ok(())).unwrap();
            (found.by_picture.into_keys().collect::<Vec<_>>(), found.skipped)
        };
        let away = SkippedPicture { picture: 1, reason: "the disk is away".to_owned() };
        assert_eq!(found(), (vec![0, 2], vec![away]));
        source.0.store(false, Ordering::Relaxed);
        assert_eq!(found(), (vec![0, 1, 2], vec![]));
    }

    #[test]
    fn weights_are_those_of_the_network_that_the_card_names() {
        let device = Device::flex();
        let weights = collect(&small_from_scratch(2, &device).unwrap()).unwrap();
        let mut card = card(likeness_small::NAME, &NetOptions::default()).unwrap();
        let own = StartWeights::Own(Arc::new(weights.clone()));
        assert_eq!(collect(&network(&card, &own, &device).unwrap()).unwrap(), weights);
        card.architecture = "nn9".to_owned();
        let error = network(&card, &own, &device).unwrap_err().to_string();
        assert!(error.contains("likeness-small"), "{error}");
        card.architecture = "nn4".to_owned();
        assert!(matches!(network(&card, &own, &device), Err(TrainError::Weights(_))));
    }
}
