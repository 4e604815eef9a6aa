//! The page where names are reviewed: people with their faces, contradictions, names without a face, names that other
//! programs took back, files that could not be read. Only the rows in sight are laid out.

use eframe::egui::{self, Align, Layout, Ui, Vec2};

use super::contradictions::{conflict_ui, withdrawn_ui, without_face_ui};
use super::tiles::{CELL, cells_ui};
use super::{Context, skip_ui};
use crate::app::metadata::state::{Follow, Message, NameOfPhoto, PersonToReview, SkippedFile};
use crate::app::ui::icons::Icon;
use crate::app::ui::locale::{Locale, grouped};
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::face_strip::face_strip_ui;
use crate::app::ui::widgets::rows::{RowTops, rows_ui};
use crate::app::ui::widgets::status;
use crate::metadata::found::NameKind;
use crate::metadata::review::PersonFound;

const HEADING: f32 = 44.0;
const PERSON: f32 = 64.0;
const LINE: f32 = 40.0;
/// A contradiction, a name without a face, one that was taken back: a picture and what can be said to it.
const QUESTION: f32 = 96.0;
/// Faces of a person's strip.
const STRIP: usize = 5;
const FACE: f32 = 44.0;
/// Notices lie over what is at the bottom.
const FOOT: f32 = 120.0;

/// A row of the page.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Row {
    /// The words' name, and how many follow.
    Heading(&'static str, usize),
    Person(usize),
    Faces {
        person: usize,
        first: usize,
        count: usize,
    },
    Conflict(usize),
    /// The headings of contradictions and of names that were taken back, with what is said to all of them.
    Conflicts,
    Withdrawals,
    Withdrawn(usize),
    WithoutFace(usize),
    Skipped(usize),
    Foot,
}

impl Row {
    fn height(self) -> f32 {
        match self {
            Self::Heading(..) | Self::Conflicts | Self::Withdrawals => HEADING,
            Self::Person(_) => PERSON,
            Self::Faces { .. } => CELL.y,
            Self::Conflict(_) | Self::Withdrawn(_) | Self::WithoutFace(_) => QUESTION,
            Self::Skipped(_) => LINE,
            Self::Foot => FOOT,
        }
    }
}

pub(super) fn page_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    bar_ui(ui, ctx);
    let columns = (((ui.available_width() - space::M) / CELL.x).floor() as usize).max(1);
    let rows = rows_of(ctx, columns);
    if rows.len() == 1 {
        let why = ctx.text.s("settings_names_what");
        status::empty_ui(ui, Icon::UserRound, ctx.text.s("names_none"), why, None);
        return;
    }
    let tops = RowTops::new(rows.iter().map(|row| row.height()));
    rows_ui(ui, "names", &tops, None, |ui, row| {
        row_ui(ui, ctx, rows[row]);
        follow_keyboard(ui);
    });
}

/// What gets the keyboard in a row comes into sight, so that there is always a row to move on to.
fn follow_keyboard(ui: &Ui) {
    let Some(focused) = ui.memory(|memory| memory.focused()) else { return };
    let Some(response) = ui.ctx().read_response(focused).filter(|there| ui.min_rect().contains(there.rect.center()))
    else {
        return;
    };
    let place = egui::Id::unique("where the keyboard was among names");
    if ui.data_mut(|data| data.get_temp_mut_or_default::<Option<egui::Id>>(place).replace(focused)) != Some(focused) {
        // With the next row, since only what is in sight is laid out.
        ui.scroll_to_rect(response.rect.expand2(egui::vec2(0.0, ui.min_rect().height())), None);
    }
}

/// How much was found, and what is done to all of it.
fn bar_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    if let Some(words) = ctx.state.found_words(ctx.text) {
        ui.label(words);
        ui.add_space(space::XS);
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = Vec2::splat(space::S);
        let (ticked, (names, _)) = (ctx.state.lists().ticked(), ctx.state.lists().counts());
        if names > 0 {
            let take = ctx.text.n("take_ticked_names", ticked as u64);
            if buttons::enabled_button_ui(ui, ticked > 0, Rank::Primary, &take).clicked() {
                ctx.send(Message::TakeTicked);
            }
            for (key, is_done, to) in [("tick_all_names", ticked == names, true), ("tick_no_names", ticked == 0, false)]
            {
                if buttons::enabled_button_ui(ui, !is_done, Rank::Quiet, ctx.text.s(key)).clicked() {
                    ctx.send(Message::TickAll { who: None, ticked: to });
                }
            }
        }
        if buttons::button_ui(ui, Rank::Quiet, ctx.text.s("find_names")).clicked() {
            ctx.send(Message::Find);
        }
        if ctx.state.has_refused() && buttons::button_ui(ui, Rank::Quiet, ctx.text.s("offer_names_again")).clicked() {
            ctx.send(Message::OfferAgain);
        }
    });
    ui.add_space(space::S);
}

