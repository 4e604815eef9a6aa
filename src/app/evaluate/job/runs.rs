//! Runs in their folders: what is kept of each beside its report, and how it is read back, so that a window can show
//! yesterday's beside today's.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::engine::home::Home;
use crate::app::evaluate::job::evaluation_folder::EvaluationFolder;
use crate::app::jobs::walk::listed::ListedFiles;
use crate::eval::all_pairs::{AllPairs, BINS, DistanceHistogram};
use crate::eval::errata::Errata;
use crate::eval::figures::{Figures, PairFigures, SetFigures};
use crate::eval::lfw::{FoldResult, Judgement, LfwOptions};
use crate::eval::pairs::ImagePlaces;
use crate::eval::run::{RunRow, Score};
use crate::eval::{Image, Pair, Run};
use crate::types::{CropRule, Detection, FaceCrop, path_text};

/// One pair of `pairs.json`: a [`Pair`] that names its images instead of counting them, so that the file can be read alone.
#[derive(Serialize, Deserialize)]
struct PairLine {
    first: String,
    second: String,
    same: bool,
    fold: usize,
    distance: f64,
}

/// One image of `faces.json`.
#[derive(Serialize, Deserialize)]
struct JudgedFace {
    path: String,
    #[serde(flatten)]
    face: Detection,
}

/// The part of `config.json` that matters for reading a run on pairs back.
#[derive(Deserialize)]
struct Config {
    #[serde(flatten)]
    sources: PairSources,
    #[serde(flatten)]
    options: LfwOptions,
}

/// What a run on pairs was made from, and how faces were cut out.
#[derive(Deserialize)]
pub(crate) struct PairSources {
    #[serde(default, deserialize_with = "path_text::perhaps::deserialize")]
    pub list: Option<PathBuf>,
    #[serde(default, deserialize_with = "path_text::perhaps::deserialize")]
    pub images: Option<PathBuf>,
    /// None where embeddings were given.
    pub crop: Option<FaceCrop>,
}

/// `histogram.json` of a run over every pair: bins that hold one, as bin and count.
#[derive(Serialize, Deserialize)]
struct HistogramFile {
    bins: usize,
    same: Vec<(usize, u64)>,
    different: Vec<(usize, u64)>,
}

/// `worst.json` of a run over every pair.
#[derive(Default, Serialize, Deserialize)]
struct Worst {
    crop: Option<FaceCrop>,
    #[serde(default)]
    crop_rule: Option<CropRule>,
    images: Vec<Image>,
    pairs: Vec<Pair>,
}

/// Finished evaluations, the newest first. A folder that cannot be read is no evaluation: a run that was stopped leaves
/// one without a result.
pub(crate) fn list(home: &Home) -> Result<Vec<RunRow>> {
    let listed = match std::fs::read_dir(home.runs()) {
        Ok(listed) => listed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot list the runs in {}", home.runs().display())),
    };
    let mut runs: Vec<PathBuf> = listed.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    runs.retain(|run| run.file_name().is_some_and(|name| name.to_string_lossy().contains("-eval-")));
    runs.sort_by(|a, b| b.cmp(a));
    let row = |run: &PathBuf| {
        let (asked, result) = (record(run, "config.json").ok()?, record(run, "result.json").ok()?);
        let has_curves = ["pairs.json", "histogram.json"].iter().any(|file| run.join(file).is_file());
        let on = judged_on(&asked["config"]);
        let row = Figures::deserialize(&result).map_or_else(|_| study_row(run, on, &result), |it| row(run, on, &it));
        Some(RunRow { has_curves, ..row })
    };
    Ok(runs.iter().filter_map(row).collect())
}

/// A run that can be shown, as a line; `on` is the list, folder or file that was judged.
pub(crate) fn row(run: &Path, on: Option<&str>, figures: &Figures) -> RunRow {
    let row = named_row(run, on.unwrap_or_default());
    match figures {
        Figures::Pairs(figures) => RunRow {
            model: figures.model.clone(),
            score: Some(Score::Accuracy(figures.accuracy_mean)),
            pairs: figures.pairs as u64,
            skipped: figures.skipped as u64,
            ..row
        },
        Figures::EveryPair(figures) => RunRow {
            model: figures.model.clone(),
            score: Some(Score::Val(figures.val.val)),
            pairs: figures.same_pairs + figures.different_pairs,
            skipped: figures.skipped as u64,
            ..row
        },
    }
}

