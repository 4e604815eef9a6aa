//! A run that was stopped, killed or lost its disk goes on as if nothing had been.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::train::run::frozen_part::AT_ONCE;

fn check_resume(config: &TrainConfig) {
    check_resume_on(config, data());
}

fn check_resume_on(config: &TrainConfig, data: TrainingData) {
    let temporary = tempfile::tempdir().unwrap();
    let root = temporary.path().join("run");
    let uninterrupted = temporary.path().join("whole");
    let whole = run(config, &data, Some(&uninterrupted), false, u64::MAX);
    assert_eq!(whole.losses.len() as u64, config.steps);
    let first = run(config, &data, Some(&root), false, 5);
    assert_eq!((first.trained.outcome.reason, first.trained.outcome.steps), (StopReason::Cancelled, 5));
    let second = run(config, &data, Some(&root), true, u64::MAX);
    assert_eq!(second.trained.outcome.reason, StopReason::StepsDone);
    assert_eq!([first.losses, second.losses].concat(), whole.losses);
    assert_eq!(weights(&second.trained.net), weights(&whole.trained.net));
    let last = |root: &Path| RunFolder::open(root).unwrap().go_on().unwrap().1.unwrap();
    let val = |judged: &Option<ValidationReport>| judged.as_ref().map(|judged| (judged.step, figure(judged)));
    assert_eq!(val(&second.trained.outcome.judged), val(&whole.trained.outcome.judged));
    let lines = std::fs::read_to_string(root.join("metrics.jsonl")).unwrap();
    let steps = lines.lines().filter(|line| line.contains("\"kind\":\"step\"")).count();
    assert_eq!(steps as u64, config.steps);
    let past = second.events.iter().find_map(|event| match event {
        TrainEvent::Resumed { step: 5, past } => Some(past),
        _ => None,
    });
    let past = past.unwrap();
    assert_eq!(past.steps.iter().map(|report| report.step).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(past.judged.iter().map(|report| report.step).collect::<Vec<_>>(), [0, 4]);
    assert!(RunFolder::has_ended(&root));
    let (one, other) = (last(&root), last(&uninterrupted));
    assert_eq!((one.weights, one.average, one.optimiser), (other.weights, other.average, other.optimiser));
    assert!(crate::networks::weights::load(&root.join("model.safetensors")).is_ok());
}

#[test]
fn a_resumed_run_has_the_losses_of_an_uninterrupted_one() {
    check_resume(&config(11));
}

#[test]
fn so_has_one_with_offline_mining() {
    let offline = OfflineConfig { every_steps: 4, subset_pictures: 30, triplets_per_step: 9 };
    check_resume(&TrainConfig { mining: MiningSource::Offline(offline), ..config(11) });
}

/// A selection lasts one to eight steps here, so the run is stopped within one or between two.
#[test]
fn so_has_one_that_selects_as_davidsandberg_does() {
    for triplets_per_step in [4, 5, 60] {
        let mining = MiningSource::Selected(SelectionConfig { triplets_per_step });
        let sampler = SamplerConfig { fill: Fill::Anybody, ..config(11).sampler };
        check_resume(&TrainConfig { mining, sampler, ..config(11) });
    }
}

#[test]
fn so_has_one_whose_last_layer_learns_first() {
    let last_layer_first = Some(LastLayerFirst { steps: 7, redraw: true, mirrors_at_most: false });
    let config = TrainConfig { last_layer_first, ..config(11) };
    check_resume(&config);
    // With nobody to judge on, the network of the last step is handed on.
    let data = TrainingData { held_out: Dataset::default(), ..data() };
    let conv = |steps| {
        let net = run(&TrainConfig { steps, ..config.clone() }, &data, None, false, u64::MAX).trained.net;
        net.conv1.weight.val().try_into_vec_as::<f32>().unwrap()
    };
    let first: Vec<f32> = TinyNet::new(5, &Device::flex()).conv1.weight.val().try_into_vec_as().unwrap();
    assert_eq!(conv(7), first);
    assert_ne!(conv(8), first);
}

#[test]
fn so_has_one_that_learns_from_a_teacher_with_triplets_and_without() {
    let learning_rate = LearningRate::Cosine { rate: 0.01, warm_up_share: 0.2 };
    for triplet_weight in [0.0, 0.5] {
        let teacher = Some(TeacherConfig { triplet_weight, pictures_per_batch: 9, ..TeacherConfig::default() });
        let config = TrainConfig { teacher, learning_rate: learning_rate.clone(), ..config(11) };
        check_resume_on(&config, taught(data()));
    }
}

#[test]
fn so_has_one_that_keeps_features() {
    check_resume(&TrainConfig { trainable: TrainablePart::LastLayer, augmentation: MIRRORED, ..config(11) });
}

/// Stopped while the frozen part is passed, then between two steps, then in the part after it.
#[test]
fn the_frozen_part_is_passed_once_however_often_a_run_is_stopped() {
    let last_layer_first = Some(LastLayerFirst { steps: 7, redraw: true, mirrors_at_most: false });
    let config = TrainConfig { last_layer_first, augmentation: MIRRORED, ..config(11) };
    let data = data();
    let temporary = tempfile::tempdir().unwrap();
    let (root, uninterrupted) = (temporary.path().join("run"), temporary.path().join("whole"));
    let whole = run(&config, &data, Some(&uninterrupted), false, u64::MAX);
    let told = frozen_part(&whole);
    let total = told[0].1;
    let wanted: Vec<_> = (0..total).step_by(AT_ONCE).chain([total]).map(|done| (done, total)).collect();
    assert!(total > AT_ONCE && told == wanted, "{told:?}");
    assert!(!uninterrupted.join("features.bin").exists(), "of no use any more");
    let control = Control::default();
    let folder = Some(RunFolder::create(&root, &config, "").unwrap());
    let setup = Setup { config: &config, data: &data, card: card(), folder, resume: None, decode_threads: 1 };
    let stopped = train(TinyNet::new(5, &Device::flex().autodiff()), setup, &control, &mut |event| {
        if matches!(event, TrainEvent::Embedding { why: EmbeddingWhy::FrozenPart, done: AT_ONCE, .. }) {
            control.cancel.cancel();
        }
    });
    let outcome = stopped.unwrap().outcome;
    assert_eq!((outcome.reason, outcome.steps), (StopReason::Cancelled, 0));
    let parts: Vec<Watched> = [3, 8, u64::MAX].map(|step| run(&config, &data, Some(&root), true, step)).into();
    // Of the pictures passed before one could not be read, and is not asked for again.
    let went_on = frozen_part(&parts[0]);
    assert!(went_on[0].0 == AT_ONCE - 1 && went_on.len() == wanted.len() - 1, "from where it was stopped: {went_on:?}");
    assert_eq!((frozen_part(&parts[1]), frozen_part(&parts[2])), (vec![], vec![]));
    let losses: Vec<(u64, f32)> = parts.iter().flat_map(|part| part.losses.clone()).collect();
    assert_eq!(losses, whole.losses);
    assert_eq!(weights(&parts[2].trained.net), weights(&whole.trained.net));
}

#[test]
fn a_run_killed_between_checkpoints_repeats_the_steps_since() {
    let (config, data) = (config(9), data());
    let temporary = tempfile::tempdir().unwrap();
    let root = temporary.path().join("run");
    run(&config, &data, Some(&root), false, 8);
    // As after a kill: the checkpoint that the cancelled run wrote at its end is not there.
    std::fs::remove_dir_all(root.join("checkpoints/step-0000000008")).unwrap();
    let resumed = run(&config, &data, Some(&root), true, u64::MAX);
    let whole = run(&config, &data, None, false, u64::MAX);
    assert_eq!(resumed.losses, whole.losses[6..]);
}

/// Patterns on a disk that can be taken away.
#[derive(Default)]
struct OnDisk(AtomicBool);

impl PictureSource for OnDisk {
    fn crop(&self, picture: usize) -> Result<RgbImage, String> {
        if self.0.load(Ordering::Relaxed) { Err("the disk is away".to_owned()) } else { Patterns.crop(picture) }
    }
}

#[test]
fn a_disk_that_is_taken_away_stops_the_run_which_goes_on_when_it_is_back() {
    let (config, disk) = (config(12), Arc::new(OnDisk::default()));
    let data = TrainingData { source: disk.clone(), ..data() };
    let temporary = tempfile::tempdir().unwrap();
    let root = temporary.path().join("run");
    let folder = Some(RunFolder::create(&root, &config, "").unwrap());
    let setup = Setup { config: &config, data: &data, card: card(), folder, resume: None, decode_threads: 1 };
    let (mut done, mut best) = (0, None::<ValidationReport>);
    let stopped = train(TinyNet::new(5, &Device::flex().autodiff()), setup, &Control::default(), &mut |event| {
        if let TrainEvent::Step(report) = &event {
            done = report.step;
            disk.0.store(done >= 5, Ordering::Relaxed);
        }
        if let TrainEvent::Validated(report) = event
            && best.as_ref().is_none_or(|best| report.beats(best))
        {
            best = Some(report);
        }
    });
    let error = stopped.unwrap_err();
    let told = error.to_string();
    assert!(matches!(error, TrainError::NothingReadable { step, .. } if step == done + 1), "{told}, {done} done");
    assert!(done < 8 && told.contains("the disk is away") && told.contains("--resume"), "{told}");
    // What was learned so far is kept: the best network, and the last step.
    let of_best = root.join(format!("checkpoints/step-{:010}", best.unwrap().step));
    let average = std::fs::read(of_best.join("average.safetensors")).unwrap();
    assert!(!average.is_empty() && crate::networks::weights::load(&root.join("model.safetensors")).is_ok());
    assert_eq!(RunFolder::newest_step(&root).unwrap(), Some(done));
    assert!(!RunFolder::has_ended(&root));
    disk.0.store(false, Ordering::Relaxed);
    let resumed = run(&config, &data, Some(&root), true, u64::MAX);
    assert_eq!((resumed.trained.outcome.reason, resumed.trained.outcome.steps), (StopReason::StepsDone, 12));
    assert_eq!(resumed.losses.len() as u64, 12 - done);
}
