//! The YouTube Faces protocol (paper, section 5.7): two videos are as similar as their frames are on average, over all
//! pairs of the first 100 (or 1,000) frames in which the detector finds a face; then ten folds as on LFW.

use super::{EvalError, Vectors};

/// How many frames of a video the paper compares.
pub(crate) const FRAMES: usize = 100;

/// The frames of one video, shortened to what its pairs need.
///
/// The mean of ‖aᵢ − bⱼ‖² over all i, j is mean ‖aᵢ‖² + mean ‖bⱼ‖² − 2·ā·b̄, so the mean vector and the mean squared
/// length stand for all frames: a pair of videos costs one dot product instead of 10,000.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VideoFaces {
    mean: Vec<f64>,
    mean_square: f64,
    pub frames: usize,
}

impl VideoFaces {
    /// The first `limit` rows of `frames`; `video` is named when there are none.
    ///
    /// # Errors
    /// When there is no frame.
    pub fn new(frames: &Vectors, limit: usize, video: usize) -> Result<Self, EvalError> {
        let count = frames.len().min(limit);
        if count == 0 {
            return Err(EvalError::EmptyVideo(video));
        }
        let mut mean = vec![0.0; frames.dimensions()];
        let mut mean_square = 0.0;
        for row in frames.rows().take(count) {
            for (sum, &value) in mean.iter_mut().zip(row) {
                *sum += f64::from(value) / count as f64;
                mean_square += f64::from(value).powi(2) / count as f64;
            }
        }
        Ok(Self { mean, mean_square, frames: count })
    }

    /// Mean squared distance over all pairs of frames.
    ///
    /// # Errors
    /// When the videos were embedded by models of different dimensions.
    pub fn mean_distance(&self, other: &Self) -> Result<f64, EvalError> {
        if self.mean.len() != other.mean.len() {
            return Err(EvalError::Dimensions { left: self.mean.len(), right: other.mean.len() });
        }
        let dot: f64 = self.mean.iter().zip(&other.mean).map(|(a, b)| a * b).sum();
        Ok(self.mean_square + other.mean_square - 2.0 * dot)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Metric;
    use super::*;

    #[test]
    fn the_short_form_is_the_mean_over_all_pairs() {
        let vectors = |seed: u32, count: u32| {
            let rows: Vec<Vec<f32>> =
                (0..count).map(|row| (0..4).map(|d| ((row * 7 + d * 3 + seed) % 11) as f32 / 11.0).collect()).collect();
            Vectors::from_rows(rows.iter().map(Vec::as_slice)).unwrap()
        };
        let (a, b) = (vectors(1, 9), vectors(5, 6));
        let all = (0..7).flat_map(|i| (0..6).map(move |j| (i, j)));
        let plain: f64 = all.map(|(i, j)| Metric::SquaredL2.between(a.row(i), b.row(j))).sum::<f64>() / 42.0;
        let (a, b) = (VideoFaces::new(&a, 7, 0).unwrap(), VideoFaces::new(&b, 7, 1).unwrap());
        assert_eq!((a.frames, b.frames), (7, 6));
        assert!((a.mean_distance(&b).unwrap() - plain).abs() < 1e-12);
    }

    #[test]
    fn a_video_without_faces_is_refused() {
        assert_eq!(VideoFaces::new(&Vectors::from_rows([]).unwrap(), 100, 4), Err(EvalError::EmptyVideo(4)));
    }
}
