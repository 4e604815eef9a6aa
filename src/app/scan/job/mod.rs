//! A folder of photos into the library: look, decode, find faces, record. What is recorded stays, whenever it stops.
//!
//! Decoding runs on a small pool, the networks on the calling thread, the database on its own thread; the queue between
//! pool and networks is bounded, so memory stays flat whatever the album's size.

#[cfg(test)]
mod tests;
#[cfg(feature = "gui")]
mod window;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};
use crossbeam_channel::{Receiver, bounded};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::networks::{Engine, FindFaces, FoundFace};
use crate::app::engine::portrait::thumbnail_jpeg;
use crate::app::engine::progress::{JobEvent, Meter, Skipped, Stage};
use crate::app::engine::thumbnail_files::ThumbnailCache;
use crate::app::jobs::regroup::{GroupSummary, Grouping, reembed_and_regroup};
use crate::app::jobs::walk::{find_photos, plain};
use crate::app::jobs::working_copy::working_copy;
use crate::faces::image::Photo;
use crate::library::{FaceRecord, FileFacts, PhotoRecord, PhotoState, ScanId, ScanOutcome};
use crate::types::{Cancel, PhotoId, error_chain};
#[cfg(feature = "gui")]
pub use window::handle;

/// Photos that are decoded and wait for the networks, at most.
const QUEUE: usize = 8;
/// Photos whose faces are found and embedded together.
const BATCH: usize = 8;

/// What a scan did. `photos` and `faces` count what the folder holds now, newly found or known before.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ScanSummary {
    pub photos: usize,
    pub faces: usize,
    pub new_photos: usize,
    pub unchanged_photos: usize,
    pub moved_photos: usize,
    pub new_faces: usize,
    pub missing_photos: usize,
    pub skipped: Vec<Skipped>,
    pub photos_per_s: f64,
    pub faces_per_s: f64,
    pub elapsed_secs: f64,
    pub cancelled: bool,
}

impl ScanSummary {
    /// Several folders as one.
    fn add(&mut self, other: Self) {
        self.photos += other.photos;
        self.faces += other.faces;
        self.new_photos += other.new_photos;
        self.unchanged_photos += other.unchanged_photos;
        self.moved_photos += other.moved_photos;
        self.new_faces += other.new_faces;
        self.missing_photos += other.missing_photos;
        self.skipped.extend(other.skipped);
        self.elapsed_secs += other.elapsed_secs;
        self.cancelled |= other.cancelled;
        let secs = self.elapsed_secs.max(f64::MIN_POSITIVE);
        self.photos_per_s = self.photos as f64 / secs;
        self.faces_per_s = self.faces as f64 / secs;
    }
}

/// What a scan needs beside the folders.
pub struct ScanContext<'a> {
    pub engine: &'a Engine,
    pub library: &'a LibraryHandle,
    pub thumbnails: &'a ThumbnailCache,
    pub grouping: Grouping,
}

/// Scans the folders, embeds what the model in use has not embedded yet, and groups all faces anew. The groups are
/// none where the scan was cancelled before they were written.
pub fn run(
    folders: &[PathBuf],
    context: &ScanContext<'_>,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<(ScanSummary, Option<GroupSummary>)> {
    let ScanContext { engine, library, thumbnails, grouping } = context;
    let mut summary = ScanSummary::default();
    for folder in folders {
        summary.add(scan(folder, *engine, library, thumbnails, cancel, events)?);
    }
    if cancel.is_cancelled() {
        return Ok((ScanSummary { cancelled: true, ..summary }, None));
    }
    let regrouped = reembed_and_regroup(engine, library, grouping, cancel, events);
    summary.cancelled = cancel.is_cancelled();
    match regrouped {
        Err(_) if summary.cancelled => Ok((summary, None)),
        Err(error) => Err(error),
        Ok((embedded, groups)) => {
            summary.skipped.extend(embedded.skipped);
            Ok((summary, groups))
        }
    }
}

/// Whether there is a photo below `folder`; an error where it is no folder, or cannot be read.
pub fn holds_photos(folder: &Path, cancel: &Cancel) -> Result<bool> {
    let enough = Cancel::default();
    let found = find_photos(folder, &enough, |photos| {
        if photos > 0 || cancel.is_cancelled() {
            enough.cancel();
        }
    })?;
    Ok(!found.photos.is_empty())
}

