//! The demonstration: people who do not exist, and how a network that learned some of them groups the others.

use eframe::egui::{self, Role, Sense, Ui, Vec2, WidgetInfo, vec2};

use crate::app::jobs::demonstration::DemoReport;
use crate::app::jobs::run_event::{FaceGroup, GroupedFaces};
use crate::app::train::state::live::LiveRun;
use crate::app::train::state::words;
use crate::app::train::view::Context;
use crate::app::train::view::album::Textures;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::locale::grouped;
use crate::app::ui::theme::{self, space};
use crate::eval::roc::one_in;

const FACE: f32 = 44.0;
/// Faces shown of a group.
pub(crate) const STRIP: usize = 6;

/// Some of the people that were drawn, each with one picture.
pub(crate) fn album_ui(ui: &mut Ui, ctx: &Context<'_>, run: &LiveRun, textures: &mut Textures) {
    let Some((pictures, secs)) = run.drawn else {
        ui.add(egui::Label::new(theme::secondary(ui, ctx.text.s("demo_what"))).wrap());
        return;
    };
    textures.update(ui.ctx(), run.begun.job.0, || run.album.clone());
    let secs = format!("{secs:.1}");
    let drawn = ctx.text.nf("demo_drawn", pictures as u64, &[("secs", &secs)]);
    ui.add(egui::Label::new(theme::secondary(ui, drawn)).wrap());
    let fit = ((ui.available_width() + space::XS) / (FACE + space::XS)) as usize;
    let shown = run.album.len().min(fit);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), FACE), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, ctx.text.n("demo_people", shown as u64)));
    for place in 0..shown {
        let left = rect.min + vec2(place as f32 * (FACE + space::XS), 0.0);
        textures.paint(ui, egui::Rect::from_min_size(left, Vec2::splat(FACE)), place);
    }
    ui.add_space(space::M);
}

/// What was learned, in plain words, and the groups of people it had never seen.
pub(crate) fn result_ui(
    ui: &mut Ui,
    ctx: &Context<'_>,
    report: &DemoReport,
    groups: Option<&GroupedFaces>,
    textures: &mut Textures,
) {
    let text = ctx.text;
    let scores = &report.groups.scores;
    let first = report.curve.first().map_or(0.0, |point| point.val);
    let one_in = one_in(report.far_target).map_or_else(String::new, |count| count.to_string());
    let val = words::percent(report.val);
    let in_a_row = egui::Layout::left_to_right(egui::Align::TOP).with_main_wrap(true);
    ui.with_layout(in_a_row, |ui| {
        ui.spacing_mut().item_spacing = vec2(space::XXL, space::M);
        let from = words::percent(first);
        let values = [("one_in", one_in.as_str()), ("from", &from)];
        figure_ui(ui, &val, &text.f("demo_result_val", &values));
        let people = text.n("names_people", scores.labels as u64);
        let purity = words::percent(scores.b_cubed_precision);
        let groups = text.f("demo_result_groups", &[("people", &people), ("purity", &purity)]);
        figure_ui(ui, &grouped(scores.clusters as u64), &groups);
        let drawn = text.n("demo_people", report.people as u64);
        let learned = text.f("demo_result_took", &[("people", &drawn), ("device", &report.device)]);
        figure_ui(ui, &text.duration(report.seconds), &learned);
    });
    ui.add_space(space::L);
    let Some(groups) = groups else { return };
    textures.update(ui.ctx(), report.seed ^ report.seconds.to_bits(), || groups.faces.clone());
    ui.label(theme::strong(text.s("demo_groups")));
    ui.add(egui::Label::new(theme::secondary(ui, text.s("demo_groups_what"))).wrap());
    ui.add_space(space::XS);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::XL, space::M);
        for group in &groups.groups {
            group_ui(ui, ctx, group, textures);
        }
    });
    ui.add_space(space::XL);
}

fn figure_ui(ui: &mut Ui, value: &str, what: &str) {
    ui.allocate_ui(vec2(320.0, 76.0), |ui| {
        ui.vertical(|ui| {
            ui.set_width(320.0);
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.label(theme::display(value));
            ui.add(egui::Label::new(theme::secondary(ui, what)).wrap());
        });
    });
}

/// A strip of faces; whether they are one person's is told by icon and word.
fn group_ui(ui: &mut Ui, ctx: &Context<'_>, group: &FaceGroup, textures: &Textures) {
    let palette = theme::palette(ui.visuals());
    let width = STRIP as f32 * (FACE + 2.0) - 2.0;
    let (rect, response) = ui.allocate_exact_size(vec2(width, FACE + 20.0), Sense::hover());
    let faces = ctx.text.n("faces", group.size as u64);
    let verdict = match group.people {
        1 => ctx.text.s("demo_group_pure").to_owned(),
        people => ctx.text.n("demo_group_mixed", people as u64),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{verdict}, {faces}")));
    if !ui.is_rect_visible(rect) {
        return;
    }
    for (index, face) in group.faces.iter().take(STRIP).enumerate() {
        let left = rect.min + vec2(index as f32 * (FACE + 2.0), 0.0);
        textures.paint(ui, egui::Rect::from_min_size(left, Vec2::splat(FACE)), *face);
    }
    let (icon, colour) =
        if group.people == 1 { (Icon::Check, palette.same) } else { (Icon::TriangleAlert, palette.different) };
    let line = egui::pos2(rect.left(), rect.bottom() - 8.0);
    let painter = ui.painter();
    painter.text(line, egui::Align2::LEFT_CENTER, icons::glyph(icon), icons::font(13.0), colour);
    let words = line + vec2(18.0, 0.0);
    painter.text(words, egui::Align2::LEFT_CENTER, verdict, theme::small_font(), palette.text);
    let right = egui::pos2(rect.right(), line.y);
    painter.text(right, egui::Align2::RIGHT_CENTER, faces, theme::small_font(), palette.secondary);
}
