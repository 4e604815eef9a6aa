//! What takes the window's place where the library is damaged: what is wrong, and what can be put in its place.

use std::sync::Arc;

use eframe::egui::{self, CentralPanel, Label, Ui};

use super::{backup_words, what_it_may_lack};
use crate::app::care::job::Offers;
use crate::app::care::job::repair::{RepairAnswer, RepairJob};
use crate::app::engine::home::Home;
use crate::app::ui::feature::RepairPage;
use crate::app::ui::locale::Locale;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::library::care::Backup;

/// The page, while it is open.
pub(super) struct Repair {
    job: RepairJob,
    problem: String,
    /// What can be put in its place; none while it is being looked for.
    offers: Option<Offers>,
    is_restoring: bool,
}

impl Repair {
    pub fn new(home: Home, problem: String, ctx: &egui::Context) -> Self {
        let ctx = ctx.clone();
        let job = RepairJob::new(home, Arc::new(move || ctx.request_repaint()));
        job.find_offers();
        Self { job, problem, offers: None, is_restoring: false }
    }
}

impl RepairPage for Repair {
    fn update(&mut self) -> bool {
        for answer in self.job.answers() {
            match answer {
                RepairAnswer::Found(offers) => self.offers = Some(offers),
                RepairAnswer::Restored => return true,
                RepairAnswer::Failed(problem) => {
                    self.problem = sentence(&problem);
                    self.is_restoring = false;
                    self.offers.get_or_insert_default();
                }
            }
        }
        false
    }

    fn ui(&mut self, ui: &mut Ui, text: &Locale) {
        let frame = egui::Frame::new().fill(theme::palette(ui.visuals()).background).inner_margin(space::XL);
        CentralPanel::no_frame().frame(frame).show(ui, |ui| {
            ui.set_max_width(size::READING_WIDTH);
            ui.label(theme::heading(text.s("repair_title")));
            ui.add_space(space::S);
            ui.add(Label::new(theme::secondary(ui, self.problem.as_str())).wrap());
            ui.add_space(space::L);
            ui.add(Label::new(text.s("repair_what")).wrap());
            ui.add_space(space::M);
            match &self.offers {
                _ if self.is_restoring => _ = ui.spinner(),
                None => _ = ui.spinner(),
                Some(offers) if offers.best.is_empty() => _ = ui.label(text.s("repair_none")),
                Some(offers) => {
                    let chosen = egui::ScrollArea::vertical().show(ui, |ui| offers_ui(ui, text, offers)).inner;
                    if let Some(backup) = chosen {
                        self.is_restoring = true;
                        self.job.restore(backup);
                    }
                }
            }
        });
    }
}

/// Begun as a sentence is.
fn sentence(words: &str) -> String {
    let mut rest = words.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// The best, and below them the others. Which one was chosen.
fn offers_ui(ui: &mut Ui, text: &Locale, offers: &Offers) -> Option<Backup> {
    let mut chosen = offers.best.iter().filter(|backup| offer_ui(ui, text, Rank::Primary, backup)).last();
    if !offers.others.is_empty() {
        ui.add_space(space::M);
        ui.label(theme::lead(text.s("repair_others")));
        ui.add_space(space::S);
    }
    for backup in &offers.others {
        if offer_ui(ui, text, Rank::Plain, backup) {
            chosen = Some(backup);
        }
    }
    chosen.cloned()
}

/// One of them, with what it may lack. True: it was chosen.
fn offer_ui(ui: &mut Ui, text: &Locale, rank: Rank, backup: &Backup) -> bool {
    let words = backup_words(text, backup);
    ui.label(theme::strong(words.as_str()));
    if let Some(lacks) = what_it_may_lack(text, backup.reason) {
        ui.add(Label::new(theme::secondary(ui, lacks)).wrap());
    }
    ui.add_space(space::S);
    let response = buttons::button_ui(ui, rank, text.s("repair_do"));
    let spoken = format!("{} {words}", text.s("repair_do"));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(spoken.as_str()));
    ui.add_space(space::L);
    response.clicked()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::app::engine::shared::{damage_or_chain, is_damage};
    use crate::library::Library;
    use crate::library::care::BackupReason;

    #[test]
    fn a_damaged_library_is_told_and_its_newest_sound_backup_offered() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let library = Library::open(&home.library()).unwrap();
        let backup = library.back_up(BackupReason::Asked).unwrap();
        library.back_up(BackupReason::BeforeRestore).unwrap();
        drop(library);
        std::fs::write(home.library(), b"overwritten").unwrap();
        let error = anyhow::Error::from(Library::open(&home.library()).map(drop).unwrap_err());
        assert!(is_damage(&error));
        let mut repair = Repair::new(home, damage_or_chain(&error), &egui::Context::default());
        let begun = Instant::now();
        while repair.offers.is_none() && begun.elapsed() < Duration::from_secs(20) {
            assert!(!repair.update());
            std::thread::sleep(Duration::from_millis(5));
        }
        let offers = repair.offers.unwrap();
        assert_eq!((&offers.best[0].path, offers.others.len()), (&backup, 1));
        assert!(repair.problem.contains("not a Likeness library"), "{}", repair.problem);
    }

    /// The page has the button that a command would do the work of.
    #[test]
    fn what_is_wrong_is_said_in_a_sentence_that_names_no_command() {
        use crate::library::LibraryError;
        let path = || std::path::PathBuf::from("/home/me/library.sqlite");
        let errors = [
            LibraryError::Damaged { path: path(), reason: "its log is garbled".into() },
            LibraryError::InTheWay { path: path(), what: crate::library::Obstacle::Folder },
            LibraryError::NotALibrary { path: path() },
            LibraryError::MigrationFailed { path: path(), to: 6, reason: "a row is missing".into() },
        ];
        for error in errors {
            let error = anyhow::Error::from(error).context("while the window opens");
            assert!(is_damage(&error));
            let words = damage_or_chain(&error);
            assert!(words.starts_with(char::is_uppercase) && words.contains("library.sqlite"), "{words}");
            assert_eq!(sentence(&words), words);
            assert!(!words.contains('`') && !words.contains("library restore"), "{words}");
        }
    }
}
