//! One person: the confirmed faces, then those that are probably theirs, nearest first.

use std::collections::BTreeSet;

use eframe::egui::{self, Align2, CornerRadius, Id, Key, Modifiers, Rect, Response, Ui, Vec2};

use crate::app::people::state::Message;
use crate::app::people::state::{PersonFace, PersonPage};
use crate::app::people::view::Context;
use crate::app::people::view::people::{group_menu_ui, undo_ui};
use crate::app::ui::action::Action;
use crate::library::Decision;
use crate::library::Destination;

use crate::app::engine::facts::Loadable;
use crate::app::ui::icons::Icon;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::view::View;
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::face_tile::{FaceTile, Frame, face_tile_ui};
use crate::app::ui::widgets::name_field::{NameField, NameFieldOptions, name_field_ui};
use crate::app::ui::widgets::rows::{RowTops, rows_ui};
use crate::app::ui::widgets::status;
use crate::library::PhotoFilter;
use crate::types::{FaceId, PersonId};

const HEADER: f32 = 128.0;
const HEADING: f32 = 48.0;
const GAP: f32 = 6.0;

#[derive(Default)]
pub struct PersonView {
    person: Option<PersonId>,
    selected: BTreeSet<FaceId>,
    /// Where a range of the selection begins.
    anchor: Option<FaceId>,
    naming: Option<NameField>,
    take_focus: bool,
    moving: NameField,
    merging: NameField,
    /// M was pressed: the merge menu opens in this frame.
    open_merge: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Header,
    Heading(Section),
    Faces { section: Section, first: usize, count: usize },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Confirmed,
    Suggested,
}

