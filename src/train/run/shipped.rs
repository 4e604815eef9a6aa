//! What a run hands on is the network that was judged best, averaged as it was judged, and its file says after how many
//! steps it was that: whether the run is done, cancelled, killed and gone on with, or stopped by a full disk.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;

use super::made::{config, data, fresh, setup};
use super::{Setup, TrainError, TrainingData, train};
use crate::networks::weights::{ModelCard, TensorFile, load};
use crate::train::TrainConfig;
use crate::train::checkpoint::RunFolder;
use crate::train::config::ValidationConfig;
use crate::train::events::{Control, TrainEvent};
use crate::train::run::RunOutcome;
use crate::train::schedule::{LearningRate, Schedule};

const BEST: u64 = 20;
const STEPS: u64 = 30;

/// Twenty good steps, then ten that ruin what was learned.
fn ruined_later() -> TrainConfig {
    let learning_rate = LearningRate::Schedule(Schedule::parse("0: 0.05\n20: 50").unwrap());
    let validation = ValidationConfig { every_steps: BEST, ..config(1, 60).validation };
    let ema_decay = Some(0.5);
    TrainConfig {
        steps: STEPS,
        steps_per_epoch: 1,
        learning_rate,
        ema_decay,
        validation,
        checkpoint_every_steps: 7,
        ..config(1, 60)
    }
}

/// Begins the run or goes on with it; `at` hears of each step.
fn goes_on(
    data: &TrainingData,
    root: &Path,
    control: &Control,
    at: &mut dyn FnMut(u64),
) -> Result<RunOutcome, TrainError> {
    let config = ruined_later();
    let (folder, resume) = match root.exists() {
        true => RunFolder::open(root).unwrap().go_on().unwrap(),
        false => (RunFolder::create(root, &config, "").unwrap(), None),
    };
    let setup = Setup { folder: Some(folder), resume, ..setup(&config, data) };
    let trained = train(fresh(1), setup, control, &mut |event| {
        if let TrainEvent::Step(report) = event {
            at(report.step);
        }
    });
    trained.map(|trained| trained.outcome)
}

fn model(root: &Path) -> (TensorFile, ModelCard) {
    load(&root.join("model.safetensors")).unwrap()
}

/// How a run ends that is killed.
struct Killed;

/// As on a full disk.
fn no_checkpoint_finds_room(root: &Path) {
    fs::rename(root.join("checkpoints"), root.join("moved")).unwrap();
    fs::write(root.join("checkpoints"), b"no folder").unwrap();
}

#[test]
fn the_network_that_was_judged_best_is_shipped_and_says_so_however_a_run_ends() {
    let (data, place) = (data(), tempfile::tempdir().unwrap());
    let root = |name: &str| place.path().join(name);
    let (go_on, never) = (Control::default(), &mut |_: u64| {});
    let done = goes_on(&data, &root("done"), &go_on, never).unwrap();
    assert_eq!((done.model_step, done.judged.unwrap().step, done.steps), (BEST, BEST, STEPS));
    let (best, card) = model(&root("done"));
    assert_eq!(card.run_step, Some(BEST));
    let kept = RunFolder::open(&root("done")).unwrap().go_on().unwrap().0.checkpoint(BEST).unwrap();
    let averaged = kept.average.unwrap().averages;
    assert!(averaged.keys().any(|name| name.contains("running_var")));
    let same = |(name, values): (&String, &Vec<f32>)| best.get(name).is_some_and(|tensor| tensor.data == *values);
    assert!(averaged.iter().all(same), "weights and statistics are those of the average");
    let of_others = |other: TensorFile| other.iter().any(|tensor| best.get(&tensor.name).unwrap().data != tensor.data);
    assert!(of_others(kept.weights));
    let shipped = |name: &str| {
        let (tensors, card) = model(&root(name));
        assert_eq!((card.run_step, tensors == best), (Some(BEST), true), "{name}");
    };
    let control = Control::default();
    let stopped = goes_on(&data, &root("cancelled"), &control, &mut |step| {
        if step == BEST + 3 {
            control.cancel.cancel();
        }
    });
    assert_eq!(stopped.unwrap().model_step, BEST);
    shipped("cancelled");
    goes_on(&data, &root("cancelled"), &go_on, never).unwrap();
    shipped("cancelled");
    let killed = catch_unwind(AssertUnwindSafe(|| {
        let kill = &mut |step: u64| {
            if step == BEST + 3 {
                resume_unwind(Box::new(Killed));
            }
        };
        goes_on(&data, &root("killed"), &go_on, kill).map(drop)
    }));
    assert!(killed.unwrap_err().is::<Killed>());
    goes_on(&data, &root("killed"), &go_on, never).unwrap();
    shipped("killed");
    // At a checkpoint between two steps, and at the last of all.
    for full_at in [BEST + 7, STEPS] {
        let name = format!("full at {full_at}");
        let stopped = goes_on(&data, &root(&name), &go_on, &mut |step| {
            if step == full_at {
                no_checkpoint_finds_room(&root(&name));
            }
        });
        let told = stopped.unwrap_err().to_string();
        assert!(told.contains("was not written") && told.contains("those before are unchanged"), "{told}");
        shipped(&name);
        fs::remove_file(root(&name).join("checkpoints")).unwrap();
        fs::rename(root(&name).join("moved"), root(&name).join("checkpoints")).unwrap();
        assert_eq!(goes_on(&data, &root(&name), &go_on, never).unwrap().steps, STEPS);
        shipped(&name);
    }
}

/// Before anybody judged it, it is the network of the last step, and says that.
#[test]
fn a_network_that_was_not_judged_says_its_step_too() {
    let (data, place) = (data(), tempfile::tempdir().unwrap());
    let root = place.path().join("run");
    let config =
        TrainConfig { validation: ValidationConfig { every_steps: 0, ..ruined_later().validation }, ..ruined_later() };
    let control = Control::default();
    let folder = Some(RunFolder::create(&root, &config, "").unwrap());
    let setup = Setup { folder, ..setup(&config, &data) };
    let trained = train(fresh(1), setup, &control, &mut |event| {
        if matches!(event, TrainEvent::Step(report) if report.step == 9) {
            control.cancel.cancel();
        }
    });
    let outcome = trained.unwrap().outcome;
    assert_eq!((outcome.judged, outcome.model_step, model(&root).1.run_step), (None, 9, Some(9)));
}
