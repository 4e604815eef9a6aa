//! The parts of a checkpoint, written and read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{RunFolderError, have_read, tried};
use crate::networks::weights::{NamedTensor, TensorFile, read_safetensors, write_safetensors};
use crate::train::ema::EmaState;
use crate::train::mining::offline::TripletPlan;
use crate::train::optimiser::OptimiserState;
use crate::train::sampler::SamplerPosition;
use crate::train::validate::ValidationReport;

/// Everything a run needs to go on as if it had not stopped.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Checkpoint {
    pub state: CheckpointState,
    pub weights: TensorFile,
    pub optimiser: OptimiserState,
    pub average: Option<EmaState>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct CheckpointState {
    /// The next batch, which is also the number of steps done.
    pub position: SamplerPosition,
    pub elapsed_secs: f64,
    /// The best judgement so far; its step has a checkpoint.
    pub best: Option<ValidationReport>,
    /// The judgement before the first step, and the newest.
    pub first_judged: Option<ValidationReport>,
    pub judged: Option<ValidationReport>,
    /// Triplets mined offline, with weights that are no more.
    pub plan: Option<TripletPlan>,
    /// Pictures that could not be read, so that each is reported once a run.
    pub skipped: BTreeSet<usize>,
    optimiser_steps: u64,
    average_updates: Option<u64>,
}

impl CheckpointState {
    pub fn new(position: SamplerPosition, elapsed_secs: f64) -> Self {
        Self { position, elapsed_secs, ..Self::default() }
    }
}

impl Checkpoint {
    /// Whether its network still is one: a rate that is too high leaves numbers that are none.
    pub(crate) fn is_finite(&self) -> bool {
        let finite = |values: &Vec<f32>| values.iter().all(|value| value.is_finite());
        let average = self.average.iter().flat_map(|average| average.averages.values());
        self.weights.iter().map(|tensor| &tensor.data).chain(average).all(finite)
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), RunFolderError> {
        write_tensors(&self.weights, &folder.join("weights.safetensors"))?;
        // An optimiser that has not stepped yet remembers nothing, and the format has no files of nothing.
        if !self.optimiser.slots.is_empty() {
            write_tensors(&rows(&self.optimiser.slots)?, &folder.join("optimiser.safetensors"))?;
        }
        if let Some(average) = &self.average {
            write_tensors(&rows(&average.averages)?, &folder.join("average.safetensors"))?;
        }
        self.replace_state(folder)
    }

    /// Writes all but the tensors, in a folder that may be in use.
    pub(super) fn replace_state(&self, folder: &Path) -> Result<(), RunFolderError> {
        let mut state = self.state.clone();
        state.optimiser_steps = self.optimiser.steps_taken;
        state.average_updates = self.average.as_ref().map(|average| average.updates);
        let text = serde_json::to_string(&state).map_err(|error| RunFolderError::format(error, folder))?;
        replace(&folder.join("state.json"), text.as_bytes())
    }

    pub(super) fn read(folder: &Path) -> Result<Self, RunFolderError> {
        let path = folder.join("state.json");
        let text = have_read(&path, fs::read(&path))?;
        let state: CheckpointState =
            serde_json::from_slice(&text).map_err(|error| RunFolderError::format(error, &path))?;
        let optimiser = OptimiserState {
            steps_taken: state.optimiser_steps,
            slots: match state.optimiser_steps {
                0 => BTreeMap::new(),
                _ => by_name(read_tensors(&folder.join("optimiser.safetensors"))?),
            },
        };
        let averages = |updates| {
            Ok::<_, RunFolderError>(EmaState {
                updates,
                averages: by_name(read_tensors(&folder.join("average.safetensors"))?),
            })
        };
        let average = state.average_updates.map(averages).transpose()?;
        Ok(Self { state, weights: read_tensors(&folder.join("weights.safetensors"))?, optimiser, average })
    }
}

pub(super) fn write_flushed(path: &Path, bytes: &[u8]) -> Result<(), RunFolderError> {
    let write = || {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    tried("writing", path, write())
}

/// Writes a file whole or not at all.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), RunFolderError> {
    let partial = path.with_extension("partial");
    write_flushed(&partial, bytes)?;
    tried("putting a file in place", path, fs::rename(&partial, path))
}

fn rows(values: &BTreeMap<String, Vec<f32>>) -> Result<TensorFile, RunFolderError> {
    let mut file = TensorFile::default();
    for (name, values) in values {
        file.insert(NamedTensor::new(name.clone(), vec![values.len()], values.clone())?)?;
    }
    Ok(file)
}

fn by_name(file: TensorFile) -> BTreeMap<String, Vec<f32>> {
    file.iter().map(|tensor| (tensor.name.clone(), tensor.data.clone())).collect()
}

fn write_tensors(tensors: &TensorFile, path: &Path) -> Result<(), RunFolderError> {
    Ok(write_safetensors(tensors, HashMap::new(), path)?)
}

fn read_tensors(path: &Path) -> Result<TensorFile, RunFolderError> {
    Ok(read_safetensors(&have_read(path, fs::read(path))?)?)
}
