//! Models out of the store, and whether their files are what they should be.

#[cfg(feature = "gui")]
mod window;

use anyhow::Result;

use crate::app::engine::home::Home;
use crate::app::engine::library_thread::LibraryHandle;
use crate::app::jobs::options;
use crate::networks::models::{FileCheck, Store};
use crate::types::ModelId;

#[cfg(feature = "gui")]
pub use self::window::{Event, Job, NetworkRow, Request};

/// What became of a model that was to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Removed {
    pub was_installed: bool,
    /// It was in use and cannot come back, so the default model takes its place.
    pub default_in_use: bool,
}

/// Removes a model from the disk. One that the user had added is gone for good; where it was in use, the default takes
/// its place.
pub(crate) fn remove(home: &Home, store: &Store, model: &ModelId) -> Result<Removed> {
    remove_with(store, model, || home.has_library().then(|| LibraryHandle::open(&home.library())).transpose())
}

/// `library` is asked for only where it has to be known; None where there is no library.
fn remove_with(
    store: &Store,
    model: &ModelId,
    library: impl FnOnce() -> Result<Option<LibraryHandle>>,
) -> Result<Removed> {
    let library = if store.own().has(model) { library()? } else { None };
    let default_in_use = library.map_or(Ok(false), |library| options::use_default_instead_of(&library, model))?;
    Ok(Removed { was_installed: store.remove(model)?, default_in_use })
}

/// Reads the files of these models, or of all that are installed, and compares their SHA-256, one after the other.
pub(crate) fn verify<'a>(
    store: &'a Store,
    named: &'a [ModelId],
) -> impl Iterator<Item = Result<(&'a ModelId, FileCheck)>> {
    let all = store.manifest().models.iter().map(|entry| &entry.id).filter(|_| named.is_empty());
    let checked = named.iter().chain(all).map(|id| Ok((id, store.verify(id)?)));
    checked.filter(|checked| !(named.is_empty() && matches!(checked, Ok((_, FileCheck::Missing)))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::networks::{EMBEDDER, EngineOptions};
    use crate::app::jobs::options::resolve;

    /// A model of the user's own, in the store and chosen.
    fn with_own_model() -> (tempfile::TempDir, Home, ModelId) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let (store, id) = (Store::open(home.models()).unwrap(), ModelId("mine".to_owned()));
        let new = store.add(&id).unwrap();
        std::fs::write(new.file(), b"weights").unwrap();
        new.finish(store.entry(&ModelId(EMBEDDER.to_owned())).unwrap().clone()).unwrap();
        let library = LibraryHandle::open(&home.library()).unwrap();
        library.call(|library| library.set_setting("model", "mine")).unwrap();
        (folder, home, id)
    }

    fn in_use(home: &Home) -> ModelId {
        resolve(home, EngineOptions::default()).unwrap().model_id()
    }

    #[test]
    fn where_the_model_in_use_goes_for_good_the_default_takes_its_place() {
        let (_folder, home, mine) = with_own_model();
        assert_eq!(in_use(&home), mine);
        let store = Store::open(home.models()).unwrap();
        // A built-in model can be installed again, and stays the one in use.
        let sface = ModelId(EMBEDDER.to_owned());
        assert_eq!(remove(&home, &store, &sface).unwrap(), Removed { was_installed: false, default_in_use: false });
        assert_eq!(in_use(&home), mine);
        assert_eq!(remove(&home, &store, &mine).unwrap(), Removed { was_installed: true, default_in_use: true });
        assert_eq!(in_use(&home), sface);
    }

    #[test]
    fn all_installed_models_are_verified_unless_some_are_named() {
        let (_folder, home, mine) = with_own_model();
        let store = Store::open(home.models()).unwrap();
        let found = |named: &[ModelId]| -> Vec<_> {
            verify(&store, named).map(|checked| checked.map(|(id, check)| (id.clone(), check)).unwrap()).collect()
        };
        assert_eq!(found(&[]), [(mine.clone(), FileCheck::Sound)]);
        let sface = ModelId(EMBEDDER.to_owned());
        assert_eq!(found(std::slice::from_ref(&sface)), [(sface, FileCheck::Missing)]);
        std::fs::write(store.path(&mine).join("model.safetensors"), b"WEIGHTS").unwrap();
        assert!(matches!(&found(&[])[..], [(id, FileCheck::Damaged { .. })] if *id == mine));
    }
}
