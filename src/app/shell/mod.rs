//! TODO

pub mod app;
pub mod backend;
pub mod dialogs;
pub mod job_bar;
pub mod long;
pub mod message;
pub mod notices;
pub mod queries;
pub mod rail;
pub mod remembered_paths;
pub mod search_field;
#[cfg(feature = "gui")]
pub mod state;
pub mod threads;
pub mod toasts;
pub mod update;
pub mod view_context;
pub mod window;
