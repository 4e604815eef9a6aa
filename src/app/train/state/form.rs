//! What the user has chosen for a run, and why it cannot start yet.

use std::path::PathBuf;

use crate::app::engine::facts::Loadable;
use crate::app::train::job::people::FaceFinding;
use crate::app::train::job::runs::run_name;
use crate::app::train::job::{DataFrom, PairsRequest, StartFrom, TrainRequest};
use crate::app::train::state::{Choices, DataSource, State};
use crate::networks::nets::catalogue::{NetOptions, Variant, find};
use crate::train::TrainConfig;
use crate::train::config::MiningSource;
use crate::train::presets::Preset;
use crate::types::ModelId;

/// A file or folder that the view needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrainPath {
    Data,
    Weights,
    OldWeights,
    TeacherWeights,
    Pairs,
    PairPictures,
    Schedule,
}

impl TrainPath {
    pub(crate) fn is_folder(self) -> bool {
        matches!(self, Self::Data | Self::PairPictures)
    }

    pub(crate) fn title_key(self) -> &'static str {
        match self {
            Self::Data => "train_choose_data",
            Self::Weights => "train_choose_weights",
            Self::OldWeights => "train_choose_old",
            Self::TeacherWeights => "train_choose_teacher",
            Self::Pairs => "train_choose_pairs",
            Self::PairPictures => "train_choose_pair_pictures",
            Self::Schedule => "train_choose_schedule",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StartKind {
    Installed,
    Scratch,
    File,
}

impl StartKind {
    pub const ALL: [Self; 3] = [Self::Installed, Self::Scratch, Self::File];

    pub fn label_key(self) -> &'static str {
        match self {
            Self::Installed => "train_start_installed",
            Self::Scratch => "train_start_scratch",
            Self::File => "train_start_file",
        }
    }
}

/// The form of the set-up.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainForm {
    pub data: Option<DataSource>,
    pub(crate) faces: FaceFinding,
    pub(crate) start: StartKind,
    pub model: Option<ModelId>,
    pub net: Option<String>,
    /// Departures from the network's own figures.
    pub net_options: NetOptions,
    pub weights: Option<PathBuf>,
    /// The network to stay comparable with, for harmonic training.
    pub old: Option<StartFrom>,
    /// The network whose vectors shall be learned.
    pub teacher: Option<StartFrom>,
    pub preset: Preset,
    pub config: TrainConfig,
    pub schedule: Option<PathBuf>,
    /// Why the last schedule file cannot be used.
    pub schedule_problem: Option<String>,
    pub pairs: Option<PathBuf>,
    pub pair_pictures: Option<PathBuf>,
    /// Of the run's folder; empty takes the suggested one.
    pub name: String,
}

impl Default for TrainForm {
    fn default() -> Self {
        Self {
            data: None,
            faces: FaceFinding::Detect,
            start: StartKind::Installed,
            model: None,
            net: None,
            net_options: NetOptions::default(),
            weights: None,
            old: None,
            teacher: None,
            preset: Preset::Finetune,
            config: Preset::Finetune.config(),
            schedule: None,
            schedule_problem: None,
            pairs: None,
            pair_pictures: None,
            name: String::new(),
        }
    }
}

/// Why a run cannot start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Data,
    Counting,
    TooFewPeople,
    TooFewPictures,
    Model,
    Network,
    Weights,
    OldNetwork,
    Teacher,
    PairPictures,
    FirstPart,
    NameTaken,
    NameUnfit,
    OtherRun,
    Loading,
}

impl Missing {
    pub(crate) fn words_key(self) -> &'static str {
        match self {
            Self::Data => "train_missing_data",
            Self::Counting => "train_missing_counting",
            Self::TooFewPeople => "train_missing_people",
            Self::TooFewPictures => "train_missing_pictures",
            Self::Model => "train_missing_model",
            Self::Network => "train_missing_network",
            Self::Weights => "train_missing_weights",
            Self::OldNetwork => "train_missing_old",
            Self::Teacher => "train_missing_teacher",
            Self::PairPictures => "train_missing_pair_pictures",
            Self::FirstPart => "train_missing_first_part",
            Self::NameTaken => "train_missing_name_taken",
            Self::NameUnfit => "train_missing_name_unfit",
            Self::OtherRun => "train_missing_other_run",
            Self::Loading => "loading",
        }
    }
}

