//! One flag that any long work looks at between two small steps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asked of a job by its user; clones share the flag.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub(crate) fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
