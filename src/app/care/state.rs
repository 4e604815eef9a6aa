//! What Settings shows of the library's file: its backups, what a check found, what an import did; the question before a
//! person is forgotten, and what came of it.

pub(crate) mod repair;

use std::path::PathBuf;

pub use crate::app::care::job::{Event, Request};
use crate::app::engine::facts::Loadable;
use crate::app::jobs::forget::Forgetting;
use crate::app::ui::action::{Action, Outbox};
use crate::app::ui::feature::Feature;
use crate::app::ui::locale::Locale;
use crate::app::ui::path_question::{PathQuestion, Wanted};
use crate::app::ui::view::View;
use crate::library::care::{Backup, CheckReport, Forgotten, ImportReport, Restored};
use crate::types::{PersonId, Touched};

/// What a user can do here.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    BackUp,
    Check,
    /// Asks before this backup is restored.
    AskRestore(Backup),
    CloseRestore,
    Restore(PathBuf),
    /// Asks where to export to.
    ChooseExport,
    Export(PathBuf),
    /// Asks for a file to import.
    ChooseImport,
    Import(PathBuf),
    CloseImported,
    /// Looks what forgetting this person would take.
    AskForget(PersonId),
    MayFindAgain(bool),
    CloseForget,
    /// Forgets whom the open question shows.
    Forget,
    CloseForgotten,
}

#[derive(Debug, Default)]
pub struct State {
    pub(crate) backups: Loadable<Vec<Backup>>,
    pub checking: bool,
    pub checked: Option<CheckReport>,
    /// The backup about whose restoring its user is being asked.
    pub restoring: Option<Backup>,
    pub imported: Option<ImportReport>,
    /// The person about whose forgetting its user is being asked.
    pub forgetting: Option<Forgetting>,
    /// Whether later scans may find the forgotten person's faces.
    pub may_find_again: bool,
    /// A forgetting that has more to say than that it was done.
    pub forgotten: Option<Forgotten>,
}

impl Feature for State {
    type Message = Message;
    type Request = Request;
    type Event = Event;

    const VIEW: Option<View> = Some(View::SETTINGS);

    /// The dialogs for files are the window's.
    fn update(&mut self, message: Message, out: &mut Outbox<'_, Request>) {
        let file_name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match message {
            Message::BackUp => {
                let ticket = out.ticket(out.text.s("said_backed_up").to_owned(), false);
                out.ask(Request::BackUp(ticket));
                out.ask(Request::LoadBackups);
            }
            Message::Check => {
                (self.checking, self.checked) = (true, None);
                out.ask(Request::Check);
            }
            Message::AskRestore(backup) => self.restoring = Some(backup),
            Message::CloseRestore => self.restoring = None,
            Message::Restore(backup) => {
                (self.restoring, self.checked) = (None, None);
                // Worded once it is known what came of it.
                let ticket = out.ticket(String::new(), false);
                out.ask(Request::Restore(ticket, backup));
                out.ask(Request::LoadBackups);
            }
            Message::Export(path) => {
                let ticket = out.ticket(out.text.f("said_saved", &[("name", &file_name(&path))]), false);
                out.ask(Request::Export(ticket, path));
            }
            Message::Import(path) => {
                let ticket = out.ticket(out.text.f("said_people_imported", &[("name", &file_name(&path))]), false);
                out.ask(Request::Import(ticket, path));
                out.ask(Request::LoadBackups);
            }
            Message::CloseImported => self.imported = None,
            Message::AskForget(person) => {
                self.may_find_again = true;
                out.ask(Request::PreviewForget(person));
            }
            Message::MayFindAgain(may) => self.may_find_again = may,
            Message::CloseForget => self.forgetting = None,
            // The page of the person is left when they are gone: if they have changed since, they are not.
            Message::Forget => {
                let Some(Forgetting { person: shown, .. }) = self.forgetting.take() else { return };
                let ticket = out.ticket(out.text.s("said_forgotten").to_owned(), false);
                out.ask(Request::Forget { ticket, shown, may_find_again: self.may_find_again });
                out.ask(Request::LoadBackups);
            }
            Message::CloseForgotten => self.forgotten = None,
            Message::ChooseExport | Message::ChooseImport => {}
        }
    }

