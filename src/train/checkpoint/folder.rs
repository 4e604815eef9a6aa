//! The folder of one run.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::Checkpoint;
use super::error::{RunFolderError, tried};
use super::state::write_flushed;
use super::tensorboard::EventWriter;
use crate::train::comparison::Comparison;
use crate::train::events::{ClosingReport, Past, StepReport, StopReason};
use crate::train::validate::ValidationReport;

/// How many checkpoints are kept beside the best.
const LAST_KEPT: usize = 3;
const UNFINISHED: &str = "unfinished";
const REMOVED: &str = "removed";
const OLD_VECTORS: &str = "old_vectors.bin";
const TEACHER_VECTORS: &str = "teacher_vectors.bin";
const FEATURES: &str = "features.bin";
/// Tells that the run has ended.
const END: &str = "end.json";
/// Is there until the network has been compared with the old one.
const UNCOMPARED: &str = "uncompared";
const COMPARISON: &str = "comparison.json";
/// As versions before this one called it.
const OLDER_COMPARISON: &str = "gate.json";

#[derive(Debug)]
pub(crate) struct RunFolder {
    root: PathBuf,
    metrics: File,
    events: EventWriter,
}

/// A line of the metrics.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum MetricLine {
    Step(StepReport),
    Validation(ValidationReport),
    Closing(ClosingReport),
}

impl RunFolder {
    /// Starts a run: `config` explains it, `data` has a line for each picture.
    pub fn create(root: &Path, config: &impl Serialize, data: &str) -> Result<Self, RunFolderError> {
        Self::is_free(root)?;
        let checkpoints = root.join("checkpoints");
        tried("creating the folder", &checkpoints, fs::create_dir_all(&checkpoints))?;
        let config = serde_json::to_string_pretty(config).map_err(|error| RunFolderError::format(error, root))?;
        write_flushed(&root.join("data.jsonl"), data.as_bytes())?;
        replace(&root.join("config.json"), config.as_bytes())?;
        Self::with_logs(root, 0)
    }

    /// Refuses a folder that holds a run.
    pub fn is_free(root: &Path) -> Result<(), RunFolderError> {
        match root.join("config.json").exists() {
            true => Err(RunFolderError::Taken(root.to_owned())),
            false => Ok(()),
        }
    }

    /// Whether a run has neither a checkpoint nor what networks made of its pictures: nothing is lost without it.
    pub fn never_began(root: &Path) -> bool {
        let is_there = |name: &&str| root.join(name).metadata().is_ok_and(|file| file.len() > 0);
        matches!(Self::newest_step(root), Ok(None)) && ![OLD_VECTORS, TEACHER_VECTORS].iter().any(is_there)
    }

    /// Opens a run at its newest checkpoint; a run that was killed before its first has none and starts anew. Metrics
    /// of steps after it are dropped: they will be made again.
    pub fn resume(root: &Path) -> Result<(Self, Option<Checkpoint>), RunFolderError> {
        let newest = steps(root)?.pop();
        remove(&root.join(END))?;
        let Some(newest) = newest else {
            replace(&root.join("metrics.jsonl"), b"")?;
            return Ok((Self::with_logs(root, 0)?, None));
        };
        let checkpoint = Checkpoint::read(&checkpoint_path(root, newest))?;
        forget_metrics_after(&root.join("metrics.jsonl"), newest)?;
        Ok((Self::with_logs(root, newest)?, Some(checkpoint)))
    }

    /// Removes what a run has written, and its folder if nothing else lies there.
    pub fn discard(root: &Path) -> Result<(), RunFolderError> {
        // Without this file the folder is no run any more, whatever happens to the rest.
        remove(&root.join("config.json"))?;
        remove(&root.join("checkpoints"))?;
        for entry in tried("reading", root, fs::read_dir(root))?.flatten() {
            if written_by_a_run(&entry.file_name().to_string_lossy()) {
                remove(&entry.path())?;
            }
        }
        // Someone else's files are there: theirs to remove.
        let _ = fs::remove_dir(root);
        Ok(())
    }

    /// The `config.json` of a run.
    pub fn config(root: &Path) -> Result<String, RunFolderError> {
        fs::read_to_string(root.join("config.json")).map_err(|_| RunFolderError::NoRun(root.to_owned()))
    }

    /// The `data.jsonl` of a run.
    pub fn data(root: &Path) -> Result<String, RunFolderError> {
        fs::read_to_string(root.join("data.jsonl")).map_err(|_| RunFolderError::NoRun(root.to_owned()))
    }

    /// Removes what networks have made of a run's pictures; a run that goes on makes it again.
    pub fn forget_vectors(root: &Path) -> Result<(), RunFolderError> {
        [OLD_VECTORS, TEACHER_VECTORS, FEATURES].iter().try_for_each(|name| remove(&root.join(name)))
    }

