//! Many vectors of one model in one piece of memory.

use super::{EvalError, Metric, Pair};

/// Rows of `dimensions` values each. Rows need not have unit length: concatenated flips have length √2.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Vectors {
    dimensions: usize,
    values: Vec<f32>,
}

impl Vectors {
    /// # Errors
    /// When rows differ in length.
    pub fn from_rows<'a>(rows: impl IntoIterator<Item = &'a [f32]>) -> Result<Self, EvalError> {
        let mut vectors = Self { dimensions: 0, values: Vec::new() };
        for row in rows {
            if vectors.values.is_empty() {
                vectors.dimensions = row.len();
            } else if row.len() != vectors.dimensions {
                return Err(EvalError::Dimensions { left: vectors.dimensions, right: row.len() });
            }
            vectors.values.extend_from_slice(row);
        }
        Ok(vectors)
    }

    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.dimensions).unwrap_or(0)
    }

    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// All rows, one after the other.
    pub fn as_slice(&self) -> &[f32] {
        &self.values
    }

    pub fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.dimensions..(index + 1) * self.dimensions]
    }

    pub fn rows(&self) -> impl Iterator<Item = &[f32]> {
        // A set without rows has no dimensions either, and chunks of zero are not allowed.
        self.values.chunks_exact(self.dimensions.max(1))
    }

    /// The rows at `indices`, in that order.
    pub fn select(&self, indices: &[usize]) -> Self {
        let values = indices.iter().flat_map(|&index| self.row(index)).copied().collect();
        Self { dimensions: self.dimensions, values }
    }

    /// Pairs of rows with their distances.
    pub fn measured<'a>(&self, pairs: impl IntoIterator<Item = &'a Pair>, metric: Metric) -> Vec<Pair> {
        let measured = |pair: &Pair| Pair { distance: metric.between(self.row(pair.a), self.row(pair.b)), ..*pair };
        pairs.into_iter().map(measured).collect()
    }

    /// # Errors
    /// When there is not one label a row.
    pub fn check_labels(&self, labels: &[u32]) -> Result<(), EvalError> {
        let (vectors, labels) = (self.len(), labels.len());
        if vectors == labels { Ok(()) } else { Err(EvalError::Labels { vectors, labels }) }
    }

    /// Each row followed by the other set's row: an image and its mirror image, as davidsandberg's
    /// `validate_on_lfw --use_flipped_images` does. Squared distances then reach 8.
    ///
    /// # Errors
    /// When the sets differ in length.
    pub fn concatenated(&self, mirrored: &Self) -> Result<Self, EvalError> {
        self.same_count(mirrored)?;
        let values = self.rows().zip(mirrored.rows()).flat_map(|(a, b)| a.iter().chain(b)).copied().collect();
        Ok(Self { dimensions: self.dimensions + mirrored.dimensions, values })
    }

    /// The mean of each row and the other set's row, brought back to unit length.
    ///
    /// # Errors
    /// When the sets differ in length or dimensions.
    pub fn averaged(&self, mirrored: &Self) -> Result<Self, EvalError> {
        self.same_count(mirrored)?;
        if self.dimensions != mirrored.dimensions {
            return Err(EvalError::Dimensions { left: self.dimensions, right: mirrored.dimensions });
        }
        let mut values = Vec::with_capacity(self.values.len());
        for (a, b) in self.rows().zip(mirrored.rows()) {
            let sums: Vec<f64> = a.iter().zip(b).map(|(&a, &b)| f64::from(a) + f64::from(b)).collect();
            let norm = sums.iter().map(|v| v * v).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
            values.extend(sums.iter().map(|v| (v / norm) as f32));
        }
        Ok(Self { dimensions: self.dimensions, values })
    }

    fn same_count(&self, other: &Self) -> Result<(), EvalError> {
        if self.len() == other.len() {
            Ok(())
        } else {
            Err(EvalError::Labels { vectors: self.len(), labels: other.len() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Vectors {
        Vectors::from_rows([[1.0_f32, 0.0].as_slice(), &[0.0, 1.0]]).unwrap()
    }

    #[test]
    fn rows_keep_their_order() {
        let vectors = two();
        assert_eq!((vectors.len(), vectors.dimensions()), (2, 2));
        assert_eq!(vectors.select(&[1, 0, 1]).rows().map(|row| row[1]).collect::<Vec<_>>(), [1.0, 0.0, 1.0]);
    }

    #[test]
    fn refuses_mixed_dimensions() {
        let mixed = Vectors::from_rows([[1.0_f32, 0.0].as_slice(), &[1.0]]);
        assert_eq!(mixed, Err(EvalError::Dimensions { left: 2, right: 1 }));
    }

    #[test]
    fn mirror_images_are_joined_or_averaged() {
        let mirrored = Vectors::from_rows([[0.0_f32, 1.0].as_slice(), &[0.0, 1.0]]).unwrap();
        assert_eq!(two().concatenated(&mirrored).unwrap().row(0), [1.0, 0.0, 0.0, 1.0]);
        let averaged = two().averaged(&mirrored).unwrap();
        assert!(averaged.row(0).iter().all(|v| (v - 0.5_f32.sqrt()).abs() < 1e-7));
        assert_eq!(averaged.row(1), [0.0, 1.0]);
    }

    #[test]
    fn an_empty_set_has_no_rows() {
        let empty = Vectors::from_rows([]).unwrap();
        assert_eq!((empty.len(), empty.rows().count()), (0, 0));
    }
}
