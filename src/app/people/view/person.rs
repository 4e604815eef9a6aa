//! One person: the confirmed faces, then those that are probably theirs, nearest first.

mod parts;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use eframe::egui::{self, Id, Key, Modifiers, Response, Ui, Vec2};

use self::parts::{
    apart_ui, count_words, decide, distance_ui, heading_words, missing_ui, move_target_ui, move_to, open_photo,
    picking, rejected_ui, selected_menu_ui, take_back_ui, tick_ui, verdict_ui, why_missing_ui,
};
use crate::app::engine::facts::Loadable;
use crate::app::people::state::{Message, PersonPage};
use crate::app::people::view::Context;
use crate::app::people::view::people::{group_menu_ui, naming, split_ui, undo_ui};
use crate::app::ui::action::Action;
use crate::app::ui::icons::Icon;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::view::View;
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::face_tile::{FaceTile, TileFrame, face_tile_ui};
use crate::app::ui::widgets::name_field::{NameField, NameFieldOptions, is_given_back, name_field_ui, person_field_ui};
use crate::app::ui::widgets::rows::{RowTops, rows_ui};
use crate::app::ui::widgets::{picture, status};
use crate::library::{Belongs, Decision, FaceOfPerson, PhotoFilter, SetAside};
use crate::types::{FaceId, PersonId, Revision, SquaredDistance};

const HEADER: f32 = 128.0;
const HEADING: f32 = 48.0;
const GAP: f32 = 6.0;
/// What can be done with selected faces has room in one line of this width; in a narrower one it takes two.
const SELECTION_BAR: f32 = 920.0;

#[derive(Default)]
pub(crate) struct PersonView {
    person: Option<PersonId>,
    selected: BTreeSet<FaceId>,
    /// Where a range of the selection begins.
    anchor: Option<FaceId>,
    naming: Option<NameField>,
    /// What its user saw when they began to type that name: the field covers what has become of the old one since.
    naming_seen: Revision,
    take_focus: bool,
    moving: NameField,
    merging: NameField,
    /// M was pressed: the merge menu opens in this frame.
    open_merge: bool,
    /// Faces that have been on the screen: only these are confirmed together.
    shown: BTreeSet<FaceId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Header,
    Heading(Section),
    Faces {
        section: Section,
        first: usize,
        count: usize,
    },
    /// Why faces are not among the others.
    WhyMissing,
    /// Of the faces in photos that are missing.
    Missing {
        first: usize,
        count: usize,
    },
    /// Of the faces that are not this person.
    Rejected {
        first: usize,
        count: usize,
    },
    Apart(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    Held,
    Suggested,
    Missing,
    Rejected,
    Apart,
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
        self.selected.retain(|face| faces(page).any(|other| other.face_id == *face));
        // Who chooses in a menu or a dialog does not mean the page below it.
        let is_free = !egui::Popup::is_any_open(ui.ctx()) && ui.memory(|memory| memory.top_modal_layer().is_none());
        if is_free && !ui.ctx().text_edit_focused() {
            self.keys(ui, ctx, page);
        }
        // Whatever stands in the bar, tiles stay where the pointer is.
        let width = ui.available_width() - space::M;
        self.bar_ui(ui, ctx, page);
        ui.add_space(space::S);
        let columns = (((width + GAP) / (size::FACE_TILE + GAP)).floor() as usize).max(1);
        let rows = rows_of(page, columns);
        let tops = RowTops::new(rows.iter().map(|row| match row {
            Row::Header => HEADER,
            Row::Heading(_) | Row::WhyMissing => HEADING,
            Row::Faces { section: Section::Suggested, .. } | Row::Missing { .. } | Row::Rejected { .. } => {
                size::FACE_TILE + GAP + size::CONTROL
            }
            Row::Faces { .. } => size::FACE_TILE + GAP,
            Row::Apart(_) => size::CONTROL + GAP,
        }));
        rows_ui(ui, "person", &tops, None, |ui, row| match rows[row] {
            Row::Header => self.header_ui(ui, ctx, page),
            Row::Heading(section) => self.heading_ui(ui, ctx, page, section),
            Row::Apart(index) => apart_ui(ui, ctx, page, index),
            Row::WhyMissing => why_missing_ui(ui, ctx),
            Row::Missing { first, count } => {
                ui.spacing_mut().item_spacing = Vec2::splat(GAP);
                ui.horizontal_top(|ui| {
                    for &(face, photo) in &page.missing[first..first + count] {
                        missing_ui(ui, ctx, page, face, photo);
                    }
                });
            }
            Row::Rejected { first, count } => {
                ui.spacing_mut().item_spacing = Vec2::splat(GAP);
                ui.horizontal_top(|ui| {
                    for &(face, photo) in &page.rejected[first..first + count] {
                        rejected_ui(ui, ctx, page, face, photo);
                    }
                });
            }
            Row::Faces { section, first, count } => {
                ui.spacing_mut().item_spacing = Vec2::splat(GAP);
                ui.horizontal_top(|ui| {
                    for face in &section_faces(page, section)[first..first + count] {
                        self.face_ui(ui, ctx, page, *face, section);
                    }
                });
            }
        });
    }

