//! The platform's file dialogs, without stopping the window.
//!
//! A dialog is made on the window's thread, as macOS demands, and waited for on a thread of its own.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use eframe::egui;

use crate::app::evaluate::state::setup::Path as EvaluatePath;
use crate::app::train::state::message::TrainPath;
use crate::figures::Saving;

/// What a dialog is for; its answer comes back with it.
#[derive(Debug, Clone, PartialEq)]
pub enum Question {
    Folder,
    CompareFiles,
    ModelFile,
    /// A file or folder for an evaluation.
    Evaluate(EvaluatePath),
    /// Where to write a figure or a table.
    Save(Box<Saving>),
    Train(TrainPath),
}

/// At most one dialog at a time.
#[derive(Default)]
pub struct Dialogs {
    open: Option<(Question, Receiver<Vec<PathBuf>>)>,
}

impl Dialogs {
    /// Opens a dialog, unless one is open.
    pub fn ask(&mut self, question: Question, title: &str, ctx: &egui::Context) -> std::io::Result<()> {
        if self.open.is_some() {
            return Ok(());
        }
        let (answer, receiver) = sync_channel(1);
        let dialog = rfd::AsyncFileDialog::new().set_title(title);
        let ctx = ctx.clone();
        match &question {
            Question::Folder => wait(dialog.pick_folders(), answer, ctx)?,
            Question::CompareFiles => wait(dialog.pick_files(), answer, ctx)?,
            Question::Train(file) if file.is_folder() => wait_for_one(dialog.pick_folder(), answer, ctx)?,
            Question::Train(_) => wait_for_one(dialog.pick_file(), answer, ctx)?,
            Question::ModelFile => wait(dialog.pick_files(), answer, ctx)?,
            Question::Evaluate(EvaluatePath::Embeddings) => wait(dialog.pick_files(), answer, ctx)?,
            Question::Evaluate(path) if path.is_folder() => wait_for_one(dialog.pick_folder(), answer, ctx)?,
            Question::Evaluate(_) => wait_for_one(dialog.pick_file(), answer, ctx)?,
            Question::Save(saving) => {
                let endings = saving.endings().iter();
                let dialog =
                    endings.fold(dialog, |dialog, ending| dialog.add_filter(ending.to_uppercase(), &[*ending]));
                let name = format!("{}.{}", saving.stem, saving.endings()[0]);
                wait_for_one(dialog.set_file_name(name).save_file(), answer, ctx)?;
            }
        }
        self.open = Some((question, receiver));
        Ok(())
    }

    /// The answer, once there is one; a dialog that was cancelled answers with no path.
    pub fn poll(&mut self) -> Option<(Question, Vec<PathBuf>)> {
        let (question, receiver) = self.open.as_ref()?;
        let answer = match receiver.try_recv() {
            Ok(paths) => (question.clone(), paths),
            Err(TryRecvError::Disconnected) => (question.clone(), Vec::new()),
            Err(TryRecvError::Empty) => return None,
        };
        self.open = None;
        Some(answer)
    }
}

fn wait_for_one(
    picked: impl Future<Output = Option<rfd::FileHandle>> + Send + 'static,
    answer: SyncSender<Vec<PathBuf>>,
    ctx: egui::Context,
) -> std::io::Result<()> {
    wait(async { picked.await.map(|file| vec![file]) }, answer, ctx)
}

fn wait(
    picked: impl Future<Output = Option<Vec<rfd::FileHandle>>> + Send + 'static,
    answer: SyncSender<Vec<PathBuf>>,
    ctx: egui::Context,
) -> std::io::Result<()> {
    thread::Builder::new().name("file dialog".into()).spawn(move || {
        let files = block_on(picked).unwrap_or_default();
        // The window may be gone by now; then nobody needs the answer.
        let _ = answer.send(files.iter().map(|file| file.path().to_owned()).collect());
        ctx.request_repaint();
    })?;
    Ok(())
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_on_waits_for_a_waker_on_another_thread() {
        let mut polls = 0;
        let future = std::future::poll_fn(move |context| {
            polls += 1;
            if polls == 3 {
                return Poll::Ready(polls);
            }
            let waker = context.waker().clone();
            thread::Builder::new().name("waker".into()).spawn(move || waker.wake()).unwrap();
            Poll::Pending
        });
        assert_eq!(block_on(future), 3);
    }
}
