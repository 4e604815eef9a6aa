//! A panel at the right: beside the content where there is room for both, else a sheet over it.

use eframe::egui::{Align2, Area, Frame, Id, Margin, Order, Panel, Shadow, Stroke, Ui, Vec2};

use crate::app::ui::theme::{self, size, space};

/// Shows the panel, and leaves the content what room there is: all of it under a sheet, which has a layer of its own.
/// `least_content` is the width that the content needs beside a panel; `name` is said by screen readers.
pub(crate) fn side_panel_ui(ui: &mut Ui, salt: &str, name: &str, least_content: f32, panel_ui: impl FnOnce(&mut Ui)) {
    if ui.available_width() - size::SIDE_PANEL - space::XL >= least_content {
        let margin = Margin { left: space::XL as i8, ..Default::default() };
        Panel::right(Id::unique(salt))
            .exact_size(size::SIDE_PANEL)
            .resizable(false)
            .show_separator_line(false)
            .frame(Frame::new().inner_margin(margin))
            .show(ui, panel_ui);
        return;
    }
    let content = ui.available_rect_before_wrap();
    let palette = theme::palette(ui.visuals());
    let frame = Frame::new()
        .fill(palette.surface)
        .stroke(Stroke::new(size::HAIRLINE, palette.hairline))
        .corner_radius(theme::radius::PANEL)
        .shadow(Shadow { offset: [0, 4], blur: 24, spread: 0, color: palette.scrim.gamma_multiply(0.4) })
        .inner_margin(Margin::same(space::M as i8));
    Area::new(Id::unique(salt).with("sheet"))
        .order(Order::Middle)
        .accessible_name(name)
        .pivot(Align2::RIGHT_TOP)
        .fixed_pos(content.right_top())
        .constrain_to(content)
        .fade_in(false)
        .show(ui.ctx(), |ui| {
            frame.show(ui, |ui| {
                let margins = Vec2::splat(2.0 * (space::M + size::HAIRLINE));
                let room = Vec2::new(size::SIDE_PANEL, content.height()) - margins;
                ui.set_min_size(room);
                ui.set_max_size(room);
                panel_ui(ui);
            });
        });
}
