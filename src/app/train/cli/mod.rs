//! `likeness train`: triplet training on a folder of people, headless.

pub mod options;
pub mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use crate::app::engine::cli::console::{cancel_on_ctrl_c, printable};
use crate::app::engine::cli::{Global, WrongUsage, count_between, factor_up_to, output, share_below_one, usage};
use crate::app::engine::home::Home;
use crate::app::engine::networks::choose_device;
use crate::app::jobs::options::device_in_use;
use crate::app::jobs::run_event::RunEvent;
use crate::app::train::cli::options::{Augmentation, Options, config};
use crate::app::train::cli::report::{Printer, print_summary};
use crate::app::train::job::people::FaceFinding;
use crate::app::train::job::runs::{run_name, run_names};
use crate::app::train::job::{DataFrom, PairsRequest, StartFrom, TrainRequest, check_named, resume, start_training};
use crate::networks::models::Store;
use crate::networks::nets::catalogue::{MOST_NUMBERS, MOST_PIXELS, MOST_WIDTH, NetOptions};
use crate::train::events::{Control, StopReason};
use crate::train::presets::Preset;
use crate::types::{ModelId, PixelScaling};

/// Trains a network by triplet loss on a folder of people, or on the faces of the library's named people
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Go on with a run from its last checkpoint, as it was begun: no other option has a say in it
    #[arg(long, value_name = "RUN", conflicts_with_all = ["New", "Options", "Augmentation"])]
    resume: Option<PathBuf>,
    #[command(flatten)]
    new: New,
    /// End with one JSON object on standard output
    #[arg(long)]
    json: bool,
    // Side by side: clap knows no conflict with options that hold others.
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    switches: Augmentation,
}

/// What a new run learns from, and where it starts.
#[derive(Debug, Args)]
struct New {
    /// Folder with one sub-folder of pictures a person; with a teacher also a folder of pictures
    #[arg(required_unless_present_any = ["resume", "library"])]
    data: Option<PathBuf>,
    /// Learn from the faces of the library's named people instead
    #[arg(long, conflicts_with = "data")]
    library: bool,
    /// Of these only the faces confirmed one by one, without those named with their group
    #[arg(long, requires = "library")]
    only_confirmed: bool,
    /// Folder of the run, new or empty; one beside the library unless it is said
    #[arg(long, value_name = "RUN")]
    out: Option<PathBuf>,
    /// Network to train from random weights
    #[arg(long, value_name = "NAME", conflicts_with = "start")]
    net: Option<String>,
    /// Length of its embeddings, where not the catalogue's
    #[arg(long, value_name = "NUMBERS", requires = "net", value_parser = count_between::<usize, 1, { MOST_NUMBERS }>)]
    embedding_size: Option<usize>,
    /// Its dropout, where not the catalogue's
    #[arg(long, value_name = "SHARE", requires = "net", value_parser = share_below_one::<f64>)]
    dropout: Option<f64>,
    /// Whether its convolutions have batch norms, where not as in the catalogue
    #[arg(long, value_name = "BOOL", requires = "net")]
    with_batch_norm: Option<bool>,
    /// Rows and columns of its input, where not the catalogue's
    #[arg(long, value_name = "PIXELS", requires = "net", value_parser = count_between::<usize, 1, { MOST_PIXELS }>)]
    image_size: Option<usize>,
    /// Factor on its numbers of filters, where not as published
    #[arg(long, value_name = "FACTOR", requires = "net", value_parser = factor_up_to::<{ MOST_WIDTH }>)]
    width: Option<f64>,
    /// How it wants its pixels, where not as the catalogue says: per-image, fixed (127.5 and 128), fixed:MEAN,DIVISOR,
    /// raw or unit
    #[arg(long, value_name = "HOW", requires = "net")]
    standardise: Option<PixelScaling>,
    /// Weights to start from: an installed model, or the model file of a run
    #[arg(long, value_name = "MODEL")]
    start: Option<String>,
    /// What the other options depart from
    #[arg(long, value_enum, default_value_t = Preset::Scratch)]
    preset: Preset,
    /// Whether faces must be found in the pictures first
    #[arg(long, value_enum, default_value_t = FaceFinding::Detect)]
    faces: FaceFinding,
    /// What finds them: yunet or mtcnn
    #[arg(long, value_name = "NAME")]
    detector: Option<String>,
    /// Pairs to judge on besides, in LFW's format
    #[arg(long, value_name = "FILE", requires = "images")]
    pairs: Option<PathBuf>,
    /// Folder of the pairs' pictures
    #[arg(long, value_name = "DIR", requires = "pairs")]
    images: Option<PathBuf>,
    /// Network to measure the result against, where it is not the one it starts from: a model or a model file
    #[arg(long, value_name = "MODEL")]
    against: Option<String>,
}

