//! ZIP archives in memory: what PyTorch and Keras 3 put their files into.
//!
//! Entries may be deflated, as they are where somebody packed a folder again; but weights hardly shrink, so an archive
//! that wants to grow much is refused, as is one whose entries lie on top of each other.

use std::io::{Cursor, Read};

use zip::read::{ArchiveOffset, Config};
use zip::result::{ZipError, ZipResult};

use super::WeightsError;

/// Weights whose every value fits 16 bits halve; pruned ones may shrink to a tenth.
const GROWTH_AT_MOST: usize = 20;
/// Small files of zeros are honest.
const GROWTH_FREE: usize = 1 << 20;

pub(crate) struct Archive<'a> {
    format: &'static str,
    zip: zip::ZipArchive<Cursor<&'a [u8]>>,
    names: Vec<String>,
    bytes_left: usize,
}

/// An archive that begins where its file does, as PyTorch's and Keras's do.
///
/// Left to search for the beginning, the reader expects the directory right before the end's record. PyTorch always puts
/// the records of large archives (ZIP64) between them, 76 bytes: where an entry of just that length comes first, as for a
/// file whose name has 21 characters, the second one is taken for the first.
fn open_zip(bytes: &[u8]) -> ZipResult<zip::ZipArchive<Cursor<&[u8]>>> {
    zip::ZipArchive::with_config(Config { archive_offset: ArchiveOffset::Known(0) }, Cursor::new(bytes))
}

impl<'a> Archive<'a> {
    /// `format` is what errors say the file is not.
    pub(crate) fn open(bytes: &'a [u8], format: &'static str) -> Result<Self, WeightsError> {
        let failed = |error| malformed(format, in_words(error));
        let zip = open_zip(bytes).map_err(failed)?;
        let names = zip.file_names().map(|name| name.map(|name| name.into_owned())).collect::<Result<Vec<_>, _>>();
        let names = names.map_err(failed)?;
        let bytes_left = bytes.len().saturating_mul(GROWTH_AT_MOST).max(GROWTH_FREE);
        Ok(Self { format, zip, names, bytes_left })
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// The path of the entry that is called so, in whatever folder.
    pub(crate) fn find(&self, file: &str) -> Option<&str> {
        let is_it = |name: &&String| name.rsplit('/').next() == Some(file);
        self.names.iter().filter(is_it).min_by_key(|name| name.len()).map(String::as_str)
    }

    /// An entry's bytes. All that is read together is no more than [`GROWTH_AT_MOST`] files of this size.
    pub(crate) fn entry(&mut self, name: &str) -> Result<Vec<u8>, WeightsError> {
        let format = self.format;
        let entry =
            self.zip.by_name(name).map_err(|error| malformed(format, format!("{name}: {}", in_words(error))))?;
        let mut data = Vec::new();
        let limit = self.bytes_left;
        let read = entry.take(limit as u64 + 1).read_to_end(&mut data);
        read.map_err(|_| malformed(format, format!("{name}: the entry is damaged; fetch the file again")))?;
        self.bytes_left = limit.checked_sub(data.len()).ok_or_else(|| {
            malformed(format, format!("it unpacks to more than {GROWTH_AT_MOST} times its size, as no weights do"))
        })?;
        Ok(data)
    }
}

/// The crate's errors, which are written for programmers.
fn in_words(error: ZipError) -> String {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => {
            "it is encrypted; unpack the archive with its password, and pack it again without".to_owned()
        }
        ZipError::CompressionMethodNotSupported(_) | ZipError::UnsupportedArchive(_) => {
            "it is packed in a way that is not read; unpack the archive, and pack it again without compression"
                .to_owned()
        }
        ZipError::FileNotFound => "it is not in the archive".to_owned(),
        ZipError::InvalidArchive(_) | ZipError::InvalidPassword => "the archive is damaged or cut off".to_owned(),
        other => other.to_string(),
    }
}

fn malformed(format: &'static str, reason: impl ToString) -> WeightsError {
    WeightsError::Malformed { format, reason: reason.to_string() }
}
