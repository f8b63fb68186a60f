//! The descriptors of the process: every connection is one.

/// Raises the number of descriptors that this process may have open as far as the system allows,
/// and says how many that are; `None` where that is not known. For a program, at its start.
#[must_use]
pub fn raise_descriptors() -> Option<u64> {
    #[cfg(unix)]
    return rlimit::increase_nofile_limit(u64::MAX)
        .or_else(|_| rlimit::Resource::NOFILE.get_soft())
        .ok();
    #[cfg(not(unix))]
    None
}
