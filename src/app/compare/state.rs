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
    /// How many of those added last are left out, because no more can be shown.
    pub left_out: usize,
    /// Of the sources as they are; none while they are computed.
    pub result: Option<CompareResult>,
}

/// So many faces can be shown: a table of their distances can still be looked through.
pub(crate) const MOST_COMPARED: usize = 32;

impl Feature for State {
    type Message = Message;
    type Request = Request;
    type Event = Event;

    const VIEW: Option<View> = Some(View::COMPARE);

    fn update(&mut self, message: Message, out: &mut Outbox<'_, Request>) {
        self.left_out = 0;
        match message {
            Message::Add(sources) => {
                let room = MOST_COMPARED.saturating_sub(self.sources.len());
                self.left_out = sources.len().saturating_sub(room);
                self.sources.extend(sources.into_iter().take(room));
            }
            Message::Remove(slot) if slot < self.sources.len() => _ = self.sources.remove(slot),
            Message::Clear => self.sources.clear(),
            // The shell opens the dialog.
            Message::ChooseFiles | Message::Remove(_) => return,
        }
        self.result = None;
        match self.sources.is_empty() {
            true => out.ask(Request::Stop),
            false => out.ask(Request::Compare(self.sources.clone())),
        }
    }

    fn receive(&mut self, event: Event, _out: &mut Outbox<'_, Request>) {
        let Event::Compared(result) = event;
        if result.sources == self.sources {
            self.result = Some(result);
        }
    }

    fn is_long(request: &Request) -> bool {
        matches!(request, Request::Compare(_))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::facts::Facts;
    use crate::app::ui::action;
    use crate::types::FaceId;

    fn asked(state: &mut State, message: Message) -> Vec<Request> {
        action::asked(&Facts::default(), |out| state.update(message, out))
    }

    #[test]
    fn what_can_be_shown_is_compared_the_rest_is_told_and_clearing_stops_it() {
        let mut state = State::default();
        let faces = |ids: std::ops::Range<i64>| ids.map(FaceId).map(CompareSource::Face).collect::<Vec<_>>();
        asked(&mut state, Message::Add(faces(0..2)));
        let requests = asked(&mut state, Message::Add(faces(2..1000)));
        assert_eq!(requests, [Request::Compare(faces(0..MOST_COMPARED as i64))]);
        assert_eq!(state.left_out, 1000 - MOST_COMPARED);
        asked(&mut state, Message::Remove(0));
        assert_eq!(state.left_out, 0);
        assert_eq!(asked(&mut state, Message::Clear), [Request::Stop]);
        assert!(State::replaces(&Request::Stop, &Request::Compare(faces(0..2))) && !State::is_long(&Request::Stop));
    }
}
