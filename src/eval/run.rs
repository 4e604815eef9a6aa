//! An evaluation as everybody sees it: the job that judged writes it, the window reopens it, reports and plots draw it,
//! and its wrong pairs hang on the wall.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::all_pairs::AllPairs;
use super::errata::Errata;
use super::failures::{FailedPair, failures};
use super::figures::{Figures, PairFigures, SetFigures, WithoutErrata};
use super::lfw::{FoldResult, Judgement, LfwOptions, judge_scored};
use super::roc::{BandPoint, averaged, band, log_fars};
use super::{EvalError, FarRule, Metric, Pair, Roc};
use crate::types::{CropRule, Detection, FaceCrop, path_text};

/// One model on a list of pairs, or on every pair of a labelled set.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Tells its pictures from those of other runs while a window shows it.
    pub number: u32,
    pub row: RunRow,
    pub figures: Figures,
    pub metric: Metric,
    pub far_rule: FarRule,
    /// Empty where every pair was counted; a single one where another list chose the threshold.
    pub folds: Vec<FoldResult>,
    /// Of each fold alone.
    pub curves: Vec<Roc>,
    /// Over all pairs at once.
    pub roc: Roc,
    /// Where every pair was counted.
    pub every_pair: Option<AllPairs>,
    /// Every judged pair; where all pairs were counted, the worst of them.
    pub pairs: Vec<Pair>,
    pub images: Vec<Image>,
    /// Which part of an image was the face; None for ready embeddings.
    pub crop: Option<FaceCrop>,
    /// How faces were cut out; None where no detector looked, and in runs of earlier versions.
    pub crop_rule: Option<CropRule>,
    /// Of the pairs whose label is doubted, why.
    pub doubts: BTreeMap<usize, Doubt>,
}

/// A past evaluation of any kind, as a line of their list.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// The run's folder.
    pub run: PathBuf,
    /// As the folder is called: "lfw", "folder", "sensitivity".
    pub kind: String,
    pub model: String,
    /// The list or folder that was judged, in a few words.
    pub on: String,
    /// Local time, to the minute.
    pub when: String,
    /// None for studies.
    pub score: Option<Score>,
    pub pairs: u64,
    pub skipped: u64,
    /// False for studies, whose report alone can be shown.
    pub has_curves: bool,
}

/// What a run comes down to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Score {
    /// The mean over the folds.
    Accuracy(f64),
    /// Where every pair was counted, no folds were judged.
    Val(f64),
}

/// An image of a run; its pairs tell images by their places.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// As the list spells it.
    pub listed: String,
    /// None where the run does not say in which folder its images are.
    #[serde(rename = "photo")]
    #[serde(default, with = "path_text::perhaps")]
    pub path: Option<PathBuf>,
    /// None where no detector looked.
    pub face: Option<Detection>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    pub why: String,
    /// The user marked this pair; else it is known from elsewhere.
    pub marked_here: bool,
}

/// A pair as another run judged it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OtherJudgement {
    pub model: String,
    pub distance: f64,
    pub threshold: f64,
    pub right: bool,
}

/// Pairs by distance, in bins of `width` from 0.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Histogram {
    pub width: f64,
    pub same: Vec<u64>,
    pub different: Vec<u64>,
}

/// How far from its own place a pair is looked for in another run of the same list: so many may have been skipped.
const NEAR: usize = 64;

impl Run {
    /// What came out of judging a list of pairs by folds. Its labels are not doubted yet.
    pub fn judged(
        row: RunRow,
        figures: PairFigures,
        judged: Judgement,
        options: &LfwOptions,
        images: Vec<Image>,
        crop: Option<FaceCrop>,
    ) -> Self {
        Self {
            number: 0,
            row,
            metric: options.metric,
            far_rule: options.far_rule,
            folds: judged.folds,
            curves: judged.curves,
            roc: judged.pooled,
            every_pair: None,
            pairs: judged.pairs,
            images,
            crop,
            crop_rule: figures.crop_rule,
            doubts: BTreeMap::new(),
            figures: Figures::Pairs(figures),
        }
    }