    /// Has its place also while nothing is selected.
    fn bar_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage) {
        let width = ui.available_width();
        let gap = space::XS;
        let height = if width < SELECTION_BAR { 2.0 * size::CONTROL + gap } else { size::CONTROL };
        let place = egui::Rect::from_min_size(ui.cursor().min, Vec2::new(width, height));
        let mut bar = ui.new_child(egui::UiBuilder::new().max_rect(place));
        bar.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.y = gap;
            if self.selected.is_empty() {
                ui.label(theme::secondary(ui, ctx.text.s("selection_hint")));
                self.confirm_shown_ui(ui, ctx, page);
            } else {
                self.selection_bar_ui(ui, ctx, page);
            }
        });
        ui.allocate_rect(place, egui::Sense::hover());
    }

    fn header_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage) {
        let name = page.name.as_deref().unwrap_or(ctx.text.s("who_is_this"));
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::L;
            match page.cover {
                Some(face) => {
                    let tile = FaceTile { face, side: 96.0, frame: TileFrame::Round, selected: false, name };
                    face_tile_ui(ui, ctx, tile);
                }
                None => {
                    let (place, _) = ui.allocate_exact_size(Vec2::splat(96.0), egui::Sense::hover());
                    picture::paint_portrait(ui, ctx, place, None);
                }
            }
            ui.vertical(|ui| {
                ui.add_space(space::S);
                self.name_ui(ui, ctx, page, name);
                ui.label(theme::secondary(ui, count_words(ctx, page)));
                ui.horizontal(|ui| self.actions_ui(ui, ctx, page));
            });
        });
    }

    fn name_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage, name: &str) {
        let id = Id::unique(("name of person", page.person));
        if self.naming.is_none() && (page.name.is_none() || is_given_back(ui.ctx(), id)) {
            self.naming = Some(NameField::default());
            self.naming_seen = page.seen;
        }
        let Some(field) = &mut self.naming else {
            ui.horizontal(|ui| {
                ui.label(theme::heading(name));
                if buttons::icon_button_ui(ui, Icon::Pencil, ctx.text.s("rename")).clicked() {
                    self.naming = Some(NameField::with(name.to_owned()));
                    (self.take_focus, self.naming_seen) = (true, page.seen);
                }
            });
            return;
        };
        if page.name.is_none() && field.text.is_empty() {
            self.naming_seen = page.seen;
        }
        let options = NameFieldOptions {
            label: ctx.text.s("name_label"),
            hint: ctx.text.s("who_is_this"),
            width: 280.0,
            focus: std::mem::take(&mut self.take_focus),
        };
        let (entered, response) = name_field_ui(ui, ctx, id, field, options);
        if let Some(entered) = entered {
            ctx.send(naming(page.person, entered, self.naming_seen, ctx.facts.people_seen()));
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
        let menu = egui::Popup::menu(&merge).close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside);
        let shown = menu.show(|ui| {
            ui.set_min_width(240.0);
            let (id, field) = (Id::unique("merge with"), &mut self.merging);
            let options = picking(ui, ctx, id, field, "somebody_hint");
            if let Some(into) = person_field_ui(ui, ctx, id, field, options, Some(page.person)) {
                ctx.send(Message::AskMerge { from: page.person, into: into.person });
                ui.close();
            }
        });
        // Opened again, it begins anew.
        if shown.is_none() {
            self.merging = NameField::default();
        }
        let more = buttons::icon_button_ui(ui, Icon::Ellipsis, ctx.text.s("more"));
        egui::Popup::menu(&more).show(|ui| {
            if page.name.is_none() && faces(page).count() > 1 {
                split_ui(ui, ctx, page.person, page.seen);
            }
            take_back_ui(ui, ctx, page);
            group_menu_ui(ui, ctx, page.person, page.name.as_deref(), page.seen);
        });
        undo_ui(ui, ctx);
        // It comes and goes, so it stands last.
        if page.is_hidden && buttons::icon_and_text_ui(ui, Rank::Plain, Icon::Eye, ctx.text.s("show")).clicked() {
            decide(ctx, page, Decision::Show(page.person));
        }
    }

    fn face_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage, face: FaceOfPerson, section: Section) {
        ui.vertical(|ui| {
            ui.set_width(size::FACE_TILE);
            // A face that this model has not embedded stands at the far end.
            let distance = format!("{:.2}", face.distance.unwrap_or(SquaredDistance::FARTHEST).0);
            let is_confirmed = page.name.is_some() && face.belongs == Belongs::Confirmed;
            let key = if is_confirmed { "confirmed_face_at_distance" } else { "face_at_distance" };
            let name = ctx.text.f(key, &[("distance", &distance)]);
            let tile = FaceTile {
                face: face.face_id,
                side: size::FACE_TILE,
                frame: TileFrame::Square,
                selected: self.selected.contains(&face.face_id),
                name: &name,
            };
            let response = face_tile_ui(ui, ctx, tile);
            if ui.is_rect_visible(response.rect) {
                self.shown.insert(face.face_id);
                if is_confirmed {
                    tick_ui(ui, response.rect);
                }
            }
            if response.hovered() {
                distance_ui(ui, response.rect, &distance);
            }
            self.pressed(ui, ctx, page, &face, &response);
            if section == Section::Suggested {
                verdict_ui(ui, ctx, page, face.face_id);
            }
        });
    }

    /// A click selects, with Ctrl more, with Shift a range; a double click or Space opens the photo.
    fn pressed(&mut self, ui: &Ui, ctx: &mut Context<'_>, page: &PersonPage, face: &FaceOfPerson, response: &Response) {
        let space = response.has_focus() && ui.input(|input| input.key_pressed(Key::Space));
        if response.double_clicked() || space {
            open_photo(ctx, face.photo_id);
        } else if response.clicked() {
            let modifiers = ui.input(|input| input.modifiers);
            self.select(page, face.face_id, modifiers);
            response.request_focus();
        }
    }

    fn select(&mut self, page: &PersonPage, face: FaceId, modifiers: Modifiers) {
        if modifiers.shift
            && let Some(anchor) = self.anchor
        {
            let order: Vec<FaceId> = faces(page).map(|face| face.face_id).collect();
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
        ui.label(theme::strong(ctx.text.n("selected", faces.len() as u64)));
        if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::Check, ctx.text.s("confirm")).clicked() {
            decide(ctx, page, self.yes_to(page.person, &faces));
        }
        if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::X, ctx.text.s("reject")).clicked() {
            decide(ctx, page, Decision::Reject { person: page.person, faces: faces.clone() });
        }
        let to = buttons::icon_and_text_ui(ui, Rank::Plain, Icon::ArrowRight, ctx.text.s("move_to"));
        let menu = egui::Popup::menu(&to).close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside);
        let shown = menu.show(|ui| {
            ui.set_min_width(240.0);
            if let Some(to) = move_target_ui(ui, ctx, &mut self.moving) {
                move_to(ctx, page, faces.clone(), to);
                ui.close();
            }
        });
        if shown.is_none() {
            self.moving = NameField::default();
        }
        if buttons::button_ui(ui, Rank::Plain, ctx.text.s("take_out")).clicked() {
            decide(ctx, page, Decision::TakeOut { person: page.person, faces: faces.clone() });
        }
        let more = buttons::icon_button_ui(ui, Icon::Ellipsis, ctx.text.s("more_of_selected"));
        egui::Popup::menu(&more).show(|ui| selected_menu_ui(ui, ctx, page, &faces));
        if faces.len() > 1 && buttons::button_ui(ui, Rank::Plain, ctx.text.s("compare_selected")).clicked() {
            ctx.act(Action::CompareFaces(faces.clone()));
            ctx.act(Action::Show(View::COMPARE));
        }
        if buttons::button_ui(ui, Rank::Quiet, ctx.text.s("clear_selection")).clicked() {
            self.selected.clear();
        }
    }

    /// C confirms, X rejects, N names, M merges. Of a group I ignores, S says strangers, F that these are no faces:
    /// somebody with a name is not set aside by one key.
    fn keys(&mut self, ui: &Ui, ctx: &mut Context<'_>, page: &PersonPage) {
        let pressed = |key| ui.input(|input| input.modifiers.is_none() && input.key_pressed(key));
        let faces: Vec<FaceId> = self.selected.iter().copied().collect();
        if pressed(Key::C) && !faces.is_empty() {
            decide(ctx, page, self.yes_to(page.person, &faces));
        } else if pressed(Key::X) && !faces.is_empty() {
            decide(ctx, page, Decision::Reject { person: page.person, faces });
        } else if pressed(Key::N) {
            self.naming = Some(NameField::with(page.name.clone().unwrap_or_default()));
            (self.take_focus, self.naming_seen) = (true, page.seen);
        } else if pressed(Key::M) {
            self.open_merge = true;
        } else if page.name.is_none() && pressed(Key::I) {
            decide(ctx, page, Decision::Hide(page.person));
        } else if page.name.is_none() && pressed(Key::S) {
            decide(ctx, page, Decision::SetAsideAll { person: page.person, why: SetAside::Stranger });
        } else if page.name.is_none() && pressed(Key::F) {
            decide(ctx, page, Decision::SetAsideAll { person: page.person, why: SetAside::NotAFace });
        } else if ui.input(|input| input.modifiers.command && input.key_pressed(Key::A)) {
            self.selected = page.suggested.iter().chain(&page.held).map(|face| face.face_id).collect();
        }
    }

    fn heading_ui(&self, ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage, section: Section) {
        ui.horizontal_centered(|ui| {
            let (words, count) = heading_words(ctx, page, section);
            ui.label(theme::lead(words));
            ui.label(theme::secondary(ui, count));
            if page.name.is_none() {
                return;
            }
            ui.add_space(space::S);
            if section == Section::Suggested
                && buttons::icon_and_text_ui(ui, Rank::Plain, Icon::Check, ctx.text.s("confirm_all")).clicked()
            {
                decide(ctx, page, Decision::ConfirmAll { person: page.person, shown: self.suggested_and_shown(page) });
            }
        });
    }

    /// Stands in the bar, which stays in sight while more and more faces are shown.
    fn confirm_shown_ui(&self, ui: &mut Ui, ctx: &mut Context<'_>, page: &PersonPage) {
        let seen = self.named_and_shown(page);
        if page.name.is_none() || seen.is_empty() {
            return;
        }
        let label = ctx.text.n("confirm_shown", seen.len() as u64);
        if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::Check, &label).clicked() {
            decide(ctx, page, Decision::Confirm { person: page.person, faces: seen });
        }
    }

    /// A yes to selected faces. Those that have not been on the screen were selected with the others: nobody looked at
    /// them one by one.
    fn yes_to(&self, person: PersonId, faces: &[FaceId]) -> Decision {
        let (shown, others): (Vec<FaceId>, Vec<FaceId>) = faces.iter().partition(|face| self.shown.contains(face));
        match others.is_empty() {
            true => Decision::Confirm { person, faces: shown },
            false => Decision::ConfirmSome { person, shown, others },
        }
    }

    fn suggested_and_shown(&self, page: &PersonPage) -> Vec<FaceId> {
        page.suggested.iter().map(|face| face.face_id).filter(|face| self.shown.contains(face)).collect()
    }

    /// Faces named with the group that have been on the screen.
    fn named_and_shown(&self, page: &PersonPage) -> Vec<FaceId> {
        let named = page.held.iter().filter(|face| face.belongs == Belongs::Named);
        named.map(|face| face.face_id).filter(|face| self.shown.contains(face)).collect()
    }
}

