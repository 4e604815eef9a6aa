//! Every option of `likeness train`, and how they make a configuration.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::app::engine::cli::{
    WrongUsage, any_number, at_least_one, at_least_two, between, count_between, named, not_negative, positive, rate,
    seed, share, share_below_one, usage,
};
use crate::app::train::job::choices::read_schedule;
use crate::train::TrainConfig;
use crate::train::augment::AugmentConfig;
use crate::train::config::{HoldOut, MiningSource};
use crate::train::frozen::{BatchNormStatistics, TrainablePart};
use crate::train::loss::{LossShape, Reduction};
use crate::train::mining::harmonic::Combinations;
use crate::train::mining::offline::{OfflineConfig, SelectionConfig};
use crate::train::mining::{Negatives, Positives};
use crate::train::optimiser::{Rule, WeightDecay};
use crate::train::presets::Preset;
use crate::train::sampler::Fill;
use crate::train::schedule::LearningRate;
use crate::train::teacher::TeacherSees;

/// Every departure from the preset.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
pub(crate) struct Options {
    #[arg(long, value_parser = seed)]
    seed: Option<u64>,
    /// End after so many steps
    #[arg(long, value_parser = at_least_one::<u64>)]
    steps: Option<u64>,
    /// Steps that make an epoch of the learning rate
    #[arg(long, value_name = "STEPS", value_parser = at_least_one::<u64>)]
    epoch: Option<u64>,
    /// Of a rate that follows a cosine, the highest; of one that is lowered to finish, the first
    #[arg(long, value_name = "RATE", value_parser = positive::<f64>)]
    learning_rate: Option<f64>,
    /// Multiply the rate by this every --decay-epochs
    #[arg(long, value_name = "FACTOR", requires = "learning_rate", value_parser = positive::<f64>)]
    decay: Option<f64>,
    /// If not every 100
    #[arg(long, value_name = "EPOCHS", requires = "decay", value_parser = at_least_one::<u64>)]
    decay_epochs: Option<u64>,
    /// Raise the rate over this share of the steps, then lower it to nothing along a cosine
    #[arg(long, value_name = "SHARE", conflicts_with_all = ["decay", "schedule"], value_parser = share::<f64>)]
    cosine: Option<f64>,
    /// Learning rates by epoch, in the format of davidsandberg/facenet
    #[arg(long, value_name = "FILE", conflicts_with = "learning_rate")]
    schedule: Option<PathBuf>,
    #[arg(long, value_parser = named(&Rule::NAMED))]
    optimiser: Option<Rule>,
    /// ε of the optimiser, where it has one; davidsandberg/facenet's Adam has 0.1
    #[arg(long, value_name = "NUMBER", value_parser = positive::<f64>)]
    epsilon: Option<f64>,
    /// Penalty on weights, added to gradients
    #[arg(long, value_name = "FACTOR", value_parser = not_negative::<f64>)]
    weight_decay: Option<f64>,
    /// Shrink weights by rate times this instead, beside the optimiser's step
    #[arg(long, value_name = "FACTOR", conflicts_with = "weight_decay", value_parser = not_negative::<f64>)]
    decoupled_decay: Option<f64>,
    /// Scale gradients down to this length
    #[arg(long, value_name = "LENGTH", value_parser = positive::<f32>)]
    clip_norm: Option<f32>,
    /// α of the triplet loss
    #[arg(long, value_parser = not_negative::<f32>)]
    margin: Option<f32>,
    #[arg(long, value_enum)]
    reduction: Option<Reduction>,
    #[arg(long, value_enum)]
    loss: Option<LossShape>,
    #[arg(long, value_enum)]
    positives: Option<Positives>,
    #[arg(long, value_enum)]
    negatives: Option<Negatives>,
    /// People a batch
    #[arg(long, value_parser = at_least_one::<usize>)]
    people: Option<usize>,
    /// Pictures of each of them: two at least, to make a pair
    #[arg(long, value_parser = at_least_two::<usize>)]
    pictures: Option<usize>,
    /// Pictures of other people besides
    #[arg(long, value_parser = any_number::<usize>)]
    random_negatives: Option<usize>,
    /// What a batch does where people have fewer pictures
    #[arg(long, value_enum)]
    fill: Option<Fill>,
    /// Select among the pictures of a batch, and learn from so many of its triplets a step, as davidsandberg/facenet
    #[arg(long, value_name = "TRIPLETS", conflicts_with_all = ["offline_every", "old"], value_parser = at_least_one::<usize>)]
    triplets_a_step: Option<usize>,
    /// Mine over a subset of the data every so many steps instead of within batches
    #[arg(long, value_name = "STEPS", conflicts_with = "old", value_parser = at_least_one::<u64>)]
    offline_every: Option<u64>,
    /// Pictures of that subset
    #[arg(long, value_name = "PICTURES", requires = "offline_every", value_parser = at_least_one::<usize>)]
    offline_pictures: Option<usize>,
    /// Triplets a step from it
    #[arg(long, value_name = "TRIPLETS", requires = "offline_every", value_parser = at_least_one::<usize>)]
    offline_triplets: Option<usize>,
    /// Old network of harmonic training: an installed model, or the model file of a run
    #[arg(long, value_name = "MODEL")]
    pub old: Option<String>,
    /// Anchor, positive, negative of harmonic triplets by version, such as 222,121,212; all that learn by default
    #[arg(long, value_name = "LIST", requires = "old")]
    combinations: Option<String>,
    /// Network whose vectors are to be learned: an installed model, or the model file of a run
    #[arg(long, value_name = "MODEL")]
    pub teacher: Option<String>,
    /// What triplets weigh beside the distance to the teacher's vectors; with 0 nobody need be told apart
    #[arg(long, value_name = "WEIGHT", requires = "teacher", value_parser = not_negative::<f32>)]
    triplet_weight: Option<f32>,
    /// What the teacher sees of a picture
    #[arg(long, value_enum, requires = "teacher")]
    teacher_sees: Option<TeacherSees>,
    /// Mix this share of pictures with another of their batch; the teacher sees the mixture
    #[arg(long, value_name = "SHARE", requires = "teacher", conflicts_with = "triplet_weight", value_parser = share::<f32>)]
    mix: Option<f32>,
    /// Pictures a batch where a teacher is learned from without triplets
    #[arg(long, value_name = "PICTURES", requires = "teacher", value_parser = at_least_one::<usize>)]
    batch: Option<usize>,
    /// Pictures the device embeds at once
    #[arg(long, value_name = "PICTURES", value_parser = at_least_one::<usize>)]
    inference_chunk: Option<usize>,
    /// Pictures the device learns from at once: lower it when memory runs out
    #[arg(long, value_name = "PICTURES", value_parser = at_least_one::<usize>)]
    gradient_chunk: Option<usize>,
    /// Decay of the moving average of weights; 0 keeps none
    #[arg(long, value_name = "DECAY", value_parser = share_below_one::<f64>)]
    average: Option<f64>,
    /// What learns: all, last, or the name of the first block that does
    #[arg(long, value_name = "PART")]
    train_part: Option<String>,
    /// Let nothing but the last layer learn in so many steps before
    #[arg(long, value_name = "STEPS", value_parser = at_least_one::<u64>)]
    last_layer_first: Option<u64>,
    /// Draw that layer's weights anew before
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    redraw_last_layer: Option<bool>,
    #[arg(long, value_enum)]
    batch_norm: Option<BatchNormStatistics>,
    /// Share of people, or of each person's pictures, kept out of training to judge on
    #[arg(long, value_name = "SHARE", value_parser = share_below_one::<f32>)]
    held_out: Option<f32>,
    /// What is kept out: people, or pictures of each person who has six or more
    #[arg(long, value_enum)]
    hold_out: Option<HoldOut>,
    /// Judge every so many steps; 0 judges at the end only, and hands on the last step's network
    #[arg(long, value_name = "STEPS", value_parser = any_number::<u64>)]
    judge_every: Option<u64>,
    /// Rate of wrong matches at which VAL is measured
    #[arg(long, value_name = "RATE", value_parser = rate::<f64>)]
    far: Option<f64>,
    /// Judge on at most so many pictures of people kept out
    #[arg(long, value_name = "PICTURES", value_parser = at_least_two::<usize>)]
    judge_pictures: Option<usize>,
    /// Save every so many steps
    #[arg(long, value_name = "STEPS", value_parser = any_number::<u64>)]
    save_every: Option<u64>,
}

