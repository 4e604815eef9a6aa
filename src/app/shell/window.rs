//! The window: views read [`state::State`] and send [`command::Command`]; nothing but this part and `main` knows egui.
//!
//! ```text
//! views ──Command──▶ app ─▶ logic ──Request──▶ Backend (the jobs)
//!   ▲ ViewCtx                 ▲                    │
//!   └──────── State ◀─────────┴───────Event◀───────┘
//! ```
//!
//! * [`app`] is the eframe application: between two frames it drains events and runs commands, then it draws.
//! * [`logic`] is what commands and events do to the state; it draws nothing and runs while the window is hidden.
//! * [`backend`] is the seam: requests, events, and the trait the jobs stand behind; [`rows`] are its plain rows.
//! * [`desk`] is that trait over the real jobs.
//! * [`theme`] holds every colour, distance and type size; [`locale`] every word.
//! * [`importing`] leads model files into the store.
//! * [`train`] is what the Train view and the demonstration know and do.
//! * [`thumbnails`] is the bounded cache of pictures; [`notices`] what is said in passing.
//!
//! No file, no database and no tensor is touched while drawing; the window never waits for an answer.

use eframe::egui;


use std::error::Error;
use std::path::Path;


use crate::app::shell::backend::Backend;
use crate::app::shell::message::Command;
use crate::app::train::state::message::{DemoChoice, TrainCommand};

/// Wakes the window when an event waits.
pub type Wake = Box<dyn Fn() + Send + Sync>;

/// Makes the jobs.
pub type MakeBackend = Box<dyn FnOnce(Wake) -> Result<Box<dyn Backend>, Box<dyn Error + Send + Sync>>>;

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
#[error("cannot open a window: {0}; the subcommands work without one (see likeness --help)")]
pub struct WindowError(String);

/// Opens the window and returns when it is closed. Its size and settings are kept under `home`. A `demonstration`
/// begins at once.
pub fn open(home: &Path, demonstration: Option<DemoChoice>, make_backend: MakeBackend) -> Result<(), WindowError> {
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Likeness")
            .with_app_id("likeness")
            .with_inner_size([1280.0, 820.0])
            .with_min_inner_size([720.0, 520.0])
            .with_drag_and_drop(true)
            .with_icon(theme::window_icon()),
        persistence_path: Some(home.join("window.ron")),
        ..Default::default()
    };
    let create: eframe::AppCreator<'_> = Box::new(|creation| {
        let ctx = creation.egui_ctx.clone();
        let backend = make_backend(Box::new(move || ctx.request_repaint()))?;
        let mut app = App::new(creation, backend, fonts::FontSource::System);
        if let Some(which) = demonstration {
            app.send(Command::Show(state::View::Train));
            app.send(Command::Train(TrainCommand::Demonstrate(which)));
        }
        Ok(Box::new(app))
    });
    eframe::run_native("likeness", options, create).map_err(|error| WindowError(error.to_string()))
}
