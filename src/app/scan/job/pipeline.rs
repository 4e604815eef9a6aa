//! The files of a folder through decoder and networks into the library. A file that stops a decoder or a network with a
//! panic is set aside and told; one that ends the whole process is found by the next scan, which tries it alone.

mod meanwhile;
mod opening;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Instant, UNIX_EPOCH};

use anyhow::{Result, anyhow};
use crossbeam_channel::{Receiver, bounded};

use super::went_away::UnreadFiles;
use super::{SCANNING, ScanSummary, ScanTools};
use crate::app::engine::budget::ByteBudget;
use crate::app::engine::networks::DeviceFailed;
use crate::app::engine::progress::{JobEvent, Meter, Skipped};
use crate::faces::image::{DecodeError, DecodeLimits, Photo, PhotoMeta, ProfileUse};
use crate::library::{
    FaceRecord, FileFacts, KnownBefore, LibraryError, PhotoRecord, PhotoState, ScanId, asks_disk, is_gone,
};
use crate::types::{Cancel, error_chain, plain};
use opening::{Budgets, FileContent, OpenedFile, Opener};

/// Photos that are decoded and wait for the networks, at most …
const QUEUE: usize = 8;
/// … and so many bytes of them, with those whose faces are being found.
const WAITING_BYTES: u64 = 96 << 20;
/// What all decoders of the pool may take together.
const DECODING_BYTES: u64 = 512 << 20;
/// Photos whose faces are found and embedded together.
const BATCH: usize = 8;
/// Files of which the library is asked at once.
pub(super) const ASKED_AT_ONCE: usize = 2048;
/// Where a network breaks down over so many pictures in a row, it is not the pictures' fault.
const MOST_BREAKDOWNS: usize = 3;
/// Why a file is not tried again that ended the program more than once.
const ENDED_THE_PROGRAM: &str =
    "the program ended more than once while it was looked through, the last time alone; it is left out";

/// Why a file waits for the next scan that was written into during this one.
const CHANGED: &str = "the file changed while it was read; the next scan looks at it again";

pub(super) struct Scanning<'a> {
    scan: ScanId,
    tools: &'a ScanTools<'a>,
    cancel: &'a Cancel,
    events: &'a mut dyn FnMut(JobEvent),
    meter: Meter,
    summary: ScanSummary,
    unread: UnreadFiles,
    /// Pictures in a row over which a network broke down.
    breakdowns: usize,
    /// New faces that are grouped.
    grouped: usize,
    /// What there is, is not grouped again before then; none where it cannot be.
    next_grouping: Option<Instant>,
}

/// What the networks made of a picture.
enum FoundFaces {
    Faces(Vec<FaceRecord>),
    /// They stopped with a panic.
    BrokeDown,
    /// The file is not any more the one that was hashed.
    Changed,
}

/// What is known of a file before it is opened.
enum FileStatus {
    Unchanged,
    FailedBefore(String),
    ToOpen,
}

impl<'a> Scanning<'a> {
    pub fn new(
        scan: ScanId,
        tools: &'a ScanTools<'a>,
        cancel: &'a Cancel,
        events: &'a mut dyn FnMut(JobEvent),
    ) -> Self {
        let meter = Meter::start(SCANNING, None);
        let (summary, unread) = (ScanSummary::default(), UnreadFiles::default());
        let next_grouping = Some(Instant::now());
        Self { scan, tools, cancel, events, meter, summary, unread, breakdowns: 0, grouped: 0, next_grouping }
    }

