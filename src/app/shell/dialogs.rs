//! The platform's file dialogs, without stopping the window.
//!
//! A dialog is made on the window's thread, as macOS demands, and waited for on a thread of its own. Where the platform
//! has none (Linux without a portal), it answers at once with nothing, faster than anybody can cancel.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use eframe::egui;

use super::message::Message;
use crate::app::ui::feature::{PathQuestion, Wanted};

/// How a dialog ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    Chosen(Vec<PathBuf>),
    Cancelled,
    /// There was no dialog to cancel.
    NoDialog,
}

/// An empty answer within this time is no person's: a dialog takes as long to appear.
const TOO_FAST: Duration = Duration::from_millis(400);

struct Open {
    asked: Message,
    since: Instant,
    receiver: Receiver<Vec<PathBuf>>,
}

/// At most one dialog at a time.
#[derive(Default)]
pub struct Dialogs {
    open: Option<Open>,
}

impl Dialogs {
    /// Opens a dialog for what a message asks, unless one is open. The answer comes back with the message.
    pub fn ask(
        &mut self,
        asked: Message,
        question: PathQuestion,
        title: &str,
        ctx: &egui::Context,
    ) -> std::io::Result<()> {
        if self.open.is_some() {
            return Ok(());
        }
        let (answer, receiver) = sync_channel(1);
        let dialog = rfd::AsyncFileDialog::new().set_title(title);
        let ctx = ctx.clone();
        match (question.wanted, question.many) {
            (Wanted::Folder, true) => wait(dialog.pick_folders(), answer, ctx)?,
            (Wanted::Folder, false) => wait_for_one(dialog.pick_folder(), answer, ctx)?,
            (Wanted::File, true) => wait(dialog.pick_files(), answer, ctx)?,
            (Wanted::File, false) => wait_for_one(dialog.pick_file(), answer, ctx)?,
            (Wanted::NewFile, _) => wait_for_one(saving(dialog, &question).save_file(), answer, ctx)?,
        }
        self.open = Some(Open { asked, since: Instant::now(), receiver });
        Ok(())
    }

    /// The answer, once there is one.
    pub fn poll(&mut self) -> Option<(Message, Answer)> {
        let paths = match self.open.as_ref()?.receiver.try_recv() {
            Ok(paths) => paths,
            Err(TryRecvError::Disconnected) => Vec::new(),
            Err(TryRecvError::Empty) => return None,
        };
        let Open { asked, since, .. } = self.open.take()?;
        Some((asked, answer(paths, since.elapsed())))
    }
}

fn answer(paths: Vec<PathBuf>, after: Duration) -> Answer {
    match paths.is_empty() {
        false => Answer::Chosen(paths),
        true if after < TOO_FAST => Answer::NoDialog,
        true => Answer::Cancelled,
    }
}

/// With the endings on offer and a name to begin with.
fn saving(dialog: rfd::AsyncFileDialog, question: &PathQuestion) -> rfd::AsyncFileDialog {
    let endings = question.endings.iter();
    let dialog = endings.fold(dialog, |dialog, ending| dialog.add_filter(ending.to_uppercase(), &[*ending]));
    if question.name.is_empty() { dialog } else { dialog.set_file_name(&question.name) }
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
    fn only_an_empty_answer_at_once_means_that_there_is_no_dialog() {
        let (at_once, later) = (Duration::from_millis(5), Duration::from_secs(2));
        assert_eq!(answer(Vec::new(), at_once), Answer::NoDialog);
        assert_eq!(answer(Vec::new(), later), Answer::Cancelled);
        assert_eq!(answer(vec!["a".into()], at_once), Answer::Chosen(vec!["a".into()]));
    }

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
