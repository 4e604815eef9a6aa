use super::*;
use crate::networks::weights::{NamedTensor, TensorFile};
use crate::train::checkpoint::CheckpointState;
use crate::train::ema::EmaState;
use crate::train::optimiser::OptimiserState;
use crate::train::sampler::SamplerPosition;
use std::collections::{BTreeMap, BTreeSet};

fn checkpoint(step: u64, best: Option<u64>) -> Checkpoint {
    let mut weights = TensorFile::default();
    weights.insert(NamedTensor::new("a.weight", vec![1, 2], vec![step as f32, 0.5]).unwrap()).unwrap();
    let values = BTreeMap::from([("a.weight/0".to_owned(), vec![1.0, 2.0])]);
    let mut state = CheckpointState::new(SamplerPosition(step), 1.5);
    state.best = best.map(judgement);
    Checkpoint {
        state,
        weights,
        optimiser: OptimiserState { steps_taken: step, slots: values.clone() },
        average: Some(EmaState { updates: 3, averages: values }),
    }
}

fn run() -> (tempfile::TempDir, RunFolder) {
    let folder = tempfile::tempdir().unwrap();
    let run = RunFolder::create(&folder.path().join("run"), &"config", "").unwrap();
    (folder, run)
}

fn position(run: &RunFolder) -> SamplerPosition {
    newest(run).state.position
}

fn newest(run: &RunFolder) -> Checkpoint {
    run.newest().unwrap().unwrap()
}

/// As a process finds it that goes on with it.
fn gone_on(run: RunFolder) -> (RunFolder, Option<Checkpoint>) {
    let root = run.root().to_owned();
    drop(run);
    RunFolder::open(&root).unwrap().go_on().unwrap()
}

fn judgement(step: u64) -> ValidationReport {
    ValidationReport { step, ..ValidationReport::default() }
}

#[test]
fn a_checkpoint_comes_back_as_it_was() {
    let (_folder, run) = run();
    run.save(&checkpoint(4, None)).unwrap();
    let read = newest(&run);
    assert_eq!(read.weights, checkpoint(4, None).weights);
    assert_eq!(read.optimiser, checkpoint(4, None).optimiser);
    assert_eq!((read.average.unwrap().updates, read.state.position), (3, SamplerPosition(4)));
}

#[test]
fn so_does_one_before_the_first_step() {
    let (_folder, run) = run();
    let fresh = Checkpoint { optimiser: OptimiserState::default(), ..checkpoint(0, None) };
    run.save(&fresh).unwrap();
    let read = newest(&run);
    assert_eq!((read.optimiser, read.weights), (fresh.optimiser, fresh.weights));
}

#[test]
fn the_last_three_and_the_best_are_kept() {
    let (_folder, run) = run();
    for step in 1..=7 {
        run.save(&checkpoint(step, (step >= 2).then_some(2))).unwrap();
    }
    assert_eq!(steps(run.root()).unwrap(), [2, 5, 6, 7]);
}

#[test]
fn an_unfinished_checkpoint_is_ignored_and_cleared() {
    let (_folder, run) = run();
    run.save(&checkpoint(1, None)).unwrap();
    let unfinished = run.root().join("checkpoints").join(UNFINISHED);
    fs::create_dir(&unfinished).unwrap();
    fs::write(unfinished.join("weights.safetensors"), b"half").unwrap();
    assert_eq!(position(&run), SamplerPosition(1));
    run.save(&checkpoint(2, None)).unwrap();
    assert!(!unfinished.exists());
    assert_eq!(position(&run), SamplerPosition(2));
}

#[test]
fn metrics_after_the_checkpoint_are_forgotten() {
    let (_folder, run) = run();
    run.save(&checkpoint(2, None)).unwrap();
    let path = run.root().join("metrics.jsonl");
    fs::write(&path, "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n{\"st").unwrap();
    gone_on(run);
    assert_eq!(fs::read_to_string(&path).unwrap(), "{\"step\":1}\n{\"step\":2}\n");
}