impl Options {
    /// What has an effect on triplets and the batches that they are made of, and on nothing else.
    fn ask_of_triplets(&self) -> bool {
        [
            self.margin.is_some(),
            self.reduction.is_some(),
            self.loss.is_some(),
            self.positives.is_some(),
            self.negatives.is_some(),
            self.people.is_some(),
            self.pictures.is_some(),
            self.random_negatives.is_some(),
            self.fill.is_some(),
            self.offline_every.is_some(),
            self.triplets_a_step.is_some(),
            self.old.is_some(),
        ]
        .contains(&true)
    }

    /// What has an effect on batches of people's pictures, and on nothing else.
    fn ask_of_people(&self) -> bool {
        self.people.is_some() || self.pictures.is_some() || self.random_negatives.is_some() || self.fill.is_some()
    }

    /// What has an effect on judging while the network learns, and on nothing else. No judging is what there is anyway.
    pub fn ask_of_judging(&self) -> bool {
        self.judge_every.is_some_and(|every| every > 0) || self.far.is_some()
    }
}

/// What is done to pictures; 0 switches one off.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
pub(crate) struct Augmentation {
    /// What the switches below depart from
    #[arg(long, value_parser = named(&AugmentConfig::NAMED))]
    augment: Option<AugmentConfig>,
    /// Turn by up to this either way
    #[arg(long, value_name = "DEGREES", value_parser = between::<f32, 0, 180>)]
    rotate: Option<f32>,
    /// Cut out windows whose sides are at least this share
    #[arg(long, value_name = "SHARE", value_parser = share::<f32>)]
    crop: Option<f32>,
    /// Mirror every second picture
    #[arg(long, value_name = "BOOL")]
    flip: Option<bool>,
    /// Add up to so many grey levels either way
    #[arg(long, value_name = "LEVELS", value_parser = between::<f32, 0, 255>)]
    brightness: Option<f32>,
    /// Stretch by 1 ± up to this
    #[arg(long, value_name = "SHARE", value_parser = share::<f32>)]
    contrast: Option<f32>,
    /// Blur every fourth by up to this
    #[arg(long, value_name = "PIXELS", value_parser = between::<f32, 0, 100>)]
    blur: Option<f32>,
    /// Cover up to this share of each side of every fourth
    #[arg(long, value_name = "SHARE", value_parser = share::<f32>)]
    occlude: Option<f32>,
    /// Compress every second with a quality from this up
    #[arg(long, value_name = "QUALITY", value_parser = count_between::<u8, 0, 100>)]
    jpeg: Option<u8>,
}

