//! A path typed or pasted, where the platform has no file dialog. The disk is asked on a thread of its own.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread;

use eframe::egui::{self, Id, Key, TextEdit, Ui};
use url::Url;

use super::message::Message;
use crate::app::ui::locale::Locale;
use crate::app::ui::path_question::{PathQuestion, Wanted};
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::dialog::dialog_ui;

const WIDTH: f32 = 480.0;

/// Why a path does not do.
#[derive(Debug, Clone, PartialEq, Eq)]
enum PathProblem {
    NoFolder(PathBuf),
    NoFile(PathBuf),
    /// Asking a second time replaces it.
    IsThere(PathBuf),
}

type PathCheck = Result<PathBuf, PathProblem>;

/// The small dialog, while it is open.
pub(crate) struct TypedPath {
    asked: Message,
    question: PathQuestion,
    text: String,
    checking: Option<Receiver<PathCheck>>,
    problem: Option<PathProblem>,
    /// The field takes the keyboard when the dialog opens.
    greeted: bool,
}

/// What came of it.
pub(crate) enum TypedPathOutcome {
    Open,
    Closed,
    Typed(Message, PathBuf),
}

impl TypedPath {
    /// For what a message asks.
    pub fn new(asked: Message, question: PathQuestion) -> Self {
        let text = match question.name.as_str() {
            "" => String::new(),
            name => env::home_dir().unwrap_or_default().join(name).display().to_string(),
        };
        Self { asked, question, text, checking: None, problem: None, greeted: false }
    }

    pub fn ui(&mut self, ctx: &egui::Context, words: &Locale) -> TypedPathOutcome {
        if let Some(path) = self.checked() {
            return TypedPathOutcome::Typed(self.asked.clone(), path);
        }
        let modal = dialog_ui(ctx, Id::unique("typed path"), |ui| {
            ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 2.0 * space::XXL));
            ui.label(theme::heading(words.s(self.question.title_key)));
            ui.label(theme::secondary(ui, words.s("no_file_dialog")));
            ui.add_space(space::M);
            let entered = self.field_ui(ui, words);
            self.problem_ui(ui, words);
            ui.add_space(space::M);
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let ready = self.checking.is_none() && !self.text.trim().is_empty();
                let done = words.s("use_path");
                if buttons::enabled_button_ui(ui, ready, Rank::Primary, done).clicked() || (ready && entered) {
                    self.check(ui.ctx());
                }
                buttons::button_ui(ui, Rank::Plain, words.s("cancel")).clicked()
            })
            .inner
        });
        if modal.inner || modal.should_close() { TypedPathOutcome::Closed } else { TypedPathOutcome::Open }
    }

    /// True when Enter was pressed in the field.
    fn field_ui(&mut self, ui: &mut Ui, words: &Locale) -> bool {
        let label = words.s(match self.question.wanted {
            Wanted::Folder => "type_folder",
            Wanted::File => "type_file",
            Wanted::NewFile => "type_new_file",
        });
        let label_id = ui.label(label).id;
        let margin = egui::Margin::symmetric(space::S as i8, 6);
        let edit = TextEdit::singleline(&mut self.text).desired_width(f32::INFINITY).margin(margin);
        let field = ui.add(edit).labelled_by(label_id);
        let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if entered || !std::mem::replace(&mut self.greeted, true) {
            field.request_focus();
        }
        if field.changed() {
            self.problem = None;
        }
        entered
    }

    fn problem_ui(&self, ui: &mut Ui, words: &Locale) {
        let (key, path) = match &self.problem {
            _ if self.checking.is_some() => return drop(ui.label(theme::secondary(ui, words.s("typed_checking")))),
            None => return,
            Some(PathProblem::NoFolder(path)) => ("typed_no_folder", path),
            Some(PathProblem::NoFile(path)) => ("typed_no_file", path),
            Some(PathProblem::IsThere(path)) => ("typed_is_there", path),
        };
        let text = words.f(key, &[("path", &path.display().to_string())]);
        let colour = theme::palette(ui.visuals()).different;
        ui.add(egui::Label::new(egui::RichText::new(text).color(colour)).wrap());
    }

    fn check(&mut self, ctx: &egui::Context) {
        let path = path_in(&self.text, env::home_dir().as_deref());
        let wanted = self.question.wanted;
        let replaced = matches!(&self.problem, Some(PathProblem::IsThere(there)) if *there == path);
        let (answer, receiver) = sync_channel(1);
        let ctx = ctx.clone();
        let checking = move || {
            // The dialog may be gone by now; then nobody needs the answer.
            let _ = answer.send(check(path, wanted, replaced));
            ctx.request_repaint();
        };
        // Without a thread the receiver is cut off at once, and the button can be pressed again.
        let _ = thread::Builder::new().name("typed path".into()).spawn(checking);
        self.checking = Some(receiver);
    }

    /// The path, once it is known to do.
    fn checked(&mut self) -> Option<PathBuf> {
        let checked = match self.checking.as_ref()?.try_recv() {
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => None,
            Ok(checked) => Some(checked),
        };
        self.checking = None;
        match checked? {
            Ok(path) => Some(path),
            Err(problem) => {
                self.problem = Some(problem);
                None
            }
        }
    }
}