/// A run whose result is no [`Figures`], such as a study's: with as much of a line as it has.
fn study_row(run: &Path, on: Option<&str>, result: &Value) -> RunRow {
    let count = |key: &str| result[key].as_u64().unwrap_or(0);
    RunRow {
        model: result["model"].as_str().unwrap_or_default().to_owned(),
        score: result["accuracy_mean"].as_f64().map(Score::Accuracy),
        pairs: count("pairs"),
        skipped: count("skipped"),
        ..named_row(run, on.unwrap_or_default())
    }
}

fn judged_on(config: &Value) -> Option<&str> {
    config["list"].as_str().or_else(|| config["of"].as_str())
}

/// What the folder's name tells.
fn named_row(run: &Path, on: &str) -> RunRow {
    let name = run.file_name().unwrap_or_default().to_string_lossy();
    let (stamp, kind) = name.split_once("-eval-").unwrap_or_default();
    RunRow {
        kind: kind.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-').to_owned(),
        model: String::new(),
        on: on.rsplit(['/', '\\']).next().unwrap_or(on).to_owned(),
        when: minute(stamp),
        score: None,
        pairs: 0,
        skipped: 0,
        has_curves: true,
        run: run.to_owned(),
    }
}

/// One of the JSON files of a run, whatever kind of run it is.
pub(crate) fn record(run: &Path, file: &str) -> Result<Value> {
    read(run, file)
}

/// What a run on pairs was made from, and the first file that went into it.
pub(crate) fn sources(folder: &Path) -> Result<(PairSources, Option<PathBuf>)> {
    let config = record(folder, "config.json")?;
    let sources = PairSources::deserialize(&config["config"]).with_context(|| other_version(folder))?;
    Ok((sources, config["inputs"][0]["path"].as_str().map(path_text::from_text)))
}

/// Reads a run back from its folder, which may have been moved or renamed; `marks` are the user's.
pub fn open(folder: &Path, marks: &Errata) -> Result<Run> {
    let (asked, result) = (record(folder, "config.json")?, record(folder, "result.json")?);
    let mut run = match folder.join("histogram.json").is_file() {
        true => open_counted(folder, &asked["config"], result)?,
        false => open_judged(folder, &asked["config"], result)?,
    };
    run.doubt(marks).context("without the doubted pairs nothing is left to judge")?;
    Ok(run)
}

/// Writes all that [`open`] needs beside `config.json`.
pub(crate) fn keep(folder: &EvaluationFolder, run: &Run) -> Result<()> {
    folder.json("result.json", &run.figures)?;
    let Some(AllPairs { same, different }) = &run.every_pair else { return keep_judged(folder, run) };
    let sparse = |counts: &DistanceHistogram| {
        counts.counts().iter().copied().enumerate().filter(|(_, count)| *count > 0).collect()
    };
    folder.json("histogram.json", &HistogramFile { bins: BINS, same: sparse(same), different: sparse(different) })?;
    let Run { crop, crop_rule, images, pairs, .. } = run.clone();
    folder.json("worst.json", &Worst { crop, crop_rule, images, pairs })
}

fn keep_judged(folder: &EvaluationFolder, run: &Run) -> Result<()> {
    let line = |pair: &Pair| {
        let [first, second] = run.names(pair).map(str::to_owned);
        PairLine { first, second, same: pair.same, fold: pair.fold, distance: pair.distance }
    };
    folder.json("pairs.json", &run.pairs.iter().map(line).collect::<Vec<_>>())?;
    let found = run.images.iter().filter_map(|image| Some((&image.listed, image.face?)));
    let sorted: BTreeMap<&String, Detection> = found.collect();
    let faces: Vec<JudgedFace> =
        sorted.into_iter().map(|(path, face)| JudgedFace { path: path.clone(), face }).collect();
    folder.json("faces.json", &faces)?;
    folder.json("folds.json", &run.folds)
}

fn open_judged(folder: &Path, config: &Value, result: Value) -> Result<Run> {
    let Config { sources: PairSources { images, crop, .. }, options } =
        Config::deserialize(config).with_context(|| other_version(folder))?;
    let figures: PairFigures = serde_json::from_value(result).with_context(|| other_version(folder))?;
    let called = |fold: usize| if figures.folds_are_named { fold } else { fold + 1 };
    let mut folds: Vec<FoldResult> = read(folder, "folds.json")?;
    folds.iter_mut().for_each(|judged| judged.fold = called(judged.fold));
    ensure!(!folds.is_empty(), "the run judged no fold: {}", folder.display());
    let faces: Vec<JudgedFace> = read(folder, "faces.json")?;
    let faces: HashMap<String, Detection> = faces.into_iter().map(|line| (line.path, line.face)).collect();
    let mut places = ImagePlaces::default();
    let mut pair = |PairLine { first, second, same, fold, distance }| {
        let [a, b] = [first, second].map(|path| places.of(path));
        Pair { a, b, same, fold: called(fold), distance }
    };
    let pairs = read::<Vec<PairLine>>(folder, "pairs.json")?.into_iter().map(&mut pair).collect();
    let mut files = images.as_deref().map(ListedFiles::in_folder);
    let image = |listed: String| Image {
        path: files.as_mut().map(|files| files.path(&listed)),
        face: faces.get(&listed).copied(),
        listed,
    };
    let images = places.images.into_iter().map(image).collect();
    let judged = Judgement::restored(folds, pairs).context("the run's pairs cannot be put together again")?;
    let figures = PairFigures { run: folder.to_owned(), folds_are_named: true, ..figures };
    let row = row(folder, judged_on(config), &Figures::Pairs(figures.clone()));
    Ok(Run::judged(row, figures, judged, &options, images, crop))
}

