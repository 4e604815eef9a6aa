//! Small pictures of photos on disk, by the photo's content: a renamed photo keeps its thumbnail, and all of them can be
//! made again.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::types::hex;

/// The folder of thumbnails.
#[derive(Debug, Clone)]
pub(crate) struct ThumbnailCache(PathBuf);

impl ThumbnailCache {
    pub fn new(cache: PathBuf) -> Self {
        Self(cache.join("thumbnails"))
    }

    pub fn get(&self, sha256: &[u8; 32]) -> Option<Vec<u8>> {
        fs::read(self.path(sha256)).ok()
    }

    /// Written beside and renamed, so that a reader never sees half a picture.
    pub fn put(&self, sha256: &[u8; 32], jpeg: &[u8]) -> Result<()> {
        let path = self.path(sha256);
        let folder = path.parent().context("a thumbnail has no folder")?;
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(jpeg)?;
        file.persist(&path)?;
        Ok(())
    }

    /// Removes a thumbnail; there need not be one.
    pub fn remove(&self, sha256: &[u8; 32]) -> Result<()> {
        match fs::remove_file(self.path(sha256)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn path(&self, sha256: &[u8; 32]) -> PathBuf {
        let hex = hex(sha256);
        self.0.join(&hex[..2]).join(format!("{}.jpg", &hex[2..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_by_content() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ThumbnailCache::new(folder.path().to_owned());
        assert_eq!(cache.get(&[7; 32]), None);
        cache.put(&[7; 32], b"jpeg").unwrap();
        cache.put(&[7; 32], b"newer").unwrap();
        assert_eq!(cache.get(&[7; 32]).as_deref(), Some(&b"newer"[..]));
        assert_eq!(cache.get(&[8; 32]), None);
    }
}
