//! How fast this machine is at each step, apart from the others: the baseline for later work.
//!
//! The photos are synthetic and the same for one seed. Alignment and embedding take the faces that the generator knows,
//! so that their figures do not depend on what the detector finds. Each rate stands beside a plainer way to do the same
//! in the same run, because only such ratios can be carried from one machine to another.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use image::RgbImage;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::app::engine::home::Home;
use crate::app::engine::memory::hold;
use crate::app::engine::networks::{Engine, EngineOptions};
use crate::app::engine::progress::JobEvent;
use crate::app::jobs::working_copy::working_copy;
use crate::cluster::{self, Constraints, Linkage};
use crate::faces::image::{DecodeLimits, DecodeScale, Photo, decode};
use crate::synth::{AlbumPlan, AlbumTruth, Layout, write_album};
use crate::types::{Cancel, Detection, Embedding, VERSION, counted};

/// What to measure with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BenchPlan {
    pub photos: u32,
    /// Random embeddings to group.
    pub cluster_faces: usize,
    pub seed: u64,
}

impl BenchPlan {
    /// Refuses what this computer cannot hold.
    fn can_be_held(&self) -> Result<()> {
        let (faces, photos) = (self.cluster_faces, self.photos);
        hold(&counted(faces, "embedding", "embeddings"), (faces * DIMENSIONS * size_of::<f32>()) as u64)?;
        hold(&counted(photos as usize, "photo", "photos"), u64::from(photos) * LEAST_PHOTO_BYTES)
    }
}

/// Of a random embedding.
const DIMENSIONS: usize = 128;
/// Of the smallest photo that is drawn, which all are held at once.
const LEAST_PHOTO_BYTES: u64 = 1280 * 960 * 3;

/// The machine, as far as figures depend on it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    pub cores: usize,
    pub processor: Option<String>,
    pub system: &'static str,
    pub device: String,
    pub version: &'static str,
    pub optimised: bool,
}

impl Machine {
    pub fn with_networks_on(device: &str) -> Self {
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: model.map(|(_, name)| name.to_owned()),
            system: std::env::consts::OS,
            device: device.to_owned(),
            version: VERSION,
            optimised: !cfg!(debug_assertions),
        }
    }
}

/// One step's rate, and the rate of the plainer way in the same run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Rate {
    pub step: &'static str,
    pub unit: &'static str,
    pub items: usize,
    pub per_s: f64,
    pub against: &'static str,
    pub against_per_s: f64,
    pub ratio: f64,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct BenchReport {
    pub(crate) machine: Machine,
    pub seed: u64,
    pub(crate) rates: Vec<Rate>,
}