    fn receive(&mut self, event: Event, out: &mut Outbox<'_, Request>) {
        match event {
            Event::Backups(backups) => self.backups = Loadable::Ready(backups),
            Event::Checked(report) => (self.checking, self.checked) = (false, Some(report)),
            Event::Imported(report) => self.imported = Some(report),
            Event::Forgetting(forgetting) => self.forgetting = Some(forgetting),
            Event::BackedUp(ticket, made) if !made.removed.is_empty() => {
                let words = [out.text.s("said_backed_up").to_owned(), removed_words(&made.removed, out.text)];
                out.reword(ticket, words.join(out.text.s("list_separator")));
            }
            Event::BackedUp(..) => {}
            Event::Restored(ticket, restored) => out.reword(ticket, restored_words(&restored, out.text)),
            Event::Exported(_, counts) if counts.photos_by_path == 0 => {}
            Event::Exported(ticket, counts) => {
                out.reword(ticket, out.text.n("said_exported_by_path", counts.photos_by_path as u64));
            }
            Event::Forgotten(ticket, forgotten) => {
                if !forgotten.is_complete {
                    out.reword(ticket, out.text.s("said_forgotten_not_yet").to_owned());
                }
                let went = |done: &Forgotten| done.backups_deleted.len() + done.backups_removed.len();
                self.forgotten = Some(forgotten).filter(|done| !done.is_complete || went(done) > 0);
            }
        }
    }

    /// Whether a question is open, which takes Esc for itself.
    fn is_asking(&self) -> bool {
        self.restoring.is_some() || self.imported.is_some() || self.forgetting.is_some() || self.forgotten.is_some()
    }

    fn shown(&self, view: View, out: &mut Outbox<'_, Request>) {
        if Self::VIEW == Some(view) {
            out.ask(Request::LoadBackups);
        }
    }

    /// A backup may have been made, as before the faces of a folder are forgotten.
    fn touched(&mut self, touched: &Touched, on_show: View, out: &mut Outbox<'_, Request>) {
        if touched.everything && Self::VIEW == Some(on_show) {
            out.ask(Request::LoadBackups);
        }
    }

    fn act(&mut self, action: &Action, out: &mut Outbox<'_, Request>) {
        if let Action::AskForget(person) = action {
            self.update(Message::AskForget(*person), out);
        }
    }

    fn path_question(message: &Message) -> Option<PathQuestion> {
        match message {
            Message::ChooseExport => Some(PathQuestion::one("export_title", Wanted::NewFile)),
            Message::ChooseImport => Some(PathQuestion::one("import_people_title", Wanted::File)),
            _ => None,
        }
    }

    fn with_paths(asked: Message, paths: Vec<PathBuf>) -> Option<Message> {
        let follows = if asked == Message::ChooseExport { Message::Export } else { Message::Import };
        paths.into_iter().next().map(follows)
    }
}

/// Who is there now, and where that is which was there before.
fn restored_words(restored: &Restored, text: &Locale) -> String {
    let people = text.n("said_restored_people", restored.people as u64);
    let kept = restored.kept.iter().map(|_| text.s("said_restored_kept").to_owned());
    let aside =
        restored.moved_aside.iter().map(|path| text.f("said_moved_aside", &[("path", &path.to_string_lossy())]));
    let removed =
        Some(&restored.removed).filter(|removed| !removed.is_empty()).map(|removed| removed_words(removed, text));
    [people].into_iter().chain(kept).chain(removed).chain(aside).collect::<Vec<_>>().join(text.s("list_separator"))
}

/// Which backups had to go.
pub(crate) fn removed_words(backups: &[PathBuf], text: &Locale) -> String {
    let names = backups.iter().map(|path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy());
    let names = names.collect::<Vec<_>>().join(text.s("list_separator"));
    text.nf("said_backups_removed", backups.len() as u64, &[("names", &names)])
}
