//! The folder of one run.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use super::Checkpoint;
use super::error::{RunFolderError, have_read, tried};
use super::metrics::{MetricLine, forget_metrics_after, read_metrics};
use super::state::{replace, write_flushed};
use super::tensorboard::EventWriter;
use crate::train::comparison::Comparison;
use crate::train::events::{ClosingReport, Past, StepReport, StopReason};
use crate::train::validate::ValidationReport;
use crate::types::file_lock::{FileLock, Holder};
use crate::types::is_system_name;

/// How many checkpoints are kept beside the best.
const LAST_KEPT: usize = 3;
const CHECKPOINTS: &str = "checkpoints";
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
/// Held by whoever works on the run.
const LOCK: &str = "run.lock";

/// A run that nobody else can go on with as long as this lives.
#[derive(Debug)]
pub(crate) struct RunFolder {
    root: PathBuf,
    lock: Arc<FileLock>,
    metrics: File,
    events: EventWriter,
}

/// A run that was left, held and as it was.
#[derive(Debug)]
pub(crate) struct LeftRun {
    root: PathBuf,
    lock: Arc<FileLock>,
    checkpoint: Option<Checkpoint>,
}

impl LeftRun {
    /// The newest; a run that was killed before its first has none and starts anew.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.checkpoint.as_ref()
    }

    /// Takes back that the run has ended, and what it told after its checkpoint: that will be made again.
    pub fn go_on(self) -> Result<(RunFolder, Option<Checkpoint>), RunFolderError> {
        let Self { root, lock, checkpoint } = self;
        remove(&root.join(END))?;
        let state = checkpoint.as_ref().map(|checkpoint| &checkpoint.state);
        forget_metrics_after(&root.join("metrics.jsonl"), state)?;
        let step = state.map_or(0, |state| state.position.0);
        Ok((RunFolder::with_logs(&root, lock, step)?, checkpoint))
    }
}

impl RunFolder {
    /// Starts a run: `config` explains it, `data` has a line for each picture.
    pub fn create(root: &Path, config: &impl Serialize, data: &str) -> Result<Self, RunFolderError> {
        Self::is_free(root)?;
        Self::created(root, config, data).map_err(RunFolderError::before_the_run)
    }

    fn created(root: &Path, config: &impl Serialize, data: &str) -> Result<Self, RunFolderError> {
        tried("creating the folder", root, fs::create_dir_all(root))?;
        let lock = hold(root)?;
        if has_config(root) {
            return Err(RunFolderError::Taken(root.to_owned()));
        }
        clear(root)?;
        let checkpoints = root.join(CHECKPOINTS);
        tried("creating the folder", &checkpoints, fs::create_dir_all(&checkpoints))?;
        let config = serde_json::to_string_pretty(config).map_err(|error| RunFolderError::format(error, root))?;
        write_flushed(&root.join("data.jsonl"), data.as_bytes())?;
        replace(&root.join("config.json"), config.as_bytes())?;
        Self::with_logs(root, lock, 0)
    }

    /// Refuses a folder that holds a run, or anything else: a run would write over it, or keep it from scans and
    /// training, which pass over the folders of runs. What is hidden or a system's is nobody's photo.
    pub fn is_free(root: &Path) -> Result<(), RunFolderError> {
        if has_config(root) {
            return Err(RunFolderError::Taken(root.to_owned()));
        }
        // Whoever asks for a folder below a file is refused as well, before anything is prepared for the run.
        for place in root.ancestors() {
            match fs::symlink_metadata(place) {
                Ok(_) if place.is_dir() => break,
                Ok(there) if there.is_symlink() && !place.exists() => {
                    return Err(RunFolderError::LinkToNothing(place.to_owned()));
                }
                Ok(_) => return Err(RunFolderError::NotAFolder(place.to_owned())),
                Err(_) => {}
            }
        }
        // A run that was killed while it was made or discarded has left these.
        let was_run = root.join(LOCK).exists();
        let is_own = |name: &str| was_run && ([LOCK, CHECKPOINTS].contains(&name) || written_by_a_run(name));
        match names(root)?.into_iter().find(|name| !is_system_name(name.as_ref()) && !is_own(name)) {
            Some(name) => Err(RunFolderError::InTheWay { name, path: root.to_owned() }),
            None => Ok(()),
        }
    }

