//! What the window knows: plain data, written by `logic`, read by the views.

use crate::app::compare::state::Compared;

use crate::app::people::state::Grouping;

use crate::app::ui::view::View;

use crate::app::engine::facts::Loadable;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::app::engine::report::{JobId, JobReport};
use crate::app::engine::facts::{Linkage, ModelRow, Overview, People};
use crate::app::evaluate::state::EvaluateState;
use crate::app::models::state::importing::Imports;
use crate::app::photos::state::{PhotoDetail, PhotoFilter, Timeline};
use crate::app::people::state::{GroupingPreview, PersonPage};
use crate::app::compare::state::{CompareResult, CompareSource};
use crate::app::engine::report::Failure;
use crate::app::models::state::networks::NetworkRow;
use crate::app::settings::state::DeviceRow;
use crate::app::shell::notices::Notices;
use crate::app::shell::remembered_paths::ChosenPaths;
use crate::app::train::state::TrainState;
use crate::app::ui::locale::Language;
use crate::app::ui::theme::ThemeChoice;
use crate::types::{ModelId, PersonId, PhotoId};

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
