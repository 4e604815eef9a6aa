//! Plans of triplets beyond one step: when the next is due, and davidsandberg/facenet's selection.

use burn::module::Module;
use burn::tensor::TensorReadError;
use rand::Rng;

use super::learning::people_of;
use super::{TrainError, TrainingRun};
use crate::networks::nets::EmbeddingNet;
use crate::train::config::MiningSource;
use crate::train::frozen::behaves_otherwise_in_training;
use crate::train::loader::{LoadedBatch, load_plain};
use crate::train::mining::BothSpaces;
use crate::train::mining::offline::{Selected, SelectionConfig, TripletPlan};
use crate::train::mining::online::Draw;
use crate::train::rng::{Purpose, stream};
use crate::train::rows::normalise_rows;
use crate::train::sampler::SamplerPosition;
use crate::train::step::{Inputs, in_order};

impl<N: Module + EmbeddingNet> TrainingRun<'_, N> {
    pub(super) fn plan_when_due(&mut self) -> Result<(), TrainError> {
        if !self.config.needs_names() {
            return Ok(());
        }
        match self.config.mining {
            MiningSource::Online | MiningSource::Harmonic { .. } => Ok(()),
            MiningSource::Offline(offline) => self.mine_offline_when_due(offline),
            MiningSource::Selected(selection) => self.select_when_due(selection),
        }
    }

    /// Departures from davidsandberg's loop: pictures are selected unaugmented, the running statistics of batch norms,
    /// which no loss depends on, do not move while selecting, a picture left over goes with those before it (of one alone
    /// a batch norm leaves nothing), and a selection that finds no triplet counts as a step, so that a run ends.
    fn select_when_due(&mut self, selection: SelectionConfig) -> Result<(), TrainError> {
        let ends_at = self.plan.as_ref().and_then(TripletPlan::ends_at);
        if ends_at.is_some_and(|end| self.step < end) {
            return Ok(());
        }
        let batch = self.plan.as_ref().map_or(0, TripletPlan::next_batch);
        let loaded = load_plain(self.data.source.as_ref(), &self.sampler.batch(SamplerPosition(batch)));
        self.note_skipped(&loaded.skipped);
        self.has_pictures(&loaded)?;
        let vectors = self.vectors_to_select_by(&loaded, selection)?;
        let both = BothSpaces::of(&vectors, self.net.embedding_size(), &people_of(&loaded.exemplars), None);
        let people = self.config.sampler.people_per_batch;
        let from = Selected { points: both.points(), exemplars: &loaded.exemplars, people, batch };
        let draw = Draw { seed: self.config.seed, step: self.step };
        self.plan = Some(TripletPlan::select(from, self.config.rule, self.config.loss.margin, selection, draw));
        Ok(())
    }

    fn vectors_to_select_by(
        &mut self,
        loaded: &LoadedBatch,
        selection: SelectionConfig,
    ) -> Result<Vec<f32>, TrainError> {
        if !behaves_otherwise_in_training(&self.net) {
            return self.unit_vectors(&self.net.valid(), loaded);
        }
        let features = self.features(loaded)?;
        let inputs = features.as_ref().map_or(Inputs::Images(&loaded.images), Inputs::Features);
        let mut vectors = self.embed_as_in_training(inputs, selection.pictures_per_step())?;
        normalise_rows(&mut vectors, self.net.embedding_size());
        Ok(vectors)
    }

    /// In the order of the rows and `at_once` of them, as davidsandberg's first pass does: batch norms take their
    /// statistics from neighbours in the batch. On a copy, whose running statistics are its own.
    fn embed_as_in_training(&self, inputs: Inputs<'_>, at_once: usize) -> Result<Vec<f32>, TensorReadError> {
        let copy = self.net.valid().train();
        let device = self.net.devices().into_iter().next().unwrap_or_default().autodiff();
        let mut vectors = Vec::new();
        for (rows, number) in in_order(inputs.len(), at_once).into_iter().zip(1_u64 << 32..) {
            // No step has so many chunks: dropout draws here what it draws nowhere else.
            device.seed(stream(self.config.seed, Purpose::NetworkNoise, self.step, number).next_u64());
            let rows: Vec<usize> = rows.collect();
            vectors.extend(inputs.forward(&copy, &rows, &self.card.input, &device).inner().try_into_vec_as::<f32>()?);
        }
        Ok(vectors)
    }
}
