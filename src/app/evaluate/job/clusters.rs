//! How well clustering finds the people of a labelled folder, over the whole range of thresholds.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::app::engine::home::Home;
use crate::app::evaluate::job::evaluation_folder::EvaluationFolder;
use crate::app::evaluate::job::inputs::FaceInputs;
use crate::app::evaluate::job::present::percent;
use crate::cluster::{Constraints, Linkage, Scores, SweepPoint, dendrogram, sweep};
use crate::faces::embed::quantise::QuantisedEmbedding;
use crate::figures::Table;
use crate::figures::plot::{Axis, Figure, Scale, Series, Shape};
use crate::figures::report::{HtmlReport, ReportPart};
use crate::types::{Cancel, Embedding, SquaredDistance, counted, path_text};

/// Rows of the table; the figure and `sweep.csv` have every threshold where something changes.
const TABLE_STEP: f32 = 0.05;

/// The object that `--json` prints.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ClustersOutcome {
    pub linkage: Linkage,
    pub images: usize,
    pub people: usize,
    pub skipped: usize,
    #[serde(flatten)]
    pub grouped: Grouped,
    /// The same with one byte a dimension (paper, section 5.4): what a search by bytes alone would cost.
    pub in_bytes: Grouped,
    pub model: String,
    #[serde(serialize_with = "path_text::serialize")]
    pub run: PathBuf,
}

/// What a tree's thresholds come to.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Grouped {
    /// The threshold with the highest B-cubed F, and the scores there.
    pub best_threshold: f32,
    pub best: Scores,
    /// At the threshold asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_threshold: Option<SweepPoint>,
}

impl Grouped {
    fn of(points: &[SweepPoint], threshold: Option<f32>) -> Result<Self> {
        let best = points.iter().max_by(|a, b| a.scores.b_cubed_f.total_cmp(&b.scores.b_cubed_f));
        let best = best.context("there are no faces to cluster")?;
        let at_threshold = threshold.and_then(|threshold| at(points, threshold));
        Ok(Self { best_threshold: best.threshold.0, best: best.scores, at_threshold })
    }
}

/// Clusters `faces`, scores every threshold against the folders' names, and writes a run.
pub(crate) fn eval_clusters(
    home: &Home,
    faces: &FaceInputs,
    linkage: Linkage,
    threshold: Option<f32>,
    cancel: &Cancel,
    note: &mut dyn FnMut(String),
) -> Result<ClustersOutcome> {
    faces.notes(note);
    let (labels, people) = faces.labels()?;
    let labels: Vec<usize> = labels.into_iter().map(|label| label as usize).collect();
    let embeddings: Vec<Embedding> =
        faces.images.vectors.rows().map(|row| Embedding::normalise(row.to_vec())).collect::<Result<_, _>>()?;
    let scored = |embeddings: &[Embedding]| -> Result<Vec<SweepPoint>> {
        let tree = dendrogram(embeddings, &Constraints::default(), linkage, cancel, &mut |_, _| {})?;
        Ok(sweep(&tree, &labels))
    };
    let points = scored(&embeddings)?;
    let grouped = Grouped::of(&points, threshold)?;
    let from_bytes = |embedding: &Embedding| QuantisedEmbedding::new(embedding).restored();
    let in_bytes = scored(&embeddings.iter().map(from_bytes).collect::<Result<Vec<_>, _>>()?)?;
    let config = serde_json::json!({ "linkage": linkage, "threshold": threshold });
    let run = EvaluationFolder::create(home, "clusters", &config, &faces.inputs)?;
    let outcome = ClustersOutcome {
        linkage,
        images: labels.len(),
        people,
        skipped: faces.images.failed.len(),
        grouped,
        in_bytes: Grouped::of(&in_bytes, threshold)?,
        model: faces.model(),
        run: run.path().to_owned(),
    };
    run.json("result.json", &outcome)?;
    let rows: Vec<&SweepPoint> = points.iter().collect();
    run.table("sweep", &table(&rows))?;
    let mut report =
        HtmlReport::new(format!("Clusters of {} by {}", counted(outcome.images, "image", "images"), outcome.model));
    report.push(ReportPart::Text(format!(
        "{}, {} linkage, {} skipped. The highest B-cubed F is {} at threshold {:.3}, with {}; with one byte a dimension \
         it is {}.",
        counted(people, "person", "people"),
        linkage.word(),
        counted(outcome.skipped, "image", "images"),
        percent(outcome.grouped.best.b_cubed_f),
        outcome.grouped.best_threshold,
        counted(outcome.grouped.best.clusters, "cluster", "clusters"),
        percent(outcome.in_bytes.best.b_cubed_f)
    )));
    report.push(ReportPart::Figure(run.figure("clusters", &figure(&points, outcome.grouped.best_threshold), note)?));
    report.push(ReportPart::Table(table(&sampled(&points))));
    run.report(&report)?;
    Ok(outcome)
}