    /// Whether the run ended as its user wanted, after its last step or before, and nothing waits to be done.
    pub fn has_ended(root: &Path) -> bool {
        root.join(END).exists() && !root.join(UNCOMPARED).exists()
    }

    /// Keeps whether a comparison with the old network belongs to the run and has not been made.
    pub fn set_uncompared(root: &Path, waits: bool) -> Result<(), RunFolderError> {
        let path = root.join(UNCOMPARED);
        if waits { tried("writing", &path, File::create(&path).map(drop)) } else { remove(&path) }
    }

    /// Keeps that the run has ended after `step`, and how the network that it hands on was judged; going on with the run
    /// takes that back.
    pub fn keep_end(
        &self,
        reason: StopReason,
        step: u64,
        model: Option<&ValidationReport>,
    ) -> Result<(), RunFolderError> {
        let model_step = model.map_or(step, |report| report.step);
        let end = serde_json::json!({ "reason": reason, "step": step, "model_step": model_step, "model": model });
        let text = end.to_string();
        replace(&self.root.join(END), text.as_bytes())
    }

    /// The checkpoint of one step.
    pub fn checkpoint(&self, step: u64) -> Result<Checkpoint, RunFolderError> {
        Checkpoint::read(&checkpoint_path(&self.root, step))
    }

    /// Where the vectors of a network that stays as it is are kept.
    pub fn old_vectors(&self) -> PathBuf {
        self.root.join(OLD_VECTORS)
    }

    /// Where the teacher's vectors are kept.
    pub fn teacher_vectors(&self) -> PathBuf {
        self.root.join(TEACHER_VECTORS)
    }

    /// Where is kept what the part before the last layer makes of pictures, while that layer alone learns.
    pub fn features(&self) -> PathBuf {
        self.root.join(FEATURES)
    }

    /// They are large, and of no use once more than the last layer learns, or nothing any more.
    pub fn forget_features(&self) -> Result<(), RunFolderError> {
        remove(&self.features())
    }

    /// What the run has told so far.
    pub fn past(&self) -> Result<Past, RunFolderError> {
        let path = self.root.join("metrics.jsonl");
        let text = tried("reading", &path, fs::read_to_string(&path))?;
        let mut past = Past::default();
        for line in text.lines() {
            match serde_json::from_str(line).map_err(|error| RunFolderError::format(error, &path))? {
                MetricLine::Step(report) => past.steps.push(report),
                MetricLine::Validation(report) => past.judged.push(report),
                MetricLine::Closing(_) => {}
            }
        }
        Ok(past)
    }

