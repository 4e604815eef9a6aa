//! The list that opens under a text field, and how the arrow keys go through it.

use eframe::egui::{
    Area, CornerRadius, Frame, Key, Modifiers, Order, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo,
};

use crate::app::ui::theme::{self, space};

/// Which way the arrow keys were pressed: 1 down, −1 up. The keys are the list's from then on.
pub(crate) fn arrows(ui: &Ui) -> isize {
    let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
    isize::from(pressed(Key::ArrowDown)) - isize::from(pressed(Key::ArrowUp))
}

/// Shows the list and returns where it lies.
pub(crate) fn list_ui(ui: &Ui, field: &Response, name: &str, least_width: f32, rows: impl FnOnce(&mut Ui)) -> Rect {
    Area::new(field.id.with("suggestions"))
        .order(Order::Foreground)
        .fixed_pos(field.rect.left_bottom() + Vec2::new(0.0, space::XS))
        .accessible_name(name)
        .show(ui.ctx(), |ui| {
            Frame::popup(ui.style()).show(ui, |ui| {
                ui.set_width(field.rect.width().max(least_width));
                ui.spacing_mut().item_spacing.y = 0.0;
                rows(ui);
            });
        })
        .response
        .rect
}

/// A row of the list, to be painted on.
pub(crate) fn row_ui(ui: &mut Ui, height: f32, marked: bool, name: &str) -> (Rect, Response) {
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, marked, name));
    if marked || response.hovered() {
        let raised = theme::palette(ui.visuals()).raised;
        ui.painter().rect_filled(rect, CornerRadius::same(theme::radius::CONTROL), raised);
    }
    (rect, response)
}
