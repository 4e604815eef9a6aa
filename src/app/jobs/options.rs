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
const SMALL_FACES_SETTING: &str = "small_faces";

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

/// A library's photos are searched and embedded by these from now on, on the command line and in the window. What a scan
/// did not name is what it was already.
pub(crate) fn remember_networks(library: &LibraryHandle, options: &EngineOptions) -> Result<()> {
    let [model, detector] = [options.model_id(), options.detector_id()].map(|id| Some(id.0));
    remember(library, &EngineOptions { model, detector, ..EngineOptions::default() })
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

/// What a library remembers of the choice. Another program may change it: remove the model, or use another one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RememberedOptions {
    device: Option<String>,
    model: Option<String>,
    detector: Option<String>,
    small_faces: Option<bool>,
}

impl RememberedOptions {
    pub fn read(library: &LibraryReader) -> Result<Self, LibraryError> {
        Ok(Self {
            device: library.setting(DEVICE_SETTING)?,
            model: library.setting(MODEL_SETTING)?,
            detector: library.setting(DETECTOR_SETTING)?,
            small_faces: library.setting(SMALL_FACES_SETTING)?.and_then(|text| text.parse().ok()),
        })
    }

    /// Takes over for this session what has been chosen elsewhere since this was read; says whether something was. What
    /// was said for this session alone, and what was not chosen anew, stays.
    pub fn follow(&mut self, shared: &Shared) -> Result<bool> {
        let now = shared.library.ask(Self::read)?;
        let before = std::mem::replace(self, now.clone());
        let mut options = shared.options();
        if now.device != before.device {
            options.device = device_of(now.device)?;
        }
        if now.model != before.model {
            options.model = now.model;
        }
        if now.detector != before.detector {
            options.detector = now.detector;
        }
        if now.small_faces != before.small_faces {
            options.small_faces = now.small_faces;
        }
        if options == shared.options() {
            return Ok(false);
        }
        shared.set_options(options);
        shared.set_device(None);
        Ok(true)
    }
}

fn device_of(setting: Option<String>) -> Result<Option<DeviceChoice>> {
    Ok(setting.map(|text| text.parse()).transpose()?)
}

fn remembered(library: &LibraryReader, given: EngineOptions) -> Result<EngineOptions> {
    let chosen = RememberedOptions::read(library)?;
    let device = match given.device {
        Some(device) => Some(device),
        None => device_of(chosen.device)?,
    };
    Ok(EngineOptions {
        device,
        model: given.model.or(chosen.model),
        detector: given.detector.or(chosen.detector),
        small_faces: given.small_faces.or(chosen.small_faces),
        ..given
    })
}

/// Whether scans of this library look for small faces from now on.
pub(crate) fn remember_small_faces(library: &LibraryHandle, small_faces: bool) -> Result<()> {
    library.call(move |library| library.set_setting(SMALL_FACES_SETTING, &small_faces.to_string()))
}

fn remember(library: &LibraryHandle, options: &EngineOptions) -> Result<()> {
    let device = options.device.as_ref().map(ToString::to_string);
    let chosen = [
        (MODEL_SETTING, options.model.clone()),
        (DETECTOR_SETTING, options.detector.clone()),
        (DEVICE_SETTING, device),
        (SMALL_FACES_SETTING, options.small_faces.map(|small_faces| small_faces.to_string())),
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
        let shared = Shared::of_home(&home);
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
    fn an_open_window_follows_what_another_program_chooses_and_keeps_what_was_said_for_it_alone() {
        let (_folder, home) = home();
        let said = EngineOptions { detector: Some("mtcnn".to_owned()), ..EngineOptions::default() };
        let shared = Shared::new(home.clone(), LibraryHandle::open(&home.library()).unwrap(), said);
        change(&shared, |options| options.model = Some("mine".to_owned())).unwrap();
        let mut chosen = shared.library.call(|library| RememberedOptions::read(library)).unwrap();
        assert!(!chosen.follow(&shared).unwrap());
        // As `likeness models remove` leaves it.
        let elsewhere = LibraryHandle::open(&home.library()).unwrap();
        assert!(use_default_instead_of(&elsewhere, &ModelId("mine".to_owned())).unwrap());
        assert!(chosen.follow(&shared).unwrap());
        let options = shared.options();
        assert_eq!((options.model.as_deref(), options.detector.as_deref()), (Some(EMBEDDER), Some("mtcnn")));
        assert!(!chosen.follow(&shared).unwrap(), "once");
    }

    #[test]
    fn looking_for_small_faces_is_remembered_and_what_is_said_goes_before() {
        let (_folder, home) = home();
        let library = LibraryHandle::open(&home.library()).unwrap();
        let said = |small_faces| EngineOptions { small_faces, ..EngineOptions::default() };
        assert!(!resolve(&home, said(None)).unwrap().finds_small_faces());
        remember_small_faces(&library, true).unwrap();
        assert!(resolve(&home, said(None)).unwrap().finds_small_faces());
        assert!(!resolve(&home, said(Some(false))).unwrap().finds_small_faces());
        let shared = Shared::new(home.clone(), library, resolve(&home, said(None)).unwrap());
        change(&shared, |options| options.small_faces = Some(false)).unwrap();
        assert!(!resolve(&home, said(None)).unwrap().finds_small_faces());
    }

    #[test]
    fn what_a_library_was_scanned_with_holds_from_then_on() {
        let (_folder, home) = home();
        let library = LibraryHandle::open(&home.library()).unwrap();
        let scan = EngineOptions { offline: true, ..chosen("facenet-512", DeviceChoice::Cpu) };
        let scan = EngineOptions { detector: Some("mtcnn".to_owned()), ..scan };
        remember_networks(&library, &scan).unwrap();
        let next = resolve(&home, EngineOptions::default()).unwrap();
        assert_eq!((next.model.as_deref(), next.detector.as_deref()), (Some("facenet-512"), Some("mtcnn")));
        assert_eq!(next.device, None, "where it ran is another thing");
    }

    #[test]
    fn the_question_makes_no_library() {
        let (_folder, home) = home();
        let given = EngineOptions { offline: true, ..EngineOptions::default() };
        assert_eq!(resolve(&home, given.clone()).unwrap(), given);
        assert!(!home.has_library());
    }
}
