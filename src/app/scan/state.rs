//! What is asked of a scan, and what follows from its end. What it found is loaded by the views that show it.

use std::path::PathBuf;

use crate::app::engine::facts::Facts;
use crate::app::engine::report::JobKind;
pub use crate::app::scan::job::{Event, Request};
use crate::app::scan::job::{ScanSummary, Withheld};
use crate::app::ui::action::{Action, Outbox};
use crate::app::ui::feature::{Ended, Feature, Offer, Question, with_skipped};
use crate::app::ui::locale::Locale;
use crate::app::ui::page::Page;
use crate::app::ui::search::Hit;
use crate::app::ui::view::View;
use crate::types::Touched;

/// All of it is asked by actions.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {}

/// What the first page shows beside the facts, and what a scan did.
#[derive(Debug, Default)]
pub struct State {
    /// The model file that is being read or written.
    pub importing: Option<PathBuf>,
    /// What the scan did that is about to end.
    scanned: Option<Box<ScanSummary>>,
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
        let Event::Scanned(summary) = event;
        self.scanned = Some(summary);
    }

    fn act(&mut self, action: &Action, out: &mut Outbox<'_, Request>) {
        match action {
            Action::Scan(folders) => out.ask(Request::Scan(folders.clone())),
            Action::Rescan => out.ask(Request::Scan(Vec::new())),
            Action::Importing(file) => self.importing.clone_from(file),
            _ => {}
        }
    }

    /// The first page takes the place of photos and people until there are any.
    fn covers(&self, view: View, facts: &Facts) -> bool {
        let here = view == View::LIBRARY || view == View::PEOPLE;
        here && facts.is_fresh() && !facts.jobs.values().any(|job| job.kind == JobKind::SCAN)
    }

    fn hits(&self, typed: &str, _facts: &Facts, text: &Locale) -> Vec<Hit> {
        let commands = [("choose_folder", Action::ChooseFolder), ("rescan", Action::Rescan)];
        commands.into_iter().filter_map(|(key, action)| Hit::command(text.s(key), action, typed)).collect()
    }

    fn is_long(_: &Request) -> bool {
        true
    }

    fn ended(&mut self, kind: JobKind, text: &Locale) -> Option<Ended> {
        if kind != JobKind::SCAN {
            return None;
        }
        let summary = self.scanned.take().unwrap_or_default();
        let photos = text.n("new_photos", summary.new_photos as u64);
        let faces = text.n("new_faces", summary.new_faces as u64);
        let words = text.f("said_scanned", &[("photos", &photos), ("faces", &faces)]);
        let words = with_skipped(words, summary.skipped.len() as u64, text);
        let show = if summary.lost_faces > 0 { Action::Open(Page::SET_ASIDE) } else { Action::Show(View::PEOPLE) };
        Some(Ended {
            words: with_the_rest(words, &summary, text),
            show: Some(show),
            questions: summary.withheld.iter().map(|withheld| about_missing(withheld, text)).collect(),
            touched: Touched::everything(),
            shown_in: None,
        })
    }
}

/// Adds what nobody looked at or could not read whole, what became of names in edited and missing photos, and which
/// folders were not there.
fn with_the_rest(mut words: String, summary: &ScanSummary, text: &Locale) -> String {
    let counts = [
        ("said_not_looked_at", summary.not_looked_at.len()),
        ("said_further_pages", summary.further_pages as usize),
        ("said_broken_profiles", summary.broken_profiles),
        ("said_damaged", summary.damaged_photos),
        ("said_carried", summary.carried_faces),
        ("said_returned", summary.returned_faces),
        ("said_lost", summary.lost_faces),
    ];
    for (key, count) in counts {
        if count > 0 {
            words.push_str(text.s("list_separator"));
            words.push_str(&text.n(key, count as u64));
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
    let photos = text.n("photos", withheld.of);
    let folder = withheld.folder.to_string_lossy();
    let accept = Action::AcceptMissing { folder: withheld.folder.clone(), gone: withheld.gone };
    Question {
        words: text.nf("missing_asked", withheld.gone, &[("photos", &photos), ("folder", &folder)]),
        answers: vec![
            Offer { label_key: "missing_keep", action: None },
            Offer { label_key: "missing_accept", action: Some(accept) },
        ],
    }
}
