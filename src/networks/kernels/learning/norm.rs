//! Batch norm (Ioffe & Szegedy 2015) with a slope for what is not positive, over plain slices
//! `[batch, channels, height · width]`.
//!
//! Each plane gives its sums; a channel's are put together in the order of the batch, so that the number of threads
//! changes nothing.

use rayon::prelude::*;

use super::sum;

/// Of a batch, one number a channel.
pub(super) struct Moments {
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
}

impl Moments {
    /// Planes are put together by their means and squares (Chan, Golub & LeVeque 1983).
    pub fn of(maps: &[f32], channels: usize, plane: usize) -> Self {
        let parts: Vec<[f64; 2]> = maps.par_chunks_exact(plane).map(mean_and_squares).collect();
        let batch = parts.len() / channels;
        let of = |channel: usize| {
            let parts = || parts.iter().skip(channel).step_by(channels);
            let mean = parts().map(|[mean, _]| mean).sum::<f64>() / batch as f64;
            let within: f64 = parts().map(|[_, squares]| squares).sum();
            let between: f64 = parts().map(|[own, _]| (own - mean).powi(2)).sum();
            (mean as f32, ((within / plane as f64 + between) / batch as f64) as f32)
        };
        let (mean, variance) = (0..channels).map(of).unzip();
        Self { mean, variance }
    }
}

/// The plane's mean, and the sum of squares about it.
fn mean_and_squares(plane: &[f32]) -> [f64; 2] {
    let [total] = sum(plane, plane, |value, _| [value]);
    let mean = total / plane.len() as f64;
    let about = mean as f32;
    let [squares] = sum(plane, plane, |value, _| [(value - about).powi(2)]);
    [mean, squares]
}

/// A batch norm with its batch's moments. All slices have one value a channel.
pub(super) struct BatchNormLine<'a> {
    pub mean: &'a [f32],
    pub variance: &'a [f32],
    pub gamma: &'a [f32],
    pub beta: &'a [f32],
    pub slope: &'a [f32],
    pub epsilon: f32,
}

/// The derivatives of a sum that has `gradient` by the outputs.
pub(super) struct BatchNormGradients {
    pub maps: Vec<f32>,
    pub gamma: Vec<f32>,
    pub beta: Vec<f32>,
    pub slope: Vec<f32>,
}

/// What one channel does: v = factor · x + shift, slope · v where v is not positive.
#[derive(Clone, Copy)]
struct Line {
    factor: f32,
    shift: f32,
    slope: f32,
    mean: f32,
    /// 1 / standard deviation
    inverse: f32,
}

impl Line {
    fn value(self, x: f32) -> f32 {
        let v = self.factor * x + self.shift;
        if v > 0.0 { v } else { self.slope * v }
    }

    /// The derivative by v.
    fn passed(self, x: f32, gradient: f32) -> f32 {
        if self.factor * x + self.shift > 0.0 { gradient } else { self.slope * gradient }
    }

    /// The terms of the derivatives by β, by γ without the deviation, and by the slope.
    fn terms(self, x: f32, gradient: f32) -> [f32; 3] {
        let v = self.factor * x + self.shift;
        let passed = self.passed(x, gradient);
        [passed, passed * (x - self.mean), if v > 0.0 { 0.0 } else { v * gradient }]
    }
}

impl BatchNormLine<'_> {
    pub fn forward(&self, maps: &[f32], plane: usize) -> Vec<f32> {
        let lines = self.lines();
        let mut outputs = vec![0.0; maps.len()];
        let planes = outputs.par_chunks_exact_mut(plane).zip(maps.par_chunks_exact(plane));
        planes.enumerate().for_each(|(index, (outputs, maps))| {
            let line = lines[index % lines.len()];
            for (output, x) in outputs.iter_mut().zip(maps) {
                *output = line.value(*x);
            }
        });
        outputs
    }

    /// With x̂ the normalised map and p the derivative by v: by β Σp, by γ Σp·x̂, by the map
    /// γ/σ · (p − mean(p) − x̂ · mean(p · x̂)).
    pub fn backward(&self, maps: &[f32], gradient: &[f32], plane: usize) -> BatchNormGradients {
        let lines = self.lines();
        let channels = lines.len();
        let planes = maps.par_chunks_exact(plane).zip(gradient.par_chunks_exact(plane));
        let of = |(index, (maps, gradient)): (usize, (&[f32], &[f32]))| {
            let line = lines[index % channels];
            sum(maps, gradient, |x, gradient| line.terms(x, gradient))
        };
        let parts: Vec<[f64; 3]> = planes.enumerate().map(of).collect();
        let totals: Vec<[f64; 3]> = (0..channels)
            .map(|channel| {
                let parts = parts.iter().skip(channel).step_by(channels);
                parts.fold([0.0; 3], |total, part| [0, 1, 2].map(|term| total[term] + part[term]))
            })
            .collect();
        let inverse = |channel: usize| f64::from(lines[channel].inverse);
        let totals = totals.into_iter().enumerate();
        let totals: Vec<_> = totals.map(|(channel, [p, px, slope])| [p, px * inverse(channel), slope]).collect();
        let by = |term: usize| totals.iter().map(|total| total[term] as f32).collect();
        BatchNormGradients {
            maps: by_maps(maps, gradient, plane, &lines, &totals),
            gamma: by(1),
            beta: by(0),
            slope: by(2),
        }
    }

    fn lines(&self) -> Vec<Line> {
        let of = |channel: usize| {
            let inverse = 1.0 / (self.variance[channel] + self.epsilon).sqrt();
            let (factor, mean) = (self.gamma[channel] * inverse, self.mean[channel]);
            let shift = self.beta[channel] - mean * factor;
            Line { factor, shift, slope: self.slope[channel], mean, inverse }
        };
        (0..self.mean.len()).map(of).collect()
    }
}

fn by_maps(maps: &[f32], gradient: &[f32], plane: usize, lines: &[Line], totals: &[[f64; 3]]) -> Vec<f32> {
    let channels = lines.len();
    let count = (maps.len() / channels) as f64;
    let mut by_maps = vec![0.0; maps.len()];
    let given = maps.par_chunks_exact(plane).zip(gradient.par_chunks_exact(plane));
    by_maps.par_chunks_exact_mut(plane).zip(given).enumerate().for_each(|(index, (to, (maps, gradient)))| {
        let (line, [p, pn, _]) = (lines[index % channels], totals[index % channels]);
        let middle = (p / count) as f32;
        let along = (pn / count) as f32 * line.inverse;
        for (to, (x, gradient)) in to.iter_mut().zip(maps.iter().zip(gradient)) {
            *to = line.factor * (line.passed(*x, *gradient) - middle - (x - line.mean) * along);
        }
    });
    by_maps
}
