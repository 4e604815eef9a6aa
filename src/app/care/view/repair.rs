//! What takes the window's place where the library is damaged: what is wrong, and what can be put in its place.

use std::sync::Arc;

use eframe::egui::{self, CentralPanel, Label, Ui};

use super::{backup_words, what_it_may_lack};
use crate::app::care::state::repair::{Offers, Repair};
use crate::app::engine::home::Home;
use crate::app::ui::feature::RepairPage;
use crate::app::ui::locale::Locale;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::library::care::Backup;

/// The page, while it is open.
pub(super) struct RepairView(Repair);

impl RepairView {
    pub fn new(home: Home, problem: String, ctx: &egui::Context) -> Self {
        let ctx = ctx.clone();
        Self(Repair::new(home, problem, Arc::new(move || ctx.request_repaint())))
    }
}

impl RepairPage for RepairView {
    fn update(&mut self, text: &Locale) -> Option<String> {
        self.0.update(text)
    }

    fn ui(&mut self, ui: &mut Ui, text: &Locale) {
        let frame = egui::Frame::new().fill(theme::palette(ui.visuals()).background).inner_margin(space::XL);
        CentralPanel::no_frame().frame(frame).show(ui, |ui| {
            ui.set_max_width(size::READING_WIDTH);
            ui.label(theme::heading(text.s("repair_title")));
            ui.add_space(space::S);
            ui.add(Label::new(theme::secondary(ui, self.0.problem.as_str())).wrap());
            ui.add_space(space::L);
            ui.add(Label::new(text.s("repair_what")).wrap());
            ui.add_space(space::M);
            match &self.0.offers {
                _ if self.0.is_restoring => _ = ui.spinner(),
                None => _ = ui.spinner(),
                Some(offers) if offers.best.is_empty() => _ = ui.label(text.s("repair_none")),
                Some(offers) => {
                    let chosen = egui::ScrollArea::vertical().show(ui, |ui| offers_ui(ui, text, offers)).inner;
                    if let Some(backup) = chosen {
                        self.0.restore(backup);
                    }
                }
            }
        });
    }
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
