//! A sample of pairs embedded in several ways, batch by batch: photos are decoded and faces found once a round.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use rayon::prelude::*;

use crate::app::engine::networks::{Engine, NoFace};
use crate::app::engine::progress::{JobEvent, Meter, Stage};
use crate::app::evaluate::job::check::CheckConfig;
use crate::app::evaluate::job::check::alternatives::Alternative;
use crate::app::evaluate::job::images::meant_detection;
use crate::app::evaluate::job::inputs::FaceInputs;
use crate::app::jobs::walk::listed::ListedFiles;
use crate::app::jobs::working_copy::working_copy;
use crate::eval::separation::Kinds;
use crate::eval::{Metric, PairList};
use crate::faces::align;
use crate::faces::image::Photo;
use crate::types::{Cancel, Embedding, Preprocessing, error_chain};

const BATCH: usize = 16;

/// An image of the sample without a face to compare.
#[derive(Debug, Clone)]
pub(crate) struct SkippedImage {
    pub path: String,
    pub reason: String,
    /// It was read, and shows none.
    pub without_face: bool,
}

/// The pairs of a sample in every way.
pub(crate) struct MeasuredSample {
    pub(crate) used: Kinds,
    /// In the order of the alternatives.
    pub(crate) others: Vec<Kinds>,
    /// Mean squared distance of the given embeddings to those made as in use, then in each other way.
    pub to_given: Option<Vec<f64>>,
    /// Pairs with both faces.
    pub pairs: usize,
    pub(crate) skipped: Vec<SkippedImage>,
}

/// One embedding a way, of one image.
type Ways = Vec<Embedding>;

pub(crate) fn measure(
    engine: &Engine,
    config: &CheckConfig,
    list: &PairList,
    (used, alternatives): (&Preprocessing, &[Alternative]),
    given: Option<&FaceInputs>,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<MeasuredSample> {
    let ways: Vec<Preprocessing> =
        std::iter::once(*used).chain(alternatives.iter().map(|alternative| alternative.preprocessing)).collect();
    let images = &list.images;
    let (mut embedded, mut skipped) = (HashMap::new(), Vec::new());
    let mut meter = Meter::start(Stage::EMBEDDING, Some(images.len() as u64));
    for batch in images.chunks(BATCH) {
        ensure!(!cancel.is_cancelled(), "cancelled; nothing was kept");
        for (path, made) in batch.iter().zip(embed_batch(engine, config, batch, &ways)?) {
            match made {
                Ok(made) => drop(embedded.insert(path.as_str(), made)),
                Err(error) => skipped.push(SkippedImage {
                    path: path.clone(),
                    without_face: error.is::<NoFace>(),
                    reason: error_chain(&error),
                }),
            }
        }
        events(JobEvent::Progress(meter.advance(batch.len() as u64)));
    }
    let mut kinds: Vec<Kinds> = vec![Kinds::default(); ways.len()];
    let mut pairs = 0;
    for pair in &list.pairs {
        let (Some(a), Some(b)) = (embedded.get(images[pair.a].as_str()), embedded.get(images[pair.b].as_str())) else {
            continue;
        };
        pairs += 1;
        for ((kinds, a), b) in kinds.iter_mut().zip(a).zip(b) {
            let distances = if pair.same { &mut kinds.same } else { &mut kinds.different };
            distances.push(Metric::SquaredL2.between(a.as_slice(), b.as_slice()));
        }
    }
    let others = kinds.split_off(1);
    let used = kinds.pop().context("the way in use was not measured")?;
    let to_given = given.and_then(|given| distances_to(given, &embedded, ways.len()));
    Ok(MeasuredSample { used, others, to_given, pairs, skipped })
}

fn embed_batch(
    engine: &Engine,
    config: &CheckConfig,
    paths: &[String],
    wanted: &[Preprocessing],
) -> Result<Vec<Result<Ways>>> {
    let mut listed = ListedFiles::in_folder(&config.images);
    let files: Vec<PathBuf> = paths.iter().map(|path| listed.path(path)).collect();
    let photos: Vec<Result<Photo>> = files.par_iter().map(|file| working_copy(file)).collect();
    let readable: Vec<(&Path, &Photo)> =
        files.iter().zip(&photos).filter_map(|(file, photo)| Some((file.as_path(), photo.as_ref().ok()?))).collect();
    let pictures: Vec<_> = readable.iter().map(|(_, photo)| &photo.pixels).collect();
    let faces: Vec<_> = engine
        .detect(&pictures)?
        .into_iter()
        .zip(&readable)
        .map(|(faces, (_, photo))| meant_detection(faces, photo.pixels.dimensions(), config.crop))
        .collect();
    let seen: Vec<_> =
        faces.iter().zip(&pictures).filter_map(|(face, picture)| Some((face.as_ref()?, *picture))).collect();
    let mut ways: Vec<Vec<Option<Embedding>>> = vec![Vec::new(); seen.len()];
    for preprocessing in wanted {
        let crops: Vec<_> = seen.par_iter().map(|(face, picture)| align::crop(picture, face, preprocessing)).collect();
        for (ways, embedding) in ways.iter_mut().zip(engine.embed_as(&crops, preprocessing)?) {
            ways.push(embedding);
        }
    }
    let mut ways = ways.into_iter();
    let mut faces = faces.into_iter();
    let answer = |photo: &Result<Photo>| {
        photo.as_ref().map_err(|error| anyhow::Error::msg(error_chain(error)))?;
        faces.next().flatten().ok_or(NoFace)?;
        let ways = ways.next().context("the networks gave no answer")?;
        ways.into_iter().collect::<Option<Ways>>().context("the network gave no direction")
    };
    Ok(photos.iter().map(answer).collect())
}

/// None where no image has both.
fn distances_to(given: &FaceInputs, embedded: &HashMap<&str, Ways>, ways: usize) -> Option<Vec<f64>> {
    let mut sums = vec![0.0; ways];
    let mut count = 0;
    for (path, made) in embedded {
        let Some(row) = given.images.row(path) else { continue };
        let row = given.images.vectors.row(row);
        if made.iter().any(|made| made.as_slice().len() != row.len()) {
            return None;
        }
        sums.iter_mut().zip(made).for_each(|(sum, made)| *sum += Metric::SquaredL2.between(row, made.as_slice()));
        count += 1;
    }
    (count > 0).then(|| sums.iter().map(|sum| sum / f64::from(count)).collect())
}