/// The groups at `threshold` are those of the last point not above it, for between two points nothing changes.
fn at(points: &[SweepPoint], threshold: f32) -> Option<SweepPoint> {
    let below = points.iter().take_while(|point| point.threshold.0 <= threshold).last()?;
    Some(SweepPoint { threshold: SquaredDistance(threshold), ..*below })
}

fn sampled(points: &[SweepPoint]) -> Vec<&SweepPoint> {
    let mut kept: Vec<&SweepPoint> = Vec::new();
    for point in points {
        if kept.last().is_none_or(|last| point.threshold.0 - last.threshold.0 >= TABLE_STEP) {
            kept.push(point);
        }
    }
    kept
}

fn table(points: &[&SweepPoint]) -> Table {
    let head = [
        "Threshold",
        "Clusters",
        "Pairwise precision",
        "Pairwise recall",
        "Pairwise F",
        "B-cubed precision",
        "B-cubed recall",
        "B-cubed F",
        "NMI",
    ];
    let row = |point: &&SweepPoint| {
        let Scores { pairwise_precision, pairwise_recall, pairwise_f, nmi, .. } = point.scores;
        let Scores { b_cubed_precision, b_cubed_recall, b_cubed_f, clusters, .. } = point.scores;
        let shares =
            [pairwise_precision, pairwise_recall, pairwise_f, b_cubed_precision, b_cubed_recall, b_cubed_f, nmi];
        let mut row = vec![format!("{:.4}", point.threshold.0), clusters.to_string()];
        row.extend(shares.iter().map(|share| format!("{share:.4}")));
        row
    };
    Table::of(&head, points.iter().map(row))
}

fn figure(points: &[SweepPoint], best: f32) -> Figure {
    let last = points.last().map_or(1.0, |point| f64::from(point.threshold.0)).max(0.1);
    let line = |name: &str, value: fn(&Scores) -> f64| {
        let points = points.iter().map(|point| [f64::from(point.threshold.0), value(&point.scores)]).collect();
        Series::new(name, Shape::Steps, points)
    };
    let x = Axis::new("Threshold (squared distance)", Scale::Linear, 0.0, last);
    Figure::new("Agreement with the labels", x, Axis::new("Score", Scale::Linear, 0.0, 1.0))
        .with(line("pairwise F", |scores| scores.pairwise_f))
        .with(line("B-cubed F", |scores| scores.b_cubed_f))
        .with(line("NMI", |scores| scores.nmi))
        .marked(f64::from(best), format!("best {best:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scores_at_a_threshold_are_told_with_that_threshold() {
        let vectors = [[1.0_f32, 0.0], [0.8, 0.6], [-1.0, 0.0]].map(|v| Embedding::normalise(v.to_vec()).unwrap());
        let tree = dendrogram(&vectors, &Constraints::default(), Linkage::Average, &Cancel::default(), &mut |_, _| {})
            .unwrap();
        let points = sweep(&tree, &[0, 0, 1]);
        let told = |threshold| Grouped::of(&points, Some(threshold)).unwrap().at_threshold.unwrap();
        assert_eq!(
            [0.1, 1.9, 4.0].map(|at| (told(at).threshold.0, told(at).scores.clusters)),
            [(0.1, 3), (1.9, 2), (4.0, 1)]
        );
    }
}
