//! The directions along which vectors have most of their length: orthogonal iteration on the matrix of their second
//! moments (Golub & Van Loan, Matrix Computations, section 8.2.4).

use rand::RngExt;
use rayon::prelude::*;

use crate::train::rng::{Purpose, stream};

/// Enough for directions to stand still whose lengths differ by a tenth; of those that differ less either will do.
const ROUNDS: usize = 60;

/// `count` orthonormal directions, row after row, of vectors of `dimensions` numbers; the first has the greatest share.
pub(super) fn principal_directions<'a>(
    vectors: impl Iterator<Item = &'a Vec<f32>>,
    dimensions: usize,
    count: usize,
) -> Vec<f64> {
    let moments = second_moments(vectors, dimensions);
    // Any start will do that is the same each time.
    let mut rng = stream(0, Purpose::Projection, 0, 0);
    let mut directions: Vec<f64> = (0..count * dimensions).map(|_| rng.random_range(-1.0..1.0)).collect();
    make_orthonormal(&mut directions, dimensions);
    for _ in 0..ROUNDS {
        let turned = directions.par_chunks(dimensions).flat_map_iter(|direction| {
            let value = |row: &[f64]| dot(row, direction);
            moments.chunks(dimensions).map(value).collect::<Vec<_>>()
        });
        directions = turned.collect();
        make_orthonormal(&mut directions, dimensions);
    }
    directions
}

fn second_moments<'a>(vectors: impl Iterator<Item = &'a Vec<f32>>, dimensions: usize) -> Vec<f64> {
    let vectors: Vec<&Vec<f32>> = vectors.collect();
    let row = |at: usize| {
        let mut sums = vec![0.0; dimensions];
        for vector in &vectors {
            let weight = f64::from(vector[at]);
            sums.iter_mut().zip(vector.iter()).for_each(|(sum, &value)| *sum += weight * f64::from(value));
        }
        sums
    };
    (0..dimensions).into_par_iter().flat_map_iter(row).collect()
}

/// Gram and Schmidt's method, each row made orthogonal to those before it, twice for the sake of rounding. A row of
/// which nothing is left, where vectors fill fewer directions, becomes an axis that is still free.
fn make_orthonormal(rows: &mut [f64], dimensions: usize) {
    for at in 0..rows.len() / dimensions {
        let (before, rest) = rows.split_at_mut(at * dimensions);
        let row = &mut rest[..dimensions];
        let mut nothing = 1e-10 * dot(row, row).sqrt();
        remove_parts(row, before);
        let mut axes = 0..dimensions;
        while dot(row, row).sqrt() <= nothing
            && let Some(axis) = axes.next()
        {
            row.fill(0.0);
            row[axis] = 1.0;
            remove_parts(row, before);
            nothing = 1e-3;
        }
        let length = dot(row, row).sqrt().max(1e-300);
        row.iter_mut().for_each(|value| *value /= length);
    }
}

fn remove_parts(row: &mut [f64], before: &[f64]) {
    for _ in 0..2 {
        for other in before.chunks(row.len()) {
            let part = dot(row, other);
            row.iter_mut().zip(other).for_each(|(value, other)| *value -= part * other);
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_orthonormal_and_in_order_also_where_vectors_fill_few() {
        let vectors: Vec<Vec<f32>> =
            (0..40).map(|n| vec![0.0, (n % 5) as f32 - 2.0, 3.0 * (n % 3) as f32, 0.0]).collect();
        let found = principal_directions(vectors.iter(), 4, 3);
        let rows: Vec<&[f64]> = found.chunks(4).collect();
        for (a, one) in rows.iter().enumerate() {
            for (b, other) in rows.iter().enumerate() {
                let wanted = if a == b { 1.0 } else { 0.0 };
                assert!((dot(one, other) - wanted).abs() < 1e-9, "{rows:?}");
            }
        }
        assert!(rows[0][2].abs() > 0.999 && rows[1][1].abs() > 0.999, "{rows:?}");
    }
}
