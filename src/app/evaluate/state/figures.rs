//! Runs as plots: the same figures are shown and saved.

use std::sync::Arc;

use crate::app::evaluate::state::point::Point;
use crate::app::evaluate::state::rows::EvalRun;
use crate::app::ui::locale::{Locale, grouped};
use crate::eval::Metric;
use crate::figures::Table;
use crate::figures::plot::{Axis, Figure, Scale, Series, Shape};

/// VAL over FAR by powers, of all shown runs.
pub fn roc(runs: &[Arc<EvalRun>], text: &Locale) -> Figure {
    let smallest = smallest_far(runs);
    let lowest = runs.iter().map(|run| run.roc.val_at(smallest)).fold(1.0, f64::min);
    let lowest = if lowest > 0.9 { 0.9 } else { (lowest * 10.0 - 0.5).floor().max(0.0) / 10.0 };
    let x = Axis::new(text.s("axis_far"), Scale::Log, smallest, 1.0);
    let y = Axis::new(text.s("axis_val"), Scale::Linear, lowest, 1.0);
    runs.iter().fold(Figure::new(text.s("plot_roc"), x, y), |figure, run| {
        let points = run.roc.corners().iter().map(|point| [point.far, point.val]).collect();
        figure.with(Series::new(name_of(runs, run), Shape::Steps, points).with_band(run.band.clone()))
    })
}

/// Misses over false accepts, both by powers.
pub fn det(runs: &[Arc<EvalRun>], text: &Locale) -> Figure {
    let smallest_miss = runs.iter().map(|run| power_below(run.roc.same)).fold(1.0, f64::min).max(1e-6);
    let x = Axis::new(text.s("axis_far"), Scale::Log, smallest_far(runs), 1.0);
    let y = Axis::new(text.s("axis_miss"), Scale::Log, smallest_miss, 1.0);
    runs.iter().fold(Figure::new(text.s("plot_det"), x, y), |figure, run| {
        let points = run.roc.corners().iter().map(|point| [point.far, 1.0 - point.val]).collect();
        let band = run.band.iter().map(|[far, low, high]| [*far, 1.0 - high, 1.0 - low]).collect();
        figure.with(Series::new(name_of(runs, run), Shape::Steps, points).with_band(band))
    })
}

/// The distances of both kinds of pairs in one run.
pub fn distances(run: &EvalRun, text: &Locale) -> Figure {
    let shares = |counts: &[u64]| -> Vec<f64> {
        let total = counts.iter().sum::<u64>().max(1) as f64;
        counts.iter().map(|&count| count as f64 / total).collect()
    };
    let (same, different) = (shares(&run.same), shares(&run.different));
    let last = same.iter().zip(&different).rposition(|(s, d)| s + d > 0.0).map_or(1, |last| last + 2);
    let top = same.iter().chain(&different).copied().fold(0.0, f64::max) * 1.15;
    let points = |shares: &[f64]| {
        let from = |bin: usize| bin as f64 * run.bin_width;
        let mut points: Vec<[f64; 2]> =
            shares.iter().take(last).enumerate().map(|(bin, share)| [from(bin), *share]).collect();
        points.push([from(points.len()), 0.0]);
        points
    };
    let label = match run.metric {
        Metric::SquaredL2 => text.s("axis_squared_distance"),
        Metric::Angle => text.s("axis_angle"),
    };
    let x = Axis::new(label, Scale::Linear, 0.0, last as f64 * run.bin_width);
    let y = Axis::new(text.s("axis_share"), Scale::Linear, 0.0, top.max(1e-9));
    Figure::new(text.s("plot_distances"), x, y)
        .with(Series::new(text.s("series_same"), Shape::Histogram, points(&same)))
        .with(Series::new(text.s("series_different"), Shape::Histogram, points(&different)))
}

/// The marks of the threshold on ROC and DET, and on distances. A FAR of zero has no place on a logarithmic axis and
/// is drawn at its edge.
pub fn marks(point: &Point, text: &Locale) -> [(f64, String); 2] {
    let far = match crate::app::evaluate::state::point::one_in(point.far) {
        Some(count) => text.f("mark_one_in", &[("count", &grouped(count))]),
        None => text.s("mark_none").to_owned(),
    };
    let threshold = text.f("mark_threshold", &[("threshold", &format!("{:.3}", point.threshold))]);
    [(point.far, far), (point.threshold, threshold)]
}

/// One line a run, as it is saved: every digit that is known.
pub fn summary_table(runs: &[Arc<EvalRun>]) -> Table {
    let mut table = Table::new(&[
        "model",
        "on",
        "accuracy_mean",
        "accuracy_se",
        "accuracy_sd",
        "val_mean",
        "val_se",
        "val_sd",
        "far_target",
        "far_mean",
        "auc",
        "eer",
        "pairs",
        "skipped",
    ]);
    let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    for run in runs {
        let figures = &run.figures;
        let accuracy = figures.accuracy;
        table.push(vec![
            run.row.model.clone(),
            run.row.on.clone(),
            number(accuracy.map(|spread| spread.mean)),
            number(accuracy.and_then(|spread| spread.standard_error)),
            number(accuracy.and_then(|spread| spread.population_sd)),
            figures.val.mean.to_string(),
            number(figures.val.standard_error),
            number(figures.val.population_sd),
            figures.far_target.to_string(),
            figures.far.to_string(),
            figures.auc.to_string(),
            number(figures.eer),
            run.row.pairs.to_string(),
            run.row.skipped.to_string(),
        ]);
    }
    table
}

/// One line a fold, as it is saved.
pub fn fold_table(run: &EvalRun) -> Table {
    let mut table = Table::new(&["fold", "pairs", "threshold", "accuracy", "val_threshold", "val", "far"]);
    for fold in &run.folds {
        let numbers = [fold.threshold, fold.accuracy, fold.val_threshold, fold.val, fold.far];
        let mut row = vec![(fold.fold + 1).to_string(), fold.pairs.to_string()];
        row.extend(numbers.map(|number| number.to_string()));
        table.push(row);
    }
    table
}

/// The model's name; with the list's where two runs of one model are shown.
pub fn name_of(runs: &[Arc<EvalRun>], run: &EvalRun) -> String {
    let twins = runs.iter().filter(|other| other.row.model == run.row.model).count();
    match twins {
        0 | 1 => run.row.model.clone(),
        _ => format!("{} · {}", run.row.model, run.row.when),
    }
}

fn smallest_far(runs: &[Arc<EvalRun>]) -> f64 {
    runs.iter().map(|run| power_below(run.roc.different)).fold(1.0, f64::min).clamp(1e-8, 0.1)
}

fn power_below(pairs: usize) -> f64 {
    10_f64.powf((1.0 / pairs.max(1) as f64).log10().floor())
}
