//! Names for other programs: what its user chooses, what they are shown, and what became of it.
//!
//! Nothing is written that was not shown, nothing is shown that was not asked for, and a choice that changes afterwards
//! makes what was shown stale.

use std::collections::HashSet;
use std::sync::Arc;

use crate::app::engine::facts::Facts;
use crate::app::engine::report::{JobId, JobKind, Matter};
pub use crate::app::metadata::job::{
    ChangeKind, DiffLine, FileFate, FilePreview, LeftName, NameList, Refusal, SkipWhy, SkippedFile, UndoSummary,
    WriteChoices, WriteEvent, WritePreview, WriteRequest, WriteSummary, WritingKept, WritingSettings,
};
use crate::app::metadata::job::{PREVIEW_NAMES, Request, TAKE_NAMES_BACK, WRITE_NAMES};
use crate::app::ui::action::{Action, Outbox};
use crate::app::ui::feature::{Ended, Offer, Question};
use crate::app::ui::locale::Locale;
use crate::app::ui::page::{OwnPage, Page};
use crate::app::ui::view::View;
pub use crate::library::WritePlace;
use crate::types::Touched;

/// The page on which names are written for other programs.
pub const WRITE_NAMES_PAGE: Page = Page::Own(OwnPage { title_key: "write_names", over: Some(View::SETTINGS) });

/// Writing is offered once so many people have names.
const NAMES_FIRST: usize = 10;

/// What a user can do about writing.
#[derive(Debug, Clone, PartialEq)]
pub enum WriteMessage {
    Choose(WriteChoices),
    /// Whether it is said when names have changed since they were written.
    TurnOn(bool),
    ShowChoices(bool),
    /// Whether the way back of the writing before the one that was just taken back is offered.
    ShowEarlier(bool),
    Preview,
    /// Opens or closes the lines of a file, by its place in the list.
    Toggle(usize),
    Write,
    TakeBack,
}

/// What became of the last job.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum WriteOutcome {
    Written(WriteSummary),
    TakenBack(UndoSummary),
}

/// A job that was asked for, and its number once it has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WriteJob {
    pub kind: JobKind,
    pub id: Option<JobId>,
}

#[derive(Debug, Default)]
pub struct WritingState {
    /// None while it is being read.
    kept: Option<WritingKept>,
    /// Settings that are on their way to the library.
    unsaved: usize,
    preview: Option<Arc<WritePreview>>,
    /// Files whose lines are shown.
    open_files: HashSet<usize>,
    pub(crate) choices_shown: bool,
    earlier_shown: bool,
    job: Option<WriteJob>,
    outcome: Option<WriteOutcome>,
    /// Since the preview was made.
    names_changed: bool,
    named_people: usize,
    offer_now: bool,
    load_next: bool,
    page_is_open: bool,
}

impl WritingState {
    pub(crate) fn kept(&self) -> Option<&WritingKept> {
        self.kept.as_ref()
    }

    pub(crate) fn preview(&self) -> Option<&WritePreview> {
        self.preview.as_deref()
    }

    pub(crate) fn outcome(&self) -> Option<&WriteOutcome> {
        self.outcome.as_ref()
    }

    /// Whether a writing was just taken back, so that the way back is that of an earlier one: it is shown only when it is
    /// asked for, or an impatient second click would take it.
    pub(crate) fn has_taken_back(&self) -> bool {
        matches!(self.outcome, Some(WriteOutcome::TakenBack(_)))
    }

    pub(crate) fn is_earlier_shown(&self) -> bool {
        self.earlier_shown
    }

    pub(crate) fn job(&self) -> Option<WriteJob> {
        self.job
    }

    /// Whether other choices were made since the preview.
    pub(crate) fn is_stale(&self) -> bool {
        let choices = self.kept.as_ref().map(|kept| &kept.settings.choices);
        self.preview.as_ref().is_some_and(|preview| choices != Some(&preview.choices))
    }

