//! What the Settings view shows and can change.

use std::path::PathBuf;

use crate::app::engine::facts::{ByItself, Facts, Loadable, Overview, Watching};
use crate::app::engine::report::Ticket;
pub use crate::app::settings::job::{Event, Request};
use crate::app::ui::action::{Action, Outbox};
pub use crate::app::ui::appearance::Appearance;
use crate::app::ui::feature::Feature;
use crate::app::ui::locale::{Language, Locale};
use crate::app::ui::path_question::{PathQuestion, Wanted};
use crate::app::ui::theme::ThemeChoice;
use crate::app::ui::view::View;
use crate::app::ui::widgets::words::hindrance_words;
use crate::library::{FacesOfFolder, ScannedFolder};
use crate::networks::device::{DeviceChoice, DeviceKind, ListedDevice, Phase, SelfTest, TestFailure, Verdict};
use crate::types::Touched;

/// What a user can do here.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    UseDevice(DeviceChoice),
    /// Whether scans look for small faces, too.
    FindSmallFaces(bool),
    /// Whether new photos are noticed while the window is open.
    WatchFolders(bool),
    /// Whether an interrupted scan goes on when the window is opened.
    GoOn(bool),
    SetTheme(ThemeChoice),
    SetLanguage(Language),
    SetReducedMotion(bool),
    /// Asks what becomes of the faces of a folder that is not to be scanned any more.
    AskRemove(PathBuf),
    CloseRemove,
    Remove(PathBuf, FacesOfFolder),
    /// Asks where this folder lies now.
    ChooseNewPlace(PathBuf),
    /// The folder lies elsewhere now.
    MoveFolder {
        from: PathBuf,
        to: PathBuf,
    },
    /// The photos of this folder that are gone, as many as were shown, are gone for good.
    AcceptMissing {
        folder: PathBuf,
        gone: u64,
    },
}

#[derive(Debug, Default)]
pub struct State {
    pub appearance: Appearance,
    pub(crate) devices: Loadable<Vec<ListedDevice>>,
    pub(crate) folders: Loadable<Vec<ScannedFolder>>,
    /// The folder about whose removal its user is being asked.
    pub removing: Option<PathBuf>,
    /// The folder that is being moved, and where to.
    moving: Option<(Ticket, PathBuf)>,
}

impl Feature for State {
    type Message = Message;
    type Request = Request;
    type Event = Event;

    const VIEW: Option<View> = Some(View::SETTINGS);

    /// Theme, language and motion are the window's own: the shell puts them into effect.
    fn update(&mut self, message: Message, out: &mut Outbox<'_, Request>) {
        match message {
            Message::UseDevice(choice) => {
                let name = match &choice {
                    DeviceChoice::Auto => out.text.s("device_automatic").to_owned(),
                    DeviceChoice::Cpu => out.text.s("device_cpu").to_owned(),
                    other => other.to_string(),
                };
                let words = out.text.f("said_uses_device", &[("name", &name)]);
                let ticket = out.ticket(words, false);
                out.ask(Request::UseDevice(ticket, choice));
            }
            Message::FindSmallFaces(find) => {
                let words = out.text.s(if find { "said_small_faces" } else { "said_no_small_faces" }).to_owned();
                let ticket = out.ticket(words, false);
                out.ask(Request::FindSmallFaces(ticket, find));
            }
            Message::WatchFolders(watches_folders) => {
                let key = if watches_folders { "said_watched" } else { "said_not_watched" };
                do_by_itself(key, |by_itself| by_itself.watches_folders = watches_folders, out);
            }
            Message::GoOn(goes_on) => {
                let key = if goes_on { "said_goes_on" } else { "said_asks_to_go_on" };
                do_by_itself(key, |by_itself| by_itself.goes_on = goes_on, out);
            }
            Message::SetTheme(theme) => self.appearance.theme = theme,
            Message::SetLanguage(language) => self.appearance.language = Some(language),
            Message::SetReducedMotion(reduced) => self.appearance.reduced_motion = reduced,
            Message::AskRemove(folder) => self.removing = Some(folder),
            Message::CloseRemove => self.removing = None,
            // A dialog, which is the window's.
            Message::ChooseNewPlace(_) => {}
            Message::Remove(folder, faces) => {
                self.removing = None;
                let words = out.text.f("said_folder_removed", &[("folder", &folder.to_string_lossy())]);
                let ticket = out.ticket(words, false);
                out.ask(Request::RemoveFolder(ticket, folder, faces));
            }
            Message::MoveFolder { from, to } => {
                let words = out.text.f("said_folder_moved", &[("folder", &to.to_string_lossy())]);
                let ticket = out.ticket(words, false);
                self.moving = Some((ticket, to.clone()));
                out.ask(Request::MoveFolder { ticket, from, to });
            }
            Message::AcceptMissing { folder, gone } => {
                let words = out.text.f("said_missing_accepted", &[("folder", &folder.to_string_lossy())]);
                let ticket = out.ticket(words, false);
                out.ask(Request::AcceptMissing { ticket, folder, gone });
            }
        }
    }

    fn receive(&mut self, event: Event, _out: &mut Outbox<'_, Request>) {
        match event {
            Event::Devices(devices) => self.devices = Loadable::Ready(devices),
            Event::Folders(folders) => self.folders = Loadable::Ready(folders),
        }
    }

    /// A change was made. A folder that moved is scanned at its new place, and not before the library knows of it.
    fn answered(&mut self, ticket: Ticket, made: bool, out: &mut Outbox<'_, Request>) {
        let moved = self.moving.take_if(|(moving, _)| *moving == ticket);
        if let Some((_, folder)) = moved.filter(|_| made) {
            out.act(Action::Scan(vec![folder]));
        }
    }

