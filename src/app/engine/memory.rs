//! The memory of this process, for computing on the processor, where no device tells of its own.

/// What the process holds in memory; none where the system does not tell.
pub(crate) fn resident_bytes() -> Option<u64> {
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
