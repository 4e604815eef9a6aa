//! What commands and news do to [`TrainState`]. No drawing.

use crate::app::engine::facts::Loadable;
use crate::app::engine::report::{Failed, Failure};
use crate::app::train::state::form::{self, DataSource};
use crate::app::train::state::live::{Adoption, Groups, LiveRun, RunEnd, RunStage};
use crate::app::train::state::message::{TrainAsk, TrainCommand, TrainNews, TrainPath};
use crate::app::train::state::{Discarding, TrainState};
use crate::train::schedule::LearningRate;

/// Where what is asked of the jobs goes.
pub type Ask<'a> = &'a mut dyn FnMut(TrainAsk);

/// The view is opened, or what it chooses from has changed.
pub fn open(state: &TrainState, ask: Ask<'_>) {
    ask(TrainAsk::LoadChoices);
    // The library's confirmed faces may have become more since it was last counted.
    if state.form.data == Some(DataSource::Library) {
        ask(TrainAsk::Summarise(DataSource::Library));
    }
}

pub fn run(state: &mut TrainState, command: TrainCommand, ask: Ask<'_>) {
    match command {
        // A dialog: `app` opens it.
        TrainCommand::Choose(_) => {}
        TrainCommand::Chosen(file, path) => {
            if file == TrainPath::Schedule {
                ask(TrainAsk::ReadSchedule(path.clone()));
            }
            state.form.take_file(file, path);
            summarise_data(state, ask);
        }
        TrainCommand::Edit(form) => {
            state.form = *form;
            summarise_data(state, ask);
        }
        TrainCommand::Start => {
            if let Some((request, data, name)) = form::request(state) {
                state.waiting = true;
                ask(TrainAsk::Start { request: Box::new(request), data, name });
            }
        }
        TrainCommand::GoOn(path) => begin(state, TrainAsk::GoOn(path), ask),
        TrainCommand::Demonstrate(which) => begin(state, TrainAsk::Demonstrate(which), ask),
        TrainCommand::AskDiscard(what) => state.discarding = Some(what),
        TrainCommand::CloseDiscard => state.discarding = None,
        TrainCommand::Discard(what) => {
            state.discarding = None;
            match what {
                Discarding::Running => {
                    set_stage(state, RunStage::Ending);
                    ask(TrainAsk::Stop { discard: true });
                }
                Discarding::Unfinished(path) => ask(TrainAsk::Discard(path)),
            }
        }
        TrainCommand::Reembed => ask(TrainAsk::Reembed),
        of_run => run_of(state, of_run, ask),
    }
}

/// One run at a time.
fn begin(state: &mut TrainState, run: TrainAsk, ask: Ask<'_>) {
    let busy = state.waiting || state.run.as_ref().is_some_and(LiveRun::is_running);
    if !busy {
        state.waiting = true;
        ask(run);
    }
}

/// Commands about the run on show.
fn run_of(state: &mut TrainState, command: TrainCommand, ask: Ask<'_>) {
    let Some(run) = &mut state.run else { return };
    match command {
        TrainCommand::Pause(paused) if run.is_running() => {
            run.stage = if paused { RunStage::Pausing } else { RunStage::Training };
            ask(TrainAsk::Pause(paused));
        }
        TrainCommand::StopAndKeep if run.is_running() => {
            run.stage = RunStage::Ending;
            ask(TrainAsk::Stop { discard: false });
        }
        TrainCommand::UseNetwork => {
            if let (Some(RunEnd::Trained(summary)), Adoption::Undecided | Adoption::OldKept) = (&run.end, &run.adoption)
            {
                ask(TrainAsk::Use(Box::new(summary.clone())));
                run.adoption = Adoption::Underway;
            }
        }
        TrainCommand::KeepOld => run.adoption = Adoption::OldKept,
        TrainCommand::Leave if !run.is_running() => {
            state.run = None;
            ask(TrainAsk::LoadChoices);
        }
        _ => {}
    }
}

