//! What another program writes into the library is noticed within two seconds.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::shared::Shared;

/// How often the library is asked.
const PAUSE: Duration = Duration::from_millis(500);
/// Changes that follow each other, as a scan's do, are told at most so often.
const APART: Duration = Duration::from_millis(1400);

/// Calls `changed` after a commit of another connection, from a thread that ends with the window. What the library's
/// own thread writes does not count.
pub(crate) fn watch(shared: &Arc<Shared>, mut changed: impl FnMut(&Shared) + Send + 'static) -> Result<()> {
    let watched = Arc::downgrade(shared);
    let version = |shared: &Shared| shared.library.call(|library| library.data_version());
    let mut seen = version(shared)?;
    let mut reported: Option<Instant> = None;
    let look = move || {
        loop {
            thread::sleep(PAUSE);
            let Some(shared) = watched.upgrade() else { return };
            // A library that cannot be read says so to whoever reads it.
            let Ok(now) = version(&shared) else { continue };
            if now != seen && reported.is_none_or(|reported| reported.elapsed() >= APART) {
                (seen, reported) = (now, Some(Instant::now()));
                shared.library_changed();
                changed(&shared);
            }
        }
    };
    thread::Builder::new().name("likeness-watch".into()).spawn(look).context("cannot start the watching thread")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::bounded;

    use super::*;
    use crate::app::engine::home::Home;
    use crate::app::engine::library_thread::LibraryHandle;
    use crate::app::engine::networks::EngineOptions;
    use crate::library::Library;

    #[test]
    fn what_another_program_writes_is_told_within_two_seconds() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let path = home.library();
        let library = LibraryHandle::open(&path).unwrap();
        let shared = Arc::new(Shared::new(home, library, EngineOptions::default()));
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
