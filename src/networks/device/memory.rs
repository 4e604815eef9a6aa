//! What a Burn device tells of itself: whether it is the processor, and how much memory a computation holds.

use burn::tensor::Device;

/// Whether computing is done by the processor itself.
pub(crate) fn is_cpu(device: &Device) -> bool {
    device.clone().without_autodiff() == Device::flex()
}

/// Bytes reserved on `device`; none where nobody tells, as on the processor.
pub(crate) fn memory_in_use(device: &Device) -> Option<u64> {
    Some(device.memory_pool_usage()?.bytes_reserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_known_and_keeps_no_pool() {
        assert!(is_cpu(&Device::flex().autodiff()));
        assert_eq!(memory_in_use(&Device::flex()), None);
    }
}
