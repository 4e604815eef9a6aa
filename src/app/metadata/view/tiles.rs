//! Single faces: a picture with a tick, and the whole photo with its box where the pointer rests on it.

use eframe::egui::{
    self, CornerRadius, Key, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2,
};

use super::Context;
use crate::app::engine::picture::ImageKey;
use crate::app::metadata::state::{Message, NamePlace, TickedName};
use crate::app::ui::action::Action;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::page::Page;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::thumbnails::Drawable;
use crate::app::ui::widgets::{buttons, picture};
use crate::metadata::found::NameKind;
use crate::metadata::region_box::RegionBox;
use crate::types::{FaceId, PhotoId};

/// A face with what is said to it alone below it.
pub(super) const CELL: Vec2 = Vec2::new(TILE + space::M, TILE + size::CONTROL + space::M);
const TILE: f32 = 96.0;
/// The whole photo.
const PHOTO: Vec2 = Vec2::new(480.0, 360.0);
/// How much about a region is shown in its place, in its longer sides.
const AROUND: f32 = 1.6;
const TICK: f32 = 20.0;

/// Whether no face was found at its place.
pub(super) fn is_unseen(name: &TickedName) -> bool {
    name.name.place == NamePlace::Region
}

pub(super) fn cells_ui(ui: &mut Ui, ctx: &mut Context<'_>, names: &[TickedName], spelled: &str) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing = Vec2::new(space::M, space::XS);
        for name in names {
            ui.vertical(|ui| {
                ui.set_width(TILE);
                cell_ui(ui, ctx, name, spelled);
            });
        }
    });
}

/// A click takes it with the others, or not; C takes it at once, X refuses it, Space opens the photo.
fn cell_ui(ui: &mut Ui, ctx: &mut Context<'_>, name: &TickedName, spelled: &str) {
    let of = &name.name.of;
    let label = match (name.name.place, name.name.kind) {
        (NamePlace::Region, _) => ctx.text.f("name_of_region", &[("name", spelled)]),
        (_, NameKind::Confirmed) => ctx.text.f("name_of_face", &[("name", spelled)]),
        _ => ctx.text.f("guessed_name_of_face", &[("name", spelled)]),
    };
    let tile = PlaceTile { place: name.name.place, photo: of.photo, at: name.name.at, side: TILE, name: &label };
    let response = tile.ui(ui, ctx, Some(name.ticked));
    let pressed = |key| response.has_focus() && ui.input(|input| input.key_pressed(key));
    if pressed(Key::Space) {
        ctx.act(Action::Open(Page::Photo(of.photo)));
    } else if pressed(Key::C) {
        ctx.send(Message::TakeOne(of.clone()));
    } else if pressed(Key::X) {
        ctx.send(Message::RefuseOne(of.clone()));
    } else if response.clicked() {
        ctx.send(Message::Tick(of.clone()));
    }
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        let named = |key| ctx.text.f(key, &[("name", spelled)]);
        if buttons::icon_button_ui(ui, Icon::Check, &named("take_this_name")).clicked() {
            ctx.send(Message::TakeOne(of.clone()));
        }
        if buttons::icon_button_ui(ui, Icon::X, &named("not_them")).clicked() {
            ctx.send(Message::RefuseOne(of.clone()));
        }
        if buttons::icon_button_ui(ui, Icon::Images, ctx.text.s("show_photo")).clicked() {
            ctx.act(Action::Open(Page::Photo(of.photo)));
        }
    });
}

/// A face, or the place of one in its photo.
pub(super) struct PlaceTile<'a> {
    pub place: NamePlace,
    pub photo: PhotoId,
    /// In the upright picture.
    pub at: RegionBox,
    pub side: f32,
    /// For screen readers.
    pub name: &'a str,
}

