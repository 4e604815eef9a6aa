//! What the user chose in an earlier session: models and device.

use anyhow::Result;

use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::networks::EngineOptions;
use crate::app::engine::shared::Shared;
use crate::library;

const MODEL_SETTING: &str = "model";
const DETECTOR_SETTING: &str = "detector";
const DEVICE_SETTING: &str = "device";

/// What the user chose in an earlier session, where the command line says nothing else.
pub fn remembered_options(library: &LibraryHandle, mut options: EngineOptions) -> Result<EngineOptions> {
    let [model, detector, device] = library.call(|library| {
        let setting = |key| library.setting(key);
        Ok::<_, library::LibraryError>([setting(MODEL_SETTING)?, setting(DETECTOR_SETTING)?, setting(DEVICE_SETTING)?])
    })?;
    options.model = options.model.or(model);
    options.detector = options.detector.or(detector);
    if let Some(device) = device.filter(|_| options.device == Default::default()) {
        options.device = device.parse()?;
    }
    Ok(options)
}

/// Changes what the networks are loaded with from now on, in this session and the next.
pub fn change(shared: &Shared, change: impl FnOnce(&mut EngineOptions)) -> Result<()> {
    let mut options = shared.options();
    change(&mut options);
    remember(&shared.library, &options)?;
    shared.set_options(options);
    Ok(())
}

fn remember(library: &LibraryHandle, options: &EngineOptions) -> Result<()> {
    let chosen = [(MODEL_SETTING, options.model.clone()), (DETECTOR_SETTING, options.detector.clone())];
    let device = options.device.to_string();
    library.call(move |library| {
        for (key, id) in chosen.iter().filter_map(|(key, id)| Some((key, id.as_ref()?))) {
            library.set_setting(key, id)?;
        }
        library.set_setting(DEVICE_SETTING, &device)
    })
}
