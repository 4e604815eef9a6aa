//! What was set aside, each with its way back: lost and carried faces, hidden people, strangers, no faces, who is not whom,
//! and people who were joined.

use eframe::egui::{self, Ui, Vec2};

use crate::app::engine::facts::{Loadable, PuttingBack};
use crate::app::people::state::{ApartRow, Aside, AsideTab, Message};
use crate::app::people::view::Context;
use crate::app::people::view::people::{UNDO, undo_ui};
use crate::app::ui::action::Action;
use crate::app::ui::icons::Icon;
use crate::app::ui::locale::grouped;
use crate::app::ui::page::Page;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::view::View;
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::face_tile::{FaceTile, TileFrame, face_tile_ui};
use crate::app::ui::widgets::rows::{RowTops, rows_ui};
use crate::app::ui::widgets::status;
use crate::library::{CarriedFace, Decision, FaceSetAside, LostFace, MergedPerson, PersonCard, Rejection, SetAside};
use crate::types::FaceId;

const GAP: f32 = space::M;
/// A tile with its way back below it.
const CELL: Vec2 = Vec2::new(size::FACE_TILE + GAP, size::FACE_TILE + size::CONTROL + space::L);
const LOST: f32 = 88.0;
const HEADING: f32 = 44.0;
const PAIR: f32 = 64.0;

