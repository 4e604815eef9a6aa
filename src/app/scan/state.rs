//! What is asked of a scan, and what follows from its end. What it found is loaded by the views that show it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::app::engine::facts::Facts;
use crate::app::engine::report::{JobId, JobKind, Matter};
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
    /// Nobody has asked for that scan: where it found nothing, nothing is said.
    is_unasked: bool,
    /// Where something was noticed that no scan was asked for yet.
    touched: BTreeSet<PathBuf>,
    /// What is noticed waits until the computer is plugged in.
    on_battery: bool,
    /// A scan of what was noticed has been asked for, and no job has ended since.
    is_asked: bool,
    /// Where that scan looks, until it has.
    asked: BTreeSet<PathBuf>,
    /// Where a scan broke off or was cancelled: it is looked at with what is noticed next.
    left: BTreeSet<PathBuf>,
    /// What waits for its user to say whether it goes on.
    interrupted: Option<Vec<PathBuf>>,
    /// What was asked of its user and is not answered yet.
    asked_about: Vec<Matter>,
    /// Some of that may be over …
    may_be_over: bool,
    /// … and it is being looked whether it is.
    is_checking: bool,
}

impl Feature for State {
    type Message = Message;
    type Request = Request;
    type Event = Event;

    const VIEW: Option<View> = None;

    fn update(&mut self, message: Message, _out: &mut Outbox<'_, Request>) {
        match message {}
    }

    fn receive(&mut self, event: Event, out: &mut Outbox<'_, Request>) {
        match event {
            Event::Scanned(summary) => (self.scanned, self.is_unasked) = (Some(summary), false),
            Event::ScannedTouched(summary) => {
                if !summary.cancelled {
                    self.asked.clear();
                }
                (self.scanned, self.is_unasked) = (Some(summary), true);
            }
            Event::Watching(watching) => {
                self.on_battery = watching.on_battery;
                out.act(Action::Watching(watching));
            }
            Event::Touched(paths) => {
                self.touched.extend(paths);
                self.touched.append(&mut self.left);
            }
            Event::NamesTouched => out.act(Action::FindNamesAgain),
            // Told where it has done anything.
            Event::BrokeOff(summary) => (self.scanned, self.is_unasked) = (Some(summary), true),
            Event::GaveWay { paths, summary } => {
                self.asked.clear();
                self.touched.extend(paths);
                (self.scanned, self.is_unasked) = (Some(summary), true);
            }
            Event::Interrupted { scan, goes_on: true } => out.ask(Request::Scan(scan.folders)),
            Event::Interrupted { scan, goes_on: false } => self.interrupted = Some(scan.folders),
            Event::MayBeOver => self.may_be_over = true,
            Event::Over(matters) => {
                self.is_checking = false;
                matters.into_iter().for_each(|matter| self.settle(matter, out));
            }
        }
    }

    fn opened(&self, out: &mut Outbox<'_, Request>) {
        out.ask(Request::FindInterrupted);
        out.ask(Request::Watch);
    }

    fn touched(&mut self, touched: &Touched, _on_show: View, out: &mut Outbox<'_, Request>) {
        if touched.everything || touched.folders || touched.settings {
            out.ask(Request::Watch);
            self.may_be_over |= !self.asked_about.is_empty();
        }
    }

    /// What was noticed is looked at when no other scan runs, and not on battery.
    fn on_show(&mut self, _view: View, _page: Page, out: &mut Outbox<'_, Request>) {
        let is_scanning = self.is_asked || out.facts.jobs.values().any(|job| job.kind == JobKind::SCAN);
        if !self.touched.is_empty() && !is_scanning && !self.on_battery {
            self.is_asked = true;
            self.asked.extend(self.touched.iter().cloned());
            out.ask(Request::ScanTouched(std::mem::take(&mut self.touched).into_iter().collect()));
        }
        // A slow disk is not asked again before it has answered.
        if self.may_be_over && !self.is_checking {
            (self.may_be_over, self.is_checking) = (false, true);
            out.ask(Request::CheckQuestions(self.asked_about.clone()));
        }
    }

