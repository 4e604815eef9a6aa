//! The window itself: `logic` drains events and runs commands, `ui` draws the frame and the view.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use eframe::egui::{self, CentralPanel, Key, KeyboardShortcut, Margin, Modifiers, OpenUrl, Panel, Ui};
use url::Url;

use super::backend::{Backend, Request};
use super::dialogs::{DialogEnd, DialogStart, Dialogs};
use super::features::{self, for_features};
use super::message::Message;
use super::search_field::{self, SearchField};
use super::state::{Context, Page, Settings, State};
use super::toasts::Toasts;
use super::typed_path::{TypedPath, TypedPathOutcome};
use super::update::{EVENTS_A_CALL, Update};
use super::{job_bar, rail};
use crate::app::engine::report::Report;
use crate::app::ui::action::Action;
use crate::app::ui::context::ViewContext;
use crate::app::ui::feature::{Feature, FeatureView};
use crate::app::ui::fonts::{self, FontSource};
use crate::app::ui::icons::Icon;
use crate::app::ui::locale::Locale;
use crate::app::ui::path_question::PathQuestion;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::thumbnails::Thumbnails;
use crate::app::ui::view::View;
use crate::app::ui::widgets::buttons;

const SETTINGS_KEY: &str = "settings";

macro_rules! views_of {
    ([] $($feature:ident: $Feature:ident,)*) => {
        /// What each view keeps between frames.
        #[derive(Default)]
        struct Views {
            search: SearchField,
            toasts: Toasts,
            $($feature: crate::app::$feature::view::Views,)*
        }

        impl Views {
            /// Tells all others that this view has come on show.
            fn show(&mut self, view: View) {
                $(if crate::app::$feature::state::State::VIEW != Some(view) {
                    self.$feature.left();
                })*
            }

            /// Whether a view takes Esc for something that was begun on the open page.
            fn escape(&mut self, page: Page) -> bool {
                false$(|| self.$feature.escape(page))*
            }
        }

        impl WindowFrame<'_> {
            /// Draws what belongs to the view on show.
            fn view_ui(&mut self, ui: &mut Ui, views: &mut Views) {
                let state = self.state;
                $(if crate::app::$feature::state::State::VIEW == Some(state.view) {
                    self.of(&state.$feature, Message::$Feature, |ctx| views.$feature.ui(ui, ctx));
                })*
            }

            /// Draws what features say above the view on show.
            fn heads_ui(&mut self, ui: &mut Ui, views: &mut Views) {
                let state = self.state;
                $(self.of(&state.$feature, Message::$Feature, |ctx| views.$feature.head_ui(ui, ctx, state.view));)*
            }

            /// Draws what takes the place of the view on show; false where nothing does.
            fn cover_ui(&mut self, ui: &mut Ui, views: &mut Views) -> bool {
                let state = self.state;
                $(if state.$feature.covers(state.view, &state.facts) {
                    self.of(&state.$feature, Message::$Feature, |ctx| views.$feature.ui(ui, ctx));
                    return true;
                })*
                false
            }

            /// Draws the open page.
            fn page_ui(&mut self, ui: &mut Ui, views: &mut Views) {
                let state = self.state;
                $(let drawn = self.of(&state.$feature, Message::$Feature, |ctx| {
                    views.$feature.page_ui(ui, ctx, state.page)
                });
                if drawn {
                    return;
                })*
            }

            fn dialogs_ui(&mut self, window: &egui::Context, views: &mut Views) {
                let state = self.state;
                $(self.of(&state.$feature, Message::$Feature, |ctx| views.$feature.dialogs_ui(window, ctx));)*
            }
        }

        /// What files mean that are dropped on the view on show.
        fn dropped(view: View, paths: Vec<PathBuf>) -> Message {
            let message = None$(.or_else(|| {
                let here = crate::app::$feature::state::State::VIEW == Some(view);
                let message = here.then(|| crate::app::$feature::state::State::dropped(&paths)).flatten();
                message.map(Message::$Feature)
            }))*;
            message.unwrap_or(Message::Act(Action::Scan(paths)))
        }
    };
}

for_features!(views_of);

pub struct App {
    state: State,
    text: Locale,
    fonts: FontSource,
    backend: Box<dyn Backend>,
    updates: Update,
    dialogs: Dialogs,
    typed_path: Option<TypedPath>,
    /// What no dialog gave a path for: its user may type one.
    unanswered: Option<Message>,
    images: Thumbnails,
    messages: Vec<Message>,
    views: Views,
}

