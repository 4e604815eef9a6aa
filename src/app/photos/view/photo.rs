//! One photo with its faces: boxes and names over it, the people beside it, linked both ways.

use eframe::egui::{
    self, Align2, CornerRadius, Id, Key, Panel, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo,
};
use std::collections::HashMap;

use crate::app::engine::facts::Loadable;
use crate::app::engine::picture::ImageKey;
use crate::app::photos::state::{Message, PhotoPage};
use crate::app::photos::view::Context;
use crate::app::ui::action::Action;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::page::Page;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::thumbnails::Drawable;
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::face_tile::{FaceTile, TileFrame, face_tile_ui};
use crate::app::ui::widgets::name_field::{Entered, NameField, NameFieldOptions, name_field_ui};
use crate::app::ui::widgets::{picture, status};
use crate::library::{Belongs, Decision, Destination, FaceDetail, FaceState, PhotoState, SetAside};
use crate::types::{FaceId, PersonId};

#[derive(Default)]
pub(crate) struct PhotoView {
    /// The face under the pointer, in the photo or in the list.
    pointed: Option<FaceId>,
    fields: HashMap<FaceId, NameField>,
    /// N was pressed: the next frame gives this face's field the keyboard.
    naming: Option<FaceId>,
}

impl PhotoView {
    pub fn ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        if !ui.ctx().text_edit_focused() {
            self.keys(ui, ctx);
        }
        match &ctx.state.photo {
            Loadable::Loading => status::skeleton_ui(ui, Vec2::splat(size::FACE_TILE * 3.0), ctx.text.s("loading")),
            Loadable::Failed(failure) => {
                let again = ctx.text.s("back");
                if status::failed_ui(ui, ctx.text, failure, again) {
                    ctx.act(Action::Back);
                }
            }
            Loadable::Ready(page) => self.photo_ui(ui, ctx, page),
        }
    }

    /// Arrows go along the timeline; N names the pointed face, else the first that has no name.
    fn keys(&mut self, ui: &Ui, ctx: &mut Context<'_>) {
        let pressed = |key| ui.input(|input| input.key_pressed(key));
        if pressed(Key::ArrowLeft) {
            ctx.send(Message::Previous);
        } else if pressed(Key::ArrowRight) {
            ctx.send(Message::Next);
        } else if pressed(Key::N) {
            let nameless = |face: &&FaceDetail| face.name.is_none();
            let faces = ctx.state.photo.ready().map_or(&[][..], |page| &page.faces);
            let pointed = faces.iter().filter(nameless).find(|face| self.pointed == Some(face.face_id));
            self.naming = pointed.or_else(|| faces.iter().find(nameless)).map(|face| face.face_id);
            ui.ctx().request_repaint();
        }
    }

    fn photo_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, page: &PhotoPage) {
        let was_pointed = self.pointed.take();
        putting_back_ui(ui, ctx);
        Panel::right("photo faces")
            .exact_size(size::SIDE_PANEL)
            .frame(egui::Frame::new().inner_margin(egui::Margin { left: space::L as i8, ..Default::default() }))
            .resizable(false)
            .show_separator_line(false)
            .show(ui, |ui| self.list_ui(ui, ctx, page, was_pointed));
        let frame = ui.available_rect_before_wrap();
        ui.allocate_rect(frame, Sense::hover());
        // The thumbnail stands in until the large picture is there.
        let drawable = match ctx.images.get(ImageKey::Large(page.photo.id)) {
            Drawable::Loading => ctx.images.get(ImageKey::Thumbnail(page.photo.id)),
            other => other,
        };
        let rounding = CornerRadius::same(theme::radius::CONTROL);
        let whole = picture::paint(ui, frame, drawable, picture::Fit::Contain, rounding);
        if matches!(drawable, Drawable::Ready { .. }) {
            let scale = whole.width() / page.photo.width.max(1) as f32;
            for face in &page.faces {
                self.box_ui(ui, ctx, face, whole, scale, was_pointed);
            }
        }
    }

    fn box_ui(
        &mut self,
        ui: &Ui,
        ctx: &mut Context<'_>,
        face: &FaceDetail,
        whole: Rect,
        scale: f32,
        was_pointed: Option<FaceId>,
    ) {
        let box_on_screen = face.detection.face_box.scaled(scale);
        let rect = Rect::from_min_size(
            whole.min + Vec2::new(box_on_screen.x, box_on_screen.y),
            Vec2::new(box_on_screen.width, box_on_screen.height),
        );
        let response = ui.interact(rect, ui.scope_id().with(face.face_id), Sense::click());
        let name = face.name.as_deref().unwrap_or(ctx.text.s("unnamed"));
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
        if response.hovered() {
            self.pointed = Some(face.face_id);
        }
        if response.clicked()
            && !put_back(ctx, face.face_id)
            && let Some(person) = face.state.person()
        {
            ctx.act(Action::Open(Page::Person(person)));
        }
        let palette = theme::palette(ui.visuals());
        let lit = response.hovered() || was_pointed == Some(face.face_id) || response.has_focus();
        let stroke = if lit { Stroke::new(3.0, palette.accent) } else { Stroke::new(1.5, palette.on_scrim) };
        ui.painter().rect_stroke(rect, CornerRadius::same(4), stroke, StrokeKind::Outside);
        if lit || face.name.is_some() {
            label_ui(ui, rect, name);
        }
    }

    fn list_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, page: &PhotoPage, was_pointed: Option<FaceId>) {
        facts_ui(ui, ctx, page);
        ui.add_space(space::M);
        ui.label(theme::lead(ctx.text.n("faces", page.faces.len() as u64)));
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            for face in &page.faces {
                let lit = was_pointed == Some(face.face_id);
                let row = ui.horizontal(|ui| self.face_row_ui(ui, ctx, page, face, lit));
                if ui.rect_contains_pointer(row.response.rect) {
                    self.pointed = Some(face.face_id);
                }
            }
        });
    }

    fn face_row_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, page: &PhotoPage, face: &FaceDetail, lit: bool) {
        let name = face.name.as_deref().unwrap_or(ctx.text.s("unnamed"));
        let tile = FaceTile { face: face.face_id, side: 48.0, frame: TileFrame::Round, selected: lit, name };
        if face_tile_ui(ui, ctx, tile).clicked()
            && !put_back(ctx, face.face_id)
            && let Some(person) = face.state.person()
        {
            ctx.act(Action::Open(Page::Person(person)));
        }
        ui.vertical(|ui| match (&face.name, face.state.person()) {
            _ if ctx.facts.putting_back.is_some() => put_here_ui(ui, ctx, face),
            (Some(name), Some(person)) => named_ui(ui, ctx, page, face, name, person),
            _ => self.name_ui(ui, ctx, page, face),
        });
    }

    fn name_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, page: &PhotoPage, face: &FaceDetail) {
        ui.add_space(space::S);
        // The N that asked is still among this frame's text.
        let asked_now = ui.input(|input| input.key_pressed(Key::N));
        let field = self.fields.entry(face.face_id).or_default();
        let options = NameFieldOptions {
            label: ctx.text.s("name_label"),
            hint: ctx.text.s("who_is_this"),
            width: 180.0,
            focus: self.naming.take_if(|naming| *naming == face.face_id && !asked_now).is_some(),
        };
        let id = Id::unique(("name of face", face.face_id));
        let entered = ui.horizontal(|ui| {
            let (entered, _) = name_field_ui(ui, ctx, id, field, options);
            more_ui(ui, ctx, page, face);
            entered
        });
        let entered = entered.inner;
        if let Some(entered) = entered {
            let (to, seen) = match entered {
                Entered::Person(row) => (Destination::Person(row.person), page.seen.min(ctx.facts.people_seen())),
                Entered::Typed(name) => (Destination::NewPerson { name }, page.seen),
            };
            ctx.act(Action::Decide(Decision::Move { of: face.state.person(), faces: vec![face.face_id], to }, seen));
        }
    }
}