/// Scans `folder`. Photos that the library knows unchanged are not opened again.
pub fn scan(
    folder: &Path,
    engine: &dyn FindFaces,
    library: &LibraryHandle,
    thumbnails: &ThumbnailCache,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<ScanSummary> {
    let mut looking = Meter::start(Stage::LookingForPhotos, None);
    let found = find_photos(folder, cancel, |photos| events(JobEvent::Progress(looking.set(photos, None))))?;
    let root = fs::canonicalize(folder).with_context(|| format!("cannot open the folder {}", folder.display()))?;
    let scan = library.call(move |library| library.begin_scan(&root))?;
    let mut scanning = Scanning {
        scan,
        engine,
        library,
        cancel,
        events,
        meter: Meter::start(Stage::Scanning, None),
        summary: ScanSummary::default(),
    };
    found.skipped.into_iter().for_each(|skipped| scanning.tell_skipped(skipped));
    let todo = scanning.sort_out(found.photos)?;
    scanning.meter = Meter::start(Stage::Scanning, Some(todo.len() as u64));
    scanning.run_pipeline(&todo, thumbnails)?;
    scanning.finish()
}

struct Scanning<'a> {
    scan: ScanId,
    engine: &'a dyn FindFaces,
    library: &'a LibraryHandle,
    cancel: &'a Cancel,
    events: &'a mut dyn FnMut(JobEvent),
    meter: Meter,
    summary: ScanSummary,
}

/// What the pool made of one file.
struct Opened {
    file: FileFacts,
    content: Content,
}

enum Content {
    Picture(Box<Photo>),
    /// The same content under a new path: faces and names came along.
    Moved,
    Unreadable(String),
}

