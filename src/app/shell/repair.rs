//! What the window shows where the library is damaged: what is wrong, and what can be put in its place. The disk is asked
//! on threads of its own.

use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};
use eframe::egui::{self, CentralPanel, Label, Ui};

use crate::app::care::job;
use crate::app::care::view::{backup_words, what_it_may_lack};
use crate::app::engine::home::Home;
use crate::app::ui::locale::Locale;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::library::care::Backup;
use crate::types::error_chain;

/// At most so many wait: one question is asked at a time.
const ANSWERS: usize = 4;

enum Answer {
    Found(Vec<Backup>),
    Restored,
    Failed(String),
}

/// The page, while it is open.
pub struct Repair {
    home: Home,
    problem: String,
    answers: Receiver<Answer>,
    sender: Sender<Answer>,
    /// What can be put in its place, the best first; none while it is being looked for.
    offers: Option<Vec<Backup>>,
    is_restoring: bool,
}

impl Repair {
    pub fn new(home: Home, problem: String, ctx: &egui::Context) -> Self {
        let (sender, answers) = bounded(ANSWERS);
        let repair = Self { home, problem, answers, sender, offers: None, is_restoring: false };
        repair.ask(ctx, |home| match job::offers_of(home) {
            Ok(offers) => Answer::Found(offers),
            Err(error) => Answer::Failed(error_chain(&error)),
        });
        repair
    }

    fn ask(&self, ctx: &egui::Context, work: impl FnOnce(&Home) -> Answer + Send + 'static) {
        let (home, sender, ctx) = (self.home.clone(), self.sender.clone(), ctx.clone());
        let started = thread::Builder::new().name("repair".into()).spawn(move || {
            // The window may be gone by now; then nobody needs the answer.
            let _ = sender.send(work(&home));
            ctx.request_repaint();
        });
        if let Err(error) = started {
            let _ = self.sender.send(Answer::Failed(error.to_string()));
        }
    }

    /// Takes answers in. True: a backup is in the library's place.
    pub fn update(&mut self) -> bool {
        for answer in self.answers.try_iter() {
            match answer {
                Answer::Found(offers) => self.offers = Some(offers),
                Answer::Restored => return true,
                Answer::Failed(problem) => {
                    self.problem = problem;
                    self.is_restoring = false;
                    self.offers.get_or_insert_default();
                }
            }
        }
        false
    }

    pub fn ui(&mut self, ui: &mut Ui, text: &Locale) {
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
                Some(offers) if offers.is_empty() => _ = ui.label(text.s("repair_none")),
                Some(offers) => {
                    let chosen = offers.iter().filter(|backup| offer_ui(ui, text, backup)).last().cloned();
                    if let Some(backup) = chosen {
                        self.restore(ui.ctx(), backup);
                    }
                }
            }
        });
    }

    fn restore(&mut self, ctx: &egui::Context, backup: Backup) {
        self.is_restoring = true;
        self.ask(ctx, move |home| match job::restore(home, &backup.path) {
            Ok(_) => Answer::Restored,
            Err(error) => Answer::Failed(error_chain(&error)),
        });
    }
}

/// One of them, with what it may lack. True: it was chosen.
fn offer_ui(ui: &mut Ui, text: &Locale, backup: &Backup) -> bool {
    let words = backup_words(text, backup);
    ui.label(theme::strong(words.as_str()));
    if let Some(lacks) = what_it_may_lack(text, backup.reason) {
        ui.add(Label::new(theme::secondary(ui, lacks)).wrap());
    }
    ui.add_space(space::S);
    let response = buttons::button_ui(ui, Rank::Primary, text.s("repair_do"));
    let spoken = format!("{} {words}", text.s("repair_do"));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(spoken.as_str()));
    ui.add_space(space::L);
    response.clicked()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::app::engine::shared::is_damage;
    use crate::library::Library;
    use crate::library::care::BackupReason;

    #[test]
    fn a_damaged_library_is_told_and_its_newest_sound_backup_offered() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let library = Library::open(&home.library()).unwrap();
        let backup = library.back_up(BackupReason::Asked).unwrap();
        drop(library);
        std::fs::write(home.library(), b"overwritten").unwrap();
        let error = anyhow::Error::from(Library::open(&home.library()).map(drop).unwrap_err());
        assert!(is_damage(&error));
        let mut repair = Repair::new(home, error_chain(&error), &egui::Context::default());
        let begun = Instant::now();
        while repair.offers.is_none() && begun.elapsed() < Duration::from_secs(20) {
            assert!(!repair.update());
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(repair.offers.unwrap()[0].path, backup);
        assert!(repair.problem.contains("not a Likeness library"), "{}", repair.problem);
    }
}
