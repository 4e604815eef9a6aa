//! Judges an embedding by the paper's protocols (Schroff et al. 2015, sections 4 and 5): what share of same-person
//! pairs a threshold accepts (VAL), what share of different-person pairs slips through (FAR), and how sure one can be.
//!
//! Everything here takes plain slices: no device, no photos, no disk except pair lists that a caller hands in as text.
//! A pair is *accepted* when its distance is **at most** the threshold, as in the paper's equations 5 and 6; only
//! [`sandberg`] uses a strict comparison, because the program it reproduces does.
//!
//! Reading order: [`pairs`] names what is compared, [`vectors`] and [`distance`] compare it, [`roc`] and
//! [`mod@val_at_far`] count, [`folds`] and [`lfw`] hold folds out, [`all_pairs`] does it for every pair of a large set.

#[cfg(test)]
mod against_numpy;
pub mod all_pairs;
pub mod compat;
pub mod distance;
pub mod embedded;
pub mod errata;
mod error;
pub mod failures;
pub mod figures;
pub mod folds;
pub mod lfw;
pub mod pairs;
pub mod pca;
pub mod quantised;
pub mod roc;
pub mod run;
pub mod sandberg;
pub mod sensitivity;
pub mod separation;
pub mod stats;
pub mod val_at_far;
pub mod vectors;
pub mod video;

pub(crate) use distance::Metric;
pub(crate) use error::{EvalError, LackingFold, lacking_words};
pub(crate) use figures::Figures;
pub use pairs::Pair;
pub(crate) use pairs::PairList;
pub use roc::Roc;
pub(crate) use roc::RocPoint;
pub use run::{Image, Run};
pub(crate) use stats::Summary;
pub use val_at_far::FarRule;
pub(crate) use val_at_far::{ValAtFar, val_at_far};
pub(crate) use vectors::Vectors;
