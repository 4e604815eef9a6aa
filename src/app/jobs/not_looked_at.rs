//! Videos and pictures of kinds that are not read, as the last scan of each folder met them. The window lists them; the
//! library keeps their names and nothing else, since nobody opens them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::progress::Skipped;
use crate::library::{LibraryError, LibraryReader};
use crate::types::path_text::{from_text, to_text};

const SETTING: &str = "not_looked_at";

/// What a scan of this folder met takes the place of what the last one did.
pub(crate) fn keep(library: &LibraryHandle, folder: &Path, files: &[Skipped]) -> Result<()> {
    let folder = PathBuf::from(to_text(folder.as_os_str()));
    let found: Vec<(String, String)> =
        files.iter().map(|file| (to_text(file.path.as_os_str()), file.reason.clone())).collect();
    library.call(move |library| {
        let before = all(library)?;
        let mut now = before.clone();
        now.retain(|path, _| !Path::new(path).starts_with(&folder));
        now.extend(found);
        match now == before {
            true => Ok(()),
            false => library.set_setting(SETTING, &serde_json::to_string(&now).unwrap_or_default()),
        }
    })
}

/// Each with the reason, in the order of the paths.
pub(crate) fn kept(library: &LibraryReader) -> Result<Vec<(PathBuf, String)>, LibraryError> {
    Ok(all(library)?.into_iter().map(|(path, reason)| (from_text(&path), reason)).collect())
}

fn all(library: &LibraryReader) -> Result<BTreeMap<String, String>, LibraryError> {
    let kept = library.setting(SETTING)?;
    Ok(kept.and_then(|kept| serde_json::from_str(&kept).ok()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::home::Home;

    #[test]
    fn a_scan_replaces_what_the_last_one_met_in_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let library = LibraryHandle::open(&home.library()).unwrap();
        let file = |path: &str| Skipped { path: path.into(), reason: "a video (MP4)".to_owned() };
        keep(&library, Path::new("/a"), &[file("/a/1.mp4"), file("/a/2.mp4")]).unwrap();
        keep(&library, Path::new("/ab"), &[file("/ab/1.mov")]).unwrap();
        keep(&library, Path::new("/a"), &[file("/a/2.mp4")]).unwrap();
        let paths: Vec<PathBuf> =
            library.ask(|library| kept(library)).unwrap().into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, [PathBuf::from("/a/2.mp4"), "/ab/1.mov".into()]);
        #[cfg(unix)]
        {
            let latin: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"/a/G\xfc.mp4");
            let latin = Path::new(latin);
            keep(&library, Path::new("/a"), &[Skipped { path: latin.into(), reason: "a video (MP4)".to_owned() }])
                .unwrap();
            assert_eq!(library.ask(|library| kept(library)).unwrap()[0].0, latin);
        }
    }
}
