//! Which sidecar is a photo's: `photo.jpg.xmp` (digiKam, Immich, darktable) or `photo.xmp` (Lightroom, which makes them
//! for raw files alone). Where both are there the first holds, as its name says whose it is, and the second is hidden
//! from most programs. `photo.xmp` is the raw file's where there is one of that name, and no one else's.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::types::has_extension;

/// Raw files of cameras; Adobe's programs keep their sidecars under the bare name.
const RAW: [&str; 24] = [
    "3fr", "arw", "cr2", "cr3", "crw", "dcr", "dng", "erf", "fff", "iiq", "kdc", "mef", "mos", "mrw", "nef", "nrw",
    "orf", "pef", "raf", "raw", "rw2", "rwl", "srw", "x3f",
];
/// Other pictures that may stand beside a photo under the same name.
const PICTURES: [&str; 14] =
    ["jpg", "jpeg", "jpe", "png", "webp", "tif", "tiff", "gif", "bmp", "heic", "heif", "hif", "avif", "jxl"];

/// A photo's sidecars on the disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sidecars {
    /// The one that counts.
    pub valid: Option<PathBuf>,
    /// One beside it that most programs no longer see.
    pub hidden: Option<PathBuf>,
    /// Whether the valid one's name also fits another picture.
    pub is_shared: bool,
}

impl Sidecars {
    pub fn of(photo: &Path) -> Self {
        let full = existing(&full_name(photo));
        let short = existing(&photo.with_extension("xmp")).filter(|short| Some(short) != full.as_ref());
        let is_raw = has_extension(photo, &RAW);
        // Asked only where there is such a sidecar: it is a question for each extension.
        let belongs = short.is_some() && (is_raw || !has_sibling(photo, &RAW));
        match (full, short.filter(|_| belongs)) {
            (Some(full), short) => Self { valid: Some(full), hidden: short, is_shared: false },
            (None, Some(short)) => {
                let is_shared = !is_raw && has_sibling(photo, &PICTURES);
                Self { valid: Some(short), hidden: None, is_shared }
            }
            (None, None) => Self::default(),
        }
    }

    /// What a sidecar of this name is of: a photo's path, or that without its extension. None where it is no sidecar's name.
    pub fn owner(sidecar: &Path) -> Option<PathBuf> {
        has_extension(sidecar, &["xmp"]).then(|| sidecar.with_extension(""))
    }

    /// What [`Sidecars::owner`] says of a photo's sidecars.
    pub fn as_owner(photo: &Path) -> [PathBuf; 2] {
        [photo.to_owned(), photo.with_extension("")]
    }

    /// Where names go: into the sidecar that is there, unless it is another picture's too.
    pub fn to_write(&self, photo: &Path) -> PathBuf {
        self.valid.clone().filter(|_| !self.is_shared).unwrap_or_else(|| full_name(photo))
    }
}

fn full_name(photo: &Path) -> PathBuf {
    let mut name = OsString::from(photo);
    name.push(".xmp");
    PathBuf::from(name)
}

fn existing(sidecar: &Path) -> Option<PathBuf> {
    let upper = sidecar.with_extension("XMP");
    [sidecar.to_owned(), upper].into_iter().find(|path| path.is_file())
}

/// Whether another file has the photo's name with one of the extensions.
fn has_sibling(photo: &Path, extensions: &[&str]) -> bool {
    let own = photo.extension().unwrap_or_default();
    let spelled = extensions.iter().flat_map(|extension| [(*extension).to_owned(), extension.to_uppercase()]);
    spelled.into_iter().any(|extension| {
        let is_other = !own.eq_ignore_ascii_case(&extension);
        is_other && photo.with_extension(&extension).is_file()
    })
}
