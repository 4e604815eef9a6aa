//! How much memory a computation holds, for whoever watches it.

use burn::tensor::Device;

/// Bytes reserved on `device`; where the processor is the device, those of this process. None where nobody tells.
pub fn memory_in_use(device: &Device) -> Option<u64> {
    match device.memory_pool_usage() {
        Some(usage) => Some(usage.bytes_reserved),
        None => resident_bytes(),
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
    }

    #[test]
    fn the_processor_s_memory_is_known_on_linux() {
        let bytes = memory_in_use(&Device::flex());
        assert_eq!(bytes.is_some(), cfg!(target_os = "linux"));
        assert!(bytes.is_none_or(|bytes| bytes > 1 << 20));
    }
}