    /// What came out of counting every pair of a set, by squared distance; `worst` are its images and pairs that are
    /// kept. Their labels are not doubted yet.
    pub(crate) fn counted(
        row: RunRow,
        figures: SetFigures,
        (counted, roc): (AllPairs, Roc),
        (images, pairs): (Vec<Image>, Vec<Pair>),
        (crop, crop_rule): (Option<FaceCrop>, Option<CropRule>),
    ) -> Self {
        Self {
            number: 0,
            row,
            figures: Figures::EveryPair(figures),
            metric: Metric::SquaredL2,
            far_rule: FarRule::AtMost,
            folds: Vec::new(),
            curves: Vec::new(),
            roc,
            every_pair: Some(counted),
            pairs,
            images,
            crop,
            crop_rule,
            doubts: BTreeMap::new(),
        }
    }

    /// Whether all pairs were counted instead of a list judged by folds; then only the worst are known one by one.
    pub(crate) fn is_counted(&self) -> bool {
        self.every_pair.is_some()
    }

    /// The threshold of the protocol: the mean over folds, or the one for the FAR target.
    pub fn threshold(&self) -> f64 {
        match &self.figures {
            Figures::Pairs(_) => self.folds.iter().map(|fold| fold.threshold).sum::<f64>() / self.folds.len() as f64,
            Figures::EveryPair(figures) => figures.val.threshold,
        }
    }

    /// A pair's images as the list spells them.
    pub fn names(&self, pair: &Pair) -> [&str; 2] {
        [pair.a, pair.b].map(|place| self.images[place].listed.as_str())
    }

    /// FAR, and VAL ± standard error over folds; empty where there is one fold only.
    pub(crate) fn band(&self) -> Vec<[f64; 3]> {
        let points = if self.curves.len() > 1 { band(&self.roc, &self.curves, &self.fars()) } else { Vec::new() };
        let around = |point: &BandPoint| {
            let low = (point.val - point.standard_error).max(0.0);
            [point.far, low, (point.val + point.standard_error).min(1.0)]
        };
        points.iter().map(around).collect()
    }

    /// VAL averaged over the folds' own curves; empty where there is one fold only.
    pub(crate) fn averaged(&self) -> Vec<BandPoint> {
        if self.curves.len() > 1 { averaged(&self.curves, &self.fars()) } else { Vec::new() }
    }

    fn fars(&self) -> Vec<f64> {
        log_fars((1.0 / self.roc.different as f64).min(0.1), 20)
    }

    /// Counts in `bins` bins over all distances that unit vectors can have, and in as many more as others need.
    pub(crate) fn histogram(&self, bins: usize) -> Histogram {
        let largest = self.metric.largest();
        let width = largest / bins as f64;
        if let Some(counted) = &self.every_pair {
            return Histogram { width, same: counted.same.coarse(bins), different: counted.different.coarse(bins) };
        }
        let bins_a_unit = bins as f64 / largest;
        let farthest = self.pairs.iter().map(|pair| pair.distance).fold(largest, f64::max);
        let count = |same: bool| {
            let mut counts = vec![0; ((farthest * bins_a_unit).ceil() as usize).max(1)];
            let last = counts.len() - 1;
            let of_kind = self.pairs.iter().filter(|pair| pair.same == same);
            of_kind.for_each(|pair| counts[((pair.distance * bins_a_unit) as usize).min(last)] += 1);
            counts
        };
        Histogram { width, same: count(true), different: count(false) }
    }

    /// The pairs that their folds' own thresholds get wrong, the worst first.
    pub(crate) fn failures(&self) -> Vec<FailedPair> {
        failures(&self.pairs, |fold| self.threshold_of(fold))
    }

    /// How `other` judged one of these pairs, by `threshold` or else by its own for the pair's fold; None where it lacks
    /// the pair.
    pub(crate) fn judged_by(&self, pair: usize, other: &Self, threshold: Option<f64>) -> Option<OtherJudgement> {
        let judged = other.pairs[self.place_in(other, pair)?];
        let threshold = threshold.unwrap_or_else(|| other.threshold_of(judged.fold));
        let right = (judged.distance <= threshold) == judged.same;
        Some(OtherJudgement { model: other.row.model.clone(), distance: judged.distance, threshold, right })
    }