impl Scanning<'_> {
    /// Marks what the library knows as it is, and returns the rest.
    fn sort_out(&mut self, photos: Vec<PathBuf>) -> Result<Vec<FileFacts>> {
        let mut todo = Vec::new();
        for chunk in photos.chunks(512) {
            let mut files = Vec::with_capacity(chunk.len());
            for path in chunk {
                match file_facts(path) {
                    Ok(file) => files.push(file),
                    Err(error) => self.tell_skipped(Skipped { path: path.clone(), reason: error.to_string() }),
                }
            }
            let (scan, detector) = (self.scan, self.engine.detector_id().clone());
            let (fresh, unchanged) = self.library.call(move |library| {
                let mut fresh = Vec::new();
                let mut unchanged: Vec<PhotoId> = Vec::new();
                for file in files {
                    match library.known(&file.path)? {
                        Some(known)
                            if known.is_unchanged(&file)
                                && known.state == PhotoState::Done
                                && known.detector.as_ref() == Some(&detector) =>
                        {
                            unchanged.push(known.photo_id);
                        }
                        _ => fresh.push(file),
                    }
                }
                library.mark_seen(scan, &unchanged)?;
                Ok::<_, crate::library::LibraryError>((fresh, unchanged.len()))
            })?;
            self.summary.unchanged_photos += unchanged;
            todo.extend(fresh);
        }
        Ok(todo)
    }

    fn run_pipeline(&mut self, todo: &[FileFacts], thumbnails: &ThumbnailCache) -> Result<()> {
        let next = AtomicUsize::new(0);
        let workers = std::thread::available_parallelism().map_or(2, |n| n.get()).clamp(1, 8);
        // Dropped by an error or a cancel, which ends the workers at their next send.
        let stop = Cancel::default();
        std::thread::scope(|scope| {
            let (sender, receiver) = bounded(QUEUE);
            for worker in 0..workers {
                let (sender, stop, next) = (sender.clone(), stop.clone(), &next);
                let (library, scan, cancel) = (self.library, self.scan, self.cancel);
                std::thread::Builder::new().name(format!("likeness-decode-{worker}")).spawn_scoped(
                    scope,
                    move || {
                        let files = std::iter::from_fn(|| todo.get(next.fetch_add(1, Ordering::Relaxed)));
                        for file in files.take_while(|_| !stop.is_cancelled() && !cancel.is_cancelled()) {
                            if sender.send(open(file.clone(), library, scan)).is_err() {
                                break;
                            }
                        }
                    },
                )?;
            }
            drop(sender);
            let outcome = self.consume(&receiver, thumbnails);
            stop.cancel();
            drop(receiver);
            outcome
        })
    }

    fn consume(&mut self, receiver: &Receiver<Opened>, thumbnails: &ThumbnailCache) -> Result<()> {
        while let Ok(first) = receiver.recv() {
            let batch: Vec<_> = std::iter::once(first).chain(receiver.try_iter().take(BATCH - 1)).collect();
            if self.cancel.is_cancelled() {
                break;
            }
            let opened = batch.len() as u64;
            self.record(batch, thumbnails)?;
            let progress = self.meter.advance(opened);
            (self.events)(JobEvent::Progress(progress));
        }
        Ok(())
    }

    fn record(&mut self, batch: Vec<Opened>, thumbnails: &ThumbnailCache) -> Result<()> {
        let mut pictures = Vec::new();
        for Opened { file, content } in batch {
            match content {
                Content::Picture(photo) => pictures.push((file, photo)),
                Content::Moved => self.summary.moved_photos += 1,
                Content::Unreadable(reason) => self.record_skip(file, reason)?,
            }
        }
        let photos: Vec<_> = pictures.iter().map(|(file, photo)| (file.path.as_path(), &**photo)).collect();
        let found = self.engine.find_faces(&photos);
        let mut records = Vec::new();
        for ((file, photo), faces) in pictures.into_iter().zip(found) {
            match faces {
                Ok(faces) => {
                    if let Some(hash) = &file.sha256 {
                        // A thumbnail can be made again, so a full disk here is not the scan's failure.
                        let _ = thumbnail_jpeg(&photo.pixels).and_then(|jpeg| thumbnails.put(hash, &jpeg));
                    }
                    records.push(self.photo_record(file, *photo, faces));
                }
                Err(error) => self.record_skip(file, error_chain(&error))?,
            }
        }
        let scan = self.scan;
        self.summary.new_photos += records.len();
        self.summary.new_faces += records.iter().map(|record| record.faces.len()).sum::<usize>();
        self.library.call(move |library| library.record_photos(scan, &records))?;
        Ok(())
    }

    fn photo_record(&self, file: FileFacts, photo: Photo, faces: Vec<FoundFace>) -> PhotoRecord {
        let (width, height) = photo.full_size;
        let faces = faces.into_iter().map(|face| FaceRecord {
            detection: face.detection,
            embedding: face.embedding,
            crop_jpeg: face.portrait_jpeg,
        });
        PhotoRecord {
            file,
            width,
            height,
            format: photo.meta.format,
            captured_at: photo.meta.captured_at,
            camera: photo.meta.camera,
            gps: photo.meta.gps,
            detector: self.engine.detector_id().clone(),
            model: self.engine.model_id().clone(),
            faces: faces.collect(),
        }
    }

    fn record_skip(&mut self, file: FileFacts, reason: String) -> Result<()> {
        self.tell_skipped(Skipped { path: file.path.clone(), reason: reason.clone() });
        let scan = self.scan;
        self.library.call(move |library| library.record_skip(scan, &file, &reason))?;
        Ok(())
    }

    fn tell_skipped(&mut self, skipped: Skipped) {
        (self.events)(JobEvent::Skipped(skipped.clone()));
        self.summary.skipped.push(skipped);
    }

    fn finish(mut self) -> Result<ScanSummary> {
        let (scan, cancelled) = (self.scan, self.cancel.is_cancelled());
        let outcome = if cancelled { ScanOutcome::Cancelled } else { ScanOutcome::Complete };
        self.summary.missing_photos = self.library.call(move |library| library.finish_scan(scan, outcome))?;
        let summary = &mut self.summary;
        summary.cancelled = cancelled;
        summary.elapsed_secs = self.meter.elapsed_secs();
        summary.photos_per_s = summary.new_photos as f64 / summary.elapsed_secs.max(1e-9);
        summary.faces_per_s = summary.new_faces as f64 / summary.elapsed_secs.max(1e-9);
        let counts = self.library.call(move |library| library.scan_counts(scan))?;
        summary.photos = counts.photos;
        summary.faces = counts.faces;
        Ok(self.summary)
    }
}

/// Reads, hashes and decodes one file on the pool.
fn open(mut file: FileFacts, library: &LibraryHandle, scan: ScanId) -> Opened {
    let content =
        open_content(&mut file, library, scan).unwrap_or_else(|error| Content::Unreadable(error_chain(&error)));
    Opened { file, content }
}

fn open_content(file: &mut FileFacts, library: &LibraryHandle, scan: ScanId) -> Result<Content> {
    file.sha256 = Some(hash_file(&file.path).map_err(|error| anyhow::anyhow!("cannot be read: {}", plain(&error)))?);
    let asked = file.clone();
    if library.call(move |library| library.adopt_moved(scan, &asked))?.is_some() {
        return Ok(Content::Moved);
    }
    Ok(Content::Picture(Box::new(working_copy(&file.path)?)))
}

fn file_facts(path: &Path) -> Result<FileFacts> {
    let metadata = fs::metadata(path).map_err(|error| anyhow::anyhow!("cannot be read: {}", plain(&error)))?;
    let mtime = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let mtime_ns = mtime.map_or(0, |since| since.as_nanos() as i64);
    Ok(FileFacts { path: path.to_owned(), size: metadata.len(), mtime_ns, sha256: None })
}

fn hash_file(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().into()),
            count => hasher.update(&buffer[..count]),
        }
    }
}