/// Whose face it is, and yes or no while nobody has confirmed it.
fn named_ui(ui: &mut Ui, ctx: &mut Context<'_>, page: &PhotoPage, face: &FaceDetail, name: &str, person: PersonId) {
    ui.add_space(space::XS);
    match face.state.belongs() {
        Some(Belongs::Suggested) => {
            ui.label(ctx.text.f("probably", &[("name", name)]));
        }
        _ => {
            ui.label(theme::strong(name));
        }
    }
    ui.horizontal(|ui| {
        if face.state.belongs() == Some(Belongs::Confirmed) {
            return more_ui(ui, ctx, page, face);
        }
        let faces = vec![face.face_id];
        if buttons::icon_button_ui(ui, Icon::Check, ctx.text.s("confirm")).clicked() {
            ctx.act(Action::Decide(Decision::Confirm { person, faces: faces.clone() }, page.seen));
        }
        if buttons::icon_button_ui(ui, Icon::X, ctx.text.s("reject")).clicked() {
            ctx.act(Action::Decide(Decision::Reject { person, faces }, page.seen));
        }
        more_ui(ui, ctx, page, face);
        if face.state.belongs() == Some(Belongs::Named) {
            ui.label(theme::secondary(ui, ctx.text.s("named_with_group")).size(theme::type_size::SMALL));
        }
    });
}