    /// The step of a run's newest checkpoint.
    pub fn newest_step(root: &Path) -> Result<Option<u64>, RunFolderError> {
        Ok(steps(root)?.pop())
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Keeps how the network of a run compares with the old one.
    pub fn save_comparison(root: &Path, comparison: &Comparison) -> Result<(), RunFolderError> {
        let text = serde_json::to_string_pretty(comparison).map_err(|error| RunFolderError::format(error, root))?;
        replace(&root.join(COMPARISON), text.as_bytes())?;
        // A run has one comparison, its newest.
        remove(&root.join(OLDER_COMPARISON))
    }

    /// Where the finished network belongs.
    pub fn model(&self) -> PathBuf {
        self.root.join("model.safetensors")
    }

    pub fn step(&mut self, report: &StepReport) -> Result<(), RunFolderError> {
        self.line(&MetricLine::Step(report.clone()))?;
        let mut scalars = vec![
            ("train/loss".to_owned(), f64::from(report.loss)),
            ("train/active_pairs".to_owned(), report.active_share()),
            ("train/triplets".to_owned(), report.triplets as f64),
            ("train/spread".to_owned(), f64::from(report.spread)),
            ("train/gradient_norm".to_owned(), f64::from(report.gradient_norm)),
            ("train/learning_rate".to_owned(), report.learning_rate),
            ("train/pictures_per_s".to_owned(), report.pictures_per_s),
        ];
        scalars.extend(report.to_teacher.map(|distance| ("train/to_teacher".to_owned(), f64::from(distance))));
        scalars.extend(report.times.parts().map(|(part, secs)| (format!("time/{}", part.name()), secs)));
        let scalars: Vec<(&str, f64)> = scalars.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        self.scalars(report.step, &scalars)
    }

    pub fn validation(&mut self, report: &ValidationReport) -> Result<(), RunFolderError> {
        self.line(&MetricLine::Validation(report.clone()))?;
        let mut scalars = Vec::new();
        if let Some(people) = &report.people {
            scalars.extend([
                ("held_out/val", people.val),
                ("held_out/auc", people.auc),
                ("held_out/accuracy", people.accuracy),
            ]);
        }
        if let Some(pairs) = &report.pairs {
            scalars.extend([("pairs/accuracy", pairs.accuracy), ("pairs/val", pairs.val), ("pairs/auc", pairs.auc)]);
        }
        scalars.extend(report.to_teacher.map(|teacher| ("held_out/to_teacher", teacher.squared_distance)));
        self.scalars(report.step, &scalars)
    }

    pub fn closing(&mut self, report: &ClosingReport) -> Result<(), RunFolderError> {
        self.line(&MetricLine::Closing(report.clone()))
    }

    /// Writes a checkpoint whole or not at all, then removes those that are no longer kept.
    pub fn save(&self, checkpoint: &Checkpoint) -> Result<(), RunFolderError> {
        let unfinished = self.root.join("checkpoints").join(UNFINISHED);
        remove(&unfinished)?;
        tried("creating a checkpoint", &unfinished, fs::create_dir_all(&unfinished))?;
        checkpoint.write(&unfinished)?;
        // The lines up to this step must not be younger than the checkpoint that follows them.
        tried("flushing metrics", &self.root, self.metrics.sync_data())?;
        flush_folder(&unfinished)?;
        let step = checkpoint.state.position.0;
        let path = checkpoint_path(&self.root, step);
        // The same step saved twice holds the same; only a validation result may have been added.
        self.remove_checkpoint(&path)?;
        tried("putting a checkpoint in place", &path, fs::rename(&unfinished, &path))?;
        flush_folder(&self.root.join("checkpoints"))?;
        self.prune(checkpoint.state.best.as_ref().map(|best| best.step))
    }

    fn prune(&self, best: Option<u64>) -> Result<(), RunFolderError> {
        let steps = steps(&self.root)?;
        for &step in steps.iter().rev().skip(LAST_KEPT).filter(|&&step| Some(step) != best) {
            self.remove_checkpoint(&checkpoint_path(&self.root, step))?;
        }
        Ok(())
    }

    /// Renames first: a removal that is interrupted must not leave half a checkpoint under a checkpoint's name.
    fn remove_checkpoint(&self, path: &Path) -> Result<(), RunFolderError> {
        if !path.exists() {
            return Ok(());
        }
        let removed = self.root.join("checkpoints").join(REMOVED);
        remove(&removed)?;
        tried("putting a checkpoint aside", path, fs::rename(path, &removed))?;
        remove(&removed)
    }

    fn with_logs(root: &Path, first_step: u64) -> Result<Self, RunFolderError> {
        let path = root.join("metrics.jsonl");
        let metrics = tried("opening", &path, OpenOptions::new().create(true).append(true).open(&path))?;
        let events = tried("creating an event file", root, EventWriter::create(root, now_secs(), first_step))?;
        Ok(Self { root: root.to_owned(), metrics, events })
    }

    fn line(&mut self, metric: &MetricLine) -> Result<(), RunFolderError> {
        let mut line = serde_json::to_string(metric).map_err(|error| RunFolderError::format(error, &self.root))?;
        line.push('\n');
        tried("writing metrics", &self.root, self.metrics.write_all(line.as_bytes()))
    }

    fn scalars(&mut self, step: u64, scalars: &[(&str, f64)]) -> Result<(), RunFolderError> {
        tried("writing events", &self.root, self.events.scalars(now_secs(), step, scalars))
    }
}

/// A file or folder; nothing there is fine.
fn remove(path: &Path) -> Result<(), RunFolderError> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => tried("removing", path, removed),
    }
}

fn written_by_a_run(name: &str) -> bool {
    let files = ["data.jsonl", "metrics.jsonl", "model.safetensors", COMPARISON, OLDER_COMPARISON];
    // Of a run that was killed while it wrote them.
    let partial = ["metrics", "config", "comparison", "gate", "end", "model.safetensors"];
    let partial = partial.map(|stem| format!("{stem}.partial"));
    let kept = [END, UNCOMPARED, OLD_VECTORS, TEACHER_VECTORS, FEATURES];
    [&files[..], &kept].iter().any(|names| names.contains(&name))
        || partial.iter().any(|partial| partial == name)
        || name.starts_with("events.out.tfevents")
}

fn now_secs() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

fn checkpoint_path(root: &Path, step: u64) -> PathBuf {
    root.join("checkpoints").join(format!("step-{step:010}"))
}

/// The steps of all whole checkpoints, in order.
fn steps(root: &Path) -> Result<Vec<u64>, RunFolderError> {
    let folder = root.join("checkpoints");
    let entries = fs::read_dir(&folder).map_err(|_| RunFolderError::NoRun(root.to_owned()))?;
    let name = |entry: io::Result<fs::DirEntry>| entry.ok()?.file_name().into_string().ok();
    let mut steps: Vec<u64> = entries.filter_map(|entry| name(entry)?.strip_prefix("step-")?.parse().ok()).collect();
    steps.sort_unstable();
    Ok(steps)
}