    /// Marks what the library knows as it is, and returns the rest.
    pub(crate) fn sort_out(&mut self, photos: Vec<PathBuf>) -> Result<Vec<FileFacts>> {
        let (mut todo, max_bytes) = (Vec::new(), DecodeLimits::default().max_bytes());
        for chunk in photos.chunks(ASKED_AT_ONCE) {
            if self.cancel.is_cancelled() {
                break;
            }
            let mut files = Vec::with_capacity(chunk.len());
            for path in chunk {
                match file_facts(path) {
                    // It would be read to its end only to be refused.
                    Ok(file) if file.size > max_bytes => {
                        self.record_unreadable(file, DecodeError::TooLong { max_bytes }.to_string())?;
                    }
                    Ok(file) => files.push(file),
                    Err(_) if is_gone(path) => self.unread.gone.push(path.clone()),
                    Err(error) => self.note_unread(Skipped { path: path.clone(), reason: error.to_string() }),
                }
            }
            for (file, standing) in self.known(files)? {
                match standing {
                    FileStatus::Unchanged => self.summary.unchanged_photos += 1,
                    FileStatus::FailedBefore(reason) => self.leave_out(file.path, reason),
                    FileStatus::ToOpen => todo.push(file),
                }
            }
        }
        Ok(todo)
    }

    fn known(&self, files: Vec<FileFacts>) -> Result<Vec<(FileFacts, FileStatus)>> {
        let (scan, detector) = (self.scan, self.tools.engine.detector_id().clone());
        self.tools.library.call(move |library| {
            let mut sorted = Vec::with_capacity(files.len());
            for file in files {
                let standing = match library.known(&file.path)? {
                    Some(known) if known.is_unchanged(&file) && known.is_settled(&detector) => match known.state {
                        PhotoState::Done => FileStatus::Unchanged,
                        PhotoState::Failed { reason } => FileStatus::FailedBefore(reason),
                    },
                    _ => FileStatus::ToOpen,
                };
                sorted.push((file, standing));
            }
            let is_settled = |standing: &FileStatus| !matches!(standing, FileStatus::ToOpen);
            let settled = sorted.iter().filter(|(_, standing)| is_settled(standing)).map(|(file, _)| file.clone());
            library.mark_seen(scan, &settled.collect::<Vec<_>>())?;
            Ok::<_, LibraryError>(sorted)
        })
    }

    /// Opens the files and records what they show. Those that may have ended the program come last, one by one: what is
    /// new is in the library before one of them ends it again.
    pub(crate) fn scan_files(&mut self, todo: Vec<FileFacts>) -> Result<()> {
        self.meter = Meter::start(SCANNING, Some(todo.len() as u64));
        let suspects = self.tools.suspects;
        let suspect_of = |file: &FileFacts| suspects.iter().find(|suspect| suspect.path == file.path);
        let (suspected, others): (Vec<_>, Vec<_>) = todo.into_iter().partition(|file| suspect_of(file).is_some());
        self.run_pipeline(&others)?;
        for file in suspected {
            if self.cancel.is_cancelled() {
                return Ok(());
            }
            let suspect = suspect_of(&file);
            if suspect.is_some_and(|suspect| suspect.is_unreadable(&file)) {
                self.summary.left_out += 1;
                self.record_unreadable(file, ENDED_THE_PROGRAM.to_owned())?;
            } else {
                let opened = Opener::new(self, true).trying(suspect).open(file);
                self.record(vec![opened])?;
            }
            let progress = self.meter.advance(1);
            (self.events)(JobEvent::Progress(progress));
        }
        Ok(())
    }

    fn run_pipeline(&mut self, todo: &[FileFacts]) -> Result<()> {
        let next = AtomicUsize::new(0);
        let workers = std::thread::available_parallelism().map_or(2, |n| n.get()).clamp(1, 8);
        // Dropped by an error or a cancel, which ends the workers at their next send.
        let stop = Cancel::default();
        let (decoding, waiting) = (ByteBudget::new(DECODING_BYTES), ByteBudget::new(WAITING_BYTES));
        let budgets = Budgets { decoding: &decoding, waiting: &waiting };
        std::thread::scope(|scope| {
            let (sender, receiver) = bounded(QUEUE);
            for worker in 0..workers {
                let (sender, stop, next) = (sender.clone(), stop.clone(), &next);
                let (opener, cancel) = (Opener::new(self, false), self.cancel);
                std::thread::Builder::new().name(format!("likeness-decode-{worker}")).spawn_scoped(
                    scope,
                    move || {
                        let files = std::iter::from_fn(|| todo.get(next.fetch_add(1, Ordering::Relaxed)));
                        for file in files.take_while(|_| !stop.is_cancelled() && !cancel.is_cancelled()) {
                            cancel.rest();
                            let opened = opener.open_within(budgets, file.clone(), &|| stop.is_cancelled());
                            if sender.send(opened).is_err() {
                                break;
                            }
                        }
                    },
                )?;
            }
            drop(sender);
            let outcome = self.consume(&receiver);
            stop.cancel();
            drop(receiver);
            outcome
        })
    }

