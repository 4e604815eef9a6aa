//! Names that systems and programs use for what is nobody's photo.

use std::ffi::OsStr;

/// In lower case. Of macOS and its archives, Windows, Linux, and network drives by Synology, QNAP and others.
const SYSTEM_NAMES: &[&str] = &[
    "__macosx",
    "icon\r",
    "network trash folder",
    "temporary items",
    "thumbs.db",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "desktop.ini",
    "$recycle.bin",
    "recycler",
    "recycled",
    "system volume information",
    "lost+found",
    "lost.dir",
    "@eadir",
    "@recycle",
    "@recently-snapshot",
    "@tmp",
    "@sharesnap",
    "#recycle",
    "#snapshot",
    "~snapshot",
];

/// Whether a file or folder is hidden or a system's own: a leading dot, or a name that is known for it.
pub(crate) fn is_system_name(name: &OsStr) -> bool {
    if name.as_encoded_bytes().starts_with(b".") {
        return true;
    }
    let Some(name) = name.to_str().map(str::to_lowercase) else { return false };
    // What a disk's check found: FOUND.000.
    let found = name.strip_prefix("found.").is_some_and(|n| n.len() == 3 && n.bytes().all(|b| b.is_ascii_digit()));
    found || SYSTEM_NAMES.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_names_are_known_in_any_case_and_peoples_are_not() {
        let hidden =
            [".git", "._IMG_1.jpg", ".DS_Store", "__MACOSX", "THUMBS.DB", "$Recycle.Bin", "@eaDir", "found.001"];
        assert!(hidden.iter().all(|name| is_system_name(OsStr::new(name))));
        let peoples = ["Ann", "Recycling", "found.jpg", "found.1000", "#1.jpg", "@home", "lost", "_MACOSX", "名"];
        assert!(!peoples.iter().any(|name| is_system_name(OsStr::new(name))));
    }
}
