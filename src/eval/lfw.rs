//! LFW's protocol "unrestricted, labelled outside data" (paper, section 5.6; LFW technical report, section 4): each
//! fold is judged with the threshold that the other folds choose.
//!
//! * The threshold is exact: of all midpoints between neighbouring distances of the other folds, the one with the
//!   most correct answers; of equally good ones, the smallest. Other programs try a grid ([`super::sandberg`]).
//! * VAL at a FAR target uses a threshold chosen on the other folds too, by a stated [`FarRule`].
//! * Skipped pairs never reach this file: the caller counts them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::pairs::FIRST_FOLD;
use super::val_at_far::{share_accepted, threshold_at_far};
use super::{EvalError, FarRule, LackingFold, Metric, Pair, Roc, Summary, Vectors};

/// What happens to vectors before they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Centring {
    #[default]
    None,
    /// The mean of both sides of all pairs of the *other* folds is subtracted, so the judged fold has no say in it.
    OtherFolds,
}

impl Centring {
    pub(crate) fn of_other_folds(subtract_mean: bool) -> Self {
        if subtract_mean { Self::OtherFolds } else { Self::None }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LfwOptions {
    pub(crate) metric: Metric,
    pub(crate) centring: Centring,
    pub far_target: f64,
    pub(crate) far_rule: FarRule,
}

impl Default for LfwOptions {
    fn default() -> Self {
        Self { metric: Metric::SquaredL2, centring: Centring::None, far_target: 1e-3, far_rule: FarRule::Interpolated }
    }
}

/// One judged fold; both thresholds come from the other folds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct FoldResult {
    pub fold: usize,
    pub pairs: usize,
    pub threshold: f64,
    pub accuracy: f64,
    pub val_threshold: f64,
    pub val: f64,
    pub far: f64,
}

/// The judgement over all folds.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    pub accuracy: Summary,
    pub val: Summary,
    pub far: Summary,
    pub auc: f64,
    pub eer: f64,
    pub(crate) folds: Vec<FoldResult>,
    /// Each pair as it was judged, in the order given.
    pub pairs: Vec<Pair>,
    /// Over all pairs at once.
    pub pooled: Roc,
    /// Of each fold alone, for averaging.
    pub curves: Vec<Roc>,
    /// Folds that lack a kind of pair: they and their pairs are in none of these figures.
    pub(crate) left_out: Vec<LackingFold>,
}

impl Judgement {
    pub fn thresholds(&self) -> Vec<f64> {
        self.folds.iter().map(|fold| fold.threshold).collect()
    }

    /// A judgement put together again from its folds and pairs, as a run's folder keeps them.
    ///
    /// # Errors
    /// When a fold lacks a kind of pair.
    pub(crate) fn restored(folds: Vec<FoldResult>, pairs: Vec<Pair>) -> Result<Self, EvalError> {
        let of_fold = |fold: &FoldResult| {
            Roc::of_scored(&pairs.iter().filter(|pair| pair.fold == fold.fold).copied().collect::<Vec<_>>())
        };
        let curves = folds.iter().map(of_fold).collect::<Result<_, _>>()?;
        let pooled = Roc::of_scored(&pairs)?;
        Ok(Self::summed_up(folds, pairs, curves, pooled))
    }

    fn summed_up(folds: Vec<FoldResult>, pairs: Vec<Pair>, curves: Vec<Roc>, pooled: Roc) -> Self {
        let over = |value: fn(&FoldResult) -> f64| Summary::of(&folds.iter().map(value).collect::<Vec<_>>());
        Self {
            accuracy: over(|fold| fold.accuracy),
            val: over(|fold| fold.val),
            far: over(|fold| fold.far),
            auc: pooled.auc(),
            eer: pooled.eer(),
            pairs,
            pooled,
            curves,
            folds,
            left_out: Vec::new(),
        }
    }

    /// The threshold that judged a pair of `fold`.
    pub(crate) fn threshold_of(&self, fold: usize) -> Option<f64> {
        self.folds.iter().find(|result| result.fold == fold).map(|result| result.threshold)
    }
}

