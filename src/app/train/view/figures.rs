//! The figures of a run.

use crate::app::train::state::live::{Curve, LiveRun};
use crate::app::ui::locale::Locale;
use crate::app::ui::plot::Ink;
use crate::figures::plot::{Axis, Figure, Scale, Series, Shape};
use crate::train::snapshot::{BINS, Histograms};

/// A figure and the inks of its series.
pub struct Drawn {
    pub(crate) figure: Figure,
    pub(crate) inks: Vec<Ink>,
}

/// Loss over steps: every step behind, its running mean in front.
pub(crate) fn loss(text: &Locale, run: &LiveRun) -> Drawn {
    let most = highest(run.loss.points()).max(0.01);
    // The title says what it is.
    let axis = Axis::new("", Scale::Linear, 0.0, nice(most));
    over_steps(text, run, "train_plot_loss", axis, noisy(text, &run.loss))
}

/// The share of anchor–positive pairs that gave a triplet, in percent.
pub(crate) fn active(text: &Locale, run: &LiveRun) -> Drawn {
    let most = highest(run.active.points()).clamp(1.0, 100.0);
    let axis = Axis::new(text.s("train_plot_active_axis"), Scale::Linear, 0.0, nice(most).min(100.0));
    over_steps(text, run, "train_plot_active", axis, noisy(text, &run.active))
}

/// Squared distance to the teacher's vectors: of batches, and of pictures held out.
pub(crate) fn to_teacher(text: &Locale, run: &LiveRun) -> Drawn {
    let most = highest(run.to_teacher.points()).max(highest(&run.judged_to_teacher)).max(0.01);
    let axis = Axis::new("", Scale::Linear, 0.0, nice(most));
    let mut series = noisy(text, &run.to_teacher);
    if !run.judged_to_teacher.is_empty() {
        let judged = Series::new(text.s("train_plot_held_out"), Shape::Dots, run.judged_to_teacher.clone());
        series.push((judged, Ink::Line(1)));
    }
    over_steps(text, run, "train_plot_teacher", axis, series)
}

/// VAL on held-out people, and on pairs where there are any, in percent.
pub(crate) fn val(text: &Locale, run: &LiveRun) -> Drawn {
    let lowest = run.val.iter().chain(&run.pairs_val).map(|[_, val]| *val).fold(100.0, f64::min);
    let axis = Axis::new(text.s("train_plot_val_axis"), Scale::Linear, val_floor(lowest), 100.0);
    let mut series = vec![(Series::new(text.s("train_plot_val_people"), Shape::Dots, run.val.clone()), Ink::Line(0))];
    if !run.pairs_val.is_empty() {
        let pairs = Series::new(text.s("train_plot_val_pairs"), Shape::Dots, run.pairs_val.clone());
        series.push((pairs, Ink::Line(1)));
    }
    over_steps(text, run, "train_plot_val", axis, series)
}

/// Where the axis of VAL begins: a trained network's fine-tuning would be a flat line below the top of 0–100.
fn val_floor(lowest: f64) -> f64 {
    [95.0, 90.0, 80.0, 50.0].into_iter().find(|&floor| lowest >= floor + 1.0).unwrap_or(0.0)
}

pub(crate) fn rate(text: &Locale, run: &LiveRun) -> Drawn {
    let most = highest(run.rate.points()).max(1e-6);
    let lowest = run.rate.points().iter().map(|[_, rate]| *rate).filter(|rate| *rate > 0.0).fold(most, f64::min);
    let axis = if lowest < most / 8.0 {
        let decade = |value: f64, up: bool| {
            let log = value.log10();
            10_f64.powf(if up { log.ceil() } else { log.floor() })
        };
        Axis::new("", Scale::Log, decade(lowest, false), decade(most, true))
    } else {
        Axis::new("", Scale::Linear, 0.0, nice(most))
    };
    let line = Series::new(text.s("train_plot_rate"), Shape::Steps, run.rate.points().to_vec());
    over_steps(text, run, "train_plot_rate", axis, vec![(line, Ink::Line(0))])
}

