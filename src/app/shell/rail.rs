//! The narrow rail on the left: the views, and at its foot what computes.

use eframe::egui::{self, Align2, CornerRadius, Response, Role, Sense, Stroke, Ui, Vec2, WidgetInfo};

use crate::app::engine::facts::Watching;
use crate::app::shell::features;
use crate::app::shell::state::Context;
use crate::app::ui::action::Action;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::locale::Locale;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::view::View;
use crate::app::ui::widgets::words::hindrance_words;

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

/// Device and model; a click leads to where they are chosen.
fn foot_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let Some(overview) = ctx.facts.overview.ready() else { return };
    let secondary = theme::palette(ui.visuals()).secondary;
    let model = overview.model.as_deref().unwrap_or(ctx.text.s("no_model"));
    // Until the networks are loaded, the best device is only a choice.
    let device = overview.device.as_deref().unwrap_or(ctx.text.s("device_auto"));
    // What stands in brackets, such as a date, shows when the pointer rests on it.
    let short = |words: &str| words.split(" (").next().unwrap_or(words).to_owned();
    let mut lines =
        vec![(short(model), model.to_owned(), View::MODELS), (short(device), device.to_owned(), View::SETTINGS)];
    lines.extend(watching_words(&ctx.facts.watching, ctx.text).map(|(short, all)| (short, all, View::SETTINGS)));
    for (short, words, view) in lines {
        let width = size::RAIL - space::S;
        let has_words = short.contains(' ');
        let mut job = egui::text::LayoutJob::simple(short, theme::small_font(), secondary, width);
        job.wrap.break_anywhere = !has_words;
        job.wrap.max_rows = 2;
        job.halign = egui::Align::Center;
        // Laid out here: a label would take the rail's whole width.
        let galley = ui.painter().layout_job(job);
        if ui.add(egui::Label::new(galley).sense(Sense::click())).on_hover_text(words).clicked() {
            ctx.act(Action::Show(view));
        }
    }
}

/// In how many folders new photos are noticed, and why not in others; nothing where their user does not want it.
fn watching_words(watching: &Watching, text: &Locale) -> Option<(String, String)> {
    let hindered: Vec<String> = watching
        .folders
        .iter()
        .filter_map(|(folder, why)| Some(format!("{}: {}", folder.display(), hindrance_words(why.as_ref()?, text))))
        .collect();
    let watched = watching.folders.len() - hindered.len();
    let short = match watched {
        _ if watching.folders.is_empty() => return None,
        0 => text.s("watching_none").to_owned(),
        _ if watching.on_battery => text.s("watching_on_battery").to_owned(),
        _ => text.n("watching", watched as u64),
    };
    let all = std::iter::once(short.clone()).chain(hindered).collect::<Vec<_>>().join("\n");
    Some((short, all))
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
