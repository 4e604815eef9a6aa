//! Finds what can be put in a damaged library's place and puts it there, on threads of its own: where the library cannot
//! be opened there are no others.

use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::{Offers, offers_of, restore};
use crate::app::engine::home::Home;
use crate::app::engine::shared::damage_or_chain;
use crate::library::care::{Backup, Restored};

/// At most so many wait: one question is asked at a time.
const ANSWERS: usize = 4;

/// What came of it.
pub(crate) enum RepairAnswer {
    Found(Offers),
    Restored(Restored),
    Failed(String),
}

/// Asks the disk, and keeps the answers until they are taken.
pub(crate) struct RepairJob {
    home: Home,
    sender: Sender<RepairAnswer>,
    answers: Receiver<RepairAnswer>,
    /// Tells the window that an answer is there.
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl RepairJob {
    pub fn new(home: Home, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        let (sender, answers) = bounded(ANSWERS);
        Self { home, sender, answers, wake }
    }

    pub fn find_offers(&self) {
        self.ask(|home| offers_of(home).map(RepairAnswer::Found));
    }

    pub fn restore(&self, backup: Backup) {
        self.ask(move |home| restore(home, &backup.path).map(RepairAnswer::Restored));
    }

    pub fn answers(&self) -> impl Iterator<Item = RepairAnswer> {
        self.answers.try_iter()
    }

    fn ask(&self, work: impl FnOnce(&Home) -> anyhow::Result<RepairAnswer> + Send + 'static) {
        let (home, sender, wake) = (self.home.clone(), self.sender.clone(), self.wake.clone());
        let started = thread::Builder::new().name("repair".into()).spawn(move || {
            let answer = work(&home).unwrap_or_else(|error| RepairAnswer::Failed(damage_or_chain(&error)));
            // The window may be gone by now; then nobody needs the answer.
            let _ = sender.send(answer);
            wake();
        });
        if let Err(error) = started {
            let _ = self.sender.send(RepairAnswer::Failed(error.to_string()));
        }
    }
}
