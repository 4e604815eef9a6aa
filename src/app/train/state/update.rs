//! What messages and events do to [`State`]. No drawing.

use serde::{Deserialize, Serialize};

use crate::app::engine::facts::Loadable;
use crate::app::engine::report::{Failed, Failure, JobKind};
use crate::app::jobs::demonstration::DemoOptions;
use crate::app::train::state::form;
use crate::app::train::state::live::{Adoption, LiveRun, RunEnd, RunStage};
use crate::app::train::state::{
    DEMONSTRATE, DataSource, Discarding, Event, Message, REEMBED, Request, State, TRAIN, TrainPath,
};
use crate::app::ui::action::{Action, Outbox};
use crate::app::ui::feature::{Ended, Feature, Remembered, with_skipped};
use crate::app::ui::locale::Locale;
use crate::app::ui::path_question::{PathQuestion, Wanted};
use crate::app::ui::view::View;
use crate::train::schedule::LearningRate;
use crate::types::{Touched, path_text};
use std::path::PathBuf;

type Out<'a> = Outbox<'a, Request>;

/// What a run learned from last, and the pairs it was judged on with their pictures.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct LastPaths {
    #[serde(default, with = "path_text::perhaps")]
    people: Option<PathBuf>,
    #[serde(default, with = "path_text::perhaps")]
    held_out_pairs: Option<PathBuf>,
    #[serde(default, with = "path_text::perhaps")]
    pair_pictures: Option<PathBuf>,
}

impl Feature for State {
    type Message = Message;
    type Request = Request;
    type Event = Event;

    const VIEW: Option<View> = Some(View::TRAIN);

    fn update(&mut self, message: Message, out: &mut Out<'_>) {
        match message {
            // A dialog: `app` opens it.
            Message::AskPath(_) => {}
            Message::SetPath(file, path) => {
                if file == TrainPath::Schedule {
                    out.ask(Request::ReadSchedule(path.clone()));
                }
                self.form.take_file(file, path);
                self.summarise_data(out);
            }
            Message::Edit(form) => {
                self.form = *form;
                self.summarise_data(out);
            }
            Message::Start => {
                if let Some((request, name)) = form::request(self) {
                    self.begin(Request::Start { request: Box::new(request), name }, out);
                }
            }
            Message::GoOn(path) => self.begin(Request::GoOn(path), out),
            Message::Demonstrate(which) => self.begin(Request::Demonstrate(which), out),
            Message::AskDiscard(what) => self.discarding = Some(what),
            Message::CloseDiscard => self.discarding = None,
            Message::Discard(what) => {
                self.discarding = None;
                match what {
                    Discarding::Running => {
                        if let Some(run) = self.run.as_mut().filter(|run| run.is_running()) {
                            run.stage = RunStage::Ending;
                        }
                        out.ask(Request::Stop { discard: true });
                    }
                    Discarding::Unfinished(path) => out.ask(Request::Discard(path)),
                }
            }
            Message::Reembed => out.ask(Request::Reembed),
            of_run => self.update_run(of_run, out),
        }
    }

    fn receive(&mut self, event: Event, out: &mut Out<'_>) {
        match event {
            Event::Choices(choices) => {
                self.form.fill_from(&choices);
                self.choices = Loadable::Ready(choices);
                // A folder that was remembered has not been counted yet.
                self.summarise_data(out);
            }
            Event::ChoicesFailed(details) => {
                self.choices = Loadable::Failed(Failure { what: Failed::Load, details });
            }
            Event::Summarised(data, summary) => {
                if self.data_summary.as_ref().is_some_and(|(of, _)| *of == data) {
                    let failed = |details| Loadable::Failed(Failure { what: Failed::Own("failed_count"), details });
                    self.data_summary = Some((data, summary.map_or_else(failed, Loadable::Ready)));
                }
            }
            Event::Schedule(path, schedule) if self.form.schedule.as_ref() == Some(&path) => match schedule {
                Ok(schedule) => {
                    self.form.schedule_problem = None;
                    self.form.config.learning_rate = LearningRate::Schedule(schedule);
                }
                Err(problem) => {
                    self.form.schedule = None;
                    self.form.schedule_problem = Some(problem);
                }
            },
            Event::Schedule(..) => {}
            Event::Began(begun) => {
                self.discarding = None;
                self.waiting = false;
                self.failed_to_begin = None;
                self.run = Some(LiveRun::new(begun));
            }
            Event::Runs => out.ask(Request::LoadChoices),
            Event::Ended(end) => {
                self.ended(*end);
                out.ask(Request::LoadChoices);
            }
            Event::Run(event) => {
                if let Some(run) = &mut self.run {
                    run.receive(*event);
                }
            }
            Event::InUse { model, faces } => {
                self.set_adoption(Adoption::InUse { model, faces });
                out.act(Action::Reload(Touched { models: true, ..Touched::everything() }));
            }
            Event::NotInUse => self.set_adoption(Adoption::Undecided),
            Event::Reembedded { faces, skipped, all } => {
                self.reembedded = (faces, skipped);
                if let Some(Adoption::InUse { faces, .. }) =
                    self.run.as_mut().map(|run| &mut run.adoption).filter(|_| all)
                {
                    *faces = 0;
                }
            }
        }
    }

    fn shown(&self, view: View, out: &mut Out<'_>) {
        if Self::VIEW == Some(view) {
            self.questions().into_iter().for_each(|question| out.ask(question));
        }
    }

