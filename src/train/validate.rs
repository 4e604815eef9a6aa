//! Judging the network on people it has not learned from: all pairs of held-out pictures, and an LFW-format list of
//! pairs when there is one. All pairs are counted in blocks ([`mod@crate::eval::all_pairs`]), so memory does not grow
//! with them.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::data::Dataset;
use super::mining::squared_distance;
use super::sampler::Exemplar;
use super::snapshot::{BINS, Histograms};
use crate::eval::all_pairs::{self, AllPairs, DistanceHistogram, all_pairs};
use crate::eval::lfw::{Judgement, LfwOptions, judge};
use crate::eval::{EvalError, Pair, Vectors};
use crate::types::Cancel;

/// Pairs of an LFW list, by rows of `pictures`.
#[derive(Debug, Clone, Default)]
pub(crate) struct PairSet {
    /// None where one takes no part: its pairs are skipped.
    pub pictures: Vec<Option<usize>>,
    pub pairs: Vec<Pair>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ValidationReport {
    pub step: u64,
    pub people: Option<PeopleReport>,
    pub pairs: Option<PairsReport>,
    /// Where a teacher's vectors are learned.
    #[serde(default)]
    pub to_teacher: Option<TeacherReport>,
}

/// How far the network is from its teacher on pictures held out, whoever they show.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TeacherReport {
    pub pictures: usize,
    /// The mean over pictures; 0 is the teacher itself, 2 is at right angles to it.
    pub squared_distance: f64,
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
    /// How far the mean distances of different and of same pairs are apart, in their common standard deviation. It still
    /// tells networks apart that make no mistake.
    #[serde(default)]
    pub separation: f64,
    /// In harmonic training: the new network's vectors against the old one's.
    #[serde(default)]
    pub against_old: Option<CompatibilityReport>,
    #[serde(skip)]
    pub histograms: Histograms,
}

/// Over every pair of two held-out pictures, one seen by the new network and the other by the old (Schroff et al. 2015,
/// figure 8).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CompatibilityReport {
    pub val: f64,
    pub auc: f64,
    /// As in [`PeopleReport`].
    #[serde(default)]
    pub separation: f64,
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
    /// As in [`PeopleReport`].
    #[serde(default)]
    pub separation: f64,
}

