//! Runs read back from their folders, as rows.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::app::engine::home::Home;
use crate::app::evaluate::job::counted::{CountedRun, open_counted};
use crate::app::evaluate::job::errata_file::ErrataFile;
use crate::app::evaluate::job::images::FaceCrop;
use crate::app::evaluate::job::reopen::open_run;
use crate::app::evaluate::job::rows::PairsRun;
use crate::app::evaluate::job::window::past;
use crate::app::evaluate::job::worst::{WorstPair, WorstPairs};
use crate::app::evaluate::state::rows::{Doubt, EvalRun, Figures, JudgedImage, JudgedPair, RunRow, Spread, Without};
use crate::eval::errata::{Errata, Finding};
use crate::eval::{LabelledPair, Metric};
use crate::types::{CropRule, Detection};

/// Bins of the histogram over the longest distance.
const BINS: f64 = 80.0;
/// A power of two, so that the counted bins fall into them evenly.
const COARSE: usize = 64;

/// A run on show, with what its pictures need.
pub struct Opened {
    pub shown: Arc<EvalRun>,
    pub model: String,
    pub crop: Option<FaceCrop>,
    pub crop_rule: Option<CropRule>,
    /// Of each image of the run; None where no detector looked.
    pub faces: Vec<Option<Detection>>,
}

/// A run that has no number yet.
pub struct Read {
    shown: EvalRun,
    crop: Option<FaceCrop>,
    crop_rule: Option<CropRule>,
    faces: Vec<Option<Detection>>,
}

impl Read {
    pub fn numbered(self, number: u32) -> Opened {
        let model = self.shown.row.model.clone();
        let Self { shown, crop, crop_rule, faces } = self;
        Opened { shown: Arc::new(EvalRun { number, ..shown }), model, crop, crop_rule, faces }
    }
}

pub fn read(home: &Home, folder: &Path) -> Result<Read> {
    let row = past::row(folder).with_context(|| format!("this is no finished evaluation: {}", folder.display()))?;
    if folder.join("histogram.json").is_file() {
        return of_counted(row, &open_counted(folder)?, &ErrataFile::open(home)?);
    }
    let run = open_run(folder)?;
    let marks = ErrataFile::open(home)?;
    of_pairs(row, &run, &marks)
}

/// Every pair was counted: curves and histogram are there, of single pairs the worst.
fn of_counted(row: RunRow, run: &CountedRun, marks: &ErrataFile) -> Result<Read> {
    let outcome = &run.outcome;
    let val = Spread {
        mean: outcome.val_mean.unwrap_or(outcome.val.val),
        standard_error: outcome.val_se,
        population_sd: outcome.val_sd,
    };
    let figures = Figures {
        accuracy: None,
        val,
        far_target: outcome.far_target,
        far: outcome.val.far,
        far_resolved: outcome.val.resolved,
        auc: outcome.auc,
        eer: Some(outcome.eer),
        ..Figures::default()
    };
    let shown = EvalRun {
        number: 0,
        row,
        metric: Metric::SquaredL2,
        figures,
        folds: Vec::new(),
        roc: run.counted.roc()?,
        band: Vec::new(),
        same: run.counted.same.coarse(COARSE),
        different: run.counted.different.coarse(COARSE),
        bin_width: 4.0 / COARSE as f64,
        threshold: outcome.val.threshold,
        pairs: worst_pairs(&run.worst, marks),
        images: run
            .worst
            .images
            .iter()
            .map(|image| JudgedImage { listed: image.listed.clone(), path: image.photo.clone() })
            .collect(),
    };
    let faces = run.worst.images.iter().map(|image| image.face).collect();
    Ok(Read { shown, crop: run.worst.crop, crop_rule: run.worst.crop_rule, faces })
}

fn worst_pairs(worst: &WorstPairs, marks: &ErrataFile) -> Vec<JudgedPair> {
    let errata = marks.errata();
    let judged = |pair: &WorstPair| {
        let [a, b] = [pair.a, pair.b].map(|place| worst.images[place].listed.clone());
        let labelled = LabelledPair { a, b, same: pair.same, fold: 0 };
        JudgedPair {
            a: pair.a as u32,
            b: pair.b as u32,
            same: pair.same,
            fold: 0,
            distance: pair.distance,
            doubt: doubt_of(&labelled, &errata, marks.marks()),
        }
    };
    let known = |pair: &&WorstPair| pair.a.max(pair.b) < worst.images.len();
    worst.pairs.iter().filter(known).map(judged).collect()
}

