//! What is asked of a scan, and what follows from its end. What it found is loaded by the views that show it.

use std::path::PathBuf;

use crate::app::engine::report::{JobKind, JobSummary, Withheld};
use crate::app::ui::action::{Action, Outbox};
use crate::app::ui::feature::{Ended, Feature, Offer, Question, with_skipped};
use crate::app::ui::locale::{Locale, grouped};
use crate::app::ui::view::View;
use crate::types::Touched;

/// All of it is asked by actions.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {}

#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Adds the folders to the library and looks for what is new in them; no folder means all known ones.
    Scan(Vec<PathBuf>),
}

/// It tells nothing but where it stands and how it ended, as every job.
#[derive(Debug, Clone)]
pub enum Event {}

/// What the first page shows beside the facts.
#[derive(Debug, Default)]
pub struct State {
    /// The model file that is being read or written.
    pub importing: Option<PathBuf>,
}

impl Feature for State {
    type Message = Message;
    type Request = Request;
    type Event = Event;

    const VIEW: Option<View> = None;

    fn update(&mut self, message: Message, _out: &mut Outbox<'_, Request>) {
        match message {}
    }

    fn receive(&mut self, event: Event, _out: &mut Outbox<'_, Request>) {
        match event {}
    }

    fn act(&mut self, action: &Action, out: &mut Outbox<'_, Request>) {
        match action {
            Action::Scan(folders) => out.ask(Request::Scan(folders.clone())),
            Action::Rescan => out.ask(Request::Scan(Vec::new())),
            Action::Importing(file) => self.importing.clone_from(file),
            _ => {}
        }
    }

    fn is_long(_: &Request) -> bool {
        true
    }

    fn ended(kind: JobKind, summary: &JobSummary, text: &Locale) -> Option<Ended> {
        if kind != JobKind::SCAN {
            return None;
        }
        let (photos, faces) = (grouped(summary.photos), grouped(summary.faces));
        let words = with_skipped(text.f("said_scanned", &[("photos", &photos), ("faces", &faces)]), summary, text);
        let show = if summary.lost_faces > 0 { Action::OpenSetAside } else { Action::Show(View::PEOPLE) };
        Some(Ended {
            words: with_found_again(words, summary, text),
            show: Some(show),
            questions: summary.withheld.iter().map(|withheld| about_missing(withheld, text)).collect(),
            touched: Touched::everything(),
            said_in: None,
        })
    }
}

/// Adds what became of names in edited photos, and which folders were not there.
fn with_found_again(mut words: String, summary: &JobSummary, text: &Locale) -> String {
    for (key, count) in [("said_carried", summary.carried_faces), ("said_lost", summary.lost_faces)] {
        if count > 0 {
            words.push_str(text.s("list_separator"));
            words.push_str(&text.n(key, count));
        }
    }
    for folder in &summary.offline_folders {
        words.push_str(text.s("list_separator"));
        words.push_str(&text.f("said_offline", &[("folder", &folder.to_string_lossy())]));
    }
    words
}

/// Are the photos of a folder gone, or is its drive only not there?
fn about_missing(withheld: &Withheld, text: &Locale) -> Question {
    let (gone, of) = (grouped(withheld.gone), grouped(withheld.of));
    let folder = withheld.folder.to_string_lossy();
    let accept = Action::AcceptMissing { folder: withheld.folder.clone(), gone: withheld.gone };
    Question {
        words: text.f("missing_asked", &[("gone", &gone), ("of", &of), ("folder", &folder)]),
        answers: vec![
            Offer { label_key: "missing_keep", action: None },
            Offer { label_key: "missing_accept", action: Some(accept) },
        ],
    }
}
