//! Reading small files of other programs: no pipe, no more than a limit.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::types::{files, plain};

/// Why a file of another program was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceFileError {
    #[error("{} cannot be read: {}. Its names are left out; scan again when it can be read", path.display(), plain(source))]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{source}: {}", path.display())]
    NotAFile { path: PathBuf, source: std::io::Error },
    #[error("{path} has more than {max_bytes} bytes, too many for a file of its kind. Its names are left out")]
    TooLong { path: PathBuf, max_bytes: u64 },
}

/// Enough for any `.picasa.ini`, `contacts.xml` or Takeout JSON.
pub(crate) const MAX_SOURCE_BYTES: u64 = 16 << 20;

/// The whole file, if it has no more than [`MAX_SOURCE_BYTES`]; none where there is none.
pub(crate) fn read_source(path: &Path) -> Result<Option<Vec<u8>>, SourceFileError> {
    let unreadable = |source| SourceFileError::Unreadable { path: path.to_owned(), source };
    let file = match files::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) if source.kind() == ErrorKind::InvalidInput => {
            return Err(SourceFileError::NotAFile { path: path.to_owned(), source });
        }
        opened => opened.map_err(unreadable)?,
    };
    let mut bytes = Vec::new();
    file.take(MAX_SOURCE_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_SOURCE_BYTES {
        return Err(SourceFileError::TooLong { path: path.to_owned(), max_bytes: MAX_SOURCE_BYTES });
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_missing_file_is_nothing_and_a_folder_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read_source(&folder.path().join("none")).unwrap().is_none());
        assert!(matches!(read_source(folder.path()), Err(SourceFileError::NotAFile { .. })));
        let path = folder.path().join("long");
        File::create(&path).unwrap().set_len(MAX_SOURCE_BYTES + 1).unwrap();
        assert!(matches!(read_source(&path), Err(SourceFileError::TooLong { .. })));
    }
}
