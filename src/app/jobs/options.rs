//! What the networks are loaded with, in the window and on the command line: what is said now, else what the user chose in
//! the window before, else the defaults. The choice is kept with the library.

use anyhow::Result;

use crate::app::engine::home::Home;
use crate::app::engine::library_thread::{LibraryHandle, reader};
use crate::app::engine::networks::{EMBEDDER, EngineOptions};
use crate::app::engine::shared::Shared;
use crate::library::{LibraryError, LibraryReader};
use crate::networks::device::DeviceChoice;
use crate::types::ModelId;

const MODEL_SETTING: &str = "model";
const DETECTOR_SETTING: &str = "detector";
const DEVICE_SETTING: &str = "device";

/// Fills in what `given` leaves open by what the library of this home remembers; where that says nothing either, the
/// defaults hold. Makes no library where there is none, and writes nothing into one.
pub(crate) fn resolve(home: &Home, given: EngineOptions) -> Result<EngineOptions> {
    if !home.has_library() {
        return Ok(given);
    }
    remembered(&reader(&home.library())?, given)
}

/// As [`resolve`], for who loads no networks but computes.
pub(crate) fn device_in_use(home: &Home, given: Option<DeviceChoice>) -> Result<DeviceChoice> {
    Ok(resolve(home, EngineOptions { device: given, ..EngineOptions::default() })?.device_choice())
}

/// Changes what the networks are loaded with from now on, in this session and the next.
pub fn change(shared: &Shared, change: impl FnOnce(&mut EngineOptions)) -> Result<()> {
    let mut options = shared.options();
    change(&mut options);
    remember(&shared.library, &options)?;
    shared.set_options(options);
    Ok(())
}

/// Remembers the default model where this one, which is no more, was chosen; says whether it was.
pub(crate) fn use_default_instead_of(library: &LibraryHandle, gone: &ModelId) -> Result<bool> {
    let gone = gone.clone();
    library.call(move |library| {
        let was_chosen = library.setting(MODEL_SETTING)?.is_some_and(|chosen| chosen == gone.0);
        if was_chosen {
            library.set_setting(MODEL_SETTING, EMBEDDER)?;
        }
        Ok::<_, LibraryError>(was_chosen)
    })
}

fn remembered(library: &LibraryReader, given: EngineOptions) -> Result<EngineOptions> {
    let setting = |key| library.setting(key);
    let device = match given.device {
        Some(device) => Some(device),
        None => setting(DEVICE_SETTING)?.map(|text| text.parse()).transpose()?,
    };
    let model = given.model.map_or_else(|| setting(MODEL_SETTING), |model| Ok(Some(model)))?;
    let detector = given.detector.map_or_else(|| setting(DETECTOR_SETTING), |detector| Ok(Some(detector)))?;
    Ok(EngineOptions { device, model, detector, ..given })
}

fn remember(library: &LibraryHandle, options: &EngineOptions) -> Result<()> {
    let device = options.device.as_ref().map(ToString::to_string);
    let chosen = [
        (MODEL_SETTING, options.model.clone()),
        (DETECTOR_SETTING, options.detector.clone()),
        (DEVICE_SETTING, device),
    ];
    library.call(move |library| {
        for (key, id) in chosen.iter().filter_map(|(key, id)| Some((key, id.as_ref()?))) {
            library.set_setting(key, id)?;
        }
        Ok::<_, LibraryError>(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        (folder, home)
    }

    fn chosen(model: &str, device: DeviceChoice) -> EngineOptions {
        EngineOptions { model: Some(model.to_owned()), device: Some(device), ..EngineOptions::default() }
    }

    #[test]
    fn what_is_said_goes_before_what_was_chosen_and_that_before_the_defaults() {
        let (_folder, home) = home();
        let shared = Shared::new(home.clone(), LibraryHandle::open(&home.library()).unwrap(), EngineOptions::default());
        assert_eq!(resolve(&home, EngineOptions::default()).unwrap(), EngineOptions::default());
        change(&shared, |options| *options = chosen("facenet-512", DeviceChoice::Cpu)).unwrap();
        let nothing_said = resolve(&home, EngineOptions::default()).unwrap();
        assert_eq!(nothing_said, chosen("facenet-512", DeviceChoice::Cpu));
        assert_eq!(nothing_said, shared.options(), "the window goes on with the same");
        let given = EngineOptions { offline: true, ..chosen("openface", DeviceChoice::Auto) };
        assert_eq!(resolve(&home, given.clone()).unwrap(), given);
        assert_eq!(device_in_use(&home, None).unwrap(), DeviceChoice::Cpu);
        assert_eq!(resolve(&home, EngineOptions::default()).unwrap(), nothing_said, "saying is not choosing");
    }

    #[test]
    fn the_question_makes_no_library() {
        let (_folder, home) = home();
        let given = EngineOptions { offline: true, ..EngineOptions::default() };
        assert_eq!(resolve(&home, given.clone()).unwrap(), given);
        assert!(!home.has_library());
    }
}