const DECAY_EPOCHS: u64 = 100;

pub(crate) fn config(from: Preset, options: Options, switches: &Augmentation) -> Result<TrainConfig> {
    fn set<T>(field: &mut T, value: Option<T>) {
        if let Some(value) = value {
            *field = value;
        }
    }
    let (asks_of_triplets, asks_of_batches) = (options.ask_of_triplets(), options.batch.is_some());
    let (asks_of_people, asks_of_epochs) = (options.ask_of_people(), options.epoch.is_some());
    let asks_of_held_out = options.judge_pictures.is_some();
    let asks_of_chunks = options.gradient_chunk.is_some();
    let mut config = from.config();
    config.learning_rate = learning_rate(&options, config.learning_rate)?;
    set(&mut config.seed, options.seed);
    if let Some(steps) = options.steps {
        config.set_steps(steps);
    }
    set(&mut config.steps_per_epoch, options.epoch);
    set(&mut config.optimiser.rule, options.optimiser.map(|rule| from.rule(rule)));
    if let Some(epsilon) = options.epsilon {
        usage(config.optimiser.rule.has_epsilon(), "--epsilon has no effect on this optimiser, which has none")?;
        config.optimiser.rule = config.optimiser.rule.with_epsilon(epsilon);
    }
    set(&mut config.optimiser.weight_decay, options.weight_decay.map(WeightDecay::L2));
    set(&mut config.optimiser.weight_decay, options.decoupled_decay.map(WeightDecay::Decoupled));
    config.optimiser.clip_norm = options.clip_norm.or(config.optimiser.clip_norm);
    set(&mut config.loss.margin, options.margin);
    set(&mut config.loss.reduction, options.reduction);
    set(&mut config.loss.shape, options.loss);
    set(&mut config.rule.positives, options.positives);
    set(&mut config.rule.negatives, options.negatives);
    set(&mut config.sampler.people_per_batch, options.people);
    set(&mut config.sampler.pictures_per_person, options.pictures);
    set(&mut config.sampler.random_negatives, options.random_negatives);
    set(&mut config.sampler.fill, options.fill);
    set(&mut config.chunks.inference, options.inference_chunk);
    config.augmentation = augmentation(switches, config.augmentation);
    set(&mut config.ema_decay, options.average.map(|decay| (decay > 0.0).then_some(decay)));
    set(&mut config.trainable, options.train_part.map(|part| trainable(&part)));
    if let Some(steps) = options.last_layer_first {
        config.last_layer_first.get_or_insert_default().steps = steps;
    }
    if let Some(redraw) = options.redraw_last_layer {
        let first = config.last_layer_first.as_mut();
        first.ok_or(WrongUsage("--redraw-last-layer has no effect without --last-layer-first"))?.redraw = redraw;
    }
    usage(config.first_part_ends(), "--last-layer-first leaves no step in which more than the last layer learns")?;
    set(&mut config.batch_norm, options.batch_norm);
    set(&mut config.validation.held_out_share, options.held_out);
    set(&mut config.validation.hold_out, options.hold_out);
    set(&mut config.validation.every_steps, options.judge_every);
    set(&mut config.validation.far_target, options.far);
    set(&mut config.validation.pictures_at_most, options.judge_pictures);
    set(&mut config.checkpoint_every_steps, options.save_every);
    if let Some(every_steps) = options.offline_every {
        let mut offline = OfflineConfig { every_steps: every_steps.max(1), ..OfflineConfig::default() };
        set(&mut offline.subset_pictures, options.offline_pictures);
        set(&mut offline.triplets_per_step, options.offline_triplets);
        config.mining = MiningSource::Offline(offline);
    }
    if let Some(triplets_per_step) = options.triplets_a_step {
        config.select(SelectionConfig { triplets_per_step });
    }
    set(&mut config.chunks.gradient, options.gradient_chunk);
    if options.old.is_some() {
        let chosen = options.combinations.as_deref().map(Combinations::parse).transpose()?;
        let combinations = chosen.unwrap_or_else(Combinations::all_that_learn);
        config.mining = MiningSource::Harmonic { combinations };
    }
    if options.teacher.is_some() {
        let teacher = config.teacher.get_or_insert_default();
        set(&mut teacher.triplet_weight, options.triplet_weight);
        set(&mut teacher.pictures_per_batch, options.batch);
        set(&mut teacher.mixed_share, options.mix);
        set(&mut teacher.sees, options.mix.filter(|share| *share > 0.0).map(|_| TeacherSees::Same));
        set(&mut teacher.sees, options.teacher_sees);
    }
    usage(config.needs_names() || !asks_of_triplets, IDLE_WITHOUT_TRIPLETS)?;
    usage(
        !config.needs_names() || !asks_of_batches,
        "--batch has no effect where triplets are learned from: see --people",
    )?;
    usage(
        !asks_of_people || !matches!(config.mining, MiningSource::Offline(_)),
        "--people, --pictures, --random-negatives and --fill have no effect beside --offline-every: what was mined makes \
         the batches",
    )?;
    usage(
        config.batches_have_negatives(),
        "--people 1 leaves nobody in a batch to be told apart from: take more, or add others with --random-negatives",
    )?;
    usage(
        !asks_of_epochs || config.learning_rate.counts_epochs(),
        "--epoch has no effect on a learning rate that counts none: see --decay and --schedule",
    )?;
    usage(
        !asks_of_held_out || config.validation.held_out_share > 0.0,
        "--judge-pictures has no effect beside --held-out 0: nobody is kept out",
    )?;
    let only_last = config.trainable == TrainablePart::LastLayer;
    usage(
        !asks_of_chunks || !only_last,
        "--gradient-chunk has no effect where the last layer alone learns: see --inference-chunk",
    )?;
    Ok(config)
}

