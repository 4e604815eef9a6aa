//! Which pairs a threshold gets wrong, the worst first.

use serde::Serialize;

use super::Pair;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mistake {
    /// Different people taken for one.
    FalseAccept,
    /// One person taken for two.
    FalseReject,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Failure {
    /// Index into the pairs handed in.
    pub pair: usize,
    pub mistake: Mistake,
    pub distance: f64,
    pub threshold: f64,
    pub fold: usize,
}

impl Failure {
    /// How far beyond the threshold.
    pub fn wrong_by(&self) -> f64 {
        (self.distance - self.threshold).abs()
    }
}

/// What one threshold does to all pairs, counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OperatingPoint {
    pub threshold: f64,
    pub same: usize,
    pub different: usize,
    pub false_accepts: usize,
    pub false_rejects: usize,
}

impl OperatingPoint {
    pub fn at(threshold: f64, pairs: &[Pair]) -> Self {
        let mut point = Self { threshold, same: 0, different: 0, false_accepts: 0, false_rejects: 0 };
        for pair in pairs {
            let accepted = pair.distance <= threshold;
            let (kind, wrong) = match pair.same {
                true => (&mut point.same, &mut point.false_rejects),
                false => (&mut point.different, &mut point.false_accepts),
            };
            *kind += 1;
            *wrong += usize::from(accepted != pair.same);
        }
        point
    }

    pub fn far(&self) -> f64 {
        self.false_accepts as f64 / self.different as f64
    }

    pub fn val(&self) -> f64 {
        1.0 - self.false_rejects as f64 / self.same as f64
    }

    /// One wrong match in so many pairs of different people; None where there is none.
    pub fn wrong_one_in(&self) -> Option<usize> {
        one_in(self.false_accepts, self.different)
    }

    /// One miss in so many pairs of one person; None where there is none.
    pub fn misses_one_in(&self) -> Option<usize> {
        one_in(self.false_rejects, self.same)
    }
}

fn one_in(wrong: usize, of: usize) -> Option<usize> {
    (wrong > 0).then(|| (of as f64 / wrong as f64).round() as usize)
}

/// The wrongly judged pairs under `threshold_of` their fold, sorted by how wrong they are.
pub fn failures(pairs: &[Pair], threshold_of: impl Fn(usize) -> f64) -> Vec<Failure> {
    let wrong = |(pair, scored): (usize, &Pair)| {
        let threshold = threshold_of(scored.fold);
        let mistake = match (scored.distance <= threshold, scored.same) {
            (true, false) => Mistake::FalseAccept,
            (false, true) => Mistake::FalseReject,
            _ => return None,
        };
        Some(Failure { pair, mistake, distance: scored.distance, threshold, fold: scored.fold })
    };
    let mut found: Vec<Failure> = pairs.iter().enumerate().filter_map(wrong).collect();
    found.sort_by(|a, b| b.wrong_by().total_cmp(&a.wrong_by()).then(a.pair.cmp(&b.pair)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_told_in_counts() {
        let pair = |distance, same| Pair::at(distance, same, 0);
        let pairs = [pair(0.5, true), pair(1.0, true), pair(1.5, true), pair(1.0, false), pair(1.2, false)];
        let point = OperatingPoint::at(1.0, &pairs);
        assert_eq!((point.false_accepts, point.false_rejects), (1, 1));
        assert_eq!((point.wrong_one_in(), point.misses_one_in(), point.far()), (Some(2), Some(3), 0.5));
        assert_eq!(OperatingPoint::at(0.0, &pairs).wrong_one_in(), None);
    }

    #[test]
    fn the_worst_comes_first() {
        let pair = Pair::at;
        let pairs =
            [pair(1.3, true, 0), pair(0.2, false, 0), pair(1.1, false, 0), pair(1.25, true, 1), pair(1.0, false, 1)];
        let found = failures(&pairs, |fold| if fold == 0 { 1.0 } else { 1.2 });
        let told: Vec<_> = found.iter().map(|f| (f.pair, f.mistake)).collect();
        assert_eq!(
            told,
            [
                (1, Mistake::FalseAccept),
                (0, Mistake::FalseReject),
                (4, Mistake::FalseAccept),
                (3, Mistake::FalseReject)
            ]
        );
    }
}