/// The path that a person means: pasted with quotation marks, as a file's address, or from the home folder on.
fn path_in(text: &str, home: Option<&Path>) -> PathBuf {
    let text = text.trim().trim_matches(['"', '\'']);
    if let Some(path) =
        Url::parse(text).ok().filter(|url| url.scheme() == "file").and_then(|url| url.to_file_path().ok())
    {
        return path;
    }
    match (text.strip_prefix('~'), home) {
        (Some(""), Some(home)) => home.to_owned(),
        (Some(rest), Some(home)) if rest.starts_with(['/', '\\']) => home.join(&rest[1..]),
        _ => PathBuf::from(text),
    }
}

fn check(path: PathBuf, wanted: Wanted, replace: bool) -> PathCheck {
    match wanted {
        Wanted::Folder if !path.is_dir() => Err(PathProblem::NoFolder(path)),
        Wanted::File if !path.is_file() => Err(PathProblem::NoFile(path)),
        Wanted::NewFile if path.exists() && !replace => Err(PathProblem::IsThere(path)),
        Wanted::NewFile => match std::path::absolute(&path).ok().as_deref().and_then(Path::parent) {
            Some(folder) if !folder.is_dir() => Err(PathProblem::NoFolder(folder.to_owned())),
            _ => Ok(path),
        },
        Wanted::Folder | Wanted::File => Ok(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_path_may_wear_quotation_marks_a_scheme_or_a_tilde() {
        let home = Path::new("/home/ada");
        let path = |text| path_in(text, Some(home));
        assert_eq!(path(" /photos/2024 \n"), Path::new("/photos/2024"));
        assert_eq!(path("'/photos/a b'"), Path::new("/photos/a b"));
        assert_eq!(path("~/Pictures"), home.join("Pictures"));
        assert_eq!(path("~"), home);
        assert_eq!(path("~others/x"), Path::new("~others/x"));
        #[cfg(unix)]
        assert_eq!(path("file:///photos/a%20b"), Path::new("/photos/a b"));
    }

    #[test]
    fn the_disk_is_asked_for_what_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let (here, file) = (folder.path().to_owned(), folder.path().join("a.csv"));
        std::fs::write(&file, "").unwrap();
        assert_eq!(check(here.clone(), Wanted::Folder, false), Ok(here.clone()));
        assert_eq!(check(file.clone(), Wanted::Folder, false), Err(PathProblem::NoFolder(file.clone())));
        assert_eq!(check(here.clone(), Wanted::File, false), Err(PathProblem::NoFile(here.clone())));
        assert_eq!(check(file.clone(), Wanted::NewFile, false), Err(PathProblem::IsThere(file.clone())));
        assert_eq!(check(file.clone(), Wanted::NewFile, true), Ok(file));
        let nowhere = here.join("no").join("b.csv");
        assert_eq!(check(nowhere, Wanted::NewFile, false), Err(PathProblem::NoFolder(here.join("no"))));
    }
}
