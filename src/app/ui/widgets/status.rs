//! The states every view has besides being full: empty, loading, failed.

use std::path::Path;

use eframe::egui::{self, CornerRadius, Rect, Sense, Ui, Vec2};

use crate::app::engine::report::Failure;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::locale::Locale;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons::{self, Rank};

/// What is being imported now, where something is.
pub(crate) fn importing_ui(ui: &mut Ui, text: &Locale, file: Option<&Path>) -> bool {
    let Some(path) = file else { return false };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    ui.label(theme::secondary(ui, text.f("importing", &[("name", &name)])));
    ui.spinner();
    true
}

/// Nothing here yet: what this view is for, and the one thing to do. True when the button was pressed.
pub(crate) fn empty_ui(ui: &mut Ui, icon: Icon, title: &str, text: &str, action: Option<&str>) -> bool {
    let mut pressed = false;
    let height = ui.available_height();
    ui.vertical_centered(|ui| {
        ui.add_space((height * 0.3 - 40.0).max(space::XL));
        let secondary = theme::palette(ui.visuals()).secondary;
        ui.label(icons::large(icon).color(secondary));
        ui.add_space(space::S);
        ui.label(theme::lead(title));
        ui.set_max_width(size::READING_WIDTH);
        ui.label(theme::secondary(ui, text));
        if let Some(action) = action {
            ui.add_space(space::M);
            pressed = buttons::button_ui(ui, Rank::Primary, action).clicked();
        }
    });
    pressed
}

/// Something could not be loaded. True when it should be tried again.
pub(crate) fn failed_ui(ui: &mut Ui, text: &Locale, failure: &Failure, again: &str) -> bool {
    let mut pressed = false;
    ui.vertical_centered(|ui| {
        ui.add_space(space::XXL * 2.0);
        let palette = theme::palette(ui.visuals());
        ui.label(icons::large(Icon::TriangleAlert).color(palette.different));
        ui.add_space(space::S);
        ui.label(theme::lead(text.s(failure.what.words_key())));
        ui.set_max_width(size::READING_WIDTH);
        if !failure.details.is_empty() {
            ui.collapsing(text.s("details"), |ui| ui.label(theme::secondary(ui, &failure.details)));
        }
        ui.add_space(space::M);
        pressed = buttons::button_ui(ui, Rank::Plain, again).clicked();
    });
    pressed
}

/// Tiles that stand in for what is being loaded.
pub(crate) fn skeleton_ui(ui: &mut Ui, tile: Vec2, label: &str) {
    let palette = theme::palette(ui.visuals());
    let available = ui.available_size();
    let (frame, response) = ui.allocate_exact_size(available, Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, label));
    let step = tile + Vec2::splat(space::S);
    let (columns, rows) = ((available.x / step.x) as usize, (available.y / step.y) as usize);
    for row in 0..rows.min(3) {
        for column in 0..columns {
            let offset = Vec2::new(column as f32 * step.x, row as f32 * step.y);
            let rect = Rect::from_min_size(frame.min + offset, tile);
            ui.painter().rect_filled(rect, CornerRadius::same(theme::radius::TILE), palette.raised);
        }
    }
}