/// Loads the networks and measures every step; its name is told before each.
pub(crate) fn bench(
    home: &Home,
    options: &EngineOptions,
    plan: &BenchPlan,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<BenchReport> {
    plan.can_be_held()?;
    let engine = &Engine::load(home, options, cancel, events)?;
    let mut step = |name: &str| events(JobEvent::Note(name.to_owned()));
    let folder = tempfile::tempdir().context("cannot make a folder for the synthetic photos")?;
    step("Drawing photos");
    let album = AlbumPlan { people: 20, photos: plan.photos, seed: plan.seed, layout: Layout::Photos };
    let truth = write_album(folder.path(), &album, cancel, &mut |_, _| {})?;
    let paths: Vec<PathBuf> = truth.photos.iter().map(|photo| folder.path().join(&photo.file)).collect();
    let mut rates = Vec::new();
    let mut add = |name, cancel: &Cancel, measure: &mut dyn FnMut() -> Result<Rate>| {
        ensure!(!cancel.is_cancelled(), "cancelled");
        step(name);
        rates.push(measure()?);
        Ok(())
    };
    let photos = paths.iter().map(|path| full(path)).collect::<Result<Vec<_>>>()?;
    let (crops, faces) = known_crops(engine, &photos, &truth);
    add("Decode", cancel, &mut || decoding(&paths))?;
    add("Decode whole", cancel, &mut || decoding_whole(&paths))?;
    add("Detect", cancel, &mut || detecting(engine, &photos))?;
    add("Align", cancel, &mut || aligning(engine, &photos, &faces))?;
    add("Embed", cancel, &mut || embedding(engine, &crops))?;
    add("Cluster", cancel, &mut || clustering(plan, cancel))?;
    Ok(BenchReport { machine: Machine::with_networks_on(&engine.device().name), seed: plan.seed, rates })
}

fn full(path: &Path) -> Result<Photo> {
    Ok(decode(path, DecodeScale::Full, &DecodeLimits::default())?)
}

/// The crops of the faces that the generator drew, and for each photo where they are.
fn known_crops(engine: &Engine, photos: &[Photo], truth: &AlbumTruth) -> (Vec<RgbImage>, Vec<Vec<Detection>>) {
    let of_photo = |photo: &crate::synth::PhotoTruth| {
        let faces = photo.faces.iter();
        faces.map(|face| Detection { face_box: face.face_box, score: 1.0, landmarks: face.landmarks }).collect()
    };
    let faces: Vec<Vec<Detection>> = truth.photos.iter().map(of_photo).collect();
    let crops = photos
        .iter()
        .zip(&faces)
        .flat_map(|(photo, faces)| faces.iter().map(|face| engine.crop(&photo.pixels, face)).collect::<Vec<_>>());
    (crops.collect(), faces)
}

fn decoding(paths: &[PathBuf]) -> Result<Rate> {
    let scaled = per_s(paths.len(), || paths.iter().try_for_each(|path| working_copy(path).map(drop)))?;
    let full = per_s(paths.len(), || paths.iter().try_for_each(|path| full(path).map(drop)))?;
    Ok(rate("decode", "photos/s on one core", paths.len(), scaled, "at full scale", full))
}

/// Our own JPEG decoder, which has libjpeg's pixels, against the library's, which has not.
fn decoding_whole(paths: &[PathBuf]) -> Result<Rate> {
    let plain = |path: &PathBuf| {
        image::open(path).map(|photo| drop(photo.into_rgb8())).context("cannot decode a synthetic photo")
    };
    let ours = per_s(paths.len(), || paths.iter().try_for_each(|path| full(path).map(drop)))?;
    let library = per_s(paths.len(), || paths.iter().try_for_each(plain))?;
    Ok(rate("decode whole", "photos/s on one core", paths.len(), ours, "the image crate", library))
}

fn detecting(engine: &Engine, photos: &[Photo]) -> Result<Rate> {
    let pictures: Vec<&RgbImage> = photos.iter().map(|photo| &photo.pixels).collect();
    // The first pass compiles kernels and fills caches.
    engine.detect(&pictures[..1])?;
    let together = per_s(pictures.len(), || engine.detect(&pictures).map(drop))?;
    let single = per_s(pictures.len(), || pictures.chunks(1).try_for_each(|one| engine.detect(one).map(drop)))?;
    Ok(rate("detect", "photos/s", pictures.len(), together, "one photo at a time", single))
}

fn aligning(engine: &Engine, photos: &[Photo], faces: &[Vec<Detection>]) -> Result<Rate> {
    let count = faces.iter().map(Vec::len).sum();
    let large = per_s(count, || {
        photos.iter().zip(faces).for_each(|(photo, faces)| {
            faces.iter().for_each(|face| drop(engine.crop(&photo.pixels, face)));
        });
        Ok(())
    })?;
    let copied = per_s(count, || {
        photos.iter().zip(faces).for_each(|(photo, faces)| {
            faces.iter().for_each(|_| drop(crate::faces::image::resize(&photo.pixels, 112, 112)));
        });
        Ok(())
    })?;
    Ok(rate("align", "faces/s on one core", count, large, "shrinking the whole photo", copied))
}

fn embedding(engine: &Engine, crops: &[RgbImage]) -> Result<Rate> {
    engine.embed(&crops[..1])?;
    let together = per_s(crops.len(), || engine.embed(crops).map(drop))?;
    let single = per_s(crops.len(), || crops.chunks(1).try_for_each(|one| engine.embed(one).map(drop)))?;
    Ok(rate("embed", "faces/s", crops.len(), together, "one face at a time", single))
}

fn clustering(plan: &BenchPlan, cancel: &Cancel) -> Result<Rate> {
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    let mut random = || Embedding::normalise((0..DIMENSIONS).map(|_| rng.random_range(-1.0..1.0)).collect());
    let embeddings = (0..plan.cluster_faces).map(|_| random()).collect::<Result<Vec<_>, _>>()?;
    let group = |linkage| cluster::dendrogram(&embeddings, &Constraints::default(), linkage, cancel, &mut |_, _| {});
    let average = per_s(embeddings.len(), || Ok(group(Linkage::Average).map(drop)?))?;
    let single = per_s(embeddings.len(), || Ok(group(Linkage::Single).map(drop)?))?;
    Ok(rate("cluster", "faces/s, average linkage", embeddings.len(), average, "single linkage", single))
}

fn per_s(items: usize, work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let started = Instant::now();
    work()?;
    Ok(items as f64 / started.elapsed().as_secs_f64().max(1e-9))
}

fn rate(
    step: &'static str,
    unit: &'static str,
    items: usize,
    per_s: f64,
    against: &'static str,
    against_per_s: f64,
) -> Rate {
    Rate { step, unit, items, per_s, against, against_per_s, ratio: per_s / against_per_s }
}
