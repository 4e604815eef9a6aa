//! Unit vectors and the distance between them (Schroff et al. 2015, section 3: f(x) ∈ R^d, ‖f(x)‖₂ = 1).

use std::fmt;

/// The output of an embedding network: a vector of unit length.
///
/// The only constructor normalises, so a value of this type can be compared without further checks.
/// Embeddings of different models must never be compared; the library stores the model's id beside each.
#[derive(Clone, PartialEq)]
pub struct Embedding(Box<[f32]>);

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
        Ok(Self(values.into_boxed_slice()))
    }

    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    pub fn dimensions(&self) -> usize {
        self.0.len()
    }

    /// ‖a − b‖₂², the paper's D, accumulated in f64.
    ///
    /// # Panics
    /// When the dimensions differ: two models' embeddings are never compared.
    pub fn squared_distance(&self, other: &Self) -> SquaredDistance {
        assert_eq!(self.dimensions(), other.dimensions(), "embeddings of two models were compared");
        let sum = self.0.iter().zip(&other.0).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2));
        SquaredDistance(sum.sum::<f64>() as f32)
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
