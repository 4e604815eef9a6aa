//! Device, detector and embedder together: from the pixels of a photo to the faces in it.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use image::RgbImage;
use rayon::prelude::*;

use super::Home;
use super::install::ensure_default_pack;
use super::progress::JobEvent;
use crate::align;
use crate::detect::YuNet;
use crate::device::{self, ComputeDevice, DeviceChoice, DeviceKind, VerdictCache};
use crate::embed::Embedder;
use crate::image::{DecodeLimits, DecodeScale, Photo, decode, thumbnail};
use crate::models::Store;
use crate::types::{Cancel, Detection, Embedding, ModelId};

/// The detector works at up to this long side; a face too small at that scale is cut from the full photo instead.
pub const WORKING_LONG_SIDE: u32 = 1600;

/// One face of a photo: where it is, its embedding, and a small JPEG of it for the window.
#[derive(Debug, Clone)]
pub struct FoundFace {
    /// In pixels of the upright photo at full scale.
    pub detection: Detection,
    pub embedding: Embedding,
    pub portrait_jpeg: Vec<u8>,
}

/// Where the time of a batch went.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timings {
    pub detect_secs: f64,
    pub align_secs: f64,
    pub embed_secs: f64,
}

/// What to load, and where to run it.
#[derive(Debug, Clone, Default)]
pub struct EngineOptions {
    pub device: DeviceChoice,
    /// The embedding network; the default pack's where not named.
    pub model: Option<String>,
    /// The detector; the default pack's where not named.
    pub detector: Option<String>,
    /// Forbids to fetch a missing model.
    pub offline: bool,
}

/// The loaded networks on their device.
pub struct Engine {
    device: ComputeDevice,
    detector_id: ModelId,
    model_id: ModelId,
    detector: YuNet,
    embedder: Embedder,
}

impl Engine {
    /// Installs missing models (unless `offline`), chooses the device, loads the networks.
    pub fn load(
        home: &Home,
        options: &EngineOptions,
        cancel: &Cancel,
        events: &mut dyn FnMut(JobEvent),
    ) -> Result<Self> {
        let store = Store::open(home.models())?;
        let detector_id = model_of_task(&store, options.detector.as_deref().unwrap_or(DETECTOR), Task::Detect)?;
        let model_id = model_of_task(&store, options.model.as_deref().unwrap_or(EMBEDDER), Task::Embed)?;
        ensure_installed(&store, &[&detector_id, &model_id], options.offline, cancel, events)?;
        let (device, notes) = device::choose(&options.device, &VerdictCache::open(home.device_verdicts()))?;
        notes.into_iter().for_each(|note| events(JobEvent::Note(note)));
        let detector =
            YuNet::from_onnx(&store.read(&detector_id)?, &device.burn).context("cannot load the detector")?;
        let embedder = Embedder::sface(&store.read(&model_id)?, &device).context("cannot load the embedding network")?;
        Ok(Self { device, detector_id, model_id, detector, embedder })
    }

    pub fn device(&self) -> &ComputeDevice {
        &self.device
    }

    pub fn detector_id(&self) -> &ModelId {
        &self.detector_id
    }

    /// The model that the embeddings belong to.
    pub fn model_id(&self) -> &ModelId {
        &self.model_id
    }

    /// The faces of each photo, largest first. Photos are taken together so that the device sees full batches; a
    /// photo whose faces cannot be cut or embedded fails alone.
    pub fn find_faces(&self, photos: &[(&Path, &Photo)], timings: &mut Timings) -> Vec<Result<Vec<FoundFace>>> {
        let started = Instant::now();
        let detections = self.detect_all(photos);
        timings.detect_secs += started.elapsed().as_secs_f64();

        let started = Instant::now();
        let cut: Vec<_> = photos.par_iter().zip(detections).map(|(photo, found)| self.cut(photo, found?)).collect();
        timings.align_secs += started.elapsed().as_secs_f64();

        let started = Instant::now();
        let found = self.embed_cut(cut);
        timings.embed_secs += started.elapsed().as_secs_f64();
        found
    }
}

/// The crops of one photo's faces, waiting to be embedded.
struct Cut {
    detections: Vec<Detection>,
    crops: Vec<RgbImage>,
    portraits: Vec<Vec<u8>>,
}

impl Engine {
    /// On the CPU photos are spread over the cores; a GPU takes them one after another from one thread.
    fn detect_all(&self, photos: &[(&Path, &Photo)]) -> Vec<Result<Vec<Detection>>> {
        let detect = |(_, photo): &(&Path, &Photo)| Ok(self.detector.detect(&photo.pixels)?);
        match self.device.kind {
            DeviceKind::Cpu => photos.par_iter().map(detect).collect(),
            DeviceKind::Hardware | DeviceKind::Software => photos.iter().map(detect).collect(),
        }
    }

    fn cut(&self, (path, photo): &(&Path, &Photo), detections: Vec<Detection>) -> Result<Cut> {
        let recipe = self.embedder.recipe();
        let too_small = |found: &Detection| found.face_box.width.max(found.face_box.height) < recipe.width as f32 * 1.5;
        let full = (photo.scale() < 1.0 && detections.iter().any(too_small))
            .then(|| decode(path, DecodeScale::Full, &DecodeLimits::default()))
            .transpose()?;
        let source = full.as_ref().unwrap_or(photo);
        let source_from_working = source.scale() / photo.scale();
        let in_source = detections.iter().map(|found| scaled(found, source_from_working)).collect::<Vec<_>>();
        Ok(Cut {
            crops: in_source.iter().map(|found| align::crop(&source.pixels, found, recipe)).collect(),
            portraits: in_source.iter().map(|found| portrait_jpeg(&source.pixels, found)).collect::<Result<_>>()?,
            detections: detections.iter().map(|found| scaled(found, 1.0 / photo.scale())).collect(),
        })
    }

    fn embed_cut(&self, cut: Vec<Result<Cut>>) -> Vec<Result<Vec<FoundFace>>> {
        let crops: Vec<&RgbImage> = cut.iter().flatten().flat_map(|cut| &cut.crops).collect();
        let mut embeddings = match self.embedder.embed(&crops) {
            Ok(embeddings) => embeddings.into_iter(),
            Err(error) => {
                let reason = format!("the faces could not be embedded: {error}");
                return cut.into_iter().map(|cut| cut.and_then(|_| Err(anyhow::anyhow!(reason.clone())))).collect();
            }
        };
        let join = |cut: Cut| {
            let faces = cut.detections.into_iter().zip(cut.portraits).zip(embeddings.by_ref());
            faces.map(|((detection, portrait_jpeg), embedding)| FoundFace { detection, embedding, portrait_jpeg }).collect()
        };
        let mut join = join;
        cut.into_iter().map(|cut| cut.map(&mut join)).collect()
    }
}

fn scaled(found: &Detection, factor: f32) -> Detection {
    Detection {
        face_box: found.face_box.scaled(factor),
        landmarks: found.landmarks.scaled(factor),
        score: found.score,
    }
}
