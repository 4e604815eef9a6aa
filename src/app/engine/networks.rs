//! Device, detector and embedder together: from the pixels of a photo to the faces in it.

use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use image::RgbImage;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::app::engine::beside::one_after_another;
use crate::app::engine::home::Home;
use crate::app::engine::install::ensure_installed;
use crate::app::engine::portrait::portrait_jpeg;
use crate::app::engine::progress::JobEvent;
use crate::faces::align;
use crate::faces::detect::{
    DetectError, Detector, DetectorConfig, Mtcnn, MtcnnConfig, SECOND_LONG_SIDE, YuNetDetector,
};
use crate::faces::embed::{Batching, EmbedError, Embedder};
use crate::faces::image::{DecodeLimits, DecodeScale, Photo, decode};
use crate::library::{FaceRecord, with_small_faces};
use crate::networks::device::{self, ComputeDevice, DeviceChoice, DeviceKind, VerdictCache};
use crate::networks::models::{LoadableNetwork, Store, Task, Thresholds};
use crate::networks::nets::buffers::LargestBuffers;
use crate::networks::nets::recognise::recognise;
use crate::types::{Cancel, CropRule, Detection, Embedding, ModelId, Preprocessing, error_chain, hex};

/// The models of the default pack.
const DETECTOR: &str = "yunet-2023mar";
pub(crate) const EMBEDDER: &str = "sface-2021dec";
/// What stands in a detector's place where nobody looks for faces.
const NO_DETECTOR: &str = "none";

/// The detector's box is about this many times as long as the crop's share of it: below, the crop would be enlarged.
const FACE_SIDES_A_CROP: f32 = 1.25;

/// YuNet works at up to this long side; a face too small at that scale is cut from the full photo instead.
pub(crate) const WORKING_LONG_SIDE: u32 = SECOND_LONG_SIDE;

/// Of a photo that a face was to be cut from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no face was found")]
pub(crate) struct NoFace;

/// The device of the networks failed, whatever the pictures were.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct DeviceFailed(pub String);

/// From pixels to faces: the loaded networks, or what a test puts in their place.
pub(crate) trait FindFaces {
    /// Who looks through photos: the detector, and whether it looks for small faces too.
    fn detector_id(&self) -> &ModelId;

    /// The model that the embeddings belong to.
    fn model_id(&self) -> &ModelId;

    /// The faces of each photo, largest first, in pixels of the upright photo at full scale. Photos are taken together so
    /// that the device sees full batches; a photo whose faces cannot be cut or embedded fails alone. The path is that of
    /// the full photo.
    fn find_faces(&self, photos: &[(&Path, &Photo)]) -> Vec<Result<Vec<FaceRecord>>>;

    /// The embedding of whatever is at each of these places, in pixels of the picture.
    fn embed_faces(&self, picture: &RgbImage, places: &[Detection]) -> Result<Vec<Option<Embedding>>>;
}

/// What to load, and where to run it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EngineOptions {
    /// The best that there is where not named.
    pub device: Option<DeviceChoice>,
    /// The embedding network; the default pack's where not named.
    pub model: Option<String>,
    /// The detector; the default pack's where not named.
    pub detector: Option<String>,
    /// How faces are cut out; the model's own rule where not given.
    pub crop: Option<CropRule>,
    /// Whether a scan looks for faces from 20 pixels up in large photos, which takes several times as long; it does not
    /// where not said.
    pub small_faces: Option<bool>,
    /// Pictures are faces already: nobody looks for any, and no detector is needed.
    pub whole_pictures: bool,
    /// Forbids to fetch a missing model.
    pub offline: bool,
}

impl EngineOptions {
    pub(crate) fn device_choice(&self) -> DeviceChoice {
        self.device.clone().unwrap_or_default()
    }

    pub fn model_id(&self) -> ModelId {
        ModelId(self.model.clone().unwrap_or_else(|| EMBEDDER.to_owned()))
    }

    pub fn detector_id(&self) -> ModelId {
        ModelId(self.detector.clone().unwrap_or_else(|| DETECTOR.to_owned()))
    }

    pub(crate) fn finds_small_faces(&self) -> bool {
        self.small_faces.unwrap_or_default()
    }

    /// Whether both networks are on this computer.
    pub fn installed(&self, home: &Home) -> Result<bool> {
        let store = Store::open(home.models())?;
        let detector = model_of_task(&store, &self.detector_id(), Task::Detect)?;
        let model = model_of_task(&store, &self.model_id(), Task::Embed)?;
        Ok(store.installed(&detector) && store.installed(&model))
    }

