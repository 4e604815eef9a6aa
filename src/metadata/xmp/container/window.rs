//! Reading pieces of a file by their place, none of them outside of it: so no length that a file claims costs memory
//! that the file does not have.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use crate::types::files;

pub(crate) struct FileWindow {
    file: BufReader<File>,
    length: u64,
    at: u64,
}

impl FileWindow {
    /// Opens a file; what is no file is refused.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = files::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file: BufReader::new(file), length, at: 0 })
    }

    pub fn length(&self) -> u64 {
        self.length
    }

    pub fn bytes(&mut self, at: u64, count: u64) -> io::Result<Vec<u8>> {
        let is_inside = at.checked_add(count).is_some_and(|end| end <= self.length);
        let count = usize::try_from(count).ok().filter(|_| is_inside).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.go_to(at)?;
        let mut bytes = vec![0; count];
        self.file.read_exact(&mut bytes)?;
        self.at = at + count as u64;
        Ok(bytes)
    }

    pub fn array<const N: usize>(&mut self, at: u64) -> io::Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(&self.bytes(at, N as u64)?);
        Ok(array)
    }

    /// Keeps what is buffered where the way is short: blocks of a GIF are 256 bytes.
    fn go_to(&mut self, at: u64) -> io::Result<()> {
        if at != self.at {
            match i64::try_from(i128::from(at) - i128::from(self.at)) {
                Ok(way) => self.file.seek_relative(way)?,
                Err(_) => drop(self.file.seek(SeekFrom::Start(at))?),
            }
            self.at = at;
        }
        Ok(())
    }
}
