//! What commands and events of the Evaluate view do to the state.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::engine::facts::Loadable;
use crate::app::evaluate::state::message::{EvaluateCommand, EvaluateEvent, EvaluateRequest};
use crate::app::evaluate::state::point::Point;
use crate::app::evaluate::state::rows::EvalRun;
use crate::app::evaluate::state::{EvaluateState, Tab};
use crate::app::ui::action::Outbox;
use crate::app::ui::locale::Locale;

type Out<'a> = Outbox<'a, EvaluateRequest>;

impl EvaluateState {
    pub fn update(&mut self, command: EvaluateCommand, out: &mut Out<'_>) {
        let evaluate = self;
        match command {
            EvaluateCommand::SetSubject(subject) => evaluate.setup.set_subject(subject),
            EvaluateCommand::SetPath(which, paths) => evaluate.setup.set_path(which, paths),
            EvaluateCommand::ToggleModel(model) => evaluate.setup.toggle_model(model),
            EvaluateCommand::SetOptions(options) => evaluate.setup.options = options,
            EvaluateCommand::Start if evaluate.setup.missing().is_none() => {
                out.ask(EvaluateRequest::Start(evaluate.setup.clone()));
            }
            EvaluateCommand::Tick(run) => match evaluate.ticked.iter().position(|ticked| *ticked == run) {
                Some(index) => _ = evaluate.ticked.remove(index),
                None => evaluate.ticked.push(run),
            },
            EvaluateCommand::Open(runs) => evaluate.open_runs(runs, out),
            EvaluateCommand::Leave => *evaluate = left(std::mem::take(evaluate)),
            EvaluateCommand::ShowTab(tab) => evaluate.tab = tab,
            EvaluateCommand::Focus(index) => focus(evaluate, index),
            EvaluateCommand::SetThreshold(threshold) => evaluate.threshold = threshold,
            EvaluateCommand::SetFilter(filter) => evaluate.filter = filter,
            EvaluateCommand::ShowPair(pair) => evaluate.pair = pair,
            EvaluateCommand::Mark { pair, mislabelled } => evaluate.mark(pair, mislabelled, out),
            EvaluateCommand::Check => {
                if let Some(run) = evaluate.focus().map(|run| run.row.run.clone()) {
                    evaluate.checked = Some((run.clone(), Loadable::Loading));
                    out.ask(EvaluateRequest::Check(run));
                }
            }
            EvaluateCommand::Fix(index) => {
                let rows = evaluate.checked.as_ref().and_then(|(_, rows)| rows.ready());
                if let Some(cure) = rows.and_then(|rows| rows.get(index)?.cure.clone()) {
                    out.ask(EvaluateRequest::Start(cure.setup().clone()));
                }
            }
            // A setup that is not complete starts nothing; dialogs and other programs are opened by `app`.
            EvaluateCommand::Start | EvaluateCommand::Ask(_) | EvaluateCommand::OpenReport(_) => {}
        }
    }

    pub fn receive(&mut self, event: EvaluateEvent, out: &mut Out<'_>) {
        let evaluate = self;
        match event {
            EvaluateEvent::Runs(runs) => evaluate.runs = Loadable::Ready(runs),
            // A fact for every view: the shell keeps it.
            EvaluateEvent::Sample(_) => {}
            EvaluateEvent::Opened(asked, runs) if asked == evaluate.opening => {
                evaluate.opening.clear();
                show(evaluate, runs);
            }
            EvaluateEvent::Finished(runs) => {
                out.ask(EvaluateRequest::LoadRuns);
                out.ask(EvaluateRequest::LoadSample);
                evaluate.open_runs(runs, out);
            }
            EvaluateEvent::Changed(run) => {
                if let Some(shown) = evaluate.opened.iter_mut().find(|shown| shown.row.run == run.row.run) {
                    *shown = run;
                }
            }
            EvaluateEvent::Checked(run, rows) => {
                if let Some((asked, found)) = &mut evaluate.checked
                    && *asked == run
                {
                    *found = rows.map_or_else(Loadable::Failed, Loadable::Ready);
                }
            }
            // Runs that are not asked for any more.
            EvaluateEvent::Opened(..) => {}
        }
    }

    fn open_runs(&mut self, runs: Vec<PathBuf>, out: &mut Out<'_>) {
        if !runs.is_empty() {
            self.opening.clone_from(&runs);
            out.ask(EvaluateRequest::OpenRuns(runs));
        }
    }

    fn mark(&self, pair: usize, mislabelled: bool, out: &mut Out<'_>) {
        let Some(run) = self.focus() else { return };
        let Some(judged) = run.pairs.get(pair) else { return };
        let listed = |image: usize| run.images[image].listed.clone();
        out.ask(EvaluateRequest::Mark {
            run: run.row.run.clone(),
            a: listed(judged.a),
            b: listed(judged.b),
            same: judged.same,
            mislabelled,
        });
    }
}

/// The words said when an evaluation has ended.
pub fn ended_words(text: &Locale, pairs: u64, skipped: u64) -> String {
    let mut words = text.n("said_evaluated", pairs);
    if skipped > 0 {
        words.push_str(text.s("list_separator"));
        words.push_str(&text.n("pairs_skipped", skipped));
    }
    words
}

/// Back at the list of runs; what was chosen and ticked stays.
fn left(evaluate: EvaluateState) -> EvaluateState {
    EvaluateState { setup: evaluate.setup, runs: evaluate.runs, ticked: evaluate.ticked, ..EvaluateState::default() }
}