    /// Whether names have changed since the preview: the files that would now become others are left out.
    pub(crate) fn names_changed(&self) -> bool {
        self.names_changed && self.preview.is_some()
    }

    pub(crate) fn can_write(&self) -> bool {
        let has_files = self.preview.as_ref().is_some_and(|preview| !preview.files.is_empty());
        has_files && !self.is_stale() && self.job.is_none()
    }

    pub(crate) fn is_open(&self, file: usize) -> bool {
        self.open_files.contains(&file)
    }

    pub(super) fn update(&mut self, message: WriteMessage, out: &mut Outbox<'_, Request>) {
        match message {
            WriteMessage::Choose(choices) => self.keep(out, |settings| settings.choices = choices),
            WriteMessage::TurnOn(is_on) => {
                self.keep(out, |settings| settings.is_on = is_on);
                self.load_next = true;
            }
            WriteMessage::ShowChoices(shown) => self.choices_shown = shown,
            WriteMessage::ShowEarlier(shown) => self.earlier_shown = shown,
            WriteMessage::Toggle(file) => {
                if !self.open_files.remove(&file) {
                    self.open_files.insert(file);
                }
            }
            WriteMessage::Preview => {
                let Some(choices) = self.kept.as_ref().map(|kept| kept.settings.choices.clone()) else { return };
                self.begin(PREVIEW_NAMES, WriteRequest::Preview(choices), out);
            }
            WriteMessage::Write if self.can_write() => {
                let Some(preview) = self.preview.clone() else { return };
                self.begin(WRITE_NAMES, WriteRequest::Write(preview), out);
            }
            WriteMessage::Write => {}
            WriteMessage::TakeBack => self.begin(TAKE_NAMES_BACK, WriteRequest::TakeBack, out),
        }
    }

    /// One job at a time: each looks at files that the others change.
    fn begin(&mut self, kind: JobKind, request: WriteRequest, out: &mut Outbox<'_, Request>) {
        if self.job.is_none() {
            self.job = Some(WriteJob { kind, id: None });
            self.outcome = None;
            self.earlier_shown = false;
            out.ask(Request::Writing(request));
        }
    }

    fn keep(&mut self, out: &mut Outbox<'_, Request>, change: impl FnOnce(&mut WritingSettings)) {
        let Some(kept) = &mut self.kept else { return };
        let before = kept.settings.clone();
        change(&mut kept.settings);
        if kept.settings != before {
            self.unsaved += 1;
            out.ask(Request::Writing(WriteRequest::Keep(kept.settings.clone())));
        }
    }

    pub(super) fn receive(&mut self, event: WriteEvent, out: &mut Outbox<'_, Request>) {
        match event {
            WriteEvent::Kept(kept) => {
                // What was said meanwhile is newer.
                let said = self.kept.take().filter(|_| self.unsaved > 0).map(|kept| kept.settings);
                self.kept = Some(WritingKept { settings: said.unwrap_or(kept.settings), ..kept });
            }
            WriteEvent::Saved => self.unsaved = self.unsaved.saturating_sub(1),
            WriteEvent::Began(job) => self.job.iter_mut().for_each(|begun| begun.id = begun.id.or(Some(job))),
            WriteEvent::Previewed(preview) => {
                self.choices_shown = false;
                self.names_changed = false;
                self.show(Some(preview));
            }
            WriteEvent::Written(summary) => {
                let was_written = summary.files > 0;
                self.end(WriteOutcome::Written(summary));
                self.keep(out, |settings| settings.is_on |= was_written);
            }
            WriteEvent::TakenBack(summary) => self.end(WriteOutcome::TakenBack(summary)),
        }
    }

    fn show(&mut self, preview: Option<Arc<WritePreview>>) {
        self.preview = preview;
        self.open_files.clear();
    }

    /// The files are others now than those that were shown.
    fn end(&mut self, outcome: WriteOutcome) {
        self.show(None);
        self.outcome = Some(outcome);
        self.load_next = true;
    }

