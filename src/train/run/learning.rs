//! One step of a run: choose triplets, find gradients, move the weights.

use std::collections::{BTreeMap, BTreeSet};

use burn::module::Module;

use super::{TrainError, TrainingRun};
use crate::networks::device::memory_in_use;
use crate::networks::nets::EmbeddingNet;
use crate::train::config::MiningSource;
use crate::train::events::{EmbeddingWhy, StepReport, TrainEvent};
use crate::train::loader::LoadedBatch;
use crate::train::loss::Triplet;
use crate::train::mining::BothSpaces;
use crate::train::mining::harmonic::Combinations;
use crate::train::mining::offline::{OfflineConfig, TripletPlan};
use crate::train::mining::online::Draw;
use crate::train::rng::{Purpose, stream};
use crate::train::rows::{normalise_rows, spread};
use crate::train::sampler::Exemplar;
use crate::train::snapshot::{LearnedBatch, count_kinds};
use crate::train::step::{Batch, Choice, Features, Inputs, Learned, StepSettings, embed, embed_features, learn};
use crate::train::teacher::{Lesson, TeacherConfig, TeacherSees};
use crate::train::times::Lap;
use crate::train::trunk::PictureKey;
use rand::seq::SliceRandom;

impl<N: Module + EmbeddingNet> TrainingRun<'_, N> {
    /// None when the loss or a gradient is not a number; the weights are then as before.
    pub(super) fn learn_from(
        &mut self,
        batch: LoadedBatch,
        rate: f64,
        snapshot: bool,
    ) -> Result<Option<StepReport>, TrainError> {
        let old_vectors = self.old_vectors(&batch.exemplars)?;
        let mut lap = Lap::start();
        let (features, wanted) = (self.features(&batch)?, self.wanted(&batch)?);
        self.times.embedding_secs += lap.secs();
        let learned = self.learned(&batch, features.as_ref(), old_vectors.as_deref(), wanted.as_deref())?;
        self.times += learned.times;
        lap.secs();
        let gradient_norm = learned.gradients.norm()?;
        self.times.learning_secs += lap.secs();
        // A ruined network finds no triplet, so neither loss nor gradient would tell.
        let embeds = learned.vectors.iter().all(|value| value.is_finite());
        if !embeds || !learned.loss.is_finite() || !gradient_norm.is_finite() {
            return Ok(None);
        }
        let (hard, semi_hard) = self.inspect(&batch, &learned, old_vectors.as_deref(), snapshot);
        let report = StepReport {
            step: self.step + 1,
            loss: learned.loss,
            learning_rate: rate,
            pictures: batch.images.len(),
            people: BTreeSet::from_iter(people_of(&batch.exemplars)).len(),
            pairs: learned.mined.pairs,
            triplets: learned.mined.triplets.len(),
            hard,
            semi_hard,
            gradient_norm,
            spread: spread(&learned.vectors, learned.dimensions),
            to_teacher: learned.to_teacher,
            ..StepReport::default()
        };
        lap.secs();
        if report.has_learned() {
            let limit = self.config.optimiser.clip_norm.unwrap_or(f32::INFINITY);
            let gradients = learned.gradients.clip(gradient_norm, limit);
            self.net = self.optimiser.step(self.net.clone(), gradients, rate);
            if let Some(average) = &mut self.average {
                average.update(&self.net);
            }
        }
        self.times.optimiser_secs += lap.secs();
        self.step += 1;
        let device = self.net.devices().into_iter().next().unwrap_or_default();
        Ok(Some(StepReport { memory_bytes: memory_in_use(&device), ..report }))
    }

    /// Tells how many triplets are hard and how many semi-hard, and emits a snapshot of the batch if one is due.
    fn inspect(
        &mut self,
        batch: &LoadedBatch,
        learned: &Learned,
        old_vectors: Option<&[f32]>,
        snapshot: bool,
    ) -> (usize, usize) {
        let both = BothSpaces::of(&learned.vectors, learned.dimensions, &people_of(&batch.exemplars), old_vectors);
        let (points, triplets, margin) = (both.points(), &learned.mined.triplets, self.config.loss.margin);
        if snapshot {
            let seen = LearnedBatch {
                step: self.step + 1,
                seed: self.config.seed,
                margin,
                exemplars: &batch.exemplars,
                images: &batch.images,
                points,
                triplets,
                names: &self.data.training,
            };
            (self.emit)(TrainEvent::Snapshot(seen.snapshot()));
        }
        count_kinds(points, triplets, margin)
    }

    fn learned(
        &mut self,
        batch: &LoadedBatch,
        features: Option<&Features>,
        old_vectors: Option<&[f32]>,
        wanted: Option<&[f32]>,
    ) -> Result<Learned, TrainError> {
        let inputs = features.map_or(Inputs::Images(&batch.images), Inputs::Features);
        let people = people_of(&batch.exemplars);
        let planned = self.plan.as_ref().map(|plan| planned_triplets(plan, batch));
        let only_new = Combinations::only_new();
        let choice = match (&planned, &self.config.mining) {
            _ if !self.config.needs_names() => Choice::Given(&[]),
            (Some(triplets), _) => Choice::Given(triplets),
            (None, MiningSource::Harmonic { combinations }) => Choice::Mine { rule: self.config.rule, combinations },
            (None, _) => Choice::Mine { rule: self.config.rule, combinations: &only_new },
        };
        let settings = StepSettings {
            preprocessing: &self.card.input,
            loss: self.config.loss,
            chunks: self.config.chunks,
            draw: Draw { seed: self.config.seed, step: batch.step },
            interrupted: &|| self.control.interrupted(),
        };
        let teacher = self.config.teacher.as_ref().zip(wanted);
        let lesson = teacher.map(|(config, vectors)| Lesson { vectors, triplet_weight: config.triplet_weight });
        let batch = Batch { inputs, people: &people, old_vectors, choice, lesson };
        learn(&mut self.net, &batch, settings)
    }

    /// What a frozen trunk makes of the batch; none where more than the last layer learns.
    pub(super) fn features(&mut self, batch: &LoadedBatch) -> Result<Option<Features>, TrainError> {
        let view = |(exemplar, mirrored): (&Exemplar, &Option<bool>)| {
            mirrored.map(|mirrored| PictureKey { picture: exemplar.picture, mirrored })
        };
        let views: Vec<Option<PictureKey>> = batch.exemplars.iter().zip(&batch.mirrored).map(view).collect();
        self.passed(&batch.images, &views)
    }

    pub(super) fn old_vectors(&self, exemplars: &[Exemplar]) -> Result<Option<Vec<f32>>, TrainError> {
        let MiningSource::Harmonic { .. } = self.config.mining else { return Ok(None) };
        rows_of(self.data.old_vectors.as_ref(), exemplars).map(Some).map_err(TrainError::NoOldVector)
    }

    /// What the teacher makes of the batch, of what it sees of it.
    fn wanted(&self, batch: &LoadedBatch) -> Result<Option<Vec<f32>>, TrainError> {
        match (&self.config.teacher, &self.data.live_teacher) {
            (Some(TeacherConfig { sees: TeacherSees::Same, .. }), Some(teacher)) => {
                Ok(Some((teacher.embed)(&batch.for_teacher)?))
            }
            (Some(TeacherConfig { sees: TeacherSees::Same, .. }), None) => Err(TrainError::NoLiveTeacher),
            _ => self.teacher_vectors(&batch.exemplars),
        }
    }

    pub(super) fn teacher_vectors(&self, exemplars: &[Exemplar]) -> Result<Option<Vec<f32>>, TrainError> {
        if self.config.teacher.is_none() {
            return Ok(None);
        }
        rows_of(self.data.teacher_vectors.as_ref(), exemplars).map(Some).map_err(TrainError::NoTeacherVector)
    }

    /// A new plan of triplets, every so many steps, and after one that had none.
    pub(super) fn mine_offline_when_due(&mut self, offline: OfflineConfig) -> Result<(), TrainError> {
        let lasts = |plan: &TripletPlan| plan.ends_at().is_none_or(|end| self.step < end);
        if !self.step.is_multiple_of(offline.every_steps) && self.plan.as_ref().is_some_and(lasts) {
            return Ok(());
        }
        let subset = self.offline_subset(offline);
        let found = self.embed_pictures(&self.net.valid(), &subset, EmbeddingWhy::Mining)?;
        if found.exemplars.is_empty() {
            return Err(TrainError::NothingReadable { step: self.step + 1, reason: None });
        }
        let people = people_of(&found.exemplars);
        let new = BothSpaces::of(&found.vectors, self.net.embedding_size(), &people, None);
        let draw = Draw { seed: self.config.seed, step: self.step };
        let margin = self.config.loss.margin;
        let (rule, cancel) = (self.config.rule, &self.control.cancel);
        let plan = TripletPlan::mine(new.points(), &found.exemplars, rule, margin, offline, draw, cancel);
        if let Some(reason) = self.control.interrupted() {
            return Err(TrainError::Interrupted(reason));
        }
        self.plan = Some(plan);
        Ok(())
    }

    /// The unit vectors of pictures by `net`, which has the trunk of the network that learns.
    pub(super) fn unit_vectors(&mut self, net: &N, loaded: &LoadedBatch) -> Result<Vec<f32>, TrainError> {
        let chunk = self.config.chunks.inference;
        let mut vectors = match self.features(loaded)? {
            Some(features) => embed_features(net, &features, chunk)?,
            None => embed(net, &loaded.images, &self.card.input, chunk)?,
        };
        normalise_rows(&mut vectors, net.embedding_size());
        Ok(vectors)
    }

    /// Whole people, so that there are positives, as many as the subset has room for; two at least, so that there are
    /// negatives.
    fn offline_subset(&self, offline: OfflineConfig) -> Vec<Exemplar> {
        let mut order: Vec<usize> = (0..self.data.training.people.len()).collect();
        order.shuffle(&mut stream(self.config.seed, Purpose::OfflineSubset, self.step, 0));
        let (mut subset, mut people) = (Vec::new(), 0);
        for person in order {
            let pictures = &self.data.training.people[person].pictures;
            if people >= 2 && subset.len() + pictures.len() > offline.subset_pictures {
                continue;
            }
            people += 1;
            subset.extend(pictures.iter().map(|&picture| Exemplar { picture, person: person as u32 }));
        }
        subset
    }
}

