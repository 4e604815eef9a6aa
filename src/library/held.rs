//! Whoever holds the library, as its one writer or in a state that is read, asks no disk meanwhile: a drive of a network
//! may take minutes to answer, and everybody else would wait. A build with debug assertions notices.

use std::cell::Cell;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// This thread holds the library.
pub(crate) struct HeldLibrary(());

impl HeldLibrary {
    pub fn new() -> Self {
        HELD.set(HELD.get() + 1);
        Self(())
    }
}

impl Drop for HeldLibrary {
    fn drop(&mut self) {
        HELD.set(HELD.get() - 1);
    }
}

/// Photos, or folders of them, are looked for.
pub(crate) fn asks_disk() {
    debug_assert_eq!(HELD.get(), 0, "the disk is asked while the library is held");
}

#[cfg(test)]
#[cfg(debug_assertions)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn the_disk_is_not_asked_while_the_library_is_held() {
        let held = HeldLibrary::new();
        assert!(catch_unwind(asks_disk).is_err());
        drop(held);
        asks_disk();
    }
}