    fn job_ended(&mut self, _job: JobId) {
        self.is_asked = false;
        self.may_be_over |= !self.asked_about.is_empty();
        self.left.append(&mut self.asked);
    }

    fn question(&mut self, text: &Locale) -> Option<Question> {
        let folders = self.interrupted.take()?;
        Some(self.asking(about_interrupted(folders, text)))
    }

    fn question_closed(&mut self, matter: &Matter) {
        self.asked_about.retain(|asked| asked != matter);
    }

    fn act(&mut self, action: &Action, out: &mut Outbox<'_, Request>) {
        match action {
            Action::Scan(folders) => out.ask(Request::Scan(folders.clone())),
            Action::Rescan => {
                // It goes on with all of them.
                self.settle(Matter::InterruptedScan, out);
                out.ask(Request::Scan(Vec::new()));
            }
            Action::TryAgain(files) => out.ask(Request::TryAgain(files.clone())),
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

    fn is_long(request: &Request) -> bool {
        matches!(request, Request::Scan(_) | Request::ScanTouched(_) | Request::TryAgain(_))
    }

    fn ended(&mut self, kind: JobKind, text: &Locale) -> Option<Ended> {
        if kind != JobKind::SCAN {
            return None;
        }
        let is_unasked = std::mem::take(&mut self.is_unasked);
        let Some(summary) = self.scanned.take() else {
            // It broke off, and may have left anything.
            let touched = Touched::everything();
            return Some(Ended { words: String::new(), show: None, questions: Vec::new(), touched, shown_in: None });
        };
        let photos = text.n("new_photos", summary.new_photos as u64);
        let faces = text.n("new_faces", summary.new_faces as u64);
        let words = text.f("said_scanned", &[("photos", &photos), ("faces", &faces)]);
        let words = with_skipped(words, summary.skipped.len() as u64, text);
        let words = with_the_rest(words, &summary, text);
        let is_news = !is_unasked || summary.is_news();
        let show = if summary.lost_faces > 0 { Action::Open(Page::SET_ASIDE) } else { Action::Show(View::PEOPLE) };
        Some(Ended {
            words: if is_news { words } else { String::new() },
            show: Some(show),
            questions: summary.withheld.iter().map(|one| self.asking(about_missing(one, text))).collect(),
            touched: summary.touched,
            shown_in: None,
        })
    }
}

impl State {
    fn asking(&mut self, question: Question) -> Question {
        self.question_closed(&question.matter);
        self.asked_about.push(question.matter.clone());
        self.may_be_over = true;
        question
    }

    fn settle(&mut self, matter: Matter, out: &mut Outbox<'_, Request>) {
        self.question_closed(&matter);
        out.act(Action::Settled(matter));
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
        ("said_lost", summary.lost_faces - summary.unread_faces),
        ("said_unread", summary.unread_faces),
        ("said_faces_missing", summary.missing_faces),
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
        matter: Matter::MissingPhotos(withheld.folder.clone()),
        words: text.nf("missing_asked", withheld.gone, &[("photos", &photos), ("folder", &folder)]),
        answers: vec![
            Offer { label_key: "missing_keep", action: None },
            Offer { label_key: "missing_accept", action: Some(accept) },
        ],
    }
}

fn about_interrupted(folders: Vec<PathBuf>, text: &Locale) -> Question {
    let named: Vec<_> = folders.iter().map(|folder| folder.to_string_lossy()).collect();
    let named = named.join(text.s("list_separator"));
    Question {
        matter: Matter::InterruptedScan,
        words: text.f("interrupted_asked", &[("folders", &named)]),
        answers: vec![
            Offer { label_key: "interrupted_later", action: None },
            Offer { label_key: "interrupted_go_on", action: Some(Action::Scan(folders)) },
        ],
    }
}
