//! The files and folders that were chosen last, remembered from one start to the next.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::app::evaluate::state::setup::EvaluationSetup;
use crate::app::train::state::form::{DataSource, TrainForm};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RememberedPaths {
    /// What was judged: the list of pairs and the folder of images.
    pub pairs: Option<PathBuf>,
    pub images: Option<PathBuf>,
    /// What a run learned from, and the pairs it was judged on with their pictures.
    pub people: Option<PathBuf>,
    pub held_out_pairs: Option<PathBuf>,
    pub pair_pictures: Option<PathBuf>,
}

impl RememberedPaths {
    pub fn of(setup: &EvaluationSetup, form: &TrainForm) -> Self {
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

    /// Chooses the same again. Whether it is still there shows when it is used: the window's thread does not wait for a
    /// disk that sleeps.
    pub fn put_back(self, setup: &mut EvaluationSetup, form: &mut TrainForm) {
        (setup.pairs, setup.images) = (self.pairs, self.images);
        form.data = self.people.map(DataSource::Folder);
        (form.pairs, form.pair_pictures) = (self.held_out_pairs, self.pair_pictures);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_chosen_is_chosen_again() {
        let (mut setup, mut form) = (EvaluationSetup::default(), TrainForm::default());
        setup.images = Some("/lfw/images".into());
        form.data = Some(DataSource::Folder("/people".into()));
        form.pairs = Some("/lfw/pairs.txt".into());
        let paths = RememberedPaths::of(&setup, &form);
        let text = serde_json::to_string(&paths).unwrap();
        let (mut new_setup, mut new_form) = (EvaluationSetup::default(), TrainForm::default());
        serde_json::from_str::<RememberedPaths>(&text).unwrap().put_back(&mut new_setup, &mut new_form);
        assert_eq!(RememberedPaths::of(&new_setup, &new_form), paths);
        assert_eq!(new_form.data, form.data);
    }
}
