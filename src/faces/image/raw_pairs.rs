//! Which raw file and which picture are one shot: cameras write both under one name.
//!
//! As digiKam and Lightroom have it: the same folder, and the same name up to the last point, whatever its case. Nothing
//! but names is looked at.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;

use crate::types::has_extension;

/// For each path that is a raw file's: the place in the list of the picture of the same shot, where there is one.
///
/// Of several pictures a JPEG goes before HEIC, and that before all else, as cameras write them; then the first in the
/// list. Several raw files (an original and a converted DNG) may have one picture.
pub(crate) fn pictures_of_raws(paths: &[impl AsRef<Path>]) -> Vec<Option<usize>> {
    let mut pictures: HashMap<(&Path, OsString), (usize, usize)> = HashMap::new();
    for (place, path) in paths.iter().enumerate() {
        let path = path.as_ref();
        if let (Some(shot), Some(rank)) = (shot(path), picture_rank(path)) {
            let best = pictures.entry(shot).or_insert((rank, place));
            *best = (*best).min((rank, place));
        }
    }
    let picture_of = |path: &Path| pictures.get(&shot(path)?).map(|(_, place)| *place);
    paths.iter().map(|path| picture_of(path.as_ref()).filter(|_| is_raw_name(path.as_ref()))).collect()
}

/// Extensions of raw files that are read.
const RAW_EXTENSIONS: [&str; 23] = [
    "dng", "cr2", "cr3", "nef", "nrw", "arw", "sr2", "srf", "raf", "orf", "rw2", "rwl", "pef", "srw", "3fr", "iiq",
    "fff", "gpr", "erf", "mef", "mos", "dcr", "kdc",
];

pub(super) fn is_raw_name(path: &Path) -> bool {
    has_extension(path, &RAW_EXTENSIONS)
}

/// The lower the likelier to be the camera's own.
fn picture_rank(path: &Path) -> Option<usize> {
    const RANKS: [&[&str]; 3] =
        [&["jpg", "jpeg", "jpe", "jfif"], &["heic", "heif", "hif", "avif", "jxl"], &["tif", "tiff", "png", "webp"]];
    RANKS.iter().position(|extensions| has_extension(path, extensions))
}

/// The folder, and the name that both files share.
fn shot(path: &Path) -> Option<(&Path, OsString)> {
    let stem = path.file_stem()?;
    let lower = stem.to_str().map(|stem| stem.to_lowercase().into());
    Some((path.parent()?, lower.unwrap_or_else(|| stem.to_ascii_lowercase())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_shot_is_one_name_in_one_folder() {
        let paths = [
            "a/IMG_1.CR2",
            "a/img_1.jpg",
            "b/IMG_1.jpg",
            "a/IMG_2.dng",
            "a/IMG_20.jpg",
            "a/Grün.NEF",
            "a/GRÜN.JPG",
            "a/IMG_1.txt",
            "a/IMG_3.jpg",
        ];
        let found = pictures_of_raws(&paths);
        assert_eq!(found, [Some(1), None, None, None, None, Some(6), None, None, None]);
    }

    #[test]
    fn the_cameras_own_picture_goes_first() {
        let paths = ["x.png", "x.HEIC", "x.jpeg", "x.jpg", "x.raf", "x.dng"];
        assert_eq!(pictures_of_raws(&paths)[4..], [Some(2), Some(2)], "one picture for both raw files");
        assert_eq!(pictures_of_raws(&["x.png", "x.HEIC", "x.raf"])[2], Some(1));
        assert_eq!(pictures_of_raws(&["x.raf", "x.dng"]), [None, None]);
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_no_text_pair_too() {
        use std::os::unix::ffi::OsStrExt;
        let path = |name: &[u8]| Path::new(std::ffi::OsStr::from_bytes(name)).to_owned();
        assert_eq!(pictures_of_raws(&[path(b"A\xff.DNG"), path(b"a\xff.jpg")]), [Some(1), None]);
    }
}
