//! Why a score is low: what was measured, in plain words, with the fix as a button.

use eframe::egui::{self, Ui, Vec2};

use super::percent;
use crate::gui::command::Command;
use crate::gui::evaluate::EvaluateCommand;
use crate::gui::evaluate::rows::{CheckRow, EvalRun, Severity};
use crate::gui::icons::{self, Icon};
use crate::gui::state::Loadable;
use crate::gui::theme::{self, size, space};
use crate::gui::views::ViewCtx;
use crate::gui::widgets::buttons::{self, Rank};
use crate::gui::widgets::status;

pub fn check_ui(ui: &mut Ui, ctx: &mut ViewCtx<'_>, run: &EvalRun) {
    let checked = ctx.state.evaluate.checked.as_ref().filter(|(of, _)| *of == run.row.run);
    match checked.map(|(_, rows)| rows) {
        None => {
            let (title, what) = (ctx.text.s("check_empty"), ctx.text.s("check_what"));
            if status::empty_ui(ui, Icon::ListChecks, title, what, Some(ctx.text.s("check_start"))) {
                ctx.send(Command::Evaluate(EvaluateCommand::Check));
            }
        }
        Some(Loadable::Loading) => status::skeleton_ui(ui, Vec2::new(ui.available_width(), 56.0), ctx.text.s("loading")),
        Some(Loadable::Failed(failure)) => {
            if status::failed_ui(ui, ctx.text, failure, ctx.text.s("try_again")) {
                ctx.send(Command::Evaluate(EvaluateCommand::Check));
            }
        }
        Some(Loadable::Ready(rows)) => {
            egui::ScrollArea::vertical().id_salt("check").auto_shrink(false).show(ui, |ui| {
                for (index, row) in rows.iter().enumerate() {
                    row_ui(ui, ctx, index, row);
                }
                if buttons::button_ui(ui, Rank::Plain, ctx.text.s("check_again")).clicked() {
                    ctx.send(Command::Evaluate(EvaluateCommand::Check));
                }
            });
        }
    }
}

fn row_ui(ui: &mut Ui, ctx: &mut ViewCtx<'_>, index: usize, row: &CheckRow) {
    let palette = theme::palette(ui.visuals());
    let (icon, colour, key) = match row.severity {
        Severity::Fine => (Icon::CircleCheck, palette.same, "check_fine"),
        Severity::Hint => (Icon::Info, palette.secondary, "check_hint"),
        Severity::Fault => (Icon::TriangleAlert, palette.different, "check_fault"),
    };
    ui.horizontal(|ui| {
        ui.label(icons::text(icon).color(colour)).on_hover_text(ctx.text.s(key));
        ui.vertical(|ui| {
            ui.set_width((ui.available_width() - 220.0).min(size::READING_WIDTH + 160.0));
            ui.add(egui::Label::new(theme::strong(&row.found)).wrap());
            if let Some((before, after)) = row.measured {
                let (before, after) = (percent(before), percent(after));
                let words = ctx.text.f("check_measured", &[("before", &before), ("after", &after)]);
                ui.label(theme::secondary(ui, words));
            }
        });
        if let Some((label, _)) = &row.fix
            && buttons::button_ui(ui, Rank::Primary, label).clicked()
        {
            ctx.send(Command::Evaluate(EvaluateCommand::Fix(index)));
        }
    });
    ui.add_space(space::S);
    ui.separator();
}