fn rows_of(ctx: &Context<'_>, columns: usize) -> Vec<Row> {
    let lists = ctx.state.lists();
    let mut rows = Vec::new();
    for (at, person) in lists.people.iter().enumerate() {
        rows.push(Row::Person(at));
        if ctx.state.found(person).is_some_and(|found| ctx.state.is_unfolded(&found.key)) {
            let firsts = (0..person.names.len()).step_by(columns);
            let faces = |first| Row::Faces { person: at, first, count: columns.min(person.names.len() - first) };
            rows.extend(firsts.map(faces));
        }
    }
    let mut section = |heading: Row, count: usize, row: fn(usize) -> Row| {
        if count > 0 {
            rows.push(heading);
            rows.extend((0..count).map(row));
        }
    };
    let (conflicts, left) = (lists.conflicts.len(), lists.without_face.len());
    section(Row::Conflicts, conflicts, Row::Conflict);
    section(Row::Withdrawals, lists.withdrawn.len(), Row::Withdrawn);
    section(Row::Heading("names_without_face_heading", left), left, Row::WithoutFace);
    let skipped = ctx.state.skipped().len();
    section(Row::Heading("names_skipped_heading", skipped), skipped, Row::Skipped);
    rows.push(Row::Foot);
    rows
}

fn row_ui(ui: &mut Ui, ctx: &mut Context<'_>, row: Row) {
    let state = ctx.state;
    match row {
        Row::Heading(key, count) => heading_ui(ui, ctx, key, count),
        Row::Person(at) => {
            let person = &state.lists().people[at];
            if let Some(found) = state.found(person) {
                person_ui(ui, ctx, person, found);
            }
        }
        Row::Faces { person, first, count } => {
            let person = &state.lists().people[person];
            if let Some(found) = state.found(person) {
                cells_ui(ui, ctx, &person.names[first..first + count], &found.name);
            }
        }
        Row::Conflict(at) => {
            let place = state.lists().conflicts[at];
            if let Some(conflict) = state.conflict(place) {
                conflict_ui(ui, ctx, place, conflict);
            }
        }
        Row::Conflicts => conflicts_ui(ui, ctx),
        Row::Withdrawals => withdrawals_ui(ui, ctx),
        Row::Withdrawn(at) => {
            if let Some(name) = state.withdrawn(state.lists().withdrawn[at]) {
                withdrawn_ui(ui, ctx, name);
            }
        }
        Row::WithoutFace(at) => without_face_ui(ui, ctx, &state.lists().without_face[at]),
        Row::Skipped(at) => skipped_ui(ui, ctx.text, &state.skipped()[at]),
        Row::Foot => {}
    }
}

fn heading_ui(ui: &mut Ui, ctx: &Context<'_>, key: &str, count: usize) {
    ui.horizontal_centered(|ui| {
        ui.label(theme::lead(ctx.text.s(key)));
        ui.label(theme::secondary(ui, grouped(count as u64)));
    });
}

fn conflicts_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    ui.horizontal_centered(|ui| {
        ui.label(theme::lead(ctx.text.s("names_conflicts_heading")));
        ui.label(theme::secondary(ui, grouped(ctx.state.lists().conflicts.len() as u64)));
        for (key, follow) in [("keep_all_mine", Follow::Mine), ("take_all_theirs", Follow::Theirs)] {
            let enabled = ctx.state.can_follow(follow);
            if buttons::enabled_button_ui(ui, enabled, Rank::Quiet, ctx.text.s(key)).clicked() {
                ctx.send(Message::DecideAll(follow));
            }
        }
    });
}