fn doubt_of(pair: &LabelledPair, errata: &Errata, marks: &Errata) -> Option<Doubt> {
    match errata.finding(pair) {
        Finding::Trusted => None,
        Finding::Doubted(why) => {
            Some(Doubt { why: why.to_owned(), marked_here: marks.mark_of(&pair.a, &pair.b).is_some() })
        }
    }
}

fn of_pairs(row: RunRow, run: &PairsRun, marks: &ErrataFile) -> Result<Read> {
    let errata = marks.errata();
    let (images, pairs) = table(run, &errata, marks.marks());
    let curve = run.curve();
    let bins_a_unit = (BINS / run.largest()).round() as u32;
    let histogram = run.histogram(bins_a_unit);
    let band = curve.band.iter().map(|point| {
        let se = point.standard_error;
        [point.far, (point.val - se).max(0.0), (point.val + se).min(1.0)]
    });
    let faces = images.iter().map(|image| run.face(&image.listed)).collect();
    let shown = EvalRun {
        number: 0,
        row,
        metric: run.metric,
        figures: figures(run, &errata)?,
        folds: run.judged.folds.clone(),
        roc: run.judged.pooled.clone(),
        band: band.collect(),
        same: histogram.same,
        different: histogram.different,
        bin_width: 1.0 / f64::from(bins_a_unit),
        threshold: run.mean_threshold(),
        pairs,
        images,
    };
    Ok(Read { shown, crop: run.crop, crop_rule: run.outcome.crop_rule, faces })
}

/// Every image once, and the pairs by their images' places.
fn table(run: &PairsRun, errata: &Errata, marks: &Errata) -> (Vec<JudgedImage>, Vec<JudgedPair>) {
    let mut images: Vec<JudgedImage> = Vec::new();
    let mut place_of: HashMap<&str, u32> = HashMap::new();
    let mut pairs = Vec::with_capacity(run.pairs.len());
    for (pair, scored) in run.pairs.iter().zip(&run.judged.scored) {
        let [a, b] = [pair.a.as_str(), pair.b.as_str()].map(|listed| {
            *place_of.entry(listed).or_insert_with(|| {
                let path: Option<PathBuf> = run.images.as_ref().map(|folder| folder.join(listed));
                images.push(JudgedImage { listed: listed.to_owned(), path });
                images.len() as u32 - 1
            })
        });
        let doubt = doubt_of(pair, errata, marks);
        pairs.push(JudgedPair { a, b, same: pair.same, fold: pair.fold as u32, distance: scored.distance, doubt });
    }
    (images, pairs)
}

fn figures(run: &PairsRun, errata: &Errata) -> Result<Figures> {
    let outcome = &run.outcome;
    let several = run.judged.folds.len() > 1;
    let spread = |mean: f64, se: f64, sd: f64| Spread {
        mean,
        standard_error: several.then_some(se),
        population_sd: several.then_some(sd),
    };
    let of_summary =
        |summary: &crate::eval::Summary| spread(summary.mean, summary.standard_error, summary.population_sd);
    let without = run.without(errata)?.map(|without| Without {
        doubted_pairs: without.doubted_pairs as u64,
        accuracy: Spread {
            mean: without.accuracy_mean,
            standard_error: Some(without.accuracy_se),
            population_sd: None,
        },
        val: without.val_mean,
    });
    Ok(Figures {
        accuracy: Some(spread(outcome.accuracy_mean, outcome.accuracy_se, outcome.accuracy_sd)),
        val: spread(outcome.val_mean, outcome.val_se, outcome.val_sd),
        far_target: outcome.far_target,
        far: outcome.far_mean,
        far_resolved: outcome.far_resolved,
        auc: outcome.auc,
        eer: outcome.eer,
        skipped_images: outcome.skipped_images.clone(),
        without,
        bytes: outcome.bytes.as_ref().map(|bytes| (of_summary(&bytes.bytes_accuracy), of_summary(&bytes.bytes_val))),
    })
}
