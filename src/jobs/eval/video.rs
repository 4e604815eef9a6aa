//! The YouTube Faces protocol on folders of frames.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::inputs::{Faces, read_text};
use super::present::{percent, roc_figure};
use super::run_folder::RunFolder;
use crate::eval::lfw::judge_scored;
use crate::eval::video::VideoFaces;
use crate::eval::{FarRule, PairList, ScoredPair};
use crate::export::Table;
use crate::export::report::{Part, Report};
use crate::jobs::Home;

#[derive(Debug, Clone, Serialize)]
pub struct VideoConfig {
    /// CSV of `first folder, second folder, 1 or 0, fold`; folders below the embeddings' paths.
    pub list: PathBuf,
    pub frames: usize,
    pub far_target: f64,
    pub far_rule: FarRule,
}

/// The object that `--json` prints.
#[derive(Debug, Clone, Serialize)]
pub struct VideoOutcome {
    pub accuracy_mean: f64,
    pub accuracy_se: f64,
    pub accuracy_sd: f64,
    pub thresholds: Vec<f64>,
    pub val_mean: f64,
    pub val_sd: f64,
    pub far_mean: f64,
    pub auc: f64,
    pub eer: f64,
    pub pairs: usize,
    pub skipped: usize,
    pub videos: usize,
    /// Videos of the list without a single embedded frame.
    pub videos_without_faces: Vec<String>,
    pub model: String,
    pub run: PathBuf,
}

/// Judges pairs of videos by the mean distance of their first frames, and writes a run.
pub fn eval_video(
    home: &Home,
    mut faces: Faces,
    config: &VideoConfig,
    note: &mut dyn FnMut(String),
) -> Result<VideoOutcome> {
    faces.notes(note);
    let (text, input) = read_text(&config.list)?;
    faces.inputs.push(input);
    let list = PairList::parse_csv(&text).with_context(|| format!("cannot use {}", config.list.display()))?;
    let (videos, empty) = videos(&faces, &list, config.frames)?;
    let mut scored = Vec::new();
    for pair in &list.pairs {
        if let (Some(a), Some(b)) = (videos.get(pair.a.as_str()), videos.get(pair.b.as_str())) {
            scored.push(ScoredPair { distance: a.mean_distance(b)?, same: pair.same, fold: pair.fold });
        }
    }
    let skipped = list.pairs.len() - scored.len();
    if skipped > 0 {
        note(format!("Skipped {skipped} pairs, because {} videos have no embedded frame", empty.len()));
    }
    ensure!(!scored.is_empty(), "none of the list's {} pairs of videos has embedded frames", list.pairs.len());
    let judged = judge_scored(&scored, config.far_target, config.far_rule).context("the videos cannot be judged")?;
    let run = RunFolder::create(home, "video", config, &faces.inputs)?;
    let outcome = VideoOutcome {
        accuracy_mean: judged.accuracy.mean,
        accuracy_se: judged.accuracy.standard_error,
        accuracy_sd: judged.accuracy.population_sd,
        thresholds: judged.thresholds(),
        val_mean: judged.val.mean,
        val_sd: judged.val.population_sd,
        far_mean: judged.far.mean,
        auc: judged.auc,
        eer: judged.eer,
        pairs: scored.len(),
        skipped,
        videos: videos.len(),
        videos_without_faces: empty,
        model: faces.model(),
        run: run.path().to_owned(),
    };
    run.json("result.json", &outcome)?;
    let curve = [(outcome.model.clone(), &judged.pooled, Vec::new())];
    let svg = run.figure("roc", &roc_figure("ROC over pairs of videos", &curve), note)?;
    let mut report = Report::new(format!("{} on pairs of videos", outcome.model));
    report.push(Part::Text(format!(
        "{} pairs, {skipped} skipped, up to {} frames a video.",
        scored.len(),
        config.frames
    )));
    let mut table = Table::new(&["Accuracy", "Standard error", "VAL", "AUC", "Equal error rate"]);
    let (mean, se) = (percent(outcome.accuracy_mean), percent(outcome.accuracy_se));
    table.push(vec![mean, se, percent(outcome.val_mean), format!("{:.5}", outcome.auc), percent(outcome.eer)]);
    report.push(Part::Table(table));
    report.push(Part::Figure(svg));
    run.report(&report)?;
    Ok(outcome)
}

/// Each video of the list with its first frames in order of their names, and those without any.
fn videos<'a>(faces: &Faces, list: &'a PairList, limit: usize) -> Result<(BTreeMap<&'a str, VideoFaces>, Vec<String>)> {
    let images = &faces.images;
    let mut rows_of: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (row, path) in images.paths.iter().enumerate() {
        let path = path.replace('\\', "/");
        let mut folders = path.rsplit('/').skip(1);
        let names = (folders.next(), folders.next());
        if let (Some(video), person) = names {
            // A list may say "video" or "person/video".
            rows_of.entry(video.to_owned()).or_default().push(row);
            if let Some(person) = person {
                rows_of.entry(format!("{person}/{video}")).or_default().push(row);
            }
        }
    }
    let (mut videos, mut empty) = (BTreeMap::new(), Vec::new());
    for (index, name) in list.images().into_iter().enumerate() {
        let Some(rows) = rows_of.get_mut(name) else {
            empty.push(name.to_owned());
            continue;
        };
        rows.sort_by(|&a, &b| images.paths[a].cmp(&images.paths[b]));
        videos.insert(name, VideoFaces::new(&images.vectors.select(rows), limit, index)?);
    }
    Ok((videos, empty))
}
