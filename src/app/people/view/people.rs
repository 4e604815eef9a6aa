//! People: those with a name first, below them the groups that wait for one.

mod type_ahead;

use std::collections::HashMap;

use eframe::egui::{self, Align2, Id, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo};

use self::type_ahead::TypeAhead;
use crate::app::engine::facts::Loadable;
use crate::app::engine::facts::{GroupRow, NamedPerson, People};
use crate::app::engine::report::JobKind;
use crate::app::people::state::Message;
use crate::app::people::view::Context;
use crate::app::people::view::grouping::grouping_ui;
use crate::app::ui::action::Action;
use crate::app::ui::icons::Icon;
use crate::app::ui::page::Page;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::view::View;
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::face_strip::face_strip_ui;
use crate::app::ui::widgets::name_field::{Entered, NameField, NameFieldOptions, is_given_back, name_field_ui};
use crate::app::ui::widgets::rows::{RowTops, rows_ui};
use crate::app::ui::widgets::side_panel::side_panel_ui;
use crate::app::ui::widgets::{picture, status};
use crate::library::{Decision, SetAside};
use crate::types::{PersonId, Revision};

const CARD: Vec2 = Vec2::new(136.0, 164.0);
/// Undo and Redo.
pub(crate) const UNDO: Vec2 = Vec2::new(2.0 * size::CONTROL + space::XS, size::CONTROL);
const HEADING: f32 = 48.0;
/// Left free below the last row, so that notices need not lie over it.
const FOOT: f32 = 160.0;
const GROUP: f32 = size::STRIP_FACE + space::XL;
/// Faces of a group's strip, and the tile that counts the others.
const STRIP: usize = 7;
const FACE: f32 = size::STRIP_FACE + space::XS;
/// A name is typed in a field that is never narrower, nor wider.
const FIELD: std::ops::RangeInclusive<f32> = 180.0..=200.0;
/// The width that the page needs beside a panel: a strip of four tiles, a field and its menu.
const LEAST: f32 = 4.0 * FACE + BESIDE_STRIP + 180.0;
/// What a group's row needs besides its strip and its field.
const BESIDE_STRIP: f32 = 2.0 * space::L + size::CONTROL + space::M;

#[derive(Default)]
pub(crate) struct PeopleView {
    /// With what their user saw when they began to type: more faces may have come into the group since.
    fields: HashMap<PersonId, (NameField, Revision)>,
    /// The group whose field takes the keyboard next.
    focus: Option<PersonId>,
    type_ahead: TypeAhead,
    /// Whether that field was out of sight in the last frame.
    out_of_sight: bool,
    /// A name was entered and the keyboard went on to the next field: it stays in the middle, where no notice covers it.
    goes_on: bool,
    /// Whether the first field has had the keyboard since the view was opened.
    greeted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Bar,
    Cards {
        first: usize,
        count: usize,
    },
    WhoIsThis,
    Group(usize),
    /// Leads to what was set aside.
    Aside,
}

impl PeopleView {
    /// The view was left: its first field may take the keyboard again next time.
    pub fn leave(&mut self) {
        (self.greeted, self.goes_on, self.focus) = (false, false, None);
        self.type_ahead = TypeAhead::default();
    }

