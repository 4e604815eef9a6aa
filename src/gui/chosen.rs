//! The files and folders that were chosen last, remembered from one start to the next.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::state::State;
use super::train::form::DataSource;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChosenPaths {
    /// What was judged: the list of pairs and the folder of images.
    pub pairs: Option<PathBuf>,
    pub images: Option<PathBuf>,
    /// What a run learned from, and the pairs it was judged on with their pictures.
    pub people: Option<PathBuf>,
    pub held_out_pairs: Option<PathBuf>,
    pub pair_pictures: Option<PathBuf>,
}

impl ChosenPaths {
    pub fn of(state: &State) -> Self {
        let (setup, form) = (&state.evaluate.setup, &state.train.form);
        let people = match &form.data {
            Some(DataSource::Folder(folder)) => Some(folder.clone()),
            _ => None,
        };
        Self {
            pairs: setup.pairs.clone(),
            images: setup.images.clone(),
            people,
            held_out_pairs: form.pairs.clone(),
            pair_pictures: form.pair_pictures.clone(),
        }
    }

    /// Chooses again what is still there.
    pub fn put_back(&self, state: &mut State) {
        let there = |path: &Option<PathBuf>| path.clone().filter(|path| path.exists());
        let (setup, form) = (&mut state.evaluate.setup, &mut state.train.form);
        setup.pairs = there(&self.pairs);
        setup.images = there(&self.images);
        form.data = there(&self.people).map(DataSource::Folder);
        form.pairs = there(&self.held_out_pairs);
        form.pair_pictures = there(&self.pair_pictures);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_still_there_is_chosen_again() {
        let folder = tempfile::tempdir().unwrap();
        let (here, gone) = (folder.path().to_owned(), folder.path().join("gone"));
        let mut before = State::default();
        before.evaluate.setup.images = Some(here.clone());
        before.evaluate.setup.pairs = Some(gone.clone());
        before.train.form.data = Some(DataSource::Folder(here.clone()));
        before.train.form.pairs = Some(gone);
        let text = serde_json::to_string(&ChosenPaths::of(&before)).unwrap();
        let mut after = State::default();
        serde_json::from_str::<ChosenPaths>(&text).unwrap().put_back(&mut after);
        assert_eq!(after.evaluate.setup.images, Some(here.clone()));
        assert_eq!(after.train.form.data, Some(DataSource::Folder(here)));
        assert_eq!((after.evaluate.setup.pairs, after.train.form.pairs), (None, None));
    }
}