    /// Asks what is built in and the user's `marks` about every label, and judges again without the doubted ones.
    ///
    /// # Errors
    /// When nothing is left to judge without them.
    pub(crate) fn doubt(&mut self, marks: &Errata) -> Result<(), EvalError> {
        let known = Errata::lfw().overruled_by(marks);
        let doubt = |(index, pair): (usize, &Pair)| {
            let [a, b] = self.names(pair);
            let why = known.doubt(a, b, pair.same)?.to_owned();
            Some((index, Doubt { why, marked_here: marks.mark_of(a, b).is_some() }))
        };
        self.doubts = self.pairs.iter().enumerate().filter_map(doubt).collect();
        let without = self.without_doubted()?;
        if let Figures::Pairs(figures) = &mut self.figures {
            figures.without_errata = without;
        }
        Ok(())
    }

    fn without_doubted(&self) -> Result<Option<WithoutErrata>, EvalError> {
        // A single fold had its threshold from another list, which is not here to choose again.
        if self.doubts.is_empty() || self.folds.len() < 2 {
            return Ok(None);
        }
        let trusted = self.pairs.iter().enumerate().filter(|(index, _)| !self.doubts.contains_key(index));
        let trusted: Vec<Pair> = trusted.map(|(_, pair)| *pair).collect();
        let again = judge_scored(&trusted, self.figures.far_target(), self.far_rule)?;
        Ok(Some(WithoutErrata {
            doubted_pairs: self.doubts.len(),
            accuracy_mean: again.accuracy.mean,
            accuracy_se: again.accuracy.standard_error,
            val_mean: again.val.mean,
            val_se: again.val.standard_error,
        }))
    }

    fn threshold_of(&self, fold: usize) -> f64 {
        self.folds.iter().find(|result| result.fold == fold).map_or(f64::NAN, |result| result.threshold)
    }

    /// Where another run has the same pair. Runs of one list differ by what was skipped only.
    fn place_in(&self, other: &Self, pair: usize) -> Option<usize> {
        let wanted = self.names(self.pairs.get(pair)?);
        let is_same = |place: &usize| other.names(&other.pairs[*place]) == wanted;
        let near = (pair.saturating_sub(NEAR)..(pair + NEAR + 1).min(other.pairs.len())).find(is_same);
        near.or_else(|| (0..other.pairs.len()).find(is_same))
    }
}

impl Image {
    /// "Maria_Silva/Maria_Silva_0003.jpg" is Maria Silva's third photo.
    pub fn words(&self) -> String {
        let name = self.listed.rsplit('/').next().unwrap_or(&self.listed);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        stem.replace('_', " ")
    }
}

/// A run on pairs whose images are called P0, P1 and so on, judged by one threshold: for tests.
#[cfg(all(test, feature = "gui"))]
pub(crate) fn made(name: &str, threshold: f64, pairs: Vec<Pair>) -> Run {
    let row = RunRow {
        run: name.into(),
        kind: "lfw".into(),
        model: name.into(),
        on: "pairs.txt".into(),
        when: "2024-05-01 10:00".into(),
        score: Some(Score::Accuracy(0.9)),
        pairs: pairs.len() as u64,
        skipped: 0,
        has_curves: true,
    };
    let fold = FoldResult {
        fold: 0,
        pairs: pairs.len(),
        threshold,
        accuracy: 0.9,
        val_threshold: threshold,
        val: 0.9,
        far: 0.0,
    };
    let image = |i: usize| Image { listed: format!("P{i}/P{i}_0001.jpg"), path: None, face: None };
    let images = (0..=pairs.iter().map(|pair| pair.a.max(pair.b)).max().unwrap_or(0)).map(image).collect();
    let judged = Judgement::restored(vec![fold], pairs).unwrap();
    Run::judged(row, PairFigures::default(), judged, &LfwOptions::default(), images, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_called_by_its_file() {
        let image = |listed: &str| Image { listed: listed.into(), path: None, face: None }.words();
        assert_eq!(image("Ann_Lee/Ann_Lee_0003.jpg"), "Ann Lee 0003");
        assert_eq!(image("face"), "face");
    }
}