pub fn run(home: &Home, global: &Global, args: TrainArgs) -> Result<ExitCode> {
    // Before a device is tested and pictures are looked through.
    let json = args.json;
    let asked = match args.resume {
        Some(run) => Asked::GoOn(run),
        None => {
            let (request, out) = request(&home.library(), args.new, (args.options, args.switches))?;
            check_named(&request)?;
            let out = out.map_or_else(|| own_folder(home, &request), Ok)?;
            Asked::Begin(request.into(), out)
        }
    };
    let (device, notes) = choose_device(home, &device_in_use(home, global.device()?)?)?;
    notes.iter().for_each(output::note);
    let models = Store::open(home.models())?;
    let control = Control::with_cancel(cancel_on_ctrl_c()?);
    let mut print = Printer::default();
    let mut events = |event: RunEvent| print.show(event);
    let summary = match asked {
        Asked::GoOn(run) => resume(&run, &models, &device, &control, &mut events)?,
        Asked::Begin(request, out) => start_training(*request, &out, &models, &device, &control, &mut events)?,
    };
    if json {
        output::json(&summary)?;
    } else {
        print_summary(&summary)?;
    }
    Ok(if summary.stopped == StopReason::NotANumber { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

enum Asked {
    GoOn(PathBuf),
    Begin(Box<TrainRequest>, PathBuf),
}

/// As the window names it.
fn own_folder(home: &Home, request: &TrainRequest) -> Result<PathBuf> {
    let out = home.runs().join(run_name(Some(&request.start), Some(&request.data), &run_names(&home.runs())?));
    output::note(format!("Folder of the run: {}", printable(&out)));
    Ok(out)
}

fn request(
    library: &Path,
    new: New,
    (departures, switches): (Options, Augmentation),
) -> Result<(TrainRequest, Option<PathBuf>)> {
    let data = match new.data {
        _ if new.library => DataFrom::Library { path: library.to_owned(), one_by_one: new.only_confirmed },
        path => DataFrom::Folder { path: path.context("name the folder of people")? },
    };
    let finds_faces = new.faces == FaceFinding::Detect;
    usage(
        new.detector.is_none() || finds_faces,
        "--detector has no effect with --faces cropped: leave one of them out",
    )?;
    let options = NetOptions {
        embedding_size: new.embedding_size,
        dropout: new.dropout,
        batch_norm: new.with_batch_norm,
        input: new.image_size.map(|side| [side; 2]),
        width: new.width,
    };
    let start = match (new.net, new.start) {
        (Some(net), _) => StartFrom::Scratch { net, options },
        (None, Some(model)) => model_or_file(&model),
        (None, None) => return Err(WrongUsage("name a network with --net, or weights with --start").into()),
    };
    let old = departures.old.as_deref().map(model_or_file);
    let teacher = departures.teacher.as_deref().map(model_or_file);
    let pairs = new.pairs.zip(new.images).map(|(list, images)| PairsRequest { list, images });
    let asks_of_judging = departures.ask_of_judging() || new.against.is_some();
    let config = config(new.preset, departures, &switches)?;
    let judges = config.validation.held_out_share > 0.0 || pairs.is_some();
    usage(
        judges || !asks_of_judging,
        "--judge-every, --far and --against have no effect without --pairs beside --held-out 0: there is nothing to judge \
         on",
    )?;
    let against = new.against.as_deref().map(model_or_file);
    let scaling = new.standardise;
    let detector = new.detector.map(ModelId);
    let faces = new.faces;
    Ok((TrainRequest { data, start, scaling, faces, detector, pairs, against, old, teacher, config }, new.out))
}

fn model_or_file(name: &str) -> StartFrom {
    // A folder that is called like a model hides none; what else is there is no model's name.
    match Path::new(name).metadata().is_ok_and(|there| !there.is_dir()) {
        true => StartFrom::File { path: name.into() },
        false => StartFrom::Installed { id: ModelId(name.to_owned()) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::cli::idle;
    use crate::train::augment::AugmentConfig;
    use crate::train::config::MiningSource;
    use crate::train::frozen::TrainablePart;
    use crate::train::mining::Negatives;
    use crate::train::mining::harmonic::Combinations;
    use crate::train::mining::offline::{OfflineConfig, SelectionConfig};
    use crate::train::optimiser::Rule;
    use crate::train::sampler::Fill;
    use crate::train::schedule::LearningRate;
    use crate::train::teacher::{TeacherConfig, TeacherSees};
    use clap::Parser;

    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        args: TrainArgs,
    }

    fn parse(line: &str) -> TrainArgs {
        Alone::try_parse_from(line.split_whitespace()).map(|alone| alone.args).unwrap()
    }

    fn request(library: &Path, args: TrainArgs) -> Result<(TrainRequest, Option<PathBuf>)> {
        super::request(library, args.new, (args.options, args.switches))
    }

    /// Every option of a new run has no effect on one that goes on, so each is refused.
    #[test]
    fn a_run_goes_on_as_it_was_begun() {
        let command = TrainArgs::augment_args(clap::Command::new("train"));
        idle::refuses_all_but(&command, &["--resume", "run"], &["json"]);
    }

    #[test]
    fn a_detector_that_would_not_be_asked_is_refused() {
        let line = "train people --net nn4 --out run --faces cropped --detector mtcnn";
        assert!(request(Path::new("library.sqlite"), parse(line)).unwrap_err().to_string().contains("--detector"));
        assert!(Alone::try_parse_from("train people --net nn4 --out run --images lfw".split(' ')).is_err());
    }

    #[test]
    fn what_has_no_effect_beside_another_option_is_refused() {
        let refused = |line: &str| {
            let line = format!("train people --net nn4 --out run {line}");
            let args = Alone::try_parse_from(line.split_whitespace()).map(|alone| alone.args);
            args.map_or(true, |args| request(Path::new("library.sqlite"), args).is_err())
        };
        for line in [
            "--decay-epochs 9",
            "--optimiser momentum --epsilon 0.1",
            "--preset teacher --teacher m --margin 0.3",
            "--preset teacher --teacher m --people 9",
            "--teacher m --triplet-weight 0.5 --batch 9",
            "--preset teacher --teacher m --old n",
            "--offline-every 9 --old n",
            "--offline-every 9 --people 5",
            "--learning-rate 0.1 --epoch 9",
            "--held-out 0 --judge-pictures 9",
            "--held-out 0 --judge-every 9",
            "--held-out 0 --against m",
            "--train-part last --gradient-chunk 9",
            "--people 1",
            "--pictures 1",
            "--judge-pictures 1",
            "--preset davidsandberg --people 1 --fill no",
        ] {
            assert!(refused(line), "{line}");
        }
        for line in [
            "--learning-rate 0.1 --decay 0.5 --decay-epochs 9",
            "--optimiser adam --epsilon 0.1",
            "--preset teacher --teacher m --batch 9",
            "--teacher m --triplet-weight 0.5 --people 9",
            "--learning-rate 0.1 --decay 0.5 --epoch 9",
            "--held-out 0 --pairs p --images i --judge-every 9 --against m",
            "--held-out 0.1 --judge-pictures 9",
            "--held-out 0 --judge-every 0",
            "--people 1 --random-negatives 9",
            "--preset davidsandberg --people 1",
        ] {
            assert!(!refused(line), "{line}");
        }
    }

    /// The runs that showed what chunks of a batch of ten people do to batch norms.
    #[test]
    fn batches_of_ten_people_can_be_cut_into_any_chunks() {
        for chunk in [12, 24, 60] {
            let line = format!(
                "train people --net mobilefacenet --faces cropped --steps 110 --people 10 --pictures 6 --augment none \
                 --optimiser adagrad --learning-rate 0.05 --negatives semi-hard-random --average 0 --held-out 0.3 \
                 --judge-every 55 --gradient-chunk {chunk}"
            );
            let (request, out) = request(Path::new("library.sqlite"), parse(&line)).unwrap();
            assert_eq!((request.config.chunks.gradient, request.config.steps, out), (chunk, 110, None));
        }
    }

    #[test]
    fn options_override_the_preset() {
        let line = "train people --net likeness-small --out run --preset paper --optimiser adam --learning-rate 0.1 \
                    --decay 0.5 --margin 0.3 --average 0 --train-part conv4 --negatives any-violating --offline-every 50";
        let (request, out) = request(Path::new("library.sqlite"), parse(line)).unwrap();
        assert_eq!(out, Some("run".into()));
        assert_eq!(request.start, StartFrom::Scratch { net: "likeness-small".into(), options: NetOptions::default() });
        let config = request.config;
        assert_eq!(config.sampler, Preset::Paper.config().sampler);
        assert_eq!(config.optimiser.rule, Rule::ADAM);
        let rate = LearningRate::Exponential { rate: 0.1, factor: 0.5, every_epochs: 100 };
        assert_eq!((config.learning_rate, config.loss.margin, config.ema_decay), (rate, 0.3, None));
        assert_eq!(config.trainable, TrainablePart::From("conv4".into()));
        assert_eq!(config.rule.negatives, Negatives::AnyViolating);
        assert!(matches!(config.mining, MiningSource::Offline(OfflineConfig { every_steps: 50, .. })));
    }

    #[test]
    fn davidsandbergs_preset_brings_his_constants() {
        let from = |options: &str| {
            let line = format!("train people --net nn4 --out run --preset davidsandberg {options}");
            request(Path::new("library.sqlite"), parse(&line)).unwrap().0.config
        };
        assert_eq!(from(""), Preset::Davidsandberg.config());
        assert_eq!(from("--optimiser adam").optimiser.rule, Rule::ADAM.with_epsilon(0.1));
        let smaller = from("--triplets-a-step 10 --fill no");
        assert_eq!(smaller.mining, MiningSource::Selected(SelectionConfig { triplets_per_step: 10 }));
        assert_eq!(smaller.sampler.fill, Fill::No);
        // A batch norm sees what a step learns from at once, unless somebody says otherwise.
        let chunk = |options: &str| from(options).chunks.gradient;
        assert_eq!(chunk("--triplets-a-step 60"), 180);
        assert_eq!(chunk("--triplets-a-step 60 --gradient-chunk 30"), 30);
    }

    /// The options that depart from the preset leave alone what they do not name.
    #[test]
    fn the_harmonic_preset_stays_what_it_is_when_its_length_changes() {
        let ask = |options: &str| {
            let line = format!("train people --net nn4 --old sface --out run --preset harmonic {options}");
            request(Path::new("library.sqlite"), parse(&line)).map(|asked| asked.0.config)
        };
        let first = |options: &str| ask(options).unwrap().last_layer_first.map(|first| (first.steps, first.redraw));
        assert_eq!(first("--steps 500"), Some((250, true)));
        assert_eq!(first("--last-layer-first 500"), Some((500, true)));
        assert_eq!(first("--last-layer-first 500 --redraw-last-layer=false"), Some((500, false)));
        assert!(ask("--steps 500 --last-layer-first 500").is_err(), "the whole network would never learn");
        let scratch = parse("train people --net nn4 --out run --redraw-last-layer");
        assert!(request(Path::new("library.sqlite"), scratch).is_err());
    }

    #[test]
    fn another_rate_of_the_paper_is_lowered_to_finish_too() {
        let line = "train people --net nn4 --out run --preset paper --learning-rate 0.1 --steps 50";
        let config = request(Path::new("library.sqlite"), parse(line)).unwrap().0.config;
        assert!(config.rate_at(39) == Some(0.1) && config.rate_at(40).is_some_and(|rate| rate < 0.011));
    }

    #[test]
    fn a_network_has_the_width_that_is_asked_for() {
        let line = "train people --net mobilefacenet --out run --width 0.5";
        let (request, _) = request(Path::new("library.sqlite"), parse(line)).unwrap();
        let options = NetOptions { width: Some(0.5), ..NetOptions::default() };
        assert_eq!(request.start, StartFrom::Scratch { net: "mobilefacenet".into(), options });
    }

    #[test]
    fn each_augmentation_has_its_switch() {
        let line = "train people --net nn4 --out run --augment strong --rotate 3 --jpeg 0 --flip false --blur 0.5";
        let (request, _) = request(Path::new("library.sqlite"), parse(line)).unwrap();
        let wanted = AugmentConfig {
            rotation_deg: Some(3.0),
            jpeg_quality: None,
            flip: false,
            blur_sigma_px: Some(0.5),
            ..AugmentConfig::STRONG
        };
        assert_eq!(request.config.augmentation, wanted);
    }

    #[test]
    fn the_library_is_learned_from_with_standardised_pictures() {
        let line = "train --library --net nn4 --out run --standardise per-image --last-layer-first 9 --epsilon 0.1 \
                    --optimiser adam --detector mtcnn";
        let (asked, _) = request(Path::new("library.sqlite"), parse(line)).unwrap();
        assert_eq!(asked.detector, Some(ModelId("mtcnn".into())));
        assert_eq!(asked.data, DataFrom::Library { path: "library.sqlite".into(), one_by_one: false });
        let (confirmed, _) =
            self::request(Path::new("library.sqlite"), parse("train --library --only-confirmed --net nn4 --out run"))
                .unwrap();
        assert_eq!(confirmed.data, DataFrom::Library { path: "library.sqlite".into(), one_by_one: true });
        assert_eq!(asked.scaling, Some(PixelScaling::PerImage));
        assert_eq!(asked.config.last_layer_first.map(|first| (first.steps, first.redraw)), Some((9, false)));
        assert_eq!(asked.config.optimiser.rule, Rule::ADAM.with_epsilon(0.1));
    }

    #[test]
    fn a_teacher_is_named_and_may_be_learned_from_beside_triplets() {
        let from = |line: &str| request(Path::new("library.sqlite"), parse(line)).unwrap().0;
        let preset = from("train people --net mobilefacenet --out run --preset teacher --teacher sface-2021dec");
        assert_eq!(preset.config, Preset::Teacher.config());
        assert_eq!(preset.teacher, Some(StartFrom::Installed { id: ModelId("sface-2021dec".into()) }));
        assert!(!preset.config.needs_names());
        let line = "train people --net nn4 --out run --preset teacher --teacher sface-2021dec --triplet-weight 0.5 \
                    --learning-rate 0.001";
        let beside = from(line);
        let teacher = TeacherConfig { triplet_weight: 0.5, ..TeacherConfig::default() };
        assert_eq!(beside.config.teacher, Some(teacher));
        assert!(beside.config.needs_names());
        let cosine = |rate, warm_up_share| LearningRate::Cosine { rate, warm_up_share };
        assert_eq!(beside.config.learning_rate, cosine(0.001, 0.05), "the preset's, with another height");
        let scratch = from("train people --net nn4 --out run --cosine 0.1 --teacher sface-2021dec");
        assert_eq!(scratch.config.learning_rate, cosine(0.05, 0.1));
        assert_eq!(scratch.config.teacher, Some(TeacherConfig::default()));
        let mixed = from("train people --net nn4 --out run --teacher sface-2021dec --mix 0.5").config.teacher.unwrap();
        assert_eq!((mixed.sees, mixed.mixed_share), (TeacherSees::Same, 0.5));
        assert!(Alone::try_parse_from(["train", "people", "--net", "nn4", "--out", "run", "--batch", "9"]).is_err());
    }

    #[test]
    fn an_old_network_makes_training_harmonic() {
        let line = "train people --start sface-2021dec --out run --old sface-2021dec --combinations 222,212";
        let (request, _) = request(Path::new("library.sqlite"), parse(line)).unwrap();
        assert_eq!(request.old, Some(StartFrom::Installed { id: ModelId("sface-2021dec".into()) }));
        let combinations = Combinations::parse("222,212").unwrap();
        assert_eq!(request.config.mining, MiningSource::Harmonic { combinations });
        assert!(Alone::try_parse_from(["train", "people", "--out", "run", "--combinations", "222"]).is_err());
        assert!(Alone::try_parse_from(["train"]).is_err());
    }
}
