//! Decodes and augments the next batches on a pool of its own while the device works on the present one.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded};
use image::RgbImage;
use rayon::prelude::*;

use super::augment::{AugmentConfig, augment};
use super::data::PictureSource;
use super::rng::{Purpose, stream};
use super::sampler::Exemplar;

/// Batches asked for and not yet taken; more would only cost memory.
pub const BATCHES_AHEAD: usize = 2;

/// Pictures to fetch for a step.
#[derive(Debug, Clone)]
pub struct Request {
    pub step: u64,
    pub exemplars: Vec<Exemplar>,
}

/// The pictures that could be read, in the order asked for, and those that could not.
#[derive(Debug)]
pub struct LoadedBatch {
    pub step: u64,
    pub exemplars: Vec<Exemplar>,
    pub images: Vec<RgbImage>,
    /// Whether each picture is itself or its mirror image; None where it was changed in other ways.
    pub mirrored: Vec<Option<bool>>,
    pub skipped: Vec<Skipped>,
    /// How long that took.
    pub secs: f64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
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

#[derive(Debug)]
pub struct Loader {
    requests: Option<Sender<Request>>,
    batches: Receiver<LoadedBatch>,
    thread: Option<JoinHandle<()>>,
}

impl Loader {
    pub fn start(
        source: Arc<dyn PictureSource>,
        config: AugmentConfig,
        seed: u64,
        threads: usize,
    ) -> Result<Self, LoaderError> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads.max(1))
            .thread_name(|number| format!("train-decode-{number}"))
            .build()
            .map_err(|error| LoaderError::Start(error.to_string()))?;
        let (requests, incoming) = bounded::<Request>(BATCHES_AHEAD);
        let (outgoing, batches) = bounded(BATCHES_AHEAD);
        let work = move || {
            for request in incoming {
                let batch = pool.install(|| load(source.as_ref(), request, &config, seed));
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
    pub fn request(&self, request: Request) -> Result<(), LoaderError> {
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
pub fn load_plain(source: &dyn PictureSource, exemplars: &[Exemplar]) -> LoadedBatch {
    load(source, Request { step: 0, exemplars: exemplars.to_vec() }, &AugmentConfig::NONE, 0)
}

fn load(source: &dyn PictureSource, request: Request, config: &AugmentConfig, seed: u64) -> LoadedBatch {
    let started = Instant::now();
    let read: Vec<Result<(RgbImage, Option<bool>), String>> = request
        .exemplars
        .par_iter()
        .map(|exemplar| {
            let mut rng = stream(seed, Purpose::Augmentation, request.step, exemplar.picture as u64);
            let mirrored = config.will_mirror(&rng);
            source.crop(exemplar.picture).map(|picture| (augment(picture, config, &mut rng), mirrored))
        })
        .collect();
    let mut batch = LoadedBatch {
        step: request.step,
        exemplars: vec![],
        images: vec![],
        mirrored: vec![],
        skipped: vec![],
        secs: 0.0,
    };
    for (exemplar, read) in request.exemplars.into_iter().zip(read) {
        match read {
            Ok((image, mirrored)) => {
                batch.exemplars.push(exemplar);
                batch.images.push(image);
                batch.mirrored.push(mirrored);
            }
            Err(reason) => batch.skipped.push(Skipped { picture: exemplar.picture, reason }),
        }
    }
    batch.secs = started.elapsed().as_secs_f64();
    batch
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

    fn request(step: u64, pictures: &[usize]) -> Request {
        let exemplars = pictures.iter().map(|&picture| Exemplar { picture, person: 0 }).collect();
        Request { step, exemplars }
    }

    #[test]
    fn keeps_the_order_and_counts_what_it_cannot_read() {
        let loader = Loader::start(Arc::new(Numbered), AugmentConfig::NONE, 1, 2).unwrap();
        loader.request(request(7, &[5, 13, 9])).unwrap();
        loader.request(request(8, &[1])).unwrap();
        let batch = loader.take().unwrap();
        assert_eq!((batch.step, batch.images.len()), (7, 2));
        assert_eq!(batch.images[1].get_pixel(0, 0)[0], 9);
        assert_eq!(batch.skipped, [Skipped { picture: 13, reason: "the file is truncated".to_owned() }]);
        assert_eq!(loader.take().unwrap().step, 8);
    }

    #[test]
    fn the_same_step_is_augmented_the_same_way() {
        let load = |step| load(&Numbered, request(step, &[1, 2, 3]), &AugmentConfig::STRONG, 5).images;
        assert_eq!(load(3), load(3));
        assert_ne!(load(3), load(4));
    }

    #[test]
    fn stops_with_requests_under_way() {
        let loader = Loader::start(Arc::new(Numbered), AugmentConfig::NONE, 1, 1).unwrap();
        loader.request(request(0, &[1])).unwrap();
        loader.request(request(1, &[2])).unwrap();
        drop(loader);
    }
}