    /// Whether somebody works on a run.
    pub fn is_held(root: &Path) -> bool {
        FileLock::is_held(&root.join(LOCK))
    }

    /// Whether a run has neither a checkpoint nor what networks made of its pictures: nothing is lost without it.
    pub fn never_began(root: &Path) -> bool {
        let is_there = |name: &&str| root.join(name).metadata().is_ok_and(|file| file.len() > 0);
        matches!(Self::newest_step(root), Ok(None)) && ![OLD_VECTORS, TEACHER_VECTORS].iter().any(is_there)
    }

    /// Holds a run that was left, and changes nothing yet.
    pub fn open(root: &Path) -> Result<LeftRun, RunFolderError> {
        if !has_config(root) {
            return Err(RunFolderError::NoRun(root.to_owned()));
        }
        Ok(LeftRun { lock: hold(root)?, checkpoint: newest_checkpoint(root)?, root: root.to_owned() })
    }

    /// Removes what a run has written, and its folder if nothing else lies there.
    pub fn discard(root: &Path) -> Result<(), RunFolderError> {
        let lock = hold(root)?;
        clear(root)?;
        drop(lock);
        remove(&root.join(LOCK))?;
        // Someone else's files are there: theirs to remove.
        let _ = fs::remove_dir(root);
        Ok(())
    }

    /// For whoever works in the folder after the run has let go of it.
    pub fn lock(&self) -> Arc<FileLock> {
        self.lock.clone()
    }

    /// The `config.json` of a run.
    pub fn config(root: &Path) -> Result<String, RunFolderError> {
        fs::read_to_string(root.join("config.json")).map_err(|_| RunFolderError::NoRun(root.to_owned()))
    }

    /// The `data.jsonl` of a run.
    pub fn data(root: &Path) -> Result<String, RunFolderError> {
        fs::read_to_string(root.join("data.jsonl")).map_err(|_| RunFolderError::NoRun(root.to_owned()))
    }

