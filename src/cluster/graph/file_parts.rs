//! What all files of this room share: a hash over everything, and a new file in the place of the old one.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

/// Bytes hashed and written at once.
const PIECE: usize = 1 << 20;

/// Why a file is of no use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GraphFileError {
    #[error("the file of neighbours cannot be read or written: {0}")]
    Io(#[from] io::Error),
    #[error("the file of neighbours is of another kind or version")]
    Foreign,
    #[error("the file of neighbours is damaged")]
    Damaged,
}

pub(super) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), GraphFileError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::NamedTempFile::new_in(folder)?;
    {
        let mut out = Hashing::new(BufWriter::with_capacity(PIECE, file.as_file()));
        write(&mut out)?;
        let hash = out.hash.clone().finalize();
        out.inner.write_all(&hash)?;
        out.inner.flush()?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// `read` is told how long the file is.
pub(super) fn read_whole<T>(
    path: &Path,
    read: impl FnOnce(&mut dyn Read, u64) -> Result<T, GraphFileError>,
) -> Result<T, GraphFileError> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut from = Hashing::new(BufReader::with_capacity(PIECE, file));
    let value = read(&mut from, length)?;
    let Hashing { mut inner, hash } = from;
    let mut written = [0; 32];
    inner.read_exact(&mut written).map_err(torn)?;
    let is_end = inner.read(&mut [0])? == 0;
    if hash.finalize()[..] == written && is_end { Ok(value) } else { Err(GraphFileError::Damaged) }
}

pub(super) fn torn(error: io::Error) -> GraphFileError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => GraphFileError::Damaged,
        _ => GraphFileError::Io(error),
    }
}

pub(super) fn piece<const N: usize>(from: &mut dyn Read) -> Result<[u8; N], GraphFileError> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes).map_err(torn)?;
    Ok(bytes)
}

pub(super) fn write_all<const N: usize>(out: &mut dyn Write, values: impl Iterator<Item = [u8; N]>) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(PIECE + N);
    for value in values {
        bytes.extend_from_slice(&value);
        if bytes.len() >= PIECE {
            out.write_all(&bytes)?;
            bytes.clear();
        }
    }
    out.write_all(&bytes)
}

pub(super) fn read_all<T, const N: usize>(
    from: &mut dyn Read,
    count: usize,
    value: impl Fn([u8; N]) -> T,
) -> Result<Vec<T>, GraphFileError> {
    let mut values = Vec::with_capacity(count);
    let mut bytes = vec![0; (PIECE / N).min(count.max(1)) * N];
    while values.len() < count {
        let now = (bytes.len() / N).min(count - values.len()) * N;
        from.read_exact(&mut bytes[..now]).map_err(torn)?;
        values.extend(bytes[..now].as_chunks::<N>().0.iter().map(|&chunk| value(chunk)));
    }
    Ok(values)
}

/// Hashes what passes.
struct Hashing<T> {
    inner: T,
    hash: Sha256,
}

impl<T> Hashing<T> {
    fn new(inner: T) -> Self {
        Self { inner, hash: Sha256::new() }
    }
}

impl<T: Write> Write for Hashing<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Hashing<T> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.hash.update(&bytes[..read]);
        Ok(read)
    }
}
