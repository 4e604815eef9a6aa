//! A trained network becomes a model of the store, so that the library can embed with it.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::app::jobs::import::{self, ImportRequest};
use crate::app::train::job::start::crop_of;
use crate::app::train::job::{RunRecord, TrainSummary};
use crate::networks::models::Store;
use crate::train::comparison::TrainedDistances;
use crate::types::{CropRule, ModelId};

impl TrainSummary {
    /// Whether the network that is handed on is another than the one that the run began with.
    pub(crate) fn gained(&self) -> bool {
        self.after.as_ref().is_none_or(|after| after.step > 0)
    }

    /// Measured on people who did not choose the network, where there are any.
    pub(crate) fn thresholds(&self) -> Option<TrainedDistances> {
        let compared = self.comparison.as_ref().and_then(|comparison| comparison.people.as_ref()?.thresholds);
        let judged = || Some(TrainedDistances::of(self.after.as_ref()?.people.as_ref()?));
        compared.or_else(judged)
    }
}

/// Installs the network of a run under the run's name; another run's model of that name is left alone.
pub(crate) fn adopt(summary: &TrainSummary, models: &Store) -> Result<ModelId> {
    ensure!(summary.gained(), "the run gained nothing: its network is the one that it began with");
    let path = summary.model.clone().context("the run kept no network")?;
    let run = &summary.run;
    let record = RunRecord::read(run)?;
    let thresholds = summary.thresholds();
    let title = run.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let request = ImportRequest {
        path,
        id: Some(free_id(run, models)),
        title: Some(title),
        crop: crop_for_photos(&record, models)?,
        licence: Some("Trained on this computer".to_owned()),
        same_person: thresholds.map(|thresholds| thresholds.same_person as f32),
        grouping: thresholds.map(|thresholds| thresholds.grouping as f32),
        ..ImportRequest::default()
    };
    Ok(import::import(models, &request, &mut |_| {})?.id)
}

/// A run on ready crops never cut a face out of a photo: then the rule of what it started from holds.
fn crop_for_photos(record: &RunRecord, models: &Store) -> Result<Option<CropRule>> {
    if record.network.input.crop != CropRule::AsStored {
        return Ok(None);
    }
    Ok(Some(crop_of(&record.request.start, &record.request, models)?))
}

/// Letters, digits, dots and dashes of the run's name, with a number where a model is called so already.
fn free_id(run: &Path, models: &Store) -> String {
    let name = run.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    let trimmed = plain.trim_matches(['-', '.']);
    let base = if trimmed.is_empty() { "trained" } else { trimmed };
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    let free = |id: &String| models.entry(&ModelId(id.clone())).is_err();
    std::iter::once(base.to_owned()).chain(numbered).find(free).unwrap_or_else(|| base.to_owned())
}
