//! Distances of known pairs under the model in use: of its latest evaluation, else among the named faces.

use anyhow::Result;

use crate::app::engine::facts::{DistanceSample, SampleOf};
use crate::app::engine::shared::Shared;
use crate::app::evaluate::job::library_faces::library_faces;
use crate::app::evaluate::job::runs;
use crate::eval::Metric;
use crate::eval::all_pairs::all_pairs;
use crate::eval::errata::Errata;
use crate::eval::run::{RunRow, Score};
use crate::types::Cancel;

/// Over squared distances 0 to 4.
const BINS: usize = 128;
/// Fewer pairs of either kind say nothing.
const FEWEST: u64 = 20;

pub(crate) fn load(shared: &Shared) -> Result<Option<DistanceSample>> {
    let model = shared.options().model_id();
    let judged = |row: &RunRow| row.has_curves && !matches!(row.score, Some(Score::Val(_))) && row.model == model.0;
    for row in runs::list(&shared.home)?.into_iter().filter(judged) {
        // A run of an older version cannot be read back; an older run may serve as well.
        let Ok(run) = runs::open(&row.run, &Errata::default()) else { continue };
        if run.metric == Metric::SquaredL2 {
            let histogram = run.histogram(BINS);
            let (same, different) = (shares(&histogram.same), shares(&histogram.different));
            return Ok(Some(DistanceSample { same, different, of: SampleOf::Run(row.on) }));
        }
    }
    // Without a named face there is nothing to show.
    let Ok(faces) = library_faces(&shared.home, &model) else { return Ok(None) };
    let (people, _) = faces.labels()?;
    let counted = all_pairs(&faces.images.vectors, &people, &Cancel::default(), &|_| {})?;
    let enough = counted.same.total() >= FEWEST && counted.different.total() >= FEWEST;
    Ok(enough.then(|| DistanceSample {
        same: shares(&counted.same.coarse(BINS)),
        different: shares(&counted.different.coarse(BINS)),
        of: SampleOf::NamedFaces(people.len() as u64),
    }))
}

fn shares(counts: &[u64]) -> Vec<f32> {
    let total = counts.iter().sum::<u64>().max(1) as f32;
    counts.iter().take(BINS).map(|&count| count as f32 / total).collect()
}
