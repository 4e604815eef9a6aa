//! What surrounds the faces of a person's page: verdicts, ticks, distances, and who is not this person.

use eframe::egui::{self, Align2, CornerRadius, Id, Rect, Ui, Vec2};

use super::{Section, section_faces};
use crate::app::people::state::{Message, PersonPage};
use crate::app::people::view::Context;
use crate::app::ui::action::Action;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::locale::grouped;
use crate::app::ui::page::Page;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::face_tile::{FaceTile, TileFrame, face_tile_ui};
use crate::app::ui::widgets::name_field::{Entered, NameField, NameFieldOptions, name_field_ui};
use crate::library::{Belongs, Decision, Destination, SetAside};
use crate::types::{FaceId, PhotoId};

/// How much of a face is seen whose photo is missing.
const FADED: f32 = 0.5;

pub(super) fn open_photo(ctx: &mut Context<'_>, photo: PhotoId) {
    ctx.act(Action::Open(Page::Photo(photo)));
}

/// Carries out what was decided on this page.
pub(super) fn decide(ctx: &mut Context<'_>, page: &PersonPage, decision: Decision) {
    ctx.send(Message::Decide(decision, page.seen));
}

/// Where the faces go may be older than this page.
pub(super) fn move_to(ctx: &mut Context<'_>, page: &PersonPage, faces: Vec<FaceId>, to: Destination) {
    let seen = match to {
        Destination::Person(_) => page.seen.min(ctx.facts.people_seen()),
        Destination::NewPerson { .. } => page.seen,
    };
    ctx.send(Message::Decide(Decision::Move { of: Some(page.person), faces, to }, seen));
}

/// What else can be said of selected faces.
pub(super) fn selected_menu_ui(ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage, faces: &[FaceId]) {
    let aside = |why| Decision::SetAside { of: Some(page.person), faces: faces.to_vec(), why };
    let mut entries = vec![
        (Icon::Users, "selected_strangers", aside(SetAside::Stranger)),
        (Icon::UserX, "selected_no_faces", aside(SetAside::NotAFace)),
    ];
    if let &[face] = faces {
        entries.insert(0, (Icon::Images, "selected_cover", Decision::Cover { person: page.person, face }));
    }
    let held = page.held.iter().filter(|face| face.belongs.is_decided()).map(|face| face.face_id);
    // Sorted, as a selection is: this is asked at every frame of an open menu, and a selection may be tens of thousands.
    let held: Vec<FaceId> = held.filter(|face| faces.binary_search(face).is_ok()).collect();
    if !held.is_empty() {
        entries.push((
            Icon::CircleQuestionMark,
            "selected_open",
            Decision::TakeBackYes { person: page.person, faces: held },
        ));
    }
    for (icon, key, decision) in entries {
        if buttons::entry_ui(ui, icon, ctx.text.s(key)) {
            decide(ctx, page, decision);
        }
    }
}

/// The ways back from a name and from a chosen cover.
pub(super) fn take_back_ui(ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage) {
    if let Some(name) = &page.name
        && buttons::entry_ui(ui, Icon::Eraser, &ctx.text.f("take_back_name", &[("name", name)]))
    {
        decide(ctx, page, Decision::TakeBackName(page.person));
    }
    if page.is_cover_chosen && buttons::entry_ui(ui, Icon::Images, ctx.text.s("automatic_cover")) {
        decide(ctx, page, Decision::AutomaticCover(page.person));
    }
}

/// What a section is called, and how much it holds.
pub(super) fn heading_words(ctx: &Context<'_>, page: &PersonPage, section: Section) -> (String, String) {
    match (section, page.name.as_deref()) {
        (Section::Held, Some(_)) => (ctx.text.s("their_faces").to_owned(), held_words(ctx, page)),
        (Section::Held | Section::Suggested, None) => {
            let count = section_faces(page, section).len() as u64;
            (ctx.text.s("in_this_group").to_owned(), grouped(count))
        }
        (Section::Suggested, Some(name)) => {
            (ctx.text.f("probably", &[("name", name)]), grouped(page.suggested.len() as u64))
        }
        (Section::Missing, _) => (ctx.text.s("in_missing_photos").to_owned(), grouped(page.missing.len() as u64)),
        (Section::Rejected, name) => {
            let name = name.unwrap_or(ctx.text.s("this_group"));
            (ctx.text.f("not_them", &[("name", name)]), ctx.text.n("faces", page.rejected.len() as u64))
        }
        (Section::Apart, _) => (ctx.text.s("somebody_else").to_owned(), grouped(page.apart.len() as u64)),
    }
}

/// How many faces there are: "12 faces, 3 in photos that are missing".
pub(super) fn count_words(ctx: &Context<'_>, page: &PersonPage) -> String {
    let mut parts = vec![ctx.text.n("faces", (page.held.len() + page.suggested.len()) as u64)];
    if !page.missing.is_empty() {
        parts.push(ctx.text.n("faces_missing", page.missing.len() as u64));
    }
    parts.join(ctx.text.s("list_separator"))
}

/// What is held: "12 confirmed, 40 named with the group".
fn held_words(ctx: &Context<'_>, page: &PersonPage) -> String {
    let parts =
        [("count_confirmed", Belongs::Confirmed), ("count_named", Belongs::Named), ("count_grouped", Belongs::Grouped)];
    let counted = parts.map(|(key, belongs)| (key, page.count(belongs)));
    let words = counted.into_iter().filter(|(_, count)| *count > 0).map(|(key, count)| ctx.text.n(key, count));
    words.collect::<Vec<_>>().join(ctx.text.s("list_separator"))
}

