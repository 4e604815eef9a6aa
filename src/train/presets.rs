//! Configurations to start from; every setting can depart from them.
//!
//! [`Preset::Paper`] is Schroff, Kalenichenko and Philbin 2015 (arXiv:1503.03832v3), [`Preset::Davidsandberg`] the
//! defaults of `train_tripletloss.py` of davidsandberg/facenet with its schedule file. Where each value comes from stands
//! beside it. Neither says anything about holding people out, so that is as everywhere.

use serde::{Deserialize, Serialize};

use super::augment::AugmentConfig;
use super::config::{HoldOut, LastLayerFirst, MiningSource, TrainConfig, ValidationConfig};
use super::frozen::{BatchNormStatistics, TrainablePart};
use super::loss::{LossConfig, LossShape, Reduction};
use super::mining::harmonic::Combinations;
use super::mining::offline::SelectionConfig;
use super::mining::{MiningRule, Negatives, Positives};
use super::optimiser::{OptimiserConfig, Rule, WeightDecay};
use super::sampler::{Fill, SamplerConfig};
use super::schedule::{LearningRate, Schedule};
use super::step::ChunkSizes;
use super::teacher::TeacherConfig;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// The last layer of a trained network, gently
    Finetune,
    /// A whole network from random weights
    Scratch,
    /// The batches, loss, mining and optimiser of Schroff et al. 2015
    Paper,
    /// The loop of davidsandberg/facenet: 30 triplets an update, selected from 1,800 pictures
    Davidsandberg,
    /// A new network whose embeddings stay comparable with an old one's
    Harmonic,
    /// A small network that learns the vectors of an installed one; pictures need no names
    Teacher,
}

impl Preset {
    pub const ALL: [Self; 6] =
        [Self::Finetune, Self::Scratch, Self::Paper, Self::Davidsandberg, Self::Harmonic, Self::Teacher];

    pub fn config(self) -> TrainConfig {
        match self {
            Self::Finetune => finetune(),
            Self::Scratch => scratch(),
            Self::Paper => paper(),
            Self::Davidsandberg => davidsandberg(),
            Self::Harmonic => harmonic(),
            Self::Teacher => teacher(),
        }
    }

    /// The rule with the preset's own constants: davidsandberg's Adam has ε = 0.1.
    pub(crate) fn rule(self, rule: Rule) -> Rule {
        match (self, rule) {
            (Self::Davidsandberg, Rule::ADAM) => rule.with_epsilon(0.1),
            _ => rule,
        }
    }
}

fn paper() -> TrainConfig {
    TrainConfig {
        // Not stated; section 3.3 trains for "1,000 to 2,000 hours" on a cluster.
        steps: 10_000,
        steps_per_epoch: 1000,
        // Section 3.3: "a learning rate of 0.05 which we lower to finalize the model". When and how far is not stated:
        // our choice is a tenth for the last fifth of however many steps there are.
        learning_rate: LearningRate::Lowered { rate: 0.05, factor: 0.1, last_share: 0.2 },
        optimiser: OptimiserConfig {
            // Section 3.3: AdaGrad. Where its accumulator starts, and ε, are not stated: here as in TensorFlow.
            rule: Rule::ADAGRAD,
            // Neither is stated.
            weight_decay: WeightDecay::None,
            clip_norm: None,
        },
        loss: LossConfig {
            // Section 3.3: "The margin α is set to 0.2".
            margin: 0.2,
            // Section 3.1, equation 3: a sum over all triplets.
            reduction: Reduction::Sum,
            shape: LossShape::Hinge,
        },
        rule: MiningRule {
            // Section 3.2: "we use all anchor-positive pairs in a mini-batch while still selecting the hard negatives".
            positives: Positives::AllPairs,
            // Section 3.2, equation 4: semi-hard; which of them is not stated, and the closest is its "argmin".
            negatives: Negatives::SemiHardClosest,
        },
        // Section 3.2: within "large mini-batches in the order of a few thousand exemplars".
        mining: MiningSource::Online,
        sampler: SamplerConfig {
            // Section 3.2: "around 40 faces are selected per identity per mini-batch", "around 1,800 exemplars", and
            // "additionally, randomly sampled negative faces are added". How many of the 1,800 these are is not stated,
            // nor what becomes of identities with fewer faces: here 200, and more identities.
            people_per_batch: 40,
            pictures_per_person: 40,
            random_negatives: 200,
            fill: Fill::Anchors,
        },
        // Tables 1 and 2 have no batch norm; without one, chunks change nothing.
        chunks: ChunkSizes::default(),
        // Not stated.
        augmentation: AugmentConfig::NONE,
        ema_decay: None,
        // Section 3.3: "initialized from random"; all of it learns.
        trainable: TrainablePart::All,
        ..TrainConfig::default()
    }
}

