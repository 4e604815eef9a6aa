//! The seam between the window and the jobs behind it.
//!
//! The window sends a [`Request`] and later polls an [`Event`]; neither ever blocks. Requests that change something
//! carry a [`Ticket`], and exactly one `Changed` or `Failed` answers it. Loads are answered by their own event.
//! Everything here is plain data: nothing knows a database, a file format or a device.

use std::path::PathBuf;

use crate::app::engine::facts::{ModelRow, Overview, People, TouchedFacts};
use crate::app::engine::report::{JobId, Report, Ticket};
use crate::app::{care, compare, evaluate, models, people, photos, scan, settings, train};
use crate::figures::Saving;
use crate::types::Touched;

/// What the window asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    LoadOverview,
    LoadPeople,
    LoadModels,
    /// What the views show of what a change touched.
    LoadTouched(Touched),
    Scan(scan::state::Request),
    Photos(photos::state::Request),
    People(people::state::Request),
    Compare(compare::state::Request),
    Evaluate(evaluate::state::Request),
    Train(train::state::message::Request),
    Models(models::state::Request),
    Settings(settings::state::Request),
    Care(care::state::Request),
    /// Writes a figure or a table to this file.
    Save(Ticket, PathBuf, Box<Saving>),
    Cancel(JobId),
}

impl Request {
    /// Whether it waits for the device's thread. Reading and reviewing never wait behind it.
    pub fn is_long(&self) -> bool {
        use train::state::message::Request as Train;
        match self {
            Self::Scan(_) | Self::Compare(_) | Self::Models(models::state::Request::Remove(..)) => true,
            Self::Evaluate(request) => {
                matches!(request, evaluate::state::Request::Start(_) | evaluate::state::Request::Check(_))
            }
            Self::Train(request) => {
                matches!(request, Train::Start { .. } | Train::GoOn(_) | Train::Demonstrate(_) | Train::Reembed)
            }
            _ => false,
        }
    }
}

/// What came back: from the jobs of a feature, or for every view.
pub type Event = Report<Answer>;

#[derive(Debug, Clone)]
pub enum Answer {
    Overview(Overview),
    People(People),
    Models(Vec<ModelRow>),
    Touched(TouchedFacts),
    OfPhotos(photos::state::Event),
    OfPeople(people::state::Event),
    OfCompare(compare::state::Event),
    OfEvaluate(evaluate::state::Event),
    OfTrain(train::state::message::Event),
    OfModels(models::state::Event),
    OfSettings(settings::state::Event),
    OfCare(care::state::Event),
}

/// The jobs, as the window sees them.
pub trait Backend {
    /// Hands a request over, or gives it back when the queue is full: it is sent again later.
    fn send(&mut self, request: Request) -> Result<(), Request>;

    /// The next event, if one is there.
    fn poll(&mut self) -> Option<Event>;
}