    /// Holds a run, so that nobody works on it meanwhile.
    pub fn hold(root: &Path) -> Result<Arc<FileLock>, RunFolderError> {
        hold(root)
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

    /// Keeps that the run has ended after `step`, which step's network it hands on, and how that was judged; going on
    /// with the run takes that back.
    pub fn keep_end(
        &self,
        reason: StopReason,
        step: u64,
        model_step: u64,
        model: Option<&ValidationReport>,
    ) -> Result<(), RunFolderError> {
        let end = serde_json::json!({ "reason": reason, "step": step, "model_step": model_step, "model": model });
        let text = end.to_string();
        replace(&self.root.join(END), text.as_bytes())
    }

    /// The newest checkpoint.
    pub fn newest(&self) -> Result<Option<Checkpoint>, RunFolderError> {
        newest_checkpoint(&self.root)
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
        read_metrics(&self.root.join("metrics.jsonl"))
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
        let step = checkpoint.state.position.0;
        self.saved(checkpoint).map_err(|error| RunFolderError::NotSaved { step, source: Box::new(error) })
    }

    fn saved(&self, checkpoint: &Checkpoint) -> Result<(), RunFolderError> {
        // The lines up to this step must not be younger than the checkpoint that follows them.
        tried("flushing metrics", &self.root, self.metrics.sync_data())?;
        let path = checkpoint_path(&self.root, checkpoint.state.position.0);
        match path.exists() {
            // The same step has the same weights; only a judgement may have been added.
            true => checkpoint.replace_state(&path)?,
            false => self.save_as(checkpoint, &path)?,
        }
        self.prune(checkpoint.state.best.as_ref().map(|best| best.step))
    }

    fn save_as(&self, checkpoint: &Checkpoint, path: &Path) -> Result<(), RunFolderError> {
        let unfinished = self.root.join(CHECKPOINTS).join(UNFINISHED);
        remove(&unfinished)?;
        tried("creating a checkpoint", &unfinished, fs::create_dir_all(&unfinished))?;
        let written = checkpoint.write(&unfinished).and_then(|()| flush_folder(&unfinished));
        // Of one that found no room nothing is left, so that the network alone may find some.
        written.inspect_err(|_| drop(fs::remove_dir_all(&unfinished)))?;
        tried("putting a checkpoint in place", path, fs::rename(&unfinished, path))?;
        flush_folder(&self.root.join(CHECKPOINTS))
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
        let removed = self.root.join(CHECKPOINTS).join(REMOVED);
        remove(&removed)?;
        tried("putting a checkpoint aside", path, fs::rename(path, &removed))?;
        remove(&removed)
    }

    fn with_logs(root: &Path, lock: Arc<FileLock>, first_step: u64) -> Result<Self, RunFolderError> {
        let path = root.join("metrics.jsonl");
        let metrics = tried("opening", &path, OpenOptions::new().create(true).append(true).open(&path))?;
        let events = tried("creating an event file", root, EventWriter::create(root, now_secs(), first_step))?;
        Ok(Self { root: root.to_owned(), lock, metrics, events })
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

fn has_config(root: &Path) -> bool {
    root.join("config.json").exists()
}

fn hold(root: &Path) -> Result<Arc<FileLock>, RunFolderError> {
    let lock = tried("locking the run", root, FileLock::take(&root.join(LOCK)))?;
    let in_use = |holder: Holder| RunFolderError::InUse { process: holder.to_string(), path: root.to_owned() };
    lock.map(Arc::new).map_err(in_use)
}

/// Removes all that a run writes but its lock.
fn clear(root: &Path) -> Result<(), RunFolderError> {
    // Without this file the folder is no run any more, whatever happens to the rest.
    remove(&root.join("config.json"))?;
    let checkpoints = root.join(CHECKPOINTS);
    let is_checkpoint = |name: &str| step_of(name).is_some() || [UNFINISHED, REMOVED].contains(&name);
    names(&checkpoints)?
        .iter()
        .filter(|name| is_checkpoint(name))
        .try_for_each(|name| remove(&checkpoints.join(name)))?;
    // What is not a run's stays, and its folder.
    let _ = fs::remove_dir(&checkpoints);
    names(root)?.iter().filter(|name| written_by_a_run(name)).try_for_each(|name| remove(&root.join(name)))
}

/// What lies in a folder; nothing where there is no folder.
fn names(folder: &Path) -> Result<Vec<String>, RunFolderError> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => {
            let entries = have_read(folder, entries)?;
            Ok(entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
        }
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

/// All but its lock and `config.json`.
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
    root.join(CHECKPOINTS).join(format!("step-{step:010}"))
}

/// Of a whole checkpoint's name.
fn step_of(name: &str) -> Option<u64> {
    name.strip_prefix("step-")?.parse().ok()
}

/// The steps of all whole checkpoints, in order.
fn steps(root: &Path) -> Result<Vec<u64>, RunFolderError> {
    let mut steps: Vec<u64> = names(&root.join(CHECKPOINTS))?.iter().filter_map(|name| step_of(name)).collect();
    steps.sort_unstable();
    Ok(steps)
}

fn newest_checkpoint(root: &Path) -> Result<Option<Checkpoint>, RunFolderError> {
    steps(root)?.last().map(|&step| Checkpoint::read(&checkpoint_path(root, step))).transpose()
}

/// On Unix a rename is on the disk once its folder is; elsewhere folders cannot be flushed.
fn flush_folder(path: &Path) -> Result<(), RunFolderError> {
    let flush = || if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) };
    tried("flushing a folder", path, flush())
}

#[cfg(test)]
mod tests;
