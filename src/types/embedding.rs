//! Unit vectors and the distance between them (Schroff et al. 2015, section 3: f(x) ∈ R^d, ‖f(x)‖₂ = 1).

use std::fmt;
use std::sync::Arc;

/// The output of an embedding network: a vector of unit length.
///
/// Only [`Self::normalise`] makes one, so a value of this type can be compared without further checks.
/// Embeddings of different models must never be compared; the library stores the model's id beside each.
#[derive(Clone)]
pub struct Embedding(Values);

/// Where its numbers are.
#[derive(Clone)]
enum Values {
    Own(Box<[f32]>),
    /// Some of many numbers that lie together: a file that is mapped.
    Part {
        all: Arc<dyn AsRef<[f32]> + Send + Sync>,
        start: usize,
        dimensions: usize,
    },
}

/// Why a vector has no direction.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmbeddingError {
    #[error("the embedding is empty")]
    Empty,
    #[error("the embedding holds a value that is not finite")]
    NotFinite,
    #[error("the embedding has no length, so it points nowhere")]
    Zero,
}

impl Embedding {
    /// Divides `values` by their Euclidean norm, computed in f64.
    pub fn normalise(mut values: Vec<f32>) -> Result<Self, EmbeddingError> {
        if values.is_empty() {
            return Err(EmbeddingError::Empty);
        }
        if values.iter().any(|v| !v.is_finite()) {
            return Err(EmbeddingError::NotFinite);
        }
        let norm = values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        if norm < 1e-12 {
            return Err(EmbeddingError::Zero);
        }
        for value in &mut values {
            *value = (f64::from(*value) / norm) as f32;
        }
        Ok(Self(Values::Own(values.into_boxed_slice())))
    }

    /// One that was kept with others, as it was then.
    pub(crate) fn part_of(all: Arc<dyn AsRef<[f32]> + Send + Sync>, start: usize, dimensions: usize) -> Self {
        Self(Values::Part { all, start, dimensions })
    }

    pub fn as_slice(&self) -> &[f32] {
        match &self.0 {
            Values::Own(values) => values,
            Values::Part { all, start, dimensions } => &(**all).as_ref()[*start..][..*dimensions],
        }
    }

    pub fn dimensions(&self) -> usize {
        self.as_slice().len()
    }

    /// ‖a − b‖₂², the paper's D, accumulated in f64.
    ///
    /// # Panics
    /// When the dimensions differ: two models' embeddings are never compared.
    pub fn squared_distance(&self, other: &Self) -> SquaredDistance {
        assert_eq!(self.dimensions(), other.dimensions(), "embeddings of two models were compared");
        let sum = self.as_slice().iter().zip(other.as_slice()).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
        SquaredDistance(sum.sum::<f64>() as f32)
    }
}

impl PartialEq for Embedding {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl fmt::Debug for Embedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Embedding({} dimensions)", self.dimensions())
    }
}

/// ‖a − b‖₂² of two unit vectors, in [0, 4]. Never mix it up with the distance, its square root.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct SquaredDistance(pub f32);

impl SquaredDistance {
    /// Of two opposite vectors.
    pub(crate) const FARTHEST: Self = Self(4.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalises_and_measures() {
        let a = Embedding::normalise(vec![3.0, 4.0]).unwrap();
        assert_eq!(a.as_slice(), &[0.6, 0.8]);
        let b = Embedding::normalise(vec![-3.0, -4.0]).unwrap();
        assert!((a.squared_distance(&b).0 - 4.0).abs() < 1e-6);
        assert!((a.squared_distance(&b).0 - 4.0).abs() < 1e-6);
    }

    #[test]
    fn refuses_what_has_no_direction() {
        assert_eq!(Embedding::normalise(vec![]), Err(EmbeddingError::Empty));
        assert_eq!(Embedding::normalise(vec![0.0; 4]), Err(EmbeddingError::Zero));
        assert_eq!(Embedding::normalise(vec![1.0, f32::NAN]), Err(EmbeddingError::NotFinite));
    }
}