fn withdrawals_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let state = ctx.state;
    let places = &state.lists().withdrawn;
    ui.horizontal_centered(|ui| {
        ui.label(theme::lead(ctx.text.s("names_withdrawn_heading")));
        ui.label(theme::secondary(ui, grouped(places.len() as u64)));
        for (key, follow) in [("remove_all_names", true), ("keep_all_names", false)] {
            if buttons::button_ui(ui, Rank::Quiet, ctx.text.s(key)).clicked() {
                let names = places.iter().filter_map(|place| state.withdrawn(*place));
                let names = names.map(NameOfPhoto::of_withdrawn).collect();
                ctx.send(Message::SettleWithdrawn { names, follow });
            }
        }
    });
}

/// Name, counts, faces; what is said to all of them at the right.
fn person_ui(ui: &mut Ui, ctx: &mut Context<'_>, person: &PersonToReview, found: &PersonFound) {
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        let is_unfolded = ctx.state.is_unfolded(&found.key);
        let (icon, key) =
            if is_unfolded { (Icon::ChevronDown, "hide_faces_of") } else { (Icon::ChevronRight, "show_faces_of") };
        let label = ctx.text.f(key, &[("name", &found.name)]);
        let mut unfold = buttons::icon_button_ui(ui, icon, &label).clicked();
        let examples: Vec<_> = found.examples.iter().copied().take(STRIP).collect();
        let width = STRIP as f32 * (FACE + space::XS);
        ui.allocate_ui(Vec2::new(width, FACE), |ui| {
            ui.set_min_width(width);
            if !examples.is_empty() {
                unfold |= face_strip_ui(ui, ctx, &examples, 0, FACE, &found.name).clicked();
            }
        });
        if unfold {
            ctx.send(Message::Unfold(found.key.clone()));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            answers_ui(ui, ctx, person, found);
            ui.with_layout(Layout::top_down(Align::Min), |ui| {
                ui.add_space(space::S);
                ui.add(egui::Label::new(theme::strong(&found.name)).truncate());
                let words = person_words(ctx, person, found);
                ui.add(egui::Label::new(theme::secondary(ui, &words).size(theme::type_size::SMALL)).truncate())
                    .on_hover_text(words);
            });
        });
    });
}

/// Whose it is is said with each button, for who cannot see its row. Right to left.
fn answers_ui(ui: &mut Ui, ctx: &mut Context<'_>, person: &PersonToReview, found: &PersonFound) {
    let ticked = person.ticked();
    let mut pressed = |what: &str, enabled: bool, rank: Rank| {
        let response = buttons::enabled_button_ui(ui, enabled, rank, what);
        let spoken = ctx.text.f("of_person", &[("what", what), ("name", &found.name)]);
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(spoken.as_str()));
        response.clicked()
    };
    let refuse = pressed(ctx.text.s("refuse_name"), true, Rank::Quiet);
    let take = pressed(&ctx.text.n("take_names_of", ticked as u64), ticked > 0, Rank::Plain);
    if refuse {
        ctx.send(Message::Refuse(found.key.clone()));
    } else if take {
        ctx.send(Message::Take(found.key.clone()));
    }
}

/// "7 faces to name · 2 only guessed there · XMP, Picasa".
fn person_words(ctx: &Context<'_>, person: &PersonToReview, found: &PersonFound) -> String {
    let sources: Vec<&str> = found.by_source.keys().map(|source| ctx.text.s(super::source_key(*source))).collect();
    let mut words = vec![ctx.text.n("names_faces", person.names.len() as u64)];
    let guesses = person.names.iter().filter(|name| name.name.kind != NameKind::Confirmed).count();
    let unseen = person.names.iter().filter(|name| super::tiles::is_unseen(name)).count();
    for (key, count) in [("names_guesses", guesses), ("names_unseen", unseen), ("names_settled", found.settled)] {
        if count > 0 {
            words.push(ctx.text.n(key, count as u64));
        }
    }
    words.push(sources.join(ctx.text.s("list_separator")));
    words.join(" · ")
}

fn skipped_ui(ui: &mut Ui, text: &Locale, file: &SkippedFile) {
    let name = file.path.file_name().unwrap_or(file.path.as_os_str()).to_string_lossy();
    ui.horizontal_centered(|ui| {
        ui.set_max_height(size::CONTROL);
        ui.label(theme::strong(&*name)).on_hover_text(file.path.to_string_lossy());
        skip_ui(ui, text, &file.why, egui::Label::truncate);
    });
}
