//! All people ([`people`]), one person ([`person`]), merging two ([`merge`]), and how alike faces must be
//! ([`grouping`]).

pub mod grouping;
pub mod merge;
pub mod people;
pub mod person;

pub type Context<'a> =
    crate::app::ui::context::ViewContext<'a, crate::app::people::state::State, crate::app::people::state::Message>;