/// Names and values are the command line's of `train_tripletloss.py`.
fn davidsandberg() -> TrainConfig {
    let selection = SelectionConfig::default();
    TrainConfig {
        // max_nrof_epochs 500, epoch_size 1000.
        steps: 500_000,
        steps_per_epoch: 1000,
        // data/learning_rate_retrain_tripletloss.txt. He looks the rate up at the first selection after every 1,000
        // updates and keeps it until that selection is learned from; here each update looks it up.
        learning_rate: LearningRate::Schedule(Schedule::of(&[(0, 0.1), (300, 0.01), (400, 0.001), (1000, 0.0001)])),
        // optimizer ADAGRAD with TensorFlow's accumulator, which starts at 0.1; weight_decay 0.
        optimiser: OptimiserConfig { rule: Rule::ADAGRAD, weight_decay: WeightDecay::None, clip_norm: None },
        // alpha 0.2; facenet.triplet_loss takes the mean.
        loss: LossConfig { margin: 0.2, reduction: Reduction::Mean, shape: LossShape::Hinge },
        // select_triplets: each pair once, and any negative nearer than the margin, at random. The paper's semi-hard
        // rule stands beside it, commented out.
        rule: MiningRule { positives: Positives::EachPairOnce, negatives: Negatives::AnyViolating },
        // batch_size 90: 30 triplets.
        mining: MiningSource::Selected(selection),
        // people_per_batch 45, images_per_person 40; sample_people fills to 1,800.
        sampler: SamplerConfig {
            people_per_batch: 45,
            pictures_per_person: 40,
            random_negatives: 0,
            fill: Fill::Anybody,
        },
        // An update's pictures are one batch to batch norm.
        chunks: ChunkSizes { gradient: selection.pictures_per_step(), ..ChunkSizes::default() },
        // random_crop and random_flip are off unless asked for.
        augmentation: AugmentConfig::NONE,
        // moving_average_decay 0.9999 is tracked there, but the raw weights are judged and saved.
        ema_decay: None,
        trainable: TrainablePart::All,
        batch_norm: BatchNormStatistics::Learn,
        // Both once an epoch.
        validation: ValidationConfig { every_steps: 1000, ..ValidationConfig::default() },
        checkpoint_every_steps: 1000,
        ..TrainConfig::default()
    }
}

fn scratch() -> TrainConfig {
    let mut config = TrainConfig { ema_decay: Some(0.999), ..TrainConfig::default() };
    config.sampler.pictures_per_person = 8;
    config
}

fn finetune() -> TrainConfig {
    let mut config = TrainConfig {
        steps: 500,
        learning_rate: LearningRate::Constant { rate: 0.005 },
        trainable: TrainablePart::LastLayer,
        batch_norm: BatchNormStatistics::Keep,
        ema_decay: Some(0.99),
        // Nothing else at random: what comes before the last layer is then found once for a picture and once for its
        // mirror image, and not again in every step.
        augmentation: AugmentConfig { flip: true, ..AugmentConfig::NONE },
        checkpoint_every_steps: 50,
        ..TrainConfig::default()
    };
    config.sampler.pictures_per_person = 8;
    // What it is for is to know its user's people better, so it is judged on other pictures of them. The last step's
    // network is handed on: nobody chooses it, and the judgement is no better than it should be.
    config.validation = ValidationConfig {
        every_steps: 0,
        held_out_share: 0.2,
        hold_out: HoldOut::Pictures,
        ..ValidationConfig::default()
    };
    config
}

fn harmonic() -> TrainConfig {
    TrainConfig {
        mining: MiningSource::Harmonic { combinations: Combinations::all_that_learn() },
        augmentation: AugmentConfig::GENTLE,
        // The paper's order: the embedding layer, drawn anew, and then the whole network. How long is not stated.
        steps: 2000,
        trainable: TrainablePart::All,
        last_layer_first: Some(LastLayerFirst { steps: 1000, redraw: true, mirrors_at_most: true }),
        // A layer that is drawn anew has no statistics to keep, and everything to learn: the paper's rate.
        batch_norm: BatchNormStatistics::Learn,
        learning_rate: LearningRate::Constant { rate: 0.05 },
        validation: ValidationConfig { every_steps: 50, held_out_share: 0.2, ..ValidationConfig::default() },
        ..finetune()
    }
}

