//! What one byte a dimension costs (paper, section 5.4: "without loss of accuracy"). The scheme belongs to `embed`;
//! here the distances of both are compared.

use serde::{Deserialize, Serialize};

use super::lfw::judge_scored;
use super::{EvalError, FarRule, Pair, Summary};

/// Float beside bytes on the same pairs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuantisationCost {
    pub float_accuracy: Summary,
    pub bytes_accuracy: Summary,
    pub float_val: Summary,
    pub bytes_val: Summary,
    pub largest_distance_error: f64,
    /// Pairs that the two judge differently, each with its own thresholds.
    pub decisions_changed: usize,
}

/// # Errors
/// When the lists differ in length, or as [`judge_scored`].
pub(crate) fn cost(float: &[Pair], bytes: &[Pair], target: f64, rule: FarRule) -> Result<QuantisationCost, EvalError> {
    if float.len() != bytes.len() {
        return Err(EvalError::Labels { vectors: float.len(), labels: bytes.len() });
    }
    let (a, b) = (judge_scored(float, target, rule)?, judge_scored(bytes, target, rule)?);
    let accepts = |judged: &super::lfw::Judgement, pair: &Pair| {
        judged.threshold_of(pair.fold).is_some_and(|threshold| pair.distance <= threshold)
    };
    let both = || float.iter().zip(bytes);
    Ok(QuantisationCost {
        largest_distance_error: both().map(|(x, y)| (x.distance - y.distance).abs()).fold(0.0, f64::max),
        decisions_changed: both().filter(|(x, y)| accepts(&a, x) != accepts(&b, y)).count(),
        float_accuracy: a.accuracy,
        bytes_accuracy: b.accuracy,
        float_val: a.val,
        bytes_val: b.val,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pair_changes_sides() {
        let list = |moved: f64| -> Vec<Pair> {
            let distances = [0.5, 0.9, 1.3, 1.9, 0.4, moved, 1.4, 1.8];
            distances.iter().enumerate().map(|(i, &distance)| Pair::at(distance, i % 4 < 2, i / 4)).collect()
        };
        let cost = cost(&list(0.8), &list(1.2), 0.5, FarRule::AtMost).unwrap();
        assert_eq!((cost.float_accuracy.mean, cost.bytes_accuracy.mean), (1.0, 0.875));
        assert_eq!(cost.decisions_changed, 1);
        assert!((cost.largest_distance_error - 0.4).abs() < 1e-12);
    }
}