/// At most `limit` pictures of `people`, evenly from each.
pub(crate) fn pictures_to_judge(people: &Dataset, limit: usize) -> Vec<Exemplar> {
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

impl ValidationReport {
    /// Whether this network is the one to keep: where a teacher is learned from by the distance to it, which a few
    /// pictures tell more surely than a rate of rare mistakes; else by VAL on people held out, in harmonic training
    /// against the old network, and without such people by accuracy on the list of pairs. The AUC decides between
    /// equals, and between those that it cannot tell apart the separation, which has no best value. On fewer pictures than
    /// the other was judged on, some being gone by now, none is better.
    pub(crate) fn beats(&self, other: &Self) -> bool {
        if self.looked_at().iter().zip(other.looked_at()).any(|(own, others)| *own < others) {
            return false;
        }
        let (Some(own), Some(others)) = (self.rank(), other.rank()) else { return self.rank().is_some() };
        // A report that was read from a file may have lost its last bit.
        let mut differences = own.iter().zip(others).map(|(own, others)| own - others);
        differences.find(|by| by.abs() > 1e-9).is_some_and(|by| by > 0.0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.people.is_none() && self.pairs.is_none() && self.to_teacher.is_none()
    }

    /// How many pairs of people and of the list, and pictures under a teacher.
    fn looked_at(&self) -> [usize; 3] {
        let of_people = self.people.as_ref().map_or(0, |people| people.same_pairs + people.different_pairs);
        let of_list = self.pairs.as_ref().map_or(0, |pairs| pairs.pairs - pairs.skipped);
        [of_people, of_list, self.to_teacher.map_or(0, |teacher| teacher.pictures)]
    }

    fn rank(&self) -> Option<[f64; 3]> {
        let by_pairs = || self.pairs.as_ref().map(|pairs| [pairs.accuracy, pairs.auc, pairs.separation]);
        let of_people = |people: &PeopleReport| match people.against_old {
            Some(compatible) => [compatible.val, compatible.auc, compatible.separation],
            None => [people.val, people.auc, people.separation],
        };
        let by_teacher = self.to_teacher.map(|teacher| [-teacher.squared_distance, 0.0, 0.0]);
        by_teacher.or_else(|| self.people.as_ref().map(of_people)).or_else(by_pairs)
    }
}

/// VAL, AUC and accuracy over all pairs of `vectors` (unit length, row after row).
pub(crate) fn judge_people(
    vectors: &[f32],
    dimensions: usize,
    people: &[u32],
    far_target: f64,
) -> Result<PeopleReport, EvalError> {
    judge_people_until(vectors, dimensions, people, far_target, &Cancel::default())
}

/// The same, given up when it is cancelled.
pub(super) fn judge_people_until(
    vectors: &[f32],
    dimensions: usize,
    people: &[u32],
    far_target: f64,
    cancel: &Cancel,
) -> Result<PeopleReport, EvalError> {
    check_numbers(vectors)?;
    let vectors = Vectors::from_rows(vectors.chunks(dimensions))?;
    let counted = all_pairs(&vectors, people, cancel, &|_| {})?;
    let (at_far, roc) = (counted.val_at_far(far_target)?, counted.roc()?);
    let balanced = |val: f64, far: f64| (val + 1.0 - far) / 2.0;
    let best = roc.points.iter().max_by(|a, b| balanced(a.val, a.far).total_cmp(&balanced(b.val, b.far)));
    Ok(PeopleReport {
        pictures: people.len(),
        same_pairs: roc.same,
        different_pairs: roc.different,
        accuracy: best.map_or(0.5, |point| balanced(point.val, point.far)),
        threshold: best.map_or(0.0, |point| point.threshold),
        val: at_far.val,
        far_target,
        far: at_far.far,
        val_threshold: at_far.threshold,
        auc: roc.auc(),
        median_same: median(&counted.same),
        separation: separation(&counted.same, &counted.different),
        against_old: None,
        histograms: Histograms { same: coarse(&counted.same), different: coarse(&counted.different) },
    })
}

/// The vectors of one network against those of another, of the same pictures.
pub(crate) fn judge_against(
    new: &[f32],
    old: &[f32],
    dimensions: usize,
    people: &[u32],
    far_target: f64,
    cancel: &Cancel,
) -> Result<CompatibilityReport, EvalError> {
    check_numbers(new)?;
    let [new, old] = [new, old].map(|vectors| vectors.chunks(dimensions).collect::<Vec<_>>());
    let empty = || [vec![0_u64; all_pairs::BINS], vec![0_u64; all_pairs::BINS]];
    let add = |mut counts: [Vec<u64>; 2], a: usize| {
        for b in (0..people.len()).filter(|&b| b != a && !cancel.is_cancelled()) {
            let distance = squared_distance(new[a], old[b]);
            let bin = (distance / 4.0 * all_pairs::BINS as f32) as usize;
            counts[usize::from(people[a] == people[b])][bin.min(all_pairs::BINS - 1)] += 1;
        }
        counts
    };
    let sum = |mut one: [Vec<u64>; 2], other: [Vec<u64>; 2]| {
        one.iter_mut().flatten().zip(other.iter().flatten()).for_each(|(sum, count)| *sum += count);
        one
    };
    let [different, same] = (0..people.len()).into_par_iter().fold(empty, add).reduce(empty, sum);
    if cancel.is_cancelled() {
        return Err(EvalError::Cancelled);
    }
    let [different, same] = [DistanceHistogram::from_counts(different)?, DistanceHistogram::from_counts(same)?];
    let counted = AllPairs { same, different };
    let separation = separation(&counted.same, &counted.different);
    Ok(CompatibilityReport { val: counted.val_at_far(far_target)?.val, auc: counted.roc()?.auc(), separation })
}

/// The pairs whose pictures could both be read: `row_of` gives a picture's row in `vectors`.
pub(crate) fn judge_pairs(
    set: &PairSet,
    vectors: &[f32],
    dimensions: usize,
    row_of: impl Fn(usize) -> Option<usize>,
    far_target: f64,
) -> Result<PairsReport, EvalError> {
    let judged = judged_pairs(set, vectors, dimensions, row_of, far_target)?;
    let pairs = judged.folds.iter().map(|fold| fold.pairs).sum();
    let [same, different] = [true, false].map(|same| {
        let of_kind = judged.pairs.iter().filter(|pair| pair.same == same);
        moments(of_kind.map(|pair| (pair.distance, 1.0)))
    });
    Ok(PairsReport {
        pairs,
        skipped: set.pairs.len() - pairs,
        accuracy: judged.accuracy.mean,
        accuracy_standard_error: judged.accuracy.standard_error,
        val: judged.val.mean,
        auc: judged.auc,
        separation: apart(same, different),
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
        let (a, b) = (row_of(set.pictures[pair.a]?)?, row_of(set.pictures[pair.b]?)?);
        Some(Pair { a, b, ..*pair })
    };
    let usable: Vec<Pair> = set.pairs.iter().filter_map(rows).collect();
    let vectors = Vectors::from_rows(vectors.chunks(dimensions))?;
    judge(&vectors, &usable, &LfwOptions { far_target, ..LfwOptions::default() })
}

/// A ruined network's vectors must not pass as distances.
pub(super) fn check_numbers(vectors: &[f32]) -> Result<(), EvalError> {
    match vectors.iter().position(|value| !value.is_finite()) {
        Some(pair) => Err(EvalError::NotANumber { pair }),
        None => Ok(()),
    }
}

/// The middle of the bin that holds the median.
fn median(histogram: &DistanceHistogram) -> f64 {
    let (half, mut sum) = (histogram.total() / 2, 0);
    let bins = histogram.counts().iter().take_while(|&&count| (sum += count, sum <= half).1).count();
    (bins as f64 + 0.5) * 4.0 / all_pairs::BINS as f64
}

fn separation(same: &DistanceHistogram, different: &DistanceHistogram) -> f64 {
    let of_bins = |histogram: &DistanceHistogram| {
        let distance = |bin: usize| (bin as f64 + 0.5) * 4.0 / all_pairs::BINS as f64;
        moments(histogram.counts().iter().enumerate().map(|(bin, &count)| (distance(bin), count as f64)))
    };
    apart(of_bins(same), of_bins(different))
}

/// How far two means are apart, in the common standard deviation; finite also where all distances of a kind are the same.
fn apart((near, near_spread): (f64, f64), (far, far_spread): (f64, f64)) -> f64 {
    (far - near) / ((near_spread + far_spread) / 2.0).sqrt().max(1e-6)
}

/// Mean and variance of distances, each there so many times.
fn moments(distances: impl Iterator<Item = (f64, f64)> + Clone) -> (f64, f64) {
    let total = distances.clone().map(|(_, count)| count).sum::<f64>().max(1.0);
    let mean = distances.clone().map(|(distance, count)| count * distance).sum::<f64>() / total;
    (mean, distances.map(|(distance, count)| count * (distance - mean).powi(2)).sum::<f64>() / total)
}

/// The same counts in the wide bins of the window's plots.
fn coarse(histogram: &DistanceHistogram) -> Vec<u32> {
    let mut counts = vec![0_u32; BINS];
    for (bin, &count) in histogram.counts().iter().enumerate() {
        let wide = &mut counts[bin * BINS / all_pairs::BINS];
        *wide = wide.saturating_add(count.try_into().unwrap_or(u32::MAX));
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{FarRule, Roc, val_at_far};
    use crate::train::data::Person;
    use crate::train::rng::{Purpose, stream};
    use rand::RngExt;

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

    /// Every pair by two loops, each distance by itself.
    #[test]
    fn all_pairs_are_judged_as_one_by_one() {
        let mut rng = stream(3, Purpose::Pictures, 0, 0);
        let people: Vec<u32> = (0..90).map(|row| row % 13).collect();
        let mut rows: Vec<f32> =
            (0..90 * 6).map(|at| (at / 6 % 13) as f32 * 0.02 + rng.random_range(-1.0..1.0)).collect();
        crate::train::rows::normalise_rows(&mut rows, 6);
        let (mut same, mut different) = (Vec::new(), Vec::new());
        for a in 0..90 {
            for b in a + 1..90 {
                let distance = f64::from(squared_distance(&rows[a * 6..a * 6 + 6], &rows[b * 6..b * 6 + 6]));
                if people[a] == people[b] { &mut same } else { &mut different }.push(distance);
            }
        }
        let report = judge_people(&rows, 6, &people, 0.1).unwrap();
        let exact = val_at_far(&same, &different, 0.1, FarRule::AtMost).unwrap();
        let labelled = same.iter().map(|&d| (d, true)).chain(different.iter().map(|&d| (d, false)));
        assert!((report.val - exact.val).abs() < 0.01 && (report.auc - Roc::of(labelled).unwrap().auc()).abs() < 1e-3);
        assert!(report.far <= 0.1 && (report.val_threshold - exact.threshold).abs() < 1e-3);
        same.sort_by(f64::total_cmp);
        assert!((report.median_same - same[same.len() / 2]).abs() < 1e-4);
        let moments = |distances: &[f64]| {
            let mean = distances.iter().sum::<f64>() / distances.len() as f64;
            (mean, distances.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / distances.len() as f64)
        };
        let ((near, near_spread), (far, far_spread)) = (moments(&same), moments(&different));
        assert!((report.separation - (far - near) / ((near_spread + far_spread) / 2.0).sqrt()).abs() < 1e-3);
        let fourth = |distances: &[f64]| distances.iter().filter(|&&d| (d / 0.05) as usize == 4).count();
        assert!((report.histograms.different[4] as usize).abs_diff(fourth(&different)) <= 1);
        rows[7] = f32::NAN;
        assert!(matches!(judge_people(&rows, 6, &people, 0.1), Err(EvalError::NotANumber { .. })));
    }

    #[test]
    fn a_network_goes_with_itself_and_not_with_its_mirror_image() {
        let people = [0, 0, 1, 1];
        let rows = [[1.0, 0.0], [0.8, 0.6], [0.0, 1.0], [-0.6, 0.8]];
        let turned = rows.map(|[x, y]: [f32; 2]| [-x, -y]);
        let judge = |old: &[[f32; 2]; 4], cancel: &Cancel| {
            judge_against(rows.as_flattened(), old.as_flattened(), 2, &people, 0.0, cancel)
        };
        let with = |old: &[[f32; 2]; 4]| judge(old, &Cancel::default()).unwrap();
        assert_eq!((with(&rows).val, with(&rows).auc), (1.0, 1.0));
        assert!(with(&turned).auc < 0.5);
        let cancel = Cancel::default();
        cancel.cancel();
        assert_eq!(judge(&rows, &cancel), Err(EvalError::Cancelled));
    }

    #[test]
    fn the_better_network_is_told_by_val_and_between_equals_by_auc() {
        let people = |val, auc| PeopleReport {
            val,
            auc,
            ..judge_people(&[1.0, 1.0, -1.0, -1.0], 1, &[0, 0, 1, 1], 0.1).unwrap()
        };
        let report = |people| ValidationReport { step: 1, people: Some(people), ..ValidationReport::default() };
        assert!(report(people(0.6, 0.8)).beats(&report(people(0.5, 0.9))));
        assert!(report(people(0.5, 0.9)).beats(&report(people(0.5, 0.8))));
        assert!(!report(people(0.5, 0.8)).beats(&report(people(0.5, 0.8))));
        let against = |val| {
            let against_old = Some(CompatibilityReport { val, auc: 0.9, separation: 0.0 });
            PeopleReport { against_old, ..people(0.5, 0.8) }
        };
        assert!(report(against(0.7)).beats(&report(PeopleReport { val: 0.9, ..against(0.6) })));
        let taught = |squared_distance, val| ValidationReport {
            to_teacher: Some(TeacherReport { pictures: 9, squared_distance }),
            ..report(people(val, 0.8))
        };
        assert!(taught(0.4, 0.5).beats(&taught(0.5, 0.6)) && !taught(0.5, 0.6).beats(&taught(0.4, 0.5)));
    }

    /// Neither makes a mistake; the second knows it with more room to spare. By all pairs, against an old network, and by
    /// a list of pairs.
    #[test]
    fn of_two_networks_without_mistakes_the_one_that_separates_more_is_better() {
        let people = [0, 0, 0, 1, 1, 1];
        let pair = |a: usize, b: usize, fold| Pair { a, b, same: a / 3 == b / 3, fold, distance: f64::NAN };
        let pairs = vec![pair(0, 2, 0), pair(0, 3, 0), pair(3, 5, 1), pair(2, 5, 1)];
        let set = PairSet { pictures: (0..6).map(Some).collect(), pairs };
        let judged = |tilt: f32| {
            let (x, y) = (tilt.cos(), tilt.sin());
            let rows = [[1.0, 0.0], [1.0, 0.0], [x, y], [-1.0, 0.0], [-1.0, 0.0], [-x, -y]];
            let rows = rows.as_flattened();
            let alone = judge_people(rows, 2, &people, 0.1).unwrap();
            let against_old = Some(judge_against(rows, rows, 2, &people, 0.1, &Cancel::default()).unwrap());
            let against = PeopleReport { against_old, separation: 0.0, ..alone.clone() };
            let report = |people| ValidationReport { people, ..ValidationReport::default() };
            let pairs = Some(judge_pairs(&set, rows, 2, Some, 0.1).unwrap());
            [report(Some(alone)), report(Some(against)), ValidationReport { pairs, ..report(None) }]
        };
        for (start, later) in judged(0.6).into_iter().zip(judged(0.3)) {
            let of = |report: &ValidationReport| report.rank().map(|[rate, auc, _]| (rate, auc));
            assert_eq!((of(&start), of(&later)), (Some((1.0, 1.0)), Some((1.0, 1.0))));
            assert!(later.beats(&start) && !start.beats(&later) && !start.beats(&start), "{start:?} {later:?}");
        }
    }

    /// As when most of what was held out is gone while the run was left.
    #[test]
    fn a_judgement_of_fewer_pictures_is_not_the_better_one() {
        let report = |vectors: &[[f32; 2]], people: &[u32]| {
            let people = judge_people(vectors.as_flattened(), 2, people, 0.1).unwrap();
            ValidationReport { people: Some(people), ..ValidationReport::default() }
        };
        let (a, b) = ([1.0, 0.0], [-1.0, 0.0]);
        let all = report(&[a, b, b, b, a, b], &[0, 0, 0, 1, 1, 1]);
        let few = report(&[a, a, b, b], &[0, 0, 1, 1]);
        assert!(few.people.as_ref().unwrap().val > all.people.as_ref().unwrap().val);
        assert!(!few.beats(&all) && all.beats(&ValidationReport::default()));
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