/// Counts data that have not been counted yet.
fn summarise_data(state: &mut TrainState, ask: Ask<'_>) {
    let Some(data) = state.form.data.clone() else { return };
    if state.data_summary.as_ref().is_none_or(|(of, _)| *of != data) {
        state.data_summary = Some((data.clone(), Loadable::Loading));
        ask(TrainAsk::Summarise(data));
    }
}

fn set_stage(state: &mut TrainState, stage: RunStage) {
    if let Some(run) = state.run.as_mut().filter(|run| run.is_running()) {
        run.stage = stage;
    }
}

pub fn receive(state: &mut TrainState, news: TrainNews, ask: Ask<'_>) {
    match news {
        TrainNews::Choices(choices) => {
            state.form.fill_from(&choices);
            state.choices = Loadable::Ready(choices);
            // A folder that was remembered has not been counted yet.
            summarise_data(state, ask);
        }
        TrainNews::ChoicesFailed(details) => {
            state.choices = Loadable::Failed(Failure { what: Failed::Load, details });
        }
        TrainNews::Summarised(data, summary) => {
            if state.data_summary.as_ref().is_some_and(|(of, _)| *of == data) {
                let summary = summary.map_or_else(
                    |details| Loadable::Failed(Failure { what: Failed::CountData, details }),
                    Loadable::Ready,
                );
                state.data_summary = Some((data, summary));
            }
        }
        TrainNews::Schedule(path, schedule) => {
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
        TrainNews::Began { job, kind, name, network, device, steps } => {
            state.discarding = None;
            state.waiting = false;
            state.failed_to_begin = None;
            state.run = Some(LiveRun::new(job, kind, name, network, device, steps));
        }
        TrainNews::Runs => ask(TrainAsk::LoadChoices),
        TrainNews::Ended(end) => {
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
            ask(TrainAsk::LoadChoices);
        }
        of_run => {
            if let Some(run) = &mut state.run {
                receive_of(run, of_run);
            }
        }
    }
}

/// News of the run on show.
fn receive_of(run: &mut LiveRun, news: TrainNews) {
    match news {
        TrainNews::Preparing { done, total } => run.stage = RunStage::Preparing { done, total },
        TrainNews::LeftOut(path, reason) => run.left_out(path, reason),
        TrainNews::Prepared { people, pictures, held_out } => {
            run.counts = Some([people, pictures, held_out]);
            run.stage = RunStage::Starting;
        }
        TrainNews::Drawn { pictures, secs, people } => {
            run.drawn = Some((pictures, secs));
            run.album = people;
        }
        TrainNews::Resumed { step, past } => {
            run.resumed_at = Some(step);
            past.steps.into_iter().for_each(|report| run.step(report));
            past.judged.into_iter().for_each(|report| run.judged(report));
            run.stage = RunStage::Training;
        }
        TrainNews::Step(report) => run.step(report),
        TrainNews::Snapshot(snapshot) => run.show_snapshot(*snapshot),
        TrainNews::Judged(report) => run.judged(*report),
        TrainNews::Saved { step } => run.saved_at = Some(step),
        TrainNews::Alarm(alarm) => run.alarms.push(alarm),
        TrainNews::Comparing => run.stage = RunStage::Comparing,
        TrainNews::Paused(true) => run.stage = RunStage::Paused,
        TrainNews::Paused(false) if run.stage == RunStage::Paused => run.stage = RunStage::Training,
        TrainNews::Groups { faces, groups } => run.groups = Some(Groups { faces, groups }),
        TrainNews::InUse { model, faces } => run.adoption = Adoption::InUse { model, faces },
        TrainNews::NotInUse => run.adoption = Adoption::Undecided,
        TrainNews::Reembedded => {
            if let Adoption::InUse { faces, .. } = &mut run.adoption {
                *faces = 0;
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
