//! Files beside photos that say who is in them.

use std::path::Path;

use super::{picasa, takeout};
use crate::metadata::xmp::Sidecars;

/// Whether a file of this name may say who is in the photos beside it.
pub(crate) fn may_name_people(path: &Path) -> bool {
    let of_folder = |name: &str| picasa::INI_NAMES.contains(&name) || takeout::is_sidecar_name(name);
    Sidecars::owner(path).is_some() || path.file_name().and_then(|name| name.to_str()).is_some_and(of_folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_beside_photos_are_known_by_their_names() {
        for name in
            ["a.jpg.xmp", "a.XMP", ".picasa.ini", "Picasa.ini", "a.jpg.json", "a.jpg.supplemental-metadata.json"]
        {
            assert!(may_name_people(&Path::new("/p").join(name)), "{name}");
        }
        for name in ["a.jpg", "notes.txt", "xmp", "desktop.ini"] {
            assert!(!may_name_people(&Path::new("/p").join(name)), "{name}");
        }
    }
}