/// What else can be said of a face, whoever it is, and taken back.
fn more_ui(ui: &mut Ui, ctx: &mut Context<'_>, page: &PhotoPage, face: &FaceDetail) {
    let more = buttons::icon_button_ui(ui, Icon::Ellipsis, ctx.text.s("more"));
    let aside = |why| Decision::SetAside { of: face.state.person(), faces: vec![face.face_id], why };
    let mut entries = Vec::new();
    if let (Some(name), Some(person)) = (&face.name, face.state.person()) {
        let no = Decision::Reject { person, faces: vec![face.face_id] };
        entries.push((Icon::X, ctx.text.f("not_them", &[("name", name.as_str())]), no));
    }
    if matches!(face.state, FaceState::SetAside(_)) {
        let back = Decision::Restore { of: face.was_of, faces: vec![face.face_id] };
        entries.push((Icon::Undo2, ctx.text.s("restore").to_owned(), back));
    } else {
        entries.push((Icon::Users, ctx.text.s("selected_strangers").to_owned(), aside(SetAside::Stranger)));
        entries.push((Icon::UserX, ctx.text.s("selected_no_faces").to_owned(), aside(SetAside::NotAFace)));
    }
    egui::Popup::menu(&more).show(|ui| {
        for (icon, label, decision) in entries {
            if buttons::entry_ui(ui, icon, &label) {
                ctx.act(Action::Decide(decision, page.seen));
            }
        }
    });
}

/// While a lost face looks for its place: whose it is, and how to give up.
fn putting_back_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let Some(putting) = &ctx.facts.putting_back else { return };
    let name = putting.name.as_deref().unwrap_or(ctx.text.s("unnamed"));
    ui.horizontal(|ui| {
        let tile = FaceTile { face: putting.lost, side: 48.0, frame: TileFrame::Square, selected: false, name };
        face_tile_ui(ui, ctx, tile);
        let words = ctx.text.f("putting_back", &[("name", name)]);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if buttons::button_ui(ui, Rank::Plain, ctx.text.s("cancel")).clicked() {
                ctx.act(Action::PutBack(None));
            }
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.add(egui::Label::new(words).wrap());
            });
        });
    });
    ui.add_space(space::S);
}

