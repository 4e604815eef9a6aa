//! The part of a network that stays as it is while the last layer alone learns: passed once for each picture, with
//! progress, and kept in the run's folder, so that a run that goes on does not pass it again.

use std::collections::BTreeSet;

use burn::module::Module;
use image::{RgbImage, imageops};
use rayon::prelude::*;

use super::{TrainError, TrainingRun};
use crate::networks::nets::EmbeddingNet;
use crate::networks::weights::collect;
use crate::train::augment::AugmentConfig;
use crate::train::checkpoint::{RunFolder, VectorKey};
use crate::train::config::MiningSource;
use crate::train::events::{Alarm, EmbeddingWhy, TrainEvent};
use crate::train::frozen::{TrainablePart, paths_before_last_layer};
use crate::train::loader::load_plain;
use crate::train::rng::{Purpose, stream};
use crate::train::sampler::{Exemplar, SamplerPosition};
use crate::train::start::sha256_of;
use crate::train::step::Features;
use crate::train::trunk::{PictureKey, Trunk};

/// Between so many pictures a run looks whether it shall go on; four shares of a processor's threads.
pub(super) const AT_ONCE: usize = if cfg!(test) { 30 } else { 120 };

impl<N: Module + EmbeddingNet> TrainingRun<'_, N> {
    /// Called whenever another part of the network begins to learn.
    pub(super) fn take_trunk(&mut self) -> Result<(), TrainError> {
        self.trunk = None;
        if *self.config.trainable_at(self.step) != TrainablePart::LastLayer {
            return Ok(());
        }
        let file = self.folder.as_ref().map(|folder| Ok::<_, TrainError>((folder.features(), self.key(folder)?)));
        let file = file.transpose()?;
        let file = file.as_ref().map(|(path, key)| (path.as_path(), *key));
        let chunk = self.config.chunks.inference;
        self.trunk = Some(Trunk::new(&self.net, self.card.input, chunk, file)?);
        self.tell_what_is_not_kept();
        Ok(())
    }

    fn key(&self, folder: &RunFolder) -> Result<VectorKey, TrainError> {
        let (tensors, paths) = (collect(&self.net)?, paths_before_last_layer(&self.net)?);
        let weights = sha256_of(tensors.iter().filter(|tensor| paths.contains(&tensor.name)));
        let device = self.net.devices().into_iter().next().unwrap_or_default();
        Ok(VectorKey::of(weights, &device, &self.card.input, &RunFolder::data(folder.root())?, true))
    }

    /// Passes through the trunk what the coming steps will ask for, as far as that is known and is kept.
    pub(super) fn find_features(&mut self) -> Result<(), TrainError> {
        let mut wanted = self.views_ahead();
        wanted.retain(|view| !self.skipped.contains(&view.picture));
        let Some(trunk) = &self.trunk else { return Ok(()) };
        let missing: Vec<PictureKey> = wanted.iter().copied().filter(|&view| !trunk.knows(view)).collect();
        let (mut done, total) = (wanted.len() - missing.len(), wanted.len());
        self.expect(missing.len());
        for views in missing.chunks(AT_ONCE) {
            self.tell_embedding(EmbeddingWhy::FrozenPart, done, total)?;
            self.pass(views)?;
            done += views.len();
            if !self.trunk.as_ref().is_some_and(Trunk::keeps_more) {
                break;
            }
        }
        if !missing.is_empty() {
            self.tell_embedding(EmbeddingWhy::FrozenPart, done, total)?;
        }
        Ok(())
    }

    /// Tells how far the pictures are that are embedded between two steps, unless the run shall be left.
    pub(super) fn tell_embedding(&mut self, why: EmbeddingWhy, done: usize, total: usize) -> Result<(), TrainError> {
        (self.emit)(TrainEvent::Embedding { why, done, total });
        self.control.interrupted().map_or(Ok(()), |reason| Err(TrainError::Interrupted(reason)))
    }

    fn pass(&mut self, views: &[PictureKey]) -> Result<(), TrainError> {
        let exemplars: Vec<Exemplar> = views.iter().map(|view| Exemplar { picture: view.picture, person: 0 }).collect();
        let loaded = load_plain(self.data.source.as_ref(), &exemplars);
        self.note_skipped(&loaded.skipped);
        let mut read = loaded.exemplars.iter().peekable();
        let mut next = |view: &&PictureKey| read.next_if(|exemplar| exemplar.picture == view.picture).is_some();
        let views: Vec<PictureKey> = views.iter().filter(|view| next(view)).copied().collect();
        let as_seen = |(image, view): (RgbImage, &PictureKey)| match view.mirrored {
            true => imageops::flip_horizontal(&image),
            false => image,
        };
        let images: Vec<RgbImage> = loaded.images.into_par_iter().zip(&views).map(as_seen).collect();
        let views: Vec<Option<PictureKey>> = views.into_iter().map(Some).collect();
        self.passed(&images, &views)?;
        Ok(())
    }

    /// What the frozen part makes of pictures; none where more than the last layer learns.
    pub(super) fn passed(
        &mut self,
        images: &[RgbImage],
        views: &[Option<PictureKey>],
    ) -> Result<Option<Features>, TrainError> {
        let Some(trunk) = &mut self.trunk else { return Ok(None) };
        let features = trunk.features(images, views)?;
        self.tell_what_is_not_kept();
        Ok(Some(features))
    }

    fn expect(&mut self, views: usize) {
        if let Some(trunk) = &mut self.trunk {
            trunk.expect(views);
        }
        self.tell_what_is_not_kept();
    }

    fn tell_what_is_not_kept(&mut self) {
        if let Some(problem) = self.trunk.as_mut().and_then(Trunk::take_problem) {
            (self.emit)(TrainEvent::Alarm(Alarm::FeaturesNotKept { why: problem.to_string() }));
        }
    }

    /// Each view once, in the order in which it is needed: what is judged, then the batches to come, which are known
    /// where no weights choose them. Others are passed when they come.
    fn views_ahead(&self) -> Vec<PictureKey> {
        if !self.trunk.as_ref().is_some_and(Trunk::keeps_more) {
            return Vec::new();
        }
        let (mut seen, mut views) = (BTreeSet::new(), Vec::new());
        let mut add = |picture: usize, mirrored: bool| {
            if seen.insert((picture, mirrored)) {
                views.push(PictureKey { picture, mirrored });
            }
            seen.len()
        };
        self.to_judge.iter().for_each(|exemplar| {
            add(exemplar.picture, false);
        });
        let mixes = self.config.teacher.is_some_and(|teacher| teacher.mixed() > 0.0);
        let known = !mixes && matches!(self.config.mining, MiningSource::Online | MiningSource::Harmonic { .. });
        if known {
            // No more can come than each picture in each view.
            let flips = self.config.augmentation.flip;
            let all = self.to_judge.len() + self.data.training.pictures() * if flips { 2 } else { 1 };
            'steps: for step in self.step..self.last_frozen_step() {
                let change = self.config.augmentation_at(step);
                if !change.mirrors_at_most() {
                    break;
                }
                for exemplar in self.sampler.batch(SamplerPosition(step)) {
                    let count = add(exemplar.picture, self.mirrors(&change, step, exemplar.picture));
                    if count >= all {
                        break 'steps;
                    }
                }
            }
        }
        views
    }

    /// As the loader will draw it.
    fn mirrors(&self, change: &AugmentConfig, step: u64, picture: usize) -> bool {
        let rng = stream(self.config.seed, Purpose::Augmentation, step, picture as u64);
        change.will_mirror(&rng).unwrap_or(false)
    }

    /// How many steps are done when more than the last layer begins to learn.
    fn last_frozen_step(&self) -> u64 {
        match self.config.last_layer_first {
            Some(first) if self.config.trainable != TrainablePart::LastLayer => first.steps.min(self.config.steps),
            _ => self.config.steps,
        }
    }
}
