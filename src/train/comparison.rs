//! Is the new network better than the old one? Both look at the same pictures of people held out of training, and at
//! the same list of pairs, and the differences get error bars.
//!
//! * Held-out people: VAL at the FAR target over all pairs, each network at its own threshold. The error bars come from
//!   drawing people (not pictures, and not pairs, which share pictures) with replacement, the same draws for both. The
//!   figures are the validation's, over all pairs; of more than two million pairs of a kind the draws weigh a sample.
//! * A list of pairs: accuracy and VAL by folds (LFW's protocol); the error of the mean fold difference.
//!
//! The verdict needs a difference whose 95% interval leaves zero out, on people or pairs that did not choose the new
//! network: the best of many judgements looks better than it is to whoever made them. What it leaves out: a chance that
//! both measures are asked and one of them errs.

use std::f64::consts::FRAC_PI_2;

use rand::RngExt;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::data::FEWEST_COMPARED;
use super::rng::{Purpose, stream};
use super::validate::{PairSet, PeopleReport, judge_people, judged_pairs};
use crate::eval::EvalError;
use crate::eval::lfw::FoldResult;

mod pairs;

use pairs::{Pairs, SampledPairs};

const DRAWS: u64 = 500;
/// Pairs of a kind that a draw weighs: their own number is then no source of error beside that of the people.
const PAIRS_AT_MOST: usize = 1 << 21;

/// The new network against the old one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// What the old network is called.
    pub old: String,
    pub(crate) verdict: ComparisonOutcome,
    pub people: Option<PeopleComparison>,
    pub pairs: Option<PairsComparison>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ComparisonOutcome {
    Better,
    /// None that these data can tell.
    NoDifference,
    Worse,
    /// They look better to those who chose the network, which says nothing.
    Chosen,
    /// Too few people are held out, and there is no list of pairs.
    NotMeasured,
}

/// Over all pairs of pictures of people held out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PeopleComparison {
    pub people: usize,
    pub pictures: usize,
    pub far_target: f64,
    pub val: Compared,
    /// Mean of the shares of same pairs accepted and of different pairs refused, at each network's best threshold.
    pub accuracy: Compared,
    /// The new network's, where there are enough pictures to tell them.
    #[serde(default)]
    pub thresholds: Option<TrainedDistances>,
    /// They chose the new network among several.
    #[serde(default)]
    pub chose: bool,
}

/// Squared distances up to which two pictures show one person.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TrainedDistances {
    /// The most accurate.
    pub same_person: f64,
    /// With as few wrong matches as VAL is measured at.
    pub grouping: f64,
}

/// Of fewer pictures the most accurate distance is an accident.
const FEWEST_PICTURES: usize = 30;

impl TrainedDistances {
    /// None of too few pictures, or where there are fewer different pairs than one wrong match is wanted among: then the
    /// second distance is that of no rate.
    pub(crate) fn of(people: &PeopleReport) -> Option<Self> {
        let tells_rate = people.different_pairs as f64 * people.far_target >= 1.0;
        let tells = people.pictures >= FEWEST_PICTURES && tells_rate;
        tells.then_some(Self { same_person: people.threshold, grouping: people.val_threshold })
    }
}

/// Over the folds of a list of pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairsComparison {
    pub pairs: usize,
    pub skipped: usize,
    pub far_target: f64,
    pub accuracy: Compared,
    pub val: Compared,
    /// They chose the new network among several.
    #[serde(default)]
    pub chose: bool,
}

/// One figure of both networks; all are shares of one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    pub old: Measured,
    pub new: Measured,
    /// New less old, on the same people or folds.
    pub difference: Measured,
    /// The 95% interval of the difference.
    pub low: f64,
    pub high: f64,
    /// How many standard errors the 95% interval of either network's own value reaches to each side. Versions before this
    /// one did not say.
    #[serde(default = "normal_97_5")]
    pub reach: f64,
}

/// The 97.5% quantile of the normal distribution, of errors from many draws.
fn normal_97_5() -> f64 {
    1.96
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub value: f64,
    pub standard_error: f64,
}

/// Unit vectors of the same pictures by both networks, row after row.
#[derive(Debug, Clone)]
pub(crate) struct BothVectors {
    pub old: Vec<f32>,
    pub old_dimensions: usize,
    pub new: Vec<f32>,
    pub new_dimensions: usize,
}

