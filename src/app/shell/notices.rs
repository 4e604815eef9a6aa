//! What is said in passing: a change that was made, with Undo; a job that ended, with Show; something that failed.

use std::path::PathBuf;

use crate::app::engine::report::Withheld;
use crate::app::ui::action::Action;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct NoticeId(pub u64);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NoticeKind {
    #[default]
    Said,
    Failed,
    Asked,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Notice {
    pub id: NoticeId,
    pub kind: NoticeKind,
    pub text: String,
    /// Folded until asked for.
    pub details: String,
    /// What can be done about it; each takes the notice away.
    pub actions: Vec<NoticeAction>,
    /// When it goes by itself, in seconds of the window's clock; failures and questions stay.
    pub until_secs: Option<f64>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum NoticeAction {
    Undo,
    /// Leads to what it is about.
    Show(Action),
    /// The photos of this folder that are gone are kept as they are.
    KeepMissing,
    /// They are gone for good.
    AcceptMissing(PathBuf),
}

impl NoticeAction {
    pub fn label_key(&self) -> &'static str {
        match self {
            Self::Undo => "undo",
            Self::Show(_) => "show",
            Self::KeepMissing => "missing_keep",
            Self::AcceptMissing(_) => "missing_accept",
        }
    }

    /// None where taking the notice away is all.
    pub fn action(&self) -> Option<Action> {
        match self {
            Self::Undo => Some(Action::UNDO),
            Self::Show(action) => Some(action.clone()),
            Self::KeepMissing => None,
            Self::AcceptMissing(folder) => Some(Action::AcceptMissing(folder.clone())),
        }
    }
}

/// The notices on show, oldest first; at most [`Notices::LIMIT`].
#[derive(Debug, Default)]
pub struct Notices {
    shown: Vec<Notice>,
    next_id: u64,
}

impl Notices {
    pub const LIMIT: usize = 4;
    const SHOWN_FOR_SECS: f64 = 8.0;

    pub fn say(&mut self, text: String, action: Option<NoticeAction>, now_secs: f64) {
        // Undo undoes the latest change only, so only the latest notice may offer it.
        if action == Some(NoticeAction::Undo) {
            self.withdraw_undo();
        }
        let (actions, until_secs) = (action.into_iter().collect(), Some(now_secs + Self::SHOWN_FOR_SECS));
        self.push(Notice { text, actions, until_secs, ..Notice::default() });
    }

    /// Asks whether the photos of a folder are gone, or its drive is only not there. An earlier question about it is
    /// answered by this one.
    pub fn ask_missing(&mut self, text: String, withheld: &Withheld) {
        let accept = NoticeAction::AcceptMissing(withheld.folder.clone());
        self.shown.retain(|notice| !notice.actions.contains(&accept));
        let actions = vec![NoticeAction::KeepMissing, accept];
        self.push(Notice { kind: NoticeKind::Asked, text, actions, ..Notice::default() });
    }

    pub fn fail(&mut self, text: String, details: String) {
        self.push(Notice { kind: NoticeKind::Failed, text, details, ..Notice::default() });
    }

    /// Takes the offer to undo away: it was taken, or it does not hold any more.
    pub fn withdraw_undo(&mut self) {
        self.shown.retain(|notice| !notice.actions.contains(&NoticeAction::Undo));
    }

    pub fn dismiss(&mut self, id: NoticeId) {
        self.shown.retain(|notice| notice.id != id);
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
            self.shown.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn only_the_latest_change_offers_undo() {
        let mut notices = Notices::default();
        notices.say("first".into(), Some(NoticeAction::Undo), 0.0);
        notices.say("second".into(), Some(NoticeAction::Undo), 0.0);
        assert_eq!(notices.shown().len(), 1);
        for _ in 0..10 {
            notices.say("more".into(), None, 0.0);
        }
        assert_eq!(notices.shown().len(), Notices::LIMIT);
    }
}
