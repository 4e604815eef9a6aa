//! A run read back from its folder, so that a window can show yesterday's beside today's.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::app::engine::home::Home;
use crate::app::evaluate::job::images::FaceCrop;
use crate::app::evaluate::job::pairs::PairsOutcome;
use crate::app::evaluate::job::rows::PairsRun;
use crate::app::evaluate::job::run_folder::RunFolder;
use crate::eval::lfw::{FoldResult, Judgement, Options};
use crate::eval::pairs::ImagePlaces;
use crate::eval::{Image, Pair};
use crate::types::Detection;

/// One pair of `pairs.json`.
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
struct FaceLine {
    path: String,
    #[serde(flatten)]
    face: Detection,
}

/// The part of `config.json` that matters for reading a run back.
#[derive(Deserialize)]
struct Asked {
    config: Config,
}

#[derive(Deserialize)]
struct Config {
    threshold_from: Option<PathBuf>,
    images: Option<PathBuf>,
    crop: Option<FaceCrop>,
    #[serde(flatten)]
    options: Options,
}

/// The folders of all runs, the newest first.
pub fn run_folders(home: &Home) -> Result<Vec<PathBuf>> {
    let listed = match std::fs::read_dir(home.runs()) {
        Ok(listed) => listed,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot list the runs in {}", home.runs().display())),
    };
    let mut runs: Vec<PathBuf> = listed.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    runs.sort_by(|a, b| b.cmp(a));
    Ok(runs)
}

/// The folders of finished runs on pairs, the newest first.
pub fn pair_runs(home: &Home) -> Result<Vec<PathBuf>> {
    let mut runs = run_folders(home)?;
    runs.retain(|run| run.join("pairs.json").is_file() && run.join("result.json").is_file());
    Ok(runs)
}

/// One of the JSON files of a run, whatever kind of run it is.
pub fn run_record(run: &Path, file: &str) -> Result<serde_json::Value> {
    let path = run.join(file);
    let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("cannot use {}", path.display()))
}

/// Reads a run on pairs back from its folder.
pub fn open_run(folder: &Path) -> Result<PairsRun> {
    let Config { threshold_from, images, crop, options } = read::<Asked>(folder, "config.json")?.config;
    let mut outcome: PairsOutcome = read(folder, "result.json")?;
    // The folder may have been moved since it was written.
    folder.clone_into(&mut outcome.run);
    let folds: Vec<FoldResult> = read(folder, "folds.json")?;
    ensure!(!folds.is_empty(), "the run judged no fold: {}", folder.display());
    let lines: Vec<PairLine> = read(folder, "pairs.json")?;
    let faces: Vec<FaceLine> = read(folder, "faces.json")?;
    let faces: HashMap<String, Detection> = faces.into_iter().map(|line| (line.path, line.face)).collect();
    let mut places = ImagePlaces::default();
    let mut pair = |PairLine { first, second, same, fold, distance }| {
        let [a, b] = [first, second].map(|path| places.of(path));
        Pair { a, b, same, fold, distance }
    };
    let pairs = lines.into_iter().map(&mut pair).collect();
    let image = |listed: String| Image {
        path: images.as_ref().map(|folder| folder.join(&listed)),
        face: faces.get(&listed).copied(),
        listed,
    };
    Ok(PairsRun {
        outcome,
        judged: Judgement::restored(folds, pairs).context("the run's pairs cannot be put together again")?,
        metric: options.metric,
        far_rule: options.far_rule,
        images: places.images.into_iter().map(image).collect(),
        crop,
        split: threshold_from.is_some(),
    })
}

/// Writes what [`open_run`] needs beside `result.json`.
pub(crate) fn keep(run: &RunFolder, judged: &PairsRun) -> Result<()> {
    let line = |pair: &Pair| {
        let [first, second] = judged.names(pair).map(str::to_owned);
        PairLine { first, second, same: pair.same, fold: pair.fold, distance: pair.distance }
    };
    let lines: Vec<PairLine> = judged.judged.pairs.iter().map(line).collect();
    run.json("pairs.json", &lines)?;
    let found = judged.images.iter().filter_map(|image| Some((&image.listed, image.face?)));
    let sorted: BTreeMap<&String, Detection> = found.collect();
    let faces: Vec<FaceLine> = sorted.into_iter().map(|(path, face)| FaceLine { path: path.clone(), face }).collect();
    run.json("faces.json", &faces)?;
    run.json("folds.json", &judged.judged.folds)
}

fn read<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<T> {
    let path = folder.join(name);
    let text = std::fs::read(&path).with_context(|| format!("this is no finished run on pairs: {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("the run was written by another version: {}", path.display()))
}
