//! What leads from one feature to another: a closed list that every view may send and the shell carries out.

use std::collections::HashMap;
use std::path::PathBuf;

use super::locale::Locale;
use super::page::Page;
use super::path_question::{PathQuestion, Wanted};
use super::view::View;
use crate::app::engine::facts::{DistanceSample, Facts, PuttingBack, Watching};
use crate::app::engine::report::{Failure, JobId, Matter, Ticket};
use crate::figures::Saving;
use crate::library::{Decision, PhotoFilter};
use crate::types::{FaceId, ModelId, PersonId, Revision, StepId, Touched};

#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Opens one of the views of the rail.
    Show(View),
    /// Opens a page, over the view that it belongs to.
    Open(Page),
    /// Leaves the open page for what it was opened from.
    Back,
    /// Leaves pages until this one is open, if it was opened before.
    BackTo(Page),
    /// What goes away takes its page along.
    Leave(Page),
    /// Puts this page in the open one's place: going back leads where it led before.
    TurnTo(Page),
    /// Looks for what this text names; what is found is asked of [`Feature::hits`](super::feature::Feature::hits).
    Search(String),
    /// Shows only the photos that pass.
    FilterPhotos(PhotoFilter),
    /// Asks for a folder and scans it.
    ChooseFolder,
    /// Adds folders to the library and scans them.
    Scan(Vec<PathBuf>),
    /// Looks for what changed in all known folders.
    Rescan,
    /// Looks again into these files, which were left out.
    TryAgain(Vec<PathBuf>),
    CancelJob(JobId),
    /// Lets a scan rest, or go on.
    PauseJob(JobId, bool),
    /// What a user decides about faces and people, and the revision that they looked at.
    Decide(Decision, Revision),
    /// Looks for the place of a lost face; none gives the search up.
    PutBack(Option<PuttingBack>),
    /// Marks the photos of this folder that are gone as missing, as many as were shown.
    AcceptMissing {
        folder: PathBuf,
        gone: u64,
    },
    /// Opens or closes the grouping panel.
    ToggleGrouping,
    OpenGrouping,
    /// Asks whether this person is to be forgotten for good.
    AskForget(PersonId),
    CompareFaces(Vec<FaceId>),
    InstallModels(Vec<ModelId>),
    /// Asks for a model file that is already on this computer.
    ChooseModelFile,
    /// Imports these model files.
    ImportModels(Vec<PathBuf>),
    /// This model file is being read or written; none is any more.
    Importing(Option<PathBuf>),
    /// Trains on synthetic people, to show how it is done.
    Demonstrate,
    /// Asks for a file and writes this to it.
    Save(Box<Saving>),
    /// Writes it to this file.
    SaveTo(PathBuf, Box<Saving>),
    /// Lets the path be typed that no dialog gave.
    TypePath,
    /// Opens a file in the program that its kind belongs to.
    OpenFile(PathBuf),
    /// Keeps these distances, for every view to read.
    KeepSample(Option<DistanceSample>),
    /// Lists the models anew, for every view to read.
    LoadModels,
    /// In which folders new photos are noticed.
    Watching(Watching),
    /// Looks for names where files beside photos may say something else by now.
    FindNamesAgain,
    /// Reads anew what this touched.
    Reload(Touched),
    /// What was asked about it is asked no more.
    Settled(Matter),
    /// Says what failed.
    Fail(Failure),
}

impl Action {
    /// Takes back the last decision that has been shown.
    pub fn undo(facts: &Facts) -> Self {
        Self::undo_step(facts.steps_seen().undo)
    }

    pub fn redo(facts: &Facts) -> Self {
        Self::Decide(Decision::Redo(facts.steps_seen().redo), Revision::NOW)
    }

    /// The view that shows what it does, where that is another than it was sent from.
    pub(crate) fn shown_in(&self) -> Option<View> {
        matches!(self, Self::FilterPhotos(_)).then_some(View::LIBRARY)
    }

