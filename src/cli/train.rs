//! `likeness train`: triplet training on a folder of people, headless.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use super::Global;
use super::console::cancel_on_ctrl_c;
use crate::device::{VerdictCache, choose};
use crate::jobs::Home;
use crate::jobs::train::{
    FaceFinding, PairsRequest, StartFrom, TrainJobEvent, TrainRequest, TrainSummary, resume, train_folder,
};
use crate::models::Store;
use crate::nets::catalogue::NetOptions;
use crate::train::TrainConfig;
use crate::train::augment::AugmentConfig;
use crate::train::config::MiningSource;
use crate::train::events::{Control, StopReason, TrainEvent};
use crate::train::frozen::{BatchNormStatistics, TrainablePart};
use crate::train::gate::{Compared, Gate, Verdict};
use crate::train::loss::{LossShape, Reduction};
use crate::train::mining::harmonic::Combinations;
use crate::train::mining::offline::OfflineConfig;
use crate::train::mining::{Negatives, Positives};
use crate::train::optimiser::{Rule, WeightDecay};
use crate::train::presets::Preset;
use crate::train::schedule::{LearningRate, Schedule};
use crate::train::validate::ValidationReport;
use crate::types::ModelId;

/// Trains a network by triplet loss on a folder of people, one sub-folder each
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Folder with one sub-folder of pictures a person
    #[arg(required_unless_present = "resume")]
    data: Option<PathBuf>,
    /// Folder of the run
    #[arg(long, value_name = "RUN", required_unless_present = "resume")]
    out: Option<PathBuf>,
    /// Go on with a run from its last checkpoint
    #[arg(long, value_name = "RUN", conflicts_with_all = ["data", "out", "start", "net"])]
    resume: Option<PathBuf>,
    /// Network to train from random weights
    #[arg(long, value_name = "NAME", conflicts_with = "start")]
    net: Option<String>,
    /// Length of its embeddings, where not the catalogue's
    #[arg(long, value_name = "NUMBERS", requires = "net")]
    embedding_size: Option<usize>,
    /// Its dropout, where not the catalogue's
    #[arg(long, value_name = "SHARE", requires = "net")]
    dropout: Option<f64>,
    /// Whether its convolutions have batch norms, where not as in the catalogue
    #[arg(long, value_name = "BOOL", requires = "net")]
    with_batch_norm: Option<bool>,
    /// Weights to start from: an installed model, or the model file of a run
    #[arg(long, value_name = "MODEL")]
    start: Option<String>,
    /// What the other options depart from
    #[arg(long, value_enum, default_value_t = Preset::Scratch)]
    preset: Preset,
    /// Whether faces must be found in the pictures first
    #[arg(long, value_enum, default_value_t = FaceFinding::Detect)]
    faces: FaceFinding,
    /// Pairs to judge on besides, in LFW's format
    #[arg(long, value_name = "FILE", requires = "images")]
    pairs: Option<PathBuf>,
    /// Folder of the pairs' pictures
    #[arg(long, value_name = "DIR")]
    images: Option<PathBuf>,
    /// Network to measure the result against, where it is not the one it starts from: a model or a model file
    #[arg(long, value_name = "MODEL")]
    against: Option<String>,
    /// End with one JSON object on standard output
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    knobs: Knobs,
}

