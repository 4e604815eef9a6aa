//! Why a score is low: what was measured, in plain words, with the fix as a button.

use eframe::egui::{self, Ui, Vec2};

use crate::app::engine::facts::Loadable;
use crate::app::evaluate::state::words;
use crate::app::evaluate::state::{CheckOutcome, Finding, Message, PossibleFault, SuggestedEvaluation};
use crate::app::evaluate::view::Context;
use crate::app::ui::action::Action;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::view::View;
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::status;
use crate::eval::Run;

pub(crate) fn check_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &Run) {
    let checked = ctx.state.checked.as_ref().filter(|(of, _)| *of == run.row.run);
    match checked.map(|(_, checked)| checked) {
        None => {
            let (title, what) = (ctx.text.s("check_empty"), ctx.text.s("check_what"));
            if status::empty_ui(ui, Icon::ListChecks, title, what, Some(ctx.text.s("check_start"))) {
                ctx.send(Message::Check);
            }
        }
        Some(Loadable::Loading) => {
            status::skeleton_ui(ui, Vec2::new(ui.available_width(), 72.0), ctx.text.s("loading"))
        }
        Some(Loadable::Failed(failure)) => {
            if status::failed_ui(ui, ctx.text, failure, ctx.text.s("try_again")) {
                ctx.send(Message::Check);
            }
        }
        Some(Loadable::Ready(checked)) => {
            let outcome = &checked.outcome;
            egui::ScrollArea::vertical().id_salt("check").auto_shrink(false).show(ui, |ui| {
                if outcome.findings.is_empty() {
                    nothing_ui(ui, ctx, outcome);
                }
                for (index, (finding, suggestion)) in outcome.findings.iter().zip(&checked.suggestions).enumerate() {
                    finding_ui(ui, ctx, index, (outcome, finding, suggestion.as_ref()));
                }
                ui.add_space(space::S);
                if buttons::button_ui(ui, Rank::Plain, ctx.text.s("check_again")).clicked() {
                    ctx.send(Message::Check);
                }
            });
        }
    }
}

/// No other way of preparing pictures does better.
fn nothing_ui(ui: &mut Ui, ctx: &Context<'_>, outcome: &CheckOutcome) {
    ui.horizontal_top(|ui| {
        ui.label(icons::text(Icon::CircleCheck).color(theme::palette(ui.visuals()).same));
        text_ui(ui, |ui| {
            ui.label(theme::lead(ctx.text.s("check_none")));
            ui.label(apart(ctx, "check_apart", outcome.separation, outcome.separation_advised));
        });
    });
    ui.add_space(space::S);
    ui.separator();
}

fn finding_ui(
    ui: &mut Ui,
    ctx: &mut Context<'_>,
    index: usize,
    (outcome, finding, suggestion): (&CheckOutcome, &Finding, Option<&SuggestedEvaluation>),
) {
    ui.horizontal_top(|ui| {
        ui.label(icons::text(Icon::TriangleAlert).color(theme::palette(ui.visuals()).unsure));
        text_ui(ui, |ui| {
            ui.label(theme::lead(ctx.text.s(words::suspect_key(finding.suspect))));
            if finding.suspect != PossibleFault::SkippedPairs {
                ui.label(apart(ctx, "check_measured", outcome.separation, finding.separation));
            }
            for sentence in [words::sentence(ctx.text, &finding.fact), words::advice(ctx.text, &finding.fact)] {
                ui.add(egui::Label::new(theme::secondary(ui, sentence)).wrap());
            }
        });
        match suggestion {
            Some(suggestion) => {
                if buttons::button_ui(ui, Rank::Primary, ctx.text.s(suggestion.label_key())).clicked() {
                    ctx.send(Message::Fix(index));
                }
            }
            // The model's preprocessing is wrong: it is put right where the model is.
            None => {
                if buttons::button_ui(ui, Rank::Plain, ctx.text.s("view_models")).clicked() {
                    ctx.act(Action::Show(View::MODELS));
                }
            }
        }
    });
    ui.add_space(space::S);
    ui.separator();
}

fn text_ui(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    ui.vertical(|ui| {
        ui.set_width((ui.available_width() - 260.0).clamp(200.0, size::READING_WIDTH + 120.0));
        content(ui);
    });
}

/// How far apart both kinds of pairs lie.
fn apart(ctx: &Context<'_>, key: &str, before: f64, after: f64) -> String {
    ctx.text.f(key, &[("before", &format!("{before:.2}")), ("after", &format!("{after:.2}"))])
}
