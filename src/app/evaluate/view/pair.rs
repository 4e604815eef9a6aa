//! Both photos of one pair, what every shown model says about them, and whether their label is right.

use eframe::egui::{self, CornerRadius, Id, Key, Modal, Role, Sense, Ui, Vec2, WidgetInfo};

use crate::app::engine::picture::ImageKey;
use crate::app::evaluate::state::Message;
use crate::app::evaluate::view::Context;
use crate::app::evaluate::view::wall::{Neighbours, Others, crop};
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::picture;
use crate::app::ui::widgets::table::{TableLayout, TableRow, table_ui};
use crate::eval::Run;

const CROP: f32 = 96.0;
/// The buttons and the table need it, however small the photos are.
const LEAST_WIDTH: f32 = 480.0;

/// Arrows go along the wall; Esc closes.
pub(crate) fn pair_ui(egui_ctx: &egui::Context, ctx: &mut Context<'_>, run: &Run, index: usize, beside: Neighbours) {
    let Some(pair) = run.pairs.get(index) else { return };
    let palette = theme::palette(&egui_ctx.global_style().visuals);
    let frame = egui::Frame::window(&egui_ctx.global_style());
    let screen = egui_ctx.content_rect().size();
    // Photos, crops, the table and the buttons share the height.
    let side = ((screen.x - 160.0) / 2.0).min(screen.y - 400.0).clamp(140.0, 420.0);
    let modal = Modal::new(Id::unique("pair")).frame(frame).backdrop_color(palette.backdrop).show(egui_ctx, |ui| {
        ui.set_width((2.0 * side + space::L).max(LEAST_WIDTH));
        title_ui(ui, ctx, run, index, &beside);
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = space::L;
            for image in [pair.a, pair.b] {
                ui.vertical(|ui| image_ui(ui, ctx, run, image, side));
            }
        });
        ui.add_space(space::S);
        models_ui(ui, ctx, run, index);
        ui.add_space(space::M);
        mark_ui(ui, ctx, run, index);
    });
    let (left, right) = egui_ctx.input(|input| (input.key_pressed(Key::ArrowLeft), input.key_pressed(Key::ArrowRight)));
    if modal.should_close() {
        ctx.send(Message::ShowPair(None));
    } else if let Some(next) = beside.before.filter(|_| left).or(beside.after.filter(|_| right)) {
        ctx.send(Message::ShowPair(Some(next)));
    }
}

fn title_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &Run, index: usize, beside: &Neighbours) {
    let pair = &run.pairs[index];
    let label = ctx.text.s(if pair.same { "labelled_same" } else { "labelled_different" });
    ui.horizontal(|ui| {
        ui.label(theme::heading(label));
        if !run.is_counted() {
            let fold = pair.fold.to_string();
            ui.label(theme::secondary(ui, ctx.text.f("in_fold", &[("fold", &fold)])));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if buttons::icon_button_ui(ui, Icon::X, ctx.text.s("close")).clicked() {
                ctx.send(Message::ShowPair(None));
            }
            let steps =
                [(Icon::ChevronRight, beside.after, "next_pair"), (Icon::ChevronLeft, beside.before, "previous_pair")];
            for (icon, to, key) in steps {
                ui.add_enabled_ui(to.is_some(), |ui| {
                    if buttons::icon_button_ui(ui, icon, ctx.text.s(key)).clicked() {
                        ctx.send(Message::ShowPair(to));
                    }
                });
            }
        });
    });
    ui.add_space(space::S);
}

/// The whole photo; under it the crop that the network saw, and whose photo it is.
fn image_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &Run, image: usize, side: f32) {
    ui.set_width(side);
    let words = run.images[image].words();
    let (frame, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &words));
    let drawable = ctx.images.get(ImageKey::Judged { run: run.number, image: image as u32 });
    picture::paint(ui, frame, drawable, picture::Fit::Contain, CornerRadius::same(theme::radius::CONTROL));
    ui.horizontal(|ui| {
        let (frame, response) = ui.allocate_exact_size(Vec2::splat(CROP), Sense::hover());
        let spoken = ctx.text.f("as_seen", &[("name", &words)]);
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &spoken));
        crop(ui, ctx, frame, ImageKey::Seen { run: run.number, image: image as u32 }, true);
        ui.vertical(|ui| {
            ui.add(egui::Label::new(theme::strong(&words)).truncate());
            let listed = &run.images[image].listed;
            ui.add(egui::Label::new(theme::secondary(ui, listed)).truncate()).on_hover_text(listed);
            ui.label(theme::secondary(ui, ctx.text.s("as_the_network_saw")));
        });
    });
}

fn models_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &Run, index: usize) {
    let pair = &run.pairs[index];
    let text = ctx.text;
    let row = |model: String, distance: f64, threshold: f64| {
        let accepted = distance <= threshold;
        let says = text.s(if accepted { "says_same" } else { "says_different" });
        let right = text.s(if accepted == pair.same { "agrees" } else { "disagrees" });
        let (distance, threshold) = (format!("{distance:.4}"), format!("{threshold:.4}"));
        TableRow::new(vec![model, says.to_owned(), right.to_owned(), distance, threshold])
    };
    let mut rows = vec![row(run.row.model.clone(), pair.distance, ctx.state.threshold)];
    for (model, found) in Others::of(ctx).judgements(run, index) {
        rows.push(match found {
            Some(found) => row(model, found.distance, found.threshold),
            None => TableRow::new(vec![model, text.s("not_judged").to_owned()]),
        });
    }
    let head =
        [text.s("head_model"), text.s("head_says"), text.s("head_label"), text.s("head_distance"), text.s("threshold")];
    table_ui(ui, TableLayout { salt: "pair", head: &head, words: 3, clickable: false }, &rows);
}

fn mark_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &Run, index: usize) {
    let doubt = run.doubts.get(&index);
    let palette = theme::palette(ui.visuals());
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        let marked = doubt.is_some_and(|doubt| doubt.marked_here);
        let (icon, key) = if marked { (Icon::FlagOff, "take_mark_back") } else { (Icon::Flag, "mark_mislabelled") };
        if buttons::icon_and_text_ui(ui, Rank::Plain, icon, ctx.text.s(key)).clicked() {
            ctx.send(Message::Mark { pair: index, mislabelled: !marked });
        }
        match doubt {
            Some(doubt) => {
                ui.label(icons::text(Icon::Flag).color(palette.unsure));
                let words = if marked { ctx.text.s("marked_here") } else { &doubt.why };
                ui.add(egui::Label::new(words).truncate()).on_hover_text(words);
            }
            None => {
                let words = ctx.text.s("mark_what");
                ui.add(egui::Label::new(theme::secondary(ui, words)).truncate()).on_hover_text(words);
            }
        }
    });
}
