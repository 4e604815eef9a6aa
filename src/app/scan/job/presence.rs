//! Whether a folder of the library is there, before anything else is said of its photos.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::app::engine::home::Home;
use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::progress::Skipped;
use crate::library::{LibraryError, asks_disk};
use crate::types::plain;

/// Whether a folder of this home's library is not there; notes it. Makes no library where there is none.
pub(super) fn is_offline(folder: &Path, home: &Home) -> Result<bool> {
    if fs::read_dir(folder).is_ok() || !home.library().exists() {
        return Ok(false);
    }
    Ok(matches!(presence(folder, &LibraryHandle::open(&home.library())?)?, Presence::Offline))
}

/// How a folder that is to be scanned is found.
#[derive(Debug)]
pub(super) enum Presence {
    There,
    /// The library knows it, and it is not there.
    Offline,
    /// It is there, and this user may not read it.
    Unreadable(io::Error),
}

/// What reading a folder came to: none where it could be read.
fn hindrance<T>(read: io::Result<T>) -> Option<Presence> {
    match read {
        Ok(_) => None,
        // Whoever may not look into it cannot say that its drive is gone.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Some(Presence::Unreadable(error)),
        Err(_) => Some(Presence::Offline),
    }
}

pub(super) fn unreadable(folder: &Path, error: &io::Error) -> Skipped {
    Skipped { path: folder.to_owned(), reason: format!("the folder cannot be read: {}", plain(error)) }
}

/// Notes a folder that the library knows and that is not there.
pub(super) fn presence(folder: &Path, library: &LibraryHandle) -> Result<Presence> {
    match hindrance(fs::read_dir(folder)) {
        None => return Ok(Presence::There),
        Some(Presence::Offline) => {}
        Some(unreadable) => return Ok(unreadable),
    }
    let folder = real_path(folder)?;
    let is_known = library.call(move |library| {
        let is_known = library.folders()?.iter().any(|known| known.path == folder);
        if is_known {
            library.mark_offline(&folder)?;
        }
        Ok::<_, LibraryError>(is_known)
    })?;
    Ok(if is_known { Presence::Offline } else { Presence::There })
}

/// The path without links, as far as it leads: of a folder whose drive is not there, the end leads nowhere.
pub(super) fn real_path(folder: &Path) -> Result<PathBuf> {
    asks_disk();
    let path = std::path::absolute(folder)?;
    let real = |above: &Path| {
        let (there, rest) = (fs::canonicalize(above).ok()?, path.strip_prefix(above).ok()?);
        // Joined with nothing it would end in a separator, and the library compares bytes.
        Some(if rest.as_os_str().is_empty() { there } else { there.join(rest) })
    };
    Ok(path.ancestors().find_map(real).unwrap_or_else(|| path.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_ends_in_no_separator_whether_it_is_there_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let there = fs::canonicalize(folder.path()).unwrap();
        for path in [there.clone(), there.join("gone"), there.join("gone/too")] {
            assert_eq!(real_path(&path).unwrap().as_os_str(), path.as_os_str());
        }
    }

    #[test]
    fn a_folder_that_may_not_be_read_is_there_and_told_so() {
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        match hindrance::<()>(Err(denied)) {
            Some(Presence::Unreadable(error)) => {
                let skipped = unreadable(Path::new("/photos"), &error);
                assert_eq!(skipped.reason, "the folder cannot be read: permission denied");
            }
            other => panic!("{other:?}"),
        }
        for gone in [io::ErrorKind::NotFound, io::ErrorKind::NotConnected, io::ErrorKind::StaleNetworkFileHandle] {
            assert!(matches!(hindrance::<()>(Err(gone.into())), Some(Presence::Offline)), "{gone:?}");
        }
        assert!(hindrance(Ok(())).is_none());
    }
}
