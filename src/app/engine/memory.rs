//! The memory of this process, for computing on the processor, where no device tells of its own.

use crate::train::events::{StepReport, TrainEvent};

/// The event as it is, with the process's memory where the device's is not known.
pub fn with_memory(event: TrainEvent) -> TrainEvent {
    match event {
        TrainEvent::Step(report) => {
            let memory_bytes = report.memory_bytes.or_else(resident_bytes);
            TrainEvent::Step(StepReport { memory_bytes, ..report })
        }
        other => other,
    }
}

/// Linux says so in a file; other systems need calls that the standard library does not have.
fn resident_bytes() -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    resident_in(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn resident_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_resident_set_of_a_process() {
        assert_eq!(resident_in("Name:\tlikeness\nVmHWM:\t   90 kB\nVmRSS:\t   12 kB\n"), Some(12 * 1024));
        assert_eq!(resident_in("Name:\tlikeness\n"), None);
        assert_eq!(resident_bytes().is_some(), cfg!(target_os = "linux"));
    }
}
