//! A file that one process at a time holds while it works on what lies beside it.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

/// Held as long as it lives; the operating system lets it go when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct FileLock {
    _file: File,
}

/// The process that holds a lock, as it named itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holder(Option<u32>);

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(process) => process.fmt(f),
            None => f.write_str("?"),
        }
    }
}

impl FileLock {
    /// Takes the lock of a file, which is made where it is not there, or says who has it.
    ///
    /// # Errors
    /// When the file cannot be made, or the file system knows no locks.
    pub fn take(path: &Path) -> io::Result<Result<Self, Holder>> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Err(holder(&mut file))),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Whose it is only tells others for whom they wait: it holds also where a full disk has no room for that.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Ok(Self { _file: file }))
    }

    /// Whether anybody holds it, this process included.
    pub fn is_held(path: &Path) -> bool {
        File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

fn holder(file: &mut File) -> Holder {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    // It may be torn.
    Holder(read.ok().and_then(|_| text.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_it_and_the_others_hear_who() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        assert!(!FileLock::is_held(&path) && !path.exists(), "a question makes no file");
        let lock = FileLock::take(&path).unwrap().unwrap();
        let other = FileLock::take(&path).unwrap().unwrap_err();
        assert_eq!(other.to_string(), std::process::id().to_string());
        assert!(FileLock::is_held(&path));
        drop(lock);
        assert!(!FileLock::is_held(&path) && FileLock::take(&path).unwrap().is_ok());
    }

    #[test]
    fn a_torn_lock_keeps_nobody_out_and_says_nothing_of_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        for torn in [&b""[..], b"12\x1b[31m", b"\xFF\xFE\x00"] {
            std::fs::write(&path, torn).unwrap();
            assert_eq!(holder(&mut File::open(&path).unwrap()).to_string(), "?");
            let lock = FileLock::take(&path).unwrap().unwrap();
            assert_eq!(holder(&mut File::open(&path).unwrap()), Holder(Some(std::process::id())));
            drop(lock);
        }
    }
}
