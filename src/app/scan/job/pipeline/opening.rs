//! What the pool does with a file: read it, see whether its picture is known, decode it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::Result;

use super::{ENDED_THE_PROGRAM, Scanning, WhatFailed, stopped};
use crate::app::engine::budget::{ByteBudget, HeldBytes};
use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::portrait::thumbnail_jpeg;
use crate::app::jobs::working_copy::{WORKING_SCALE, working_copy};
use crate::app::scan::job::HashFile;
use crate::faces::image::{Photo, decoding_takes};
use crate::library::{FileFacts, FileHashes, Placed, ScanId, Suspect};
use crate::types::{ModelId, error_chain, plain};

/// What decoding takes for each byte of a file: photos are stored in about three bits a pixel, and unpacked into three
/// bytes. It counts where the file does not tell how large its picture is.
const DECODED_TO_STORED: u64 = 8;

/// What opening a file takes, in bytes.
fn opening_takes(file: &FileFacts) -> u64 {
    match decoding_takes(&file.path, WORKING_SCALE) {
        Some(decoding) => file.size.saturating_add(decoding),
        None => file.size.saturating_mul(DECODED_TO_STORED),
    }
}

/// What the pool made of one file.
pub(super) struct OpenedFile<'a> {
    pub file: FileFacts,
    pub content: FileContent,
    /// Of the photo, until it is recorded.
    pub held: Option<HeldBytes<'a>>,
}

pub(super) enum FileContent {
    /// With its thumbnail, where one could be made.
    Picture(Box<Photo>, Option<Vec<u8>>),
    /// A picture that is known already: faces and names are there.
    Known { is_new_path: bool },
    /// The file cannot be read.
    Unreadable(String),
    /// Its picture cannot be decoded.
    Undecodable(String),
    /// The same, as it was found before; it was not tried again.
    LeftOut(String),
}

/// What the pool's threads share.
#[derive(Clone, Copy)]
pub(super) struct Budgets<'a> {
    pub decoding: &'a ByteBudget,
    pub waiting: &'a ByteBudget,
}

/// Reads, hashes and decodes files on the pool.
pub(super) struct Opener<'a> {
    scan: ScanId,
    library: &'a LibraryHandle,
    detector: ModelId,
    is_alone: bool,
    hash: HashFile,
    /// What is known of this file, where the program died with it.
    suspect: Option<&'a Suspect>,
}

impl<'a> Opener<'a> {
    pub fn new(scanning: &Scanning<'a>, is_alone: bool) -> Self {
        let tools = scanning.tools;
        let detector = tools.engine.detector_id().clone();
        Self { scan: scanning.scan, library: tools.library, detector, is_alone, hash: tools.hash, suspect: None }
    }

    /// A file of which this is known.
    pub fn trying(self, suspect: Option<&'a Suspect>) -> Self {
        Self { suspect, ..self }
    }

    /// Waits until there is room to decode the file, and again until there is room for the photo to wait.
    pub fn open_within<'b>(
        &self,
        budgets: Budgets<'b>,
        file: FileFacts,
        is_stopped: &dyn Fn() -> bool,
    ) -> OpenedFile<'b> {
        let decoding = budgets.decoding.hold(opening_takes(&file), is_stopped);
        let opened = self.open(file);
        let held = match &opened.content {
            FileContent::Picture(photo, _) => {
                Some(budgets.waiting.hold(photo.pixels.as_raw().len() as u64, is_stopped))
            }
            _ => None,
        };
        // Not before: the photo is still there while it waits for room.
        drop(decoding);
        OpenedFile { held, ..opened }
    }

    pub fn open<'b>(&self, mut file: FileFacts) -> OpenedFile<'b> {
        let content = catch_unwind(AssertUnwindSafe(|| self.content(&mut file)))
            .unwrap_or_else(|_| Err(stopped("the decoder")))
            .unwrap_or_else(|error| match WhatFailed::of(&error) {
                WhatFailed::Picture => FileContent::Undecodable(error_chain(&error)),
                WhatFailed::Disk | WhatFailed::Device => FileContent::Unreadable(error_chain(&error)),
            });
        OpenedFile { file, content, held: None }
    }

    fn content(&self, file: &mut FileFacts) -> Result<FileContent> {
        let (asked, is_alone) = (file.clone(), self.is_alone);
        self.library.call(move |library| library.begin_attempt(&asked, is_alone))?;
        match (self.hash)(&file.path) {
            Ok((bytes, picture)) => file.hashes = Some(FileHashes { file: bytes, picture: picture.0 }),
            Err(error) => return Ok(FileContent::Unreadable(format!("cannot be read: {}", plain(&error)))),
        }
        let (scan, asked, detector) = (self.scan, file.clone(), self.detector.clone());
        match self.library.call(move |library| library.place(scan, &asked, &detector))? {
            Placed::Known { is_new_path } => Ok(FileContent::Known { is_new_path }),
            Placed::Failed { reason } => Ok(FileContent::LeftOut(reason)),
            Placed::New if self.is_known_to_end(file) => Ok(FileContent::LeftOut(ENDED_THE_PROGRAM.to_owned())),
            Placed::New => {
                let photo = working_copy(&file.path)?;
                let thumbnail = thumbnail_jpeg(&photo.pixels).ok();
                Ok(FileContent::Picture(Box::new(photo), thumbnail))
            }
        }
    }

    fn is_known_to_end(&self, file: &FileFacts) -> bool {
        let sha256 = file.hashes.as_ref().map(|hashes| &hashes.file);
        sha256.is_some_and(|sha256| self.suspect.is_some_and(|suspect| suspect.is_guilty_of(sha256)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::scan::job::pipeline::file_facts;

    /// As a scanned page: a small file of very many pixels.
    #[test]
    fn what_is_held_for_a_picture_is_what_its_pixels_take() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("page.png");
        image::RgbImage::new(1500, 1000).save(&path).unwrap();
        let file = file_facts(&path).unwrap();
        assert!(file.size * DECODED_TO_STORED < 1500 * 1000, "{}", file.size);
        assert!((1500 * 1000 * 3..1500 * 1000 * 8).contains(&opening_takes(&file)));
    }
}
