//! VAL at a FAR target (paper, section 4, equations 5–7): the threshold is set so that a given share of
//! different-person pairs would be accepted; VAL is the share of same-person pairs it accepts.

use serde::{Deserialize, Serialize};

use super::EvalError;

/// How the threshold is read off the sorted distances d₁ ≤ … ≤ dₙ of different-person pairs for a target f.
/// With k = ⌊f·n⌋, k of them may be accepted.
///
/// * At most: the largest threshold below dₖ₊₁, so the measured FAR never exceeds the target.
/// * Interpolated: linear between order statistics, dₖ + (f·n − k)·(dₖ₊₁ − dₖ), with d₀ = 0. On the pairs that set it,
///   the measured FAR is k/n; it estimates the distance at which a larger sample would reach the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum FarRule {
    Interpolated,
    #[default]
    AtMost,
}

/// One operating point.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ValAtFar {
    pub target: f64,
    pub threshold: f64,
    pub val: f64,
    /// The FAR measured at this threshold.
    pub far: f64,
    /// False when the target is finer than one pair: `val` then tells what no false accept at all costs.
    pub resolved: bool,
}

/// VAL at the FAR `target`, threshold and rates from the same pairs.
///
/// # Errors
/// When one kind of pair is missing, a distance is NaN, or the target lies outside 0…1.
pub(crate) fn val_at_far(same: &[f64], different: &[f64], target: f64, rule: FarRule) -> Result<ValAtFar, EvalError> {
    if same.is_empty() || different.is_empty() {
        return Err(EvalError::OneSided { what: "VAL at a FAR", same: same.len(), different: different.len() });
    }
    let threshold = threshold_at_far(different, target, rule)?;
    if let Some(pair) = same.iter().position(|d| d.is_nan()) {
        return Err(EvalError::NotANumber { pair });
    }
    let (val, far) = (share_accepted(same, threshold), share_accepted(different, threshold));
    Ok(ValAtFar { target, threshold, val, far, resolved: target * different.len() as f64 >= 1.0 - ROUNDING })
}

/// The threshold that accepts the share `target` of `different`, which need not be sorted.
///
/// # Errors
/// When there are no distances, one is NaN, or the target lies outside 0…1.
pub(crate) fn threshold_at_far(different: &[f64], target: f64, rule: FarRule) -> Result<f64, EvalError> {
    if !(0.0..=1.0).contains(&target) {
        return Err(EvalError::FarTarget(target));
    }
    if let Some(pair) = different.iter().position(|d| d.is_nan()) {
        return Err(EvalError::NotANumber { pair });
    }
    let mut sorted = different.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let Some(&greatest) = sorted.last() else {
        return Err(EvalError::OneSided { what: "a FAR", same: 0, different: 0 });
    };
    let wanted = target * sorted.len() as f64;
    let accepted = (wanted + ROUNDING).floor() as usize;
    let Some(&next) = sorted.get(accepted) else { return Ok(greatest) };
    Ok(match rule {
        FarRule::AtMost => next.next_down(),
        FarRule::Interpolated => {
            let last = accepted.checked_sub(1).map_or(0.0, |index| sorted[index]);
            last + (wanted - accepted as f64).max(0.0) * (next - last)
        }
    })
}

/// The share of `distances` that are at most `threshold`; NaN when there are none.
pub(crate) fn share_accepted(distances: &[f64], threshold: f64) -> f64 {
    distances.iter().filter(|&&d| d <= threshold).count() as f64 / distances.len() as f64
}

/// 0.001 · 3000 must count as 3 pairs whatever the last bit says.
const ROUNDING: f64 = 1e-9;

#[cfg(test)]
mod tests {
    use super::*;

    const DIFFERENT: [f64; 10] = [1.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8];

    fn check(target: f64, rule: FarRule, threshold: f64, val: f64, far: f64) {
        let point = val_at_far(&[0.2, 1.05, 1.15, 1.25], &DIFFERENT, target, rule).unwrap();
        assert!((point.threshold - threshold).abs() < 1e-12, "{point:?}");
        assert_eq!((point.val, point.far), (val, far), "{rule:?} at {target}");
    }

    #[test]
    fn by_hand() {
        check(0.1, FarRule::AtMost, 1.1, 0.5, 0.1);
        check(0.1, FarRule::Interpolated, 1.0, 0.25, 0.1);
        check(0.25, FarRule::AtMost, 1.2, 0.75, 0.2);
        check(0.25, FarRule::Interpolated, 1.15, 0.75, 0.2);
        check(0.05, FarRule::AtMost, 1.0, 0.25, 0.0);
        check(0.05, FarRule::Interpolated, 0.5, 0.25, 0.0);
        check(1.0, FarRule::AtMost, 1.9, 1.0, 1.0);
    }

    #[test]
    fn equal_distances_are_accepted_together_or_not_at_all() {
        let point = val_at_far(&[0.5], &[1.0, 1.0, 1.0, 2.0], 0.5, FarRule::AtMost).unwrap();
        assert_eq!((point.far, point.val), (0.0, 1.0));
    }

    #[test]
    fn says_when_the_target_is_finer_than_a_pair() {
        let resolved = |target| val_at_far(&[0.5], &DIFFERENT, target, FarRule::AtMost).unwrap().resolved;
        assert!(resolved(0.1) && !resolved(0.01));
    }

    #[test]
    fn refuses_what_has_no_answer() {
        assert_eq!(val_at_far(&[0.5], &DIFFERENT, 1.5, FarRule::AtMost), Err(EvalError::FarTarget(1.5)));
        assert!(matches!(val_at_far(&[], &DIFFERENT, 0.1, FarRule::AtMost), Err(EvalError::OneSided { .. })));
        let nan = val_at_far(&[0.5], &[1.0, f64::NAN], 0.1, FarRule::AtMost);
        assert_eq!(nan, Err(EvalError::NotANumber { pair: 1 }));
    }
}
