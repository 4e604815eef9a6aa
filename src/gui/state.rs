//! What the window knows: plain data, written by `logic`, read by the views.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::backend::Failure;
use super::chosen::ChosenPaths;
use super::evaluate::state::EvaluateState;
use super::importing::Imports;
use super::locale::Language;
use super::notices::Notices;
use super::rows::{
    CompareResult, CompareSource, DeviceRow, GroupingPreview, JobId, JobReport, Linkage, ModelRow, NetworkRow,
    Overview, People, PersonPage, PhotoDetail, PhotoFilter, Timeline,
};
use super::theme::ThemeChoice;
use super::train::TrainState;
use crate::types::{ModelId, PersonId, PhotoId};

/// The views of the rail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    #[default]
    Library,
    People,
    Compare,
    Evaluate,
    Train,
    Models,
    Settings,
}

impl View {
    pub const ALL: [Self; 7] =
        [Self::Library, Self::People, Self::Compare, Self::Evaluate, Self::Train, Self::Models, Self::Settings];

    pub fn label_key(self) -> &'static str {
        match self {
            Self::Library => "view_library",
            Self::People => "view_people",
            Self::Compare => "view_compare",
            Self::Evaluate => "view_evaluate",
            Self::Train => "view_train",
            Self::Models => "view_models",
            Self::Settings => "view_settings",
        }
    }
}

/// Something that was asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Loadable<T> {
    /// Asked for, or about to be.
    #[default]
    Loading,
    Ready(T),
    Failed(Failure),
}

impl<T> Loadable<T> {
    pub fn ready(&self) -> Option<&T> {
        match self {
            Self::Ready(value) => Some(value),
            Self::Loading | Self::Failed(_) => None,
        }
    }
}

/// What is remembered from one run to the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub view: View,
    pub theme: ThemeChoice,
    /// None follows the system.
    pub language: Option<Language>,
    /// Side of a photo in the grid, in points.
    pub tile_size: f32,
    pub reduced_motion: bool,
    pub chosen: ChosenPaths,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            view: View::default(),
            theme: ThemeChoice::default(),
            language: None,
            tile_size: 160.0,
            reduced_motion: false,
            chosen: ChosenPaths::default(),
        }
    }
}

/// The page opened over a view.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Page {
    #[default]
    None,
    Photo(PhotoId),
    Person(PersonId),
}

/// The grouping panel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grouping {
    pub open: bool,
    /// What the user looks at; none until the slider is moved.
    pub asked: Option<(f32, Linkage)>,
    pub preview: Option<GroupingPreview>,
}

#[derive(Debug, Default)]
pub struct Compared {
    pub sources: Vec<CompareSource>,
    /// Of the sources as they are; none while they are computed.
    pub result: Option<CompareResult>,
}

#[derive(Debug, Default)]
pub struct State {
    pub settings: Settings,
    pub page: Page,
    /// Pages to go back to.
    pub trail: Vec<Page>,
    pub overview: Loadable<Overview>,
    pub people: Loadable<People>,
    pub filter: PhotoFilter,
    pub timeline: Loadable<Timeline>,
    /// Grows with every new timeline, so that views know when to lay out anew.
    pub timeline_revision: u64,
    pub photo: Loadable<PhotoDetail>,
    pub person: Loadable<PersonPage>,
    pub models: Loadable<Vec<ModelRow>>,
    /// The catalogue; empty until it was asked for.
    pub networks: Vec<NetworkRow>,
    /// The network whose layers are shown.
    pub network: Option<String>,
    pub devices: Loadable<Vec<DeviceRow>>,
    pub grouping: Grouping,
    pub compared: Compared,
    pub evaluate: EvaluateState,
    pub train: TrainState,
    /// The last answer to a search for photos: the text, and what was found.
    pub found_photos: (String, Vec<(PhotoId, String)>),
    /// Two people whose merging is being previewed: from, into.
    pub merging: Option<(PersonId, PersonId)>,
    pub imports: Imports,
    pub jobs: BTreeMap<JobId, JobReport>,
    /// What each running installation fetches.
    pub installing: BTreeMap<JobId, Vec<ModelId>>,
    pub notices: Notices,
}

impl State {
    pub fn overview(&self) -> Option<&Overview> {
        self.overview.ready()
    }

    /// Whether there is nothing yet to look at, so that the first-run page belongs here.
    pub fn is_fresh(&self) -> bool {
        self.overview().is_some_and(|overview| overview.photos == 0 && overview.skipped == 0)
    }

    pub fn threshold(&self) -> f32 {
        self.overview().map_or(1.0, |overview| overview.threshold)
    }

    /// The squared distance and the linkage that faces were last grouped with.
    pub fn grouped_with(&self) -> (f32, Linkage) {
        self.overview().map_or((1.0, Linkage::default()), |overview| overview.grouping)
    }

    /// The name of a person, as far as it has been loaded.
    pub fn name_of(&self, person: PersonId) -> Option<&str> {
        let people = self.people.ready()?;
        people.named.iter().find(|row| row.person == person).map(|row| row.name.as_str())
    }

    /// The person who has this name, whatever its case.
    pub fn person_named(&self, name: &str) -> Option<PersonId> {
        let wanted = name.trim().to_lowercase();
        let people = self.people.ready()?;
        people.named.iter().find(|row| row.name.to_lowercase() == wanted).map(|row| row.person)
    }

    /// The photo beside the open one in the timeline.
    pub fn neighbour(&self, photo: PhotoId, step: isize) -> Option<PhotoId> {
        let timeline = self.timeline.ready()?;
        let mut photos = timeline.months.iter().flat_map(|month| month.photos.iter().map(|tile| tile.photo));
        if step > 0 {
            photos.by_ref().find(|&other| other == photo)?;
            photos.next()
        } else {
            let mut before = None;
            for other in photos {
                if other == photo {
                    return before;
                }
                before = Some(other);
            }
            None
        }
    }
}
