//! Which pairs a threshold gets wrong, the worst first.

use super::Pair;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// Different people taken for one.
    FalseAccept,
    /// One person taken for two.
    FalseReject,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FailedPair {
    /// Index into the pairs handed in.
    pub pair: usize,
    pub mistake: Mistake,
    pub threshold: f64,
}

impl FailedPair {
    /// How far beyond the threshold, among the pairs handed in.
    pub fn wrong_by(&self, pairs: &[Pair]) -> f64 {
        (pairs[self.pair].distance - self.threshold).abs()
    }
}

/// The wrongly judged pairs under `threshold_of` their fold, sorted by how wrong they are.
pub(crate) fn failures(pairs: &[Pair], threshold_of: impl Fn(usize) -> f64) -> Vec<FailedPair> {
    let wrong = |(pair, scored): (usize, &Pair)| {
        let threshold = threshold_of(scored.fold);
        let mistake = match (scored.distance <= threshold, scored.same) {
            (true, false) => Mistake::FalseAccept,
            (false, true) => Mistake::FalseReject,
            _ => return None,
        };
        Some(FailedPair { pair, mistake, threshold })
    };
    let mut found: Vec<FailedPair> = pairs.iter().enumerate().filter_map(wrong).collect();
    found.sort_by(|a, b| b.wrong_by(pairs).total_cmp(&a.wrong_by(pairs)).then(a.pair.cmp(&b.pair)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

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
