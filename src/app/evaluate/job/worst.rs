//! The worst pairs of a run over every pair: too many were judged to keep them all, these are what one wants to see.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::app::evaluate::job::distances::Distances;
use crate::app::evaluate::job::images::FaceCrop;
use crate::app::evaluate::job::inputs::Faces;
use crate::app::evaluate::job::run_folder::RunFolder;
use crate::eval::all_pairs::worst;
use crate::eval::{Image, Pair};
use crate::types::{Cancel, CropRule};

/// Of each kind of pair.
const KEPT: usize = 200;
const FILE: &str = "worst.json";

/// `worst.json`. Images are told by their places in `images`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct WorstPairs {
    /// How faces were cut; None for ready embeddings.
    pub crop: Option<FaceCrop>,
    #[serde(default)]
    pub crop_rule: Option<CropRule>,
    pub images: Vec<Image>,
    /// The worst of each kind first.
    pub pairs: Vec<Pair>,
}

/// The worst pairs of `faces`, whose distances were `found`.
pub(crate) fn worst_pairs(faces: &Faces, labels: &[u32], found: &Distances, cancel: &Cancel) -> Result<WorstPairs> {
    let rows = worst(&faces.images.vectors, labels, &found.counted()?, KEPT, cancel)?;
    let mut kept =
        WorstPairs { crop: faces.photos.crop(), crop_rule: faces.photos.crop_rule(), ..WorstPairs::default() };
    let mut place_of = BTreeMap::new();
    for (a, b, distance) in rows {
        let [a_place, b_place] = [a, b].map(|row| {
            *place_of.entry(row).or_insert_with(|| {
                let listed = faces.images.paths[row].clone();
                kept.images.push(Image { path: faces.photos.of(&listed), face: faces.images.faces[row], listed });
                kept.images.len() - 1
            })
        });
        kept.pairs.push(Pair { a: a_place, b: b_place, same: labels[a] == labels[b], fold: 0, distance });
    }
    // The nearest of different people, then the most distant of one person.
    let badness = |pair: &Pair| if pair.same { -pair.distance } else { pair.distance };
    kept.pairs.sort_by(|a, b| a.same.cmp(&b.same).then(badness(a).total_cmp(&badness(b))));
    Ok(kept)
}

pub(crate) fn keep(run: &RunFolder, worst: &WorstPairs) -> Result<()> {
    run.json(FILE, worst)
}

/// Empty where the run kept no pairs, as earlier versions did not.
pub(crate) fn read(folder: &Path) -> Result<WorstPairs> {
    let path = folder.join(FILE);
    if !path.is_file() {
        return Ok(WorstPairs::default());
    }
    let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("the run was written by another version: {}", path.display()))
}
