//! Vectors as the rows of one slice.

/// Rows of any length other than zero, divided by it.
pub(crate) fn normalise_rows(raw: &mut [f32], dimensions: usize) {
    for row in raw.chunks_mut(dimensions) {
        let length = row.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt().max(1e-12);
        row.iter_mut().for_each(|value| *value = (f64::from(*value) / length) as f32);
    }
}

/// Mean squared distance between two different rows of unit length: (2 − 2‖mean‖²) · n / (n − 1).
pub(crate) fn spread(vectors: &[f32], dimensions: usize) -> f32 {
    let rows = vectors.len() / dimensions.max(1);
    if rows < 2 {
        return 0.0;
    }
    let mut mean = vec![0.0_f64; dimensions];
    for row in vectors.chunks(dimensions) {
        mean.iter_mut().zip(row).for_each(|(sum, &value)| *sum += f64::from(value) / rows as f64);
    }
    let squared: f64 = mean.iter().map(|value| value * value).sum();
    ((2.0 - 2.0 * squared).max(0.0) * rows as f64 / (rows as f64 - 1.0)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_is_the_mean_over_pairs() {
        let rows = [[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]];
        let pairs = [(0, 1), (0, 2), (1, 2)];
        let squared = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2);
        let wanted = pairs.iter().map(|&(a, b)| squared(rows[a], rows[b])).sum::<f32>() / 3.0;
        assert!((spread(rows.as_flattened(), 2) - wanted).abs() < 1e-6);
        assert_eq!(spread(&[1.0, 0.0, 1.0, 0.0], 2), 0.0);
    }
}
