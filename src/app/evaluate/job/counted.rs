//! A run over every pair, read back: its histograms and its worst pairs are kept; all pairs are too many.

use std::path::Path;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::app::evaluate::job::distances::Distances;
use crate::app::evaluate::job::folder::FolderOutcome;
use crate::app::evaluate::job::run_folder::RunFolder;
use crate::app::evaluate::job::worst::{self, WorstPairs};
use crate::eval::all_pairs::{AllPairs, BINS, DistanceHistogram};

/// One folder of people, every pair counted.
#[derive(Debug, Clone)]
pub struct CountedRun {
    pub outcome: FolderOutcome,
    pub counted: AllPairs,
    pub worst: WorstPairs,
}

/// `histogram.json`: bins that hold a pair, as bin and count.
#[derive(Serialize, Deserialize)]
struct Kept {
    bins: usize,
    same: Vec<(usize, u64)>,
    different: Vec<(usize, u64)>,
}

/// Reads a run over every pair back from its folder.
pub fn open_counted(folder: &Path) -> Result<CountedRun> {
    let mut outcome: FolderOutcome = read(folder, "result.json")?;
    // The folder may have been moved since it was written.
    folder.clone_into(&mut outcome.run);
    let kept: Kept = read(folder, "histogram.json")?;
    let full = |sparse: Vec<(usize, u64)>| -> Result<DistanceHistogram> {
        let mut counts = vec![0; kept.bins];
        for (bin, count) in sparse {
            *counts.get_mut(bin).with_context(|| format!("there is no bin {bin} in {}", folder.display()))? = count;
        }
        Ok(DistanceHistogram::from_counts(counts)?)
    };
    let counted = AllPairs { same: full(kept.same)?, different: full(kept.different)? };
    Ok(CountedRun { outcome, counted, worst: worst::read(folder)? })
}

/// Writes what [`open_counted`] needs beside `result.json`.
pub(crate) fn keep(run: &RunFolder, found: &Distances) -> Result<()> {
    let sparse = |counts: Vec<u64>| counts.into_iter().enumerate().filter(|(_, count)| *count > 0).collect();
    let (same, different) = found.histogram(BINS);
    let kept = Kept { bins: BINS, same: sparse(same), different: sparse(different) };
    run.json("histogram.json", &kept)
}

fn read<T: DeserializeOwned>(folder: &Path, name: &str) -> Result<T> {
    let path = folder.join(name);
    let text = std::fs::read(&path).with_context(|| format!("this is no finished run: {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("the run was written by another version: {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::home::Home;
    use crate::app::evaluate::job::count::PairCounter;
    use crate::app::evaluate::job::folder::eval_folder;
    use crate::app::evaluate::job::inputs::{Faces, Photos};
    use crate::eval::embedded::EmbeddedImages;
    use crate::types::Cancel;

    #[test]
    fn a_run_over_every_pair_reads_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let angle = |i: usize| (i / 4) as f32 * 0.9 + (i % 4) as f32 * 0.11;
        let vectors: Vec<Vec<f32>> = (0..12).map(|i| vec![angle(i).cos(), angle(i).sin()]).collect();
        let paths = (0..12).map(|i| format!("P{}/{i}.jpg", i / 4)).collect();
        let images = EmbeddedImages::new(paths, vectors).unwrap();
        let photos = Photos::Folder { folder: "here".into(), crop: None, rule: None };
        let faces = Faces { images, inputs: Vec::new(), photos };
        let cancel = Cancel::default();
        let outcome = eval_folder(&home, &faces, 0.1, &PairCounter::Cpu, &cancel, &mut |_| {}).unwrap();
        let again = open_counted(&outcome.run).unwrap();
        let pairs = (again.counted.same.total(), again.counted.different.total());
        assert_eq!(pairs, (outcome.same_pairs, outcome.different_pairs));
        // What was exact is counted in bins of 1/16384.
        assert!((again.counted.roc().unwrap().auc() - outcome.auc).abs() < 1e-9);
        assert_eq!((again.outcome.auc, again.outcome.val), (outcome.auc, outcome.val));
        // So few pairs are all among the worst; the farthest of one person is P0/0 and P0/3.
        let worst = again.worst;
        assert_eq!(worst.pairs.len(), 66);
        let farthest = worst.pairs.iter().filter(|pair| pair.same).max_by(|a, b| a.distance.total_cmp(&b.distance));
        let farthest = farthest.unwrap();
        assert!((farthest.distance - (2.0 - 2.0 * 0.33_f64.cos())).abs() < 1e-6);
        let photo = |place: usize| worst.images[place].path.clone().unwrap();
        assert!(photo(farthest.a).starts_with("here") && photo(farthest.a).parent() == photo(farthest.b).parent());
    }
}
