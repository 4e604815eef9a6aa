//! What commands and events of the Evaluate view do to the state.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::evaluate::state::{EvaluateState, Tab};
use crate::app::evaluate::state::message::{EvaluateCommand, EvaluateEvent, EvaluateRequest};
use crate::app::engine::facts::Loadable;
use crate::app::evaluate::state::point::Point;
use crate::app::evaluate::state::rows::EvalRun;
use crate::app::shell::backend::Request;
use crate::app::shell::state::State;
use crate::app::shell::update::Logic;
use crate::app::ui::locale::Locale;

impl Logic {
    pub(in crate::app::shell::window) fn run_evaluate(&mut self, state: &mut State, command: EvaluateCommand) {
        let evaluate = &mut state.evaluate;
        match command {
            EvaluateCommand::SetSubject(subject) => evaluate.setup.set_subject(subject),
            EvaluateCommand::SetPath(which, paths) => evaluate.setup.set_path(which, paths),
            EvaluateCommand::ToggleModel(model) => evaluate.setup.toggle_model(model),
            EvaluateCommand::SetOptions(options) => evaluate.setup.options = options,
            EvaluateCommand::Start if evaluate.setup.missing().is_none() => {
                self.ask_evaluate(EvaluateRequest::Start(evaluate.setup.clone()));
            }
            EvaluateCommand::Tick(run) => match evaluate.ticked.iter().position(|ticked| *ticked == run) {
                Some(index) => _ = evaluate.ticked.remove(index),
                None => evaluate.ticked.push(run),
            },
            EvaluateCommand::Open(runs) => self.open_runs(evaluate, runs),
            EvaluateCommand::Leave => *evaluate = left(std::mem::take(evaluate)),
            EvaluateCommand::ShowTab(tab) => evaluate.tab = tab,
            EvaluateCommand::Focus(index) => focus(evaluate, index),
            EvaluateCommand::SetThreshold(threshold) => evaluate.threshold = threshold,
            EvaluateCommand::SetFilter(filter) => evaluate.filter = filter,
            EvaluateCommand::ShowPair(pair) => evaluate.pair = pair,
            EvaluateCommand::Mark { pair, mislabelled } => self.mark(evaluate, pair, mislabelled),
            EvaluateCommand::Check => {
                if let Some(run) = evaluate.focus().map(|run| run.row.run.clone()) {
                    evaluate.checked = Some((run.clone(), Loadable::Loading));
                    self.ask_evaluate(EvaluateRequest::Check(run));
                }
            }
            EvaluateCommand::Fix(index) => {
                let rows = evaluate.checked.as_ref().and_then(|(_, rows)| rows.ready());
                if let Some(cure) = rows.and_then(|rows| rows.get(index)?.cure.clone()) {
                    self.ask_evaluate(EvaluateRequest::Start(cure.setup().clone()));
                }
            }
            // A setup that is not complete starts nothing; dialogs and other programs are opened by `app`.
            EvaluateCommand::Start | EvaluateCommand::Ask(_) | EvaluateCommand::OpenReport(_) => {}
        }
    }