/// Every departure from the preset.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
struct Knobs {
    #[arg(long)]
    seed: Option<u64>,
    /// End after so many steps
    #[arg(long)]
    steps: Option<u64>,
    /// Steps that make an epoch of the learning rate
    #[arg(long, value_name = "STEPS")]
    epoch: Option<u64>,
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// Multiply the rate by this every --decay-epochs
    #[arg(long, value_name = "FACTOR", requires = "learning_rate")]
    decay: Option<f64>,
    #[arg(long, value_name = "EPOCHS", default_value_t = 100)]
    decay_epochs: u64,
    /// Learning rates by epoch, in the format of davidsandberg/facenet
    #[arg(long, value_name = "FILE", conflicts_with = "learning_rate")]
    schedule: Option<PathBuf>,
    #[arg(long, value_enum)]
    optimiser: Option<OptimiserName>,
    /// Penalty on weights, added to gradients
    #[arg(long, value_name = "FACTOR")]
    weight_decay: Option<f64>,
    /// Scale gradients down to this length
    #[arg(long, value_name = "LENGTH")]
    clip_norm: Option<f32>,
    /// α of the triplet loss
    #[arg(long)]
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
    #[arg(long)]
    people: Option<usize>,
    /// Pictures of each of them
    #[arg(long)]
    pictures: Option<usize>,
    /// Pictures of other people besides
    #[arg(long)]
    random_negatives: Option<usize>,
    /// Mine over a subset of the data every so many steps instead of within batches
    #[arg(long, value_name = "STEPS")]
    offline_every: Option<u64>,
    /// Old network of harmonic training: an installed model, or the model file of a run
    #[arg(long, value_name = "MODEL")]
    old: Option<String>,
    /// Anchor, positive, negative of harmonic triplets by version, such as 222,121,212; all that learn by default
    #[arg(long, value_name = "LIST", requires = "old")]
    combinations: Option<String>,
    /// Pictures the device embeds at once
    #[arg(long, value_name = "PICTURES")]
    inference_chunk: Option<usize>,
    /// Pictures the device learns from at once: lower it when memory runs out
    #[arg(long, value_name = "PICTURES")]
    gradient_chunk: Option<usize>,
    #[arg(long, value_enum)]
    augment: Option<AugmentName>,
    /// Decay of the moving average of weights; 0 keeps none
    #[arg(long, value_name = "DECAY")]
    average: Option<f64>,
    /// What learns: all, last, or the name of the first block that does
    #[arg(long, value_name = "PART")]
    train_part: Option<String>,
    #[arg(long, value_enum)]
    batch_norm: Option<BatchNormStatistics>,
    /// Share of people kept out of training to judge on
    #[arg(long, value_name = "SHARE")]
    held_out: Option<f32>,
    /// Judge every so many steps
    #[arg(long, value_name = "STEPS")]
    judge_every: Option<u64>,
    /// Rate of wrong matches at which VAL is measured
    #[arg(long, value_name = "RATE")]
    far: Option<f64>,
    /// Save every so many steps
    #[arg(long, value_name = "STEPS")]
    save_every: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OptimiserName {
    Adagrad,
    Adam,
    Rmsprop,
    Adadelta,
    Nesterov,
    Momentum,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AugmentName {
    None,
    Gentle,
    Strong,
}

pub fn run(home: &Home, global: &Global, args: TrainArgs) -> Result<ExitCode> {
    let (device, notes) = choose(&global.device()?, &VerdictCache::open(home.device_verdicts()))?;
    notes.iter().for_each(|note| eprintln!("{note}"));
    let models = Store::open(home.models())?;
    let control = Control::with_cancel(cancel_on_ctrl_c()?);
    let mut print = Printer::default();
    let mut events = |event: TrainJobEvent<'_>| print.show(event);
    let json = args.json;
    let summary = match &args.resume {
        Some(run) => resume(run, &models, &device, &control, &mut events)?,
        None => {
            let (request, out) = request(args)?;
            train_folder(request, &out, &models, &device, &control, &mut events)?
        }
    };
    if json {
        println!("{}", serde_json::to_string(&summary)?);
    } else {
        print_summary(&summary);
    }
    Ok(if summary.stopped == StopReason::NotANumber { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn request(args: TrainArgs) -> Result<(TrainRequest, PathBuf)> {
    let data = args.data.context("name the folder of people")?;
    let out = args.out.context("name the folder of the run with --out")?;
    let options = NetOptions {
        embedding_size: args.embedding_size,
        dropout: args.dropout,
        batch_norm: args.with_batch_norm,
        ..NetOptions::default()
    };
    let start = match (args.net, args.start) {
        (Some(net), _) => StartFrom::Scratch { net, options },
        (None, Some(model)) => model_or_file(&model),
        (None, None) => bail!("name a network with --net, or weights with --start"),
    };
    let old = args.knobs.old.as_deref().map(model_or_file);
    let pairs = args.pairs.zip(args.images).map(|(list, images)| PairsRequest { list, images });
    let config = config(args.preset, args.knobs)?;
    let against = args.against.as_deref().map(model_or_file);
    Ok((TrainRequest { data, start, faces: args.faces, pairs, against, old, config }, out))
}

fn model_or_file(name: &str) -> StartFrom {
    match Path::new(name).is_file() {
        true => StartFrom::File { path: name.into() },
        false => StartFrom::Installed { id: ModelId(name.to_owned()) },
    }
}

fn config(from: Preset, knobs: Knobs) -> Result<TrainConfig> {
    fn set<T>(field: &mut T, value: Option<T>) {
        if let Some(value) = value {
            *field = value;
        }
    }
    let mut config = from.config();
    config.learning_rate = learning_rate(&knobs, config.learning_rate)?;
    set(&mut config.seed, knobs.seed);
    set(&mut config.steps, knobs.steps);
    set(&mut config.steps_per_epoch, knobs.epoch);
    set(&mut config.optimiser.rule, knobs.optimiser.map(rule));
    set(&mut config.optimiser.weight_decay, knobs.weight_decay.map(WeightDecay::L2));
    config.optimiser.clip_norm = knobs.clip_norm.or(config.optimiser.clip_norm);
    set(&mut config.loss.margin, knobs.margin);
    set(&mut config.loss.reduction, knobs.reduction);
    set(&mut config.loss.shape, knobs.loss);
    set(&mut config.rule.positives, knobs.positives);
    set(&mut config.rule.negatives, knobs.negatives);
    set(&mut config.sampler.people_per_batch, knobs.people);
    set(&mut config.sampler.pictures_per_person, knobs.pictures);
    set(&mut config.sampler.random_negatives, knobs.random_negatives);
    set(&mut config.chunks.inference, knobs.inference_chunk);
    set(&mut config.chunks.gradient, knobs.gradient_chunk);
    set(&mut config.augmentation, knobs.augment.map(augmentation));
    set(&mut config.ema_decay, knobs.average.map(|decay| (decay > 0.0).then_some(decay)));
    set(&mut config.trainable, knobs.train_part.map(|part| trainable(&part)));
    set(&mut config.batch_norm, knobs.batch_norm);
    set(&mut config.validation.held_out_share, knobs.held_out);
    set(&mut config.validation.every_steps, knobs.judge_every);
    set(&mut config.validation.far_target, knobs.far);
    set(&mut config.checkpoint_every_steps, knobs.save_every);
    if let Some(every_steps) = knobs.offline_every {
        config.mining =
            MiningSource::Offline(OfflineConfig { every_steps: every_steps.max(1), ..OfflineConfig::default() });
    }
    if knobs.old.is_some() {
        let chosen = knobs.combinations.as_deref().map(Combinations::parse).transpose()?;
        let combinations = chosen.unwrap_or_else(Combinations::all_that_learn);
        config.mining = MiningSource::Harmonic { combinations };
    }
    Ok(config)
}

fn learning_rate(knobs: &Knobs, default: LearningRate) -> Result<LearningRate> {
    if let Some(path) = &knobs.schedule {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        return Ok(LearningRate::Schedule(Schedule::parse(&text)?));
    }
    Ok(match (knobs.learning_rate, knobs.decay) {
        (Some(rate), Some(factor)) => LearningRate::Exponential { rate, factor, every_epochs: knobs.decay_epochs },
        (Some(rate), None) => LearningRate::Constant { rate },
        (None, _) => default,
    })
}

fn rule(name: OptimiserName) -> Rule {
    match name {
        OptimiserName::Adagrad => Rule::ADAGRAD,
        OptimiserName::Adam => Rule::ADAM,
        OptimiserName::Rmsprop => Rule::RMSPROP,
        OptimiserName::Adadelta => Rule::ADADELTA,
        OptimiserName::Nesterov => Rule::NESTEROV,
        OptimiserName::Momentum => Rule::Momentum { momentum: 0.9, nesterov: false },
    }
}

fn augmentation(name: AugmentName) -> AugmentConfig {
    match name {
        AugmentName::None => AugmentConfig::NONE,
        AugmentName::Gentle => AugmentConfig::GENTLE,
        AugmentName::Strong => AugmentConfig::STRONG,
    }
}

fn trainable(part: &str) -> TrainablePart {
    match part {
        "all" => TrainablePart::All,
        "last" => TrainablePart::LastLayer,
        block => TrainablePart::From(block.to_owned()),
    }
}

/// Prints what a run says of itself, steps at most every few seconds.
#[derive(Default)]
struct Printer {
    last_step: Option<std::time::Instant>,
}

impl Printer {
    fn show(&mut self, event: TrainJobEvent<'_>) {
        match event {
            TrainJobEvent::Note(note) => eprintln!("{note}"),
            TrainJobEvent::Preparing { done, total } if done == total => eprintln!("{total} pictures prepared"),
            TrainJobEvent::Preparing { .. } => {}
            TrainJobEvent::LeftOut(left_out) => eprintln!("Left out: {}: {}", left_out.reason, left_out.path.display()),
            TrainJobEvent::Train(event) => self.train(event),
            TrainJobEvent::Comparing => eprintln!("Comparing the new network with the old one"),
            // The summary tells it.
            TrainJobEvent::Gate(_) => {}
        }
    }

    fn train(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Resumed { step } => eprintln!("Going on after step {step}"),
            TrainEvent::Step(report) => {
                if self.last_step.is_some_and(|last| last.elapsed().as_secs() < 5) {
                    return;
                }
                self.last_step = Some(std::time::Instant::now());
                eprintln!(
                    "Step {}: loss {:.4}, {} triplets of {} pairs, rate {:.2e}, {:.0} pictures/s",
                    report.step,
                    report.loss,
                    report.triplets,
                    report.pairs,
                    report.learning_rate,
                    report.pictures_per_s
                );
            }
            TrainEvent::Validated(report) => eprintln!("Step {}: {}", report.step, words(report)),
            TrainEvent::Saved { step } => eprintln!("Step {step}: saved"),
            TrainEvent::Paused { step } => eprintln!("Step {step}: paused"),
            TrainEvent::Continued { step } => eprintln!("Step {step}: going on"),
            TrainEvent::Look(_) => {}
            TrainEvent::Alarm(alarm) => eprintln!("{alarm}"),
            TrainEvent::Skipped(skipped) => eprintln!("Picture {} skipped: {}", skipped.picture, skipped.reason),
        }
    }
}

fn print_summary(summary: &TrainSummary) {
    println!(
        "{} steps in {:.0} s on {}; the device waited {:.1}% of its time for pictures",
        summary.steps,
        summary.seconds,
        summary.device,
        100.0 * summary.waited_share
    );
    if let Some(model) = &summary.model {
        println!("Model: {}", model.display());
    }
    let rows = [("Before", &summary.before), ("After", &summary.after)];
    for (when, report) in rows.into_iter().filter_map(|(when, report)| Some((when, report.as_ref()?))) {
        println!("{when}: {}", words(report));
    }
    if let Some(gate) = &summary.gate {
        print_gate(gate);
    }
    if summary.stopped == StopReason::Cancelled {
        println!("Stopped early; go on with --resume {}", summary.run.display());
    }
}

fn print_gate(gate: &Gate) {
    let verdict = match gate.verdict {
        Verdict::Better => "better than",
        Verdict::NoDifference => "no different from",
        Verdict::Worse => "worse than",
        Verdict::NotMeasured => "not measured against",
    };
    println!("The new network is {verdict} {}, as far as these people and pairs can tell", gate.old);
    let figure = |name: String, compared: &Compared| {
        println!(
            "  {name}: {:.2}% ± {:.2} before, {:.2}% ± {:.2} after; difference {:+.2}, 95% interval {:+.2} to {:+.2}",
            100.0 * compared.old.value,
            100.0 * compared.old.standard_error,
            100.0 * compared.new.value,
            100.0 * compared.new.standard_error,
            100.0 * compared.difference.value,
            100.0 * compared.low,
            100.0 * compared.high
        );
    };
    if let Some(people) = &gate.people {
        let on = format!("{} held-out people, {} pictures", people.people, people.pictures);
        figure(format!("VAL at FAR {:.2}% on {on}", 100.0 * people.far_target), &people.val);
        figure(format!("accuracy on {on}"), &people.accuracy);
    }
    if let Some(pairs) = &gate.pairs {
        figure(format!("accuracy on {} pairs", pairs.pairs), &pairs.accuracy);
        figure(format!("VAL at FAR {:.2}% on {} pairs", 100.0 * pairs.far_target, pairs.pairs), &pairs.val);
    }
}

fn words(report: &ValidationReport) -> String {
    let people = report.people.as_ref().map(|people| {
        format!(
            "held-out people: VAL {:.2}% at FAR {:.3}%, AUC {:.4}",
            100.0 * people.val,
            100.0 * people.far,
            people.auc
        )
    });
    let pairs = report.pairs.as_ref().map(|pairs| {
        format!(
            "{} pairs ({} skipped): accuracy {:.2}% ± {:.2}, VAL {:.2}%",
            pairs.pairs,
            pairs.skipped,
            100.0 * pairs.accuracy,
            100.0 * pairs.accuracy_standard_error,
            100.0 * pairs.val
        )
    });
    people.into_iter().chain(pairs).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        args: TrainArgs,
    }

    fn parse(line: &str) -> TrainArgs {
        Alone::try_parse_from(line.split_whitespace()).map(|alone| alone.args).unwrap()
    }

    #[test]
    fn knobs_depart_from_the_preset() {
        let line = "train people --net likeness-small --out run --preset paper --optimiser adam --learning-rate 0.1 \
                    --decay 0.5 --margin 0.3 --average 0 --train-part conv4 --negatives any-violating --offline-every 50";
        let (request, out) = request(parse(line)).unwrap();
        assert_eq!(out, Path::new("run"));
        assert_eq!(request.start, StartFrom::Scratch { net: "likeness-small".into(), options: NetOptions::default() });
        let config = request.config;
        assert_eq!(config.sampler, crate::train::sampler::SamplerConfig::default());
        assert_eq!(config.optimiser.rule, Rule::ADAM);
        let rate = LearningRate::Exponential { rate: 0.1, factor: 0.5, every_epochs: 100 };
        assert_eq!((config.learning_rate, config.loss.margin, config.ema_decay), (rate, 0.3, None));
        assert_eq!(config.trainable, TrainablePart::From("conv4".into()));
        assert_eq!(config.rule.negatives, Negatives::AnyViolating);
        assert!(matches!(config.mining, MiningSource::Offline(OfflineConfig { every_steps: 50, .. })));
    }

    #[test]
    fn an_old_network_makes_training_harmonic() {
        let line = "train people --start sface-2021dec --out run --old sface-2021dec --combinations 222,212";
        let (request, _) = request(parse(line)).unwrap();
        assert_eq!(request.old, Some(StartFrom::Installed { id: ModelId("sface-2021dec".into()) }));
        let combinations = Combinations::parse("222,212").unwrap();
        assert_eq!(request.config.mining, MiningSource::Harmonic { combinations });
        assert!(Alone::try_parse_from(["train", "people", "--out", "run", "--combinations", "222"]).is_err());
        assert!(Alone::try_parse_from(["train"]).is_err());
    }
}