impl TrainForm {
    /// Takes the preset with all its settings, and starting weights that go with it.
    pub(crate) fn take_preset(&mut self, preset: Preset) {
        let seed = self.config.seed;
        self.preset = preset;
        self.config = TrainConfig { seed, ..preset.config() };
        self.schedule = None;
        match preset {
            Preset::Scratch | Preset::Paper | Preset::Davidsandberg | Preset::Teacher
                if self.start == StartKind::Installed =>
            {
                self.start = StartKind::Scratch
            }
            Preset::Finetune if self.start == StartKind::Scratch => self.start = StartKind::Installed,
            _ => {}
        }
    }

    /// Whether a setting differs from the preset.
    pub(crate) fn departs(&self) -> bool {
        TrainConfig { seed: self.config.seed, ..self.preset.config() } != self.config
    }

    pub(crate) fn is_harmonic(&self) -> bool {
        matches!(self.config.mining, MiningSource::Harmonic { .. })
    }

    pub(crate) fn take_file(&mut self, file: TrainPath, path: PathBuf) {
        match file {
            TrainPath::Data => self.data = Some(DataSource::Folder(path)),
            TrainPath::Weights => {
                self.start = StartKind::File;
                self.weights = Some(path);
            }
            TrainPath::OldWeights => self.old = Some(StartFrom::File { path }),
            TrainPath::TeacherWeights => self.teacher = Some(StartFrom::File { path }),
            TrainPath::Pairs => {
                // An LFW list usually lies beside its pictures.
                self.pair_pictures = self.pair_pictures.take().or_else(|| path.parent().map(PathBuf::from));
                self.pairs = Some(path);
            }
            TrainPath::PairPictures => self.pair_pictures = Some(path),
            TrainPath::Schedule => self.schedule = Some(path),
        }
    }

    /// Chooses what has not been chosen yet from what there is.
    pub(crate) fn fill_from(&mut self, choices: &Choices) {
        let known = |model: &ModelId| choices.models.iter().any(|row| row.model == *model);
        if !self.model.as_ref().is_some_and(known) {
            let row = choices.models.iter().find(|row| row.in_use).or(choices.models.first());
            self.model = row.map(|row| row.model.clone());
        }
        let gone = |teacher: &StartFrom| matches!(teacher, StartFrom::Installed { id } if !known(id));
        if self.teacher.as_ref().is_none_or(gone) {
            self.teacher = self.model.clone().map(|id| StartFrom::Installed { id });
        }
        if self.net.is_none() {
            self.net = choices.networks.first().map(|network| network.variant.name.to_owned());
        }
    }

    /// Whether the network from scratch has a dropout to be set.
    pub(crate) fn has_dropout(&self) -> bool {
        self.net.as_deref().and_then(|net| find(net).ok()).is_none_or(Variant::has_dropout)
    }

    /// What the run starts from, as far as it is chosen.
    fn start_from(&self) -> Option<StartFrom> {
        match self.start {
            StartKind::Installed => Some(StartFrom::Installed { id: self.model.clone()? }),
            StartKind::Scratch => {
                let dropout = self.net_options.dropout.filter(|_| self.has_dropout());
                let options = NetOptions { dropout, ..self.net_options };
                Some(StartFrom::Scratch { net: self.net.clone()?, options })
            }
            StartKind::File => Some(StartFrom::File { path: self.weights.clone()? }),
        }
    }

    /// The run's name: the user's, or one made of network and data that is not taken.
    pub(crate) fn run_name(&self, choices: &Choices) -> String {
        if !self.name.trim().is_empty() {
            return self.name.trim().to_owned();
        }
        let data = self.data.clone().map(data_from);
        run_name(self.start_from().as_ref(), data.as_ref(), &choices.taken)
    }
}

fn data_from(data: DataSource) -> DataFrom {
    match data {
        DataSource::Folder(path) => DataFrom::Folder { path },
        // The job fills in where the library lies.
        DataSource::Library { one_by_one } => DataFrom::Library { path: PathBuf::new(), one_by_one },
    }
}

