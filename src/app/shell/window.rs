//! Opens the window: its size, its title, and what it does first.

use std::error::Error;
use std::path::Path;

use eframe::egui;

use super::app::App;
use super::backend::Backend;
use super::message::Message;
use crate::app::ui::{fonts, theme};

/// Wakes the window when an event waits.
pub type Wake = Box<dyn Fn() + Send + Sync>;

/// Makes the jobs.
pub type MakeBackend = Box<dyn FnOnce(Wake) -> Result<Box<dyn Backend>, Box<dyn Error + Send + Sync>>>;

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
#[error("cannot open a window: {0}; the subcommands work without one (see likeness --help)")]
pub struct WindowError(String);

/// Opens the window and returns when it is closed. Its size and settings are kept under `home`. The
/// `first` messages are done at once.
pub fn open(home: &Path, first: Vec<Message>, make_backend: MakeBackend) -> Result<(), WindowError> {
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Likeness")
            .with_app_id("likeness")
            .with_inner_size([1280.0, 820.0])
            .with_min_inner_size([800.0, 600.0])
            .with_drag_and_drop(true)
            .with_icon(theme::window_icon()),
        persistence_path: Some(home.join("window.ron")),
        ..Default::default()
    };
    let create: eframe::AppCreator<'_> = Box::new(|creation| {
        let ctx = creation.egui_ctx.clone();
        let backend = make_backend(Box::new(move || ctx.request_repaint()))?;
        let mut app = App::new(creation, backend, fonts::FontSource::System);
        first.into_iter().for_each(|message| app.send(message));
        Ok(Box::new(app))
    });
    eframe::run_native("likeness", options, create).map_err(|error| WindowError(error.to_string()))
}
