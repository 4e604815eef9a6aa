//! What any long work looks at between two small steps: whether it is to go on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Asked of a job by its user; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<Asked>);

#[derive(Debug, Default)]
struct Asked {
    cancelled: AtomicBool,
    paused: Mutex<bool>,
    changed: Condvar,
}

impl Cancel {
    pub(crate) fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Relaxed);
        self.pause(false);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Relaxed)
    }

    /// Lets the work rest where it is, or go on.
    pub(crate) fn pause(&self, pause: bool) {
        *self.0.paused.lock().unwrap_or_else(PoisonError::into_inner) = pause;
        self.0.changed.notify_all();
    }

    /// Returns at once unless the work is paused, else when it goes on or is cancelled.
    pub(crate) fn rest(&self) {
        let paused = self.0.paused.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.0.changed.wait_while(paused, |paused| *paused && !self.is_cancelled()));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn paused_work_rests_until_it_goes_on_or_is_cancelled() {
        for ends in [(|work: &Cancel| work.pause(false)) as fn(&Cancel), Cancel::cancel] {
            let work = Cancel::default();
            work.rest();
            work.pause(true);
            let (send, steps) = channel();
            let paused = work.clone();
            let resting = thread::spawn(move || {
                paused.rest();
                send.send(()).unwrap();
            });
            assert!(steps.recv_timeout(Duration::from_millis(50)).is_err(), "it went on");
            ends(&work);
            steps.recv_timeout(Duration::from_secs(20)).expect("it goes on");
            resting.join().unwrap();
        }
    }
}