    pub fn ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        if ctx.state.grouping.open {
            let name = ctx.text.s("grouping");
            side_panel_ui(ui, "grouping", name, LEAST, |ui| grouping_ui(ui, ctx));
        }
        match &ctx.facts.people {
            Loadable::Loading => status::skeleton_ui(ui, CARD, ctx.text.s("loading")),
            Loadable::Failed(failure) => {
                let again = ctx.text.s("try_again");
                if status::failed_ui(ui, ctx.text, failure, again) {
                    ctx.act(Action::Show(View::PEOPLE));
                }
            }
            Loadable::Ready(people) if people.named.is_empty() && people.groups.is_empty() => {
                ui.horizontal(|ui| {
                    aside_link_ui(ui, ctx);
                    undo_ui(ui, ctx);
                });
                nobody_ui(ui, ctx);
            }
            Loadable::Ready(people) => self.people_ui(ui, ctx, people),
        }
    }

    fn people_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, people: &People) {
        if !self.greeted && !ui.memory(|memory| memory.focused().is_some()) {
            self.focus = people.groups.first().map(|group| group.person);
        }
        self.greeted = true;
        self.focus.take_if(|focus| people.groups.iter().all(|group| group.person != *focus));
        let waits = self.focus.map(field_id);
        let is_field = |id: Id| people.groups.iter().any(|group| field_id(group.person) == id);
        self.type_ahead.sort(ui, waits, ctx.state.same_name.is_some(), is_field);
        let columns = ((ui.available_width() / CARD.x).floor() as usize).max(1);
        let rows = rows_of(people, columns);
        let tops = RowTops::new(rows.iter().map(|row| match row {
            Row::Bar => size::CONTROL + space::S,
            Row::Cards { .. } => CARD.y,
            Row::WhoIsThis => HEADING,
            Row::Group(_) => GROUP,
            Row::Aside => size::CONTROL + space::XL + FOOT,
        }));
        let next =
            rows.iter().position(|row| matches!(row, Row::Group(at) if self.focus == Some(people.groups[*at].person)));
        let scroll_to = next.filter(|_| self.out_of_sight).map(|row| tops.top(row));
        self.out_of_sight = next.is_some();
        rows_ui(ui, "people", &tops, scroll_to, |ui, row| match rows[row] {
            Row::Bar => bar_ui(ui, ctx, people),
            Row::Cards { first, count } => {
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = 0.0;
                    for person in &people.named[first..first + count] {
                        card_ui(ui, ctx, person);
                    }
                });
            }
            Row::WhoIsThis => {
                ui.horizontal_centered(|ui| {
                    ui.label(theme::lead(ctx.text.s("who_is_this")));
                    ui.label(theme::secondary(ui, ctx.text.n("groups", people.groups.len() as u64)));
                });
            }
            Row::Group(index) => self.group_ui(ui, ctx, people, index),
            Row::Aside => {
                ui.add_space(space::M);
                aside_link_ui(ui, ctx);
            }
        });
    }

    fn group_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, people: &People, index: usize) {
        let group = &people.groups[index];
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::L;
            // The column of fields stays in line, however many faces a group has.
            let tiles = tiles_in(ui.available_width());
            let strip = &group.strip[..group.strip.len().min(tiles - 1)];
            let more = group.faces.saturating_sub(strip.len() as u64);
            let name = ctx.text.n("group_of", group.faces);
            let strip_width = tiles as f32 * FACE - space::XS;
            let field = (ui.available_width() - strip_width - BESIDE_STRIP).clamp(*FIELD.start(), *FIELD.end());
            ui.allocate_ui(Vec2::new(strip_width, size::STRIP_FACE), |ui| {
                ui.set_min_width(strip_width);
                let strip = face_strip_ui(ui, ctx, strip, more, size::STRIP_FACE, &name);
                if strip.on_hover_text(ctx.text.n("open_group", group.faces)).clicked() {
                    ctx.act(Action::Open(Page::Person(group.person)));
                }
            });
            ui.vertical(|ui| {
                ui.add_space(if group.resembles.is_some() { space::S } else { space::L + space::XS });
                ui.horizontal(|ui| {
                    self.field_ui(ui, ctx, people, index, field);
                    more_ui(ui, ctx, group);
                });
                ui.set_max_width(field + size::CONTROL + space::M);
                resembles_ui(ui, ctx, group);
            });
        });
    }

    fn field_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, people: &People, index: usize, width: f32) {
        let group = &people.groups[index];
        let id = field_id(group.person);
        if self.focus == Some(group.person) {
            self.out_of_sight = false;
        }
        // What lies below a question gets the keyboard when it is answered, and not before the frame after.
        let is_free = ctx.state.same_name.is_none();
        if is_given_back(ui.ctx(), id) {
            self.focus = Some(group.person);
        }
        let has_focus = ui.memory(|memory| memory.has_focus(id));
        self.focus.take_if(|focus| *focus == group.person && is_free && has_focus);
        let options = NameFieldOptions {
            label: &ctx.text.n("name_of_group", group.faces),
            hint: ctx.text.s("name_hint"),
            width,
            focus: self.focus == Some(group.person) && is_free,
        };
        let (field, seen) = self.fields.entry(group.person).or_default();
        if field.text.is_empty() {
            *seen = people.seen;
        }
        let (entered, response) = name_field_ui(ui, ctx, id, field, options);
        if options.focus {
            response.scroll_to_me(self.goes_on.then_some(egui::Align::Center));
            ui.ctx().request_repaint();
        }
        if let Some(entered) = entered {
            ctx.send(naming(group.person, entered, *seen, people.seen));
            self.focus = people.groups.get(index + 1).map(|next| next.person);
            self.goes_on = true;
        }
    }
}