impl PlaceTile<'_> {
    /// With a tick where it can be ticked.
    pub fn ui(&self, ui: &mut Ui, ctx: &mut Context<'_>, ticked: Option<bool>) -> Response {
        let (rect, response) = ui.allocate_exact_size(Vec2::splat(self.side), Sense::click());
        response.widget_info(|| match ticked {
            Some(ticked) => WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), ticked, self.name),
            None => WidgetInfo::labeled(Role::Button, ui.is_enabled(), self.name),
        });
        if response.gained_focus() {
            response.scroll_to_me(None);
        }
        if ui.is_rect_visible(rect) {
            let rounding = CornerRadius::same(theme::radius::TILE);
            match self.place {
                NamePlace::Face(face) => paint_face(ui, ctx, rect, face, rounding),
                NamePlace::Region => paint_region(ui, ctx, rect, self.photo, self.at, rounding),
            }
            let palette = theme::palette(ui.visuals());
            if response.hovered() {
                ui.painter().rect_stroke(
                    rect,
                    rounding,
                    Stroke::new(size::RING, palette.secondary),
                    StrokeKind::Inside,
                );
            }
            if let Some(ticked) = ticked {
                paint_tick(ui, rect, ticked, rounding);
            }
            buttons::focus_ring(ui, rect, &response, rounding, palette);
        }
        response.on_hover_ui(|ui| whole_photo_ui(ui, ctx, self.photo, self.at, self.name))
    }
}

fn paint_face(ui: &Ui, ctx: &mut Context<'_>, rect: Rect, face: FaceId, rounding: CornerRadius) {
    picture::paint(ui, rect, ctx.images.get(ImageKey::Face(face)), picture::Fit::Cover, rounding);
}

/// A part of the thumbnail, as large as the tile.
fn paint_region(ui: &Ui, ctx: &mut Context<'_>, rect: Rect, photo: PhotoId, at: RegionBox, rounding: CornerRadius) {
    let drawable = ctx.images.get(ImageKey::Thumbnail(photo));
    let Drawable::Ready { texture, size } = drawable else {
        picture::paint(ui, rect, drawable, picture::Fit::Cover, rounding);
        return;
    };
    let side = (at.width * size.x).max(at.height * size.y) * AROUND;
    let side = side.min(size.x).min(size.y).max(1.0);
    let [x, y] = at.centre();
    let edge = |centre: f32, length: f32| (centre * length - side / 2.0).clamp(0.0, (length - side).max(0.0));
    let (left, top) = (edge(x, size.x), edge(y, size.y));
    let uv = Rect::from_min_max(pos2(left / size.x, top / size.y), pos2((left + side) / size.x, (top + side) / size.y));
    let shape = egui::epaint::RectShape::filled(rect, rounding, theme::PICTURE_TINT).with_texture(texture, uv);
    ui.painter().add(egui::Shape::Rect(shape));
}

/// Told by an icon: a faded picture alone says too little.
fn paint_tick(ui: &Ui, rect: Rect, ticked: bool, rounding: CornerRadius) {
    let palette = theme::palette(ui.visuals());
    if !ticked {
        ui.painter().rect_filled(rect, rounding, palette.surface.gamma_multiply(0.6));
    }
    let mark = Rect::from_min_size(rect.right_top() + Vec2::new(-TICK - space::XS, space::XS), Vec2::splat(TICK));
    let corner = CornerRadius::same(theme::radius::CONTROL);
    let (fill, line) = if ticked { (palette.accent, palette.accent) } else { (palette.surface, palette.secondary) };
    ui.painter().rect(mark, corner, fill, Stroke::new(size::HAIRLINE, line), StrokeKind::Inside);
    if ticked {
        let (glyph, font) = (icons::glyph(Icon::Check), icons::font(size::ICON));
        ui.painter().text(mark.center(), egui::Align2::CENTER_CENTER, glyph, font, palette.on_accent);
    }
}

/// The photo with the box in it.
fn whole_photo_ui(ui: &mut Ui, ctx: &mut Context<'_>, photo: PhotoId, at: RegionBox, name: &str) {
    let (frame, _) = ui.allocate_exact_size(PHOTO, Sense::hover());
    let drawable = match ctx.images.get(ImageKey::Large(photo)) {
        Drawable::Loading => ctx.images.get(ImageKey::Thumbnail(photo)),
        other => other,
    };
    let rounding = CornerRadius::same(theme::radius::CONTROL);
    let whole = picture::paint(ui, frame, drawable, picture::Fit::Contain, rounding);
    if matches!(drawable, Drawable::Ready { .. }) {
        let corner = whole.min + Vec2::new(at.x * whole.width(), at.y * whole.height());
        let size = Vec2::new(at.width * whole.width(), at.height * whole.height());
        let palette = theme::palette(ui.visuals());
        let stroke = Stroke::new(3.0, palette.accent);
        ui.painter().rect_stroke(Rect::from_min_size(corner, size), CornerRadius::same(4), stroke, StrokeKind::Outside);
    }
    ui.label(name);
}
