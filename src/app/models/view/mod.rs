//! The store ([`models`]), the catalogue of networks ([`networks`]), and what an import leaves open ([`import`]).

pub mod import;
pub mod models;
pub mod networks;

pub type Context<'a> =
    crate::app::ui::context::ViewContext<'a, crate::app::models::state::State, crate::app::models::state::Message>;
