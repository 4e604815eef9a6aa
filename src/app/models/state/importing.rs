//! Model files on their way into the store, one after another: each is looked at first, and what it leaves open is
//! asked before anything is written.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use crate::app::engine::report::Ticket;
use crate::app::jobs::import::{ImportRequest, OpenQuestion};
use crate::types::Preprocessing;

#[derive(Debug, Default)]
pub(crate) struct Imports {
    pub(super) waiting: VecDeque<PathBuf>,
    pub step: Option<ImportStep>,
}

/// Where the import of one file stands.
#[derive(Debug)]
pub(crate) enum ImportStep {
    Inspecting(PathBuf),
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
    pub fn usual(&self) -> Option<Preprocessing> {
        self.chosen.map(|chosen| self.question.networks[chosen].1)
    }

    /// Every answer written out, so that nothing is left to be guessed; none while the network is not chosen.
    pub(super) fn answered(&self) -> Option<ImportRequest> {
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
            ImportStep::Inspecting(path) | ImportStep::Writing(path, _) => Some(path),
            ImportStep::Asking(_) => None,
        }
    }

    pub fn asking(&self) -> Option<&Form> {
        match self.step.as_ref()? {
            ImportStep::Asking(form) => Some(form),
            _ => None,
        }
    }
}

pub fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