impl Comparison {
    pub fn new(old: String, people: Option<PeopleComparison>, pairs: Option<PairsComparison>) -> Self {
        let of_people = people.as_ref().map(|people| people.val.told_by(people.chose));
        let of_pairs = pairs.as_ref().map(|pairs| pairs.accuracy.told_by(pairs.chose));
        let verdict = verdict(of_people.into_iter().chain(of_pairs));
        Self { old, verdict, people, pairs }
    }
}

/// The weightiest.
fn verdict(of_measures: impl Iterator<Item = ComparisonOutcome> + Clone) -> ComparisonOutcome {
    use ComparisonOutcome::{Better, Chosen, NoDifference, NotMeasured, Worse};
    let by_weight = [Worse, Better, Chosen, NoDifference];
    by_weight.into_iter().find(|outcome| of_measures.clone().any(|told| told == *outcome)).unwrap_or(NotMeasured)
}

impl Compared {
    pub(crate) fn verdict(&self) -> ComparisonOutcome {
        if self.low > 0.0 {
            ComparisonOutcome::Better
        } else if self.high < 0.0 {
            ComparisonOutcome::Worse
        } else {
            ComparisonOutcome::NoDifference
        }
    }

    /// By people or pairs who chose the new network, or did not.
    fn told_by(&self, chose: bool) -> ComparisonOutcome {
        match self.verdict() {
            ComparisonOutcome::Better if chose => ComparisonOutcome::Chosen,
            told => told,
        }
    }

    fn of_draws(old: f64, new: f64, draws: &[(f64, f64)]) -> Self {
        let spread = |value: fn(&(f64, f64)) -> f64| deviation(draws.iter().map(value));
        let mut differences: Vec<f64> = draws.iter().map(|(old, new)| new - old).collect();
        differences.sort_unstable_by(f64::total_cmp);
        let quantile = |share: f64| differences[((differences.len() - 1) as f64 * share).round() as usize];
        Self {
            old: Measured { value: old, standard_error: spread(|draw| draw.0) },
            new: Measured { value: new, standard_error: spread(|draw| draw.1) },
            difference: Measured { value: new - old, standard_error: deviation(differences.iter().copied()) },
            low: quantile(0.025),
            high: quantile(0.975),
            reach: normal_97_5(),
        }
    }

    fn of_folds(old: &[f64], new: &[f64]) -> Self {
        let differences: Vec<f64> = new.iter().zip(old).map(|(new, old)| new - old).collect();
        let [old, new, difference] = [old, new, &differences].map(|values| {
            let count = values.len() as f64;
            Measured {
                value: values.iter().sum::<f64>() / count,
                standard_error: deviation(values.iter().copied()) / count.sqrt(),
            }
        });
        let reach = student_97_5(differences.len() - 1);
        let [low, high] = [-reach, reach].map(|errors| difference.value + errors * difference.standard_error);
        Self { old, new, difference, low, high, reach }
    }

    /// The 95% intervals of both networks' own values.
    pub(crate) fn intervals(&self) -> [[f64; 2]; 2] {
        let ends = |of: &Measured| [-self.reach, self.reach].map(|errors| of.value + errors * of.standard_error);
        [ends(&self.old), ends(&self.new)]
    }
}

/// Compares on held-out people; None when there are too few for an error bar.
pub(crate) fn compare_people(
    vectors: &BothVectors,
    people: &[u32],
    far_target: f64,
    seed: u64,
) -> Result<Option<PeopleComparison>, EvalError> {
    compare_by(vectors, people, far_target, seed, PAIRS_AT_MOST)
}

fn compare_by(
    vectors: &BothVectors,
    people: &[u32],
    far_target: f64,
    seed: u64,
    pairs_at_most: usize,
) -> Result<Option<PeopleComparison>, EvalError> {
    let (labels, count) = numbered(people);
    let sampled = SampledPairs::of(&labels, count, pairs_at_most, seed);
    if count < FEWEST_COMPARED || sampled.same.is_empty() {
        return Ok(None);
    }
    let old = Network::of(&vectors.old, vectors.old_dimensions, &labels, &sampled, far_target)?;
    let new = Network::of(&vectors.new, vectors.new_dimensions, &labels, &sampled, far_target)?;
    let draws: Vec<[(f64, f64); 2]> = (0..DRAWS)
        .into_par_iter()
        .map(|draw| {
            let mut rng = stream(seed, Purpose::Bootstrap, draw, 0);
            let mut weights = vec![0_u32; count];
            (0..count).for_each(|_| weights[rng.random_range(0..count)] += 1);
            let [old, new] = [&old, &new].map(|network| network.figures(&weights, far_target));
            [(old[0], new[0]), (old[1], new[1])]
        })
        .collect();
    let compared = |figure: usize, of_all: fn(&PeopleReport) -> f64| {
        let of_figure: Vec<(f64, f64)> =
            draws.iter().map(|draw| draw[figure]).filter(|(a, b)| (a + b).is_finite()).collect();
        (!of_figure.is_empty()).then(|| Compared::of_draws(of_all(&old.judged), of_all(&new.judged), &of_figure))
    };
    let (val, accuracy) = (compared(0, |judged| judged.val), compared(1, |judged| judged.accuracy));
    let both = val.zip(accuracy);
    let (pictures, thresholds) = (people.len(), TrainedDistances::of(&new.judged));
    Ok(both.map(|(val, accuracy)| PeopleComparison {
        people: count,
        pictures,
        far_target,
        val,
        accuracy,
        thresholds,
        chose: false,
    }))
}

