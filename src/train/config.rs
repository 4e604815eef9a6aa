//! Every setting of a training run, in one value that a run folder keeps.

use serde::{Deserialize, Serialize};

use super::augment::AugmentConfig;
use super::frozen::{BatchNormStatistics, TrainablePart};
use super::loss::LossConfig;
use super::mining::MiningRule;
use super::mining::harmonic::Combinations;
use super::mining::offline::{OfflineConfig, SelectionConfig};
use super::optimiser::OptimiserConfig;
use super::sampler::SamplerConfig;
use super::schedule::{LearningRate, Length};
use super::step::ChunkSizes;
use super::teacher::TeacherConfig;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainConfig {
    pub seed: u64,
    /// Ends after so many steps, if the schedule does not end it before.
    pub steps: u64,
    /// What the learning rate calls an epoch; davidsandberg's is 1,000 steps.
    pub steps_per_epoch: u64,
    pub(crate) learning_rate: LearningRate,
    pub(crate) optimiser: OptimiserConfig,
    pub(crate) loss: LossConfig,
    pub(crate) rule: MiningRule,
    pub(crate) mining: MiningSource,
    /// Learns another network's vectors, with triplets or without; none learns from triplets alone.
    #[serde(default)]
    pub(crate) teacher: Option<TeacherConfig>,
    pub(crate) sampler: SamplerConfig,
    pub(crate) chunks: ChunkSizes,
    pub(crate) augmentation: AugmentConfig,
    /// Decay of the moving average of the weights; none keeps no average.
    pub ema_decay: Option<f64>,
    pub trainable: TrainablePart,
    /// A first phase in which nothing but the last layer learns, before `trainable` does.
    #[serde(default)]
    pub(crate) last_layer_first: Option<LastLayerFirst>,
    pub batch_norm: BatchNormStatistics,
    pub(crate) validation: ValidationConfig,
    pub checkpoint_every_steps: u64,
}

/// The order of the paper's appendix (section 7): the embedding layer alone, then the whole network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastLayerFirst {
    pub steps: u64,
    /// Draws the layer's weights anew before, as the paper does.
    pub redraw: bool,
}

/// Where triplets are looked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum MiningSource {
    /// Within the mini-batch.
    Online,
    /// Over a subset of the data, every n steps.
    Offline(OfflineConfig),
    /// Within a mini-batch, from whose triplets several steps learn: davidsandberg's loop.
    Selected(SelectionConfig),
    /// Within the mini-batch, among the vectors of a frozen network too.
    Harmonic { combinations: Combinations },
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct ValidationConfig {
    /// 0 judges at the end only.
    pub every_steps: u64,
    /// The share of people kept out of training.
    pub held_out_share: f32,
    pub far_target: f64,
    /// More pictures of held-out people than this are not looked at: pairs grow with the square.
    pub pictures_at_most: usize,
}

impl TrainConfig {
    /// The rate of the step after `step` others; none ends training there.
    pub(crate) fn rate_at(&self, step: u64) -> Option<f64> {
        self.learning_rate.at(step, Length { steps: self.steps, steps_per_epoch: self.steps_per_epoch })
    }

    /// Whether people are told apart by name: without triplets nobody need be.
    pub(crate) fn needs_names(&self) -> bool {
        self.teacher.is_none_or(|teacher| teacher.looks_for_triplets())
    }

    /// What learns in the step after `step` others.
    pub(crate) fn trainable_at(&self, step: u64) -> &TrainablePart {
        match self.last_layer_first {
            Some(first) if step < first.steps => &TrainablePart::LastLayer,
            _ => &self.trainable,
        }
    }
}

impl Default for ValidationConfig {
    fn default() -> Self {
        Self { every_steps: 500, held_out_share: 0.1, far_target: 1e-3, pictures_at_most: 2000 }
    }
}

impl Default for TrainConfig {
    /// The paper's batches, loss, mining and optimiser.
    fn default() -> Self {
        Self {
            seed: 1,
            steps: 10_000,
            steps_per_epoch: 1000,
            learning_rate: LearningRate::Constant { rate: 0.05 },
            optimiser: OptimiserConfig::default(),
            loss: LossConfig::default(),
            rule: MiningRule::default(),
            mining: MiningSource::Online,
            teacher: None,
            sampler: SamplerConfig::default(),
            chunks: ChunkSizes::default(),
            augmentation: AugmentConfig::GENTLE,
            ema_decay: Some(0.9999),
            trainable: TrainablePart::All,
            last_layer_first: None,
            batch_norm: BatchNormStatistics::Learn,
            validation: ValidationConfig::default(),
            checkpoint_every_steps: 500,
        }
    }
}
