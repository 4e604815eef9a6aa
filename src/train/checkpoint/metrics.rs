//! The lines of `metrics.jsonl`, read one by one: of a long run they are many.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{RunFolderError, have_read, tried};
use super::state::CheckpointState;
use crate::train::events::{ClosingReport, Past, StepReport};
use crate::train::validate::ValidationReport;

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum MetricLine {
    Step(StepReport),
    Validation(ValidationReport),
    Closing(ClosingReport),
}

pub(super) fn read_metrics(path: &Path) -> Result<Past, RunFolderError> {
    let mut past = Past::default();
    for line in BufReader::new(have_read(path, File::open(path))?).lines() {
        let line = have_read(path, line)?;
        match serde_json::from_str(&line).map_err(|error| RunFolderError::format(error, path))? {
            MetricLine::Step(report) => past.steps.push(report),
            MetricLine::Validation(report) => past.judged.push(report),
            MetricLine::Closing(_) => {}
        }
    }
    Ok(past)
}

/// Keeps the lines up to a checkpoint, none where there is no checkpoint. A line cut short by a killed run is dropped
/// with those after it, and so is a judgement that the checkpoint does not know: it will be made again.
pub(super) fn forget_metrics_after(path: &Path, state: Option<&CheckpointState>) -> Result<(), RunFolderError> {
    let forget = || {
        let file = match OpenOptions::new().read(true).write(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            file => file?,
        };
        let (mut reader, mut line, mut kept) = (BufReader::new(&file), Vec::new(), 0);
        while reader.read_until(b'\n', &mut line)? > 0 && state.is_some_and(|state| is_kept(&line, state)) {
            kept += line.len() as u64;
            line.clear();
        }
        file.set_len(kept)
    };
    tried("shortening metrics", path, forget())
}

fn is_kept(line: &[u8], state: &CheckpointState) -> bool {
    let Some(value) = serde_json::from_slice::<serde_json::Value>(line).ok().filter(|_| line.ends_with(b"\n")) else {
        return false;
    };
    let last = match value["kind"].as_str() {
        Some("closing") => None,
        Some("validation") => state.judged.as_ref().map(|judged| judged.step),
        _ => Some(state.position.0),
    };
    value["step"].as_u64().is_some_and(|step| Some(step) <= last)
}