/// A row of the open tab.
enum Row<'a> {
    Lost(&'a LostFace),
    /// How many faces below were let go.
    LetGoHeading(usize),
    LetGo(&'a LostFace),
    Carried(&'a CarriedFace),
    Hidden(&'a [PersonCard]),
    /// Whose the faces below were.
    Whose(Option<&'a str>, &'a [&'a FaceSetAside]),
    Faces(&'a [&'a FaceSetAside]),
    Pair(&'a ApartRow),
    /// Who it is that the faces below are not, and how many faces these are.
    NotThem(Option<&'a str>, usize),
    Rejected(&'a [Rejection]),
    Merged(&'a MergedPerson),
}

pub(crate) fn aside_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let tile = Vec2::splat(size::FACE_TILE);
    match &ctx.state.aside {
        Loadable::Loading => status::skeleton_ui(ui, tile, ctx.text.s("loading")),
        Loadable::Failed(failure) => {
            if status::failed_ui(ui, ctx.text, failure, ctx.text.s("try_again")) {
                ctx.act(Action::Open(Page::SET_ASIDE));
            }
        }
        Loadable::Ready(aside) => page_ui(ui, ctx, aside),
    }
}

fn page_ui(ui: &mut Ui, ctx: &mut Context<'_>, aside: &Aside) {
    let open = ctx.state.aside_tab;
    // The counts change with what is done here; the arrows keep their place all the same.
    ui.horizontal_top(|ui| {
        let tabs = Vec2::new(ui.available_width() - UNDO.x - space::L, size::CONTROL);
        let wrapped = egui::Layout::left_to_right(egui::Align::Center).with_main_wrap(true);
        ui.allocate_ui_with_layout(tabs, wrapped, |ui| {
            ui.set_min_width(tabs.x);
            ui.spacing_mut().item_spacing = Vec2::splat(space::XS);
            tabs_ui(ui, ctx, aside, open);
        });
        undo_ui(ui, ctx);
    });
    ui.add_space(space::S);
    if aside.is_empty(open) {
        status::empty_ui(ui, Icon::Archive, ctx.text.s(open.empty_key()), ctx.text.s(open.what_key()), None);
        return;
    }
    ui.add(egui::Label::new(theme::secondary(ui, ctx.text.s(open.what_key()))).wrap());
    ui.add_space(space::S);
    let columns = (((ui.available_width() - space::M) / CELL.x).floor() as usize).max(1);
    let faces: Vec<&FaceSetAside> = match open {
        AsideTab::Strangers => aside.faces_for(SetAside::Stranger).collect(),
        AsideTab::NotAFace => aside.faces_for(SetAside::NotAFace).collect(),
        _ => Vec::new(),
    };
    let rows = rows_of(aside, open, &faces, columns);
    let tops = RowTops::new(rows.iter().map(|row| match row {
        Row::Lost(_) | Row::LetGo(_) | Row::Carried(_) => LOST,
        Row::Hidden(_) => CELL.y + size::CONTROL,
        Row::Faces(_) | Row::Rejected(_) => CELL.y,
        Row::Pair(_) | Row::Merged(_) => PAIR,
        Row::NotThem(..) | Row::LetGoHeading(_) | Row::Whose(..) => HEADING,
    }));
    rows_ui(ui, open.label_key(), &tops, None, |ui, row| match &rows[row] {
        Row::Lost(lost) => lost_ui(ui, ctx, lost, |ui, ctx| lost_buttons_ui(ui, ctx, aside, lost)),
        Row::LetGo(lost) => lost_ui(ui, ctx, lost, |ui, ctx| {
            if buttons::button_ui(ui, Rank::Quiet, ctx.text.s("take_back_let_go")).clicked() {
                decide(ctx, aside, Decision::TakeBackLetGo { of: lost.state.person(), faces: vec![lost.face_id] });
            }
        }),
        Row::Carried(face) => lost_ui(ui, ctx, &face.was, |ui, ctx| carried_ui(ui, ctx, aside, face)),
        Row::LetGoHeading(count) => heading_ui(ui, ctx.text.s("aside_let_go"), &ctx.text.n("faces", *count as u64)),
        Row::Hidden(people) => cells_ui(ui, people.iter(), |ui, person| hidden_ui(ui, ctx, aside, person)),
        Row::Whose(name, faces) => whose_ui(ui, ctx, aside, *name, faces),
        Row::Faces(faces) => cells_ui(ui, faces.iter(), |ui, face| face_ui(ui, ctx, aside, face)),
        Row::Pair(pair) => pair_ui(ui, ctx, aside, pair),
        Row::NotThem(name, count) => {
            let name = name.unwrap_or(ctx.text.s("unnamed_group"));
            heading_ui(ui, &ctx.text.f("not_them", &[("name", name)]), &ctx.text.n("faces", *count as u64));
        }
        Row::Rejected(faces) => cells_ui(ui, faces.iter(), |ui, face| rejection_ui(ui, ctx, aside, face)),
        Row::Merged(merged) => merged_ui(ui, ctx, aside, merged),
    });
}

fn tabs_ui(ui: &mut Ui, ctx: &mut Context<'_>, aside: &Aside, open: AsideTab) {
    for tab in AsideTab::ALL {
        let count = grouped(aside.count(tab) as u64);
        let label = ctx.text.f("aside_tab", &[("tab", ctx.text.s(tab.label_key())), ("count", &count)]);
        if buttons::chip_ui(ui, tab == open, &label).clicked() {
            ctx.send(Message::ShowAside(tab));
        }
    }
}

fn heading_ui(ui: &mut Ui, heading: &str, count: &str) {
    ui.horizontal_centered(|ui| {
        ui.label(theme::lead(heading));
        ui.label(theme::secondary(ui, count));
    });
}

fn rows_of<'a>(aside: &'a Aside, tab: AsideTab, faces: &'a [&'a FaceSetAside], columns: usize) -> Vec<Row<'a>> {
    match tab {
        AsideTab::Lost => {
            let mut rows: Vec<Row> = aside.lost.iter().map(Row::Lost).collect();
            if !aside.let_go.is_empty() {
                rows.push(Row::LetGoHeading(aside.let_go.len()));
                rows.extend(aside.let_go.iter().map(Row::LetGo));
            }
            rows
        }
        AsideTab::Carried => aside.carried.iter().map(Row::Carried).collect(),
        AsideTab::Hidden => aside.hidden.chunks(columns).map(Row::Hidden).collect(),
        AsideTab::Strangers | AsideTab::NotAFace => {
            let mut rows = Vec::new();
            let is_one =
                |a: &&FaceSetAside, b: &&FaceSetAside| a.name == b.name && (a.name.is_none() || a.person == b.person);
            for faces in faces.chunk_by(is_one) {
                let name = faces[0].name.as_deref();
                // Where nobody had a name there is nothing to be told apart.
                if name.is_some() || !rows.is_empty() {
                    rows.push(Row::Whose(name, faces));
                }
                rows.extend(faces.chunks(columns).map(Row::Faces));
            }
            rows
        }
        AsideTab::Different => {
            let mut rows: Vec<Row> = aside.apart.iter().map(Row::Pair).collect();
            for (_, name, rejections) in aside.rejected() {
                rows.push(Row::NotThem(name, rejections.len()));
                rows.extend(rejections.chunks(columns).map(Row::Rejected));
            }
            rows
        }
        AsideTab::Merged => aside.merged.iter().map(Row::Merged).collect(),
    }
}

/// Who has the faces below again when they are restored, and all at once.
fn whose_ui(ui: &mut Ui, ctx: &mut Context<'_>, aside: &Aside, name: Option<&str>, faces: &[&FaceSetAside]) {
    ui.horizontal_centered(|ui| {
        ui.label(theme::lead(name.unwrap_or(ctx.text.s("unnamed"))));
        ui.label(theme::secondary(ui, ctx.text.n("faces", faces.len() as u64)));
        let Some(name) = name else { return };
        ui.add_space(space::S);
        if buttons::button_ui(ui, Rank::Quiet, &ctx.text.f("restore_all", &[("name", name)])).clicked() {
            let ids = faces.iter().map(|face| face.face_id).collect();
            decide(ctx, aside, Decision::Restore { of: faces[0].person, faces: ids });
        }
    });
}

fn cells_ui<T>(ui: &mut Ui, items: impl Iterator<Item = T>, mut cell_ui: impl FnMut(&mut Ui, T)) {
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing = Vec2::new(GAP, space::XS);
        for item in items {
            ui.vertical(|ui| {
                ui.set_width(size::FACE_TILE);
                cell_ui(ui, item);
            });
        }
    });
}

fn decide(ctx: &mut Context<'_>, aside: &Aside, decision: Decision) {
    ctx.send(Message::Decide(decision, aside.seen));
}

fn tile(face: FaceId, frame: TileFrame, name: &str) -> FaceTile<'_> {
    FaceTile { face, side: size::FACE_TILE, frame, selected: false, name }
}

/// It is put back onto a face of the picture that is there now, or of any other.
fn lost_buttons_ui(ui: &mut Ui, ctx: &mut Context<'_>, aside: &Aside, lost: &LostFace) {
    if buttons::button_ui(ui, Rank::Quiet, ctx.text.s("let_go")).clicked() {
        decide(ctx, aside, Decision::LetGo { of: lost.state.person(), faces: vec![lost.face_id] });
    }
    if buttons::button_ui(ui, Rank::Plain, ctx.text.s("put_back")).clicked() {
        let putting =
            PuttingBack { lost: lost.face_id, of: lost.state.person(), name: lost.name.clone(), seen: aside.seen };
        // Who goes elsewhere by themselves has given the search up, so it begins where it leads to.
        match lost.replaced_by {
            Some(photo) => ctx.act(Action::Open(Page::Photo(photo))),
            None => ctx.act(Action::Show(View::LIBRARY)),
        }
        ctx.act(Action::PutBack(Some(putting)));
    }
}

/// The face that has the other one's name now, and that it is not that one, which waits again then.
fn carried_ui(ui: &mut Ui, ctx: &mut Context<'_>, aside: &Aside, face: &CarriedFace) {
    let Some(person) = face.was.state.person() else { return };
    let name = face.was.name.as_deref().unwrap_or(ctx.text.s("unnamed_group"));
    if buttons::button_ui(ui, Rank::Quiet, &ctx.text.f("not_them", &[("name", name)])).clicked() {
        decide(ctx, aside, Decision::Reject { person, faces: vec![face.into] });
    }
    let now = FaceTile { face: face.into, side: 72.0, frame: TileFrame::Square, selected: false, name };
    if face_tile_ui(ui, ctx, now).clicked() {
        ctx.act(Action::Open(Page::Photo(face.into_photo)));
    }
    ui.label(theme::secondary(ui, ctx.text.s("is_now")));
}

/// Crop, name and old path of a lost face.
fn lost_ui(ui: &mut Ui, ctx: &mut Context<'_>, lost: &LostFace, buttons_ui: impl FnOnce(&mut Ui, &mut Context<'_>)) {
    let name = lost.name.as_deref().unwrap_or(ctx.text.s("unnamed"));
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::M;
        let tile = FaceTile { face: lost.face_id, side: 72.0, frame: TileFrame::Square, selected: false, name };
        face_tile_ui(ui, ctx, tile);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            buttons_ui(ui, ctx);
            ui.with_layout(egui::Layout::top_down(egui::Align::Min), |ui| {
                ui.add_space(space::L);
                ui.add(egui::Label::new(theme::strong(name)).truncate());
                let path = lost.path.to_string_lossy();
                ui.add(egui::Label::new(theme::secondary(ui, &*path).size(theme::type_size::SMALL)).truncate())
                    .on_hover_text(&*path);
                if lost.is_sought {
                    let words = theme::secondary(ui, ctx.text.s("lost_sought")).size(theme::type_size::SMALL);
                    ui.add(egui::Label::new(words).truncate());
                }
            });
        });
    });
}

