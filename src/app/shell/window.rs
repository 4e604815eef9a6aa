//! Opens the window: its size, its title, and what it does first.

use anyhow::Result;
use eframe::egui::{self, Ui};

use super::app::{App, remembered};
use super::backend::Backend;
use super::message::Message;
use super::repair::Repair;
use super::state::Settings;
use crate::app::care;
use crate::app::engine::home::Home;
use crate::app::ui::locale::{Language, Locale};
use crate::app::ui::{fonts, theme};

/// Wakes the window when an event waits.
pub type Wake = Box<dyn Fn() + Send + Sync>;

/// Makes the jobs; again, once a damaged library is restored.
pub type MakeBackend = Box<dyn FnMut(Wake) -> Result<Box<dyn Backend>>>;

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
#[error("cannot open a window: {0}; the subcommands work without one (see likeness --help)")]
pub struct WindowError(String);

/// Opens the window and returns when it is closed. Its size and settings are kept under `home`. The `first` messages
/// are done at once; where the library is damaged, once it is restored.
pub fn open(home: Home, first: Vec<Message>, make_backend: MakeBackend) -> Result<(), WindowError> {
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Likeness")
            .with_app_id("likeness")
            .with_inner_size([1280.0, 820.0])
            .with_min_inner_size([800.0, 600.0])
            .with_drag_and_drop(true)
            .with_icon(theme::window_icon()),
        persistence_path: Some(home.root().join("window.ron")),
        ..Default::default()
    };
    let create: eframe::AppCreator<'_> = Box::new(move |creation| {
        let settings = remembered(creation.storage);
        let opening = Opening { home, first, make_backend, settings };
        Ok(Box::new(Window::open(opening, &creation.egui_ctx)?))
    });
    eframe::run_native("likeness", options, create).map_err(|error| WindowError(error.to_string()))
}

/// What the window is opened with.
struct Opening {
    home: Home,
    first: Vec<Message>,
    make_backend: MakeBackend,
    settings: Settings,
}

enum Window {
    App(Box<App>),
    /// The library is damaged.
    Repair(Box<(Repair, Locale, Option<Opening>)>),
}

impl Window {
    fn open(mut opening: Opening, ctx: &egui::Context) -> Result<Self> {
        let wake = ctx.clone();
        match (opening.make_backend)(Box::new(move || wake.request_repaint())) {
            Ok(backend) => {
                let mut app = App::with_settings(ctx, backend, fonts::FontSource::System, opening.settings);
                opening.first.into_iter().for_each(|message| app.send(message));
                Ok(Self::App(Box::new(app)))
            }
            Err(error) if care::job::is_damage(&error) => {
                let appearance = &opening.settings.appearance;
                let text = Locale::new(appearance.language.unwrap_or_else(Language::of_system));
                fonts::install(ctx, fonts::FontSource::System, text.language());
                theme::apply(ctx, appearance.reduced_motion);
                ctx.set_theme(appearance.theme.preference());
                let repair = Repair::new(opening.home.clone(), &error, ctx);
                Ok(Self::Repair(Box::new((repair, text, Some(opening)))))
            }
            Err(error) => Err(error),
        }
    }
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        match self {
            Self::App(app) => eframe::App::logic(app.as_mut(), ctx, frame),
            Self::Repair(page) => {
                let (repair, _, opening) = page.as_mut();
                if repair.update()
                    && let Some(opening) = opening.take()
                {
                    let home = opening.home.clone();
                    match Self::open(opening, ctx) {
                        Ok(window) => *self = window,
                        Err(error) => *repair = Repair::new(home, &error, ctx),
                    }
                }
            }
        }
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        match self {
            Self::App(app) => eframe::App::ui(app.as_mut(), ui, frame),
            Self::Repair(page) => {
                let (repair, text, _) = page.as_mut();
                repair.ui(ui, text);
            }
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        if let Self::App(app) = self {
            eframe::App::save(app.as_mut(), storage);
        }
    }
}