    fn consume(&mut self, receiver: &Receiver<OpenedFile<'_>>) -> Result<()> {
        while let Ok(first) = receiver.recv() {
            let batch: Vec<_> = std::iter::once(first).chain(receiver.try_iter().take(BATCH - 1)).collect();
            if self.cancel.is_cancelled() {
                let files = batch.into_iter().map(|opened| opened.file.path).collect();
                return self.survived(files);
            }
            let opened = batch.len() as u64;
            self.record(batch)?;
            self.cancel.rest();
            let progress = self.meter.advance(opened);
            (self.events)(JobEvent::Progress(progress));
            self.group_meanwhile();
        }
        Ok(())
    }

    fn record(&mut self, batch: Vec<OpenedFile<'_>>) -> Result<()> {
        let mut files: Vec<PathBuf> = batch.iter().map(|opened| opened.file.path.clone()).collect();
        let (mut pictures, mut thumbnails, mut held) = (Vec::new(), Vec::new(), Vec::new());
        for OpenedFile { file, content, held: of_photo } in batch {
            match content {
                FileContent::Picture(photo, thumbnail) => {
                    pictures.push((file, photo));
                    thumbnails.push(thumbnail);
                    held.push(of_photo);
                }
                FileContent::Known { is_new_path: true } => self.summary.moved_photos += 1,
                FileContent::Known { is_new_path: false } => self.summary.unchanged_photos += 1,
                FileContent::Unreadable(reason) => self.record_unreadable(file, reason)?,
                FileContent::Undecodable(reason) => self.record_undecodable(file, reason)?,
                FileContent::LeftOut(reason) => {
                    self.summary.left_out += 1;
                    self.record_undecodable(file, reason)?;
                }
            }
        }
        let found = self.find_faces(&pictures);
        let mut records = Vec::new();
        // Asked once nothing is read any more.
        let found = pictures.iter().zip(found).map(|((file, _), found)| match is_as_told(file) {
            true => found,
            false => Ok(FoundFaces::Changed),
        });
        let found: Vec<_> = found.collect();
        for (((file, photo), thumbnail), faces) in pictures.into_iter().zip(thumbnails).zip(found) {
            match faces {
                Ok(FoundFaces::BrokeDown) => {
                    files.retain(|path| *path != file.path);
                    self.note_breakdown(file)?;
                }
                Ok(FoundFaces::Changed) => self.record_unreadable(file, CHANGED.to_owned())?,
                Ok(FoundFaces::Faces(faces)) => {
                    self.breakdowns = 0;
                    if let (Some(hashes), Some(jpeg)) = (&file.hashes, thumbnail) {
                        // A thumbnail can be made again, so a full disk here is not the scan's failure.
                        let _ = self.tools.thumbnails.put(&hashes.file, &jpeg);
                    }
                    self.count_shortcomings(&photo.meta);
                    records.push(self.photo_record(file, *photo, faces));
                }
                Err(error) => match WhatFailed::of(&error) {
                    WhatFailed::Picture => self.record_undecodable(file, error_chain(&error))?,
                    WhatFailed::Disk => self.record_unreadable(file, error_chain(&error))?,
                    WhatFailed::Device => {
                        self.count_breakdown()?;
                        self.record_unreadable(file, error_chain(&error))?;
                    }
                },
            }
        }
        // The photos are gone.
        drop(held);
        let scan = self.scan;
        for recorded in self.tools.library.call(move |library| library.record_photos(scan, &records))? {
            match recorded.before {
                KnownBefore::Nothing => self.summary.new_photos += 1,
                KnownBefore::ByImport => {
                    self.summary.new_photos += 1;
                    self.summary.imported_photos += 1;
                }
                KnownBefore::Forgotten => {
                    self.summary.searched_again += 1;
                    self.summary.searched_after_forgetting += 1;
                }
                KnownBefore::ByOtherDetector => self.summary.searched_again += 1,
                KnownBefore::WithoutSmallFaces => {
                    self.summary.searched_again += 1;
                    self.summary.searched_for_small += 1;
                }
                KnownBefore::AsCopy => self.summary.moved_photos += 1,
                KnownBefore::AsKnownCopy => self.summary.unchanged_photos += 1,
            }
            self.summary.new_faces += recorded.faces_new;
        }
        self.survived(files)
    }

