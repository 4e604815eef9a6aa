//! A name that was typed is that of somebody who is there: the same person, or another one?

use eframe::egui::{self, Id, Modal, Sense, Ui, Vec2};

use crate::app::engine::facts::NamedPerson;
use crate::app::people::state::{Message, SameName};
use crate::app::people::view::Context;
use crate::app::ui::icons::Icon;
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::{name_field, picture};
use crate::library::Decision;

/// More people of one name than these are not listed: the completions find them.
const LISTED: usize = 4;

/// Shown while the state asks. Enter answers nothing by itself: a second Enter may have been meant for the name. Who gives
/// the question up finds the name in its field again.
pub(crate) fn same_name_ui(egui_ctx: &egui::Context, ctx: &mut Context<'_>) {
    let Some(asked) = &ctx.state.same_name else { return };
    let palette = theme::palette(&egui_ctx.global_style().visuals);
    let frame = egui::Frame::window(&egui_ctx.global_style());
    let modal =
        Modal::new(Id::unique("same name")).frame(frame).backdrop_color(palette.backdrop).show(egui_ctx, |ui| {
            ui.set_width(440.0);
            ui.label(theme::heading(ctx.text.f("same_name_title", &[("name", &asked.name)])));
            ui.label(theme::secondary(ui, ctx.text.s("same_name_what")));
            ui.add_space(space::L);
            for row in candidates(ctx, asked) {
                same_ui(ui, ctx, &row);
            }
            ui.add_space(space::M);
            let label = ctx.text.f("another_of_this_name", &[("name", &asked.name)]);
            if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::UserPlus, &label).clicked() {
                ctx.send(Message::AnotherOfThisName);
            }
            let right = egui::Layout::right_to_left(egui::Align::Center);
            let cancel = ui.with_layout(right, |ui| buttons::button_ui(ui, Rank::Quiet, ctx.text.s("cancel"))).inner;
            cancel.clicked()
        });
    if modal.inner || modal.should_close() {
        name_field::give_back(egui_ctx, &asked.name);
        ctx.send(Message::CloseSameName);
    }
}

/// A portrait, and the answer that this is who was meant.
fn same_ui(ui: &mut Ui, ctx: &mut Context<'_>, row: &NamedPerson) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::M;
        let (portrait, _) = ui.allocate_exact_size(Vec2::splat(48.0), Sense::hover());
        picture::paint_portrait(ui, ctx, portrait, row.cover);
        let key = if ctx.facts.is_hidden(row.person) { "the_same_hidden" } else { "the_same" };
        let label = ctx.text.nf(key, row.faces, &[("name", &row.name)]);
        if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::Merge, &label).clicked() {
            ctx.send(Message::SameAs(row.person));
        }
    });
}

fn candidates(ctx: &Context<'_>, asked: &SameName) -> Vec<NamedPerson> {
    let named = match &asked.decision {
        Decision::Name { person, .. } => Some(*person),
        _ => None,
    };
    let rows = ctx.facts.people_named(&asked.name).into_iter().filter(|row| Some(row.person) != named);
    rows.take(LISTED).cloned().collect()
}
