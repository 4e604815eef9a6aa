//! Principal axes of a set of vectors: what an embedding loses when it keeps fewer dimensions (paper, table 5, there by
//! training each size; here by projecting a trained one).

use super::{EvalError, Vectors};

/// The mean of a set and its principal axes, the widest first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pca {
    mean: Vec<f64>,
    axes: Vec<Vec<f64>>,
}

/// Sweeps over all pairs of axes; a few suffice, more means that something is not a number.
const SWEEPS: usize = 60;

impl Pca {
    /// The axes of `rows` of `vectors`; labels are not asked.
    pub fn fit(vectors: &Vectors, rows: &[usize]) -> Self {
        let (n, size) = (rows.len().max(1) as f64, vectors.dimensions());
        let mut mean = vec![0.0; size];
        for &row in rows {
            mean.iter_mut().zip(vectors.row(row)).for_each(|(sum, &value)| *sum += f64::from(value) / n);
        }
        let mut covariance = vec![0.0; size * size];
        for &row in rows {
            let centred: Vec<f64> = vectors.row(row).iter().zip(&mean).map(|(&v, mean)| f64::from(v) - mean).collect();
            for (line, &x) in covariance.chunks_exact_mut(size).zip(&centred) {
                line.iter_mut().zip(&centred).for_each(|(sum, &y)| *sum += x * y / n);
            }
        }
        let (_, axes) = eigen(covariance, size);
        Self { mean, axes }
    }

    /// The first `dimensions` coordinates of every row, brought back to unit length.
    ///
    /// # Errors
    /// Never for rows of the set's own dimensions.
    pub fn project(&self, vectors: &Vectors, dimensions: usize) -> Result<Vectors, EvalError> {
        let project = |row: &[f32]| {
            let along = |axis: &Vec<f64>| -> f64 {
                row.iter().zip(&self.mean).zip(axis).map(|((&v, mean), axis)| (f64::from(v) - mean) * axis).sum()
            };
            let values: Vec<f64> = self.axes.iter().take(dimensions).map(along).collect();
            let norm = values.iter().map(|v| v * v).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
            values.iter().map(|v| (v / norm) as f32).collect::<Vec<f32>>()
        };
        let rows: Vec<Vec<f32>> = vectors.rows().map(project).collect();
        Vectors::from_rows(rows.iter().map(Vec::as_slice))
    }
}

/// Eigenvalues, the largest first, and eigenvectors of a symmetric matrix, by cyclic Jacobi rotations (Golub and Van
/// Loan, Matrix Computations, section 8.5).
fn eigen(mut matrix: Vec<f64>, size: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    // Rows are the axes: rotating two rows is cheaper than two columns.
    let mut axes = vec![0.0; size * size];
    (0..size).for_each(|i| axes[i * size + i] = 1.0);
    let scale = matrix.iter().map(|v| v * v).sum::<f64>();
    for _ in 0..SWEEPS {
        let off: f64 =
            (0..size).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| matrix[i * size + j].powi(2)).sum();
        if off <= scale * 1e-24 {
            break;
        }
        for p in 0..size {
            for q in p + 1..size {
                rotate(&mut matrix, &mut axes, size, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|&a, &b| matrix[b * size + b].total_cmp(&matrix[a * size + a]));
    let values = order.iter().map(|&i| matrix[i * size + i]).collect();
    (values, order.iter().map(|&i| axes[i * size..(i + 1) * size].to_vec()).collect())
}

/// Brings the entry at (p, q) to zero.
fn rotate(matrix: &mut [f64], axes: &mut [f64], size: usize, p: usize, q: usize) {
    let entry = matrix[p * size + q];
    if entry == 0.0 {
        return;
    }
    let tau = (matrix[q * size + q] - matrix[p * size + p]) / (2.0 * entry);
    let t = tau.signum() / (tau.abs() + (1.0 + tau * tau).sqrt());
    let cos = 1.0 / (1.0 + t * t).sqrt();
    let sin = t * cos;
    for k in 0..size {
        let (a, b) = (matrix[k * size + p], matrix[k * size + q]);
        (matrix[k * size + p], matrix[k * size + q]) = (cos * a - sin * b, sin * a + cos * b);
    }
    for k in 0..size {
        let (a, b) = (matrix[p * size + k], matrix[q * size + k]);
        (matrix[p * size + k], matrix[q * size + k]) = (cos * a - sin * b, sin * a + cos * b);
        let (a, b) = (axes[p * size + k], axes[q * size + k]);
        (axes[p * size + k], axes[q * size + k]) = (cos * a - sin * b, sin * a + cos * b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_direction_comes_first() {
        let rows: Vec<[f32; 3]> = (0..20).map(|i| [i as f32, 2.0 * i as f32, 5.0 + (i % 2) as f32]).collect();
        let vectors = Vectors::from_rows(rows.iter().map(<[f32; 3]>::as_slice)).unwrap();
        let pca = Pca::fit(&vectors, &(0..20).collect::<Vec<_>>());
        let axis = &pca.axes[0];
        assert!((axis[1] / axis[0] - 2.0).abs() < 1e-2, "{axis:?}");
        let flat = pca.project(&vectors, 1).unwrap();
        assert_eq!(flat.dimensions(), 1);
        assert!(flat.rows().all(|row| (row[0].abs() - 1.0).abs() < 1e-6));
    }

    #[test]
    fn axes_are_orthonormal_and_give_the_matrix_back() {
        let size = 9;
        let entry = |i: usize, j: usize| ((i * 7 + j * 7 + i * j) % 11) as f64 - 3.0;
        let matrix: Vec<f64> = (0..size * size).map(|at| entry(at / size, at % size)).collect();
        let (values, axes) = eigen(matrix.clone(), size);
        for i in 0..size {
            for j in 0..size {
                let dot: f64 = (0..size).map(|k| axes[i][k] * axes[j][k]).sum();
                assert!((dot - f64::from(u8::from(i == j))).abs() < 1e-12);
                let back: f64 = (0..size).map(|k| values[k] * axes[k][i] * axes[k][j]).sum();
                assert!((back - matrix[i * size + j]).abs() < 1e-10);
            }
        }
        assert!(values.windows(2).all(|pair| pair[0] >= pair[1]));
    }
}
