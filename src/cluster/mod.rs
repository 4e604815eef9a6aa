//! Embeddings to people: exact agglomerative clustering under constraints.
//!
//! The distance is the squared L2 distance D of unit vectors (Schroff et al. 2015, section 3; section 5.7 clusters
//! faces agglomeratively). The two closest clusters are merged again and again; a threshold says when to stop. Because
//! the order of merges does not depend on the threshold, one [`Dendrogram`] answers every threshold
//! ([`Dendrogram::cut`]).
//!
//! Constraints are exact as well: clusters that must not meet are infinitely far apart, and so is whatever they become
//! part of ([`Constraints`]). That keeps the distances reducible (a merged cluster is never closer to a third than the
//! nearer of its parts was), which is all that the nearest-neighbour chain needs to find the same tree as the greedy
//! definition (Müllner 2011, "Modern hierarchical, agglomerative clustering algorithms", section 3.2; Bruynooghe 1977).
//! `tests/reference.rs` is that definition, slow and obvious, and the oracle of the tests, beside the crate `kodama` for
//! clustering without constraints.
//!
//! Two algorithms hold the distances, chosen by the number of faces ([`MATRIX_MAX_FACES`]):
//! * `matrix`: the condensed matrix and Lance and Williams's update, every linkage, n²/2 values;
//! * `means`: the clusters' means only, n·d values, for average linkage and Ward's, which depend on nothing else for
//!   unit vectors. Exact up to rounding, too.
//!
//! What each costs is in `benches/README.md`.
//!
//! Both compare everybody with everybody. Where there are too many faces for that, `graph` makes the same tree of average
//! linkage from each face's nearest, up to a distance.
//!
//! Left out: centroid and median linkage (not reducible), approximate neighbours (the graph's are exact).

mod chain;
mod constraints;
mod dendrogram;
pub(crate) mod graph;
mod matrix;
mod mean_face;
mod means;
mod scores;
#[cfg(test)]
mod tests;
mod vectors;
pub(crate) mod wrong_matches;

pub(crate) use constraints::Constraints;
pub(crate) use dendrogram::Dendrogram;
pub use dendrogram::Step;
pub(crate) use mean_face::{MeanFace, centroid};
pub use scores::score;
pub(crate) use scores::{Scores, SweepPoint, sweep};
pub use wrong_matches::WrongShare;

use crate::types::{Cancel, Embedding, SquaredDistance};
use constraints::NumberedConstraints;
use vectors::{FaceVectors, squared_distance};

/// What the distance of two clusters is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Linkage {
    /// The mean D over all pairs: on the scale of D.
    #[default]
    Average,
    /// The smallest D of a pair.
    Single,
    /// The largest D of a pair.
    Complete,
    /// 2·|A|·|B| / (|A| + |B|) · ‖mean of A − mean of B‖², which is D for two single faces and grows with the sizes:
    /// its thresholds are not those of the other linkages. It is the square of what `kodama` and SciPy report.
    Ward,
}

impl Linkage {
    pub const ALL: [Self; 4] = [Self::Average, Self::Complete, Self::Single, Self::Ward];

    /// Whether so many faces can be grouped by it: complete linkage needs all distances at once.
    pub(crate) fn holds(self, faces: usize) -> bool {
        self != Self::Complete || faces <= MATRIX_MAX_FACES
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Average => "average",
            Self::Single => "single",
            Self::Complete => "complete",
            Self::Ward => "Ward's",
        }
    }
}

/// Up to here the distance matrix is held: 1 GiB.
pub(crate) const MATRIX_MAX_FACES: usize = 23_170;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClusterError {
    #[error("the grouping was cancelled; people are as they were")]
    Cancelled,
    #[error("embeddings of different lengths cannot be grouped ({first} and {other} dimensions)")]
    MixedDimensions { first: usize, other: usize },
    #[error("{faces} faces, but {given} {what}")]
    Lengths { what: &'static str, faces: usize, given: usize },
    #[error("{} linkage holds at most {limit} faces in memory, here are {faces}: choose average linkage", linkage.word())]
    TooManyFaces { linkage: Linkage, faces: usize, limit: usize },
}

/// Groups faces: the cluster of each face, numbered from 0 in order of first appearance.
pub(crate) fn agglomerate(
    embeddings: &[Embedding],
    constraints: &Constraints,
    linkage: Linkage,
    threshold: SquaredDistance,
) -> Result<Vec<usize>, ClusterError> {
    Ok(dendrogram(embeddings, constraints, linkage, &Cancel::default(), &mut |_, _| {})?.cut(threshold))
}

/// The whole tree, for every threshold at once. `progress` is told how many faces of how many are settled.
pub(crate) fn dendrogram(
    embeddings: &[Embedding],
    constraints: &Constraints,
    linkage: Linkage,
    cancel: &Cancel,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Dendrogram, ClusterError> {
    let algorithm = if embeddings.len() <= MATRIX_MAX_FACES { Algorithm::Matrix } else { Algorithm::Means };
    dendrogram_with(algorithm, embeddings, constraints, linkage, cancel, progress)
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Algorithm {
    Matrix,
    Means,
}

fn dendrogram_with(
    algorithm: Algorithm,
    embeddings: &[Embedding],
    constraints: &Constraints,
    linkage: Linkage,
    cancel: &Cancel,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Dendrogram, ClusterError> {
    let vectors = FaceVectors::new(embeddings)?;
    let between = |a, b| squared_distance(vectors.row(a), vectors.row(b));
    let facts = NumberedConstraints::new(constraints, vectors.len(), between)?;
    match (algorithm, linkage) {
        (Algorithm::Matrix, _) => {
            let matrix = matrix::Matrix::new(&vectors, linkage, cancel)?;
            chain::run(matrix, &facts, cancel, progress)
        }
        (Algorithm::Means, Linkage::Average | Linkage::Ward) => {
            chain::run(means::Means::new(vectors, linkage), &facts, cancel, progress)
        }
        (Algorithm::Means, Linkage::Single | Linkage::Complete) => {
            Err(ClusterError::TooManyFaces { linkage, faces: embeddings.len(), limit: MATRIX_MAX_FACES })
        }
    }
}