fn faces(page: &PersonPage) -> impl Iterator<Item = &FaceOfPerson> {
    page.held.iter().chain(&page.suggested)
}

fn section_faces(page: &PersonPage, section: Section) -> &[FaceOfPerson] {
    match section {
        Section::Held => &page.held,
        Section::Suggested => &page.suggested,
        Section::Missing | Section::Rejected | Section::Apart => &[],
    }
}

fn rows_of(page: &PersonPage, columns: usize) -> Vec<Row> {
    let mut rows = vec![Row::Header];
    for section in [Section::Held, Section::Suggested] {
        let count = section_faces(page, section).len();
        if count > 0 {
            rows.push(Row::Heading(section));
        }
        for first in (0..count).step_by(columns) {
            rows.push(Row::Faces { section, first, count: columns.min(count - first) });
        }
    }
    if !page.missing.is_empty() {
        rows.extend([Row::Heading(Section::Missing), Row::WhyMissing]);
    }
    for first in (0..page.missing.len()).step_by(columns) {
        rows.push(Row::Missing { first, count: columns.min(page.missing.len() - first) });
    }
    if !page.rejected.is_empty() {
        rows.push(Row::Heading(Section::Rejected));
    }
    for first in (0..page.rejected.len()).step_by(columns) {
        rows.push(Row::Rejected { first, count: columns.min(page.rejected.len() - first) });
    }
    if !page.apart.is_empty() {
        rows.push(Row::Heading(Section::Apart));
    }
    rows.extend((0..page.apart.len()).map(Row::Apart));
    rows
}