impl PersonView {
    pub fn ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        match &ctx.state.person {
            Loadable::Loading => status::skeleton_ui(ui, Vec2::splat(size::FACE_TILE), ctx.text.s("loading")),
            Loadable::Failed(failure) => {
                let again = ctx.text.s("back");
                if status::failed_ui(ui, ctx.text, failure, again) {
                    ctx.act(Action::Back);
                }
            }
            Loadable::Ready(page) => {
                if self.person != Some(page.person) {
                    *self = Self { person: Some(page.person), ..Self::default() };
                }
                self.page_ui(ui, ctx, page);
            }
        }
    }

    /// Esc clears the selection first; true when there was one.
    pub fn clear_selection(&mut self) -> bool {
        self.naming = None;
        !std::mem::take(&mut self.selected).is_empty()
    }

    fn page_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage) {
        self.selected.retain(|face| faces(page).any(|other| other.face == *face));
        if !ui.ctx().text_edit_focused() {
            self.keys(ui, ctx, page);
        }
        // The bar has its place also while nothing is selected, so that tiles stay where the pointer is.
        ui.horizontal(|ui| {
            ui.set_height(size::CONTROL);
            if self.selected.is_empty() {
                ui.label(theme::secondary(ui, ctx.text.s("selection_hint")));
            } else {
                self.selection_bar_ui(ui, ctx, page);
            }
        });
        ui.add_space(space::S);
        let width = ui.available_width() - space::M;
        let columns = (((width + GAP) / (size::FACE_TILE + GAP)).floor() as usize).max(1);
        let rows = rows_of(page, columns);
        let tops = RowTops::new(rows.iter().map(|row| match row {
            Row::Header => HEADER,
            Row::Heading(_) => HEADING,
            Row::Faces { section: Section::Confirmed, .. } => size::FACE_TILE + GAP,
            Row::Faces { section: Section::Suggested, .. } => size::FACE_TILE + GAP + size::CONTROL,
        }));
        rows_ui(ui, "person", &tops, None, |ui, row| match rows[row] {
            Row::Header => self.header_ui(ui, ctx, page),
            Row::Heading(section) => heading_ui(ui, ctx, page, section),
            Row::Faces { section, first, count } => {
                ui.spacing_mut().item_spacing = Vec2::splat(GAP);
                ui.horizontal_top(|ui| {
                    for face in &section_faces(page, section)[first..first + count] {
                        self.face_ui(ui, ctx, page, face, section);
                    }
                });
            }
        });
    }

    fn header_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage) {
        let name = page.name.as_deref().unwrap_or(ctx.text.s("who_is_this"));
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::L;
            let tile = FaceTile { face: page.cover, side: 96.0, frame: Frame::Round, selected: false, name };
            face_tile_ui(ui, ctx, tile);
            ui.vertical(|ui| {
                ui.add_space(space::S);
                self.name_ui(ui, ctx, page, name);
                let total = (page.confirmed.len() + page.suggested.len()) as u64;
                ui.label(theme::secondary(ui, ctx.text.n("faces", total)));
                ui.horizontal(|ui| self.actions_ui(ui, ctx, page));
            });
        });
    }

    fn name_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage, name: &str) {
        if page.name.is_none() && self.naming.is_none() {
            self.naming = Some(NameField::default());
        }
        let Some(field) = &mut self.naming else {
            ui.horizontal(|ui| {
                ui.label(theme::heading(name));
                if buttons::icon_button_ui(ui, Icon::Pencil, ctx.text.s("rename")).clicked() {
                    self.naming = Some(NameField::with(name.to_owned()));
                    self.take_focus = true;
                }
            });
            return;
        };
        let look = NameFieldOptions {
            label: ctx.text.s("name_label"),
            hint: ctx.text.s("who_is_this"),
            width: 280.0,
            focus: std::mem::take(&mut self.take_focus),
        };
        let (entered, response) = name_field_ui(ui, ctx, Id::unique("name of person"), field, look);
        if let Some(name) = entered {
            ctx.act(Action::Decide(Decision::Name { person: page.person, name }));
            self.naming = None;
        } else if response.lost_focus() && page.name.is_some() {
            self.naming = None;
        }
    }

    fn actions_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage) {
        let photos = ctx.text.s("show_photos");
        if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::Images, photos).clicked() {
            ctx.act(Action::FilterPhotos(PhotoFilter::Person(page.person)));
        }
        let merge = buttons::icon_and_text_ui(ui, Rank::Plain, Icon::Merge, ctx.text.s("merge_with"));
        if std::mem::take(&mut self.open_merge) {
            egui::Popup::open_id(ui.ctx(), egui::Popup::default_response_id(&merge));
        }
        egui::Popup::menu(&merge).close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
            ui.set_min_width(240.0);
            if let Some(into) = pick_person_ui(ui, ctx, "merge with", &mut self.merging)
                && into != page.person
            {
                ctx.send(Message::AskMerge { from: page.person, into });
                ui.close();
            }
        });
        let more = buttons::icon_button_ui(ui, Icon::Ellipsis, ctx.text.s("more"));
        egui::Popup::menu(&more).show(|ui| group_menu_ui(ui, ctx, page.person));
        undo_ui(ui, ctx);
    }

    fn face_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage, face: &PersonFace, section: Section) {
        ui.vertical(|ui| {
            ui.set_width(size::FACE_TILE);
            let distance = format!("{:.2}", face.distance.0);
            let name = ctx.text.f("face_at_distance", &[("distance", &distance)]);
            let tile = FaceTile {
                face: face.face,
                side: size::FACE_TILE,
                frame: Frame::Square,
                selected: self.selected.contains(&face.face),
                name: &name,
            };
            let response = face_tile_ui(ui, ctx, tile);
            if response.hovered() {
                distance_ui(ui, response.rect, &distance);
            }
            self.pressed(ui, ctx, page, face, &response);
            if section == Section::Suggested {
                verdict_ui(ui, ctx, page.person, face.face);
            }
        });
    }

    /// A click selects, with Ctrl more, with Shift a range; a double click or Space opens the photo.
    fn pressed(&mut self, ui: &Ui, ctx: &mut Context<'_>, page: &PersonPage, face: &PersonFace, response: &Response) {
        let space = response.has_focus() && ui.input(|input| input.key_pressed(Key::Space));
        if response.double_clicked() || space {
            ctx.act(Action::OpenPhoto(face.photo));
        } else if response.clicked() {
            let modifiers = ui.input(|input| input.modifiers);
            self.select(page, face.face, modifiers);
            response.request_focus();
        }
    }

    fn select(&mut self, page: &PersonPage, face: FaceId, modifiers: Modifiers) {
        if modifiers.shift
            && let Some(anchor) = self.anchor
        {
            let order: Vec<FaceId> = faces(page).map(|face| face.face).collect();
            let place = |wanted: FaceId| order.iter().position(|&other| other == wanted);
            if let (Some(a), Some(b)) = (place(anchor), place(face)) {
                self.selected.extend(&order[a.min(b)..=a.max(b)]);
                return;
            }
        }
        let was_only = self.selected.len() == 1 && self.selected.contains(&face);
        if modifiers.command {
            if !self.selected.remove(&face) {
                self.selected.insert(face);
            }
        } else {
            self.selected.clear();
            if !was_only {
                self.selected.insert(face);
            }
        }
        self.anchor = Some(face);
    }

    fn selection_bar_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage) {
        let faces: Vec<FaceId> = self.selected.iter().copied().collect();
        ui.horizontal(|ui| {
            ui.label(theme::strong(ctx.text.n("selected", faces.len() as u64)));
            if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::Check, ctx.text.s("confirm")).clicked() {
                ctx.act(Action::Decide(Decision::Confirm { person: page.person, faces: faces.clone() }));
            }
            if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::X, ctx.text.s("reject")).clicked() {
                ctx.act(Action::Decide(Decision::Reject { person: page.person, faces: faces.clone() }));
            }
            let to = buttons::icon_and_text_ui(ui, Rank::Plain, Icon::ArrowRight, ctx.text.s("move_to"));
            egui::Popup::menu(&to).close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
                ui.set_min_width(240.0);
                if let Some(to) = move_target_ui(ui, ctx, &mut self.moving) {
                    ctx.act(Action::Decide(Decision::Move { faces: faces.clone(), to }));
                    ui.close();
                }
            });
            if buttons::button_ui(ui, Rank::Plain, ctx.text.s("take_out")).clicked() {
                ctx.act(Action::Decide(Decision::TakeOut(faces.clone())));
            }
            if faces.len() > 1 && buttons::button_ui(ui, Rank::Plain, ctx.text.s("compare_selected")).clicked() {
                ctx.act(Action::CompareFaces(faces.clone()));
                ctx.act(Action::Show(View::Compare));
            }
            if buttons::button_ui(ui, Rank::Quiet, ctx.text.s("clear_selection")).clicked() {
                self.selected.clear();
            }
        });
    }

    /// C confirms, X rejects, N names, M merges, I ignores; with nothing selected, C and X mean the focused face.
    fn keys(&mut self, ui: &Ui, ctx: &mut Context<'_>, page: &PersonPage) {
        let pressed = |key| ui.input(|input| input.modifiers.is_none() && input.key_pressed(key));
        let faces: Vec<FaceId> = self.selected.iter().copied().collect();
        if pressed(Key::C) && !faces.is_empty() {
            ctx.act(Action::Decide(Decision::Confirm { person: page.person, faces }));
        } else if pressed(Key::X) && !faces.is_empty() {
            ctx.act(Action::Decide(Decision::Reject { person: page.person, faces }));
        } else if pressed(Key::N) {
            self.naming = Some(NameField::with(page.name.clone().unwrap_or_default()));
            self.take_focus = true;
        } else if pressed(Key::M) {
            self.open_merge = true;
        } else if pressed(Key::I) {
            ctx.act(Action::Decide(Decision::Hide(page.person)));
        } else if ui.input(|input| input.modifiers.command && input.key_pressed(Key::A)) {
            self.selected = page.suggested.iter().chain(&page.confirmed).map(|face| face.face).collect();
        }
    }
}

