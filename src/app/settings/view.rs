//! Settings: where it computes, how it looks, what it speaks, and the folders that are scanned ([`folders`]).

pub mod folders;

use eframe::egui::{self, RichText, Ui};

use crate::app::engine::facts::Loadable;
use crate::app::settings::state::{Message, State, kind_key, self_test_words};
use crate::app::ui::action::Action;
use crate::app::ui::context::ViewContext;
use crate::app::ui::feature::FeatureView;
use crate::app::ui::locale::Language;
use crate::app::ui::theme::{self, ThemeChoice, size, space};
use crate::app::ui::view::View;
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::section::section_ui;
use crate::networks::device::{DeviceChoice, ListedDevice};

pub(crate) type Context<'a> = ViewContext<'a, State, Message>;

/// Nothing is kept between frames.
#[derive(Default)]
pub(crate) struct Views;

impl FeatureView<State> for Views {
    fn ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        settings_ui(ui, ctx);
    }

    fn dialogs_ui(&mut self, window: &egui::Context, ctx: &mut Context<'_>) {
        folders::removal_ui(window, ctx);
    }
}

fn settings_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    ui.set_max_width(size::READING_WIDTH + 120.0);
    section_ui(ui, ctx.text.s("settings_device"), |ui| device_ui(ui, ctx));
    section_ui(ui, ctx.text.s("settings_appearance"), |ui| appearance_ui(ui, ctx));
    section_ui(ui, ctx.text.s("settings_language"), |ui| language_ui(ui, ctx));
    section_ui(ui, ctx.text.s("settings_grouping"), |ui| grouping_ui(ui, ctx));
    section_ui(ui, ctx.text.s("settings_folders"), |ui| folders::folders_ui(ui, ctx));
}

fn device_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    ui.label(theme::secondary(ui, ctx.text.s("settings_device_what")));
    let used = ctx.facts.overview.ready().and_then(|overview| overview.device.clone()).unwrap_or_default();
    match &ctx.state.devices {
        Loadable::Loading => {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.label(theme::secondary(ui, ctx.text.s("devices_looking")));
            });
        }
        Loadable::Failed(failure) => {
            ui.label(ctx.text.s(failure.what.words_key()));
        }
        Loadable::Ready(devices) => {
            for device in devices {
                device_row_ui(ui, ctx, device, device.name == used);
            }
        }
    }
    ui.add_space(space::XS);
    if buttons::button_ui(ui, Rank::Plain, ctx.text.s("device_automatic")).clicked() {
        ctx.send(Message::UseDevice(DeviceChoice::Auto));
    }
}

fn device_row_ui(ui: &mut Ui, ctx: &mut Context<'_>, device: &ListedDevice, used: bool) {
    ui.horizontal(|ui| {
        ui.set_height(size::CONTROL - space::XS);
        let response = ui.add_enabled(device.is_usable(), egui::RadioButton::new(used, &device.name));
        if response.clicked() && !used {
            ctx.send(Message::UseDevice(device.choice()));
        }
        ui.label(theme::secondary(ui, ctx.text.s(kind_key(device.kind))));
        let verdict = self_test_words(device, ctx.text);
        let palette = theme::palette(ui.visuals());
        let colour = if device.is_usable() { palette.secondary } else { palette.different };
        ui.add(egui::Label::new(RichText::new(&verdict).color(colour)).truncate()).on_hover_text(verdict);
    });
}

fn appearance_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let label = |choice: ThemeChoice| ctx.text.s(choice.label_key());
    if let Some(theme) = buttons::choice_ui(ui, ThemeChoice::ALL, ctx.state.appearance.theme, label) {
        ctx.send(Message::SetTheme(theme));
    }
    let mut reduced = ctx.state.appearance.reduced_motion;
    if ui.checkbox(&mut reduced, ctx.text.s("reduced_motion")).changed() {
        ctx.send(Message::SetReducedMotion(reduced));
    }
}

fn language_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    if let Some(language) = buttons::choice_ui(ui, Language::ALL, ctx.text.language(), Language::own_name) {
        ctx.send(Message::SetLanguage(language));
    }
}

fn grouping_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let threshold = format!("{:.2}", ctx.facts.grouped_with().0);
    ui.label(theme::secondary(ui, ctx.text.f("threshold_is", &[("threshold", &threshold)])));
    if buttons::button_ui(ui, Rank::Plain, ctx.text.s("change_grouping")).clicked() {
        ctx.act(Action::Show(View::PEOPLE));
        ctx.act(Action::OpenGrouping);
    }
}
