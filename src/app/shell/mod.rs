//! The window: it routes messages to the features and events back, and draws what belongs to no feature.
//!
//! ```text
//! views ──Message──▶ app ─▶ update ──Request──▶ Backend (the features' jobs)
//!   ▲ ViewContext                ▲                     │
//!   └───────── State ◀───────────┴───────Event◀────────┘
//! ```
//!
//! [`app`] is the eframe application: between two frames it drains events and runs messages, then it draws. [`update`]
//! is what messages and events do to the state; it draws nothing and runs while the window is hidden. [`backend`] is
//! the seam, [`threads`] the jobs behind it; [`features`] lists whose they are, and is the only place that names one.
//! No file, no database and no tensor is touched while drawing; the window never waits for an answer.

pub mod app;
pub mod backend;
pub mod dialogs;
pub mod features;
pub mod job_bar;
pub mod message;
pub mod notices;
pub mod rail;
pub mod search_field;
pub mod state;
pub mod threads;
pub mod toasts;
mod typed_path;
pub mod update;
pub mod window;