    fn act(&mut self, action: &Action, out: &mut Out<'_>) {
        if *action == Action::Demonstrate {
            self.begin(Request::Demonstrate(DemoOptions::default()), out);
        }
    }

    fn is_long(request: &Request) -> bool {
        matches!(request, Request::Start { .. } | Request::GoOn(_) | Request::Demonstrate(_) | Request::Reembed)
    }

    fn ended(&mut self, kind: JobKind, text: &Locale) -> Option<Ended> {
        let here = View::TRAIN;
        let (words, show, touched, shown_in) = match kind {
            TRAIN => (text.s("said_trained").to_owned(), here, Touched::models(), Some(here)),
            DEMONSTRATE => (text.s("said_demonstrated").to_owned(), here, Touched::default(), Some(here)),
            REEMBED => {
                let (faces, skipped) = std::mem::take(&mut self.reembedded);
                let words = with_skipped(text.n("said_reembedded", faces), skipped, text);
                (words, View::PEOPLE, Touched::everything(), None)
            }
            _ => return None,
        };
        Some(Ended { words, show: Some(Action::Show(show)), questions: Vec::new(), touched, shown_in })
    }

    fn remember(&self, kept: &mut Remembered) {
        let people = match &self.form.data {
            Some(DataSource::Folder(folder)) => Some(folder.clone()),
            _ => None,
        };
        let (held_out_pairs, pair_pictures) = (self.form.pairs.clone(), self.form.pair_pictures.clone());
        let chosen = LastPaths { people, held_out_pairs, pair_pictures };
        kept.extend(serde_json::to_value(chosen).map(|chosen| ("train".to_owned(), chosen)));
    }

    /// Whether it is still there shows when it is used: the window's thread does not wait for a disk that sleeps.
    fn recall(&mut self, kept: &Remembered) {
        // Version 0.1 kept the paths of all features together.
        let chosen = kept.get("train").or(kept.get("chosen")).cloned().unwrap_or_default();
        let LastPaths { people, held_out_pairs, pair_pictures } = serde_json::from_value(chosen).unwrap_or_default();
        self.form.data = people.map(DataSource::Folder);
        (self.form.pairs, self.form.pair_pictures) = (held_out_pairs, pair_pictures);
    }

    fn path_question(message: &Message) -> Option<PathQuestion> {
        let Message::AskPath(file) = message else { return None };
        let wanted = if file.is_folder() { Wanted::Folder } else { Wanted::File };
        Some(PathQuestion::one(file.title_key(), wanted))
    }

    fn with_paths(asked: Message, paths: Vec<PathBuf>) -> Option<Message> {
        let Message::AskPath(file) = asked else { return None };
        paths.into_iter().next().map(|path| Message::SetPath(file, path))
    }

    fn dropped(paths: &[PathBuf]) -> Option<Message> {
        paths.first().map(|path| Message::SetPath(TrainPath::Data, path.clone()))
    }
}

impl State {
    /// What must be asked when the view is opened, or when what it chooses from has changed.
    pub(crate) fn questions(&self) -> Vec<Request> {
        // The library's named faces may have become more since it was last counted.
        let library = self.form.data.clone().filter(DataSource::is_library);
        [Request::LoadChoices].into_iter().chain(library.map(Request::Summarise)).collect()
    }

    /// One run at a time.
    fn begin(&mut self, run: Request, out: &mut Out<'_>) {
        let busy = self.waiting || self.run.as_ref().is_some_and(LiveRun::is_running);
        if !busy {
            self.waiting = true;
            out.ask(run);
        }
    }

    /// Messages about the run on show.
    fn update_run(&mut self, message: Message, out: &mut Out<'_>) {
        let Some(run) = &mut self.run else { return };
        match message {
            Message::Pause(paused) if run.is_running() => {
                run.stage = if paused { RunStage::Pausing } else { RunStage::Training };
                out.ask(Request::Pause(paused));
            }
            Message::StopAndKeep if run.is_running() => {
                run.stage = RunStage::Ending;
                out.ask(Request::Stop { discard: false });
            }
            Message::UseNetwork => {
                if let (Some(RunEnd::Trained(summary)), Adoption::Undecided | Adoption::OldKept) =
                    (&run.end, &run.adoption)
                {
                    out.ask(Request::Use(Box::new(summary.clone())));
                    run.adoption = Adoption::Underway;
                }
            }
            Message::KeepOld => run.adoption = Adoption::OldKept,
            Message::Leave if !run.is_running() => {
                self.run = None;
                out.ask(Request::LoadChoices);
            }
            _ => {}
        }
    }

    /// Counts data that have not been counted yet.
    fn summarise_data(&mut self, out: &mut Out<'_>) {
        let Some(data) = self.form.data.clone() else { return };
        if self.data_summary.as_ref().is_none_or(|(of, _)| *of != data) {
            self.data_summary = Some((data.clone(), Loadable::Loading));
            out.ask(Request::Summarise(data));
        }
    }

    fn ended(&mut self, end: RunEnd) {
        let begun = !std::mem::take(&mut self.waiting);
        match (&mut self.run, end) {
            (Some(run), end) if begun => run.end = Some(end),
            (_, RunEnd::Failed(failure)) => self.failed_to_begin = Some(failure),
            _ => {}
        }
        if self.discarding == Some(Discarding::Running) {
            self.discarding = None;
        }
    }

    fn set_adoption(&mut self, adoption: Adoption) {
        if let Some(run) = &mut self.run {
            run.adoption = adoption;
        }
    }
}

#[cfg(test)]
mod tests;