fn field_id(group: PersonId) -> Id {
    Id::unique(("name of", group))
}

/// What was typed is a name; somebody who was taken from the completions is who this is.
pub(crate) fn naming(person: PersonId, entered: Entered, seen: Revision, people_seen: Revision) -> Message {
    match entered {
        Entered::Typed(name) => Message::Decide(Decision::Name { person, name }, seen),
        Entered::Person(same) => Message::NameAs { person, same: same.person, seen: seen.min(people_seen) },
    }
}

/// How many tiles a strip may have in a row of this width, so that the field beside it keeps its own.
fn tiles_in(width: f32) -> usize {
    let strip = width - BESIDE_STRIP - FIELD.start() + space::XS;
    ((strip / FACE).floor() as usize).clamp(2, STRIP)
}

fn rows_of(people: &People, columns: usize) -> Vec<Row> {
    let mut rows = vec![Row::Bar];
    for first in (0..people.named.len()).step_by(columns) {
        rows.push(Row::Cards { first, count: columns.min(people.named.len() - first) });
    }
    if !people.groups.is_empty() {
        rows.push(Row::WhoIsThis);
        rows.extend((0..people.groups.len()).map(Row::Group));
    }
    rows.push(Row::Aside);
    rows
}

fn bar_ui(ui: &mut Ui, ctx: &mut Context<'_>, people: &People) {
    ui.horizontal(|ui| {
        if !people.named.is_empty() {
            ui.label(theme::secondary(ui, ctx.text.n("named_people", people.named.len() as u64)));
        }
        if ctx.facts.overview.ready().is_some_and(|overview| overview.set_aside > 0) {
            aside_link_ui(ui, ctx);
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let label = ctx.text.s("grouping");
            if buttons::icon_and_text_ui(ui, Rank::Quiet, Icon::SlidersHorizontal, label).clicked() {
                ctx.act(Action::ToggleGrouping);
            }
            undo_ui(ui, ctx);
        });
    });
}

/// Nobody was found yet; or there are faces, which no scan has grouped yet.
fn nobody_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let faces = ctx.facts.overview.ready().map_or(0, |overview| overview.faces);
    let scans = ctx.facts.jobs.values().any(|job| job.kind == JobKind::SCAN);
    let (title_key, why, button) = match faces {
        0 => ("people_empty", ctx.text.s("people_empty_why").to_owned(), Some(("choose_folder", Action::ChooseFolder))),
        faces => {
            let button = (!scans).then_some(("rescan", Action::Rescan));
            ("people_not_grouped", ctx.text.n("people_not_grouped_why", faces), button)
        }
    };
    let label = button.as_ref().map(|(key, _)| ctx.text.s(key));
    if status::empty_ui(ui, Icon::UsersRound, ctx.text.s(title_key), &why, label)
        && let Some((_, action)) = button
    {
        ctx.act(action);
    }
}

