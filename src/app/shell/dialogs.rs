//! The platform's file dialogs, without stopping the window.
//!
//! A dialog is made on the window's thread, as macOS demands, asked between frames whether it has an answer, and wakes
//! the window when it has. Where the platform has none (Linux with neither a portal nor zenity) it answers with nothing,
//! as one does that was cancelled. That may take long: the bus is started first, on a busy computer. But nobody cancels a
//! dialog without going to it, so where the window kept the keyboard there was none. In doubt its user is told that
//! nothing was chosen, and may type the path.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use eframe::egui;

use super::message::Message;
use crate::app::ui::path_question::{PathQuestion, Wanted};

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

/// What a dialog will have chosen. The platform's own thread answers; asking it never blocks.
type Picked = Pin<Box<dyn Future<Output = Vec<PathBuf>>>>;

struct Open {
    asked: Message,
    since: Instant,
    /// The window has had the keyboard in every frame since.
    kept_keyboard: bool,
    picked: Picked,
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
    pub fn ask(&mut self, asked: Message, question: PathQuestion, title: &str, ctx: &egui::Context) -> DialogStart {
        if self.open.is_some() {
            return DialogStart::OneIsOpen;
        }
        let dialog = rfd::AsyncFileDialog::new().set_title(title);
        let picked = match (question.wanted, question.many) {
            (Wanted::Folder, true) => several(dialog.pick_folders()),
            (Wanted::Folder, false) => one(dialog.pick_folder()),
            (Wanted::File, true) => several(dialog.pick_files()),
            (Wanted::File, false) => one(dialog.pick_file()),
            (Wanted::NewFile, _) => one(saving(dialog, &question).save_file()),
        };
        self.open = Some(Open { asked, since: Instant::now(), kept_keyboard: has_keyboard(ctx), picked });
        // It may not appear before it is asked for the first time.
        ctx.request_repaint();
        DialogStart::Now
    }

    /// The answer, once there is one; to be asked for in every frame.
    pub fn poll(&mut self, ctx: &egui::Context) -> Option<(Message, DialogEnd)> {
        let open = self.open.as_mut()?;
        open.kept_keyboard &= has_keyboard(ctx);
        let waker = Waker::from(Arc::new(WakeWindow(ctx.clone())));
        let Poll::Ready(paths) = open.picked.as_mut().poll(&mut Context::from_waker(&waker)) else { return None };
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

fn one(picked: impl Future<Output = Option<rfd::FileHandle>> + 'static) -> Picked {
    several(async { picked.await.map(|file| vec![file]) })
}

fn several(picked: impl Future<Output = Option<Vec<rfd::FileHandle>>> + 'static) -> Picked {
    Box::pin(async { picked.await.unwrap_or_default().iter().map(|file| file.path().to_owned()).collect() })
}

struct WakeWindow(egui::Context);

impl Wake for WakeWindow {
    fn wake(self: Arc<Self>) {
        self.0.request_repaint();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::{RecvTimeoutError, sync_channel};

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

    fn open_since(since: Instant, picked: impl Future<Output = Vec<PathBuf>> + 'static) -> Dialogs {
        let asked = Message::Act(crate::app::ui::action::Action::ChooseFolder);
        Dialogs { open: Some(Open { asked, since, kept_keyboard: true, picked: Box::pin(picked) }) }
    }

    /// An empty answer comes so many frames after it was asked for, or two seconds.
    fn answered(frames: &[egui::RawInput]) -> Option<DialogEnd> {
        let since = Instant::now().checked_sub(Duration::from_secs(2)).unwrap();
        let mut pending = frames.len();
        let mut dialogs = open_since(
            since,
            std::future::poll_fn(move |_| match pending.checked_sub(1) {
                None => Poll::Ready(Vec::new()),
                Some(left) => {
                    pending = left;
                    Poll::Pending
                }
            }),
        );
        let ctx = egui::Context::default();
        for input in frames {
            let mut polled = None;
            let mut output = ctx.run_ui(input.clone(), |ui| polled = dialogs.poll(ui.ctx()));
            output.textures_delta.clear();
            assert_eq!(polled, None);
        }
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
    fn an_open_dialog_lets_the_window_sleep_and_its_answer_wakes_it() {
        let answer = Arc::new(Mutex::new((None, None::<Waker>)));
        let asked = answer.clone();
        let mut dialogs = open_since(
            Instant::now(),
            std::future::poll_fn(move |context| {
                let mut asked = asked.lock().unwrap();
                asked.1 = Some(context.waker().clone());
                asked.0.take().map_or(Poll::Pending, Poll::Ready)
            }),
        );
        let ctx = egui::Context::default();
        let (wake, woken) = sync_channel(4);
        ctx.set_request_repaint_callback(move |_| wake.send(()).unwrap());
        assert_eq!(dialogs.poll(&ctx), None);
        assert_eq!(woken.recv_timeout(Duration::from_millis(50)), Err(RecvTimeoutError::Timeout));
        let platform = std::thread::Builder::new().name("platform".into()).spawn(move || {
            let mut answer = answer.lock().unwrap();
            answer.0 = Some(vec!["a".into()]);
            answer.1.take().unwrap().wake();
        });
        platform.unwrap().join().unwrap();
        woken.recv_timeout(Duration::from_secs(20)).unwrap();
        assert!(matches!(dialogs.poll(&ctx), Some((_, DialogEnd::Chosen(_)))));
    }
}