/// Squared distances of same and different pairs: shares of each kind, those of the beginning in grey behind.
pub fn distances(text: &Locale, now: &Histograms, first: Option<&Histograms>) -> Drawn {
    let mut series = Vec::new();
    if let Some(first) = first.filter(|first| *first != now) {
        for (counts, ink) in [(&first.same, Ink::Quiet), (&first.different, Ink::Quiet)] {
            series.push((Series::new("", Shape::Histogram, shares(counts)), ink));
        }
    }
    let parts = [("train_plot_same", &now.same, Ink::Same), ("train_plot_different", &now.different, Ink::Different)];
    for (key, counts, ink) in parts {
        series.push((Series::new(text.s(key), Shape::Histogram, shares(counts)), ink));
    }
    let most = series.iter().map(|(series, _)| highest(&series.points)).fold(1.0, f64::max);
    let x = Axis::new(text.s("train_plot_distance_axis"), Scale::Linear, 0.0, 4.0);
    let y = Axis::new(text.s("train_plot_distances_axis"), Scale::Linear, 0.0, nice(most * 1.1));
    finish(Figure::new(text.s("train_plot_distances"), x, y), series)
}

/// What comes back out of a histogram: one point a bin and the closing edge, in percent.
fn shares(counts: &[u32]) -> Vec<[f64; 2]> {
    let sum = counts.iter().map(|&count| f64::from(count)).sum::<f64>().max(1.0);
    let width = 4.0 / BINS as f64;
    let bin = |(bin, &count): (usize, &u32)| [bin as f64 * width, 100.0 * f64::from(count) / sum];
    let mut points: Vec<[f64; 2]> = counts.iter().enumerate().map(bin).collect();
    points.push([4.0, 0.0]);
    points
}

fn noisy(text: &Locale, curve: &Curve) -> Vec<(Series, Ink)> {
    let smooth = Series::new(text.s("train_plot_mean"), Shape::Line, curve.smoothed());
    let each = Series::new(text.s("train_plot_each"), Shape::Line, curve.points().to_vec());
    vec![(each, Ink::Faint), (smooth, Ink::Line(0))]
}

fn over_steps(text: &Locale, run: &LiveRun, title_key: &str, y: Axis, series: Vec<(Series, Ink)>) -> Drawn {
    let end = run.begun.steps.max(run.last.as_ref().map_or(1, |last| last.step)).max(1);
    let x = Axis::new(text.s("train_plot_step"), Scale::Linear, 0.0, end as f64);
    finish(Figure::new(text.s(title_key), x, y), series)
}

fn finish(figure: Figure, series: Vec<(Series, Ink)>) -> Drawn {
    let inks = series.iter().map(|(_, ink)| *ink).collect();
    Drawn { figure: series.into_iter().fold(figure, |figure, (series, _)| figure.with(series)), inks }
}

fn highest(points: &[[f64; 2]]) -> f64 {
    points.iter().map(|[_, value]| *value).filter(|value| value.is_finite()).fold(0.0, f64::max)
}

/// The next of 1, 1.5, 2, 3, 4, 5, 6, 8, 10 times a power of ten.
fn nice(value: f64) -> f64 {
    let power = 10_f64.powf(value.max(f64::MIN_POSITIVE).log10().floor());
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|&top| top >= value * 0.999_999).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        for (value, top) in [(0.3, 0.3), (0.31, 0.4), (7.0, 8.0), (96.0, 100.0), (0.0021, 0.003)] {
            assert!((nice(value) - top).abs() < 1e-9, "{value}: {}", nice(value));
        }
    }

    #[test]
    fn the_axis_of_val_begins_below_the_lowest() {
        assert_eq!([9.4, 51.5, 90.5, 91.0, 98.6].map(val_floor), [0.0, 50.0, 80.0, 90.0, 95.0]);
    }

    #[test]
    fn shares_add_up_to_a_hundred_percent() {
        let mut counts = vec![0; BINS];
        (counts[3], counts[40]) = (1, 3);
        let points = shares(&counts);
        assert_eq!(points.len(), BINS + 1);
        assert_eq!(points[40], [2.0, 75.0]);
        assert_eq!(points.iter().map(|[_, share]| share).sum::<f64>(), 100.0);
    }
}