/// Compares on a list of pairs; `row_of` gives a picture's row in both networks' vectors.
pub(crate) fn compare_pairs(
    set: &PairSet,
    vectors: &BothVectors,
    row_of: impl Fn(usize) -> Option<usize>,
    far_target: f64,
) -> Result<PairsComparison, EvalError> {
    let old = judged_pairs(set, &vectors.old, vectors.old_dimensions, &row_of, far_target)?;
    let new = judged_pairs(set, &vectors.new, vectors.new_dimensions, &row_of, far_target)?;
    let compared = |value: fn(&FoldResult) -> f64| {
        let [old, new] = [&old, &new].map(|judged| judged.folds.iter().map(value).collect::<Vec<f64>>());
        Compared::of_folds(&old, &new)
    };
    let pairs = new.folds.iter().map(|fold| fold.pairs).sum();
    Ok(PairsComparison {
        pairs,
        skipped: set.pairs.len() - pairs,
        far_target,
        accuracy: compared(|fold| fold.accuracy),
        val: compared(|fold| fold.val),
        chose: false,
    })
}

/// People numbered from zero.
fn numbered(people: &[u32]) -> (Vec<u32>, usize) {
    let mut known: Vec<u32> = people.to_vec();
    known.sort_unstable();
    known.dedup();
    let place = |person: &u32| known.partition_point(|other| other < person) as u32;
    (people.iter().map(place).collect(), known.len())
}

/// What the validation says of a network, and its pairs.
struct Network {
    judged: PeopleReport,
    pairs: Pairs,
}

impl Network {
    fn of(
        vectors: &[f32],
        dimensions: usize,
        labels: &[u32],
        sampled: &SampledPairs,
        far_target: f64,
    ) -> Result<Self, EvalError> {
        let judged = judge_people(vectors, dimensions, labels, far_target)?;
        Ok(Self { judged, pairs: Pairs::of(vectors, dimensions, labels, sampled) })
    }

    /// VAL at the threshold that the draw gives, and accuracy at the one threshold of the network.
    fn figures(&self, weights: &[u32], far_target: f64) -> [f64; 2] {
        let cut = self.judged.threshold as f32;
        [self.pairs.val(weights, far_target), self.pairs.accuracy(weights, cut)]
    }
}

fn deviation(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
    if count > 1.0 { (squares / (count - 1.0)).sqrt() } else { 0.0 }
}

/// The 97.5% quantile of Student's t: the t that |t| stays below with a probability of 95%, which Abramowitz and Stegun
/// give in closed form (26.7.3 and 26.7.4), found by halving.
fn student_97_5(freedom: usize) -> f64 {
    let (mut low, mut high) = (0.0, FRAC_PI_2);
    for _ in 0..60 {
        let angle = (low + high) / 2.0;
        if chance_below(angle, freedom) < 0.95 { low = angle } else { high = angle }
    }
    (freedom as f64).sqrt() * low.tan()
}

/// The probability of |t| < √freedom · tan(angle).
fn chance_below(angle: f64, freedom: usize) -> f64 {
    let (sine, cosine) = angle.sin_cos();
    let odd = freedom % 2;
    let (mut term, mut sum) = (if odd == 1 { cosine } else { 1.0 }, 0.0);
    for k in (2 + odd..=freedom).step_by(2) {
        sum += term;
        term *= cosine * cosine * (k - 1) as f64 / k as f64;
    }
    if odd == 1 { (angle + sine * sum) / FRAC_PI_2 } else { sine * sum }
}

#[cfg(test)]
mod tests;