    /// The distances that suit the embedding model.
    pub(crate) fn thresholds(&self, store: &Store) -> Result<Thresholds> {
        let id = self.model_id();
        store.named(&id.0)?.thresholds.with_context(|| format!("{id} does not embed faces"))
    }
}

/// The device that a choice means, tested before it is first used, and what is to be said of it.
pub(crate) fn choose_device(home: &Home, choice: &DeviceChoice) -> Result<(ComputeDevice, Vec<String>)> {
    Ok(device::choose(choice, &VerdictCache::open(home.device_verdicts()))?)
}

/// Photos that are opened at full scale take at most so much together, but for a larger one alone.
const FULL_BYTES: u64 = 160 << 20;

/// The loaded networks on their device.
pub(crate) struct Engine {
    device: ComputeDevice,
    detector_model: ModelId,
    /// [`Self::detector_model`], with what it looks for.
    detector_id: ModelId,
    model_id: ModelId,
    small_faces: bool,
    /// Of the embedding model's files and its crop rule.
    weights: String,
    /// None where pictures are faces already.
    detector: Option<Detector>,
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
        let detects = !options.whole_pictures;
        let detector_id = match detects {
            true => model_of_task(&store, &options.detector_id(), Task::Detect)?,
            false => ModelId(NO_DETECTOR.to_owned()),
        };
        let model_id = model_of_task(&store, &options.model_id(), Task::Embed)?;
        home.create()?;
        let wanted: Vec<&ModelId> = detects.then_some(&detector_id).into_iter().chain([&model_id]).collect();
        ensure_installed(&store, &wanted, options.offline, cancel, events)?;
        let verdicts = VerdictCache::open(home.device_verdicts());
        let choice = options.device_choice();
        announce_self_test(&choice, &verdicts, events);
        let (device, notes) = device::choose(&choice, &verdicts)?;
        notes.into_iter().for_each(|note| events(JobEvent::Note(note)));
        let detector = detects.then(|| load_detector(&store, &detector_id, &device)).transpose()?;
        let crop = crop_rule(&store, &model_id, &detector_id, options)?;
        let embedder = load_embedder(&store, &model_id, crop, &device)?;
        let weights = weights_of(&store, &model_id, embedder.preprocessing())?;
        let small_faces = options.finds_small_faces();
        let detector_model = detector_id;
        let detector_id = if small_faces { with_small_faces(&detector_model) } else { detector_model.clone() };
        Ok(Self { device, detector_model, detector_id, model_id, small_faces, weights, detector, embedder })
    }

    pub fn device(&self) -> &ComputeDevice {
        &self.device
    }

    /// The detector's model.
    pub fn detector_model(&self) -> &ModelId {
        &self.detector_model
    }

    /// The models that are loaded.
    pub fn models(&self) -> impl Iterator<Item = &ModelId> {
        self.detector.as_ref().map(|_| &self.detector_model).into_iter().chain([&self.model_id])
    }

    /// Names what makes the embeddings: other weights, or another way to cut faces out, give vectors that do not
    /// compare with these.
    pub fn weights(&self) -> &str {
        &self.weights
    }
}

fn weights_of(store: &Store, model: &ModelId, preprocessing: &Preprocessing) -> Result<String> {
    let mut hasher = Sha256::new();
    store.entry(model)?.files.iter().for_each(|file| hasher.update(&file.sha256));
    hasher.update(serde_json::to_vec(preprocessing)?);
    Ok(hex(&hasher.finalize()[..8]))
}

impl FindFaces for Engine {
    fn detector_id(&self) -> &ModelId {
        &self.detector_id
    }

    fn model_id(&self) -> &ModelId {
        &self.model_id
    }

    fn find_faces(&self, photos: &[(&Path, &Photo)]) -> Vec<Result<Vec<FaceRecord>>> {
        if self.device.kind != DeviceKind::Cpu && !self.small_faces {
            return self.embed_cut(self.detect_and_cut(photos));
        }
        let pictures: Vec<&RgbImage> = photos.iter().map(|(_, photo)| &photo.pixels).collect();
        let mut detections = self.detect_all(&pictures);
        if self.small_faces {
            detections = self.add_small_faces(photos, detections);
        }
        self.embed_cut(self.cut_all(photos.iter().zip(detections).collect()))
    }

