//! What another program writes into the library is noticed: by a look every half second, as soon as the writer is free.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::shared::Shared;
use crate::library::LibraryError;

/// How often the library is asked.
const PAUSE: Duration = Duration::from_millis(500);
/// Changes that follow each other, as a scan's do, are told at most so often.
const APART: Duration = Duration::from_millis(1400);

/// Calls `changed` after a commit of another connection, and after another file was put in the library's place, from a
/// thread that ends with the window. What the library's own thread writes does not count.
pub(crate) fn watch(shared: &Arc<Shared>, mut changed: impl FnMut(&Shared) + Send + 'static) -> Result<()> {
    let watched = Arc::downgrade(shared);
    let version = |shared: &Shared| {
        shared.library.call(|library| {
            let is_other = library.follow_replaced()?;
            Ok::<_, LibraryError>((library.data_version()?, is_other))
        })
    };
    let (mut seen, mut is_new) = version(shared)?;
    let mut told: Option<Instant> = None;
    let check = move || {
        loop {
            thread::sleep(PAUSE);
            let Some(shared) = watched.upgrade() else { return };
            // A library that cannot be read says so to whoever reads it.
            let Ok((now, is_other)) = version(&shared) else { continue };
            is_new |= is_other || now != seen;
            seen = now;
            if is_new && told.is_none_or(|told| told.elapsed() >= APART) {
                (is_new, told) = (false, Some(Instant::now()));
                shared.library_changed();
                changed(&shared);
            }
        }
    };
    thread::Builder::new().name("likeness-watch".into()).spawn(check).context("cannot start the watching thread")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::bounded;

    use super::*;
    use crate::app::engine::home::Home;
    use crate::library::Library;
    use crate::library::care::BackupReason;

    /// A damaged library is restored in a terminal: the window goes on in what is there now.
    #[cfg(unix)]
    #[test]
    fn a_library_that_another_program_has_put_in_place_is_told_and_written_into_from_then_on() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let (path, shared) = (home.library(), Shared::of_home(&home));
        let backup = shared.library.call(|library| library.back_up(BackupReason::Asked)).unwrap();
        let (send, told) = bounded(16);
        watch(&shared, move |_| send.send(()).unwrap()).unwrap();
        // As a restore does where nothing can be read any more.
        let restored = path.with_extension("restoring");
        std::fs::copy(&backup, &restored).unwrap();
        for side in ["sqlite-wal", "sqlite-shm"] {
            let _ = std::fs::remove_file(path.with_extension(side));
        }
        std::fs::rename(&restored, &path).unwrap();
        let write = |value: &'static str| shared.library.call(move |library| library.set_setting("own", value));
        let is_there = |value| Library::open(&path).unwrap().setting("own").unwrap().as_deref() == Some(value);
        assert!(write("1").is_err() || is_there("1"), "it is refused, unless it is written into the library");
        told.recv_timeout(Duration::from_secs(2)).expect("the other file is told");
        write("2").unwrap();
        assert!(is_there("2"), "it goes into the library");
    }

    #[test]
    fn what_another_program_writes_is_told_within_two_seconds() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let (path, shared) = (home.library(), Shared::of_home(&home));
        let (send, told) = bounded(16);
        watch(&shared, move |_| send.send(()).unwrap()).unwrap();
        shared.library.call(|library| library.set_setting("own", "1")).unwrap();
        assert!(told.recv_timeout(Duration::from_millis(1200)).is_err(), "the window's own changes are no news");
        for value in ["1", "2"] {
            Library::open(&path).unwrap().set_setting("theirs", value).unwrap();
            told.recv_timeout(Duration::from_secs(2)).expect("the change is told");
        }
    }
}
