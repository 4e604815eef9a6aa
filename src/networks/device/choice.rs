//! Which device the user asked for, and which adapter answers that. Pure: tests need no adapter.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use super::{Adapter, AdapterKind, DeviceError, Verdict};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// The best hardware adapter that passes its self-test, else the CPU.
    #[default]
    Auto,
    Cpu,
    /// As `Auto`, but a machine without a hardware adapter is an error.
    Gpu,
    /// The first adapter whose name contains this, capitals or not; the only way to a software rasteriser.
    Named(String),
}

impl FromStr for DeviceChoice {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.trim() {
            "" | "auto" => Self::Auto,
            "cpu" => Self::Cpu,
            "gpu" => Self::Gpu,
            name => Self::Named(name.to_owned()),
        })
    }
}

/// As [`FromStr`] reads it back.
impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
            Self::Named(name) => name,
        })
    }
}

/// The adapter to compute on, or none for the CPU. `verdict` is asked only about adapters that would be taken.
pub(crate) fn pick<'a>(
    choice: &DeviceChoice,
    adapters: &'a [Adapter],
    verdict: &mut dyn FnMut(&Adapter) -> Verdict,
    notes: &mut Vec<String>,
) -> Result<Option<&'a Adapter>, DeviceError> {
    let candidates = match choice {
        DeviceChoice::Cpu => return Ok(None),
        DeviceChoice::Auto => hardware(adapters),
        DeviceChoice::Gpu => Some(hardware(adapters)).filter(|found| !found.is_empty()).ok_or(DeviceError::NoGpu)?,
        DeviceChoice::Named(name) => vec![named(name, adapters)?],
    };
    if candidates.is_empty() {
        notes.push(match adapters.iter().find(|adapter| adapter.kind == AdapterKind::Software) {
            Some(software) => format!(
                "No GPU was found, computing on the CPU ({} is a software rasteriser, slower than that)",
                software.name
            ),
            None => "No GPU was found, computing on the CPU".to_owned(),
        });
    }
    for adapter in candidates {
        match verdict(adapter) {
            Verdict::Passed { .. } => return Ok(Some(adapter)),
            Verdict::Failed { reason, .. } => notes.push(format!("{} failed its self-test: {reason}", adapter.name)),
        }
    }
    if !notes.is_empty() && !matches!(choice, DeviceChoice::Auto if hardware(adapters).is_empty()) {
        notes.push("Computing on the CPU instead".to_owned());
    }
    Ok(None)
}

/// Hardware adapters, the fastest kind first, in the driver's order within a kind.
fn hardware(adapters: &[Adapter]) -> Vec<&Adapter> {
    let rank = |adapter: &Adapter| match adapter.kind {
        AdapterKind::Discrete => Some(0),
        AdapterKind::Integrated => Some(1),
        AdapterKind::Virtual => Some(2),
        AdapterKind::Software | AdapterKind::Other => None,
    };
    let mut ranked: Vec<_> = adapters.iter().filter_map(|adapter| Some((rank(adapter)?, adapter))).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, adapter)| adapter).collect()
}

fn named<'a>(name: &str, adapters: &'a [Adapter]) -> Result<&'a Adapter, DeviceError> {
    let wanted = name.to_lowercase();
    let found = adapters.iter().find(|adapter| adapter.name.to_lowercase().contains(&wanted));
    found.ok_or_else(|| DeviceError::NoSuchAdapter {
        asked: name.to_owned(),
        known: match adapters {
            [] => "none".to_owned(),
            known => known.iter().map(|adapter| adapter.name.as_str()).collect::<Vec<_>>().join(", "),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::device::{Phase, TestFailure};

    fn adapter(index: usize, name: &str, kind: AdapterKind) -> Adapter {
        let text = String::from;
        let (backend, driver, driver_info) = (text("Vulkan"), text("d"), text("1"));
        Adapter { index, name: text(name), kind, nth_of_kind: 0, backend, driver, driver_info, largest_buffer: 1 << 30 }
    }

    fn machine() -> Vec<Adapter> {
        vec![
            adapter(0, "llvmpipe (LLVM 15)", AdapterKind::Software),
            adapter(1, "Iris Xe", AdapterKind::Integrated),
            adapter(2, "GeForce RTX", AdapterKind::Discrete),
        ]
    }

    const PASSED: Verdict = Verdict::Passed { largest_difference: 0.0, seconds: 1.0 };

    fn picked(choice: &str, adapters: &[Adapter], failing: &str) -> (Option<usize>, Vec<String>) {
        let mut notes = Vec::new();
        let mut verdict = |adapter: &Adapter| match adapter.name.contains(failing) && !failing.is_empty() {
            true => Verdict::failed(TestFailure::Wrong { phase: Phase::Backward, details: "wrong gradients".into() }),
            false => PASSED,
        };
        let found = pick(&choice.parse().unwrap(), adapters, &mut verdict, &mut notes).unwrap();
        (found.map(|adapter| adapter.index), notes)
    }

    #[test]
    fn reads_a_choice() {
        let parse = |text: &str| text.parse::<DeviceChoice>().unwrap();
        assert_eq!(parse("auto"), DeviceChoice::Auto);
        assert_eq!(parse("cpu"), DeviceChoice::Cpu);
        assert_eq!(parse("gpu"), DeviceChoice::Gpu);
        assert_eq!(parse(" RTX 4090 "), DeviceChoice::Named("RTX 4090".into()));
    }

    #[test]
    fn takes_the_best_hardware() {
        assert_eq!(picked("auto", &machine(), ""), (Some(2), vec![]));
        assert_eq!(picked("gpu", &machine(), ""), (Some(2), vec![]));
        assert_eq!(picked("cpu", &machine(), ""), (None, vec![]));
    }

    #[test]
    fn takes_software_only_when_named() {
        let software = &machine()[..1];
        let (found, notes) = picked("auto", software, "");
        assert_eq!(found, None);
        assert!(notes.len() == 1 && notes[0].contains("llvmpipe"), "{notes:?}");
        assert_eq!(picked("LLVMpipe", software, ""), (Some(0), vec![]));
        let nothing = pick(&DeviceChoice::Gpu, software, &mut |_| PASSED, &mut Vec::new());
        assert!(matches!(nothing, Err(DeviceError::NoGpu)));
    }

    #[test]
    fn names_what_failed_and_goes_on() {
        let (found, notes) = picked("auto", &machine(), "RTX");
        assert_eq!(found, Some(1));
        assert!(notes.len() == 1 && notes[0].contains("GeForce RTX failed"), "{notes:?}");
        let (found, notes) = picked("iris", &machine(), "Iris");
        assert_eq!(found, None);
        assert!(notes.last().unwrap().contains("CPU instead"), "{notes:?}");
    }

    #[test]
    fn an_unknown_name_is_an_error() {
        let machine = machine();
        let known = pick(&DeviceChoice::Named("radeon".into()), &machine, &mut |_| PASSED, &mut Vec::new());
        assert!(known.unwrap_err().to_string().contains("Iris Xe"));
        let none = pick(&DeviceChoice::Named("radeon".into()), &[], &mut |_| PASSED, &mut Vec::new());
        assert!(none.unwrap_err().to_string().contains("none"));
    }
}
