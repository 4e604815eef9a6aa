//! How many bytes may be held at once by all who share a budget: who wants more waits until others have given back.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// So often somebody who waits looks whether the work was cancelled.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct ByteBudget {
    all: u64,
    held: Mutex<u64>,
    given_back: Condvar,
}

/// Given back when it is dropped.
#[derive(Debug)]
pub(crate) struct HeldBytes<'a> {
    budget: &'a ByteBudget,
    bytes: u64,
}

impl ByteBudget {
    pub fn new(all: u64) -> Self {
        Self { all, held: Mutex::default(), given_back: Condvar::new() }
    }

    /// Waits until there is room. What is larger than all of it gets it alone. Where the work is cancelled nobody waits.
    pub fn hold(&self, bytes: u64, is_cancelled: &dyn Fn() -> bool) -> HeldBytes<'_> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        while *held > 0 && *held + bytes > self.all && !is_cancelled() {
            held = self.given_back.wait_timeout(held, PAUSE).unwrap_or_else(PoisonError::into_inner).0;
        }
        *held += bytes;
        HeldBytes { budget: self, bytes }
    }
}

impl Drop for HeldBytes<'_> {
    fn drop(&mut self) {
        *self.budget.held.lock().unwrap_or_else(PoisonError::into_inner) -= self.bytes;
        self.budget.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

    use super::*;

    #[test]
    fn no_more_is_held_at_once_and_what_is_too_large_goes_alone() {
        let budget = ByteBudget::new(100);
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for bytes in [40, 40, 40, 250, 60, 100] {
                let (budget, now, most) = (&budget, &now, &most);
                scope.spawn(move || {
                    for _ in 0..20 {
                        let _held = budget.hold(bytes, &|| false);
                        most.fetch_max(now.fetch_add(bytes, SeqCst) + bytes, SeqCst);
                        std::thread::yield_now();
                        now.fetch_sub(bytes, SeqCst);
                    }
                });
            }
        });
        assert_eq!(most.load(SeqCst), 250);
        let _held = budget.hold(100, &|| false);
        let _late = budget.hold(1, &|| true);
    }
}