/// Nobody forgets what was set aside: it is counted here.
fn aside_link_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let count = ctx.facts.overview.ready().map_or(0, |overview| overview.set_aside);
    let label = match count {
        0 => ctx.text.s("set_aside").to_owned(),
        count => ctx.text.n("set_aside_count", count),
    };
    if buttons::icon_and_text_ui(ui, Rank::Quiet, Icon::Archive, &label).clicked() {
        ctx.act(Action::Open(Page::SET_ASIDE));
    }
}

/// Undo, then Redo: both always, in this order on every page, so that a second click does what the first did.
pub(crate) fn undo_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let (can_undo, can_redo) =
        ctx.facts.overview.ready().map_or((false, false), |overview| (overview.can_undo, overview.can_redo));
    ui.allocate_ui_with_layout(UNDO, egui::Layout::left_to_right(egui::Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = space::XS;
        if buttons::enabled_icon_button_ui(ui, can_undo, Icon::Undo2, ctx.text.s("undo_last")).clicked() {
            ctx.act(Action::undo(ctx.facts));
        }
        if buttons::enabled_icon_button_ui(ui, can_redo, Icon::Redo2, ctx.text.s("redo_last")).clicked() {
            ctx.act(Action::redo(ctx.facts));
        }
    });
}

/// A round portrait with name and count. One dropped on another asks to merge them.
fn card_ui(ui: &mut Ui, ctx: &mut Context<'_>, person: &NamedPerson) -> Response {
    let (rect, response) = ui.allocate_exact_size(CARD, Sense::click_and_drag());
    let count = ctx.text.n("faces", person.faces + person.suggested);
    let name = ctx.text.f("person_card", &[("name", &person.name), ("count", &count)]);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    response.dnd_set_drag_payload(person.person);
    if let Some(dropped) = response.dnd_release_payload::<PersonId>()
        && *dropped != person.person
    {
        ctx.send(Message::AskMerge { from: *dropped, into: person.person });
    }
    if response.clicked() {
        ctx.act(Action::Open(Page::Person(person.person)));
    }
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let palette = theme::palette(ui.visuals());
    let portrait = Rect::from_min_size(
        rect.min + Vec2::new((CARD.x - size::PORTRAIT) / 2.0, space::XS),
        Vec2::splat(size::PORTRAIT),
    );
    picture::paint_portrait(ui, ctx, portrait, person.cover);
    let target = response.dnd_hover_payload::<PersonId>().is_some_and(|dragged| *dragged != person.person);
    if response.hovered() || response.has_focus() || target {
        let colour = if target || response.has_focus() { palette.accent } else { palette.secondary };
        let centre = portrait.center();
        ui.painter().circle_stroke(centre, size::PORTRAIT / 2.0 + 2.0, egui::Stroke::new(size::RING, colour));
    }
    caption_ui(ui, ctx, rect, portrait.bottom() + space::S, person);
    response
}

fn caption_ui(ui: &Ui, ctx: &Context<'_>, card: Rect, top: f32, person: &NamedPerson) {
    let palette = theme::palette(ui.visuals());
    let mut job = egui::text::LayoutJob::simple_singleline(
        person.name.clone(),
        theme::strong_font(theme::type_size::BODY),
        palette.text,
    );
    job.wrap = egui::text::TextWrapping::truncate_at_width(card.width() - space::S);
    let galley = ui.painter().layout_job(job);
    let at = Align2::CENTER_TOP.anchor_size(egui::pos2(card.center().x, top), galley.size());
    ui.painter().galley(at.min, galley, palette.text);
    let mut count = crate::app::ui::locale::grouped(person.faces);
    if person.suggested > 0 {
        count = ctx.text.nf("count_and_suggested", person.suggested, &[("confirmed", &count)]);
    }
    let at = egui::pos2(card.center().x, at.bottom() + 2.0);
    ui.painter().text(at, Align2::CENTER_TOP, count, theme::small_font(), palette.secondary);
}