fn show(evaluate: &mut EvaluateState, runs: Vec<Arc<EvalRun>>) {
    evaluate.threshold = runs.first().map_or(0.0, |run| run.threshold);
    evaluate.opened = runs;
    evaluate.focused = 0;
    evaluate.tab = Tab::Curves;
    evaluate.pair = None;
}

/// The threshold moves to where the newly focused run lets as many wrong matches through.
fn focus(evaluate: &mut EvaluateState, index: usize) {
    let Some(run) = evaluate.opened.get(index) else { return };
    let at_protocol = evaluate.focus().is_some_and(|before| before.threshold == evaluate.threshold);
    let far = evaluate.point().map_or(0.0, |point| point.far);
    evaluate.threshold = if at_protocol { run.threshold } else { Point::with_far(&run.roc, far).threshold };
    evaluate.focused = index;
    evaluate.pair = None;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::facts::Facts;
    use crate::app::evaluate::state::rows::{Figures, RunRow};
    use crate::app::ui::action::Tickets;
    use crate::app::ui::locale::Language;
    use crate::eval::{Image, Metric, Pair, Roc};

    pub fn run(name: &str, threshold: f64) -> Arc<EvalRun> {
        let row = RunRow {
            run: name.into(),
            kind: "lfw".into(),
            model: name.into(),
            on: "pairs.txt".into(),
            when: "2024-05-01 10:00".into(),
            score: Some(0.9),
            pairs: 4,
            skipped: 0,
            has_curves: true,
        };
        let pair = |a, b, same, distance| Pair { a, b, same, fold: 0, distance: threshold + distance };
        let pairs =
            vec![pair(0, 1, true, -0.2), pair(1, 2, true, 0.1), pair(0, 2, false, -0.1), pair(0, 3, false, 0.5)];
        let roc = Roc::of(pairs.iter().map(|pair| (pair.distance, pair.same))).unwrap();
        let image = |i: u32| Image { listed: format!("P{i}/P{i}_0001.jpg"), path: None, face: None };
        Arc::new(EvalRun {
            number: 0,
            row,
            metric: Metric::SquaredL2,
            figures: Figures::default(),
            folds: Vec::new(),
            roc,
            band: Vec::new(),
            same: Vec::new(),
            different: Vec::new(),
            bin_width: 0.1,
            threshold,
            pairs,
            images: (0..4).map(image).collect(),
            doubts: Default::default(),
        })
    }

    /// What is asked of the jobs for a command.
    fn asked(state: &mut EvaluateState, step: impl FnOnce(&mut EvaluateState, &mut Out<'_>)) -> Vec<EvaluateRequest> {
        let (text, facts) = (Locale::new(Language::English), Facts::default());
        let mut tickets = Tickets::default();
        let mut out = Outbox::new(&text, &facts, &mut tickets);
        step(state, &mut out);
        out.requests
    }

    #[test]
    fn a_finished_evaluation_is_opened() {
        let mut state = EvaluateState::default();
        let runs: Vec<PathBuf> = vec!["a".into(), "b".into()];
        let sent = asked(&mut state, |state, out| state.receive(EvaluateEvent::Finished(runs.clone()), out));
        assert!(sent.contains(&EvaluateRequest::OpenRuns(runs.clone())));
        asked(&mut state, |state, out| {
            state.receive(EvaluateEvent::Opened(vec!["x".into()], vec![run("x", 1.0)]), out)
        });
        assert!(state.opened.is_empty(), "nobody asked for x any more");
        asked(&mut state, |state, out| {
            state.receive(EvaluateEvent::Opened(runs, vec![run("a", 1.2), run("b", 0.4)]), out)
        });
        assert_eq!((state.opened.len(), state.threshold), (2, 1.2));
    }

    #[test]
    fn the_threshold_keeps_its_far_when_another_model_comes_into_focus() {
        let mut state = EvaluateState::default();
        show(&mut state, vec![run("a", 1.2), run("b", 0.4)]);
        asked(&mut state, |state, out| state.update(EvaluateCommand::Focus(1), out));
        assert_eq!(state.threshold, 0.4, "the protocol's threshold stays the protocol's");
        asked(&mut state, |state, out| state.update(EvaluateCommand::SetThreshold(0.35), out));
        assert_eq!(state.point().unwrap().far, 0.5);
        asked(&mut state, |state, out| state.update(EvaluateCommand::Focus(0), out));
        assert_eq!(state.point().unwrap().far, 0.5);
    }

    #[test]
    fn a_mark_names_the_pair_as_the_list_does() {
        let mut state = EvaluateState::default();
        show(&mut state, vec![run("a", 1.2)]);
        let command = EvaluateCommand::Mark { pair: 2, mislabelled: true };
        let sent = asked(&mut state, |state, out| state.update(command, out));
        let mark = EvaluateRequest::Mark {
            run: "a".into(),
            a: "P0/P0_0001.jpg".into(),
            b: "P2/P2_0001.jpg".into(),
            same: false,
            mislabelled: true,
        };
        assert_eq!(sent, [mark]);
    }

    #[test]
    fn an_incomplete_setup_starts_nothing() {
        let mut state = EvaluateState::default();
        assert_eq!(asked(&mut state, |state, out| state.update(EvaluateCommand::Start, out)), []);
    }
}
