//! Decodes and augments the next batches on a pool of its own while the device works on the present one.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded};
use image::RgbImage;
use rand::RngExt;
use rayon::prelude::*;

use super::augment::{AugmentConfig, augment};
use super::data::PictureSource;
use super::rng::{Purpose, stream};
use super::sampler::Exemplar;

/// Batches asked for and not yet taken; more would only cost memory.
pub(crate) const BATCHES_AHEAD: usize = 2;

/// Pictures to fetch for a step.
#[derive(Debug, Clone)]
pub struct BatchRequest {
    pub step: u64,
    pub(crate) exemplars: Vec<Exemplar>,
}

/// The pictures that could be read, in the order asked for, and those that could not.
#[derive(Debug)]
pub(crate) struct LoadedBatch {
    pub step: u64,
    pub exemplars: Vec<Exemplar>,
    pub images: Vec<RgbImage>,
    /// Whether each picture is itself or its mirror image; None where it was changed in other ways.
    pub mirrored: Vec<Option<bool>>,
    /// The same pictures as a teacher that looks on sees them, changed alike; empty without one.
    pub for_teacher: Vec<RgbImage>,
    pub skipped: Vec<SkippedPicture>,
    /// How long that took.
    pub secs: f64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedPicture {
    pub picture: usize,
    pub reason: String,
}

#[derive(Debug, thiserror::Error)]
pub enum LoaderError {
    #[error("the threads that read pictures could not be started: {0}")]
    Start(String),
    #[error("the thread that reads pictures has stopped")]
    Stopped,
}

/// What a loader makes batches of.
#[derive(Clone)]
pub(crate) struct Loading {
    pub source: Arc<dyn PictureSource>,
    pub augmentation: AugmentConfig,
    /// Before this step pictures are at most mirrored.
    pub mirrors_before: u64,
    pub seed: u64,
    /// The crops of a teacher that looks on.
    pub teacher: Option<Arc<dyn PictureSource>>,
    /// The share of pictures that are mixed with another of their batch.
    pub mixed_share: f32,
}

#[derive(Debug)]
pub(crate) struct Loader {
    requests: Option<Sender<BatchRequest>>,
    batches: Receiver<LoadedBatch>,
    thread: Option<JoinHandle<()>>,
}

impl Loader {
    pub fn start(loading: Loading, threads: usize) -> Result<Self, LoaderError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.max(1))
            .thread_name(|number| format!("train-decode-{number}"))
            .build()
            .map_err(|error| LoaderError::Start(error.to_string()))?;
        let (requests, incoming) = bounded::<BatchRequest>(BATCHES_AHEAD);
        let (outgoing, batches) = bounded(BATCHES_AHEAD);
        let work = move || {
            for request in incoming {
                let batch = pool.install(|| loading.load(request));
                if outgoing.send(batch).is_err() {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("train-loader".to_owned()).spawn(work);
        let thread = thread.map_err(|error| LoaderError::Start(error.to_string()))?;
        Ok(Self { requests: Some(requests), batches, thread: Some(thread) })
    }

    /// Asks for a batch; waits when [`BATCHES_AHEAD`] are under way.
    pub fn request(&self, request: BatchRequest) -> Result<(), LoaderError> {
        let requests = self.requests.as_ref().ok_or(LoaderError::Stopped)?;
        requests.send(request).map_err(|_| LoaderError::Stopped)
    }

    /// The next batch, in the order of the requests.
    pub fn take(&self) -> Result<LoadedBatch, LoaderError> {
        self.batches.recv().map_err(|_| LoaderError::Stopped)
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.requests = None;
        // Taking what is finished frees a loader that waits to hand over.
        while self.batches.recv().is_ok() {}
        if let Some(thread) = self.thread.take() {
            // A panic there has already been printed; there is nothing left to hand on.
            let _ = thread.join();
        }
    }
}

/// Pictures as they are, on the calling pool: for evaluation.
pub(crate) fn load_plain(source: &dyn PictureSource, exemplars: &[Exemplar]) -> LoadedBatch {
    read(source, None, BatchRequest { step: 0, exemplars: exemplars.to_vec() }, &AugmentConfig::NONE, 0)
}

impl Loading {
    fn load(&self, request: BatchRequest) -> LoadedBatch {
        let started = Instant::now();
        let change = match request.step < self.mirrors_before {
            true => self.augmentation.mirrors_alone(),
            false => self.augmentation,
        };
        let mut batch = read(self.source.as_ref(), self.teacher.as_deref(), request, &change, self.seed);
        if self.mixed_share > 0.0 {
            mix(&mut batch, self.mixed_share, self.seed);
        }
        LoadedBatch { secs: started.elapsed().as_secs_f64(), ..batch }
    }
}

/// A picture, whether it is mirrored, and the same for the teacher.
type Read = (RgbImage, Option<bool>, Option<RgbImage>);

fn read(
    source: &dyn PictureSource,
    teacher: Option<&dyn PictureSource>,
    request: BatchRequest,
    config: &AugmentConfig,
    seed: u64,
) -> LoadedBatch {
    let read: Vec<Result<Read, String>> = request
        .exemplars
        .par_iter()
        .map(|exemplar| {
            let rng = stream(seed, Purpose::Augmentation, request.step, exemplar.picture as u64);
            let mirrored = config.will_mirror(&rng);
            let changed = |source: &dyn PictureSource| {
                source.crop(exemplar.picture).map(|picture| augment(picture, config, &mut rng.clone()))
            };
            Ok((changed(source)?, mirrored, teacher.map(changed).transpose()?))
        })
        .collect();
    let mut batch = LoadedBatch {
        step: request.step,
        exemplars: vec![],
        images: vec![],
        mirrored: vec![],
        for_teacher: vec![],
        skipped: vec![],
        secs: 0.0,
    };
    for (exemplar, read) in request.exemplars.into_iter().zip(read) {
        match read {
            Ok((image, mirrored, for_teacher)) => {
                batch.exemplars.push(exemplar);
                batch.images.push(image);
                batch.mirrored.push(mirrored);
                batch.for_teacher.extend(for_teacher);
            }
            Err(reason) => batch.skipped.push(SkippedPicture { picture: exemplar.picture, reason }),
        }
    }
    batch
}

/// Mixes some pictures with another of the batch, pixel by pixel, for the teacher as for the learner (mixup, Zhang et
/// al. 2018, with shares evenly from 0 to 1 as Beyer et al. 2022 have them).
fn mix(batch: &mut LoadedBatch, share: f32, seed: u64) {
    let rows = batch.images.len();
    if rows < 2 {
        return;
    }
    let (images, for_teacher) = (batch.images.clone(), batch.for_teacher.clone());
    for row in 0..rows {
        let mut rng = stream(seed, Purpose::Mixing, batch.step, row as u64);
        if !rng.random_bool(f64::from(share.clamp(0.0, 1.0))) {
            continue;
        }
        let (other, kept) = ((row + rng.random_range(1..rows)) % rows, rng.random_range(0.0..1.0));
        mix_in(&mut batch.images[row], &images[other], kept);
        if let (Some(picture), Some(other)) = (batch.for_teacher.get_mut(row), for_teacher.get(other)) {
            mix_in(picture, other, kept);
        }
        batch.mirrored[row] = None;
    }
}

fn mix_in(picture: &mut RgbImage, other: &RgbImage, kept: f32) {
    let mixed = |a: u8, b: u8| (f32::from(a) * kept + f32::from(b) * (1.0 - kept)).round() as u8;
    picture.iter_mut().zip(other.iter()).for_each(|(value, &other)| *value = mixed(*value, other));
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Numbered;

    impl PictureSource for Numbered {
        fn crop(&self, picture: usize) -> Result<RgbImage, String> {
            match picture {
                13 => Err("the file is truncated".to_owned()),
                _ => Ok(RgbImage::from_pixel(4, 4, image::Rgb([picture as u8; 3]))),
            }
        }
    }

    fn loading(augmentation: AugmentConfig, seed: u64) -> Loading {
        Loading { source: Arc::new(Numbered), augmentation, mirrors_before: 0, seed, teacher: None, mixed_share: 0.0 }
    }

    fn request(step: u64, pictures: &[usize]) -> BatchRequest {
        let exemplars = pictures.iter().map(|&picture| Exemplar { picture, person: 0 }).collect();
        BatchRequest { step, exemplars }
    }

    #[test]
    fn keeps_the_order_and_counts_what_it_cannot_read() {
        let loader = Loader::start(loading(AugmentConfig::NONE, 1), 2).unwrap();
        loader.request(request(7, &[5, 13, 9])).unwrap();
        loader.request(request(8, &[1])).unwrap();
        let batch = loader.take().unwrap();
        assert_eq!((batch.step, batch.images.len()), (7, 2));
        assert_eq!(batch.images[1].get_pixel(0, 0)[0], 9);
        assert_eq!(batch.skipped, [SkippedPicture { picture: 13, reason: "the file is truncated".to_owned() }]);
        assert_eq!(loader.take().unwrap().step, 8);
    }

    #[test]
    fn the_same_step_is_augmented_the_same_way() {
        let load = |step| loading(AugmentConfig::STRONG, 5).load(request(step, &[1, 2, 3])).images;
        assert_eq!(load(3), load(3));
        assert_ne!(load(3), load(4));
    }

    /// The teacher has crops of its own size, a grey level brighter.
    struct Brighter;

    impl PictureSource for Brighter {
        fn crop(&self, picture: usize) -> Result<RgbImage, String> {
            Ok(RgbImage::from_pixel(6, 5, image::Rgb([picture as u8 + 1; 3])))
        }
    }

    #[test]
    fn a_teacher_sees_what_the_learner_sees_also_of_mixtures() {
        let teacher = Some(Arc::new(Brighter) as Arc<dyn PictureSource>);
        let light = AugmentConfig { brightness: Some(30.0), flip: true, ..AugmentConfig::NONE };
        let load = |augmentation, mixed_share| {
            let loading = Loading { teacher: teacher.clone(), mixed_share, ..loading(augmentation, 4) };
            loading.load(request(2, &[10, 60, 13, 110, 160, 210]))
        };
        for (augmentation, mixed_share) in [(AugmentConfig::NONE, 0.0), (light, 0.0), (AugmentConfig::NONE, 0.6)] {
            let batch = load(augmentation, mixed_share);
            assert_eq!((batch.images.len(), batch.for_teacher.len()), (5, 5), "13 is seen by neither");
            for (learner, teacher) in batch.images.iter().zip(&batch.for_teacher) {
                assert_eq!(teacher.dimensions(), (6, 5));
                let [one, other] = [learner, teacher].map(|image| i32::from(image.get_pixel(0, 0)[0]));
                assert!((other - one - 1).abs() <= 1, "{one} {other}");
            }
        }
        let (plain, mixed) = (load(AugmentConfig::NONE, 0.0), load(AugmentConfig::NONE, 0.6));
        let changed: Vec<bool> = (0..5).map(|row| plain.images[row] != mixed.images[row]).collect();
        assert!(changed.contains(&true) && changed.contains(&false), "{changed:?}");
        assert!((0..5).all(|row| mixed.mirrored[row].is_none() == changed[row]), "a mixture is no view of a picture");
        assert_eq!(load(AugmentConfig::NONE, 0.6).images, mixed.images);
    }

    #[test]
    fn stops_with_requests_under_way() {
        let loader = Loader::start(loading(AugmentConfig::NONE, 1), 1).unwrap();
        loader.request(request(0, &[1])).unwrap();
        loader.request(request(1, &[2])).unwrap();
        drop(loader);
    }
}
