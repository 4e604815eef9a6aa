//! What is said in passing: a change that was made, with Undo; a job that ended, with Show; something that failed.

use crate::app::engine::report::Matter;
use crate::app::ui::feature::{Offer, Question};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct NoticeId(pub u64);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum NoticeKind {
    #[default]
    Said,
    Failed,
    Asked,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Notice {
    pub id: NoticeId,
    pub kind: NoticeKind,
    pub text: String,
    /// Folded until asked for.
    pub details: String,
    /// What a question is about.
    pub matter: Option<Matter>,
    /// What can be done about it; each takes the notice away.
    pub actions: Vec<Offer>,
    /// When it goes by itself, in seconds of the window's clock; failures and questions stay.
    pub until_secs: Option<f64>,
}

/// The notices on show, oldest first; at most [`Notices::LIMIT`].
#[derive(Debug, Default)]
pub(crate) struct Notices {
    shown: Vec<Notice>,
    next_id: u64,
}

impl Notices {
    const LIMIT: usize = 4;
    const SHOWN_FOR_SECS: f64 = 8.0;

    pub fn say(&mut self, text: String, offer: Option<Offer>, now_secs: f64) {
        // Undo undoes the latest change only, so only the latest notice may offer it.
        if offer.as_ref().is_some_and(Offer::is_undo) {
            self.withdraw_undo();
        }
        let (actions, until_secs) = (offer.into_iter().collect(), Some(now_secs + Self::SHOWN_FOR_SECS));
        self.push(Notice { text, actions, until_secs, ..Notice::default() });
    }

    /// As [`Self::say`], where only the latest notice may offer it.
    pub fn offer(&mut self, text: String, offer: Offer, now_secs: f64) {
        self.shown.retain(|notice| !notice.actions.contains(&offer));
        self.say(text, Some(offer), now_secs);
    }

    /// Asks in passing. An earlier question about the same is answered by this one.
    pub fn ask(&mut self, question: Question) {
        let Question { matter, words, answers } = question;
        self.settle(&matter);
        let matter = Some(matter);
        self.push(Notice { kind: NoticeKind::Asked, text: words, actions: answers, matter, ..Notice::default() });
    }

    /// Takes the question about this away: there is nothing to be asked any more.
    pub fn settle(&mut self, matter: &Matter) {
        self.shown.retain(|notice| notice.matter.as_ref() != Some(matter));
    }

    pub fn fail(&mut self, text: String, details: String) {
        self.push(Notice { kind: NoticeKind::Failed, text, details, ..Notice::default() });
    }

    /// Takes the offer to undo away: it was taken, or it does not hold any more.
    pub fn withdraw_undo(&mut self) {
        self.shown.retain(|notice| !notice.actions.iter().any(Offer::is_undo));
    }

    /// Returns what it asked about.
    pub fn dismiss(&mut self, id: NoticeId) -> Option<Matter> {
        let at = self.shown.iter().position(|notice| notice.id == id)?;
        self.shown.remove(at).matter
    }

    /// Drops what has been shown for long enough; says when to look again.
    pub fn tick(&mut self, now_secs: f64) -> Option<f64> {
        self.shown.retain(|notice| notice.until_secs.is_none_or(|until| until > now_secs));
        self.shown.iter().filter_map(|notice| notice.until_secs).reduce(f64::min).map(|until| until - now_secs)
    }

    pub fn shown(&self) -> &[Notice] {
        &self.shown
    }

    fn push(&mut self, notice: Notice) {
        self.next_id += 1;
        self.shown.push(Notice { id: NoticeId(self.next_id), ..notice });
        if self.shown.len() > Self::LIMIT {
            // A question waits for its answer as long as anything else can go.
            let goes = |kind| self.shown.iter().position(|notice| notice.kind == kind);
            let gone = goes(NoticeKind::Said).or_else(|| goes(NoticeKind::Failed)).unwrap_or(0);
            self.shown.remove(gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::StepId;

    #[test]
    fn notices_go_by_themselves_and_failures_stay() {
        let mut notices = Notices::default();
        notices.say("Named".into(), None, 0.0);
        notices.fail("Broken".into(), "why".into());
        assert_eq!(notices.tick(1.0), Some(7.0));
        assert_eq!(notices.tick(9.0), None);
        assert_eq!(notices.shown().len(), 1);
        assert_eq!(notices.shown()[0].kind, NoticeKind::Failed);
    }

    #[test]
    fn a_question_does_not_give_way_to_what_is_said_in_passing() {
        let mut notices = Notices::default();
        notices.ask(Question { matter: Matter::InterruptedScan, words: "Gone?".into(), answers: Vec::new() });
        for _ in 0..10 {
            notices.fail("Broken".into(), String::new());
            notices.say("more".into(), None, 0.0);
        }
        assert_eq!(notices.shown()[0].kind, NoticeKind::Asked);
        assert_eq!(notices.shown().len(), Notices::LIMIT);
    }

    #[test]
    fn only_the_latest_change_offers_undo() {
        let mut notices = Notices::default();
        notices.say("first".into(), Some(Offer::undo(StepId(1))), 0.0);
        notices.say("second".into(), Some(Offer::undo(StepId(2))), 0.0);
        assert_eq!(notices.shown().len(), 1);
        for _ in 0..10 {
            notices.say("more".into(), None, 0.0);
        }
        assert_eq!(notices.shown().len(), Notices::LIMIT);
    }
}
