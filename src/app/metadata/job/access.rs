//! The library, asked and changed piece by piece: at once by who has it alone, and in the window through its thread, so
//! that no decision waits for a whole writing.

use anyhow::Result;

use crate::app::engine::library_thread::LibraryHandle;
use crate::library::{self, Library, LibraryReader};

pub(crate) trait LibraryAccess {
    fn ask<T>(&mut self, question: impl FnOnce(&LibraryReader) -> library::Result<T>) -> Result<T>;

    fn change<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Library) -> library::Result<T> + Send + 'static,
    ) -> Result<T>;
}

impl LibraryAccess for Library {
    fn ask<T>(&mut self, question: impl FnOnce(&LibraryReader) -> library::Result<T>) -> Result<T> {
        Ok(question(self)?)
    }

    fn change<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Library) -> library::Result<T> + Send + 'static,
    ) -> Result<T> {
        Ok(work(self)?)
    }
}

impl LibraryAccess for LibraryHandle {
    fn ask<T>(&mut self, question: impl FnOnce(&LibraryReader) -> library::Result<T>) -> Result<T> {
        LibraryHandle::ask(self, question)
    }

    fn change<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Library) -> library::Result<T> + Send + 'static,
    ) -> Result<T> {
        self.call(work)
    }
}