/// Killed after the line of a judgement, before the checkpoint that knows of it.
#[test]
fn a_judgement_that_is_made_again_is_told_once() {
    let (_folder, mut run) = run();
    let mut saved = checkpoint(2, None);
    for _ in 0..2 {
        run.step(&StepReport { step: 2, ..StepReport::default() }).unwrap();
        run.save(&saved).unwrap();
        run.validation(&judgement(2)).unwrap();
        let past = gone_on(run);
        run = past.0;
        let past = run.past().unwrap();
        assert_eq!((past.steps.len(), past.judged.len()), (1, usize::from(saved.state.judged.is_some())));
        forget_metrics_after(&run.root().join("metrics.jsonl"), None).unwrap();
        saved.state.judged = Some(judgement(2));
    }
}

/// A judgement is added to a checkpoint that stays whole meanwhile.
#[test]
fn the_same_step_saved_twice_is_never_gone() {
    let (_folder, run) = run();
    run.save(&checkpoint(4, None)).unwrap();
    let weights = checkpoint_path(run.root(), 4).join("weights.safetensors");
    let before = weights.metadata().unwrap().modified().unwrap();
    run.save(&checkpoint(4, Some(4))).unwrap();
    assert_eq!(newest(&run).state.best, Some(judgement(4)));
    assert_eq!(newest(&run).optimiser.steps_taken, 4);
    assert_eq!(weights.metadata().unwrap().modified().unwrap(), before, "nothing but its state is written again");
}

#[test]
fn a_run_is_never_written_over() {
    let (_folder, run) = run();
    assert!(matches!(RunFolder::create(run.root(), &"other", ""), Err(RunFolderError::Taken(_))));
    assert_eq!(RunFolder::config(run.root()).unwrap(), "\"config\"");
    assert!(gone_on(run).1.is_none(), "killed before its first checkpoint");
    assert!(matches!(RunFolder::open(Path::new("/nowhere")), Err(RunFolderError::NoRun(_))));
}

#[test]
fn one_process_at_a_time_works_on_a_run() {
    let (_folder, run) = run();
    let root = run.root().to_owned();
    assert!(RunFolder::is_held(&root));
    for refused in [RunFolder::open(&root).map(drop), RunFolder::discard(&root)] {
        let error = refused.unwrap_err().to_string();
        assert!(error.contains(&format!("process {} works", std::process::id())), "{error}");
    }
    assert!(root.join("config.json").exists());
    // What is done after the last step is the run's work as well.
    let lock = run.lock();
    drop(run);
    assert!(RunFolder::is_held(&root) && RunFolder::open(&root).is_err());
    drop(lock);
    assert!(!RunFolder::is_held(&root) && RunFolder::open(&root).is_ok());
}

/// Somebody's own network or photos, in a folder that was named by mistake.
#[test]
fn what_a_run_would_write_over_or_hide_keeps_it_out() {
    let theirs = ["model.safetensors", "data.jsonl", "checkpoints/best.pt", "events.out.tfevents.1", "Anna/1.jpg"];
    for theirs in theirs.into_iter().chain(["1.jpg"]) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(theirs);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, b"mine").unwrap();
        let error = RunFolder::create(folder.path(), &"config", "").unwrap_err();
        assert!(matches!(error, RunFolderError::InTheWay { .. }), "{theirs}: {error}");
        assert_eq!(fs::read(&file).unwrap(), b"mine");
        assert!(!folder.path().join(LOCK).exists());
        assert!(matches!(RunFolder::is_free(&file), Err(RunFolderError::NotAFolder(_))));
    }
    let place = tempfile::tempdir().unwrap();
    let (file, below) = (place.path().join("notes.txt"), place.path().join("notes.txt/runs/run"));
    fs::write(&file, b"mine").unwrap();
    assert!(matches!(RunFolder::is_free(&below), Err(RunFolderError::NotAFolder(path)) if path == file));
    let empty = tempfile::tempdir().unwrap();
    for name in [".DS_Store", "Thumbs.db", "desktop.ini"] {
        fs::write(empty.path().join(name), b"a system's").unwrap();
    }
    fs::create_dir(empty.path().join("@eaDir")).unwrap();
    drop(RunFolder::create(empty.path(), &"config", "").unwrap());
}