    /// The faces of each picture. A panic of the networks or a failure of their device costs one picture: the batch is
    /// gone through one by one.
    fn find_faces(&self, pictures: &[(FileFacts, Box<Photo>)]) -> Vec<Result<FoundFaces>> {
        let photos: Vec<_> = pictures.iter().map(|(file, photo)| (file.path.as_path(), &**photo)).collect();
        let find = |photos: &[(&Path, &Photo)]| {
            let found = catch_unwind(AssertUnwindSafe(|| self.tools.engine.find_faces(photos))).ok()?;
            let has_failed =
                |found: &Result<_>| found.as_ref().is_err_and(|error| WhatFailed::of(error) == WhatFailed::Device);
            // Not the first picture on which it fails need be the one that it fails on.
            let is_lost = photos.len() > 1 && found.iter().any(has_failed);
            (!is_lost).then(|| found.into_iter().map(|faces| faces.map(FoundFaces::Faces)).collect::<Vec<_>>())
        };
        let alone = |photo| find(&[photo]).unwrap_or_else(|| vec![Ok(FoundFaces::BrokeDown)]);
        find(&photos).unwrap_or_else(|| photos.iter().flat_map(|&photo| alone(photo)).collect())
    }

    /// A picture over which a network broke down is told, and tried once more by the next scan.
    fn note_breakdown(&mut self, file: FileFacts) -> Result<()> {
        self.count_breakdown()?;
        self.report_skipped(Skipped { path: file.path.clone(), reason: stopped("a network").to_string() });
        self.tools.library.call(move |library| library.note_breakdown(&file))
    }

    fn count_breakdown(&mut self) -> Result<()> {
        self.breakdowns += 1;
        anyhow::ensure!(self.breakdowns < MOST_BREAKDOWNS, "the networks break down over every photo");
        Ok(())
    }

    fn count_shortcomings(&mut self, meta: &PhotoMeta) {
        self.summary.further_pages += u64::from(meta.further_pages);
        self.summary.broken_profiles += usize::from(meta.profile == ProfileUse::Broken);
        self.summary.damaged_photos += usize::from(meta.lost > 0.0);
    }

    fn photo_record(&self, file: FileFacts, photo: Photo, faces: Vec<FaceRecord>) -> PhotoRecord {
        let (width, height) = photo.full_size;
        PhotoRecord {
            file,
            width,
            height,
            format: photo.meta.format,
            captured_at: photo.meta.captured_at,
            camera: photo.meta.camera,
            gps: photo.meta.gps,
            detector: self.tools.engine.detector_id().clone(),
            model: self.tools.engine.model_id().clone(),
            faces,
        }
    }

    fn record_undecodable(&mut self, file: FileFacts, reason: String) -> Result<()> {
        self.report_skipped(Skipped { path: file.path.clone(), reason: reason.clone() });
        let scan = self.scan;
        self.tools.library.call(move |library| library.record_skip(scan, &file, &reason))?;
        Ok(())
    }

