//! What messages and events of the Evaluate view do to the state.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::app::engine::facts::{Facts, Loadable};
use crate::app::engine::picture::ImageKey;
use crate::app::engine::report::JobKind;
use crate::app::evaluate::job::setup::EvaluationPath;
use crate::app::evaluate::state::{CHECK, EVALUATE, Event, Message, Request, State, Tab};
use crate::app::ui::action::{Action, Outbox};
use crate::app::ui::feature::{Ended, Feature, Remembered};
use crate::app::ui::locale::Locale;
use crate::app::ui::path_question::{PathQuestion, Wanted};
use crate::app::ui::view::View;
use crate::eval::Run;
use crate::types::{Touched, path_text};

type Out<'a> = Outbox<'a, Request>;

/// What was judged last: the list of pairs and the folder of images.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct LastPaths {
    #[serde(default, with = "path_text::perhaps")]
    pairs: Option<PathBuf>,
    #[serde(default, with = "path_text::perhaps")]
    images: Option<PathBuf>,
}

impl Feature for State {
    type Message = Message;
    type Request = Request;
    type Event = Event;

    const VIEW: Option<View> = Some(View::EVALUATE);

    fn update(&mut self, message: Message, out: &mut Out<'_>) {
        match message {
            Message::SetSubject(subject) => self.setup.set_subject(subject),
            Message::SetPath(which, paths) => self.setup.set_path(which, paths),
            Message::ToggleModel(model) => self.setup.toggle_model(model),
            Message::SetOptions(options) => self.setup.options = options,
            Message::Start if self.setup.missing().is_none() => {
                out.ask(Request::Start(self.setup.clone()));
            }
            Message::Tick(run) => match self.ticked.iter().position(|ticked| *ticked == run) {
                Some(index) => _ = self.ticked.remove(index),
                None => self.ticked.push(run),
            },
            Message::Open(runs) => self.open_runs(runs, out),
            Message::Leave => *self = left(std::mem::take(self)),
            Message::ShowTab(tab) => self.tab = tab,
            Message::Focus(index) => focus(self, index),
            Message::SetThreshold(threshold) => self.threshold = threshold,
            Message::SetFilter(filter) => self.filter = filter,
            Message::ShowPair(pair) => self.pair = pair,
            Message::Mark { pair, mislabelled } => self.mark(pair, mislabelled, out),
            Message::Check => {
                if let Some(run) = self.focus().map(|run| run.row.run.clone()) {
                    self.checked = Some((run.clone(), Loadable::Loading));
                    out.ask(Request::Check(run));
                }
            }
            Message::Fix(index) => {
                let checked = self.checked.as_ref().and_then(|(_, checked)| checked.ready());
                if let Some(suggestion) = checked.and_then(|checked| checked.suggestions.get(index)?.as_ref()) {
                    out.ask(Request::Start(suggestion.setup().clone()));
                }
            }
            // A setup that is not complete starts nothing; dialogs are the window's.
            Message::Start | Message::Ask(_) => {}
        }
    }

    fn receive(&mut self, event: Event, out: &mut Out<'_>) {
        match event {
            Event::Runs(runs) => self.runs = Loadable::Ready(runs),
            Event::Sample(sample) => out.act(Action::KeepSample(sample)),
            Event::Opened(asked, runs) if asked == self.opening => {
                self.opening.clear();
                show(self, runs);
            }
            Event::Finished(finished) => {
                out.ask(Request::LoadRuns);
                out.ask(Request::LoadSample);
                self.opening.clear();
                show(self, finished.runs);
                self.judged = (finished.pairs, finished.skipped);
            }
            Event::Changed(run) => {
                if let Some(shown) = self.opened.iter_mut().find(|shown| shown.row.run == run.row.run) {
                    *shown = run;
                }
            }
            Event::Checked(run, checked) => {
                if let Some((asked, found)) = &mut self.checked
                    && *asked == run
                {
                    *found = checked.map_or_else(Loadable::Failed, Loadable::Ready);
                }
            }
            // Runs that are not asked for any more.
            Event::Opened(..) => {}
        }
    }

