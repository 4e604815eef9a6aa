//! What a disk has left.

use std::fs::File;

/// How many bytes its user can still write where a file lies; none where the system does not tell.
pub(super) fn free_bytes(file: &File) -> Option<u64> {
    #[cfg(unix)]
    return rustix::fs::fstatvfs(file).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    #[cfg(not(unix))]
    {
        let _ = file;
        None
    }
}