/// The vectors of some pictures, row after row, or the picture that has none.
fn rows_of(vectors: Option<&BTreeMap<usize, Vec<f32>>>, exemplars: &[Exemplar]) -> Result<Vec<f32>, usize> {
    let mut rows = Vec::new();
    for exemplar in exemplars {
        rows.extend(vectors.and_then(|known| known.get(&exemplar.picture)).ok_or(exemplar.picture)?);
    }
    Ok(rows)
}

/// The plan's triplets of this batch by their rows among the pictures that could be read.
fn planned_triplets(plan: &TripletPlan, batch: &LoadedBatch) -> Vec<Triplet> {
    let planned = plan.batch(batch.step);
    let mut read = batch.exemplars.iter().zip(0..).peekable();
    let rows: Vec<Option<u32>> = planned
        .exemplars
        .iter()
        .map(|wanted| read.next_if(|(exemplar, _)| exemplar.picture == wanted.picture).map(|(_, row)| row))
        .collect();
    let row = |planned_row: u32| rows[planned_row as usize];
    let rows =
        |t: &Triplet| Some(Triplet { anchor: row(t.anchor)?, positive: row(t.positive)?, negative: row(t.negative)? });
    planned.triplets.iter().filter_map(rows).collect()
}

pub(super) fn people_of(exemplars: &[Exemplar]) -> Vec<u32> {
    exemplars.iter().map(|exemplar| exemplar.person).collect()
}