fn open_counted(folder: &Path, config: &Value, result: Value) -> Result<Run> {
    let figures: SetFigures = serde_json::from_value(result).with_context(|| other_version(folder))?;
    let kept: HistogramFile = read(folder, "histogram.json")?;
    let full = |sparse: Vec<(usize, u64)>| -> Result<DistanceHistogram> {
        let mut counts = vec![0; kept.bins];
        for (bin, count) in sparse {
            *counts.get_mut(bin).with_context(|| format!("there is no bin {bin} in {}", folder.display()))? = count;
        }
        Ok(DistanceHistogram::from_counts(counts)?)
    };
    let counted = AllPairs { same: full(kept.same)?, different: full(kept.different)? };
    // Earlier versions kept no pairs.
    let has_pairs = folder.join("worst.json").is_file();
    let mut worst: Worst = if has_pairs { read(folder, "worst.json")? } else { Worst::default() };
    worst.pairs.retain(|pair| pair.a.max(pair.b) < worst.images.len());
    let figures = SetFigures { run: folder.to_owned(), ..figures };
    let row = row(folder, judged_on(config), &Figures::EveryPair(figures.clone()));
    let roc = counted.roc()?;
    Ok(Run::counted(row, figures, (counted, roc), (worst.images, worst.pairs), (worst.crop, worst.crop_rule)))
}

fn read<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<T> {
    let path = folder.join(name);
    let text = std::fs::read(&path).with_context(|| format!("this is no finished evaluation: {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| other_version(&path))
}

fn other_version(path: &Path) -> String {
    format!("the run was written by another version: {}", path.display())
}

/// "20240501-101530" is 2024-05-01 10:15.
fn minute(stamp: &str) -> String {
    let digits = |range: std::ops::Range<usize>| stamp.get(range).unwrap_or_default();
    let (date, time) =
        ([digits(0..4), digits(4..6), digits(6..8)].join("-"), [digits(9..11), digits(11..13)].join(":"));
    if stamp.is_empty() { String::new() } else { format!("{date} {time}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_was_stopped_is_not_listed() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        assert_eq!(list(&home).unwrap(), []);
        let run = |name: &str, result: Option<&str>| {
            let run = home.runs().join(name);
            std::fs::create_dir_all(&run).unwrap();
            std::fs::write(run.join("config.json"), r#"{"config":{"list":"/data/pairs.txt"}}"#).unwrap();
            if let Some(result) = result {
                std::fs::write(run.join("result.json"), result).unwrap();
            }
        };
        run("20240501-101530-eval-video", Some(r#"{"model":"m","accuracy_mean":0.99,"pairs":6000,"skipped":2}"#));
        let val = r#"{"target":0.1,"threshold":1.0,"val":0.5,"far":0.1,"resolved":true}"#;
        let counted = format!(
            r#"{{"images":5,"people":2,"skipped":0,"same_pairs":3,"different_pairs":4,"far_target":0.1,"val":{val},
                "vals":[],"auc":0.9,"eer":0.1,"model":"n","run":"elsewhere"}}"#
        );
        run("20240502-000000-eval-folder-2", Some(&counted));
        run("20240503-000000-eval-lfw", None);
        run("20240503-000000-train", Some("{}"));
        let rows = list(&home).unwrap();
        let told: Vec<_> = rows.iter().map(|row| (row.when.as_str(), row.score, row.pairs)).collect();
        assert_eq!(
            told,
            [("2024-05-02 00:00", Some(Score::Val(0.5)), 7), ("2024-05-01 10:15", Some(Score::Accuracy(0.99)), 6000),]
        );
        assert_eq!((rows[1].on.as_str(), rows[1].skipped, rows[1].has_curves), ("pairs.txt", 2, false));
    }
}