/// Whoever begins a run has no checkpoints.
#[test]
#[cfg(target_os = "linux")]
fn a_folder_that_cannot_be_made_is_told_as_what_stands_there() {
    let place = tempfile::tempdir().unwrap();
    let link = place.path().join("run");
    std::os::unix::fs::symlink(place.path().join("gone"), &link).unwrap();
    for root in [link.clone(), link.join("below")] {
        let error = RunFolder::create(&root, &"config", "").unwrap_err().to_string();
        assert!(error.contains("a link to what is not there") && error.contains("run"), "{error}");
    }
    // Its system makes no folders there, whoever asks.
    let told = RunFolder::create(Path::new("/proc/run"), &"config", "").unwrap_err().to_string();
    assert!(told.contains("cannot be begun") && !told.contains("checkpoint"), "{told}");
}

/// As on a full disk: those before stay, and which is missing is told.
#[test]
fn a_checkpoint_that_finds_no_room_is_told_by_its_step() {
    let (_folder, run) = run();
    run.save(&checkpoint(4, None)).unwrap();
    fs::rename(run.root().join(CHECKPOINTS), run.root().join("moved")).unwrap();
    fs::write(run.root().join(CHECKPOINTS), b"no folder").unwrap();
    let told = run.save(&checkpoint(5, None)).unwrap_err().to_string();
    assert!(told.contains("step 5 was not written") && told.contains("those before are unchanged"), "{told}");
}

/// Killed before its `config.json` was there, which is written last.
#[test]
fn a_run_that_was_killed_while_it_was_made_can_be_made_again() {
    let (_folder, run) = run();
    run.save(&checkpoint(7, None)).unwrap();
    let root = run.root().to_owned();
    drop(run);
    fs::remove_file(root.join("config.json")).unwrap();
    fs::write(root.join("1.jpg"), b"put there since").unwrap();
    assert!(matches!(RunFolder::is_free(&root), Err(RunFolderError::InTheWay { name, .. }) if name == "1.jpg"));
    fs::remove_file(root.join("1.jpg")).unwrap();
    let run = RunFolder::create(&root, &"config", "").unwrap();
    assert_eq!(steps(run.root()).unwrap(), [] as [u64; 0], "nothing of the other is gone on with");
}

#[test]
fn a_discarded_run_leaves_what_is_not_its_own() {
    let (_folder, run) = run();
    run.save(&checkpoint(1, None)).unwrap();
    let root = run.root().to_owned();
    for theirs in ["notes.txt", "checkpoints/best.pt", "checkpoints/step-one"] {
        fs::write(root.join(theirs), b"mine").unwrap();
    }
    run.keep_end(StopReason::StepsDone, 1, 1, None).unwrap();
    RunFolder::set_uncompared(&root, true).unwrap();
    let older = ["gate.json", "gate.partial"];
    let killed_within = ["model.safetensors.partial", "comparison.partial", "end.partial", "metrics.partial"];
    for name in older.iter().chain(&killed_within) {
        fs::write(root.join(name), b"half").unwrap();
    }
    drop(run);
    RunFolder::discard(&root).unwrap();
    let left = |folder: &Path| names(folder).unwrap().into_iter().collect::<BTreeSet<_>>();
    assert_eq!(left(&root), BTreeSet::from(["checkpoints", "notes.txt"].map(str::to_owned)));
    assert_eq!(left(&root.join(CHECKPOINTS)), BTreeSet::from(["best.pt", "step-one"].map(str::to_owned)));
    fs::remove_file(root.join("notes.txt")).unwrap();
    fs::remove_dir_all(root.join(CHECKPOINTS)).unwrap();
    drop(RunFolder::create(&root, &"config", "").unwrap());
    RunFolder::discard(&root).unwrap();
    assert!(!root.exists());
}
