//! The models of the store and the catalogue of networks, and what a user does with them.

pub mod importing;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::app::engine::facts::{Facts, Overview};
use crate::app::engine::report::{JobId, JobKind, Ticket};
use crate::app::jobs::import::ImportRequest;
pub use crate::app::models::job::{Event, NetworkRow, Request};
use crate::app::ui::action::{Action, Outbox};
use crate::app::ui::feature::{Ended, Feature};
use crate::app::ui::locale::Locale;
use crate::app::ui::view::View;
use crate::types::{ModelId, Touched};
use importing::{Form, ImportStep, Imports, file_name};

/// What a user can do here.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    Install(Vec<ModelId>),
    Import(Vec<PathBuf>),
    /// What is answered to what a model file leaves open.
    AnswerImport(Box<Form>),
    /// Imports the file as answered.
    ConfirmImport,
    /// Does not import the file that is asked about.
    SkipImport,
    /// Shows the layers of a network, or the catalogue again.
    OpenNetwork(Option<String>),
    Verify(ModelId),
    Remove(ModelId),
    Use(ModelId),
}

#[derive(Debug, Default)]
pub struct State {
    /// The catalogue; empty until it was asked for.
    pub networks: Vec<NetworkRow>,
    /// The network whose layers are shown.
    pub network: Option<String>,
    pub(crate) imports: Imports,
    /// What each running installation fetches.
    pub installing: BTreeMap<JobId, Vec<ModelId>>,
}

impl Feature for State {
    type Message = Message;
    type Request = Request;
    type Event = Event;

    const VIEW: Option<View> = Some(View::MODELS);

    fn update(&mut self, message: Message, out: &mut Outbox<'_, Request>) {
        match message {
            Message::Install(models) => out.ask(Request::Install(models)),
            Message::Import(paths) => {
                self.imports.waiting.extend(paths);
                if self.imports.step.is_none() {
                    self.next_import(out);
                }
            }
            Message::AnswerImport(form) => self.imports.step = Some(ImportStep::Asking(*form)),
            Message::ConfirmImport => {
                if let Some(request) = self.imports.asking().and_then(Form::answered) {
                    self.write_import(request, out);
                }
            }
            Message::SkipImport => self.next_import(out),
            Message::OpenNetwork(name) => self.network = name,
            Message::Verify(model) => {
                let ticket = out.ticket(out.text.f("said_verified", &[("name", &model.0)]), false);
                out.ask(Request::Verify(ticket, model));
            }
            Message::Remove(model) => {
                let ticket = out.ticket(out.text.f("said_removed", &[("name", &model.0)]), false);
                out.ask(Request::Remove(ticket, model));
            }
            Message::Use(model) => {
                let ticket = out.ticket(out.text.f("said_uses_model", &[("name", &model.0)]), false);
                out.ask(Request::Use(ticket, model));
            }
        }
    }

    fn receive(&mut self, event: Event, out: &mut Outbox<'_, Request>) {
        match event {
            Event::Networks(networks) => self.networks = networks,
            Event::Installing(job, models) => _ = self.installing.insert(job, models),
            Event::Inspected(path, Ok(None)) => {
                self.write_import(ImportRequest { path, ..ImportRequest::default() }, out);
            }
            Event::Inspected(path, Ok(Some(question))) => {
                self.go_on_to(Some(ImportStep::Asking(Form::new(path, question))), out);
            }
            Event::Inspected(_, Err(failure)) => {
                out.act(Action::Fail(failure));
                self.next_import(out);
            }
        }
    }

    fn job_ended(&mut self, job: JobId) {
        self.installing.remove(&job);
    }

    /// After any change was answered.
    fn answered(&mut self, ticket: Ticket, _made: bool, out: &mut Outbox<'_, Request>) {
        if matches!(self.imports.step, Some(ImportStep::Writing(_, of)) if of == ticket) {
            self.next_import(out);
        }
    }

    /// After a job broke down: it may have been the import, and then no other answer comes.
    fn broke_down(&mut self, out: &mut Outbox<'_, Request>) {
        if self.imports.busy_with().is_some() {
            self.next_import(out);
        }
    }

    fn opened(&self, out: &mut Outbox<'_, Request>) {
        out.ask(Request::LoadNetworks);
    }

    fn shown(&self, view: View, out: &mut Outbox<'_, Request>) {
        if Self::VIEW == Some(view) {
            out.act(Action::LoadModels);
        }
    }

    fn foot(&self, facts: &Facts, text: &Locale) -> Vec<String> {
        let model = |overview: &Overview| overview.model.as_deref().unwrap_or(text.s("no_model")).to_owned();
        facts.overview.ready().map(model).into_iter().collect()
    }

    fn act(&mut self, action: &Action, out: &mut Outbox<'_, Request>) {
        match action {
            Action::InstallModels(models) => out.ask(Request::Install(models.clone())),
            Action::ImportModels(paths) => self.update(Message::Import(paths.clone()), out),
            _ => {}
        }
    }

    fn is_long(request: &Request) -> bool {
        matches!(request, Request::Remove(..))
    }

    fn ended(&mut self, kind: JobKind, text: &Locale) -> Option<Ended> {
        let touched = Touched { settings: true, ..Touched::models() };
        let words = text.s("said_installed").to_owned();
        (kind == JobKind::INSTALL).then_some(Ended {
            words,
            show: None,
            questions: Vec::new(),
            touched,
            shown_in: None,
        })
    }

    fn dropped(paths: &[PathBuf]) -> Option<Message> {
        Some(Message::Import(paths.to_vec()))
    }

    fn is_asking(&self) -> bool {
        self.imports.asking().is_some()
    }
}

impl State {
    fn next_import(&mut self, out: &mut Outbox<'_, Request>) {
        let next = self.imports.waiting.pop_front();
        out.requests.extend(next.clone().map(Request::Inspect));
        self.go_on_to(next.map(ImportStep::Inspecting), out);
    }

    fn write_import(&mut self, request: ImportRequest, out: &mut Outbox<'_, Request>) {
        let path = request.path.clone();
        let ticket = out.ticket(out.text.f("said_imported", &[("name", &file_name(&path))]), false);
        out.ask(Request::Import(ticket, Box::new(request)));
        self.go_on_to(Some(ImportStep::Writing(path, ticket)), out);
    }

    /// The page of a library without photos shows which file is being imported.
    fn go_on_to(&mut self, step: Option<ImportStep>, out: &mut Outbox<'_, Request>) {
        self.imports.step = step;
        out.act(Action::Importing(self.imports.busy_with().map(Path::to_owned)));
    }
}
