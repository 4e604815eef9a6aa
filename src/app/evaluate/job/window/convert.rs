//! Runs read back from their folders, as rows.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::app::engine::home::Home;
use crate::app::evaluate::job::counted::{CountedRun, open_counted};
use crate::app::evaluate::job::errata_file::ErrataFile;
use crate::app::evaluate::job::images::FaceCrop;
use crate::app::evaluate::job::reopen::open_run;
use crate::app::evaluate::job::rows::PairsRun;
use crate::app::evaluate::job::window::past;
use crate::app::evaluate::state::rows::{Doubt, EvalRun, Figures, RunRow, Spread, Without};
use crate::eval::errata::Errata;
use crate::eval::{Image, Metric, Pair};
use crate::types::CropRule;

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
}

/// A run that has no number yet.
pub struct Read {
    shown: EvalRun,
    crop: Option<FaceCrop>,
    crop_rule: Option<CropRule>,
}

impl Read {
    pub fn numbered(self, number: u32) -> Opened {
        let model = self.shown.row.model.clone();
        let Self { shown, crop, crop_rule } = self;
        Opened { shown: Arc::new(EvalRun { number, ..shown }), model, crop, crop_rule }
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
    let known = |pair: &&Pair| pair.a.max(pair.b) < run.worst.images.len();
    let pairs: Vec<Pair> = run.worst.pairs.iter().filter(known).copied().collect();
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
        doubts: doubts(&run.worst.images, &pairs, marks),
        pairs,
        images: run.worst.images.clone(),
    };
    Ok(Read { shown, crop: run.worst.crop, crop_rule: run.worst.crop_rule })
}

/// Of the pairs whose label is doubted, why.
fn doubts(images: &[Image], pairs: &[Pair], marks: &ErrataFile) -> BTreeMap<usize, Doubt> {
    let errata = marks.errata();
    let doubt = |(index, pair): (usize, &Pair)| {
        let [a, b] = [pair.a, pair.b].map(|place| images[place].listed.as_str());
        let why = errata.doubt(a, b, pair.same)?.to_owned();
        Some((index, Doubt { why, marked_here: marks.marks().mark_of(a, b).is_some() }))
    };
    pairs.iter().enumerate().filter_map(doubt).collect()
}

fn of_pairs(row: RunRow, run: &PairsRun, marks: &ErrataFile) -> Result<Read> {
    let errata = marks.errata();
    let curve = run.curve();
    let bins_a_unit = (BINS / run.largest()).round() as u32;
    let histogram = run.histogram(bins_a_unit);
    let band = curve.band.iter().map(|point| {
        let se = point.standard_error;
        [point.far, (point.val - se).max(0.0), (point.val + se).min(1.0)]
    });
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
        doubts: doubts(&run.images, &run.judged.pairs, marks),
        pairs: run.judged.pairs.clone(),
        images: run.images.clone(),
    };
    Ok(Read { shown, crop: run.crop, crop_rule: run.outcome.crop_rule })
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
