//! What the window asks of a feature: [`Feature`] is its state, [`FeatureView`] its drawing. By these two and by
//! [`FeatureJob`](crate::app::engine::shared::FeatureJob) alone the shell knows it, so that a new one is a line there.
//! What a feature does not need has a default.

use std::path::PathBuf;

use eframe::egui::{self, Ui};

use super::action::{Action, Outbox};
use super::appearance::Appearance;
use super::context::ViewContext;
use super::locale::Locale;
use super::page::Page;
use super::path_question::PathQuestion;
use super::search::Hit;
use super::view::View;
use crate::app::engine::facts::Facts;
use crate::app::engine::home::Home;
use crate::app::engine::picture::ImageKey;
use crate::app::engine::report::{JobId, JobKind, Matter, Ticket};
use crate::library::Decision;
use crate::types::{StepId, Touched};

/// What a feature shows, and what messages and events do to it. No drawing, no disk.
pub trait Feature: Default {
    /// What a user can do in it.
    type Message;
    /// What is asked of its job.
    type Request;
    /// What its job tells.
    type Event;

    /// The view of the rail where it is drawn, which several features may share; none for one that the shell draws where
    /// it is needed.
    const VIEW: Option<View>;

    fn update(&mut self, message: Self::Message, out: &mut Outbox<'_, Self::Request>);

    fn receive(&mut self, event: Self::Event, out: &mut Outbox<'_, Self::Request>);

    /// Does what another feature asks of it; most actions are not its own.
    fn act(&mut self, _action: &Action, _out: &mut Outbox<'_, Self::Request>) {}

    /// What is asked for a picture that is its own to load.
    fn image_request(_key: ImageKey) -> Option<Self::Request> {
        None
    }

    /// Whether a request waits for the device's thread. Reading and reviewing never wait behind it.
    fn is_long(_request: &Self::Request) -> bool {
        false
    }

    /// Whether a newer request makes an older one pointless that still waits.
    fn replaces(_newer: &Self::Request, _older: &Self::Request) -> bool {
        false
    }

    /// The window has been opened.
    fn opened(&self, _out: &mut Outbox<'_, Self::Request>) {}

    /// What it asks in passing; asked for before each frame.
    fn question(&mut self, _text: &Locale) -> Option<Question> {
        None
    }

    /// A question was answered, or taken away unanswered; it may be another feature's.
    fn question_closed(&mut self, _matter: &Matter) {}

    /// A view has come on show.
    fn shown(&self, _view: View, _out: &mut Outbox<'_, Self::Request>) {}

    /// A view and a page over it are on show; asked before each frame.
    fn on_show(&mut self, _view: View, _page: Page, _out: &mut Outbox<'_, Self::Request>) {}

    /// Another page has been opened, or none is open any more.
    fn page_opened(&mut self, _page: Page, _out: &mut Outbox<'_, Self::Request>) {}

    /// What the open page shows may have changed; what it showed stays until the answer comes.
    fn page_touched(&self, _page: Page, _out: &mut Outbox<'_, Self::Request>) {}

    /// A scan that still runs has found more.
    fn library_grew(&self, _out: &mut Outbox<'_, Self::Request>) {}

    /// Something has changed while a view is on show.
    fn touched(&mut self, _touched: &Touched, _on_show: View, _out: &mut Outbox<'_, Self::Request>) {}

    /// What every view shows has been read anew.
    fn facts_loaded(&mut self, _facts: &Facts) {}

    /// A change, of whatever feature, was made or could not be.
    fn answered(&mut self, _ticket: Ticket, _made: bool, _out: &mut Outbox<'_, Self::Request>) {}

    /// Work of some feature broke down; if it was this one's, no other answer comes.
    fn broke_down(&mut self, _out: &mut Outbox<'_, Self::Request>) {}

    fn job_ended(&mut self, _job: JobId) {}

    /// What a job of this kind leaves, and what there is to say of it; none where it is another feature's. What it
    /// achieved the feature has heard of its job before.
    fn ended(&mut self, _kind: JobKind, _text: &Locale) -> Option<Ended> {
        None
    }

    /// The path that a message asks for. The window finds it out, and sends [`Self::with_paths`] in its place.
    fn path_question(_message: &Self::Message) -> Option<PathQuestion> {
        None
    }

    /// The message that follows when the paths are known.
    fn with_paths(_asked: Self::Message, _paths: Vec<PathBuf>) -> Option<Self::Message> {
        None
    }

    /// What files mean that are dropped on its view; none where they are photos for the library.
    fn dropped(_paths: &[PathBuf]) -> Option<Self::Message> {
        None
    }

    /// Adds what is to be known at the next start.
    fn remember(&self, _kept: &mut Remembered) {}

    /// Takes up what was kept. What cannot be read is as good as none.
    fn recall(&mut self, _kept: &Remembered) {}

    /// Whether it is drawn in place of this view, as long as there is nothing else to show.
    fn covers(&self, _view: View, _facts: &Facts) -> bool {
        false
    }

    /// What it says at the foot of the rail, where a click leads to its view.
    fn foot(&self, _facts: &Facts, _text: &Locale) -> Vec<String> {
        Vec::new()
    }

    /// What of it fits what was typed in the search field.
    fn hits(&self, _typed: &str, _facts: &Facts, _text: &Locale) -> Vec<Hit> {
        Vec::new()
    }

    /// How the window shall look, where that is this feature's to choose.
    fn appearance(&self) -> Option<&Appearance> {
        None
    }

    fn set_appearance(&mut self, _appearance: &Appearance) {}

    /// Whether a question is open, which takes Esc for itself.
    fn is_asking(&self) -> bool {
        false
    }

    /// What Esc means where no page is open.
    fn on_escape(&self) -> Option<Action> {
        None
    }
}

/// A feature's drawing, with what its widgets keep from one frame to the next.
pub(crate) trait FeatureView<F: Feature>: Default {
    fn ui(&mut self, ui: &mut Ui, ctx: &mut ViewContext<'_, F, F::Message>);

    /// Draws what it says above a view of another feature; nothing where it has nothing to say.
    fn head_ui(&mut self, _ui: &mut Ui, _ctx: &mut ViewContext<'_, F, F::Message>, _view: View) {}

    /// Its dialogs, which may be open over any view.
    fn dialogs_ui(&mut self, _window: &egui::Context, _ctx: &mut ViewContext<'_, F, F::Message>) {}

    /// Draws the open page; false where it is another feature's.
    fn page_ui(&mut self, _ui: &mut Ui, _ctx: &mut ViewContext<'_, F, F::Message>, _page: Page) -> bool {
        false
    }

    /// Takes Esc for something that was begun on the open page; false where there is nothing.
    fn escape(&mut self, _page: Page) -> bool {
        false
    }

    /// Another view has come on show.
    fn left(&mut self) {}

    /// What takes the window's place where the library is damaged: given the home, what is wrong, and what to wake.
    fn repair_page(_home: &Home, _problem: &str, _window: &egui::Context) -> Option<Box<dyn RepairPage>> {
        None
    }
}

/// A page that stands alone: where the library cannot be opened, no job runs that could answer it.
pub(crate) trait RepairPage {
    /// Takes answers in. Once the library can be opened again: what is said of it then.
    fn update(&mut self, text: &Locale) -> Option<String>;

    fn ui(&mut self, ui: &mut Ui, text: &Locale);
}

/// What features keep from one start to the next, each under keys of its own.
pub(crate) type Remembered = serde_json::Map<String, serde_json::Value>;

/// What follows from a job's end.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// What is said of one that was done to its end; empty where there is nothing to say.
    pub words: String,
    /// What leads to its outcome.
    pub show: Option<Action>,
    /// What its user is asked then.
    pub(crate) questions: Vec<Question>,
    /// What it left other than before, however it ended.
    pub touched: Touched,
    /// A view that says itself how it ended, when it is on show.
    pub(crate) shown_in: Option<View>,
}

/// A question in passing, and its answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub matter: Matter,
    pub words: String,
    pub(crate) answers: Vec<Offer>,
}

/// Something that can be done; without an action it is left as it is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Offer {
    pub label_key: &'static str,
    pub action: Option<Action>,
}

impl Offer {
    /// Leads to what something is about.
    pub fn show(action: Action) -> Self {
        Self { label_key: "show", action: Some(action) }
    }

    /// Takes this decision back.
    pub fn undo(step: StepId) -> Self {
        Self { label_key: "undo", action: Some(Action::undo_step(step)) }
    }

    pub fn is_undo(&self) -> bool {
        matches!(self.action, Some(Action::Decide(Decision::Undo(_), _)))
    }
}

/// Adds how many were skipped, where some were.
pub(crate) fn with_skipped(mut words: String, skipped: u64, text: &Locale) -> String {
    if skipped > 0 {
        words.push_str(text.s("list_separator"));
        words.push_str(&text.n("said_skipped", skipped));
    }
    words
}
