//! Opens the window: its size, its title, what it does first, and what takes its place where the library is damaged.

use anyhow::{Error, Result};
use eframe::egui::{self, Ui};

use super::app::{App, remembered};
use super::backend::Backend;
use super::features::for_features;
use super::message::Message;
use super::state::Settings;
use crate::app::engine::home::Home;
use crate::app::engine::shared::{damage_or_chain, is_damage};
use crate::app::ui::feature::{FeatureView, RepairPage};
use crate::app::ui::locale::Locale;
use crate::app::ui::{fonts, theme};

/// Wakes the window when an event waits.
pub(crate) type Wake = Box<dyn Fn() + Send + Sync>;

/// Makes the jobs; again, once a damaged library is restored.
pub(crate) type MakeBackend = Box<dyn FnMut(Wake) -> Result<Box<dyn Backend>>>;

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
        Ok(Box::new(WindowContent::start(opening, &creation.egui_ctx)?))
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

enum WindowContent {
    App(Box<(App, Option<Opening>)>),
    /// The library is damaged.
    Repair(Box<dyn RepairPage>, Locale, Option<Opening>),
}

macro_rules! repair_page_of {
    ([] $($feature:ident: $Feature:ident,)*) => {
        fn repair_page(home: &Home, problem: &str, window: &egui::Context) -> Option<Box<dyn RepairPage>> {
            None$(.or_else(|| crate::app::$feature::view::Views::repair_page(home, problem, window)))*
        }
    };
}

for_features!(repair_page_of);

impl WindowContent {
    /// With the page that repairs the library where that is damaged.
    fn start(opening: Opening, ctx: &egui::Context) -> Result<Self> {
        Self::open(opening, ctx).or_else(|(opening, error)| {
            let page = is_damage(&error).then(|| Self::repair(opening, &damage_or_chain(&error), ctx));
            page.flatten().ok_or(error)
        })
    }

    fn open(mut opening: Opening, ctx: &egui::Context) -> Result<Self, (Opening, Error)> {
        let wake = ctx.clone();
        match (opening.make_backend)(Box::new(move || wake.request_repaint())) {
            Ok(backend) => {
                let settings = opening.settings.clone();
                let mut app = App::with_settings(ctx, backend, fonts::FontSource::System, settings);
                std::mem::take(&mut opening.first).into_iter().for_each(|message| app.send(message));
                Ok(Self::App(Box::new((app, Some(opening)))))
            }
            Err(error) => Err((opening, error)),
        }
    }

    fn say(&mut self, words: String, ctx: &egui::Context) {
        if let Self::App(open) = self {
            open.0.say(words, ctx);
        }
    }

    /// None where no feature has a page for it.
    fn repair(opening: Opening, problem: &str, ctx: &egui::Context) -> Option<Self> {
        let appearance = &opening.settings.appearance;
        let text = Locale::new(appearance.language_or_system());
        fonts::install(ctx, fonts::FontSource::System, text.language());
        appearance.apply(ctx);
        let page = repair_page(&opening.home, problem, ctx)?;
        Some(Self::Repair(page, text, Some(opening)))
    }

    fn update(&mut self, ctx: &egui::Context) {
        let next = match self {
            Self::App(open) => {
                let (app, opening) = open.as_mut();
                app.update(ctx);
                // Damage may be found by any question; the jobs end with the window's contents.
                let damage = app.state().damage.clone();
                let opening = opening.take_if(|_| damage.is_some());
                damage.zip(opening).and_then(|(problem, opening)| {
                    let settings = app.state().to_remember();
                    Self::repair(Opening { settings, ..opening }, &problem, ctx)
                })
            }
            Self::Repair(page, text, opening) => {
                let said = page.update(text);
                let opening = opening.take_if(|_| said.is_some());
                said.zip(opening).and_then(|(words, opening)| match Self::open(opening, ctx) {
                    Ok(mut content) => {
                        content.say(words, ctx);
                        Some(content)
                    }
                    Err((again, error)) => Self::repair(again, &damage_or_chain(&error), ctx),
                })
            }
        };
        if let Some(next) = next {
            *self = next;
        }
    }
}

impl eframe::App for WindowContent {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.update(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        match self {
            Self::App(open) => eframe::App::ui(&mut open.0, ui, frame),
            Self::Repair(page, text, _) => page.ui(ui, text),
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        if let Self::App(open) = self {
            eframe::App::save(&mut open.0, storage);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::app::care::job;
    use crate::app::engine::networks::EngineOptions;
    use crate::app::jobs::made_library::{MadeLibraryPlan, fill};
    use crate::app::shell::threads::Threads;
    use crate::app::ui::locale::Language;
    use crate::library::Library;
    use crate::library::care::BackupReason;
    use crate::types::Cancel;

    fn until_repair(window: &mut WindowContent, ctx: &egui::Context) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            window.update(ctx);
            if matches!(window, WindowContent::Repair(..)) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        false
    }

    #[test]
    fn torn_pages_that_a_question_finds_lead_to_the_page_that_restores() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let mut library = Library::open(&home.library()).unwrap();
        let options = EngineOptions::default();
        let plan = MadeLibraryPlan { faces: 300, seed: 7, model: options.model_id(), detector: options.detector_id() };
        fill(&mut library, &home.root().join("made"), &plan, &Cancel::default(), &mut |_, _| {}).unwrap();
        let counts = library.counts().unwrap();
        library.back_up(BackupReason::Asked).unwrap();
        drop(library);
        let mut bytes = std::fs::read(home.library()).unwrap();
        let half = bytes.len() / 8192 * 4096;
        bytes[half..].fill(0xA5);
        std::fs::write(home.library(), bytes).unwrap();
        let at = home.clone();
        let make_backend: MakeBackend =
            Box::new(move |wake| Ok(Box::new(Threads::open(at.clone(), EngineOptions::default(), Arc::from(wake))?)));
        let opening = Opening { home: home.clone(), first: Vec::new(), make_backend, settings: Settings::default() };
        let ctx = egui::Context::default();
        let mut window = WindowContent::start(opening, &ctx).unwrap();
        assert!(matches!(window, WindowContent::App(_)), "it opens, since its beginning is whole");
        assert!(until_repair(&mut window, &ctx), "the page never came");
        let newest = job::offers_of(&home).unwrap().best.remove(0);
        job::restore(&home, &newest.path).unwrap();
        assert_eq!(Library::open(&home.library()).unwrap().counts().unwrap(), counts);
    }

    /// Restored in this very moment.
    struct Restored;

    impl RepairPage for Restored {
        fn update(&mut self, _: &Locale) -> Option<String> {
            Some(String::new())
        }

        fn ui(&mut self, _: &mut Ui, _: &Locale) {}
    }

    #[test]
    fn a_library_that_cannot_be_opened_once_restored_can_be_restored_again() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let opening = Opening {
            home,
            first: Vec::new(),
            make_backend: Box::new(|_| anyhow::bail!("another program holds it")),
            settings: Settings::default(),
        };
        let mut window = WindowContent::Repair(Box::new(Restored), Locale::new(Language::English), Some(opening));
        window.update(&egui::Context::default());
        assert!(matches!(window, WindowContent::Repair(_, _, Some(_))), "what it is opened with is lost");
    }
}