/// ✓ and ✗ below a suggested face.
pub(super) fn verdict_ui(ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage, face: FaceId) {
    let person = page.person;
    ui.horizontal(|ui| {
        ui.add_space((size::FACE_TILE - 2.0 * size::CONTROL - space::M) / 2.0);
        ui.spacing_mut().item_spacing.x = space::M;
        ui.spacing_mut().item_spacing.y = 0.0;
        if buttons::icon_button_ui(ui, Icon::Check, ctx.text.s("confirm")).clicked() {
            decide(ctx, page, Decision::Confirm { person, faces: vec![face] });
        }
        if buttons::icon_button_ui(ui, Icon::X, ctx.text.s("reject")).clicked() {
            decide(ctx, page, Decision::Reject { person, faces: vec![face] });
        }
    });
}

/// Why faces are not among the others, and how they come back.
pub(super) fn why_missing_ui(ui: &mut Ui, ctx: &Context<'_>) {
    ui.add(egui::Label::new(theme::secondary(ui, ctx.text.s("in_missing_photos_why"))).wrap());
}

/// A face in a photo that is missing, faded. What was said of it holds, and can be taken back.
pub(super) fn missing_ui(ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage, face: FaceId, photo: PhotoId) {
    ui.vertical(|ui| {
        ui.set_width(size::FACE_TILE);
        let label = ctx.text.s("face_in_missing_photo");
        let tile = FaceTile { face, side: size::FACE_TILE, frame: TileFrame::Square, selected: false, name: label };
        let faded = ui.scope(|ui| {
            ui.multiply_opacity(FADED);
            face_tile_ui(ui, ctx, tile)
        });
        if faded.inner.on_hover_text(label).clicked() {
            open_photo(ctx, photo);
        }
        if page.name.is_some() && buttons::button_ui(ui, Rank::Quiet, ctx.text.s("reject")).clicked() {
            decide(ctx, page, Decision::Reject { person: page.person, faces: vec![face] });
        }
    });
}

/// A face that is not this person, and the way back.
pub(super) fn rejected_ui(ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage, face: FaceId, photo: PhotoId) {
    ui.vertical(|ui| {
        ui.set_width(size::FACE_TILE);
        let name = page.name.as_deref().unwrap_or(ctx.text.s("this_group"));
        let label = ctx.text.f("not_them", &[("name", name)]);
        let tile = FaceTile { face, side: size::FACE_TILE, frame: TileFrame::Square, selected: false, name: &label };
        if face_tile_ui(ui, ctx, tile).clicked() {
            open_photo(ctx, photo);
        }
        if buttons::button_ui(ui, Rank::Quiet, ctx.text.s("may_be_them")).clicked() {
            decide(ctx, page, Decision::TakeBackReject { person: page.person, face });
        }
    });
}

/// Somebody who is not this person, and the way back.
pub(super) fn apart_ui(ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage, index: usize) {
    let (other, name) = &page.apart[index];
    ui.horizontal(|ui| {
        if buttons::link_ui(ui, name.as_deref().unwrap_or(ctx.text.s("unnamed_group"))).clicked() {
            ctx.act(Action::Open(Page::Person(*other)));
        }
        if buttons::button_ui(ui, Rank::Quiet, ctx.text.s("may_be_same")).clicked() {
            decide(ctx, page, Decision::MayBeSame(page.person, *other));
        }
    });
}

/// Confirmed one by one: a quiet tick in the upper right corner of a tile.
pub(super) fn tick_ui(ui: &Ui, tile: Rect) {
    let palette = theme::palette(ui.visuals());
    let centre = tile.right_top() + Vec2::new(-space::M, space::M);
    ui.painter().circle_filled(centre, size::ICON / 2.0 + 1.0, palette.scrim);
    let font = egui::FontId::new(theme::type_size::SMALL, theme::icon_family());
    ui.painter().text(centre, Align2::CENTER_CENTER, icons::glyph(Icon::Check), font, palette.on_scrim);
}

/// The distance, in the lower left corner of a tile.
pub(super) fn distance_ui(ui: &Ui, tile: Rect, distance: &str) {
    let palette = theme::palette(ui.visuals());
    let galley = ui.painter().layout_no_wrap(distance.to_owned(), theme::small_font(), palette.on_scrim);
    let at = tile.left_bottom() + Vec2::new(space::XS, -space::XS);
    let rect = Align2::LEFT_BOTTOM.anchor_size(at, galley.size() + Vec2::new(space::S, space::XS));
    ui.painter().rect_filled(rect, CornerRadius::same(4), palette.scrim);
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, palette.on_scrim);
}

/// Where selected faces are to go, once it is said.
pub(super) fn move_target_ui(ui: &mut Ui, ctx: &mut Context<'_>, field: &mut NameField) -> Option<Destination> {
    let id = Id::unique("move to");
    let options = picking(ui, ctx, id, field, "name_hint");
    Some(match name_field_ui(ui, ctx, id, field, options).0? {
        Entered::Person(row) => Destination::Person(row.person),
        Entered::Typed(name) => Destination::NewPerson { name },
    })
}

/// An empty field of a menu takes the keyboard.
pub(super) fn picking<'a>(
    ui: &Ui,
    ctx: &Context<'a>,
    id: Id,
    field: &NameField,
    hint_key: &'a str,
) -> NameFieldOptions<'a> {
    let focus = !ui.memory(|memory| memory.has_focus(id)) && field.text.is_empty();
    NameFieldOptions { label: ctx.text.s("name_label"), hint: ctx.text.s(hint_key), width: 220.0, focus }
}
