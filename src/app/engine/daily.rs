//! The daily backup while a window is open, whatever its user does there: when it opens, and once something was decided;
//! and what is left to do of a forgetting.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use super::report::Failed;
use super::shared::Shared;
use crate::library::{Library, LibraryError};

/// How often it is asked whether there is something to do.
pub(crate) const PAUSE: Duration = Duration::from_secs(30);

/// That it could not be made.
pub(crate) const FAILED: Failed = Failed::Own("failed_back_up");

/// Makes the daily backup when it is due, and finishes a forgetting that others hindered, on a connection of its own, from
/// a thread that ends with the window. What hinders the backup is told once.
pub(crate) fn back_up_daily(
    shared: &Arc<Shared>,
    pause: Duration,
    failed: impl Fn(&anyhow::Error) + Send + 'static,
) -> Result<()> {
    let watched = Arc::downgrade(shared);
    let mut is_told = false;
    let check = move || {
        loop {
            let Some(shared) = watched.upgrade() else { return };
            let path = shared.home.library();
            let is_due = shared
                .library
                .call(|library| Ok::<_, LibraryError>(library.is_forgetting_unfinished()? || library.is_backup_due()?));
            // A window that closes meanwhile does not wait.
            drop(shared);
            let made = is_due.and_then(|is_due| if is_due { back_up(&path).map_err(Into::into) } else { Ok(()) });
            if let Err(error) = &made
                && !is_told
            {
                failed(error);
            }
            is_told = made.is_err();
            thread::sleep(pause);
        }
    };
    thread::Builder::new().name("likeness-backup".into()).spawn(check).context("cannot start the backup's thread")?;
    Ok(())
}

fn back_up(library: &Path) -> Result<(), LibraryError> {
    Library::open(library)?.back_up_if_due().map(drop)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::app::engine::home::Home;
    use crate::library::care::{self, BackupReason};
    use crate::library::{Decision, Destination};
    use crate::types::Revision;

    fn within(secs: u64, is_so: impl Fn() -> bool) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(secs) {
            if is_so() {
                return true;
            }
            thread::sleep(Duration::from_millis(20));
        }
        false
    }

    #[test]
    fn a_forgetting_that_a_reader_hindered_is_finished_while_the_window_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let (path, shared) = (home.library(), Shared::of_home(&home));
        let to = Destination::NewPerson { name: "Ada".to_owned() };
        let decision = Decision::Move { of: None, faces: Vec::new(), to };
        shared.library.call(move |library| library.decide(&decision, Revision::NOW)).unwrap();
        let reader = Library::open_read_only(&path).unwrap();
        let hindered = reader.at_once(|reader| {
            let (person, _) = reader.named_people()?[0];
            shared.library.call(move |library| {
                let shown = library.person_to_forget(person)?;
                library.forget_person(&shown, true)
            })
        });
        assert!(!hindered.unwrap().is_complete);
        let is_unfinished = || reader.is_forgetting_unfinished().unwrap();
        assert!(is_unfinished());
        back_up_daily(&shared, Duration::from_millis(20), |error| panic!("{error:#}")).unwrap();
        assert!(within(20, || !is_unfinished()));
    }

    #[test]
    fn what_is_decided_in_an_open_window_is_backed_up_without_a_scan() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let (path, shared) = (home.library(), Shared::of_home(&home));
        back_up_daily(&shared, Duration::from_millis(20), |error| panic!("{error:#}")).unwrap();
        let reasons = || care::backups(&path).unwrap().iter().map(|backup| backup.reason).collect::<Vec<_>>();
        thread::sleep(Duration::from_millis(200));
        assert_eq!(reasons(), [], "nothing was decided");
        let to = Destination::NewPerson { name: "Ada".to_owned() };
        let decision = Decision::Move { of: None, faces: Vec::new(), to };
        shared.library.call(move |library| library.decide(&decision, Revision::NOW)).unwrap();
        assert!(within(20, || reasons() == [BackupReason::Daily]));
        thread::sleep(Duration::from_millis(200));
        assert_eq!(reasons(), [BackupReason::Daily], "once a day");
    }
}