/// For a network from random weights and some thousand pictures: twenty passes over 4,870 of them, so that no picture
/// is seen often enough to be learned by heart.
fn teacher() -> TrainConfig {
    TrainConfig {
        steps: 3000,
        steps_per_epoch: 100,
        // Small batches, as steps are what moves a network in so few passes; batch norm still sees 32 pictures.
        teacher: Some(TeacherConfig::default()),
        // Each weight at its own pace from the first step on, where AdaGrad's slows down for good.
        optimiser: OptimiserConfig {
            rule: Rule::ADAM,
            weight_decay: WeightDecay::Decoupled(0.05),
            clip_norm: Some(5.0),
        },
        learning_rate: LearningRate::Cosine { rate: 2e-3, warm_up_share: 0.05 },
        // Beside the teacher, where a weight asks for triplets: people with one picture take part as well.
        rule: MiningRule { positives: Positives::AllPairs, negatives: Negatives::SemiHardRandom },
        sampler: SamplerConfig {
            people_per_batch: 16,
            pictures_per_person: 3,
            random_negatives: 0,
            fill: Fill::Anybody,
        },
        // The teacher saw each picture without these.
        augmentation: AugmentConfig::GENTLE,
        ema_decay: Some(0.99),
        validation: ValidationConfig {
            every_steps: 250,
            held_out_share: 0.05,
            pictures_at_most: 1000,
            ..ValidationConfig::default()
        },
        checkpoint_every_steps: 250,
        ..TrainConfig::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the paper's sections 3.1 to 3.3.
    #[test]
    fn the_papers_preset_has_the_papers_values() {
        let config = Preset::Paper.config();
        let SamplerConfig { people_per_batch, pictures_per_person, random_negatives, .. } = config.sampler;
        assert_eq!((pictures_per_person, people_per_batch * pictures_per_person + random_negatives), (40, 1800));
        assert!(random_negatives > 0);
        assert_eq!(config.loss, LossConfig { margin: 0.2, reduction: Reduction::Sum, shape: LossShape::Hinge });
        let rule = MiningRule { positives: Positives::AllPairs, negatives: Negatives::SemiHardClosest };
        assert_eq!((config.rule, &config.mining), (rule, &MiningSource::Online));
        assert!(matches!(config.optimiser.rule, Rule::AdaGrad { .. }));
        // What the paper does not speak of is not done.
        assert_eq!((config.optimiser.weight_decay, config.optimiser.clip_norm), (WeightDecay::None, None));
        assert_eq!((config.augmentation, config.ema_decay, &config.teacher), (AugmentConfig::NONE, None, &None));
        assert_eq!((&config.trainable, config.last_layer_first), (&TrainablePart::All, None));
        assert_eq!(config.sampler.fill, Fill::Anchors, "about 1,800 exemplars whatever people have");
        for steps in [50, 2000, config.steps] {
            let config = TrainConfig { steps, ..config.clone() };
            assert_eq!([0, steps / 2].map(|step| config.rate_at(step)), [Some(0.05); 2]);
            assert!(config.rate_at(steps - 1).is_some_and(|rate| rate < 0.05), "lowered to finish after {steps}");
        }
    }

    #[test]
    fn davidsandbergs_preset_has_his_defaults_and_his_file() {
        let config = Preset::Davidsandberg.config();
        let file = "# Learning rate schedule\n# Maps an epoch number to a learning rate\n0:  0.1\n300: 0.01\n400: 0.001\n1000: 0.0001";
        assert_eq!(config.learning_rate, LearningRate::Schedule(Schedule::parse(file).unwrap()));
        assert_eq!((config.steps, config.steps_per_epoch), (500 * 1000, 1000));
        assert_eq!((config.sampler.people_per_batch, config.sampler.pictures_per_person), (45, 40));
        assert_eq!(config.mining, MiningSource::Selected(SelectionConfig { triplets_per_step: 90 / 3 }));
        assert_eq!(config.loss, LossConfig { margin: 0.2, reduction: Reduction::Mean, shape: LossShape::Hinge });
        let rule = MiningRule { positives: Positives::EachPairOnce, negatives: Negatives::AnyViolating };
        assert_eq!((config.rule, config.sampler.fill, config.sampler.random_negatives), (rule, Fill::Anybody, 0));
        let optimiser = OptimiserConfig { rule: Rule::ADAGRAD, weight_decay: WeightDecay::None, clip_norm: None };
        assert_eq!((config.optimiser, config.augmentation), (optimiser, AugmentConfig::NONE));
        assert_eq!(Rule::ADAGRAD, Rule::AdaGrad { initial_accumulator: 0.1, epsilon: 1e-10 }, "TensorFlow's");
        assert_eq!(config.chunks.gradient, 90, "an update's pictures are one batch to batch norm");
        assert_eq!(Preset::Davidsandberg.rule(Rule::ADAM), Rule::Adam { beta1: 0.9, beta2: 0.999, epsilon: 0.1 });
    }

    /// However long a run is, and however many triplets a step has.
    #[test]
    fn a_preset_of_another_length_or_step_keeps_what_it_is() {
        let mut harmonic = Preset::Harmonic.config();
        harmonic.set_steps(500);
        let first = LastLayerFirst { steps: 250, redraw: true, mirrors_at_most: true };
        assert_eq!((harmonic.last_layer_first, harmonic.first_part_ends()), (Some(first), true));
        assert_ne!(harmonic.trainable_at(499), &TrainablePart::LastLayer);
        harmonic.last_layer_first = Some(LastLayerFirst { steps: 500, ..first });
        assert!(!harmonic.first_part_ends());
        let mut davidsandberg = Preset::Davidsandberg.config();
        assert_eq!(davidsandberg.chunks.gradient, 90);
        davidsandberg.select(SelectionConfig { triplets_per_step: 60 });
        assert_eq!(davidsandberg.chunks.gradient, 180);
    }

    #[test]
    fn people_with_one_picture_take_part_in_the_presets_that_show_them() {
        let shows = Preset::ALL.map(|preset| preset.config().shows_people_with_one_picture());
        let [finetune, scratch, paper, davidsandberg, harmonic, teacher] = shows;
        assert!(paper && davidsandberg && teacher && !(finetune || scratch || harmonic));
    }
}
