//! What messages and events do to [`State`]. No drawing.

use crate::app::engine::facts::Loadable;
use crate::app::engine::report::{Failed, Failure};
use crate::app::train::state::form::{self, DataSource};
use crate::app::train::state::live::{Adoption, LiveRun, RunEnd, RunStage};
use crate::app::train::state::message::{Event, Message, Request, TrainPath};
use crate::app::train::state::{Discarding, State};
use crate::train::schedule::LearningRate;

/// Where what is asked of the jobs goes.
pub type Ask<'a> = &'a mut dyn FnMut(Request);

/// The view is opened, or what it chooses from has changed.
pub fn open(state: &State, ask: Ask<'_>) {
    ask(Request::LoadChoices);
    // The library's confirmed faces may have become more since it was last counted.
    if let Some(data) = state.form.data.clone().filter(DataSource::is_library) {
        ask(Request::Summarise(data));
    }
}

pub fn update(state: &mut State, message: Message, ask: Ask<'_>) {
    match message {
        // A dialog: `app` opens it.
        Message::Choose(_) => {}
        Message::Chosen(file, path) => {
            if file == TrainPath::Schedule {
                ask(Request::ReadSchedule(path.clone()));
            }
            state.form.take_file(file, path);
            summarise_data(state, ask);
        }
        Message::Edit(form) => {
            state.form = *form;
            summarise_data(state, ask);
        }
        Message::Start => {
            if let Some((request, data, name)) = form::request(state) {
                state.waiting = true;
                ask(Request::Start { request: Box::new(request), data, name });
            }
        }
        Message::GoOn(path) => begin(state, Request::GoOn(path), ask),
        Message::Demonstrate(which) => begin(state, Request::Demonstrate(which), ask),
        Message::AskDiscard(what) => state.discarding = Some(what),
        Message::CloseDiscard => state.discarding = None,
        Message::Discard(what) => {
            state.discarding = None;
            match what {
                Discarding::Running => {
                    set_stage(state, RunStage::Ending);
                    ask(Request::Stop { discard: true });
                }
                Discarding::Unfinished(path) => ask(Request::Discard(path)),
            }
        }
        Message::Reembed => ask(Request::Reembed),
        of_run => run_of(state, of_run, ask),
    }
}

/// One run at a time.
fn begin(state: &mut State, run: Request, ask: Ask<'_>) {
    let busy = state.waiting || state.run.as_ref().is_some_and(LiveRun::is_running);
    if !busy {
        state.waiting = true;
        ask(run);
    }
}

/// Messages about the run on show.
fn run_of(state: &mut State, message: Message, ask: Ask<'_>) {
    let Some(run) = &mut state.run else { return };
    match message {
        Message::Pause(paused) if run.is_running() => {
            run.stage = if paused { RunStage::Pausing } else { RunStage::Training };
            ask(Request::Pause(paused));
        }
        Message::StopAndKeep if run.is_running() => {
            run.stage = RunStage::Ending;
            ask(Request::Stop { discard: false });
        }
        Message::UseNetwork => {
            if let (Some(RunEnd::Trained(summary)), Adoption::Undecided | Adoption::OldKept) = (&run.end, &run.adoption)
            {
                ask(Request::Use(Box::new(summary.clone())));
                run.adoption = Adoption::Underway;
            }
        }
        Message::KeepOld => run.adoption = Adoption::OldKept,
        Message::Leave if !run.is_running() => {
            state.run = None;
            ask(Request::LoadChoices);
        }
        _ => {}
    }
}

/// Counts data that have not been counted yet.
fn summarise_data(state: &mut State, ask: Ask<'_>) {
    let Some(data) = state.form.data.clone() else { return };
    if state.data_summary.as_ref().is_none_or(|(of, _)| *of != data) {
        state.data_summary = Some((data.clone(), Loadable::Loading));
        ask(Request::Summarise(data));
    }
}

fn set_stage(state: &mut State, stage: RunStage) {
    if let Some(run) = state.run.as_mut().filter(|run| run.is_running()) {
        run.stage = stage;
    }
}

pub fn receive(state: &mut State, event: Event, ask: Ask<'_>) {
    match event {
        Event::Choices(choices) => {
            state.form.fill_from(&choices);
            state.choices = Loadable::Ready(choices);
            // A folder that was remembered has not been counted yet.
            summarise_data(state, ask);
        }
        Event::ChoicesFailed(details) => {
            state.choices = Loadable::Failed(Failure { what: Failed::Load, details });
        }
        Event::Summarised(data, summary) => {
            if state.data_summary.as_ref().is_some_and(|(of, _)| *of == data) {
                let summary = summary.map_or_else(
                    |details| Loadable::Failed(Failure { what: Failed::CountData, details }),
                    Loadable::Ready,
                );
                state.data_summary = Some((data, summary));
            }
        }
        Event::Schedule(path, schedule) => {
            if state.form.schedule.as_ref() == Some(&path) {
                state.form.schedule_problem = None;
                match schedule {
                    Ok(schedule) => state.form.config.learning_rate = LearningRate::Schedule(schedule),
                    Err(problem) => {
                        state.form.schedule = None;
                        state.form.schedule_problem = Some(problem);
                    }
                }
            }
        }
        Event::Began(begun) => {
            state.discarding = None;
            state.waiting = false;
            state.failed_to_begin = None;
            state.run = Some(LiveRun::new(begun));
        }
        Event::Runs => ask(Request::LoadChoices),
        Event::Ended(end) => {
            let begun = !std::mem::take(&mut state.waiting);
            match &mut state.run {
                Some(run) if begun => run.end = Some(*end),
                _ => {
                    if let RunEnd::Failed(failure) = *end {
                        state.failed_to_begin = Some(failure);
                    }
                }
            }
            if state.discarding == Some(Discarding::Running) {
                state.discarding = None;
            }
            ask(Request::LoadChoices);
        }
        Event::Run(event) => {
            if let Some(run) = &mut state.run {
                run.receive(*event);
            }
        }
        Event::InUse { model, faces } => set_adoption(state, Adoption::InUse { model, faces }),
        Event::NotInUse => set_adoption(state, Adoption::Undecided),
        Event::Reembedded => {
            if let Some(Adoption::InUse { faces, .. }) = state.run.as_mut().map(|run| &mut run.adoption) {
                *faces = 0;
            }
        }
    }
}

fn set_adoption(state: &mut State, adoption: Adoption) {
    if let Some(run) = &mut state.run {
        run.adoption = adoption;
    }
}

#[cfg(test)]
mod tests;