/// Not offered where a face bears another name: that one would be gone without a word.
fn put_here_ui(ui: &mut Ui, ctx: &mut Context<'_>, face: &FaceDetail) {
    ui.add_space(space::S);
    let sought = ctx.facts.putting_back.as_ref().and_then(|putting| putting.name.as_deref());
    match face.name.as_deref().filter(|name| face.state.is_decided() && Some(*name) != sought) {
        Some(name) => {
            let words = ctx.text.f("put_not_here", &[("name", name)]);
            ui.add(egui::Label::new(words).wrap());
        }
        None => {
            if buttons::button_ui(ui, Rank::Primary, ctx.text.s("put_here")).clicked() {
                put_back(ctx, face.face_id);
            }
        }
    }
}

/// Says that the lost face is this one; false while none looks for its place.
fn put_back(ctx: &mut Context<'_>, onto: FaceId) -> bool {
    let (Some(putting), Some(page)) = (&ctx.facts.putting_back, ctx.state.photo.ready()) else { return false };
    let decision = Decision::PutBack { of: putting.of, lost: putting.lost, onto };
    ctx.act(Action::Decide(decision, putting.seen.min(page.seen)));
    true
}

fn label_ui(ui: &Ui, face: Rect, name: &str) {
    let palette = theme::palette(ui.visuals());
    let galley = ui.painter().layout_no_wrap(name.to_owned(), theme::small_font(), palette.on_scrim);
    let at = egui::pos2(face.center().x, face.bottom() + space::S);
    let rect = Align2::CENTER_TOP.anchor_size(at, galley.size() + Vec2::new(space::M, space::XS));
    ui.painter().rect_filled(rect, CornerRadius::same(4), palette.scrim);
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, palette.on_scrim);
}

fn facts_ui(ui: &mut Ui, ctx: &mut Context<'_>, page: &PhotoPage) {
    ui.horizontal(|ui| {
        if buttons::icon_button_ui(ui, Icon::ChevronLeft, ctx.text.s("previous_photo")).clicked() {
            ctx.send(Message::Previous);
        }
        if buttons::icon_button_ui(ui, Icon::ChevronRight, ctx.text.s("next_photo")).clicked() {
            ctx.send(Message::Next);
        }
    });
    let photo = &page.photo;
    let name = photo.path.file_name().map_or_else(|| photo.path.to_string_lossy(), |name| name.to_string_lossy());
    ui.add(egui::Label::new(theme::lead(name)).truncate()).on_hover_text(photo.path.to_string_lossy());
    let mut facts = Vec::new();
    // Nobody knows it of a picture that never could be read.
    facts.extend((photo.width > 0).then(|| format!("{} × {}", photo.width, photo.height)));
    facts.extend(photo.captured_at.as_ref().map(|at| at.replace('T', " ")));
    facts.extend(photo.camera.clone());
    for fact in facts {
        ui.label(theme::secondary(ui, fact));
    }
    if let PhotoState::Failed { reason } = &photo.state {
        damage_ui(ui, ctx, reason);
    }
    if !page.copies.is_empty() {
        let paths: Vec<_> = page.copies.iter().map(|path| path.to_string_lossy()).collect();
        let copies = ctx.text.n("copies_of_photo", page.copies.len() as u64);
        ui.label(theme::secondary(ui, copies)).on_hover_text(paths.join("\n"));
    }
}

/// The mark of a picture that is not whole: what is shown of it may lack parts, and faces are not looked for.
fn damage_ui(ui: &mut Ui, ctx: &Context<'_>, reason: &str) {
    ui.add_space(space::S);
    let colour = theme::palette(ui.visuals()).unsure;
    ui.horizontal(|ui| {
        ui.label(icons::text(Icon::TriangleAlert).color(colour));
        ui.add(egui::Label::new(ctx.text.f("photo_damaged", &[("reason", &ctx.text.reason(reason))])).wrap());
    });
}