/// What the window was left with. Settings of another version that cannot be read are as good as none.
pub(super) fn remembered(storage: Option<&dyn eframe::Storage>) -> Settings {
    let text = storage.and_then(|storage| storage.get_string(SETTINGS_KEY));
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
}

impl App {
    /// Builds the window's contents with what was remembered.
    pub fn with_settings(
        ctx: &egui::Context,
        backend: Box<dyn Backend>,
        fonts: FontSource,
        settings: Settings,
    ) -> Self {
        let mut state = State::remembered(settings);
        let appearance = state.appearance();
        let text = Locale::new(appearance.language_or_system());
        fonts::install(ctx, fonts, text.language());
        appearance.apply(ctx);
        let mut updates = Update::default();
        updates.start(&mut state, &text);
        Self {
            state,
            text,
            fonts,
            backend,
            updates,
            dialogs: Dialogs::default(),
            typed_path: None,
            unanswered: None,
            images: Thumbnails::default(),
            messages: Vec::new(),
            views: Views::default(),
        }
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// Does what the message says before the next frame, as if a view had sent it.
    pub fn send(&mut self, message: Message) {
        self.messages.push(message);
    }

    /// Says something in passing.
    pub(super) fn say(&mut self, words: String, ctx: &egui::Context) {
        self.state.notices.say(words, None, ctx.time());
    }

    /// Everything between two frames; nothing is drawn.
    pub(crate) fn update(&mut self, ctx: &egui::Context) {
        self.updates.tick(&mut self.state, &self.text, ctx.time());
        self.drain_events(ctx);
        match self.dialogs.poll(ctx) {
            Some((asked, DialogEnd::Chosen(paths))) => self.messages.extend(asked.with_paths(paths)),
            Some((asked, DialogEnd::NoDialog)) => self.type_path(asked),
            Some((asked, DialogEnd::Nothing)) => self.messages.push(Message::NoPath(Box::new(asked))),
            None => {}
        }
        for message in std::mem::take(&mut self.messages) {
            self.run(ctx, message);
        }
        let waiting = self.updates.flush(self.backend.as_mut());
        self.ask_for_images();
        if let Some(secs) = self.state.notices.tick(ctx.time()) {
            ctx.request_repaint_after_secs(secs.max(0.05) as f32);
        }
        if waiting {
            ctx.request_repaint_after_secs(0.05);
        }
    }

    fn drain_events(&mut self, ctx: &egui::Context) {
        for taken in 0.. {
            if taken == EVENTS_A_CALL {
                ctx.request_repaint();
                break;
            }
            match self.backend.poll() {
                None => break,
                Some(Report::Image(key, picture)) => self.images.receive(ctx, key, picture),
                Some(event) => self.updates.receive(&mut self.state, &self.text, event),
            }
        }
    }

    fn ask_for_images(&mut self) {
        while let Some(key) = self.images.next_wanted() {
            let Some(request) = Request::for_image(key) else { continue };
            if self.backend.send(request).is_err() {
                self.images.give_back(key);
                break;
            }
        }
    }

    /// Dialogs, the window's appearance and its textures are done here; all else is a matter of the state.
    fn run(&mut self, ctx: &egui::Context, message: Message) {
        if let Some(question) = message.path_question() {
            return self.ask(ctx, message, question);
        }
        match &message {
            Message::TypePath(asked) => self.type_path((**asked).clone()),
            Message::NoPath(asked) => self.offer_to_type((**asked).clone(), "no_path_chosen"),
            Message::Act(Action::TypePath) => {
                if let Some(asked) = self.unanswered.take() {
                    self.type_path(asked);
                }
            }
            Message::Act(Action::OpenFile(file)) => match file_url(file) {
                Ok(url) => ctx.open_url(OpenUrl::new_tab(url)),
                Err(error) => self.state.notices.fail(self.text.s("failed").to_owned(), format!("{error:#}")),
            },
            Message::Act(Action::Rescan) => self.images.forget_failed(),
            _ => {}
        }
        let (view, appearance) = (self.state.view, self.state.appearance());
        self.updates.run(&mut self.state, &self.text, message);
        if self.state.view != view {
            self.views.show(self.state.view);
        }
        if self.state.appearance() != appearance {
            self.apply_appearance(ctx);
        }
    }

    fn apply_appearance(&mut self, ctx: &egui::Context) {
        let appearance = self.state.appearance();
        appearance.apply(ctx);
        if let Some(language) = appearance.language.filter(|language| *language != self.text.language()) {
            self.text = Locale::new(language);
            fonts::install(ctx, self.fonts, language);
        }
    }

    fn ask(&mut self, ctx: &egui::Context, asked: Message, question: PathQuestion) {
        let title = self.text.s(question.title_key);
        if self.dialogs.ask(asked.clone(), question, title, ctx) == DialogStart::OneIsOpen {
            self.offer_to_type(asked, "a_dialog_is_open");
        }
    }

    /// Says why there is no path for what was asked, and lets it be typed. Only the latest is offered.
    fn offer_to_type(&mut self, asked: Message, why_key: &str) {
        self.unanswered = Some(asked);
        self.updates.offer_to_type(&mut self.state, self.text.s(why_key).to_owned());
    }

    fn type_path(&mut self, asked: Message) {
        self.typed_path = asked.path_question().map(|question| TypedPath::new(asked, question));
    }

    fn typed_path_ui(&mut self, ctx: &egui::Context) {
        let Some(typed) = &mut self.typed_path else { return };
        match typed.ui(ctx, &self.text) {
            TypedPathOutcome::Open => {}
            TypedPathOutcome::Closed => self.typed_path = None,
            TypedPathOutcome::Typed(asked, path) => {
                self.typed_path = None;
                self.messages.extend(asked.with_paths(vec![path]));
            }
        }
    }

    /// Draws everything.
    pub fn draw(&mut self, ui: &mut Ui) {
        self.images.begin_frame();
        let mut messages = std::mem::take(&mut self.messages);
        let mut frame =
            WindowFrame { state: &self.state, text: &self.text, images: &mut self.images, messages: &mut messages };
        frame.with_own(|ctx| {
            shortcuts(ui, ctx, &mut self.views, self.typed_path.is_some());
            dropped_files(ui, ctx);
        });
        frame.ui(ui, &mut self.views);
        frame.dialogs_ui(ui.ctx(), &mut self.views);
        frame.with_own(|ctx| self.views.toasts.ui(ui.ctx(), ctx));
        self.messages = messages;
        self.typed_path_ui(ui.ctx());
        if !self.messages.is_empty() {
            ui.ctx().request_repaint();
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.update(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.draw(ui);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        if let Ok(text) = serde_json::to_string(&self.state.to_remember()) {
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

/// One frame's drawing.
struct WindowFrame<'a> {
    state: &'a State,
    text: &'a Locale,
    images: &'a mut Thumbnails,
    messages: &'a mut Vec<Message>,
}

impl WindowFrame<'_> {
    /// Draws with a feature's state, and takes its messages over as the window's own.
    fn of<S, M, T>(
        &mut self,
        state: &S,
        wrap: fn(M) -> Message,
        draw: impl FnOnce(&mut ViewContext<'_, S, M>) -> T,
    ) -> T {
        let (mut messages, mut actions) = (Vec::new(), Vec::new());
        let mut ctx = ViewContext::new(state, &self.state.facts, self.text, self.images, &mut messages, &mut actions);
        let drawn = draw(&mut ctx);
        self.messages.extend(messages.into_iter().map(wrap));
        self.messages.extend(actions.into_iter().map(Message::Act));
        drawn
    }

    fn with_own<T>(&mut self, draw: impl FnOnce(&mut Context<'_>) -> T) -> T {
        let state = self.state;
        self.of(state, std::convert::identity, draw)
    }

    /// Rail, job bar, title line, content.
    fn ui(&mut self, ui: &mut Ui, views: &mut Views) {
        let palette = theme::palette(ui.visuals());
        Panel::left("rail")
            .exact_size(size::RAIL)
            .resizable(false)
            .show_separator_line(false)
            .frame(egui::Frame::new().fill(palette.surface))
            .show(ui, |ui| self.with_own(|ctx| rail::rail_ui(ui, ctx)));
        let has_jobs = !self.state.facts.jobs.is_empty();
        if has_jobs {
            let margin = Margin::symmetric(space::L as i8, 0);
            Panel::bottom("job bar")
                .exact_size(size::JOB_BAR)
                .resizable(false)
                .show_separator_line(false)
                .frame(egui::Frame::new().fill(palette.surface).inner_margin(margin))
                .show(ui, |ui| self.with_own(|ctx| job_bar::job_bar_ui(ui, ctx)));
        }
        let room = views.toasts.room(if has_jobs { size::JOB_BAR } else { 0.0 }, ui.available_height());
        if room > 0.0 {
            Panel::bottom("room for notices")
                .exact_size(room)
                .resizable(false)
                .show_separator_line(false)
                .frame(egui::Frame::new().fill(palette.background))
                .show(ui, |_| {});
        }
        let margin = Margin { left: space::XL as i8, right: space::XL as i8, top: 0, bottom: space::S as i8 };
        let frame = egui::Frame::new().fill(palette.background).inner_margin(margin);
        CentralPanel::no_frame().frame(frame).show(ui, |ui| {
            if self.cover_ui(ui, views) {
                return;
            }
            Panel::top("title line")
                .exact_size(size::TITLE_LINE)
                .resizable(false)
                .show_separator_line(false)
                .frame(egui::Frame::new())
                .show(ui, |ui| self.with_own(|ctx| title_line_ui(ui, ctx, &mut views.search)));
            ui.add_space(space::XS);
            self.content_ui(ui, views);
        });
    }

    fn content_ui(&mut self, ui: &mut Ui, views: &mut Views) {
        let state = self.state;
        if state.page == Page::None {
            self.heads_ui(ui, views);
        }
        match state.page {
            Page::None if features::is_shared(state.view) => {
                egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                    self.view_ui(ui, views);
                    follow_keyboard(ui);
                });
            }
            Page::None => self.view_ui(ui, views),
            _ => self.page_ui(ui, views),
        }
    }
}

/// What gets the keyboard comes into sight.
fn follow_keyboard(ui: &Ui) {
    let place = egui::Id::unique("where the keyboard was");
    let focused = ui.memory(|memory| memory.focused());
    let before = ui.data_mut(|data| std::mem::replace(data.get_temp_mut_or_default(place), focused));
    let response = focused.filter(|_| focused != before).and_then(|id| ui.ctx().read_response(id));
    if let Some(response) = response.filter(|response| ui.min_rect().x_range().contains(response.rect.center().x)) {
        response.scroll_to_me(None);
    }
}

fn title_line_ui(ui: &mut Ui, ctx: &mut Context<'_>, search: &mut SearchField) {
    ui.horizontal_centered(|ui| {
        if ctx.state.page != Page::None && buttons::icon_button_ui(ui, Icon::ArrowLeft, ctx.text.s("back")).clicked() {
            ctx.act(Action::Back);
        }
        let title = ctx.state.page.title_key().unwrap_or(ctx.state.view.label_key);
        ui.label(theme::heading(ctx.text.s(title)));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            search_field::search_field_ui(ui, ctx, search);
        });
    });
}

/// Keys that mean the same everywhere.
fn shortcuts(ui: &Ui, ctx: &mut Context<'_>, views: &mut Views, typing_path: bool) {
    let pressed = |modifiers, key| ui.input_mut(|input| input.consume_shortcut(&KeyboardShortcut::new(modifiers, key)));
    let numbers = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];
    for (view, key) in features::views().zip(numbers) {
        if pressed(Modifiers::COMMAND, key) {
            ctx.act(Action::Show(view));
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
        ctx.act(Action::redo(&ctx.state.facts));
    } else if pressed(Modifiers::COMMAND, Key::Z) {
        ctx.act(Action::undo(&ctx.state.facts));
    }
    // Dialogs and open menus take Esc for themselves. The menus of this frame are yet to be drawn: those of the last one
    // are open.
    let dialog = typing_path || ctx.state.is_asking();
    let free = !dialog && !egui::Popup::is_any_open(ui.ctx());
    if free && ui.input(|input| input.key_pressed(Key::Escape)) {
        match ctx.state.page {
            page if views.escape(page) => {}
            Page::None => ctx.state.on_escape().into_iter().for_each(|action| ctx.act(action)),
            _ => ctx.act(Action::Back),
        }
    }
}

/// Files mean what the view on show makes of them, or are photos for the library.
fn dropped_files(ui: &Ui, ctx: &mut Context<'_>) {
    let paths: Vec<PathBuf> =
        ui.input(|input| input.raw.dropped_files.iter().map(|file| file.path().to_owned()).collect());
    if !paths.is_empty() {
        ctx.send(dropped(ctx.state.view, paths));
    }
}