    fn opened(&self, out: &mut Outbox<'_, Request>) {
        out.ask(Request::LoadDevices);
    }

    fn shown(&self, view: View, out: &mut Outbox<'_, Request>) {
        if Self::VIEW == Some(view) {
            out.ask(Request::LoadDevices);
            out.ask(Request::LoadFolders);
        }
    }

    fn touched(&mut self, touched: &Touched, on_show: View, out: &mut Outbox<'_, Request>) {
        if touched.settings {
            out.ask(Request::LoadDevices);
        }
        if (touched.everything || touched.folders) && Self::VIEW == Some(on_show) {
            out.ask(Request::LoadFolders);
        }
    }

    fn act(&mut self, action: &Action, out: &mut Outbox<'_, Request>) {
        if let Action::AcceptMissing { folder, gone } = action {
            self.update(Message::AcceptMissing { folder: folder.clone(), gone: *gone }, out);
        }
    }

    fn path_question(message: &Message) -> Option<PathQuestion> {
        let asks = matches!(message, Message::ChooseNewPlace(_));
        asks.then(|| PathQuestion::one("choose_new_place_title", Wanted::Folder))
    }

    fn with_paths(asked: Message, paths: Vec<PathBuf>) -> Option<Message> {
        let Message::ChooseNewPlace(from) = asked else { return None };
        paths.into_iter().next().map(|to| Message::MoveFolder { from, to })
    }

    /// Until the networks are loaded, the best device is only a choice.
    fn foot(&self, facts: &Facts, text: &Locale) -> Vec<String> {
        let device = |overview: &Overview| overview.device.as_deref().unwrap_or(text.s("device_auto")).to_owned();
        facts.overview.ready().map(device).into_iter().chain(watching_words(&facts.watching, text)).collect()
    }

    fn appearance(&self) -> Option<&Appearance> {
        Some(&self.appearance)
    }

    fn set_appearance(&mut self, appearance: &Appearance) {
        self.appearance.clone_from(appearance);
    }

    fn is_asking(&self) -> bool {
        self.removing.is_some()
    }
}

fn do_by_itself(said_key: &str, change: impl FnOnce(&mut ByItself), out: &mut Outbox<'_, Request>) {
    let Some(mut by_itself) = out.facts.overview.ready().map(|overview| overview.by_itself) else { return };
    change(&mut by_itself);
    let ticket = out.ticket(out.text.s(said_key).to_owned(), false);
    out.ask(Request::DoByItself(ticket, by_itself));
}

/// Why a self-test failed; what a system or a driver says itself is in no language of ours.
fn failure_words(cause: &TestFailure, text: &Locale) -> String {
    match cause {
        TestFailure::NoProgram { details } | TestFailure::NotStarted { details } => {
            text.f("test_not_started", &[("details", details)])
        }
        TestFailure::Hung { phase, limit_secs } => {
            text.f("test_hung", &[("phase", text.s(phase_key(*phase))), ("seconds", &limit_secs.to_string())])
        }
        TestFailure::Died { phase, details } => {
            text.f("test_died", &[("phase", text.s(phase_key(*phase))), ("details", details)])
        }
        TestFailure::Wrong { phase, .. } => text.f("test_wrong", &[("phase", text.s(phase_key(*phase)))]),
    }
}

fn phase_key(phase: Phase) -> &'static str {
    match phase {
        Phase::Forward => "test_forward",
        Phase::Backward => "test_backward",
        Phase::FrozenBase => "test_frozen_base",
        Phase::Step => "test_step",
    }
}

/// In how many folders new photos are noticed, and in brackets why not in others; nothing where their user does not want
/// it.
fn watching_words(watching: &Watching, text: &Locale) -> Option<String> {
    let hindered: Vec<String> = watching
        .folders
        .iter()
        .filter_map(|(folder, why)| Some(format!("{}: {}", folder.display(), hindrance_words(why.as_ref()?, text))))
        .collect();
    let watched = watching.folders.len() - hindered.len();
    let words = match watched {
        _ if watching.folders.is_empty() => return None,
        0 => text.s("watching_none").to_owned(),
        _ if watching.on_battery => text.s("watching_on_battery").to_owned(),
        _ => text.n("watching", watched as u64),
    };
    Some(if hindered.is_empty() { words } else { format!("{words} ({})", hindered.join("; ")) })
}

/// What its self-test says.
pub(crate) fn self_test_words(device: &ListedDevice, text: &Locale) -> String {
    match device.self_test() {
        SelfTest::NotNeeded => text.s("device_needs_no_test").to_owned(),
        SelfTest::NotAddressable => text.s("device_not_addressable").to_owned(),
        SelfTest::OnlyWhenNamed => text.s("device_only_when_named").to_owned(),
        SelfTest::NotYet => text.s("device_untested").to_owned(),
        SelfTest::Done(Verdict::Passed { seconds, .. }) => {
            text.f("device_passed", &[("seconds", &format!("{seconds:.0}"))])
        }
        SelfTest::Done(Verdict::Failed { cause, .. }) => {
            text.f("device_failed", &[("reason", &failure_words(&cause, text))])
        }
    }
}

pub(crate) fn kind_key(kind: DeviceKind) -> &'static str {
    match kind {
        DeviceKind::Cpu => "device_cpu",
        DeviceKind::Hardware => "device_gpu",
        DeviceKind::Software => "device_software",
    }
}
