//! Videos and pictures of kinds that are not read, as the last look at each place met them. The window lists them; the
//! library keeps their names and nothing else, since nobody opens them.

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::progress::Skipped;
use crate::library::{LibraryError, LibraryReader};
use crate::types::path_text::{from_text, to_text};

const SETTING: &str = "not_looked_at";

/// What a scan met at these paths, and in folders there, takes the place of what was met there before.
pub(crate) fn keep(library: &LibraryHandle, looked_at: &[PathBuf], files: &[Skipped]) -> Result<()> {
    let looked_at: HashSet<String> = looked_at.iter().map(|path| to_text(path.as_os_str())).collect();
    let found: Vec<(String, String)> =
        files.iter().map(|file| (to_text(file.path.as_os_str()), file.reason.clone())).collect();
    library.call(move |library| {
        let before = all(library)?;
        let mut now = before.clone();
        now.retain(|path, _| !Path::new(path).ancestors().filter_map(Path::to_str).any(|at| looked_at.contains(at)));
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
    fn a_look_replaces_what_the_last_one_met_in_the_same_places() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let library = LibraryHandle::open(&home.library()).unwrap();
        let file = |path: &str| Skipped { path: path.into(), reason: "a video (MP4)".to_owned() };
        keep(&library, &["/a".into()], &[file("/a/1.mp4"), file("/a/2.mp4")]).unwrap();
        keep(&library, &["/ab".into()], &[file("/ab/1.mov")]).unwrap();
        let paths = || -> Vec<PathBuf> {
            library.ask(|library| kept(library)).unwrap().into_iter().map(|(path, _)| path).collect()
        };
        keep(&library, &["/a/1.mp4".into(), "/a/3.mp4".into()], &[file("/a/3.mp4")]).unwrap();
        assert_eq!(paths(), ["/a/2.mp4", "/a/3.mp4", "/ab/1.mov"].map(PathBuf::from), "of a part");
        keep(&library, &["/a".into()], &[file("/a/2.mp4")]).unwrap();
        assert_eq!(paths(), ["/a/2.mp4", "/ab/1.mov"].map(PathBuf::from));
        #[cfg(unix)]
        {
            let latin: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"/a/G\xfc.mp4");
            let latin = Path::new(latin);
            let video = Skipped { path: latin.into(), reason: "a video (MP4)".to_owned() };
            keep(&library, &["/a".into()], &[video]).unwrap();
            assert_eq!(library.ask(|library| kept(library)).unwrap()[0].0, latin);
        }
    }
}
