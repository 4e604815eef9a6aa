//! What a user chooses before an evaluation starts.

use std::path::PathBuf;

use crate::app::evaluate::job::pairs_config::Mirror;
use crate::eval::Metric;
use crate::types::{FaceCrop, ModelId};

/// What is judged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Subject {
    /// LFW's list of pairs with its folder of images.
    #[default]
    PairList,
    /// A folder with one sub-folder a person.
    Folder,
    /// The faces that the user named.
    Library,
    /// Files of embeddings, made earlier or elsewhere, with a list of pairs.
    Embeddings,
}

impl Subject {
    pub const ALL: [Self; 4] = [Self::PairList, Self::Folder, Self::Library, Self::Embeddings];

    pub(crate) fn label_key(self) -> &'static str {
        match self {
            Self::PairList => "subject_pairs",
            Self::Folder => "subject_folder",
            Self::Library => "subject_library",
            Self::Embeddings => "subject_embeddings",
        }
    }

    pub(crate) fn what_key(self) -> &'static str {
        match self {
            Self::PairList => "subject_pairs_what",
            Self::Folder => "subject_folder_what",
            Self::Library => "subject_library_what",
            Self::Embeddings => "subject_embeddings_what",
        }
    }

    /// The files and folders it needs, in the order they are asked for.
    pub(crate) fn paths(self) -> &'static [EvaluationPath] {
        match self {
            Self::PairList => &[EvaluationPath::Pairs, EvaluationPath::Images],
            Self::Folder => &[EvaluationPath::Images],
            Self::Library => &[],
            Self::Embeddings => &[EvaluationPath::Embeddings, EvaluationPath::Pairs, EvaluationPath::Images],
        }
    }

    /// Embeddings that are there already need no network.
    pub(crate) fn needs_models(self) -> bool {
        self != Self::Embeddings
    }

    /// Lists in LFW's manner mean the face in the middle.
    fn usual_crop(self) -> FaceCrop {
        match self {
            Self::PairList | Self::Embeddings => FaceCrop::Central,
            Self::Folder | Self::Library => FaceCrop::Largest,
        }
    }

    /// Whether pairs are judged by folds, so that flips, means and distances can be chosen.
    pub(crate) fn has_pairs(self) -> bool {
        matches!(self, Self::PairList | Self::Embeddings)
    }
}

/// A file or folder that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EvaluationPath {
    Pairs,
    Images,
    Embeddings,
    /// A list whose pairs choose the threshold, for lists with one fold. It may be missing.
    Threshold,
}

impl EvaluationPath {
    pub(crate) fn label_key(self) -> &'static str {
        match self {
            Self::Pairs => "path_pairs",
            Self::Images => "path_images",
            Self::Embeddings => "path_embeddings",
            Self::Threshold => "path_threshold",
        }
    }

    pub(crate) fn is_folder(self) -> bool {
        self == Self::Images
    }
}

/// What is usually left as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluationOptions {
    pub crop: FaceCrop,
    pub(crate) mirror: Option<Mirror>,
    pub subtract_mean: bool,
    pub metric: Metric,
    pub far_target: f64,
}

impl Default for EvaluationOptions {
    fn default() -> Self {
        Self {
            crop: Subject::default().usual_crop(),
            mirror: None,
            subtract_mean: false,
            metric: Metric::SquaredL2,
            far_target: 1e-3,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct EvaluationSetup {
    pub subject: Subject,
    pub pairs: Option<PathBuf>,
    pub threshold_from: Option<PathBuf>,
    pub images: Option<PathBuf>,
    pub embeddings: Vec<PathBuf>,
    pub models: Vec<ModelId>,
    pub options: EvaluationOptions,
}

impl EvaluationSetup {
    /// The text that names what is still to be chosen; None when it can start.
    pub fn missing(&self) -> Option<&'static str> {
        let paths = self.subject.paths();
        if paths.contains(&EvaluationPath::Embeddings) && self.embeddings.is_empty() {
            Some("missing_embeddings")
        } else if paths.contains(&EvaluationPath::Pairs) && self.pairs.is_none() {
            Some("missing_pairs")
        } else if self.subject.needs_models() && paths.contains(&EvaluationPath::Images) && self.images.is_none() {
            Some("missing_images")
        } else if self.subject.needs_models() && self.models.is_empty() {
            Some("missing_model")
        } else {
            None
        }
    }

    /// A crop that nobody chose follows the subject.
    pub(crate) fn set_subject(&mut self, subject: Subject) {
        if self.options.crop == self.subject.usual_crop() {
            self.options.crop = subject.usual_crop();
        }
        self.subject = subject;
    }

    pub(crate) fn set_path(&mut self, which: EvaluationPath, mut paths: Vec<PathBuf>) {
        match which {
            EvaluationPath::Embeddings => self.embeddings = paths,
            EvaluationPath::Pairs => self.pairs = paths.pop(),
            EvaluationPath::Images => self.images = paths.pop(),
            EvaluationPath::Threshold => self.threshold_from = paths.pop(),
        }
    }

    pub(crate) fn toggle_model(&mut self, model: ModelId) {
        match self.models.iter().position(|wanted| *wanted == model) {
            Some(index) => _ = self.models.remove(index),
            None => self.models.push(model),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_still_to_be_chosen() {
        let mut setup = EvaluationSetup::default();
        assert_eq!(setup.missing(), Some("missing_pairs"));
        setup.set_path(EvaluationPath::Pairs, vec!["pairs.txt".into()]);
        assert_eq!(setup.missing(), Some("missing_images"));
        setup.set_path(EvaluationPath::Images, vec!["lfw".into()]);
        assert_eq!(setup.missing(), Some("missing_model"));
        setup.toggle_model(ModelId("sface".into()));
        assert_eq!(setup.missing(), None);
        setup.subject = Subject::Embeddings;
        assert_eq!(setup.missing(), Some("missing_embeddings"));
        setup.set_path(EvaluationPath::Embeddings, vec!["a.jsonl".into()]);
        setup.images = None;
        setup.models.clear();
        assert_eq!(setup.missing(), None, "ready embeddings need neither a network nor images");
    }
}