    fn opened(&self, out: &mut Out<'_>) {
        out.ask(Request::LoadSample);
    }

    fn shown(&self, view: View, out: &mut Out<'_>) {
        if Self::VIEW == Some(view) {
            out.ask(Request::LoadRuns);
        } else if view == View::COMPARE {
            out.ask(Request::LoadSample);
        }
    }

    fn touched(&mut self, touched: &Touched, _on_show: View, out: &mut Out<'_>) {
        if touched.models {
            out.ask(Request::LoadSample);
        }
    }

    fn facts_loaded(&mut self, facts: &Facts) {
        self.choose_model(&facts.models);
    }

    fn is_long(request: &Request) -> bool {
        matches!(request, Request::Start(_) | Request::Check(_))
    }

    fn ended(&mut self, kind: JobKind, text: &Locale) -> Option<Ended> {
        let words = match kind {
            EVALUATE => {
                let (pairs, skipped) = std::mem::take(&mut self.judged);
                ended_words(text, pairs, skipped)
            }
            CHECK => text.s("said_checked").to_owned(),
            _ => return None,
        };
        let show = Some(Action::Show(View::EVALUATE));
        Some(Ended { words, show, questions: Vec::new(), touched: Touched::default(), shown_in: None })
    }

    fn image_request(key: ImageKey) -> Option<Request> {
        matches!(key, ImageKey::Seen { .. } | ImageKey::Judged { .. }).then_some(Request::LoadImage(key))
    }

    fn remember(&self, kept: &mut Remembered) {
        let chosen = LastPaths { pairs: self.setup.pairs.clone(), images: self.setup.images.clone() };
        kept.extend(serde_json::to_value(chosen).map(|chosen| ("evaluate".to_owned(), chosen)));
    }

    /// Whether it is still there shows when it is used: the window's thread does not wait for a disk that sleeps.
    fn recall(&mut self, kept: &Remembered) {
        // Version 0.1 kept the paths of all features together.
        let chosen = kept.get("evaluate").or(kept.get("chosen")).cloned().unwrap_or_default();
        let LastPaths { pairs, images } = serde_json::from_value(chosen).unwrap_or_default();
        (self.setup.pairs, self.setup.images) = (pairs, images);
    }

    fn path_question(message: &Message) -> Option<PathQuestion> {
        let Message::Ask(path) = message else { return None };
        let wanted = if path.is_folder() { Wanted::Folder } else { Wanted::File };
        let many = *path == EvaluationPath::Embeddings;
        Some(PathQuestion { many, ..PathQuestion::one(path.label_key(), wanted) })
    }

    fn with_paths(asked: Message, paths: Vec<PathBuf>) -> Option<Message> {
        let Message::Ask(path) = asked else { return None };
        Some(Message::SetPath(path, paths))
    }
}

impl State {
    fn open_runs(&mut self, runs: Vec<PathBuf>, out: &mut Out<'_>) {
        if !runs.is_empty() {
            self.opening.clone_from(&runs);
            out.ask(Request::OpenRuns(runs));
        }
    }

    fn mark(&self, pair: usize, mislabelled: bool, out: &mut Out<'_>) {
        let Some(run) = self.focus() else { return };
        let Some(judged) = run.pairs.get(pair) else { return };
        let [a, b] = run.names(judged).map(str::to_owned);
        out.ask(Request::Mark { run: run.row.run.clone(), a, b, same: judged.same, mislabelled });
    }
}

/// The words said when an evaluation has ended.
fn ended_words(text: &Locale, pairs: u64, skipped: u64) -> String {
    let mut words = text.n("said_evaluated", pairs);
    if skipped > 0 {
        words.push_str(text.s("list_separator"));
        words.push_str(&text.n("pairs_skipped", skipped));
    }
    words
}

/// Back at the list of runs; what was set up and ticked stays.
fn left(evaluate: State) -> State {
    State { setup: evaluate.setup, runs: evaluate.runs, ticked: evaluate.ticked, ..State::default() }
}