/// "Looks like Maria", and "Not Maria": one click each.
fn resembles_ui(ui: &mut Ui, ctx: &mut Context<'_>, group: &GroupRow) {
    let Some(near) = &group.resembles else { return };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = Vec2::new(space::M, 0.0);
        let words = ctx.text.f("looks_like", &[("name", &near.name)]);
        let distance = format!("{:.2}", near.distance.0);
        let hover = ctx.text.f("distance_of", &[("distance", &distance)]);
        if buttons::link_ui(ui, &words).on_hover_text(hover).clicked() {
            ctx.send(Message::AskMerge { from: group.person, into: near.person });
        }
        if buttons::link_ui(ui, &ctx.text.f("not_them", &[("name", &near.name)])).clicked() {
            let different = Decision::Different(group.person, near.person);
            ctx.send(Message::Decide(different, ctx.facts.people_seen()));
        }
    });
}

fn more_ui(ui: &mut Ui, ctx: &mut Context<'_>, group: &GroupRow) {
    let button = buttons::icon_button_ui(ui, Icon::Ellipsis, ctx.text.s("more"));
    let seen = ctx.facts.people_seen();
    egui::Popup::menu(&button).show(|ui| {
        // Of a single face there is nothing to part.
        if group.faces > 1 {
            split_ui(ui, ctx, group.person, seen);
        }
        group_menu_ui(ui, ctx, group.person, None, seen);
    });
}

/// That a group holds different people. Not of somebody with a name: which of their faces are somebody else's is their
/// user's to say, by selecting these.
pub(crate) fn split_ui(ui: &mut Ui, ctx: &mut Context<'_>, group: PersonId, seen: Revision) {
    if buttons::entry_ui(ui, Icon::Split, ctx.text.s("split")) {
        ctx.send(Message::Split(group, seen));
    }
}

/// What can be done with a group, or with somebody whose name then stands in each entry.
pub(crate) fn group_menu_ui(ui: &mut Ui, ctx: &mut Context<'_>, person: PersonId, name: Option<&str>, seen: Revision) {
    let decide = |decision| Message::Decide(decision, seen);
    let entries = [
        (Icon::EyeOff, "ignore", "hide_person", decide(Decision::Hide(person))),
        (Icon::Users, "strangers", "strangers_of", decide(Decision::SetAsideAll { person, why: SetAside::Stranger })),
        (
            Icon::UserX,
            "not_a_person",
            "not_a_person_of",
            decide(Decision::SetAsideAll { person, why: SetAside::NotAFace }),
        ),
    ];
    for (icon, of_group, of_person, message) in entries {
        let label = match name {
            None => ctx.text.s(of_group).to_owned(),
            Some(name) => ctx.text.f(of_person, &[("name", name)]),
        };
        if buttons::entry_ui(ui, icon, &label) {
            ctx.send(message);
        }
    }
    if let Some(name) = name
        && buttons::entry_ui(ui, Icon::Trash2, &ctx.text.f("forget_person", &[("name", name)]))
    {
        ctx.act(Action::AskForget(person));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strip_gives_way_to_the_name_field() {
        assert_eq!(tiles_in(1150.0), STRIP);
        assert_eq!(tiles_in(LEAST), 4);
        for width in 420..1200 {
            let width = width as f32;
            let left = width - tiles_in(width) as f32 * FACE - BESIDE_STRIP;
            assert!(left >= FIELD.start() - space::XS, "{left} for the field of {width}");
        }
    }

    #[test]
    fn named_people_come_first_then_every_group_a_row() {
        let person = |id| NamedPerson {
            person: PersonId(id),
            name: "A".into(),
            cover: Some(crate::types::FaceId(1)),
            faces: 1,
            suggested: 0,
        };
        let group = |id| GroupRow { person: PersonId(id), faces: 2, strip: Vec::new(), resembles: None };
        let people =
            People { named: (0..5).map(person).collect(), groups: (5..7).map(group).collect(), ..People::default() };
        assert_eq!(
            rows_of(&people, 4),
            [
                Row::Bar,
                Row::Cards { first: 0, count: 4 },
                Row::Cards { first: 4, count: 1 },
                Row::WhoIsThis,
                Row::Group(0),
                Row::Group(1),
                Row::Aside,
            ]
        );
    }
}
