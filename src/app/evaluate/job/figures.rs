//! Curves and distances of runs as plots, in English for reports; the window puts its own words to the same plots.

use crate::eval::{Metric, Roc, Run};
use crate::figures::plot::{Axis, Figure, Scale, Series, Shape};

/// A curve with its name, and its band: FAR, lowest and greatest VAL.
pub(crate) type NamedRoc<'a> = (String, &'a Roc, Vec<[f64; 3]>);

/// VAL over FAR by powers, as fine as the largest set allows.
pub(crate) fn roc(title: &str, curves: &[NamedRoc<'_>]) -> Figure {
    let smallest = smallest_far(curves);
    let lowest = curves.iter().map(|(_, roc, _)| roc.val_at(smallest)).fold(1.0, f64::min);
    let lowest = if lowest > 0.9 { 0.9 } else { (lowest * 10.0 - 0.5).floor().max(0.0) / 10.0 };
    curves.iter().fold(Figure::roc(title, smallest, lowest), |figure, (name, roc, band)| {
        let points = roc.corners().iter().map(|point| [point.far, point.val]).collect();
        figure.with(Series::new(name, Shape::Steps, points).with_band(band.clone()))
    })
}

/// Misses over false accepts, both by powers.
pub(crate) fn det(title: &str, curves: &[NamedRoc<'_>]) -> Figure {
    let smallest_miss = curves.iter().map(|(_, roc, _)| power_below(roc.same)).fold(1.0, f64::min).max(1e-6);
    curves.iter().fold(Figure::det(title, smallest_far(curves), smallest_miss), |figure, (name, roc, band)| {
        let points = roc.corners().iter().map(|point| [point.far, 1.0 - point.val]).collect();
        let band = band.iter().map(|[far, low, high]| [*far, 1.0 - high, 1.0 - low]).collect();
        figure.with(Series::new(name, Shape::Steps, points).with_band(band))
    })
}

/// The distances of both kinds of pairs in one run, `bins` over all that are possible.
pub(crate) fn distances(title: &str, run: &Run, bins: usize) -> Figure {
    let histogram = run.histogram(bins);
    let shares = |counts: &[u64]| -> Vec<f64> {
        let total = counts.iter().sum::<u64>().max(1) as f64;
        counts.iter().map(|&count| count as f64 / total).collect()
    };
    let (same, different) = (shares(&histogram.same), shares(&histogram.different));
    let last = same.iter().zip(&different).rposition(|(s, d)| s + d > 0.0).map_or(1, |last| last + 2);
    let top = same.iter().chain(&different).copied().fold(0.0, f64::max) * 1.15;
    let points = |shares: &[f64]| {
        let from = |bin: usize| bin as f64 * histogram.width;
        let mut points: Vec<[f64; 2]> =
            shares.iter().take(last).enumerate().map(|(bin, share)| [from(bin), *share]).collect();
        points.push([from(points.len()), 0.0]);
        points
    };
    let axis = match run.metric {
        Metric::SquaredL2 => "Squared distance",
        Metric::Angle => "Angle / π",
    };
    let x = Axis::new(axis, Scale::Linear, 0.0, last as f64 * histogram.width);
    Figure::new(title, x, Axis::new("Share of pairs", Scale::Linear, 0.0, top.max(1e-9)))
        .with(Series::new("same person", Shape::Histogram, points(&same)))
        .with(Series::new("different people", Shape::Histogram, points(&different)))
}

fn smallest_far(curves: &[NamedRoc<'_>]) -> f64 {
    curves.iter().map(|(_, roc, _)| power_below(roc.different)).fold(1.0, f64::min).clamp(1e-8, 0.1)
}

fn power_below(pairs: usize) -> f64 {
    10_f64.powf((1.0 / pairs.max(1) as f64).log10().floor())
}
