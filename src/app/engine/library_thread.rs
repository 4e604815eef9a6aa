//! One thread owns the library; who changes something sends it work. So there is one writer, and no lock is held over a
//! decode or a network. Who only asks does so on connections of their own, which wait for no change, however long.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use anyhow::{Context, Result, anyhow};
use crossbeam_channel::{Receiver, Sender, bounded};

use super::home::grouping_file;
use crate::library::{GroupingInput, HeldLibrary, KeptVectors, Library, LibraryError, LibraryReader};
use crate::types::ModelId;

/// Connections that are kept for the next questions.
const IDLE_READERS: usize = 4;
/// The file of a model's vectors among what a grouping keeps.
pub(crate) const VECTORS: &str = "vectors";

type Work = Box<dyn FnOnce(&mut Library) + Send>;

/// For who only asks, beside the one who writes. A library of an older program is brought up to date first.
pub(crate) fn reader(path: &Path) -> Result<LibraryReader, LibraryError> {
    match Library::open_read_only(path) {
        Err(LibraryError::NeedsMigration { .. }) => {
            drop(Library::open(path)?);
            Library::open_read_only(path)
        }
        opened => opened,
    }
}

/// A way to the library's thread; clones lead to the same one. The thread ends when the last handle is gone.
#[derive(Clone)]
pub struct LibraryHandle {
    /// Connections that are between questions. They go before the writer's, which alone can put the log away.
    idle: (Sender<LibraryReader>, Receiver<LibraryReader>),
    work: Sender<Work>,
    path: PathBuf,
    vectors: Arc<Mutex<Option<OpenedVectors>>>,
}

/// The file of vectors that was used last, as long as it is the same one.
struct OpenedVectors {
    path: PathBuf,
    written: (u64, SystemTime),
    file: Arc<KeptVectors>,
}

impl LibraryHandle {
    /// Opens the library (creating or migrating it) and starts its thread.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_watched(path, || {})
    }

    /// Calls `watch` before each piece of work, where a test looks at the file or breaks something.
    pub(crate) fn open_watched(path: &Path, mut watch: impl FnMut() + Send + 'static) -> Result<Self> {
        let mut library = Library::open(path)?;
        let (work, inbox) = bounded::<Work>(256);
        std::thread::Builder::new()
            .name("likeness-library".into())
            .spawn(move || {
                inbox.into_iter().for_each(|work| {
                    watch();
                    let held = HeldLibrary::new();
                    work(&mut library);
                    drop(held);
                });
            })
            .context("cannot start the library's thread")?;
        Ok(Self { idle: bounded(IDLE_READERS), work, path: path.to_owned(), vectors: Arc::default() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Asks the library here and now, on a connection that only reads: a change that goes on is not waited for, and one
    /// that was answered is seen. All that is asked is asked of one state. A panic becomes an error here.
    pub(crate) fn ask<T, E>(&self, questions: impl FnOnce(&LibraryReader) -> Result<T, E>) -> Result<T>
    where
        E: From<LibraryError> + Into<anyhow::Error>,
    {
        let (give_back, idle) = &self.idle;
        let reader = match idle.try_recv().ok().filter(|idle| !idle.is_behind()) {
            Some(idle) => idle,
            None => reader(&self.path)?,
        };
        match catch_unwind(AssertUnwindSafe(|| reader.at_once(questions))) {
            Ok(Ok(answer)) => {
                // Closed where enough are kept.
                let _ = give_back.try_send(reader);
                Ok(answer)
            }
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Err(anyhow!("an internal error stopped this question")),
        }
    }

    /// Every face that takes part in a grouping, its vector from the file beside the library where that can be; and that
    /// file.
    pub(crate) fn faces_to_group(&self, model: &ModelId) -> Result<(GroupingInput, Option<Arc<KeptVectors>>)> {
        let vectors = self.vectors(model);
        self.ask(|library| {
            let file = library.kept_vectors(model, vectors.as_ref())?;
            Ok::<_, LibraryError>((library.faces_to_group_from(model, file)?, file.cloned()))
        })
    }

    /// The vectors that the last grouping kept, whole but perhaps of before; none where there are none.
    pub(crate) fn vectors(&self, model: &ModelId) -> Option<Arc<KeptVectors>> {
        let path = grouping_file(&self.path, VECTORS, model);
        let mut opened = self.vectors.lock().unwrap_or_else(PoisonError::into_inner);
        let written = KeptVectors::written(&path);
        if !opened.as_ref().is_some_and(|opened| opened.path == path && Some(opened.written) == written) {
            // Nothing of a file that has gone is held.
            *opened = None;
            let file = written.and_then(|written| Some((written, KeptVectors::open(&path)?)));
            *opened = file.map(|(written, file)| OpenedVectors { path, written, file });
        }
        opened.as_ref().map(|opened| opened.file.clone())
    }

    /// Runs `work` on the library's thread and waits for its result. A panic in `work` becomes an error here and
    /// leaves the thread running: every change is a transaction, so the library stays whole.
    pub fn call<T, E>(&self, work: impl FnOnce(&mut Library) -> Result<T, E> + Send + 'static) -> Result<T>
    where
        T: Send + 'static,
        E: Into<anyhow::Error> + Send + 'static,
    {
        let (reply, answer) = bounded(1);
        let work: Work = Box::new(move |library| {
            let outcome = catch_unwind(AssertUnwindSafe(|| work(library)));
            // A caller that has gone away no longer wants the answer.
            let _ = reply.send(outcome);
        });
        self.work.send(work).map_err(|_| anyhow!("the library's thread has ended"))?;
        match answer.recv().map_err(|_| anyhow!("the library's thread has ended"))? {
            Ok(result) => result.map_err(Into::into),
            Err(_) => Err(anyhow!("an internal error stopped this change; the library is as it was before")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_only_asks_sees_what_is_written_meanwhile_and_makes_no_library() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("library.sqlite");
        assert!(reader(&path).is_err() && !path.exists());
        let writer = LibraryHandle::open(&path).unwrap();
        let asking = reader(&path).unwrap();
        writer.call(|library| library.set_setting("model", "mine")).unwrap();
        assert_eq!(asking.setting("model").unwrap().as_deref(), Some("mine"));
    }
}
