//! Every setting of a training run, in one value that a run folder keeps.

use serde::{Deserialize, Serialize};

use super::augment::AugmentConfig;
use super::frozen::{BatchNormStatistics, TrainablePart};
use super::loss::LossConfig;
use super::mining::MiningRule;
use super::mining::harmonic::Combinations;
use super::mining::offline::{OfflineConfig, SelectionConfig};
use super::optimiser::OptimiserConfig;
use super::sampler::{Fill, SamplerConfig};
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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastLayerFirst {
    pub steps: u64,
    /// Draws the layer's weights anew before, as the paper does.
    pub redraw: bool,
    /// Pictures are not changed otherwise meanwhile: what comes before the layer is then found once for each view.
    #[serde(default)]
    pub mirrors_at_most: bool,
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
    /// The share of people kept out of training, or of each person's pictures.
    pub held_out_share: f32,
    #[serde(default)]
    pub hold_out: HoldOut,
    pub far_target: f64,
    /// More pictures of held-out people than this are not looked at: pairs grow with the square.
    pub pictures_at_most: usize,
}

/// What is kept out of training, to judge on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HoldOut {
    /// Whole people: how the network does with strangers.
    #[default]
    People,
    /// Some pictures of each person who has enough of them: how it does with the very people that it learns.
    Pictures,
}

impl TrainConfig {
    /// Of a run of so many steps; a first part keeps its share of them.
    pub(crate) fn set_steps(&mut self, steps: u64) {
        if let Some(first) = &mut self.last_layer_first {
            let share = first.steps as f64 / self.steps.max(1) as f64;
            first.steps = ((steps as f64 * share).round() as u64).max(1);
        }
        self.steps = steps;
    }

    /// Whether more than the last layer ever learns, where more than that shall.
    pub(crate) fn first_part_ends(&self) -> bool {
        let first = self.last_layer_first.filter(|_| self.trainable != TrainablePart::LastLayer);
        first.is_none_or(|first| first.steps < self.steps)
    }

    /// Learns as davidsandberg does. Batch norms see a step's pictures together, as they do when it is selected.
    pub(crate) fn select(&mut self, selection: SelectionConfig) {
        self.mining = MiningSource::Selected(selection);
        self.chunks.gradient = self.chunks.gradient.max(selection.pictures_per_step());
    }

    /// How pictures are changed in the step after `step` others.
    pub(crate) fn augmentation_at(&self, step: u64) -> AugmentConfig {
        match self.last_layer_first {
            Some(first) if first.mirrors_at_most && step < first.steps => self.augmentation.mirrors_alone(),
            _ => self.augmentation,
        }
    }

    /// Whether a batch shows more than one person, where it is people who make batches and triplets are looked for in
    /// them.
    pub(crate) fn batches_have_negatives(&self) -> bool {
        let SamplerConfig { people_per_batch, random_negatives, fill, .. } = self.sampler;
        let made_of_people = self.needs_names() && !matches!(self.mining, MiningSource::Offline(_));
        !made_of_people || people_per_batch > 1 || random_negatives > 0 || fill != Fill::No
    }

    /// Whether people with one picture take part, as negatives.
    pub(crate) fn shows_people_with_one_picture(&self) -> bool {
        let SamplerConfig { random_negatives, fill, .. } = self.sampler;
        let of_all = matches!(self.mining, MiningSource::Offline(_));
        of_all || random_negatives > 0 || fill == Fill::Anybody
    }

    /// Whether judgements choose among networks of several steps: whoever is judged on then says nothing of the one that
    /// was chosen.
    pub(crate) fn chooses(&self) -> bool {
        self.validation.every_steps > 0
    }

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
        Self {
            every_steps: 500,
            held_out_share: 0.1,
            hold_out: HoldOut::People,
            far_target: 1e-3,
            pictures_at_most: 2000,
        }
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
