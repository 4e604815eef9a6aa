//! The memory of this process, for computing on the processor, where no device tells of its own.

use anyhow::{Result, ensure};

use crate::networks::device::can_reserve;

/// What the process holds in memory; none where the system does not tell.
pub(crate) fn resident_bytes() -> Option<u64> {
    Some(memory_stats::memory_stats()?.physical_mem as u64)
}

/// Lets all threads take their memory from one heap, where each would have its own (glibc), and what one thread frees there
/// no other gets: photos are opened, searched and thrown away by different threads.
pub fn share_one_heap() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: it sets a number of the allocator's and touches no memory of ours.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

/// Refuses work before it begins whose results alone are more than this computer has.
pub(crate) fn hold(what: &str, bytes: u64) -> Result<()> {
    let megabytes = bytes.div_ceil(1_000_000);
    ensure!(
        can_reserve(bytes),
        "{what} need {megabytes} MB of memory at least, which this computer does not have: ask for fewer"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_computer_has_is_refused_in_words() {
        assert!(hold("two faces", 1024).is_ok());
        let told = hold("1000000000 faces", 1 << 50).unwrap_err().to_string();
        assert!(told.starts_with("1000000000 faces need 1125899907 MB"), "{told}");
    }

    #[test]
    fn tells_the_resident_set_of_this_process() {
        assert!(resident_bytes().is_some_and(|bytes| bytes > 1 << 20));
    }
}
