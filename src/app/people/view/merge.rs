//! Two people side by side before they become one.

use eframe::egui::{self, Id, Modal, Ui, Vec2};

use crate::app::people::state::Message;
use crate::app::people::view::Context;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::face_strip::face_strip_ui;
use crate::app::ui::widgets::face_tile::{FaceTile, TileFrame, face_tile_ui};
use crate::library::Decision;
use crate::types::{FaceId, PersonId};

/// Shown while the state asks for it.
pub(crate) fn merge_ui(egui_ctx: &egui::Context, ctx: &mut Context<'_>) {
    let Some((from, into)) = ctx.state.merging else { return };
    let palette = theme::palette(&egui_ctx.global_style().visuals);
    let frame = egui::Frame::window(&egui_ctx.global_style());
    let modal = Modal::new(Id::unique("merge")).frame(frame).backdrop_color(palette.backdrop).show(egui_ctx, |ui| {
        ui.set_width(440.0);
        let (from_name, into_name) = (name_of(ctx, from), name_of(ctx, into));
        ui.label(theme::heading(ctx.text.f("merge_title", &[("from", &from_name), ("into", &into_name)])));
        ui.label(theme::secondary(ui, ctx.text.f("merge_what", &[("into", &into_name)])));
        ui.add_space(space::L);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = space::L;
            side_ui(ui, ctx, from, &from_name);
            ui.label(icons::large(Icon::ArrowRight).color(palette.secondary));
            side_ui(ui, ctx, into, &into_name);
        });
        against_ui(ui, ctx, (&from_name, &into_name));
        ui.add_space(space::L);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            // Nobody merges before they can read what was said against it.
            let against = ctx.state.against;
            let merge = ui.add_enabled_ui(against.is_some(), |ui| {
                buttons::icon_and_text_ui(ui, Rank::Primary, Icon::Merge, ctx.text.s("merge")).clicked()
            });
            if let Some(against) = against.filter(|_| merge.inner) {
                ctx.send(Message::Decide(Decision::Merge { from, into, against }, ctx.facts.people_seen()));
            }
            if buttons::button_ui(ui, Rank::Plain, ctx.text.s("different_people")).clicked() {
                ctx.send(Message::Decide(Decision::Different(from, into), ctx.facts.people_seen()));
            }
            if buttons::button_ui(ui, Rank::Plain, ctx.text.s("cancel")).clicked() {
                ctx.send(Message::CloseMerge);
            }
        });
    });
    if modal.should_close() {
        ctx.send(Message::CloseMerge);
    }
}

/// What was decided that the merge goes against.
fn against_ui(ui: &mut Ui, ctx: &Context<'_>, (from, into): (&str, &str)) {
    let Some(against) = ctx.state.against.filter(|against| !against.is_nothing()) else { return };
    let not = |count: usize, of: &str, not: &str| {
        (count > 0).then(|| ctx.text.nf("merge_not_them", count as u64, &[("of", of), ("not", not)]))
    };
    let words = [
        against.told_apart.then(|| ctx.text.s("merge_told_apart").to_owned()),
        not(against.from_not_into, from, into),
        not(against.into_not_from, into, from),
    ];
    ui.add_space(space::M);
    for words in words.into_iter().flatten() {
        ui.horizontal_top(|ui| {
            ui.label(icons::text(Icon::TriangleAlert).color(theme::palette(ui.visuals()).different));
            ui.add(egui::Label::new(words).wrap());
        });
    }
    ui.add(egui::Label::new(theme::secondary(ui, ctx.text.s("merge_against_what"))).wrap());
}

fn side_ui(ui: &mut Ui, ctx: &mut Context<'_>, person: PersonId, name: &str) {
    let (faces, count) = faces_of(ctx, person);
    ui.allocate_ui(Vec2::new(180.0, 120.0), |ui| {
        ui.vertical_centered(|ui| {
            if faces.len() == 1 {
                let tile = FaceTile { face: faces[0], side: 88.0, frame: TileFrame::Round, selected: false, name };
                face_tile_ui(ui, ctx, tile);
            } else {
                face_strip_ui(ui, ctx, &faces[..faces.len().min(3)], 0, 56.0, name);
            }
            ui.label(theme::strong(name));
            ui.label(theme::secondary(ui, ctx.text.n("faces", count)));
        });
    });
}

fn name_of(ctx: &Context<'_>, person: PersonId) -> String {
    ctx.facts.name_of(person).unwrap_or(ctx.text.s("this_group")).to_owned()
}

/// A few faces of a person or group, and how many it has.
fn faces_of(ctx: &Context<'_>, person: PersonId) -> (Vec<FaceId>, u64) {
    let Some(people) = ctx.facts.people.ready() else { return (Vec::new(), 0) };
    if let Some(row) = people.named.iter().find(|row| row.person == person) {
        return (row.cover.into_iter().collect(), row.faces + row.suggested);
    }
    match people.groups.iter().find(|group| group.person == person) {
        Some(group) => (group.strip.clone(), group.faces),
        None => (Vec::new(), 0),
    }
}