    fn embed_faces(&self, picture: &RgbImage, places: &[Detection]) -> Result<Vec<Option<Embedding>>> {
        self.embed(&places.iter().map(|place| self.crop(picture, place)).collect::<Vec<_>>())
    }
}

/// What a photo's pixels take at full scale.
fn full_bytes(photo: &Photo) -> u64 {
    3 * u64::from(photo.full_size.0) * u64::from(photo.full_size.1)
}

/// How many of the first fit into so many bytes; at least one.
fn fitting(sizes: impl Iterator<Item = u64>, bytes: u64) -> usize {
    let mut sum = 0;
    let fit = sizes.take_while(|size| {
        sum += size;
        sum <= bytes
    });
    fit.count().max(1)
}

/// The crops of one photo's faces, waiting to be embedded.
struct PhotoCrops {
    detections: Vec<Detection>,
    crops: Vec<RgbImage>,
    portraits: Vec<Vec<u8>>,
}

impl Engine {
    /// The crop of a face given in pixels of `photo`, as the embedding network wants it.
    pub fn crop(&self, photo: &RgbImage, face: &Detection) -> RgbImage {
        align::crop(photo, face, self.embedder.preprocessing())
    }

    /// How the embedding network wants its pictures.
    pub fn preprocessing(&self) -> &Preprocessing {
        self.embedder.preprocessing()
    }

    /// One embedding a crop; none for a crop whose embedding has no direction.
    pub fn embed(&self, crops: &[RgbImage]) -> Result<Vec<Option<Embedding>>> {
        self.embed_as(crops, self.embedder.preprocessing())
    }

    /// As [`Self::embed`], with pixels scaled and ordered as `preprocessing` says.
    pub fn embed_as(&self, crops: &[RgbImage], preprocessing: &Preprocessing) -> Result<Vec<Option<Embedding>>> {
        match self.embedder.embed_as(crops, preprocessing.scaling, preprocessing.channels) {
            Ok(embeddings) => Ok(embeddings.into_iter().map(Some).collect()),
            Err(EmbedError::Embedding { index, .. }) => {
                let mut found = self.embed_as(&crops[..index], preprocessing)?;
                found.push(None);
                found.extend(self.embed_as(&crops[index + 1..], preprocessing)?);
                Ok(found)
            }
            Err(error) => Err(error).context("the faces could not be embedded"),
        }
    }

    /// The embedding of a whole picture that is a face crop already.
    pub fn embed_whole(&self, pictures: &[&RgbImage]) -> Result<Vec<Option<Embedding>>> {
        let preprocessing = Preprocessing { crop: CropRule::AsStored, ..*self.embedder.preprocessing() };
        let crops: Vec<_> = pictures.iter().map(|picture| align::crop_without_face(picture, &preprocessing)).collect();
        self.embed(&crops)
    }

    /// The faces of each picture, largest first, in the picture's pixels.
    pub fn detect(&self, pictures: &[&RgbImage]) -> Result<Vec<Vec<Detection>>> {
        self.detect_all(pictures).into_iter().collect()
    }

    fn detect_all(&self, pictures: &[&RgbImage]) -> Vec<Result<Vec<Detection>>> {
        self.each(pictures, |picture| self.detect_in(picture))
    }

    fn detect_in(&self, picture: &RgbImage) -> Result<Vec<Detection>> {
        Ok(self.detector()?.detect(picture).map_err(device_failed)?)
    }

    /// While a GPU searches the next photo, the processor cuts the faces out of this one.
    fn detect_and_cut(&self, photos: &[(&Path, &Photo)]) -> Vec<Result<PhotoCrops>> {
        one_after_another(
            photos,
            FULL_BYTES,
            |(_, photo)| self.detect_in(&photo.pixels),
            |(_, photo), found| self.bytes_to_cut(photo, found),
            |photo, found| self.cut(photo, found?),
        )
    }

    fn detector(&self) -> Result<&Detector> {
        self.detector.as_ref().context("no detector is loaded, since pictures are faces already")
    }

    /// On the CPU photos are spread over the cores; a GPU takes them one after another from one thread.
    fn each<T: Sync, O: Send>(&self, photos: &[T], detect: impl Fn(&T) -> O + Sync + Send) -> Vec<O> {
        match self.device.kind {
            DeviceKind::Cpu => photos.par_iter().map(detect).collect(),
            DeviceKind::Hardware | DeviceKind::Software => photos.iter().map(detect).collect(),
        }
    }

