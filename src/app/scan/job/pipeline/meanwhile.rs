//! Groups of what a first scan has found so far.

use std::time::Instant;

use super::Scanning;
use crate::app::engine::progress::JobEvent;
use crate::app::jobs::regroup::regroup;
use crate::app::scan::job::{GroupMeanwhile, ScanTools};

/// So much more time goes into finding faces than into grouping them meanwhile.
const GROUPING_SHARE: u32 = 20;

impl Scanning<'_> {
    /// Where it fails the scan goes on: it groups once more in the end, and says then what failed.
    pub(super) fn group_meanwhile(&mut self) {
        let Some(GroupMeanwhile { grouping, faces }) = self.tools.meanwhile else { return };
        let begun = Instant::now();
        let is_due = self.next_grouping.is_some_and(|next| begun >= next);
        if !is_due || self.summary.new_faces < self.grouped + faces {
            return;
        }
        let ScanTools { engine, library, .. } = self.tools;
        // How far it is says nothing of how far the scan is.
        let mut notes = |event| {
            if matches!(event, JobEvent::Note(_)) {
                (self.events)(event);
            }
        };
        let grouped = regroup(library, engine.model_id(), grouping, self.cancel, &mut notes).is_ok();
        if grouped {
            (self.events)(JobEvent::Grouped);
        }
        self.grouped = self.summary.new_faces;
        self.next_grouping = grouped.then(|| Instant::now() + GROUPING_SHARE * begun.elapsed());
    }
}
