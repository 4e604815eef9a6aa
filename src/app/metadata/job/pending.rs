//! Whether names have changed since they were written: a number for each photo's names then, kept in the library, so that
//! no file has to be read to know. The numbers say nobody's name.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use anyhow::Result;
use sha2::{Digest, Sha256};

use super::LibraryAccess;
use crate::library::{self, LibraryReader, NamedFace, PhotoToWrite};

const SETTING: &str = "metadata.names_when_written";
/// Of two numbers, each of 16 digits.
const ENTRY: usize = 32;
/// Of a photo whose names nobody wants written.
const NOBODY: u64 = 0;

/// By the number of each photo's path.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct NamesWhenWritten(BTreeMap<u64, u64>);

impl NamesWhenWritten {
    pub fn of(photos: &[PhotoToWrite], with_suggested: bool) -> Self {
        let names = |photo: &PhotoToWrite| {
            let wanted = photo.faces.iter().filter(|face| face.is_decided || with_suggested);
            (number_of_path(&photo.path), number_of_names(wanted))
        };
        Self(photos.iter().map(names).collect())
    }

    fn kept(library: &LibraryReader) -> library::Result<Self> {
        Ok(library.setting(SETTING)?.map(|text| Self::from_text(&text)).unwrap_or_default())
    }

    /// What cannot be read was never written.
    fn from_text(text: &str) -> Self {
        let number = |digits: &[u8]| u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
        let entry = |entry: &[u8]| Some((number(entry.get(..ENTRY / 2)?)?, number(entry.get(ENTRY / 2..)?)?));
        Self(text.as_bytes().chunks_exact(ENTRY).filter_map(entry).collect())
    }

    fn to_text(&self) -> String {
        self.0.iter().map(|(photo, names)| format!("{photo:016x}{names:016x}")).collect()
    }
}

/// How many photos have other names than when they were written.
pub(crate) fn count(library: &LibraryReader, with_suggested: bool) -> library::Result<usize> {
    let now = NamesWhenWritten::of(&library.photos_to_write(Path::new(""))?, with_suggested);
    let kept = NamesWhenWritten::kept(library)?;
    let then = |photo: &u64| kept.0.get(photo).copied().unwrap_or(NOBODY);
    Ok(now.0.iter().filter(|(photo, names)| then(photo) != **names).count())
}

/// These names are in the files now, but for photos that were left out.
pub(crate) fn note(
    library: &mut impl LibraryAccess,
    written: &NamesWhenWritten,
    left_out: &HashSet<&Path>,
) -> Result<()> {
    let left_out: HashSet<u64> = left_out.iter().map(|photo| number_of_path(photo)).collect();
    let mut kept = library.ask(NamesWhenWritten::kept)?;
    kept.0.extend(written.0.iter().filter(|(photo, _)| !left_out.contains(photo)));
    keep(library, &kept)
}

/// The names are not in these photos' files any more.
pub(crate) fn forget_photos<'p>(
    library: &mut impl LibraryAccess,
    photos: impl Iterator<Item = &'p Path>,
) -> Result<()> {
    let mut kept = library.ask(NamesWhenWritten::kept)?;
    for photo in photos {
        kept.0.remove(&number_of_path(photo));
    }
    keep(library, &kept)
}

fn keep(library: &mut impl LibraryAccess, names: &NamesWhenWritten) -> Result<()> {
    let text = names.to_text();
    library.change(move |library| library.set_setting(SETTING, &text))
}

fn number_of_path(path: &Path) -> u64 {
    number(&Sha256::digest(path.as_os_str().as_encoded_bytes()))
}

/// Boxes are as near as a pixel.
fn number_of_names<'f>(faces: impl Iterator<Item = &'f NamedFace>) -> u64 {
    let mut faces = faces.peekable();
    if faces.peek().is_none() {
        return NOBODY;
    }
    let mut digest = Sha256::new();
    for NamedFace { name, face_box: b, .. } in faces {
        digest.update(name);
        [b.x, b.y, b.width, b.height].iter().for_each(|n| digest.update((n.round() as i64).to_le_bytes()));
    }
    number(&digest.finalize())
}

fn number(digest: &[u8]) -> u64 {
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_what_is_torn_is_not() {
        let names = NamesWhenWritten([(1, 2), (u64::MAX, 3)].into());
        assert_eq!(NamesWhenWritten::from_text(&names.to_text()), names);
        let torn = &names.to_text()[..40];
        assert_eq!(NamesWhenWritten::from_text(torn), NamesWhenWritten([(1, 2)].into()));
        assert_eq!(NamesWhenWritten::from_text("no number here, thirty-two letter"), NamesWhenWritten::default());
    }
}