    /// One that is gone by now is as one that was not met: what is known of it stays as it is.
    fn record_unreadable(&mut self, file: FileFacts, reason: String) -> Result<()> {
        if is_gone(&file.path) {
            self.unread.gone.push(file.path);
            return Ok(());
        }
        self.note_unread(Skipped { path: file.path.clone(), reason: reason.clone() });
        let scan = self.scan;
        self.tools.library.call(move |library| library.record_unreadable(scan, &file, &reason))
    }

    fn survived(&self, files: Vec<PathBuf>) -> Result<()> {
        self.tools.library.call(move |library| library.end_attempts(&files))
    }

    /// Files of which nobody looks for faces.
    pub(crate) fn note_not_looked_at(&mut self, others: Vec<Skipped>, hidden: usize) {
        self.summary.not_looked_at = others;
        self.summary.hidden = hidden;
    }

    fn note_unread(&mut self, skipped: Skipped) {
        (self.events)(JobEvent::Skipped(skipped.clone()));
        self.unread.files.push(skipped);
    }

    /// A file that failed before, and that nobody looks at again.
    fn leave_out(&mut self, path: PathBuf, reason: String) {
        self.summary.left_out += 1;
        self.report_skipped(Skipped { path, reason });
    }

    pub(crate) fn report_skipped(&mut self, skipped: Skipped) {
        (self.events)(JobEvent::Skipped(skipped.clone()));
        self.summary.skipped.push(skipped);
    }

    /// What the scan did, and what it could not read.
    pub(crate) fn summarise(mut self) -> (ScanSummary, UnreadFiles) {
        let summary = &mut self.summary;
        summary.cancelled = self.cancel.is_cancelled();
        summary.elapsed_secs = self.meter.elapsed_secs();
        summary.photos_per_s = (summary.new_photos + summary.searched_again) as f64 / summary.elapsed_secs.max(1e-9);
        summary.faces_per_s = summary.new_faces as f64 / summary.elapsed_secs.max(1e-9);
        (self.summary, self.unread)
    }
}

/// What failed when a photo was not looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WhatFailed {
    /// It will not be looked through next time either.
    Picture,
    /// The file could not be read as a whole this time.
    Disk,
    /// The networks' device failed.
    Device,
}

impl WhatFailed {
    fn of(error: &anyhow::Error) -> Self {
        let known = |cause: &(dyn std::error::Error + 'static)| {
            let is_device = cause.downcast_ref::<DeviceFailed>().is_some();
            let is_disk = matches!(cause.downcast_ref(), Some(DecodeError::Unreadable(_)))
                || cause.downcast_ref::<LibraryError>().is_some();
            is_device.then_some(Self::Device).or(is_disk.then_some(Self::Disk))
        };
        error.chain().find_map(known).unwrap_or(Self::Picture)
    }
}

fn stopped(what: &str) -> anyhow::Error {
    anyhow!("{what} stopped with an internal error; the photo is left out")
}

/// Nothing was written into the file since it was told of, so what was hashed is what was decoded.
fn is_as_told(file: &FileFacts) -> bool {
    file_facts(&file.path).is_ok_and(|now| FileFacts { hashes: file.hashes, ..now } == *file)
}

pub(super) fn file_facts(path: &Path) -> Result<FileFacts> {
    asks_disk();
    let metadata = fs::metadata(path).map_err(|error| anyhow!("cannot be read: {}", plain(&error)))?;
    let mtime = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let mtime_ns = mtime.map_or(0, |since| since.as_nanos() as i64);
    let (size, ctime_ns) = (metadata.len(), ctime_ns(&metadata));
    Ok(FileFacts { path: path.to_owned(), size, mtime_ns, ctime_ns, hashes: None })
}

#[cfg(unix)]
fn ctime_ns(metadata: &fs::Metadata) -> Option<i64> {
    use std::os::unix::fs::MetadataExt;
    metadata.ctime().checked_mul(1_000_000_000)?.checked_add(metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn ctime_ns(_: &fs::Metadata) -> Option<i64> {
    None
}