/// Judges `pairs` of `vectors`. A fold in which a kind of pair is missing is left out.
///
/// # Errors
/// With fewer than two folds that have both kinds, or a distance that is not a number.
pub(crate) fn judge(vectors: &Vectors, pairs: &[Pair], options: &LfwOptions) -> Result<Judgement, EvalError> {
    let (pairs, left_out) = of_whole_folds(pairs)?;
    let pairs = &pairs[..];
    let plain: Vec<f64> = match options.centring {
        Centring::None => pairs.iter().map(|p| options.metric.between(vectors.row(p.a), vectors.row(p.b))).collect(),
        Centring::OtherFolds => Vec::new(),
    };
    let distances_for = |fold: usize| match options.centring {
        Centring::None => Cow::Borrowed(plain.as_slice()),
        Centring::OtherFolds => {
            let mean = mean_of_others(vectors, pairs, fold);
            let centred = |p: &Pair| options.metric.between_centred(vectors.row(p.a), vectors.row(p.b), &mean);
            Cow::Owned(pairs.iter().map(centred).collect())
        }
    };
    let judged = judge_with(pairs, distances_for, options.far_target, options.far_rule)?;
    Ok(Judgement { left_out, ..judged })
}

/// The pairs of folds that have both kinds, and what the others lack.
fn of_whole_folds(pairs: &[Pair]) -> Result<(Cow<'_, [Pair]>, Vec<LackingFold>), EvalError> {
    let mut counts: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for pair in pairs {
        let (same, different) = counts.entry(pair.fold).or_default();
        *if pair.same { same } else { different } += 1;
    }
    let lacks =
        |(&fold, &(same, different))| (same == 0 || different == 0).then_some(LackingFold { fold, same, different });
    let lacking: Vec<LackingFold> = counts.iter().filter_map(lacks).collect();
    match counts.len() - lacking.len() {
        _ if lacking.is_empty() => Ok((Cow::Borrowed(pairs), lacking)),
        whole @ 0..2 => Err(EvalError::FoldsLack { whole, lacking }),
        _ => {
            // In order, as they were counted.
            let lacks = |pair: &Pair| lacking.binary_search_by_key(&pair.fold, |lacking| lacking.fold).is_ok();
            Ok((pairs.iter().filter(|pair| !lacks(pair)).copied().collect(), lacking))
        }
    }
}

/// Judges pairs whose distances are known.
///
/// # Errors
/// As [`judge`].
pub fn judge_scored(pairs: &[Pair], far_target: f64, far_rule: FarRule) -> Result<Judgement, EvalError> {
    let (pairs, left_out) = of_whole_folds(pairs)?;
    let distances: Vec<f64> = pairs.iter().map(|pair| pair.distance).collect();
    let judged = judge_with(&pairs, |_| Cow::Borrowed(distances.as_slice()), far_target, far_rule)?;
    Ok(Judgement { left_out, ..judged })
}

/// Judges `held` with thresholds chosen on `training`: View 1, where one list develops and the other tests. One result
/// has no spread, so standard errors are zero.
///
/// # Errors
/// When a kind of pair is missing or a distance is not a number.
pub(crate) fn judge_split(
    training: &[Pair],
    held: &[Pair],
    far_target: f64,
    far_rule: FarRule,
) -> Result<Judgement, EvalError> {
    let plain = |pairs: &[Pair]| pairs.iter().map(|pair| (pair.distance, pair.same)).collect::<Vec<_>>();
    let folds = vec![judge_fold(FIRST_FOLD, &plain(held), &plain(training), far_target, far_rule)?];
    let scored: Vec<Pair> = held.iter().map(|pair| Pair { fold: FIRST_FOLD, ..*pair }).collect();
    let curve = Roc::of_scored(&scored)?;
    Ok(Judgement::summed_up(folds, scored, vec![curve.clone()], curve))
}

/// The threshold with the most correct answers on `pairs`, and their share. Candidates are one below the smallest
/// distance, every midpoint between neighbours, and the greatest distance; the smallest of the best wins.
///
/// # Errors
/// When there are no pairs or a distance is not a number.
pub(crate) fn best_threshold(pairs: impl IntoIterator<Item = (f64, bool)>) -> Result<(f64, f64), EvalError> {
    let mut pairs: Vec<(f64, bool)> = pairs.into_iter().collect();
    if let Some(pair) = pairs.iter().position(|(distance, _)| distance.is_nan()) {
        return Err(EvalError::NotANumber { pair });
    }
    pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let Some(&(smallest, _)) = pairs.first() else {
        return Err(EvalError::OneSided { what: "a threshold", same: 0, different: 0 });
    };
    let mut correct = pairs.iter().filter(|(_, same)| !same).count();
    let mut best = (smallest.next_down(), correct);
    let mut groups = pairs.chunk_by(|a, b| a.0 == b.0).peekable();
    while let Some(group) = groups.next() {
        let same = group.iter().filter(|(_, same)| *same).count();
        correct = correct + same - (group.len() - same);
        if correct > best.1 {
            let here = group[0].0;
            best = (groups.peek().map_or(here, |next| f64::midpoint(here, next[0].0)), correct);
        }
    }
    Ok((best.0, best.1 as f64 / pairs.len() as f64))
}

