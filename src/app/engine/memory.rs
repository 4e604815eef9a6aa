//! The memory of this process, for computing on the processor, where no device tells of its own.

use crate::train::events::{StepReport, TrainEvent};

/// The event as it is, with the process's memory where the device's is not known.
pub(crate) fn with_memory(event: TrainEvent) -> TrainEvent {
    match event {
        TrainEvent::Step(report) => {
            let memory_bytes = report.memory_bytes.or_else(resident_bytes);
            TrainEvent::Step(StepReport { memory_bytes, ..report })
        }
        other => other,
    }
}

fn resident_bytes() -> Option<u64> {
    Some(memory_stats::memory_stats()?.physical_mem as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_resident_set_of_this_process() {
        assert!(resident_bytes().is_some_and(|bytes| bytes > 1 << 20));
    }
}
