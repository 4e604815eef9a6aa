//! Whether a new model's embeddings can be compared with an old one's (paper, section 7, figure 8): ROC of the old
//! model, of the new one, and of new against old.

use super::{EvalError, Metric, Pair, Roc, Vectors};

/// Three curves over the same pairs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Compatibility {
    pub old: Roc,
    pub new: Roc,
    /// Each pair twice: first image by the new model and second by the old one, and the other way round.
    pub new_against_old: Roc,
}

/// Row i of both sets shows the same image.
///
/// # Errors
/// When the sets differ in length or dimensions, or a kind of pair is missing.
pub(crate) fn compare(old: &Vectors, new: &Vectors, pairs: &[Pair]) -> Result<Compatibility, EvalError> {
    if old.len() != new.len() {
        return Err(EvalError::Labels { vectors: new.len(), labels: old.len() });
    }
    if old.dimensions() != new.dimensions() {
        return Err(EvalError::Dimensions { left: old.dimensions(), right: new.dimensions() });
    }
    let distance = |x: &Vectors, a, y: &Vectors, b| Metric::SquaredL2.between(x.row(a), y.row(b));
    let within = |set: &Vectors| Roc::of(pairs.iter().map(|p| (distance(set, p.a, set, p.b), p.same)));
    let crossed =
        pairs.iter().flat_map(|p| [(distance(new, p.a, old, p.b), p.same), (distance(old, p.a, new, p.b), p.same)]);
    Ok(Compatibility { old: within(old)?, new: within(new)?, new_against_old: Roc::of(crossed)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[[f32; 2]]) -> Vectors {
        Vectors::from_rows(rows.iter().map(<[f32; 2]>::as_slice)).unwrap()
    }

    fn pairs() -> [Pair; 2] {
        [Pair::unmeasured(0, 1, true, 0), Pair::unmeasured(0, 2, false, 0)]
    }

    #[test]
    fn a_model_is_compatible_with_itself() {
        let set = rows(&[[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]);
        let found = compare(&set, &set, &pairs()).unwrap();
        assert_eq!((found.old.auc(), found.new.auc(), found.new_against_old.auc()), (1.0, 1.0, 1.0));
    }

    #[test]
    fn a_rotated_model_is_good_alone_and_useless_together() {
        let old = rows(&[[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]]);
        let new = rows(&[[0.0, 1.0], [-0.6, 0.8], [-1.0, 0.0]]);
        let found = compare(&old, &new, &pairs()).unwrap();
        assert_eq!((found.old.auc(), found.new.auc()), (1.0, 1.0));
        // New against old: same pair at 0.8 and 3.2, different pair at 0 and 4.
        assert_eq!(found.new_against_old.auc(), 0.5);
    }

    #[test]
    fn sizes_must_agree() {
        let old = rows(&[[1.0, 0.0]]);
        let new = Vectors::from_rows([[1.0_f32, 0.0, 0.0].as_slice()]).unwrap();
        assert_eq!(compare(&old, &new, &pairs()), Err(EvalError::Dimensions { left: 2, right: 3 }));
    }
}