/// Why the form cannot start a run, if it cannot: the first thing to see to.
pub(crate) fn missing(state: &State) -> Option<Missing> {
    let form = &state.form;
    let Loadable::Ready(choices) = &state.choices else { return Some(Missing::Loading) };
    let summary = match (&form.data, &state.data_summary) {
        (None, _) => return Some(Missing::Data),
        (Some(data), Some((of, summary))) if of == data => summary,
        _ => return Some(Missing::Counting),
    };
    match summary {
        Loadable::Loading => return Some(Missing::Counting),
        Loadable::Failed(_) => return Some(Missing::Data),
        Loadable::Ready(summary) if form.config.needs_names() && summary.with_pairs() < 2 => {
            return Some(Missing::TooFewPeople);
        }
        Loadable::Ready(summary) if summary.pictures + summary.beside_folders() < 2 => {
            return Some(Missing::TooFewPictures);
        }
        Loadable::Ready(_) => {}
    }
    if form.start_from().is_none() {
        return Some(match form.start {
            StartKind::Installed => Missing::Model,
            StartKind::Scratch => Missing::Network,
            StartKind::File => Missing::Weights,
        });
    }
    if form.is_harmonic() && form.old.is_none() {
        return Some(Missing::OldNetwork);
    }
    if form.config.teacher.is_some() && form.teacher.is_none() {
        return Some(Missing::Teacher);
    }
    if form.pairs.is_some() && form.pair_pictures.is_none() {
        return Some(Missing::PairPictures);
    }
    if !form.config.first_part_ends() {
        return Some(Missing::FirstPart);
    }
    let name = form.run_name(choices);
    if name.contains(['/', '\\', ':']) || name.starts_with('.') {
        return Some(Missing::NameUnfit);
    }
    if choices.taken.contains(&name) {
        return Some(Missing::NameTaken);
    }
    let busy = state.waiting || state.run.as_ref().is_some_and(|run| run.end.is_none());
    busy.then_some(Missing::OtherRun)
}