fn hidden_ui(ui: &mut Ui, ctx: &mut Context<'_>, aside: &Aside, person: &PersonCard) {
    let name = person.name.as_deref().unwrap_or(ctx.text.s("unnamed_group"));
    if let Some(cover) = person.cover
        && face_tile_ui(ui, ctx, tile(cover, TileFrame::Round, name)).clicked()
    {
        ctx.act(Action::Open(Page::Person(person.id)));
    }
    ui.add(egui::Label::new(theme::strong(name)).truncate());
    let label = ctx.text.s("show");
    if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::Eye, label).clicked() {
        decide(ctx, aside, Decision::Show(person.id));
    }
}

fn face_ui(ui: &mut Ui, ctx: &mut Context<'_>, aside: &Aside, face: &FaceSetAside) {
    let label = match face.why {
        SetAside::Stranger => ctx.text.s("aside_stranger"),
        SetAside::NotAFace => ctx.text.s("aside_no_face"),
    };
    if face_tile_ui(ui, ctx, tile(face.face_id, TileFrame::Square, label)).clicked() {
        ctx.act(Action::Open(Page::Photo(face.photo_id)));
    }
    if buttons::button_ui(ui, Rank::Quiet, ctx.text.s("restore")).clicked() {
        decide(ctx, aside, Decision::Restore { of: face.person, faces: vec![face.face_id] });
    }
}

