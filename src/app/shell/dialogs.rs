//! The platform's file dialogs, without stopping the window.
//!
//! A dialog is made on the window's thread, as macOS demands, and waited for on a thread of its own. Where the platform
//! has none (Linux with neither a portal nor zenity) it answers with nothing, as one does that was cancelled. That may
//! take long: the bus is started first, on a busy computer. But nobody cancels a dialog without going to it, so where the
//! window kept the keyboard there was none. In doubt its user is told that nothing was chosen, and may type the path.

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
pub enum DialogEnd {
    Chosen(Vec<PathBuf>),
    /// Nothing: it was cancelled, or was never to be seen.
    Nothing,
    /// There was no dialog to cancel.
    NoDialog,
}

/// An empty answer within this time is no person's: a dialog takes as long to appear.
const TOO_FAST: Duration = Duration::from_millis(400);

struct Open {
    asked: Message,
    since: Instant,
    /// The window has had the keyboard in every frame since.
    kept_keyboard: bool,
    receiver: Receiver<Vec<PathBuf>>,
}

/// Whether a dialog was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialogStart {
    Now,
    /// Another one has not been answered yet. It may never be, and may never have been to be seen.
    OneIsOpen,
}

/// At most one dialog at a time.
#[derive(Default)]
pub(crate) struct Dialogs {
    open: Option<Open>,
}

impl Dialogs {
    /// Opens a dialog for what a message asks, unless one is open already. The answer comes back with the message.
    pub fn ask(
        &mut self,
        asked: Message,
        question: PathQuestion,
        title: &str,
        ctx: &egui::Context,
    ) -> std::io::Result<DialogStart> {
        if self.open.is_some() {
            return Ok(DialogStart::OneIsOpen);
        }
        let (answer, receiver) = sync_channel(1);
        let dialog = rfd::AsyncFileDialog::new().set_title(title);
        let kept_keyboard = has_keyboard(ctx);
        let ctx = ctx.clone();
        match (question.wanted, question.many) {
            (Wanted::Folder, true) => wait(dialog.pick_folders(), answer, ctx)?,
            (Wanted::Folder, false) => wait_for_one(dialog.pick_folder(), answer, ctx)?,
            (Wanted::File, true) => wait(dialog.pick_files(), answer, ctx)?,
            (Wanted::File, false) => wait_for_one(dialog.pick_file(), answer, ctx)?,
            (Wanted::NewFile, _) => wait_for_one(saving(dialog, &question).save_file(), answer, ctx)?,
        }
        self.open = Some(Open { asked, since: Instant::now(), kept_keyboard, receiver });
        Ok(DialogStart::Now)
    }

    /// The answer, once there is one; to be asked for in every frame.
    pub fn poll(&mut self, ctx: &egui::Context) -> Option<(Message, DialogEnd)> {
        let open = self.open.as_mut()?;
        open.kept_keyboard &= has_keyboard(ctx);
        let paths = match open.receiver.try_recv() {
            Ok(paths) => paths,
            Err(TryRecvError::Disconnected) => Vec::new(),
            Err(TryRecvError::Empty) => return None,
        };
        let Open { asked, since, kept_keyboard, .. } = self.open.take()?;
        Some((asked, answer(paths, since.elapsed(), kept_keyboard)))
    }
}

/// Now, and since the last frame.
fn has_keyboard(ctx: &egui::Context) -> bool {
    ctx.input(|input| input.focused && !input.events.contains(&egui::Event::WindowFocused(false)))
}

fn answer(paths: Vec<PathBuf>, after: Duration, kept_keyboard: bool) -> DialogEnd {
    match paths.is_empty() {
        false => DialogEnd::Chosen(paths),
        true if after < TOO_FAST || kept_keyboard => DialogEnd::NoDialog,
        true => DialogEnd::Nothing,
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
    fn nobody_cancels_a_dialog_at_once_or_without_going_to_it() {
        let (at_once, later) = (Duration::from_millis(5), Duration::from_secs(2));
        assert_eq!(answer(Vec::new(), at_once, false), DialogEnd::NoDialog);
        assert_eq!(answer(Vec::new(), later, true), DialogEnd::NoDialog, "slow, as on a busy computer");
        assert_eq!(answer(Vec::new(), later, false), DialogEnd::Nothing);
        for kept_keyboard in [false, true] {
            assert_eq!(answer(vec!["a".into()], at_once, kept_keyboard), DialogEnd::Chosen(vec!["a".into()]));
        }
    }

    /// An empty answer comes two frames after it was asked for, or two seconds.
    fn answered(frames: &[egui::RawInput]) -> Option<DialogEnd> {
        let (answer, receiver) = sync_channel(1);
        let since = Instant::now().checked_sub(Duration::from_secs(2)).unwrap();
        let asked = Message::Act(crate::app::ui::action::Action::ChooseFolder);
        let mut dialogs = Dialogs { open: Some(Open { asked, since, kept_keyboard: true, receiver }) };
        let ctx = egui::Context::default();
        for input in frames {
            let mut polled = None;
            let mut output = ctx.run_ui(input.clone(), |ui| polled = dialogs.poll(ui.ctx()));
            output.textures_delta.clear();
            assert_eq!(polled, None);
        }
        answer.send(Vec::new()).unwrap();
        dialogs.poll(&ctx).map(|(_, answer)| answer)
    }

    #[test]
    fn a_window_that_lost_the_keyboard_for_a_moment_had_a_dialog_over_it() {
        let quiet = || egui::RawInput::default();
        let events = [false, true].map(egui::Event::WindowFocused).to_vec();
        assert_eq!(answered(&[quiet(), quiet()]), Some(DialogEnd::NoDialog));
        assert_eq!(answered(&[egui::RawInput { focused: false, ..quiet() }, quiet()]), Some(DialogEnd::Nothing));
        assert_eq!(answered(&[egui::RawInput { events, ..quiet() }, quiet()]), Some(DialogEnd::Nothing));
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
