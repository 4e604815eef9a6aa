//! Models: what can be installed, what is, and what is in use.

use eframe::egui::{self, Ui, Vec2};

use crate::app::engine::facts::{Loadable, ModelRow};
use crate::app::models::state::Message;
use crate::app::models::view::Context;
use crate::app::models::view::networks;
use crate::app::ui::action::Action;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::locale;
use crate::app::ui::theme::{self, space};
use crate::app::ui::view::View;
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::progress as job_bar;
use crate::app::ui::widgets::status;
use crate::app::ui::widgets::words::task_key;
use crate::networks::models::Task;

pub(crate) fn models_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let open = ctx.state.networks.iter().find(|row| ctx.state.network.as_deref() == Some(row.variant.name));
    if let Some(network) = open {
        return networks::network_ui(ui, ctx, network);
    }
    ui.horizontal(|ui| {
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if !status::importing_ui(ui, ctx.text, ctx.state.imports.busy_with())
                && buttons::icon_and_text_ui(ui, Rank::Plain, Icon::FileInput, ctx.text.s("local_file")).clicked()
            {
                ctx.act(Action::ChooseModelFile);
            }
            // The words take what the button leaves.
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                let words = ctx.text.s("models_what");
                ui.add(egui::Label::new(theme::secondary(ui, words)).truncate()).on_hover_text(words);
            });
        });
    });
    ui.add_space(space::M);
    match &ctx.facts.models {
        Loadable::Loading => status::skeleton_ui(ui, Vec2::new(ui.available_width(), 76.0), ctx.text.s("loading")),
        Loadable::Failed(failure) => {
            let again = ctx.text.s("try_again");
            if status::failed_ui(ui, ctx.text, failure, again) {
                ctx.act(Action::Show(View::MODELS));
            }
        }
        Loadable::Ready(models) => {
            egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                for task in [Task::Detect, Task::Embed] {
                    ui.label(theme::lead(ctx.text.s(task_key(task))));
                    ui.add_space(space::XS);
                    for model in models.iter().filter(|model| model.task == task) {
                        model_ui(ui, ctx, model);
                        ui.add_space(space::S);
                    }
                    ui.add_space(space::M);
                }
                networks::networks_ui(ui, ctx);
            });
        }
    }
}

fn model_ui(ui: &mut Ui, ctx: &mut Context<'_>, model: &ModelRow) {
    theme::card(ui).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.vertical(|ui| {
                ui.set_width((ui.available_width() - 320.0).max(200.0));
                ui.spacing_mut().item_spacing.y = space::XS;
                title_ui(ui, ctx, model);
                let mut facts = vec![locale::size_words(model.bytes), model.input.clone()];
                if let Some(lfw) = model.lfw_percent {
                    facts.push(ctx.text.f("lfw", &[("percent", &format!("{lfw:.2}"))]));
                }
                ui.label(theme::secondary(ui, facts.join("  ·  ")));
                let terms = [("licence", model.licence.as_str()), ("source", model.source.as_str())];
                ui.add(egui::Label::new(theme::secondary(ui, ctx.text.f("offer_terms", &terms))).wrap());
            });
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| actions_ui(ui, ctx, model));
        });
    });
}

fn title_ui(ui: &mut Ui, ctx: &Context<'_>, model: &ModelRow) {
    ui.horizontal(|ui| {
        ui.set_height(theme::type_size::HEADING);
        ui.label(theme::lead(&model.name));
        let palette = theme::palette(ui.visuals());
        let state = match (model.in_use, model.installed) {
            (true, _) => Some((Icon::CircleCheck, palette.same, "model_in_use")),
            (false, true) => Some((Icon::Check, palette.secondary, "model_installed")),
            (false, false) => None,
        };
        if let Some((icon, colour, key)) = state {
            ui.label(icons::text(icon).color(colour));
            ui.label(theme::secondary(ui, ctx.text.s(key)));
        }
    });
}

fn actions_ui(ui: &mut Ui, ctx: &mut Context<'_>, model: &ModelRow) {
    let id = model.model.clone();
    if !model.installed {
        match ctx.state.installing.iter().find(|(_, models)| models.contains(&id)) {
            Some((job, _)) => {
                let parts = ctx.facts.jobs.get(job).map(|report| job_bar::parts(report, ctx.text).join("  "));
                ui.label(theme::secondary(ui, parts.unwrap_or_default()));
                ui.spinner();
            }
            None => {
                let label = ctx.text.s("install");
                if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::Download, label).clicked() {
                    ctx.act(Action::InstallModels(vec![id]));
                }
            }
        }
        return;
    }
    if buttons::icon_button_ui(ui, Icon::Trash2, ctx.text.s("remove")).clicked() {
        ctx.send(Message::Remove(id.clone()));
    }
    if buttons::icon_button_ui(ui, Icon::ShieldCheck, ctx.text.s("verify")).clicked() {
        ctx.send(Message::Verify(id.clone()));
    }
    if !model.in_use && buttons::button_ui(ui, Rank::Plain, ctx.text.s("use_model")).clicked() {
        ctx.send(Message::Use(id));
    }
}
