//! What all files of this room share: a hash over everything, and a new file in the place of the old one; or more behind
//! it, each piece with a hash that goes on from the one before.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
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

/// How far a file is whole, with all that was written behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// Its length when it was made.
    pub base: u64,
    bytes: u64,
    /// The hash at its end, which those of what comes behind go on from.
    hash: [u8; HASH],
}

const HASH: usize = 32;
/// Before each piece that is written behind, how long it is.
const LENGTH: usize = size_of::<u64>();

impl Written {
    /// How long the file is with one more piece.
    pub fn with(&self, more: &[u8]) -> u64 {
        self.bytes + (LENGTH + more.len() + HASH) as u64
    }

    fn hash_of(&self, more: &[u8]) -> [u8; HASH] {
        let length = (more.len() as u64).to_le_bytes();
        Sha256::new().chain_update(self.hash).chain_update(length).chain_update(more).finalize().into()
    }
}

/// `read` is told how long the file is.
pub(super) fn read_whole<T>(
    path: &Path,
    read: impl FnOnce(&mut dyn Read, u64) -> Result<T, GraphFileError>,
) -> Result<T, GraphFileError> {
    let (value, mut rest, _) = read_base(path, read)?;
    if rest.read(&mut [0])? == 0 { Ok(value) } else { Err(GraphFileError::Damaged) }
}

/// The same of a file behind which more may stand. What is not whole there, and what follows it, is as good as not there.
pub(super) fn read_with_more<T>(
    path: &Path,
    read: impl FnOnce(&mut dyn Read, u64) -> Result<T, GraphFileError>,
    mut read_more: impl FnMut(&mut T, &[u8]) -> Result<(), GraphFileError>,
) -> Result<(T, Written), GraphFileError> {
    let (mut value, mut rest, mut written) = read_base(path, read)?;
    let mut behind = Vec::new();
    rest.read_to_end(&mut behind)?;
    let mut behind = &behind[..];
    while let Some((more, hash, after)) = next_piece(behind).filter(|(more, hash, _)| written.hash_of(more) == *hash) {
        read_more(&mut value, more)?;
        (written.bytes, written.hash, behind) = (written.with(more), hash, after);
    }
    Ok((value, written))
}

/// A piece, its hash, and what is behind them.
fn next_piece(bytes: &[u8]) -> Option<(&[u8], [u8; HASH], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH>()?;
    let (more, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let (hash, rest) = rest.split_first_chunk::<HASH>()?;
    Some((more, *hash, rest))
}

/// Writes one more piece behind. False where the file is not as it was read, or somebody else is writing there: nothing is
/// written then.
pub(super) fn write_more(path: &Path, written: &Written, more: &[u8]) -> io::Result<bool> {
    let mut file = File::options().read(true).write(true).open(path)?;
    if file.try_lock().is_err() || file.metadata()?.len() < written.bytes {
        return Ok(false);
    }
    let mut hash = [0; HASH];
    file.seek(SeekFrom::Start(written.bytes - HASH as u64))?;
    file.read_exact(&mut hash)?;
    if hash != written.hash {
        return Ok(false);
    }
    // What is behind was left by who did not come to an end.
    file.set_len(written.bytes)?;
    let length = (more.len() as u64).to_le_bytes();
    file.write_all(&[&length, more, &written.hash_of(more)].concat())?;
    file.sync_data()?;
    Ok(true)
}

fn read_base<T>(
    path: &Path,
    read: impl FnOnce(&mut dyn Read, u64) -> Result<T, GraphFileError>,
) -> Result<(T, BufReader<File>, Written), GraphFileError> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut from = Hashing::new(BufReader::with_capacity(PIECE, file));
    let value = read(&mut from, length)?;
    let Hashing { mut inner, hash, passed } = from;
    let mut written = [0; HASH];
    inner.read_exact(&mut written).map_err(torn)?;
    let base = passed + HASH as u64;
    match hash.finalize()[..] == written {
        true => Ok((value, inner, Written { base, bytes: base, hash: written })),
        false => Err(GraphFileError::Damaged),
    }
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
    passed: u64,
}

impl<T> Hashing<T> {
    fn new(inner: T) -> Self {
        Self { inner, hash: Sha256::new(), passed: 0 }
    }
}

impl<T: Write> Write for Hashing<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.passed += written as u64;
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
        self.passed += read as u64;
        Ok(read)
    }
}