fn faces(page: &PersonPage) -> impl Iterator<Item = &PersonFace> {
    page.confirmed.iter().chain(&page.suggested)
}

fn section_faces(page: &PersonPage, section: Section) -> &[PersonFace] {
    match section {
        Section::Confirmed => &page.confirmed,
        Section::Suggested => &page.suggested,
    }
}

fn rows_of(page: &PersonPage, columns: usize) -> Vec<Row> {
    let mut rows = vec![Row::Header];
    for section in [Section::Confirmed, Section::Suggested] {
        let count = section_faces(page, section).len();
        if count > 0 {
            rows.push(Row::Heading(section));
        }
        for first in (0..count).step_by(columns) {
            rows.push(Row::Faces { section, first, count: columns.min(count - first) });
        }
    }
    rows
}

fn heading_ui(ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage, section: Section) {
    let count = section_faces(page, section).len() as u64;
    ui.horizontal_centered(|ui| {
        let words = match (section, &page.name) {
            (Section::Confirmed, Some(_)) => ctx.text.s("confirmed").to_owned(),
            (Section::Suggested, Some(name)) => ctx.text.f("probably", &[("name", name)]),
            (_, None) => ctx.text.s("in_this_group").to_owned(),
        };
        ui.label(theme::lead(words));
        ui.label(theme::secondary(ui, crate::app::ui::locale::grouped(count)));
        if section == Section::Suggested && page.name.is_some() {
            ui.add_space(space::S);
            if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::Check, ctx.text.s("confirm_all")).clicked() {
                ctx.act(Action::Decide(Decision::ConfirmAll(page.person)));
            }
        }
    });
}

