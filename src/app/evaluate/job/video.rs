//! The YouTube Faces protocol on folders of frames.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::app::engine::home::Home;
use crate::app::evaluate::job::evaluation_folder::EvaluationFolder;
use crate::app::evaluate::job::figures;
use crate::app::evaluate::job::inputs::FaceInputs;
use crate::app::evaluate::job::pairs::note_left_out;
use crate::app::evaluate::job::present::percent;
use crate::app::jobs::input_file::InputFile;
use crate::app::jobs::walk::pictures_in;
use crate::eval::embedded::parts_from_the_end;
use crate::eval::lfw::judge_scored;
use crate::eval::video::VideoFaces;
use crate::eval::{FarRule, Pair, PairList};
use crate::figures::Table;
use crate::figures::report::{HtmlReport, ReportPart};
use crate::types::counted;
use crate::types::path_text::{self, from_text, to_text};

#[derive(Debug, Clone, Serialize)]
pub(crate) struct VideoConfig {
    /// CSV of `first folder, second folder, 1 or 0, fold`; folders below the embeddings' paths.
    #[serde(serialize_with = "path_text::serialize")]
    pub list: PathBuf,
    pub frames: usize,
    pub far_target: f64,
    pub far_rule: FarRule,
}

/// The object that `--json` prints.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct VideoOutcome {
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
    #[serde(serialize_with = "path_text::serialize")]
    pub run: PathBuf,
}

/// The frames of all videos that a list names, as paths below `folder`. A video without a folder has none, and is told as
/// skipped when it is judged.
pub(crate) fn listed_frames(list: &PairList, folder: &Path) -> Result<Vec<String>> {
    let mut frames = Vec::new();
    for video in &list.images {
        let path = folder.join(from_text(video));
        if !path.is_dir() {
            continue;
        }
        for file in pictures_in(&path)? {
            frames.push(format!("{video}/{}", to_text(file.file_name().unwrap_or_default())));
        }
    }
    ensure!(!frames.is_empty(), "none of the list's videos has a folder with images in {}", folder.display());
    frames.sort_by_cached_key(|frame| in_time(frame));
    Ok(frames)
}

/// Frames by their numbers' values, whether or not zeros fill them up: 0.2.jpg comes before 0.10.jpg.
fn in_time(path: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (text, from_digits) = rest.split_at(digits);
        let end = from_digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(from_digits.len());
        parts.push((text.to_owned(), from_digits[..end].parse().unwrap_or(u64::MAX)));
        rest = &from_digits[end..];
    }
    parts
}

/// Judges pairs of videos by the mean distance of their first frames, and writes a run.
pub(crate) fn eval_video(
    home: &Home,
    mut faces: FaceInputs,
    (list, input): (&PairList, InputFile),
    config: &VideoConfig,
    note: &mut dyn FnMut(String),
) -> Result<VideoOutcome> {
    faces.notes(note);
    faces.inputs.push(input);
    let (videos, empty) = videos(&faces, list, config.frames)?;
    let mut scored = Vec::new();
    let name = |place: usize| list.images[place].as_str();
    for pair in &list.pairs {
        if let (Some(a), Some(b)) = (videos.get(name(pair.a)), videos.get(name(pair.b))) {
            scored.push(Pair { distance: a.mean_distance(b)?, ..*pair });
        }
    }
    let skipped = list.pairs.len() - scored.len();
    if skipped > 0 {
        let pairs = counted(skipped, "pair", "pairs");
        note(format!(
            "Skipped {pairs}, because {} no embedded frame",
            counted(empty.len(), "video has", "videos have")
        ));
    }
    ensure!(!scored.is_empty(), "none of the list's {} pairs of videos has embedded frames", list.pairs.len());
    let judged = judge_scored(&scored, config.far_target, config.far_rule).context("the videos cannot be judged")?;
    note_left_out(&judged.left_out, judged.folds.len() + judged.left_out.len(), note);
    let run = EvaluationFolder::create(home, "video", config, &faces.inputs)?;
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
        pairs: judged.pairs.len(),
        skipped,
        videos: videos.len(),
        videos_without_faces: empty,
        model: faces.model(),
        run: run.path().to_owned(),
    };
    run.json("result.json", &outcome)?;
    let curve = [(outcome.model.clone(), &judged.pooled, Vec::new())];
    let svg = run.figure("roc", &figures::roc("ROC over pairs of videos", &curve), note)?;
    let mut report = HtmlReport::new(format!("{} on pairs of videos", outcome.model));
    report.push(ReportPart::Text(format!(
        "{}, {skipped} skipped, up to {} a video.",
        counted(scored.len(), "pair", "pairs"),
        counted(config.frames, "frame", "frames")
    )));
    let (mean, se) = (percent(outcome.accuracy_mean), percent(outcome.accuracy_se));
    let row = vec![mean, se, percent(outcome.val_mean), format!("{:.5}", outcome.auc), percent(outcome.eer)];
    let head = ["Accuracy", "Standard error", "VAL", "AUC", "Equal error rate"];
    report.push(ReportPart::Table(Table::of(&head, [row])));
    report.push(ReportPart::Figure(svg));
    run.report(&report)?;
    Ok(outcome)
}

/// Each video of the list with its first frames in time, and those without any.
fn videos<'a>(
    faces: &FaceInputs,
    list: &'a PairList,
    limit: usize,
) -> Result<(BTreeMap<&'a str, VideoFaces>, Vec<String>)> {
    let images = &faces.images;
    let mut rows_of: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (row, path) in images.paths.iter().enumerate() {
        let mut folders = parts_from_the_end(path).skip(1);
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
    for (index, name) in list.images.iter().enumerate() {
        let Some(rows) = rows_of.get_mut(name) else {
            empty.push(name.clone());
            continue;
        };
        rows.sort_by_cached_key(|&row| in_time(&images.paths[row]));
        videos.insert(name.as_str(), VideoFaces::new(&images.vectors.select(rows), limit, index)?);
    }
    Ok((videos, empty))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_follow_in_time_and_come_from_the_lists_videos_only() {
        let place = tempfile::tempdir().unwrap();
        for file in ["Ada/0/0.10.jpg", "Ada/0/0.9.jpg", "Ada/0/notes.txt", "Ada/1/0.1.jpg", "Bo/0/0.3.png"] {
            let path = place.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        let list = PairList::parse_csv("Ada/0,Bo/0,0,0\nAda/0,Cy/0,0,1\n").unwrap();
        let frames = listed_frames(&list, place.path()).unwrap();
        assert_eq!(frames, ["Ada/0/0.9.jpg", "Ada/0/0.10.jpg", "Bo/0/0.3.png"]);
        assert!(listed_frames(&list, &place.path().join("Ada")).is_err());
    }
}