fn judge_with<'a>(
    pairs: &[Pair],
    distances_for: impl Fn(usize) -> Cow<'a, [f64]>,
    far_target: f64,
    far_rule: FarRule,
) -> Result<Judgement, EvalError> {
    let mut names: Vec<usize> = pairs.iter().map(|pair| pair.fold).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() < 2 {
        return Err(EvalError::TooFewFolds(names.len()));
    }
    let mut scored = pairs.to_vec();
    let (mut folds, mut curves) = (Vec::new(), Vec::new());
    for &fold in &names {
        let distances = distances_for(fold);
        let (held_out, others): (Vec<usize>, Vec<usize>) = (0..pairs.len()).partition(|&pair| pairs[pair].fold == fold);
        let take = |rows: &[usize]| rows.iter().map(|&pair| (distances[pair], pairs[pair].same)).collect::<Vec<_>>();
        let (held, training) = (take(&held_out), take(&others));
        held_out.iter().for_each(|&pair| scored[pair].distance = distances[pair]);
        curves.push(Roc::of(held.iter().copied())?);
        folds.push(judge_fold(fold, &held, &training, far_target, far_rule)?);
    }
    let pooled = Roc::of_scored(&scored)?;
    Ok(Judgement::summed_up(folds, scored, curves, pooled))
}

fn judge_fold(
    fold: usize,
    held: &[(f64, bool)],
    training: &[(f64, bool)],
    far_target: f64,
    far_rule: FarRule,
) -> Result<FoldResult, EvalError> {
    let (threshold, _) = best_threshold(training.iter().copied())?;
    let val_threshold = threshold_at_far(&of_kind(training, false), far_target, far_rule)?;
    let correct = held.iter().filter(|(distance, same)| (*distance <= threshold) == *same).count();
    Ok(FoldResult {
        fold,
        pairs: held.len(),
        threshold,
        accuracy: correct as f64 / held.len() as f64,
        val_threshold,
        val: share_accepted(&of_kind(held, true), val_threshold),
        far: share_accepted(&of_kind(held, false), val_threshold),
    })
}

fn of_kind(pairs: &[(f64, bool)], same: bool) -> Vec<f64> {
    pairs.iter().filter(|pair| pair.1 == same).map(|pair| pair.0).collect()
}

