//! All people ([`people`]), one person ([`person`]), merging two ([`merge`]), two of one name ([`same_name`]), what was
//! set aside ([`aside`]), and how alike faces must be ([`grouping`]).

pub mod aside;
pub mod grouping;
pub mod merge;
pub mod people;
pub mod person;
pub mod same_name;

pub type Context<'a> =
    crate::app::ui::context::ViewContext<'a, crate::app::people::state::State, crate::app::people::state::Message>;
