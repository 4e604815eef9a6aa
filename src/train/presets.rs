//! Configurations to start from; every setting can depart from them.

use serde::{Deserialize, Serialize};

use super::augment::AugmentConfig;
use super::config::{LastLayerFirst, MiningSource, TrainConfig};
use super::frozen::{BatchNormStatistics, TrainablePart};
use super::mining::harmonic::Combinations;
use super::schedule::LearningRate;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// The last layer of a trained network, gently
    Finetune,
    /// A whole network from random weights
    Scratch,
    /// The batches, mining and optimiser of Schroff et al. 2015
    Paper,
    /// A new network whose embeddings stay comparable with an old one's
    Harmonic,
}

impl Preset {
    pub const ALL: [Self; 4] = [Self::Finetune, Self::Scratch, Self::Paper, Self::Harmonic];

    pub fn config(self) -> TrainConfig {
        let mut config = TrainConfig::default();
        match self {
            Self::Paper => config.augmentation = AugmentConfig::NONE,
            Self::Scratch => {
                config.sampler.pictures_per_person = 8;
                config.ema_decay = Some(0.999);
            }
            Self::Finetune | Self::Harmonic => {
                config.steps = 500;
                config.learning_rate = LearningRate::Constant { rate: 0.005 };
                config.trainable = TrainablePart::LastLayer;
                config.batch_norm = BatchNormStatistics::Keep;
                config.sampler.pictures_per_person = 8;
                config.ema_decay = Some(0.99);
                // Nothing else at random: what comes before the last layer is then found once for a picture and once
                // for its mirror image, and not again in every step.
                config.augmentation = AugmentConfig { flip: true, ..AugmentConfig::NONE };
                config.validation.every_steps = 50;
                config.validation.held_out_share = 0.2;
                config.checkpoint_every_steps = 50;
            }
        }
        if self == Self::Harmonic {
            config.mining = MiningSource::Harmonic { combinations: Combinations::all_that_learn() };
            config.augmentation = AugmentConfig::GENTLE;
            // The paper's order: the embedding layer, drawn anew, and then the whole network. How long is not stated.
            config.steps = 2000;
            config.trainable = TrainablePart::All;
            config.last_layer_first = Some(LastLayerFirst { steps: config.steps / 2, redraw: true });
            // A layer that is drawn anew has no statistics to keep, and everything to learn: the paper's rate.
            config.batch_norm = BatchNormStatistics::Learn;
            config.learning_rate = LearningRate::Constant { rate: 0.05 };
        }
        config
    }
}
