//! Why a score is low: what was measured, in plain words, with the fix as a button.

use eframe::egui::{self, Ui, Vec2};

use crate::app::engine::facts::Loadable;
use crate::app::evaluate::state::message::EvaluateCommand;
use crate::app::evaluate::state::rows::{CheckRow, EvalRun, Fault};
use crate::app::evaluate::state::words;
use crate::app::evaluate::view::Context;
use crate::app::ui::action::Action;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::view::View;
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::status;

pub fn check_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &EvalRun) {
    let checked = ctx.state.checked.as_ref().filter(|(of, _)| *of == run.row.run);
    match checked.map(|(_, rows)| rows) {
        None => {
            let (title, what) = (ctx.text.s("check_empty"), ctx.text.s("check_what"));
            if status::empty_ui(ui, Icon::ListChecks, title, what, Some(ctx.text.s("check_start"))) {
                ctx.send(EvaluateCommand::Check);
            }
        }
        Some(Loadable::Loading) => {
            status::skeleton_ui(ui, Vec2::new(ui.available_width(), 72.0), ctx.text.s("loading"))
        }
        Some(Loadable::Failed(failure)) => {
            if status::failed_ui(ui, ctx.text, failure, ctx.text.s("try_again")) {
                ctx.send(EvaluateCommand::Check);
            }
        }
        Some(Loadable::Ready(rows)) => {
            egui::ScrollArea::vertical().id_salt("check").auto_shrink(false).show(ui, |ui| {
                for (index, row) in rows.iter().enumerate() {
                    row_ui(ui, ctx, index, row);
                }
                ui.add_space(space::S);
                if buttons::button_ui(ui, Rank::Plain, ctx.text.s("check_again")).clicked() {
                    ctx.send(EvaluateCommand::Check);
                }
            });
        }
    }
}

fn row_ui(ui: &mut Ui, ctx: &mut Context<'_>, index: usize, row: &CheckRow) {
    let palette = theme::palette(ui.visuals());
    let (icon, colour) = match row.fault {
        Fault::None => (Icon::CircleCheck, palette.same),
        _ => (Icon::TriangleAlert, palette.unsure),
    };
    ui.horizontal_top(|ui| {
        ui.label(icons::text(icon).color(colour));
        ui.vertical(|ui| {
            ui.set_width((ui.available_width() - 260.0).clamp(200.0, size::READING_WIDTH + 120.0));
            ui.label(theme::lead(ctx.text.s(row.fault.label_key())));
            if let Some((before, after)) = row.measured {
                let (before, after) = (format!("{before:.2}"), format!("{after:.2}"));
                let key = if row.fault == Fault::None { "check_apart" } else { "check_measured" };
                ui.label(ctx.text.f(key, &[("before", &before), ("after", &after)]));
            }
            if let Some(fact) = &row.fact {
                for sentence in [words::said(ctx.text, fact), words::advice(ctx.text, fact)] {
                    ui.add(egui::Label::new(theme::secondary(ui, sentence)).wrap());
                }
            }
        });
        match &row.cure {
            Some(cure) => {
                if buttons::button_ui(ui, Rank::Primary, ctx.text.s(cure.label_key())).clicked() {
                    ctx.send(EvaluateCommand::Fix(index));
                }
            }
            // The model's recipe is wrong: it is put right where the model is.
            None if row.fault != Fault::None => {
                if buttons::button_ui(ui, Rank::Plain, ctx.text.s("view_models")).clicked() {
                    ctx.act(Action::Show(View::Models));
                }
            }
            None => {}
        }
    });
    ui.add_space(space::S);
    ui.separator();
}
