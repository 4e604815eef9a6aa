//! What a library without photos shows: what this does, the models it needs, and a folder to begin with.

use eframe::egui::{self, Ui};

use crate::app::engine::facts::ModelRow;
use crate::app::engine::report::JobKind;
use crate::app::scan::state::{Message, State};
use crate::app::ui::action::Action;
use crate::app::ui::context::ViewContext;
use crate::app::ui::feature::FeatureView;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::locale;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::view::View;
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::progress as job_bar;
use crate::app::ui::widgets::status;
use crate::app::ui::widgets::words::task_key;

pub(crate) type Context<'a> = ViewContext<'a, State, Message>;

/// Nothing is kept between frames.
#[derive(Default)]
pub(crate) struct Views;

impl FeatureView<State> for Views {
    fn ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        first_run_ui(ui, ctx);
    }
}

fn first_run_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let height = ui.available_height();
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.vertical_centered(|ui| {
            ui.set_max_width(size::READING_WIDTH);
            ui.add_space((height * 0.16).max(space::XL));
            ui.label(theme::display(ctx.text.s("first_title")));
            ui.add_space(space::S);
            ui.label(theme::secondary(ui, ctx.text.s("first_what")).size(theme::type_size::LEAD));
            ui.add_space(space::XXL);
            let missing = missing_models(ctx);
            let models_known = ctx.facts.models.ready().is_some();
            if !missing.is_empty() {
                offer_ui(ui, ctx, &missing);
                ui.add_space(space::XL);
            }
            folder_ui(ui, ctx, models_known && missing.is_empty());
            ui.add_space(space::XL);
            ui.horizontal_wrapped(|ui| {
                let secondary = theme::palette(ui.visuals()).secondary;
                let private = ctx.text.s("first_private");
                let width = ui.fonts_mut(|fonts| {
                    fonts.layout_no_wrap(private.to_owned(), theme::body_font(), secondary).size().x
                });
                ui.add_space(((ui.available_width() - width - size::ICON - space::S) / 2.0).max(0.0));
                ui.label(icons::text(Icon::Lock).color(secondary));
                ui.label(theme::secondary(ui, private));
            });
        });
    });
}

/// The models of the default pack that are not installed.
fn missing_models(ctx: &Context<'_>) -> Vec<ModelRow> {
    let models = ctx.facts.models.ready().map_or(&[][..], Vec::as_slice);
    models.iter().filter(|model| model.default && !model.installed).cloned().collect()
}

fn folder_ui(ui: &mut Ui, ctx: &mut Context<'_>, ready: bool) {
    let rank = if ready { Rank::Primary } else { Rank::Plain };
    if buttons::icon_and_text_ui(ui, rank, Icon::FolderOpen, ctx.text.s("choose_folder")).clicked() {
        ctx.act(Action::ChooseFolder);
    }
    ui.add_space(space::XS);
    ui.label(theme::secondary(ui, ctx.text.s("first_drop")).size(theme::type_size::SMALL));
    ui.add_space(space::M);
    if buttons::icon_and_text_ui(ui, Rank::Quiet, Icon::Play, ctx.text.s("demo_try")).clicked() {
        ctx.act(Action::Show(View::TRAIN));
        ctx.act(Action::Demonstrate);
    }
}

/// The models with size, licence and source, and one button; while they are being fetched, how far that is.
fn offer_ui(ui: &mut Ui, ctx: &mut Context<'_>, missing: &[ModelRow]) {
    let installing = ctx.facts.jobs.values().find(|job| job.kind == JobKind::INSTALL);
    theme::card(ui).show(ui, |ui| {
        ui.set_width(size::READING_WIDTH - 2.0 * space::L);
        ui.with_layout(egui::Layout::top_down(egui::Align::Min), |ui| {
            ui.label(theme::lead(ctx.text.s("offer_title")));
            ui.label(theme::secondary(ui, ctx.text.s("offer_why")));
            ui.add_space(space::S);
            for model in missing {
                model_line_ui(ui, ctx, model);
            }
            ui.add_space(space::S);
            if let Some(job) = installing {
                let share = job
                    .progress
                    .total
                    .filter(|total| *total > 0)
                    .map_or(0.0, |total| job.progress.done as f32 / total as f32);
                let words = job_bar::parts(job, ctx.text).join("  ");
                ui.add(egui::ProgressBar::new(share).desired_height(6.0).fill(theme::palette(ui.visuals()).accent));
                ui.label(theme::secondary(ui, words));
                return;
            }
            ui.horizontal(|ui| {
                let total = locale::size_words(missing.iter().map(|model| model.bytes).sum());
                let label = ctx.text.f("offer_install", &[("size", &total)]);
                if buttons::icon_and_text_ui(ui, Rank::Primary, Icon::Download, &label).clicked() {
                    ctx.act(Action::InstallModels(missing.iter().map(|model| model.model.clone()).collect()));
                }
                if !status::importing_ui(ui, ctx.text, ctx.state.importing.as_deref())
                    && buttons::button_ui(ui, Rank::Quiet, ctx.text.s("local_file")).clicked()
                {
                    ctx.act(Action::ChooseModelFile);
                }
            });
        });
    });
}

fn model_line_ui(ui: &mut Ui, ctx: &Context<'_>, model: &ModelRow) {
    ui.spacing_mut().item_spacing.y = space::XS;
    ui.horizontal(|ui| {
        ui.set_height(theme::type_size::HEADING);
        ui.label(theme::strong(&model.name));
        ui.label(theme::secondary(ui, ctx.text.s(task_key(model.task))));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.label(locale::size_words(model.bytes));
        });
    });
    let terms = [("licence", model.licence.as_str()), ("source", model.source.as_str())];
    ui.add(
        egui::Label::new(theme::secondary(ui, ctx.text.f("offer_terms", &terms)).size(theme::type_size::SMALL)).wrap(),
    );
    ui.add_space(space::XS);
}
