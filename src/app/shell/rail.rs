//! The narrow rail on the left: the views, and at its foot what computes.

use eframe::egui::{self, Align2, CornerRadius, Response, Role, Sense, Stroke, Ui, Vec2, WidgetInfo};

use crate::app::shell::features;
use crate::app::shell::state::Context;
use crate::app::ui::action::Action;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::theme::{self, size, space};

pub(crate) fn rail_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    ui.spacing_mut().item_spacing.y = space::XS;
    ui.add_space(space::M);
    for view in features::views() {
        let selected = ctx.state.view == view;
        let label = ctx.text.s(view.label_key);
        if entry_ui(ui, view.icon, label, selected).clicked() {
            ctx.act(Action::Show(view));
        }
    }
    ui.with_layout(egui::Layout::bottom_up(egui::Align::Center), |ui| {
        ui.add_space(space::M);
        foot_ui(ui, ctx);
    });
}

/// What the features say there, such as which model is used; a click leads to where it is chosen.
fn foot_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let secondary = theme::palette(ui.visuals()).secondary;
    for (words, view) in ctx.state.foot(ctx.text) {
        // What stands in brackets, such as a date, shows when the pointer rests on it.
        let short = words.split(" (").next().unwrap_or(&words);
        let width = size::RAIL - space::S;
        let mut job = egui::text::LayoutJob::simple(short.to_owned(), theme::small_font(), secondary, width);
        job.wrap.break_anywhere = !short.contains(' ');
        job.wrap.max_rows = 2;
        job.halign = egui::Align::Center;
        // Laid out here: a label would take the rail's whole width.
        let galley = ui.painter().layout_job(job);
        if ui.add(egui::Label::new(galley).sense(Sense::click())).on_hover_text(words.as_str()).clicked() {
            ctx.act(Action::Show(view));
        }
    }
}

fn entry_ui(ui: &mut Ui, icon: Icon, label: &str, selected: bool) -> Response {
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, 54.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, selected, label));
    if ui.is_rect_visible(rect) {
        let palette = theme::palette(ui.visuals());
        let plate = rect.shrink2(Vec2::new(space::S, 0.0));
        let rounding = CornerRadius::same(theme::radius::TILE);
        if selected || response.hovered() {
            let fill = if selected { palette.accent_soft } else { palette.raised };
            ui.painter().rect_filled(plate, rounding, fill);
        }
        let colour = if selected { palette.accent } else { palette.secondary };
        let at = plate.center() - Vec2::new(0.0, 9.0);
        ui.painter().text(at, Align2::CENTER_CENTER, icons::glyph(icon), icons::font(20.0), colour);
        let text = if selected { palette.text } else { palette.secondary };
        let at = plate.center() + Vec2::new(0.0, 14.0);
        ui.painter().text(at, Align2::CENTER_CENTER, label, theme::small_font(), text);
        if response.has_focus() {
            let ring = Stroke::new(size::RING, palette.accent);
            ui.painter().rect_stroke(plate, rounding, ring, egui::StrokeKind::Inside);
        }
    }
    response.on_hover_cursor(egui::CursorIcon::PointingHand)
}
