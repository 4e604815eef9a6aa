//! The window itself: `logic` drains events and runs commands, `ui` draws the frame and the view.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use eframe::egui::{self, CentralPanel, Context, Key, KeyboardShortcut, Margin, Modifiers, OpenUrl, Panel, Ui};
use url::Url;

use crate::app::compare::view::CompareView;
use crate::app::evaluate::state::message::EvaluateCommand;
use crate::app::evaluate::view::EvaluateView;
use crate::app::models::view::{import, models};
use crate::app::people::view::merge;
use crate::app::people::view::people::PeopleView;
use crate::app::people::view::person::PersonView;
use crate::app::photos::view::library::LibraryView;
use crate::app::photos::view::photo::PhotoView;
use crate::app::scan::view as first_run;
use crate::app::settings::view as settings;
use crate::app::shell::{job_bar, rail, toasts};
use crate::app::shell::backend::{Backend, Event, Request};
use crate::app::shell::dialogs::{Dialogs, Question};
use crate::app::compare::state::CompareSource;
use crate::app::shell::message::Command;
use crate::app::shell::remembered_paths::ChosenPaths;
use crate::app::shell::search_field::{self, SearchField};
use crate::app::shell::state::{Page, Settings, State};
use crate::app::ui::view::View;
use crate::app::shell::update::{EVENTS_A_CALL, Logic};
use crate::app::shell::view_context::ViewCtx;
use crate::app::train::state::message::{TrainCommand, TrainPath};
use crate::app::train::view::TrainView;
use crate::app::ui::fonts::{self, FontSource};
use crate::app::ui::icons::Icon;
use crate::app::ui::locale::{Language, Locale};
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::thumbnails::Thumbnails;
use crate::app::ui::widgets::buttons;

const SETTINGS_KEY: &str = "settings";

/// What each view alone needs.
#[derive(Default)]
struct Views {
    library: LibraryView,
    photo: PhotoView,
    people: PeopleView,
    person: PersonView,
    compare: CompareView,
    evaluate: EvaluateView,
    train: TrainView,
    search: SearchField,
}

pub struct App {
    state: State,
    text: Locale,
    fonts: FontSource,
    backend: Box<dyn Backend>,
    logic: Logic,
    dialogs: Dialogs,
    images: Thumbnails,
    commands: Vec<Command>,
    views: Views,
}

impl App {
    /// Builds the window's contents with what was remembered.
    pub fn new(creation: &eframe::CreationContext<'_>, backend: Box<dyn Backend>, fonts: FontSource) -> Self {
        let remembered = creation.storage.and_then(|storage| storage.get_string(SETTINGS_KEY));
        // Settings of another version that cannot be read are as good as none.
        let settings: Settings = remembered.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Self::with_settings(&creation.egui_ctx, backend, fonts, settings)
    }