    /// Searches each photo at its full scale, too, where that is larger than what was searched; so many at once as fit into
    /// memory so.
    fn add_small_faces(
        &self,
        photos: &[(&Path, &Photo)],
        detections: Vec<Result<Vec<Detection>>>,
    ) -> Vec<Result<Vec<Detection>>> {
        let found: Vec<_> = photos.iter().zip(detections).collect();
        let bytes = |(photo, _): &(&(&Path, &Photo), Result<Vec<Detection>>)| match photo.1.scale() < 1.0 {
            true => full_bytes(photo.1),
            false => 0,
        };
        let search = |((path, photo), known): &(&(&Path, &Photo), Result<Vec<Detection>>)| match known {
            Ok(known) => self.with_small_faces(path, photo, known),
            Err(error) => Err(DeviceFailed(error_chain(error)).into()),
        };
        let (mut rest, mut searched) = (&found[..], Vec::with_capacity(found.len()));
        while !rest.is_empty() {
            let now;
            (now, rest) = rest.split_at(fitting(rest.iter().map(bytes), FULL_BYTES));
            searched.extend(self.each(now, search));
        }
        searched
    }

    fn with_small_faces(&self, path: &Path, photo: &Photo, known: &[Detection]) -> Result<Vec<Detection>> {
        let full = match photo.scale() < 1.0 {
            true => Cow::Owned(decode(path, DecodeScale::Full, &DecodeLimits::default())?),
            false => Cow::Borrowed(photo),
        };
        let full_from_working = full.scale() / photo.scale();
        let known = known.iter().map(|found| found.scaled(full_from_working)).collect();
        let found = self.detector()?.with_small_faces(&full.pixels, known).map_err(device_failed)?;
        Ok(found.iter().map(|found| found.scaled(1.0 / full_from_working)).collect())
    }

    /// The photos are spread over the cores, so many at once as fit into memory at full scale.
    fn cut_all(&self, mut found: Vec<(&(&Path, &Photo), Result<Vec<Detection>>)>) -> Vec<Result<PhotoCrops>> {
        let mut cut = Vec::with_capacity(found.len());
        while !found.is_empty() {
            let bytes = found.iter().map(|(photo, found)| self.bytes_to_cut(photo.1, found));
            let fit = fitting(bytes, FULL_BYTES);
            let rest = found.split_off(fit);
            cut.par_extend(found.into_par_iter().map(|(photo, found)| self.cut(photo, found?)));
            found = rest;
        }
        cut
    }

    fn bytes_to_cut(&self, photo: &Photo, found: &Result<Vec<Detection>>) -> u64 {
        match found {
            Ok(found) if self.is_cut_from_full(photo, found) => full_bytes(photo),
            _ => 0,
        }
    }

    /// Where the working copy shows a face smaller than the network wants it.
    fn is_cut_from_full(&self, photo: &Photo, detections: &[Detection]) -> bool {
        let wanted_side = self.embedder.preprocessing().width as f32 * FACE_SIDES_A_CROP;
        let too_small = |found: &Detection| found.face_box.width.max(found.face_box.height) < wanted_side;
        photo.scale() < 1.0 && detections.iter().any(too_small)
    }

    fn cut(&self, (path, photo): &(&Path, &Photo), detections: Vec<Detection>) -> Result<PhotoCrops> {
        let full = self
            .is_cut_from_full(photo, &detections)
            .then(|| decode(path, DecodeScale::Full, &DecodeLimits::default()))
            .transpose()?;
        let source = full.as_ref().unwrap_or(photo);
        let source_from_working = source.scale() / photo.scale();
        let in_source: Vec<_> = detections.iter().map(|found| found.scaled(source_from_working)).collect();
        Ok(PhotoCrops {
            crops: in_source.iter().map(|found| self.crop(&source.pixels, found)).collect(),
            portraits: in_source.iter().map(|found| portrait_jpeg(&source.pixels, found)).collect::<Result<_>>()?,
            detections: detections.iter().map(|found| found.scaled(1.0 / photo.scale())).collect(),
        })
    }