    pub(super) fn job_ended(&mut self, job: JobId) {
        if self.job.take_if(|begun| begun.id == Some(job)).is_some() {
            self.load_next = true;
        }
    }

    pub(super) fn touched(&mut self, touched: &Touched) {
        if touched.everything || touched.names_people() {
            (self.names_changed, self.load_next) = (true, true);
        }
    }

    pub(super) fn facts_loaded(&mut self, facts: &Facts) {
        self.named_people = facts.people.ready().map_or(0, |people| people.named.len());
    }

    pub(super) fn on_show(&mut self, is_in_sight: bool, page_is_open: bool, out: &mut Outbox<'_, Request>) {
        // A result that was seen is none any more when the page is opened again.
        if std::mem::replace(&mut self.page_is_open, page_is_open) && !page_is_open {
            self.outcome = None;
        }
        if is_in_sight && std::mem::take(&mut self.load_next) {
            out.ask(Request::LoadWriting);
        }
        let settings = self.kept.as_ref().map(|kept| &kept.settings);
        let is_new = settings.is_some_and(|settings| !settings.was_offered && !settings.is_on);
        if is_new && self.named_people >= NAMES_FIRST && !page_is_open {
            self.offer_now = true;
            self.keep(out, |settings| settings.was_offered = true);
        }
    }

    /// The offer, which is made once.
    pub(super) fn question(&mut self, text: &Locale) -> Option<Question> {
        let show = Offer { label_key: "offer_write_names_show", action: Some(Action::Open(WRITE_NAMES_PAGE)) };
        let leave = Offer { label_key: "offer_write_names_leave", action: None };
        let words = || text.s("offer_write_names").to_owned();
        let matter = Matter::WritingNames;
        std::mem::take(&mut self.offer_now).then(|| Question { matter, words: words(), answers: vec![show, leave] })
    }

    /// The page says itself how its jobs ended.
    pub(super) fn ended(&self, kind: JobKind, text: &Locale) -> Option<Ended> {
        if ![PREVIEW_NAMES, WRITE_NAMES, TAKE_NAMES_BACK].contains(&kind) {
            return None;
        }
        let words = if self.page_is_open { None } else { self.words(kind, text) };
        Some(Ended {
            words: words.unwrap_or_default(),
            show: Some(Action::Open(WRITE_NAMES_PAGE)),
            questions: Vec::new(),
            touched: Touched::default(),
            shown_in: None,
        })
    }

    fn words(&self, kind: JobKind, text: &Locale) -> Option<String> {
        match (kind, &self.outcome, &self.preview) {
            (PREVIEW_NAMES, _, Some(preview)) => Some(text.n("write_would_change", preview.files.len() as u64)),
            (_, Some(outcome), _) => Some(outcome.words(text)),
            _ => None,
        }
    }
}

impl WriteOutcome {
    pub(crate) fn words(&self, text: &Locale) -> String {
        match self {
            Self::Written(WriteSummary { files: 0, .. }) => text.s("write_done_none").to_owned(),
            Self::Written(summary) => text.n("write_done", summary.files as u64),
            Self::TakenBack(UndoSummary { restored: 0, .. }) => text.s("write_taken_back_none").to_owned(),
            Self::TakenBack(summary) => text.n("write_taken_back", summary.restored as u64),
        }
    }

    pub(crate) fn left(&self) -> &[LeftName] {
        match self {
            Self::Written(summary) => &summary.left,
            Self::TakenBack(_) => &[],
        }
    }

    pub(crate) fn skipped(&self) -> &[SkippedFile] {
        match self {
            Self::Written(summary) => &summary.skipped,
            Self::TakenBack(summary) => &summary.skipped,
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        match self {
            Self::Written(summary) => summary.cancelled,
            Self::TakenBack(summary) => summary.cancelled,
        }
    }
}

#[cfg(test)]
mod tests;
