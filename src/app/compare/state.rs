//! What is compared, and what came out.

use std::path::PathBuf;

pub(crate) use crate::app::compare::job::compare::ComparedFace;
pub use crate::app::compare::job::compare::{CompareResult, CompareSource};
pub use crate::app::compare::job::{Event, Request};
use crate::app::ui::action::{Action, Outbox};
use crate::app::ui::feature::Feature;
use crate::app::ui::path_question::{PathQuestion, Wanted};
use crate::app::ui::view::View;

/// What a user can do here.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Adds faces to the comparison.
    Add(Vec<CompareSource>),
    /// Takes the face in this slot out.
    Remove(usize),
    Clear,
    /// Asks for files to compare.
    ChooseFiles,
}

#[derive(Debug, Default)]
pub struct State {
    pub sources: Vec<CompareSource>,
    /// Of the sources as they are; none while they are computed.
    pub result: Option<CompareResult>,
}

impl Feature for State {
    type Message = Message;
    type Request = Request;
    type Event = Event;

    const VIEW: Option<View> = Some(View::COMPARE);

    fn update(&mut self, message: Message, out: &mut Outbox<'_, Request>) {
        match message {
            Message::Add(sources) => self.sources.extend(sources),
            Message::Remove(slot) if slot < self.sources.len() => _ = self.sources.remove(slot),
            Message::Clear => self.sources.clear(),
            // The shell opens the dialog.
            Message::ChooseFiles | Message::Remove(_) => return,
        }
        self.result = None;
        if !self.sources.is_empty() {
            out.ask(Request::Compare(self.sources.clone()));
        }
    }

    fn receive(&mut self, event: Event, _out: &mut Outbox<'_, Request>) {
        let Event::Compared(result) = event;
        if result.sources == self.sources {
            self.result = Some(result);
        }
    }

    fn is_long(_: &Request) -> bool {
        true
    }

    fn replaces(_: &Request, _: &Request) -> bool {
        true
    }

    fn act(&mut self, action: &Action, out: &mut Outbox<'_, Request>) {
        if let Action::CompareFaces(faces) = action {
            self.update(Message::Add(faces.iter().copied().map(CompareSource::Face).collect()), out);
        }
    }

    fn path_question(message: &Message) -> Option<PathQuestion> {
        matches!(message, Message::ChooseFiles).then(|| PathQuestion::many("choose_files_title", Wanted::File))
    }

    fn with_paths(_: Message, paths: Vec<PathBuf>) -> Option<Message> {
        Some(files(paths))
    }

    fn dropped(paths: &[PathBuf]) -> Option<Message> {
        Some(files(paths.to_vec()))
    }
}

fn files(paths: Vec<PathBuf>) -> Message {
    Message::Add(paths.into_iter().map(CompareSource::File).collect())
}
