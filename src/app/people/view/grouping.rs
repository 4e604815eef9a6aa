//! The grouping panel: how alike two faces must be, and what another answer would change, before anything is changed.

use eframe::egui::{self, Slider, Ui, WidgetInfo};

use crate::app::people::state::Message;
use crate::app::people::state::{GroupChange, GroupChangeKind, GroupingPreview};
use crate::app::people::view::Context;
use crate::app::ui::action::Action;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::locale::grouped;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::face_strip::face_strip_ui;
use crate::cluster::{Linkage, MATRIX_MAX_FACES};

/// Squared distances outside this range make no sense as a threshold.
const THRESHOLDS: std::ops::RangeInclusive<f32> = 0.3..=2.0;

pub(crate) fn grouping_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    ui.horizontal(|ui| {
        ui.label(theme::lead(ctx.text.s("grouping")));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if buttons::icon_button_ui(ui, Icon::X, ctx.text.s("close")).clicked() {
                ctx.act(Action::ToggleGrouping);
            }
        });
    });
    ui.add(egui::Label::new(theme::secondary(ui, ctx.text.s("grouping_what"))).wrap());
    ui.add_space(space::S);
    let (threshold, linkage) = ctx.state.grouping.asked.unwrap_or(ctx.facts.grouped_with());
    threshold_ui(ui, ctx, threshold, linkage);
    ui.collapsing(ctx.text.s("advanced"), |ui| linkage_ui(ui, ctx, threshold, linkage));
    ui.add_space(space::S);
    ui.separator();
    match &ctx.state.grouping.preview {
        None => {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.label(theme::secondary(ui, ctx.text.s("grouping_working")));
            });
        }
        Some(preview) => preview_ui(ui, ctx, preview),
    }
}

fn threshold_ui(ui: &mut Ui, ctx: &mut Context<'_>, threshold: f32, linkage: Linkage) {
    let mut value = threshold;
    let reach = ctx.state.grouping.preview.as_ref().and_then(|preview| preview.reach);
    let end = reach.map_or(*THRESHOLDS.end(), |reach| end_of_slider(reach).max(threshold));
    ui.spacing_mut().slider_width = ui.available_width() - space::S;
    let slider = |ui: &mut Ui| {
        ui.spacing_mut().interact_size.y = size::SLIDER;
        ui.add(Slider::new(&mut value, *THRESHOLDS.start()..=end).show_value(false).step_by(0.01))
    };
    let response = ui.scope(slider).inner;
    let (number, label) = (f64::from(value), ctx.text.s("threshold"));
    response.widget_info(|| WidgetInfo::slider(true, number, label));
    ui.horizontal(|ui| {
        ui.set_height(theme::type_size::HEADING);
        ui.label(theme::secondary(ui, ctx.text.s("cautious")));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.label(theme::secondary(ui, ctx.text.s("eager")));
        });
    });
    ui.label(ctx.text.f("threshold_is", &[("threshold", &format!("{value:.2}"))]));
    if reach.is_some_and(|reach| end_of_slider(reach) < *THRESHOLDS.end()) {
        let words = ctx.text.f("threshold_ends", &[("threshold", &format!("{end:.2}"))]);
        ui.add(egui::Label::new(theme::secondary(ui, words)).wrap());
    }
    if response.changed() {
        ctx.send(Message::PreviewGrouping { squared_distance: value, linkage });
    }
}

/// In whole steps.
fn end_of_slider(reach: f32) -> f32 {
    ((reach * 100.0).floor() / 100.0).min(*THRESHOLDS.end())
}

fn linkage_ui(ui: &mut Ui, ctx: &mut Context<'_>, threshold: f32, linkage: Linkage) {
    ui.label(theme::secondary(ui, ctx.text.s("linkage")));
    let faces = ctx.facts.overview.ready().map_or(0, |overview| overview.faces) as usize;
    for choice in Linkage::ALL {
        let radio = egui::RadioButton::new(choice == linkage, ctx.text.s(linkage_key(choice)));
        if ui.add_enabled(choice.holds(faces), radio).clicked() {
            ctx.send(Message::PreviewGrouping { squared_distance: threshold, linkage: choice });
        }
    }
    if !Linkage::ALL.into_iter().all(|choice| choice.holds(faces)) {
        let words = ctx.text.f("linkage_many", &[("most", &grouped(MATRIX_MAX_FACES as u64))]);
        ui.add(egui::Label::new(theme::secondary(ui, words)).wrap());
    }
}

fn preview_ui(ui: &mut Ui, ctx: &mut Context<'_>, preview: &GroupingPreview) {
    let after = grouped(preview.groups_after);
    ui.label(theme::strong(ctx.text.nf("groups_become", preview.groups_before, &[("after", &after)])));
    ui.label(theme::secondary(ui, ctx.text.n("faces_move", preview.faces_moved)));
    match preview.wrong_merges {
        Some(share) => {
            let [rate, least, most] = [share.per_1000, share.least, share.most].map(|rate| format!("{rate:.1}"));
            let known = [("rate", rate.as_str()), ("least", least.as_str()), ("most", most.as_str())];
            let words = ctx.text.nf("wrong_merges", share.pairs, &known);
            ui.add(egui::Label::new(theme::secondary(ui, words)).wrap());
        }
        None => {
            ui.add(egui::Label::new(theme::secondary(ui, ctx.text.s("wrong_merges_unknown"))).wrap());
        }
    }
    ui.add_space(space::S);
    let changes = preview.faces_moved > 0 || preview.groups_before != preview.groups_after;
    let is_shown = ctx.state.grouping.previewed().is_some();
    if buttons::enabled_button_ui(ui, changes && is_shown, Rank::Primary, ctx.text.s("apply")).clicked() {
        ctx.send(Message::ApplyGrouping);
    }
    ui.add_space(space::S);
    egui::ScrollArea::vertical().id_salt("changes").auto_shrink(false).show(ui, |ui| {
        for change in &preview.changes {
            change_ui(ui, ctx, change);
        }
    });
}

fn change_ui(ui: &mut Ui, ctx: &mut Context<'_>, change: &GroupChange) {
    let (icon, key) = match change.kind {
        GroupChangeKind::Joins => (Icon::Merge, "change_joins"),
        GroupChangeKind::Splits => (Icon::Split, "change_splits"),
    };
    ui.horizontal(|ui| {
        ui.label(icons::text(icon).color(theme::palette(ui.visuals()).secondary));
        let name = change.name.as_deref().unwrap_or(ctx.text.s("unnamed"));
        ui.label(theme::secondary(ui, ctx.text.f(key, &[("name", name)])));
    });
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::M;
        for part in &change.parts {
            let name = ctx.text.n("group_of", part.len() as u64);
            face_strip_ui(ui, ctx, &part[..part.len().min(3)], 0, 40.0, &name);
        }
    });
    ui.add_space(space::S);
}

fn linkage_key(linkage: Linkage) -> &'static str {
    match linkage {
        Linkage::Average => "linkage_average",
        Linkage::Complete => "linkage_complete",
        Linkage::Single => "linkage_single",
        Linkage::Ward => "linkage_ward",
    }
}
