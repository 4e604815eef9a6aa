//! Runs as plots and tables: the same figures are shown and saved.

use std::sync::Arc;

use crate::app::evaluate::job::figures::{self, NamedRoc};
use crate::app::ui::locale::{Locale, grouped};
use crate::eval::lfw::FoldResult;
use crate::eval::roc::one_in;
use crate::eval::{Metric, RocPoint, Run, Summary};
use crate::figures::Table;
use crate::figures::plot::Figure;

const BINS: usize = 80;
/// A power of two, so that the counted bins fall into them evenly.
const COUNTED_BINS: usize = 64;

/// VAL over FAR by powers, of all shown runs.
pub(crate) fn roc(runs: &[Arc<Run>], text: &Locale) -> Figure {
    in_words(figures::roc(text.s("plot_roc"), &curves(runs)), text.s("axis_far"), text.s("axis_val"))
}

/// Misses over false accepts, both by powers.
pub(crate) fn det(runs: &[Arc<Run>], text: &Locale) -> Figure {
    in_words(figures::det(text.s("plot_det"), &curves(runs)), text.s("axis_far"), text.s("axis_miss"))
}

/// The distances of both kinds of pairs in one run.
pub(crate) fn distances(run: &Run, text: &Locale) -> Figure {
    let bins = if run.is_counted() { COUNTED_BINS } else { BINS };
    let axis = match run.metric {
        Metric::SquaredL2 => text.s("axis_squared_distance"),
        Metric::Angle => text.s("axis_angle"),
    };
    let mut figure = in_words(figures::distances(text.s("plot_distances"), run, bins), axis, text.s("axis_share"));
    for (series, key) in figure.series.iter_mut().zip(["series_same", "series_different"]) {
        series.name = text.s(key).to_owned();
    }
    figure
}

/// The marks of the threshold on ROC and DET, and on distances. A FAR of zero has no place on a logarithmic axis and
/// is drawn at its edge.
pub(crate) fn marks(point: RocPoint, text: &Locale) -> [(f64, String); 2] {
    let far = match one_in(point.far) {
        Some(count) => text.f("mark_one_in", &[("count", &grouped(count))]),
        None => text.s("mark_none").to_owned(),
    };
    let threshold = text.f("mark_threshold", &[("threshold", &format!("{:.3}", point.threshold))]);
    [(point.far, far), (point.threshold, threshold)]
}

/// One line a run, as it is saved: every digit that is known.
pub(crate) fn summary_table(runs: &[Arc<Run>]) -> Table {
    let head = [
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
    ];
    let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
    let spread = |of: Option<Summary>| {
        [of.map(|of| of.mean), of.and_then(|of| of.error()), of.and_then(|of| of.deviation())].map(number)
    };
    let cells = |run: &Arc<Run>| {
        let (row, figures) = (&run.row, &run.figures);
        let mut cells = vec![row.model.clone(), row.on.clone()];
        cells.extend(spread(figures.accuracy()));
        cells.extend(spread(Some(figures.val())));
        let numbers = [Some(figures.far_target()), Some(figures.far()), Some(figures.auc()), figures.eer()];
        cells.extend(numbers.map(number));
        cells.extend([row.pairs, row.skipped].map(|count| count.to_string()));
        cells
    };
    Table::of(&head, runs.iter().map(cells))
}

/// One line a fold, as it is saved.
pub(crate) fn fold_numbers(run: &Run) -> Table {
    let row = |fold: &FoldResult| {
        let numbers = [fold.threshold, fold.accuracy, fold.val_threshold, fold.val, fold.far];
        let mut row = vec![fold.fold.to_string(), fold.pairs.to_string()];
        row.extend(numbers.map(|number| number.to_string()));
        row
    };
    let head = ["fold", "pairs", "threshold", "accuracy", "val_threshold", "val", "far"];
    Table::of(&head, run.folds.iter().map(row))
}

/// The model's name; with the list's where two runs of one model are shown.
pub(crate) fn name_of(runs: &[Arc<Run>], run: &Run) -> String {
    let twins = runs.iter().filter(|other| other.row.model == run.row.model).count();
    match twins {
        0 | 1 => run.row.model.clone(),
        _ => format!("{} · {}", run.row.model, run.row.when),
    }
}

fn curves(runs: &[Arc<Run>]) -> Vec<NamedRoc<'_>> {
    runs.iter().map(|run| (name_of(runs, run), &run.roc, run.band())).collect()
}

fn in_words(mut figure: Figure, x: &str, y: &str) -> Figure {
    (figure.x.label, figure.y.label) = (x.to_owned(), y.to_owned());
    figure
}
