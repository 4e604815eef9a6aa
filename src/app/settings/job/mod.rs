//! The devices of this machine, and how they stand.

#[cfg(feature = "gui")]
mod window;

use crate::app::engine::home::Home;
use crate::networks::device::{self, DeviceKind, ListedDevice, VerdictCache};

#[cfg(feature = "gui")]
pub use self::window::{Event, Job, Request};

/// Which adapters are tested before they are listed; a test can take minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Testing {
    /// None: what is known is told.
    Nothing,
    /// Hardware that was never tested.
    NewHardware,
    /// All, whatever is known of them, software rasterisers too.
    Everything,
}

/// All devices with what their self-tests say. `tell` hears what is being tested, and what of it could not be kept.
pub(crate) fn devices(home: &Home, testing: Testing, tell: &mut dyn FnMut(String)) -> Vec<ListedDevice> {
    let verdicts = VerdictCache::open(home.device_verdicts());
    let mut listed = device::list(&verdicts);
    for entry in listed.iter_mut().filter(|entry| testing.is_due(entry)) {
        let Some(adapter) = &entry.adapter else { continue };
        tell(format!("{}: testing, this may take minutes", adapter.name));
        let (verdict, unsaved) = device::retest(adapter, &verdicts);
        unsaved.into_iter().for_each(&mut *tell);
        entry.verdict = Some(verdict);
    }
    listed
}

impl Testing {
    fn is_due(self, entry: &ListedDevice) -> bool {
        let is_new = entry.verdict.is_none() && entry.kind == DeviceKind::Hardware && entry.is_usable();
        match self {
            Self::Nothing => false,
            Self::NewHardware => is_new,
            Self::Everything => entry.adapter.is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::device::{Adapter, AdapterKind, TestFailure, Verdict};

    fn listed(kind: AdapterKind, verdict: Option<Verdict>) -> ListedDevice {
        let text = String::from;
        let (backend, driver, driver_info) = (text("Vulkan"), text("d"), text("1"));
        let (name, largest_buffer) = (text("x"), 1 << 30);
        let adapter = Adapter { index: 0, name, kind, nth_of_kind: 0, backend, driver, driver_info, largest_buffer };
        let device_kind = if kind == AdapterKind::Software { DeviceKind::Software } else { DeviceKind::Hardware };
        ListedDevice { name: text("x"), kind: device_kind, adapter: Some(adapter), verdict }
    }

    #[test]
    fn hardware_is_tested_when_it_is_new_and_all_else_when_it_is_asked_for() {
        let cpu = ListedDevice { name: "CPU".to_owned(), kind: DeviceKind::Cpu, adapter: None, verdict: None };
        let failed = || Some(Verdict::failed(TestFailure::NotStarted { details: "no memory".to_owned() }));
        let entries = [
            cpu,
            listed(AdapterKind::Discrete, None),
            listed(AdapterKind::Discrete, failed()),
            listed(AdapterKind::Software, None),
            listed(AdapterKind::Other, None),
        ];
        let due = |testing: Testing| entries.each_ref().map(|entry| testing.is_due(entry));
        assert_eq!(due(Testing::Nothing), [false; 5]);
        assert_eq!(due(Testing::NewHardware), [false, true, false, false, false]);
        assert_eq!(due(Testing::Everything), [false, true, true, true, true]);
    }
}
