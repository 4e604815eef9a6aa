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

/// Whether this computer gives so many bytes at once. None of them is touched: a system that promises more than it has
/// still refuses what is beyond all it could ever have.
pub(crate) fn can_reserve(bytes: u64) -> bool {
    let mut reserved: Vec<u8> = Vec::new();
    let is_given = usize::try_from(bytes).is_ok_and(|bytes| reserved.try_reserve_exact(bytes).is_ok());
    // Otherwise a compiler may leave out what nobody looks at.
    std::hint::black_box(&reserved);
    is_given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_computer_has_is_not_given() {
        assert!(can_reserve(0) && can_reserve(1 << 20));
        assert!(!can_reserve(u64::MAX) && !can_reserve(1 << 50));
    }

    #[test]
    fn the_processor_is_known_and_keeps_no_pool() {
        assert!(is_cpu(&Device::flex().autodiff()));
        assert_eq!(memory_in_use(&Device::flex()), None);
    }
}