/// Keeps the lines up to `step`. A line cut short by a killed run is dropped with those after it.
fn forget_metrics_after(path: &Path, step: u64) -> Result<(), RunFolderError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return tried("reading", path, Err(error)),
    };
    let keeps = |line: &&str| {
        let value: Option<serde_json::Value> = serde_json::from_str(line).ok();
        let of_run = value.filter(|value| value["kind"] != "closing");
        of_run.and_then(|value| value["step"].as_u64()).is_some_and(|of_line| of_line <= step)
    };
    let kept: String = text.lines().take_while(keeps).flat_map(|line| [line, "\n"]).collect();
    replace(path, kept.as_bytes())
}

fn replace(path: &Path, bytes: &[u8]) -> Result<(), RunFolderError> {
    let partial = path.with_extension("partial");
    write_flushed(&partial, bytes)?;
    tried("putting a file in place", path, fs::rename(&partial, path))
}

/// On Unix a rename is on the disk once its folder is; elsewhere folders cannot be flushed.
fn flush_folder(path: &Path) -> Result<(), RunFolderError> {
    let flush = || if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) };
    tried("flushing a folder", path, flush())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::weights::{NamedTensor, TensorFile};
    use crate::train::checkpoint::CheckpointState;
    use crate::train::ema::EmaState;
    use crate::train::optimiser::OptimiserState;
    use crate::train::sampler::SamplerPosition;
    use std::collections::BTreeMap;

    fn checkpoint(step: u64, best: Option<u64>) -> Checkpoint {
        let mut weights = TensorFile::default();
        weights.insert(NamedTensor::new("a.weight", vec![1, 2], vec![step as f32, 0.5]).unwrap()).unwrap();
        let values = BTreeMap::from([("a.weight/0".to_owned(), vec![1.0, 2.0])]);
        let mut state = CheckpointState::new(SamplerPosition(step), 1.5);
        state.best = best.map(|step| ValidationReport { step, ..ValidationReport::default() });
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
        RunFolder::resume(run.root()).unwrap().1.unwrap().state.position
    }

    #[test]
    fn a_checkpoint_comes_back_as_it_was() {
        let (_folder, run) = run();
        run.save(&checkpoint(4, None)).unwrap();
        let read = RunFolder::resume(run.root()).unwrap().1.unwrap();
        assert_eq!(read.weights, checkpoint(4, None).weights);
        assert_eq!(read.optimiser, checkpoint(4, None).optimiser);
        assert_eq!((read.average.unwrap().updates, read.state.position), (3, SamplerPosition(4)));
    }

    #[test]
    fn so_does_one_before_the_first_step() {
        let (_folder, run) = run();
        let fresh = Checkpoint { optimiser: OptimiserState::default(), ..checkpoint(0, None) };
        run.save(&fresh).unwrap();
        let read = RunFolder::resume(run.root()).unwrap().1.unwrap();
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
        RunFolder::resume(run.root()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"step\":1}\n{\"step\":2}\n");
    }

    #[test]
    fn a_run_is_never_written_over() {
        let (_folder, run) = run();
        assert!(matches!(RunFolder::create(run.root(), &"other", ""), Err(RunFolderError::Taken(_))));
        assert_eq!(RunFolder::config(run.root()).unwrap(), "\"config\"");
        assert!(RunFolder::resume(run.root()).unwrap().1.is_none(), "killed before its first checkpoint");
        assert!(matches!(RunFolder::resume(Path::new("/nowhere")), Err(RunFolderError::NoRun(_))));
    }

    #[test]
    fn a_discarded_run_leaves_what_is_not_its_own() {
        let (_folder, run) = run();
        run.save(&checkpoint(1, None)).unwrap();
        let root = run.root().to_owned();
        fs::write(root.join("notes.txt"), b"mine").unwrap();
        run.keep_end(StopReason::StepsDone, 1, None).unwrap();
        RunFolder::set_uncompared(&root, true).unwrap();
        let older = ["gate.json", "gate.partial"];
        let killed_within = ["model.safetensors.partial", "comparison.partial", "end.partial", "metrics.partial"];
        for name in older.iter().chain(&killed_within) {
            fs::write(root.join(name), b"half").unwrap();
        }
        drop(run);
        RunFolder::discard(&root).unwrap();
        let left: Vec<_> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["notes.txt"]);
        fs::remove_file(root.join("notes.txt")).unwrap();
        RunFolder::create(&root, &"config", "").unwrap();
        RunFolder::discard(&root).unwrap();
        assert!(!root.exists());
    }
}
