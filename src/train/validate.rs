//! Judging the network on people it has not learned from: all pairs of held-out pictures, and an LFW-format list of
//! pairs when there is one.

use serde::{Deserialize, Serialize};

use super::data::Dataset;
use super::sampler::Exemplar;
use super::snapshot::{BINS, Histograms, bin};
use crate::eval::lfw::{Judgement, Options, judge};
use crate::eval::{EvalError, FarRule, Pair, Roc, Vectors, val_at_far};
use crate::train::mining::squared_distance;

/// Pairs of an LFW list, by rows of `pictures`.
#[derive(Debug, Clone, Default)]
pub struct PairSet {
    pub pictures: Vec<usize>,
    pub pairs: Vec<Pair>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ValidationReport {
    pub step: u64,
    pub people: Option<PeopleReport>,
    pub pairs: Option<PairsReport>,
}

/// Over every pair of held-out pictures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeopleReport {
    pub pictures: usize,
    pub same_pairs: usize,
    pub different_pairs: usize,
    /// Mean of the shares of same pairs accepted and of different pairs refused, at the best threshold.
    pub accuracy: f64,
    pub threshold: f64,
    pub val: f64,
    pub far_target: f64,
    /// Measured at the threshold of `val`.
    pub far: f64,
    pub val_threshold: f64,
    pub auc: f64,
    /// The median squared distance of same pairs.
    pub median_same: f64,
    #[serde(skip)]
    pub histograms: Histograms,
}

/// Over the folds of a pair list (nine choose the threshold, the tenth is judged).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairsReport {
    pub pairs: usize,
    pub skipped: usize,
    pub accuracy: f64,
    pub accuracy_standard_error: f64,
    pub val: f64,
    pub auc: f64,
}

/// At most `limit` pictures of `people`, evenly from each.
pub fn pictures_to_judge(people: &Dataset, limit: usize) -> Vec<Exemplar> {
    let most = people.people.iter().map(|person| person.pictures.len()).max().unwrap_or(0);
    let rounds = (0..most).flat_map(|round| {
        people.people.iter().enumerate().filter_map(move |(id, person)| {
            person.pictures.get(round).map(|&picture| Exemplar { picture, person: id as u32 })
        })
    });
    let mut chosen: Vec<Exemplar> = rounds.take(limit).collect();
    chosen.sort_by_key(|exemplar| (exemplar.person, exemplar.picture));
    chosen
}

/// VAL, AUC and accuracy over all pairs of `vectors` (unit length, row after row).
pub fn judge_people(
    vectors: &[f32],
    dimensions: usize,
    people: &[u32],
    far_target: f64,
) -> Result<PeopleReport, EvalError> {
    let (mut same, different) = distances(vectors, dimensions, people);
    same.sort_unstable_by(f64::total_cmp);
    let at_far = val_at_far(&same, &different, far_target, FarRule::AtMost)?;
    let labelled = same.iter().map(|&d| (d, true)).chain(different.iter().map(|&d| (d, false)));
    let roc = Roc::of(labelled)?;
    let balanced = |val: f64, far: f64| (val + 1.0 - far) / 2.0;
    let best = roc.points.iter().max_by(|a, b| balanced(a.val, a.far).total_cmp(&balanced(b.val, b.far)));
    Ok(PeopleReport {
        pictures: people.len(),
        same_pairs: same.len(),
        different_pairs: different.len(),
        accuracy: best.map_or(0.5, |point| balanced(point.val, point.far)),
        threshold: best.map_or(0.0, |point| point.threshold),
        val: at_far.val,
        far_target,
        far: at_far.far,
        val_threshold: at_far.threshold,
        auc: roc.auc(),
        median_same: same.get(same.len() / 2).copied().unwrap_or_default(),
        histograms: Histograms { same: histogram(&same), different: histogram(&different) },
    })
}

/// The pairs whose pictures could both be read: `row_of` gives a picture's row in `vectors`.
pub fn judge_pairs(
    set: &PairSet,
    vectors: &[f32],
    dimensions: usize,
    row_of: impl Fn(usize) -> Option<usize>,
    far_target: f64,
) -> Result<PairsReport, EvalError> {
    let judged = judged_pairs(set, vectors, dimensions, row_of, far_target)?;
    let pairs = judged.folds.iter().map(|fold| fold.pairs).sum();
    Ok(PairsReport {
        pairs,
        skipped: set.pairs.len() - pairs,
        accuracy: judged.accuracy.mean,
        accuracy_standard_error: judged.accuracy.standard_error,
        val: judged.val.mean,
        auc: judged.auc,
    })
}

/// The whole judgement of those pairs, fold by fold.
pub(super) fn judged_pairs(
    set: &PairSet,
    vectors: &[f32],
    dimensions: usize,
    row_of: impl Fn(usize) -> Option<usize>,
    far_target: f64,
) -> Result<Judgement, EvalError> {
    let rows = |pair: &Pair| {
        let (a, b) = (row_of(set.pictures[pair.a])?, row_of(set.pictures[pair.b])?);
        Some(Pair { a, b, ..*pair })
    };
    let usable: Vec<Pair> = set.pairs.iter().filter_map(rows).collect();
    let vectors = Vectors::from_rows(vectors.chunks(dimensions))?;
    judge(&vectors, &usable, &Options { far_target, ..Options::default() })
}

fn distances(vectors: &[f32], dimensions: usize, people: &[u32]) -> (Vec<f64>, Vec<f64>) {
    let rows: Vec<&[f32]> = vectors.chunks(dimensions).collect();
    let (mut same, mut different) = (Vec::new(), Vec::new());
    for a in 0..rows.len() {
        for b in a + 1..rows.len() {
            let list = if people[a] == people[b] { &mut same } else { &mut different };
            list.push(f64::from(squared_distance(rows[a], rows[b])));
        }
    }
    (same, different)
}

fn histogram(distances: &[f64]) -> Vec<u32> {
    let mut counts = vec![0; BINS];
    for distance in distances {
        counts[bin(*distance as f32)] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::data::Person;

    #[test]
    fn separated_people_are_told_apart_and_mixed_ones_are_not() {
        let people = [0, 0, 0, 1, 1, 1];
        let apart = [[1.0, 0.0], [1.0, 0.0], [0.8, 0.6], [-1.0, 0.0], [-1.0, 0.0], [-0.8, 0.6]];
        let report = judge_people(apart.as_flattened(), 2, &people, 0.1).unwrap();
        assert_eq!((report.same_pairs, report.different_pairs), (6, 9));
        assert_eq!((report.val, report.far, report.auc, report.accuracy), (1.0, 0.0, 1.0, 1.0));
        assert_eq!(report.histograms.same.iter().sum::<u32>(), 6);
        let mixed = [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]];
        let report = judge_people(mixed.as_flattened(), 2, &people, 0.1).unwrap();
        assert_eq!(report.val, 0.0);
        assert!(report.auc < 0.5);
    }

    #[test]
    fn a_limit_takes_evenly_from_each_person() {
        let person =
            |first: usize, count: usize| Person { name: String::new(), pictures: (first..first + count).collect() };
        let data = Dataset { people: vec![person(0, 9), person(20, 2), person(30, 5)] };
        let chosen = pictures_to_judge(&data, 7);
        let count = |id: u32| chosen.iter().filter(|exemplar| exemplar.person == id).count();
        assert_eq!([count(0), count(1), count(2)], [3, 2, 2]);
    }
}
