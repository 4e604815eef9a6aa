//! Train: what to learn from and how, the run while it learns, and what it was good for.

pub mod advanced;
pub mod album;
pub mod comparison;
pub mod demo;
pub mod fields;
pub mod figures;
pub mod inspector;
pub mod running;
pub mod setup;
pub mod sources;
pub mod times;

use eframe::egui::{self, Id, ScrollArea, Ui, Vec2};

use crate::app::engine::facts::Loadable;
use crate::app::train::state::live::{RunEnd, RunKind};
use crate::app::train::state::{Discarding, Message, State};
use crate::app::train::view::album::Textures;
use crate::app::ui::action::Action;
use crate::app::ui::context::ViewContext;
use crate::app::ui::feature::FeatureView;
use crate::app::ui::theme::{self, space};
use crate::app::ui::view::View;
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::dialog::dialog_ui;
use crate::app::ui::widgets::section::hint_ui;
use crate::app::ui::widgets::status;

pub(crate) type Context<'a> = ViewContext<'a, State, Message>;

/// Textures of the faces on show.
#[derive(Default)]
pub(crate) struct Views {
    triplets: Textures,
    album: Textures,
    groups: Textures,
}

impl FeatureView<State> for Views {
    fn ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        match (&ctx.state.run, &ctx.state.choices) {
            (Some(run), _) => {
                ScrollArea::vertical().id_salt("run").auto_shrink(false).show(ui, |ui| {
                    running::header_ui(ui, ctx, run);
                    match &run.end {
                        Some(RunEnd::Trained(summary)) => comparison::comparison_ui(ui, ctx, run, summary),
                        Some(RunEnd::Demonstrated(report)) => {
                            demo::result_ui(ui, ctx, report, run.groups.as_ref(), &mut self.groups);
                        }
                        _ if run.begun.kind == RunKind::Demonstration => demo::album_ui(ui, ctx, run, &mut self.album),
                        _ => {}
                    }
                    running::watch_ui(ui, ctx, run, &mut self.triplets);
                    ui.add_space(space::XL);
                });
            }
            (None, Loadable::Loading) => {
                status::skeleton_ui(ui, Vec2::new(ui.available_width(), 96.0), ctx.text.s("loading"));
            }
            (None, Loadable::Failed(failure)) => {
                if status::failed_ui(ui, ctx.text, failure, ctx.text.s("try_again")) {
                    ctx.act(Action::Show(View::TRAIN));
                }
            }
            (None, Loadable::Ready(choices)) => setup::setup_ui(ui, ctx, choices),
        }
        discard_ui(ui.ctx(), ctx);
    }
}

/// Asks once more before a run is thrown away.
fn discard_ui(egui_ctx: &egui::Context, ctx: &mut Context<'_>) {
    let Some(what) = ctx.state.discarding.clone() else { return };
    let modal = dialog_ui(egui_ctx, Id::unique("discard"), |ui| {
        ui.set_width(400.0);
        ui.label(theme::heading(ctx.text.s("train_discard_title")));
        let words = match &what {
            Discarding::Running => ctx.text.s("train_discard_running").to_owned(),
            Discarding::Unfinished(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                ctx.text.f("train_discard_unfinished", &[("name", &name)])
            }
        };
        hint_ui(ui, words);
        ui.add_space(space::L);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if buttons::button_ui(ui, Rank::Primary, ctx.text.s("train_discard")).clicked() {
                ctx.send(Message::Discard(what.clone()));
            }
            if buttons::button_ui(ui, Rank::Plain, ctx.text.s("cancel")).clicked() {
                ctx.send(Message::CloseDiscard);
            }
        });
    });
    if modal.should_close() {
        ctx.send(Message::CloseDiscard);
    }
}