fn pair_ui(ui: &mut Ui, ctx: &mut Context<'_>, aside: &Aside, row: &ApartRow) {
    let (a, b) = row.pair.people;
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        let sides = [(a, &row.pair.names.0, row.covers.0), (b, &row.pair.names.1, row.covers.1)];
        for (place, (person, name, cover)) in sides.into_iter().enumerate() {
            let name = name.as_deref().unwrap_or(ctx.text.s("unnamed_group"));
            if place > 0 {
                ui.label(theme::secondary(ui, ctx.text.s("is_not")));
            }
            if let Some(face) = cover {
                let tile = FaceTile { face, side: 48.0, frame: TileFrame::Round, selected: false, name };
                if face_tile_ui(ui, ctx, tile).clicked() {
                    ctx.act(Action::Open(Page::Person(person)));
                }
            }
            ui.add(egui::Label::new(theme::strong(name)));
        }
        ui.add_space(space::M);
        if buttons::button_ui(ui, Rank::Quiet, ctx.text.s("may_be_same")).clicked() {
            decide(ctx, aside, Decision::MayBeSame(a, b));
        }
    });
}

/// Whose name went, and into whom.
fn merged_ui(ui: &mut Ui, ctx: &mut Context<'_>, aside: &Aside, merged: &MergedPerson) {
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        ui.add(egui::Label::new(theme::strong(&merged.name)));
        ui.label(theme::secondary(ui, ctx.text.n("faces", merged.faces as u64)));
        ui.label(theme::secondary(ui, ctx.text.s("is_said_to_be")));
        let name = merged.into_name.as_deref().unwrap_or(ctx.text.s("unnamed_group"));
        match merged.into {
            Some(into) if buttons::button_ui(ui, Rank::Quiet, name).clicked() => {
                ctx.act(Action::Open(Page::Person(into)));
            }
            Some(_) => {}
            None => _ = ui.label(name),
        }
        ui.add_space(space::M);
        if buttons::button_ui(ui, Rank::Quiet, ctx.text.s("were_two")).clicked() {
            decide(ctx, aside, Decision::Part { step: merged.step, into: merged.into });
        }
    });
}

fn rejection_ui(ui: &mut Ui, ctx: &mut Context<'_>, aside: &Aside, face: &Rejection) {
    let name = face.name.as_deref().unwrap_or(ctx.text.s("unnamed_group"));
    let label = ctx.text.f("not_them", &[("name", name)]);
    if face_tile_ui(ui, ctx, tile(face.face_id, TileFrame::Square, &label)).clicked() {
        ctx.act(Action::Open(Page::Photo(face.photo_id)));
    }
    if buttons::button_ui(ui, Rank::Quiet, ctx.text.s("may_be_them")).clicked() {
        decide(ctx, aside, Decision::TakeBackReject { person: face.person, face: face.face_id });
    }
}