    pub fn with_settings(ctx: &Context, backend: Box<dyn Backend>, fonts: FontSource, settings: Settings) -> Self {
        let text = Locale::new(settings.language.unwrap_or_else(Language::of_system));
        fonts::install(ctx, fonts, text.language());
        theme::apply(ctx, settings.reduced_motion);
        ctx.set_theme(settings.theme.preference());
        let mut state = State { settings, ..State::default() };
        state.settings.chosen.clone().put_back(&mut state);
        let mut logic = Logic::default();
        logic.start(&state);
        Self {
            state,
            text,
            fonts,
            backend,
            logic,
            dialogs: Dialogs::default(),
            images: Thumbnails::default(),
            commands: Vec::new(),
            views: Views::default(),
        }
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// Does `command` before the next frame, as if a view had sent it.
    pub fn send(&mut self, command: Command) {
        self.commands.push(command);
    }

    /// Everything between two frames; nothing is drawn.
    pub fn update(&mut self, ctx: &Context) {
        self.logic.set_now(ctx.time());
        self.drain_events(ctx);
        if let Some((question, paths)) = self.dialogs.poll() {
            self.answered(question, paths);
        }
        for command in std::mem::take(&mut self.commands) {
            self.run(ctx, command);
        }
        let waiting = self.logic.flush(self.backend.as_mut());
        if !waiting {
            self.ask_for_images();
        }
        let next_notice = self.state.notices.tick(ctx.time());
        if let Some(secs) = next_notice {
            ctx.request_repaint_after_secs(secs.max(0.05) as f32);
        }
        if waiting {
            ctx.request_repaint_after_secs(0.05);
        }
    }

    fn drain_events(&mut self, ctx: &Context) {
        for taken in 0.. {
            if taken == EVENTS_A_CALL {
                ctx.request_repaint();
                break;
            }
            match self.backend.poll() {
                None => break,
                Some(Event::Image(key, picture)) => self.images.receive(ctx, key, picture),
                Some(event) => self.logic.receive(&mut self.state, &self.text, event),
            }
        }
    }

    fn ask_for_images(&mut self) {
        while let Some(key) = self.images.next_wanted() {
            if self.backend.send(Request::LoadImage(key)).is_err() {
                self.images.give_back(key);
                break;
            }
        }
    }

    fn answered(&mut self, question: Question, paths: Vec<PathBuf>) {
        if paths.is_empty() {
            return;
        }
        match question {
            Question::Folder => self.commands.push(Command::ScanFolders(paths)),
            Question::CompareFiles => {
                self.commands.push(Command::Compare(paths.into_iter().map(CompareSource::File).collect()));
            }
            Question::Train(file) => {
                let chosen = paths.into_iter().map(|path| Command::Train(TrainCommand::Chosen(file, path)));
                self.commands.extend(chosen.take(1));
            }
            Question::ModelFile => self.commands.push(Command::ImportModels(paths)),
            Question::Evaluate(which) => {
                self.commands.push(Command::Evaluate(EvaluateCommand::SetPath(which, paths)));
            }
            Question::Save(saving) => {
                self.commands.extend(paths.into_iter().next().map(|path| Command::SaveTo(path, saving)));
            }
        }
    }

    fn run(&mut self, ctx: &Context, command: Command) {
        match command {
            Command::ChooseFolder => self.ask(ctx, Question::Folder, "choose_folder_title"),
            Command::ChooseCompareFiles => self.ask(ctx, Question::CompareFiles, "choose_files_title"),
            Command::ChooseModelFile => self.ask(ctx, Question::ModelFile, "choose_model_title"),
            Command::Evaluate(EvaluateCommand::Ask(which)) => {
                self.ask(ctx, Question::Evaluate(which), which.label_key());
            }
            Command::Evaluate(EvaluateCommand::OpenReport(file)) => match file_url(&file) {
                Ok(url) => ctx.open_url(OpenUrl::new_tab(url)),
                Err(error) => self.state.notices.fail(self.text.s("failed").to_owned(), format!("{error:#}")),
            },
            Command::Save(saving) => self.ask(ctx, Question::Save(saving), "save_title"),
            Command::Train(TrainCommand::Choose(file)) => self.ask(ctx, Question::Train(file), file.title_key()),
            Command::SetTheme(choice) => {
                self.state.settings.theme = choice;
                ctx.set_theme(choice.preference());
            }
            Command::SetLanguage(language) => {
                self.state.settings.language = Some(language);
                self.text = Locale::new(language);
                fonts::install(ctx, self.fonts, language);
            }
            Command::SetTileSize(side) => self.state.settings.tile_size = side,
            Command::SetReducedMotion(reduced) => {
                self.state.settings.reduced_motion = reduced;
                theme::apply(ctx, reduced);
            }
            Command::Dismiss(id) => self.state.notices.dismiss(id),
            Command::Show(view) => {
                if view != View::People {
                    self.views.people.leave();
                }
                self.logic.run(&mut self.state, &self.text, Command::Show(view));
            }
            Command::Rescan => {
                self.images.forget_failed();
                self.logic.run(&mut self.state, &self.text, Command::Rescan);
            }
            other => self.logic.run(&mut self.state, &self.text, other),
        }
    }

    fn ask(&mut self, ctx: &Context, question: Question, title_key: &str) {
        if let Err(error) = self.dialogs.ask(question, self.text.s(title_key), ctx) {
            self.state.notices.fail(self.text.s("failed").to_owned(), error.to_string());
        }
    }

    /// Draws everything.
    pub fn draw(&mut self, ui: &mut Ui) {
        self.images.begin_frame();
        let mut commands = std::mem::take(&mut self.commands);
        let mut ctx = ViewCtx::new(&self.state, &self.text, &mut self.images, &mut commands);
        shortcuts(ui, &mut ctx, &mut self.views);
        dropped_files(ui, &mut ctx);
        frame_ui(ui, &mut ctx, &mut self.views);
        let lift = if ctx.state.jobs.is_empty() { 0.0 } else { size::JOB_BAR };
        merge::merge_ui(ui.ctx(), &mut ctx);
        import::import_ui(ui.ctx(), &mut ctx);
        toasts::toasts_ui(ui.ctx(), &mut ctx, lift);
        self.commands = commands;
        if !self.commands.is_empty() {
            ui.ctx().request_repaint();
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.update(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.draw(ui);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        self.state.settings.chosen = ChosenPaths::of(&self.state);
        if let Ok(text) = serde_json::to_string(&self.state.settings) {
            storage.set_string(SETTINGS_KEY, text);
        }
    }
}

/// A file as a browser wants it; only a whole path has an address.
fn file_url(file: &Path) -> Result<String> {
    let whole = std::path::absolute(file)?;
    let url = Url::from_file_path(&whole).map_err(|()| anyhow!("no address can be made of {}", whole.display()))?;
    Ok(url.into())
}

/// Rail, job bar, title line, content.
fn frame_ui(ui: &mut Ui, ctx: &mut ViewCtx<'_>, views: &mut Views) {
    let palette = theme::palette(ui.visuals());
    Panel::left("rail")
        .exact_size(size::RAIL)
        .resizable(false)
        .show_separator_line(false)
        .frame(egui::Frame::new().fill(palette.surface))
        .show(ui, |ui| rail::rail_ui(ui, ctx));
    if !ctx.state.jobs.is_empty() {
        let margin = Margin::symmetric(space::L as i8, 0);
        Panel::bottom("job bar")
            .exact_size(size::JOB_BAR)
            .resizable(false)
            .show_separator_line(false)
            .frame(egui::Frame::new().fill(palette.surface).inner_margin(margin))
            .show(ui, |ui| job_bar::job_bar_ui(ui, ctx));
    }
    let margin = Margin { left: space::XL as i8, right: space::XL as i8, top: 0, bottom: space::S as i8 };
    let fresh = is_first_run(ctx);
    CentralPanel::no_frame().frame(egui::Frame::new().fill(palette.background).inner_margin(margin)).show(ui, |ui| {
        if fresh {
            first_run::first_run_ui(ui, ctx);
            return;
        }
        Panel::top("title line")
            .exact_size(size::TITLE_LINE)
            .resizable(false)
            .show_separator_line(false)
            .frame(egui::Frame::new())
            .show(ui, |ui| title_line_ui(ui, ctx, &mut views.search));
        ui.add_space(space::XS);
        content_ui(ui, ctx, views);
    });
}

fn is_first_run(ctx: &ViewCtx<'_>) -> bool {
    let here = matches!(ctx.state.settings.view, View::Library | View::People);
    let scanning = ctx.state.jobs.values().any(|job| job.kind == crate::app::engine::report::JobKind::Scan);
    here && ctx.state.is_fresh() && !scanning
}

fn title_line_ui(ui: &mut Ui, ctx: &mut ViewCtx<'_>, search: &mut SearchField) {
    ui.horizontal_centered(|ui| {
        if ctx.state.page != Page::None && buttons::icon_button_ui(ui, Icon::ArrowLeft, ctx.text.s("back")).clicked() {
            ctx.send(Command::Back);
        }
        ui.label(theme::heading(ctx.text.s(ctx.state.settings.view.label_key())));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            search_field::search_field_ui(ui, ctx, search);
        });
    });
}

fn content_ui(ui: &mut Ui, ctx: &mut ViewCtx<'_>, views: &mut Views) {
    match ctx.state.page {
        Page::Photo(_) => return views.photo.ui(ui, ctx),
        Page::Person(_) => return views.person.ui(ui, ctx),
        Page::None => {}
    }
    match ctx.state.settings.view {
        View::Library => views.library.ui(ui, ctx),
        View::People => views.people.ui(ui, ctx),
        View::Compare => views.compare.ui(ui, ctx),
        View::Evaluate => views.evaluate.ui(ui, ctx),
        View::Train => views.train.ui(ui, ctx),
        View::Models => models::models_ui(ui, ctx),
        View::Settings => settings::settings_ui(ui, ctx),
    }
}

/// Keys that mean the same everywhere.
fn shortcuts(ui: &Ui, ctx: &mut ViewCtx<'_>, views: &mut Views) {
    let pressed = |modifiers, key| ui.input_mut(|input| input.consume_shortcut(&KeyboardShortcut::new(modifiers, key)));
    let numbers = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7];
    for (view, key) in View::ALL.into_iter().zip(numbers) {
        if pressed(Modifiers::COMMAND, key) {
            ctx.send(Command::Show(view));
        }
    }
    if pressed(Modifiers::COMMAND, Key::K) {
        ui.memory_mut(|memory| memory.request_focus(search_field::field_id()));
    }
    // In a text field these belong to the text.
    if ui.ctx().text_edit_focused() {
        return;
    }
    if pressed(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z) || pressed(Modifiers::COMMAND, Key::Y) {
        ctx.send(Command::Redo);
    } else if pressed(Modifiers::COMMAND, Key::Z) {
        ctx.send(Command::Undo);
    }
    // Dialogs and open menus take Esc for themselves.
    let dialog = ctx.state.merging.is_some() || ctx.state.imports.asking().is_some();
    let free = !dialog && !ui.ctx().any_popup_open();
    if free && ui.input(|input| input.key_pressed(Key::Escape)) {
        let cleared = matches!(ctx.state.page, Page::Person(_)) && views.person.clear_selection();
        if !cleared && ctx.state.page != Page::None {
            ctx.send(Command::Back);
        } else if ctx.state.page == Page::None && ctx.state.grouping.open {
            ctx.send(Command::ToggleGrouping);
        }
    }
}

/// Folders go to the library; in Compare, files are compared; in Train, a folder is learned from; in Models, files are
/// imported.
fn dropped_files(ui: &Ui, ctx: &mut ViewCtx<'_>) {
    let paths: Vec<PathBuf> =
        ui.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
    if paths.is_empty() {
        return;
    }
    match ctx.state.settings.view {
        View::Compare => ctx.send(Command::Compare(paths.into_iter().map(CompareSource::File).collect())),
        View::Train => {
            let chosen = paths.into_iter().map(|path| Command::Train(TrainCommand::Chosen(TrainPath::Data, path)));
            chosen.take(1).for_each(|command| ctx.send(command));
        }
        View::Models => ctx.send(Command::ImportModels(paths)),
        _ => ctx.send(Command::ScanFolders(paths)),
    }
}
