//! Settings: where it computes, how it looks, what it speaks.

use eframe::egui::{self, RichText, Ui};

use crate::app::engine::facts::Loadable;
use crate::app::settings::state::DeviceRow;
use crate::app::shell::message::Command;
use crate::app::shell::view_context::ViewCtx;
use crate::app::ui::locale::Language;
use crate::app::ui::theme::{self, ThemeChoice, size, space};
use crate::app::ui::widgets::buttons::{self, Rank};

pub fn settings_ui(ui: &mut Ui, ctx: &mut ViewCtx<'_>) {
    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.set_max_width(size::READING_WIDTH + 120.0);
        section_ui(ui, ctx.text.s("settings_device"), |ui| device_ui(ui, ctx));
        section_ui(ui, ctx.text.s("settings_looks"), |ui| looks_ui(ui, ctx));
        section_ui(ui, ctx.text.s("settings_language"), |ui| language_ui(ui, ctx));
        section_ui(ui, ctx.text.s("settings_grouping"), |ui| grouping_ui(ui, ctx));
        section_ui(ui, ctx.text.s("settings_folders"), |ui| folders_ui(ui, ctx));
    });
}

fn section_ui(ui: &mut Ui, title: &str, content: impl FnOnce(&mut Ui)) {
    ui.label(theme::lead(title));
    ui.add_space(space::XS);
    content(ui);
    ui.add_space(space::XL);
}

fn device_ui(ui: &mut Ui, ctx: &mut ViewCtx<'_>) {
    ui.label(theme::secondary(ui, ctx.text.s("settings_device_what")));
    let used = ctx.state.overview().map(|overview| overview.device.clone()).unwrap_or_default();
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
        ctx.send(Command::UseDevice(None));
    }
}

fn device_row_ui(ui: &mut Ui, ctx: &mut ViewCtx<'_>, device: &DeviceRow, used: bool) {
    ui.horizontal(|ui| {
        ui.set_height(size::CONTROL - space::XS);
        let response = ui.add_enabled(device.usable, egui::RadioButton::new(used, &device.name));
        if response.clicked() && !used {
            ctx.send(Command::UseDevice(Some(device.name.clone())));
        }
        ui.label(theme::secondary(ui, ctx.text.s(device.kind.label_key())));
        let verdict = device.verdict.as_deref().unwrap_or(ctx.text.s("device_untested"));
        let colour =
            if device.usable { theme::palette(ui.visuals()).secondary } else { theme::palette(ui.visuals()).different };
        ui.add(egui::Label::new(RichText::new(verdict).color(colour)).truncate()).on_hover_text(verdict);
    });
}

fn looks_ui(ui: &mut Ui, ctx: &mut ViewCtx<'_>) {
    let chosen = ThemeChoice::ALL.iter().position(|choice| *choice == ctx.state.settings.theme).unwrap_or(0);
    let labels = ThemeChoice::ALL.map(|choice| ctx.text.s(choice.label_key()));
    if let Some(pressed) = buttons::segments_ui(ui, chosen, &labels) {
        ctx.send(Command::SetTheme(ThemeChoice::ALL[pressed]));
    }
    let mut reduced = ctx.state.settings.reduced_motion;
    if ui.checkbox(&mut reduced, ctx.text.s("reduced_motion")).changed() {
        ctx.send(Command::SetReducedMotion(reduced));
    }
}

fn language_ui(ui: &mut Ui, ctx: &mut ViewCtx<'_>) {
    let chosen = Language::ALL.iter().position(|language| *language == ctx.text.language()).unwrap_or(0);
    if let Some(pressed) = buttons::segments_ui(ui, chosen, &Language::ALL.map(Language::own_name)) {
        ctx.send(Command::SetLanguage(Language::ALL[pressed]));
    }
}

fn grouping_ui(ui: &mut Ui, ctx: &mut ViewCtx<'_>) {
    let threshold = format!("{:.2}", ctx.state.grouped_with().0);
    ui.label(theme::secondary(ui, ctx.text.f("threshold_is", &[("threshold", &threshold)])));
    if buttons::button_ui(ui, Rank::Plain, ctx.text.s("change_grouping")).clicked() {
        ctx.send(Command::Show(crate::app::ui::view::View::People));
        if !ctx.state.grouping.open {
            ctx.send(Command::ToggleGrouping);
        }
    }
}

fn folders_ui(ui: &mut Ui, ctx: &mut ViewCtx<'_>) {
    let folders = ctx.state.overview().map_or(&[][..], |overview| &overview.folders);
    for folder in folders {
        ui.label(theme::secondary(ui, folder.to_string_lossy()));
    }
    if buttons::button_ui(ui, Rank::Plain, ctx.text.s("choose_folder")).clicked() {
        ctx.send(Command::ChooseFolder);
    }
}