fn show(evaluate: &mut State, runs: Vec<Arc<Run>>) {
    evaluate.threshold = runs.first().map_or(0.0, |run| run.threshold());
    evaluate.opened = runs;
    evaluate.focused = 0;
    evaluate.tab = Tab::Curves;
    evaluate.pair = None;
}

/// The threshold moves to where the newly focused run lets as many wrong matches through.
fn focus(evaluate: &mut State, index: usize) {
    let Some(run) = evaluate.opened.get(index) else { return };
    let at_protocol = evaluate.focus().is_some_and(|before| before.threshold() == evaluate.threshold);
    let far = evaluate.point().map_or(0.0, |point| point.far);
    evaluate.threshold = if at_protocol { run.threshold() } else { run.roc.threshold_at(far) };
    evaluate.focused = index;
    evaluate.pair = None;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::facts::Facts;
    use crate::app::evaluate::job::FinishedRuns;
    use crate::app::ui::action;
    use crate::eval::{Pair, Run, run};

    /// Four pairs about a threshold.
    fn judged(name: &str, threshold: f64) -> Arc<Run> {
        let pair = |a, b, same, distance| Pair { a, b, same, fold: 0, distance: threshold + distance };
        let pairs =
            vec![pair(0, 1, true, -0.2), pair(1, 2, true, 0.1), pair(0, 2, false, -0.1), pair(0, 3, false, 0.5)];
        Arc::new(run::made(name, threshold, pairs))
    }

    /// What is asked of the jobs for a message.
    fn asked(state: &mut State, step: impl FnOnce(&mut State, &mut Out<'_>)) -> Vec<Request> {
        action::asked(&Facts::default(), |out| step(state, out))
    }

    #[test]
    fn a_finished_evaluation_is_opened() {
        let mut state = State { opening: vec!["x".into()], ..State::default() };
        let runs = vec![judged("a", 1.2), judged("b", 0.4)];
        let finished = FinishedRuns { runs, pairs: 12, skipped: 0 };
        let sent = asked(&mut state, |state, out| state.receive(Event::Finished(finished), out));
        assert_eq!(sent, [Request::LoadRuns, Request::LoadSample], "nothing is read back from the disk");
        asked(&mut state, |state, out| state.receive(Event::Opened(vec!["x".into()], vec![judged("x", 1.0)]), out));
        assert_eq!((state.opened.len(), state.threshold), (2, 1.2), "nobody asks for x any more");
    }

    #[test]
    fn the_threshold_keeps_its_far_when_another_model_comes_into_focus() {
        let mut state = State::default();
        show(&mut state, vec![judged("a", 1.2), judged("b", 0.4)]);
        asked(&mut state, |state, out| state.update(Message::Focus(1), out));
        assert_eq!(state.threshold, 0.4, "the protocol's threshold stays the protocol's");
        asked(&mut state, |state, out| state.update(Message::SetThreshold(0.35), out));
        assert_eq!(state.point().unwrap().far, 0.5);
        asked(&mut state, |state, out| state.update(Message::Focus(0), out));
        assert_eq!(state.point().unwrap().far, 0.5);
    }

    #[test]
    fn a_mark_names_the_pair_as_the_list_does() {
        let mut state = State::default();
        show(&mut state, vec![judged("a", 1.2)]);
        let mark = Message::Mark { pair: 2, mislabelled: true };
        let sent = asked(&mut state, |state, out| state.update(mark, out));
        let asked_for = Request::Mark {
            run: "a".into(),
            a: "P0/P0_0001.jpg".into(),
            b: "P2/P2_0001.jpg".into(),
            same: false,
            mislabelled: true,
        };
        assert_eq!(sent, [asked_for]);
    }

    #[test]
    fn what_was_chosen_is_chosen_again() {
        let mut before = State::default();
        before.setup.images = Some("/lfw/images".into());
        let (mut kept, mut after) = (Remembered::new(), State::default());
        before.remember(&mut kept);
        after.recall(&kept);
        assert_eq!((after.setup.images, after.setup.pairs), (before.setup.images, None));
    }

    #[test]
    fn an_incomplete_setup_starts_nothing() {
        let mut state = State::default();
        assert_eq!(asked(&mut state, |state, out| state.update(Message::Start, out)), []);
    }
}