fn mean_of_others(vectors: &Vectors, pairs: &[Pair], fold: usize) -> Vec<f64> {
    let mut sums = vec![0.0; vectors.dimensions()];
    let mut rows = 0_usize;
    for pair in pairs.iter().filter(|pair| pair.fold != fold) {
        for row in [pair.a, pair.b] {
            sums.iter_mut().zip(vectors.row(row)).for_each(|(sum, &value)| *sum += f64::from(value));
            rows += 1;
        }
    }
    sums.iter_mut().for_each(|sum| *sum /= rows.max(1) as f64);
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(distance: f64, same: bool, fold: usize) -> Pair {
        Pair::at(distance, same, fold)
    }

    #[test]
    fn the_best_threshold_is_a_midpoint() {
        let pairs = [(0.5, true), (0.9, true), (1.3, false), (1.1, true), (1.2, false)];
        let (threshold, accuracy) = best_threshold(pairs).unwrap();
        assert!((threshold - 1.15).abs() < 1e-15);
        assert_eq!(accuracy, 1.0);
    }

    #[test]
    fn of_equally_good_thresholds_the_smallest_wins() {
        // Accepting one or three is equally right: 3 of 4.
        let (threshold, accuracy) = best_threshold([(1.0, true), (2.0, false), (3.0, true), (4.0, false)]).unwrap();
        assert_eq!((threshold, accuracy), (1.5, 0.75));
        let (nothing, accuracy) = best_threshold([(1.0, false), (2.0, true)]).unwrap();
        assert_eq!((nothing < 1.0, accuracy), (true, 0.5));
        assert_eq!(best_threshold([(1.0, true), (2.0, true)]).unwrap(), (2.0, 1.0));
    }

    #[test]
    fn each_fold_is_judged_by_the_others() {
        // Fold 1 alone would choose 1.5, fold 0 alone 2.5: judged crosswise each gets one of four wrong.
        let pairs = [
            pair(1.0, true, 0),
            pair(2.0, true, 0),
            pair(3.0, false, 0),
            pair(4.0, false, 0),
            pair(0.5, true, 1),
            pair(1.0, true, 1),
            pair(2.0, false, 1),
            pair(4.0, false, 1),
        ];
        let judged = judge_scored(&pairs, 0.5, FarRule::Interpolated).unwrap();
        assert_eq!(judged.thresholds(), [1.5, 2.5]);
        assert_eq!((judged.accuracy.mean, judged.accuracy.standard_error), (0.75, 0.0));
        // At FAR 0.5 the other fold's first different pair is the threshold: 2.0 for fold 0, 3.0 for fold 1.
        assert_eq!(
            judged.folds.iter().map(|f| (f.val_threshold, f.val, f.far)).collect::<Vec<_>>(),
            [(2.0, 1.0, 0.0), (3.0, 1.0, 0.5)]
        );
        assert_eq!(judged.threshold_of(1), Some(2.5));
    }

    #[test]
    fn the_mean_comes_from_the_other_folds() {
        // In each fold the vectors share an offset of the *other* fold; what is subtracted shows in the angle.
        let vectors = Vectors::from_rows([[1.0_f32, 0.0].as_slice(), &[0.0, 1.0], &[1.0, 1.0], &[1.0, 1.0]]).unwrap();
        let rows = Pair::unmeasured;
        let pairs = [rows(0, 0, true, 0), rows(0, 1, false, 0), rows(2, 3, true, 1), rows(2, 1, false, 1)];
        assert_eq!(mean_of_others(&vectors, &pairs, 1), [0.75, 0.25]);
        let options = LfwOptions { metric: Metric::SquaredL2, centring: Centring::OtherFolds, ..LfwOptions::default() };
        let judged = judge(&vectors, &pairs, &options).unwrap();
        assert_eq!(judged.pairs[1].distance, 2.0);
    }

    #[test]
    fn another_list_can_choose_the_threshold() {
        let training = [pair(1.0, true, 0), pair(2.0, false, 0)];
        let held = [pair(1.4, true, 0), pair(1.45, false, 0), pair(3.0, false, 0), pair(1.6, true, 0)];
        let judged = judge_split(&training, &held, 0.5, FarRule::AtMost).unwrap();
        assert_eq!((judged.thresholds(), judged.accuracy.mean), (vec![1.5], 0.5));
        assert_eq!((judged.folds[0].val, judged.folds[0].far), (1.0, 0.5));
    }

    #[test]
    fn a_fold_without_a_kind_of_pair_is_left_out_and_named() {
        let whole = |fold| [pair(0.5, true, fold), pair(1.5, false, fold)];
        let lacking = [pair(9.0, true, 1), pair(9.5, true, 1)];
        let pairs = [&whole(0)[..], &lacking, &whole(2)].concat();
        let judged = judge_scored(&pairs, 0.5, FarRule::AtMost).unwrap();
        assert_eq!(
            judged,
            Judgement {
                left_out: vec![LackingFold { fold: 1, same: 2, different: 0 }],
                ..judge_scored(&[whole(0), whole(2)].concat(), 0.5, FarRule::AtMost).unwrap()
            }
        );
        let told = judge_scored(&[&whole(0)[..], &lacking].concat(), 0.5, FarRule::AtMost).unwrap_err().to_string();
        assert!(told.contains("fold 1 has no pair of different people left"), "{told}");
    }

    #[test]
    fn one_fold_cannot_be_held_out() {
        let pairs = [pair(1.0, true, 3), pair(2.0, false, 3)];
        assert_eq!(judge_scored(&pairs, 1e-3, FarRule::AtMost), Err(EvalError::TooFewFolds(1)));
    }
}