/// What the form asks for; none while something is missing.
pub(crate) fn request(state: &State) -> Option<(TrainRequest, String)> {
    if missing(state).is_some() {
        return None;
    }
    let form = &state.form;
    let data = form.data.clone()?;
    let choices = state.choices.ready()?;
    let in_use = choices.models.iter().find(|row| row.in_use).map(|row| row.model.clone());
    let pairs = form.pairs.clone().zip(form.pair_pictures.clone());
    let faces = if data.is_library() { FaceFinding::Detect } else { form.faces };
    let request = TrainRequest {
        data: data_from(data),
        start: form.start_from()?,
        scaling: None,
        faces,
        detector: None,
        pairs: pairs.map(|(list, images)| PairsRequest { list, images }),
        // A network from random weights is measured against the one in use.
        against: in_use.filter(|_| form.start == StartKind::Scratch).map(|id| StartFrom::Installed { id }),
        old: form.old.clone().filter(|_| form.is_harmonic()),
        teacher: form.teacher.clone().filter(|_| form.config.teacher.is_some()),
        config: form.config.clone(),
    };
    Some((request, form.run_name(choices)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::train::job::choices::NetworkChoice;
    use crate::app::train::job::data_summary::{DataSummary, LeftOutWhy};
    use crate::app::train::state::ModelChoice;

    fn choices() -> Choices {
        let model = |id: &str, in_use| ModelChoice {
            model: ModelId(id.into()),
            name: id.to_uppercase(),
            dimensions: 128,
            in_use,
        };
        Choices {
            networks: vec![NetworkChoice::of(find("likeness-small").unwrap())],
            models: vec![model("facenet", false), model("sface", true)],
            taken: vec!["sface-album".into()],
            ..Choices::default()
        }
    }

    fn ready() -> State {
        let data = DataSource::Folder("/photos/album".into());
        let summary = DataSummary { people: 9, pictures: 40, with_one_picture: 2, ..DataSummary::default() };
        let mut state = State { choices: Loadable::Ready(choices()), ..State::default() };
        state.form.fill_from(&choices());
        state.form.data = Some(data.clone());
        state.data_summary = Some((data, Loadable::Ready(summary)));
        state
    }

    #[test]
    fn a_form_says_what_it_lacks_before_it_asks() {
        let mut state = State::default();
        assert_eq!(missing(&state), Some(Missing::Loading));
        state = ready();
        assert_eq!(missing(&state), None);
        state.form.take_preset(Preset::Harmonic);
        assert_eq!(missing(&state), Some(Missing::OldNetwork));
        state.form.old = Some(StartFrom::Installed { id: ModelId("sface".into()) });
        assert_eq!(missing(&state), None);
        state.form.config.steps = 1000;
        assert_eq!(missing(&state), Some(Missing::FirstPart));
        state.form.config.steps = 1001;
        state.form.take_file(TrainPath::Pairs, "/lfw/pairs.txt".into());
        assert_eq!(request(&state).unwrap().0.pairs.unwrap().images, PathBuf::from("/lfw"));
        state.form.name = "a/b".into();
        assert_eq!(missing(&state), Some(Missing::NameUnfit));
        state.form.name = "sface-album".into();
        assert_eq!(missing(&state), Some(Missing::NameTaken));
        state.form.data = Some(DataSource::Library { one_by_one: false });
        assert_eq!(missing(&state), Some(Missing::Counting));
        assert!(request(&state).is_none());
    }

    #[test]
    fn a_teacher_is_the_model_in_use_and_pictures_need_no_names() {
        let mut state = ready();
        let summary = DataSummary { left_out: [(LeftOutWhy::OutsideFolders, 40)].into(), ..DataSummary::default() };
        state.data_summary.as_mut().unwrap().1 = Loadable::Ready(summary);
        assert_eq!(missing(&state), Some(Missing::TooFewPeople));
        state.form.take_preset(Preset::Teacher);
        assert_eq!((missing(&state), state.form.start), (None, StartKind::Scratch));
        let sface = StartFrom::Installed { id: ModelId("sface".into()) };
        assert_eq!(request(&state).unwrap().0.teacher, Some(sface));
        state.form.config.teacher.as_mut().unwrap().triplet_weight = 1.0;
        assert_eq!(missing(&state), Some(Missing::TooFewPeople), "triplets need names");
        state.form.take_preset(Preset::Teacher);
        state.form.teacher = None;
        assert_eq!(missing(&state), Some(Missing::Teacher));
        state.form.take_file(TrainPath::TeacherWeights, "/large.safetensors".into());
        assert_eq!(missing(&state), None);
        state.data_summary.as_mut().unwrap().1 = Loadable::Ready(DataSummary::default());
        assert_eq!(missing(&state), Some(Missing::TooFewPictures));
        state.form.take_preset(Preset::Scratch);
        assert!(request(&ready()).unwrap().0.teacher.is_none());
    }

    #[test]
    fn a_dropout_goes_with_the_network_that_has_one() {
        let mut state = ready();
        state.form.take_preset(Preset::Scratch);
        state.form.net_options.dropout = Some(0.4);
        for (net, dropout) in [("likeness-small", None), ("nn4", Some(0.4))] {
            state.form.net = Some(net.to_owned());
            let Some((TrainRequest { start: StartFrom::Scratch { options, .. }, .. }, _)) = request(&state) else {
                panic!("{:?}", missing(&state))
            };
            assert_eq!((options.dropout, state.form.has_dropout()), (dropout, dropout.is_some()));
        }
    }

    #[test]
    fn a_name_is_made_that_is_not_taken() {
        let state = ready();
        assert_eq!(state.form.model, Some(ModelId("sface".into())), "the one in use");
        assert_eq!(request(&state).unwrap().1, "sface-album-2");
    }

    #[test]
    fn a_preset_brings_its_settings_and_fitting_weights() {
        let mut form = TrainForm::default();
        assert!(!form.departs());
        form.config.steps += 1;
        assert!(form.departs());
        form.config.seed = 9;
        form.take_preset(Preset::Paper);
        assert!(!form.departs());
        assert_eq!((form.start, form.config.seed), (StartKind::Scratch, 9));
        form.take_preset(Preset::Finetune);
        assert_eq!(form.start, StartKind::Installed);
    }
}
