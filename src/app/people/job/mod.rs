//! People and groups: one person's page, what the user decides, and the preview of another grouping.

#[cfg(feature = "gui")]
mod aside;
pub mod by_id;
#[cfg(feature = "gui")]
pub mod preview;
#[cfg(feature = "gui")]
mod window;

#[cfg(feature = "gui")]
pub use self::{
    aside::{ApartRow, Aside},
    preview::{GroupChange, GroupChangeKind, GroupingPreview},
    window::{Event, Job, PersonPage, Request},
};