/// ✓ and ✗ below a suggested face.
fn verdict_ui(ui: &mut Ui, ctx: &mut Context<'_>, person: PersonId, face: FaceId) {
    ui.horizontal(|ui| {
        ui.add_space((size::FACE_TILE - 2.0 * size::CONTROL - space::M) / 2.0);
        ui.spacing_mut().item_spacing.x = space::M;
        ui.spacing_mut().item_spacing.y = 0.0;
        if buttons::icon_button_ui(ui, Icon::Check, ctx.text.s("confirm")).clicked() {
            ctx.act(Action::Decide(Decision::Confirm { person, faces: vec![face] }));
        }
        if buttons::icon_button_ui(ui, Icon::X, ctx.text.s("reject")).clicked() {
            ctx.act(Action::Decide(Decision::Reject { person, faces: vec![face] }));
        }
    });
}

/// The distance, in the lower left corner of a tile.
fn distance_ui(ui: &Ui, tile: Rect, distance: &str) {
    let palette = theme::palette(ui.visuals());
    let galley = ui.painter().layout_no_wrap(distance.to_owned(), theme::small_font(), palette.on_scrim);
    let at = tile.left_bottom() + Vec2::new(space::XS, -space::XS);
    let rect = Align2::LEFT_BOTTOM.anchor_size(at, galley.size() + Vec2::new(space::S, space::XS));
    ui.painter().rect_filled(rect, CornerRadius::same(4), palette.scrim);
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, palette.on_scrim);
}

fn move_target_ui(ui: &mut Ui, ctx: &mut Context<'_>, field: &mut NameField) -> Option<Destination> {
    let name = pick_name_ui(ui, ctx, "move to", field)?;
    Some(match ctx.facts.person_named(&name) {
        Some(person) => Destination::Person(person),
        None => Destination::NewPerson { name },
    })
}

fn pick_person_ui(ui: &mut Ui, ctx: &mut Context<'_>, salt: &str, field: &mut NameField) -> Option<PersonId> {
    let name = pick_name_ui(ui, ctx, salt, field)?;
    ctx.facts.person_named(&name)
}

fn pick_name_ui(ui: &mut Ui, ctx: &mut Context<'_>, salt: &str, field: &mut NameField) -> Option<String> {
    let id = Id::unique(salt);
    let focus = !ui.memory(|memory| memory.has_focus(id)) && field.text.is_empty();
    let look = NameFieldOptions { label: ctx.text.s("name_label"), hint: ctx.text.s("name_hint"), width: 220.0, focus };
    name_field_ui(ui, ctx, id, field, look).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{PhotoId, SquaredDistance};

    fn page() -> PersonPage {
        let face = |id| PersonFace { face: FaceId(id), photo: PhotoId(id), distance: SquaredDistance(0.1) };
        PersonPage {
            person: PersonId(1),
            name: Some("Maria".into()),
            cover: FaceId(0),
            confirmed: (0..4).map(face).collect(),
            suggested: (4..6).map(face).collect(),
        }
    }

    #[test]
    fn clicks_select_one_more_or_a_range() {
        let page = page();
        let mut view = PersonView::default();
        let ids = |view: &PersonView| view.selected.iter().map(|face| face.0).collect::<Vec<_>>();
        view.select(&page, FaceId(1), Modifiers::NONE);
        assert_eq!(ids(&view), [1]);
        view.select(&page, FaceId(4), Modifiers::SHIFT);
        assert_eq!(ids(&view), [1, 2, 3, 4]);
        view.select(&page, FaceId(2), Modifiers::COMMAND);
        assert_eq!(ids(&view), [1, 3, 4]);
        view.select(&page, FaceId(5), Modifiers::NONE);
        assert_eq!(ids(&view), [5]);
        view.select(&page, FaceId(5), Modifiers::NONE);
        assert!(view.selected.is_empty(), "a second click takes the selection back");
    }

    #[test]
    fn sections_without_faces_have_no_heading() {
        let mut page = page();
        page.confirmed.clear();
        let rows = rows_of(&page, 5);
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[1], Row::Heading(Section::Suggested));
    }
}
