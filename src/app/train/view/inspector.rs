//! The triplet inspector: anchor, positive and negative of the newest mini-batch with their distances, and how much
//! each triplet still has to teach. Kinds are told by word and icon, not by colour alone.

use eframe::egui::{self, Align2, Color32, CornerRadius, Rect, Role, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};

use crate::app::engine::picture::Picture;
use crate::app::train::state::words;
use crate::app::train::view::Context;
use crate::app::train::view::album::Textures;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::locale::grouped;
use crate::app::ui::theme::{self, space};
use crate::train::mining::Space;
use crate::train::snapshot::{BatchSnapshot, TripletKind, TripletSnapshot};

const FACE: f32 = 66.0;
const GAP: f32 = 4.0;
const LINE: f32 = 18.0;
const CARD: Vec2 = vec2(3.0 * FACE + 2.0 * GAP, LINE + FACE + 2.0 * LINE + GAP + LINE);
/// Bars end at this squared distance: a right angle.
const LONGEST: f32 = 2.0;

pub(crate) fn inspector_ui(ui: &mut Ui, ctx: &Context<'_>, snapshot: &BatchSnapshot, textures: &mut Textures) {
    textures.update(ui.ctx(), snapshot.step, || {
        snapshot.faces.iter().map(|face| Picture::from_rgb(&face.thumbnail)).collect()
    });
    ui.label(theme::strong(ctx.text.f("train_triplets", &[("step", &grouped(snapshot.step))])));
    let margin = format!("{:.2}", snapshot.margin);
    ui.add(egui::Label::new(theme::secondary(ui, ctx.text.f("train_triplets_what", &[("margin", &margin)]))).wrap());
    ui.add_space(space::XS);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(space::XL, space::L);
        for triplet in &snapshot.triplets {
            triplet_ui(ui, ctx, snapshot, *triplet, textures);
        }
    });
}

fn triplet_ui(ui: &mut Ui, ctx: &Context<'_>, snapshot: &BatchSnapshot, triplet: TripletSnapshot, textures: &Textures) {
    let (rect, response) = ui.allocate_exact_size(CARD, Sense::hover());
    let kind = ctx.text.s(words::triplet_key(triplet.kind));
    let distances = [triplet.to_positive, triplet.to_negative].map(|distance| format!("{distance:.2}"));
    let values = [("kind", kind), ("positive", distances[0].as_str()), ("negative", distances[1].as_str())];
    let spoken = ctx.text.f("train_triplet_spoken", &values);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &spoken));
    if !ui.is_rect_visible(rect) {
        return;
    }
    let palette = theme::palette(ui.visuals());
    let (icon, colour) = mark(ui, triplet.kind);
    let top = rect.min;
    ui.painter().text(top, Align2::LEFT_TOP, icons::glyph(icon), icons::font(14.0), colour);
    let at = top + vec2(20.0, 0.0);
    ui.painter().text(at, Align2::LEFT_TOP, kind, theme::strong_font(theme::type_size::SMALL), palette.text);
    if !triplet.learned_from {
        let random = ctx.text.s("train_triplet_random");
        ui.painter().text(rect.right_top(), Align2::RIGHT_TOP, random, theme::small_font(), palette.secondary);
    }
    let faces = [triplet.anchor, triplet.positive, triplet.negative];
    let keys = ["train_anchor", "train_positive", "train_negative"];
    let row = top + vec2(0.0, LINE + GAP);
    for (index, (face, key)) in faces.into_iter().zip(keys).enumerate() {
        let frame = Rect::from_min_size(row + vec2(index as f32 * (FACE + GAP), 0.0), Vec2::splat(FACE));
        textures.paint(ui, frame, face);
        let under = pos2(frame.center().x, frame.bottom() + 1.0);
        let old = if triplet.spaces[index] == Space::Old { ctx.text.s("train_old_vector") } else { "" };
        let caption = format!("{}{old}", ctx.text.s(key));
        ui.painter().text(under, Align2::CENTER_TOP, caption, theme::small_font(), palette.secondary);
    }
    let bars = row.y + FACE + LINE;
    bar_ui(ui, rect, bars, triplet.to_positive, palette.same, ("+", &distances[0]));
    bar_ui(ui, rect, bars + LINE - 2.0, triplet.to_negative, palette.different, ("−", &distances[1]));
    let people = faces.map(|face| snapshot.faces.get(face).map_or("", |face| face.person.as_str()));
    let who = [("anchor", people[0]), ("positive", people[1]), ("negative", people[2])];
    response.on_hover_text(ctx.text.f("train_triplet_who", &who));
}

/// A sign, a bar as long as the squared distance, and the distance in figures.
fn bar_ui(ui: &Ui, card: Rect, top: f32, distance: f32, colour: Color32, (sign, figures): (&str, &str)) {
    let palette = theme::palette(ui.visuals());
    let middle = top + LINE / 2.0;
    ui.painter().text(pos2(card.left(), middle), Align2::LEFT_CENTER, sign, theme::small_font(), palette.secondary);
    ui.painter().text(pos2(card.right(), middle), Align2::RIGHT_CENTER, figures, theme::small_font(), palette.text);
    let track = Rect::from_min_max(pos2(card.left() + 14.0, middle - 3.0), pos2(card.right() - 34.0, middle + 3.0));
    ui.painter().rect_filled(track, CornerRadius::same(3), palette.raised);
    let share = (distance / LONGEST).clamp(0.0, 1.0);
    let bar = Rect::from_min_size(track.min, vec2(track.width() * share, track.height()));
    ui.painter().rect_filled(bar, CornerRadius::same(3), colour);
}

fn mark(ui: &Ui, kind: TripletKind) -> (Icon, Color32) {
    let palette = theme::palette(ui.visuals());
    match kind {
        TripletKind::Hard => (Icon::Flame, palette.different),
        TripletKind::SemiHard => (Icon::Zap, palette.unsure),
        TripletKind::Easy => (Icon::Check, palette.same),
    }
}