    pub(in crate::app::shell::window) fn receive_evaluate(&mut self, state: &mut State, event: EvaluateEvent) {
        let evaluate = &mut state.evaluate;
        match event {
            EvaluateEvent::Runs(runs) => evaluate.runs = Loadable::Ready(runs),
            EvaluateEvent::Sample(sample) => evaluate.sample = sample,
            EvaluateEvent::Opened(asked, runs) if asked == evaluate.opening => {
                evaluate.opening.clear();
                show(evaluate, runs);
            }
            EvaluateEvent::Finished(runs) => {
                self.ask_evaluate(EvaluateRequest::LoadRuns);
                self.ask_evaluate(EvaluateRequest::LoadSample);
                self.open_runs(evaluate, runs);
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

    /// The words said when an evaluation has ended.
    pub(in crate::app::shell::window) fn evaluated_words(text: &Locale, pairs: u64, skipped: u64) -> String {
        let mut words = text.n("said_evaluated", pairs);
        if skipped > 0 {
            words.push_str(text.s("list_separator"));
            words.push_str(&text.n("pairs_skipped", skipped));
        }
        words
    }

    fn open_runs(&mut self, evaluate: &mut EvaluateState, runs: Vec<PathBuf>) {
        if !runs.is_empty() {
            evaluate.opening.clone_from(&runs);
            self.ask_evaluate(EvaluateRequest::OpenRuns(runs));
        }
    }

    fn mark(&mut self, evaluate: &EvaluateState, pair: usize, mislabelled: bool) {
        let Some(run) = evaluate.focus() else { return };
        let Some(judged) = run.pairs.get(pair) else { return };
        let listed = |image: u32| run.images[image as usize].listed.clone();
        self.ask_evaluate(EvaluateRequest::Mark {
            run: run.row.run.clone(),
            a: listed(judged.a),
            b: listed(judged.b),
            same: judged.same,
            mislabelled,
        });
    }

    pub(in crate::app::shell::window) fn ask_evaluate(&mut self, request: EvaluateRequest) {
        self.ask(Request::Evaluate(request));
    }
}

/// Back at the list of runs; what was chosen and ticked stays.
fn left(evaluate: EvaluateState) -> EvaluateState {
    EvaluateState {
        setup: evaluate.setup,
        runs: evaluate.runs,
        ticked: evaluate.ticked,
        sample: evaluate.sample,
        ..EvaluateState::default()
    }
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
    use crate::app::evaluate::state::rows::{Figures, JudgedImage, JudgedPair, RunRow};
    use crate::eval::{Metric, Roc};

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
        let pair =
            |a, b, same, distance| JudgedPair { a, b, same, fold: 0, distance: threshold + distance, doubt: None };
        let pairs =
            vec![pair(0, 1, true, -0.2), pair(1, 2, true, 0.1), pair(0, 2, false, -0.1), pair(0, 3, false, 0.5)];
        let roc = Roc::of(pairs.iter().map(|pair| (pair.distance, pair.same))).unwrap();
        let image = |i: u32| JudgedImage { listed: format!("P{i}/P{i}_0001.jpg"), path: None };
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
        })
    }

    fn sent(logic: &mut Logic) -> Vec<EvaluateRequest> {
        let only = |request| match request {
            Request::Evaluate(request) => Some(request),
            _ => None,
        };
        logic.take_outbox().into_iter().filter_map(only).collect()
    }

    #[test]
    fn a_finished_evaluation_is_opened() {
        let (mut logic, mut state) = (Logic::default(), State::default());
        let runs: Vec<PathBuf> = vec!["a".into(), "b".into()];
        logic.receive_evaluate(&mut state, EvaluateEvent::Finished(runs.clone()));
        assert!(sent(&mut logic).contains(&EvaluateRequest::OpenRuns(runs.clone())));
        logic.receive_evaluate(&mut state, EvaluateEvent::Opened(vec!["x".into()], vec![run("x", 1.0)]));
        assert!(state.evaluate.opened.is_empty(), "nobody asked for x any more");
        logic.receive_evaluate(&mut state, EvaluateEvent::Opened(runs, vec![run("a", 1.2), run("b", 0.4)]));
        assert_eq!((state.evaluate.opened.len(), state.evaluate.threshold), (2, 1.2));
    }

    #[test]
    fn the_threshold_keeps_its_far_when_another_model_comes_into_focus() {
        let (mut logic, mut state) = (Logic::default(), State::default());
        show(&mut state.evaluate, vec![run("a", 1.2), run("b", 0.4)]);
        logic.run_evaluate(&mut state, EvaluateCommand::Focus(1));
        assert_eq!(state.evaluate.threshold, 0.4, "the protocol's threshold stays the protocol's");
        logic.run_evaluate(&mut state, EvaluateCommand::SetThreshold(0.35));
        assert_eq!(state.evaluate.point().unwrap().far, 0.5);
        logic.run_evaluate(&mut state, EvaluateCommand::Focus(0));
        assert_eq!(state.evaluate.point().unwrap().far, 0.5);
    }

    #[test]
    fn a_mark_names_the_pair_as_the_list_does() {
        let (mut logic, mut state) = (Logic::default(), State::default());
        show(&mut state.evaluate, vec![run("a", 1.2)]);
        logic.run_evaluate(&mut state, EvaluateCommand::Mark { pair: 2, mislabelled: true });
        let mark = EvaluateRequest::Mark {
            run: "a".into(),
            a: "P0/P0_0001.jpg".into(),
            b: "P2/P2_0001.jpg".into(),
            same: false,
            mislabelled: true,
        };
        assert_eq!(sent(&mut logic), [mark]);
    }

    #[test]
    fn an_incomplete_setup_starts_nothing() {
        let (mut logic, mut state) = (Logic::default(), State::default());
        logic.run_evaluate(&mut state, EvaluateCommand::Start);
        assert_eq!(sent(&mut logic), []);
    }
}
