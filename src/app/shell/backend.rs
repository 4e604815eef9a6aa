//! The seam between the window and the jobs behind it.
//!
//! The window sends a [`Request`] and later polls an [`Event`]; neither ever blocks. Requests that change something
//! carry a [`Ticket`], and exactly one `Changed` or `Failed` answers it. Loads are answered by their own event.
//! Everything here is plain data: nothing knows a database, a file format or a device.

use std::path::PathBuf;

use super::features::for_features;
use crate::app::engine::facts::{ModelRow, Overview, People, TouchedFacts};
use crate::app::engine::picture::ImageKey;
use crate::app::engine::report::{JobId, Report, Ticket};
use crate::app::ui::feature::Feature;
use crate::figures::Saving;
use crate::types::Touched;

macro_rules! requests_of {
    ([] $($feature:ident: $Feature:ident,)*) => {
        /// What the window asks for.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Request {
            $($Feature(<crate::app::$feature::state::State as Feature>::Request),)*
            LoadOverview,
            LoadPeople,
            LoadModels,
            /// What the views show of what a change touched.
            LoadTouched(Touched),
            /// Writes a figure or a table to this file.
            Save(Ticket, PathBuf, Box<Saving>),
            Cancel(JobId),
            /// Lets a job rest, or go on.
            Pause(JobId, bool),
        }

        impl Request {
            /// Whether it waits for the device's thread. Reading and reviewing never wait behind it.
            pub(crate) fn is_long(&self) -> bool {
                match self {
                    $(Self::$Feature(request) => crate::app::$feature::state::State::is_long(request),)*
                    _ => false,
                }
            }

            /// What is asked for a picture; none where it is nobody's.
            pub(crate) fn for_image(key: ImageKey) -> Option<Self> {
                None$(.or_else(|| crate::app::$feature::state::State::image_request(key).map(Self::$Feature)))*
            }

            /// Whether an older request that still waits is pointless now.
            pub(crate) fn replaces(&self, older: &Self) -> bool {
                match (self, older) {
                    $((Self::$Feature(newer), Self::$Feature(older)) => {
                        newer == older || crate::app::$feature::state::State::replaces(newer, older)
                    })*
                    _ => self == older,
                }
            }
        }

        /// What answers a request: from the job of a feature, or for every view.
        #[derive(Debug, Clone)]
        pub enum Answer {
            $($Feature(<crate::app::$feature::state::State as Feature>::Event),)*
            Facts(Loaded),
        }
    };
}

for_features!(requests_of);

/// What came back.
pub type Event = Report<Answer>;

/// What every view may show, read anew.
#[derive(Debug, Clone)]
pub enum Loaded {
    Overview(Overview),
    People(People),
    Models(Vec<ModelRow>),
    Touched(TouchedFacts),
}

/// The jobs, as the window sees them.
pub trait Backend {
    /// Hands a request over, or gives it back when the queue is full: it is sent again later.
    fn send(&mut self, request: Request) -> Result<(), Request>;

    /// The next event, if one is there.
    fn poll(&mut self) -> Option<Event>;
}