const IDLE_WITHOUT_TRIPLETS: &str = "a teacher is learned from without triplets: --margin, --reduction, --loss, \
    --positives, --negatives, --people, --pictures, --random-negatives, --fill, --offline-every, --triplets-a-step and \
    --old have no effect beside --triplet-weight 0";

fn learning_rate(options: &Options, default: LearningRate) -> Result<LearningRate> {
    if let Some(path) = &options.schedule {
        return Ok(LearningRate::Schedule(read_schedule(path)?));
    }
    let of_preset = match default {
        LearningRate::Cosine { warm_up_share, .. } => Some(warm_up_share),
        _ => None,
    };
    if let (None, Some(warm_up_share)) = (options.decay, options.cosine.or(of_preset)) {
        let rate = options.learning_rate.or(default.main_rate()).unwrap_or(0.05);
        return Ok(LearningRate::Cosine { rate, warm_up_share });
    }
    Ok(match (options.learning_rate, options.decay) {
        (Some(rate), Some(factor)) => {
            LearningRate::Exponential { rate, factor, every_epochs: options.decay_epochs.unwrap_or(DECAY_EPOCHS) }
        }
        (Some(rate), None) => match default {
            LearningRate::Lowered { factor, last_share, .. } => LearningRate::Lowered { rate, factor, last_share },
            _ => LearningRate::Constant { rate },
        },
        (None, _) => default,
    })
}

fn augmentation(switches: &Augmentation, default: AugmentConfig) -> AugmentConfig {
    fn switch<T: PartialEq + Default>(field: &mut Option<T>, value: Option<T>) {
        if let Some(value) = value {
            *field = (value != T::default()).then_some(value);
        }
    }
    let mut config = switches.augment.unwrap_or(default);
    switch(&mut config.rotation_deg, switches.rotate);
    switch(&mut config.crop_share, switches.crop);
    config.flip = switches.flip.unwrap_or(config.flip);
    switch(&mut config.brightness, switches.brightness);
    switch(&mut config.contrast, switches.contrast);
    switch(&mut config.blur_sigma_px, switches.blur);
    switch(&mut config.occlusion_share, switches.occlude);
    switch(&mut config.jpeg_quality, switches.jpeg);
    config
}

fn trainable(part: &str) -> TrainablePart {
    match part {
        "all" => TrainablePart::All,
        "last" => TrainablePart::LastLayer,
        block => TrainablePart::From(block.to_owned()),
    }
}
