//! Model files on their way into the store, one after another: each is looked at first, and what it leaves open is
//! asked before anything is written.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use crate::app::jobs::import::{ImportRequest, OpenQuestion};
use crate::app::engine::report::{Failure, Ticket};
use crate::app::shell::backend::{Change, Request};
use crate::app::shell::state::State;
use crate::app::shell::update::Logic;
use crate::app::ui::locale::Locale;
use crate::types::InputRecipe;

#[derive(Debug, Default)]
pub struct Imports {
    waiting: VecDeque<PathBuf>,
    pub step: Option<Step>,
}

/// Where the import of one file stands.
#[derive(Debug)]
pub enum Step {
    Looking(PathBuf),
    Asking(Form),
    Writing(PathBuf, Ticket),
}

/// What a file leaves open, and the answers so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    pub request: ImportRequest,
    pub question: OpenQuestion,
    /// Of the question's networks.
    pub chosen: Option<usize>,
}

impl Form {
    pub fn new(path: PathBuf, question: OpenQuestion) -> Self {
        let chosen = (question.networks.len() == 1).then_some(0);
        Self { request: ImportRequest { path, ..ImportRequest::default() }, question, chosen }
    }

    /// What the catalogue would take for the chosen network.
    pub fn usual(&self) -> Option<InputRecipe> {
        self.chosen.map(|chosen| self.question.networks[chosen].1)
    }

    /// Every answer written out, so that nothing is left to be guessed; none while the network is not chosen.
    fn answered(&self) -> Option<ImportRequest> {
        let (network, usual) = self.question.networks[self.chosen?];
        let mut request = self.request.clone();
        request.net = (self.question.networks.len() > 1).then(|| network.to_owned());
        request.crop = request.crop.or(Some(usual.crop));
        request.scaling = request.scaling.or(Some(usual.scaling));
        request.channels = request.channels.or(Some(usual.channels));
        Some(request)
    }
}

impl Imports {
    /// The file that is being read or written.
    pub fn busy_with(&self) -> Option<&Path> {
        match self.step.as_ref()? {
            Step::Looking(path) | Step::Writing(path, _) => Some(path),
            Step::Asking(_) => None,
        }
    }

    pub fn asking(&self) -> Option<&Form> {
        match self.step.as_ref()? {
            Step::Asking(form) => Some(form),
            _ => None,
        }
    }
}

impl Logic {
    pub(crate) fn import(&mut self, state: &mut State, paths: Vec<PathBuf>) {
        state.imports.waiting.extend(paths);
        if state.imports.step.is_none() {
            self.next_import(state);
        }
    }

    pub(crate) fn next_import(&mut self, state: &mut State) {
        state.imports.step = state.imports.waiting.pop_front().map(|path| {
            self.ask(Request::LookAtModel(path.clone()));
            Step::Looking(path)
        });
    }

    pub(crate) fn looked_at_model(
        &mut self,
        state: &mut State,
        text: &Locale,
        path: PathBuf,
        outcome: Result<Option<OpenQuestion>, Failure>,
    ) {
        match outcome {
            Ok(None) => {
                self.write_import(state, text, ImportRequest { path, ..ImportRequest::default() });
            }
            Ok(Some(question)) => state.imports.step = Some(Step::Asking(Form::new(path, question))),
            Err(failure) => {
                self.failed(state, text, None, failure);
                self.next_import(state);
            }
        }
    }

    pub(crate) fn confirm_import(&mut self, state: &mut State, text: &Locale) {
        if let Some(request) = state.imports.asking().and_then(Form::answered) {
            self.write_import(state, text, request);
        }
    }

    fn write_import(&mut self, state: &mut State, text: &Locale, request: ImportRequest) {
        let path = request.path.clone();
        let words = text.f("said_imported", &[("name", &file_name(&path))]);
        let ticket = self.change_with_ticket(Change::ImportModel(Box::new(request)), words, false);
        state.imports.step = Some(Step::Writing(path, ticket));
    }

    /// After any change was answered.
    pub(crate) fn go_on_importing(&mut self, state: &mut State, ticket: Ticket) {
        if matches!(state.imports.step, Some(Step::Writing(_, of)) if of == ticket) {
            self.next_import(state);
        }
    }
}

pub fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
