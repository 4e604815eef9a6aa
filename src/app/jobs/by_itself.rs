//! What the window does without being asked, as its user has chosen for this library.

use anyhow::Result;

use crate::app::engine::facts::ByItself;
use crate::app::engine::library_thread::LibraryHandle;
use crate::library::{LibraryError, LibraryReader};

const WATCH: &str = "watch_folders";
const GO_ON: &str = "scans_go_on";

/// Folders are watched, and an interrupted scan is offered, unless something else was chosen.
pub(crate) fn of_library(library: &LibraryReader) -> Result<ByItself, LibraryError> {
    let of = |key: &str, otherwise: bool| {
        let kept = library.setting(key)?.and_then(|text| text.parse().ok());
        Ok::<_, LibraryError>(kept.unwrap_or(otherwise))
    };
    Ok(ByItself { watches_folders: of(WATCH, true)?, goes_on: of(GO_ON, false)? })
}

pub(crate) fn choose(library: &LibraryHandle, by_itself: ByItself) -> Result<()> {
    library.call(move |library| {
        library.set_setting(WATCH, &by_itself.watches_folders.to_string())?;
        library.set_setting(GO_ON, &by_itself.goes_on.to_string())
    })
}
