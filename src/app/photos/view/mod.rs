//! The grid of all photos ([`library`]) and the page of one ([`photo`]).

pub mod library;
pub mod photo;

pub type Context<'a> =
    crate::app::ui::context::ViewContext<'a, crate::app::photos::state::State, crate::app::photos::state::Message>;