    /// All crops of the batch in one go, then handed back to their photos.
    fn embed_cut(&self, mut cut: Vec<Result<PhotoCrops>>) -> Vec<Result<Vec<FaceRecord>>> {
        let crops: Vec<RgbImage> = cut.iter_mut().flatten().flat_map(|cut| std::mem::take(&mut cut.crops)).collect();
        let mut embeddings = match self.embed(&crops) {
            Ok(embeddings) => embeddings.into_iter(),
            Err(error) => {
                let failed = |cut: Result<PhotoCrops>| cut.and_then(|_| Err(DeviceFailed(error_chain(&error)).into()));
                return cut.into_iter().map(failed).collect();
            }
        };
        let mut faces_of = |cut: PhotoCrops| {
            let faces = cut.detections.into_iter().zip(cut.portraits).zip(embeddings.by_ref());
            let face = |((detection, crop_jpeg), embedding)| FaceRecord { detection, embedding, crop_jpeg };
            faces.map(face).collect()
        };
        cut.into_iter().map(|cut| cut.map(&mut faces_of)).collect()
    }
}

/// The only way in which a detector fails.
fn device_failed(error: DetectError) -> DeviceFailed {
    match error {
        DetectError::Device { .. } => DeviceFailed(error.to_string()),
    }
}

/// An adapter is tested before it is first trusted, which can take minutes.
fn announce_self_test(choice: &DeviceChoice, verdicts: &VerdictCache, events: &mut dyn FnMut(JobEvent)) {
    if *choice == DeviceChoice::Cpu {
        return;
    }
    for listed in device::list(verdicts).into_iter().filter(|listed| listed.awaits_test(choice)) {
        events(JobEvent::Note(format!("Testing {} before it is first used; this can take minutes", listed.name)));
    }
}

/// An installed detector on its device.
pub(crate) fn load_detector(store: &Store, id: &ModelId, device: &ComputeDevice) -> Result<Detector> {
    let detector = match store.entry(id)?.architecture {
        LoadableNetwork::Yunet => {
            YuNetDetector::from_onnx(&store.read(id)?, &device.burn, DetectorConfig::default()).map(Detector::YuNet)
        }
        LoadableNetwork::Mtcnn => {
            let files = store.read_all(id)?;
            let [p, r, o] = &files[..] else { bail!("{id} is {} files where three are wanted", files.len()) };
            let mtcnn = Mtcnn::from_pytorch([p, r, o], &device.burn, device.kind, MtcnnConfig::default());
            mtcnn.map(Detector::Mtcnn)
        }
        _ => bail!("{id} is no detector"),
    };
    detector.with_context(|| format!("cannot load {id}"))
}

/// The rule that the user asks for, else the model's for this detector's boxes, else the model's.
fn crop_rule(store: &Store, model: &ModelId, detector: &ModelId, options: &EngineOptions) -> Result<CropRule> {
    let entry = store.entry(model)?;
    Ok(options.crop.or(entry.crop_with.get(detector).copied()).unwrap_or(entry.input.crop))
}

fn load_embedder(store: &Store, id: &ModelId, crop: CropRule, device: &ComputeDevice) -> Result<Embedder> {
    let bytes = store.read(id)?;
    let entry = store.entry(id)?;
    let net = recognise(&bytes).and_then(|found| found.net(&device.burn));
    let net = net.with_context(|| format!("cannot load {id}"))?.folded();
    let buffers = LargestBuffers::of(&net, [entry.input.height as usize, entry.input.width as usize]);
    let batching = match Batching::from(device.kind) {
        Batching::Together(wanted) => {
            let fit = buffers.pictures_that_fit(device.largest_buffer, wanted.get());
            let fit = fit.with_context(|| format!("{id} cannot run on {}", device.name))?;
            NonZeroUsize::new(fit).map_or(Batching::Together(wanted), Batching::Together)
        }
        over_cores => over_cores,
    };
    Ok(Embedder::new(Box::new(net), Preprocessing { crop, ..entry.input }, &device.burn, batching)?)
}

pub(crate) fn model_of_task(store: &Store, id: &ModelId, task: Task) -> Result<ModelId> {
    let entry = store.named(&id.0)?;
    ensure!(entry.task == task, "{id} is a model for another task: {}", entry.task);
    Ok(entry.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_photos_are_opened_at_once_as_fit_and_a_larger_one_alone() {
        let fit = |sizes: &[u64]| fitting(sizes.iter().copied(), 100);
        assert_eq!([fit(&[40, 0, 60, 1]), fit(&[250, 1]), fit(&[0, 250]), fit(&[1, 2])], [3, 1, 1, 2]);
    }
}