    /// The path that it asks for.
    pub(crate) fn path_question(&self) -> Option<PathQuestion> {
        match self {
            Self::ChooseFolder => Some(PathQuestion::many("choose_folder_title", Wanted::Folder)),
            Self::ChooseModelFile => Some(PathQuestion::many("choose_model_title", Wanted::File)),
            Self::Save(saving) => {
                let endings = saving.endings();
                let name = format!("{}.{}", saving.stem, endings[0]);
                Some(PathQuestion { name, endings, ..PathQuestion::one("save_title", Wanted::NewFile) })
            }
            _ => None,
        }
    }

    /// What follows when the paths are known.
    pub(crate) fn with_paths(self, paths: Vec<PathBuf>) -> Option<Self> {
        match self {
            Self::ChooseFolder => Some(Self::Scan(paths)),
            Self::ChooseModelFile => Some(Self::ImportModels(paths)),
            Self::Save(saving) => paths.into_iter().next().map(|path| Self::SaveTo(path, saving)),
            _ => None,
        }
    }

    /// Takes back this decision, as long as it is the last one. The step alone says what has been seen.
    pub(crate) fn undo_step(step: StepId) -> Self {
        Self::Decide(Decision::Undo(step), Revision::NOW)
    }
}

/// Words for a change that succeeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SuccessWords {
    pub text: String,
    pub undoable: bool,
    /// Of what takes a step of the history back, or does it again: what is said where there was no such step.
    pub no_step: Option<String>,
}

/// Changes that wait for their answer, and what to say then.
#[derive(Debug, Default)]
pub(crate) struct Tickets {
    words: HashMap<Ticket, SuccessWords>,
    last: Ticket,
}

impl Tickets {
    pub fn new_ticket(&mut self, text: String, undoable: bool) -> Ticket {
        self.ticket_for(SuccessWords { text, undoable, no_step: None })
    }

    fn ticket_for(&mut self, words: SuccessWords) -> Ticket {
        self.last += 1;
        self.words.insert(self.last, words);
        self.last
    }

    fn reword(&mut self, ticket: Ticket, text: String) {
        if let Some(words) = self.words.get_mut(&ticket) {
            words.text = text;
        }
    }

    pub fn answered(&mut self, ticket: Ticket) -> Option<SuccessWords> {
        self.words.remove(&ticket)
    }
}

/// What a feature's state may look at while it takes a message in, and where it leaves what is to be done. `R` is what
/// the feature asks its job.
pub struct Outbox<'a, R> {
    pub text: &'a Locale,
    pub facts: &'a Facts,
    tickets: &'a mut Tickets,
    pub requests: Vec<R>,
    pub actions: Vec<Action>,
}

impl<'a, R> Outbox<'a, R> {
    pub(crate) fn new(text: &'a Locale, facts: &'a Facts, tickets: &'a mut Tickets) -> Self {
        Self { text, facts, tickets, requests: Vec::new(), actions: Vec::new() }
    }

    pub(crate) fn ask(&mut self, request: R) {
        self.requests.push(request);
    }

    pub fn act(&mut self, action: Action) {
        self.actions.push(action);
    }

    /// Names a change; the text is said when it has been made.
    pub fn ticket(&mut self, text: String, undoable: bool) -> Ticket {
        self.tickets.new_ticket(text, undoable)
    }

    /// What is said of a change in place of its first words, now that more is known of how it went.
    pub(crate) fn reword(&mut self, ticket: Ticket, text: String) {
        self.tickets.reword(ticket, text);
    }

    pub(crate) fn ticket_for(&mut self, words: SuccessWords) -> Ticket {
        self.tickets.ticket_for(words)
    }
}

/// What a state asks of its job when this is done to it, in English.
#[cfg(test)]
pub(crate) fn asked<R>(facts: &Facts, work: impl FnOnce(&mut Outbox<'_, R>)) -> Vec<R> {
    let (text, mut tickets) = (Locale::new(super::locale::Language::English), Tickets::default());
    let mut out = Outbox::new(&text, facts, &mut tickets);
    work(&mut out);
    out.requests
}
