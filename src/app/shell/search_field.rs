//! The one search field: jump to a person, a photo, a view or a command. Ctrl-K (⌘K) leads to it.

use eframe::egui::{self, Id, Key, Rect, Response, TextEdit, Ui, Vec2};

use crate::app::shell::features;
use crate::app::shell::state::Context;
use crate::app::ui::action::Action;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::search::Hit;
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::suggestions::{arrows, list_ui, row_ui};

/// Hits at once, at most.
const LISTED: usize = 12;

#[derive(Debug, Default)]
pub(crate) struct SearchField {
    text: String,
    marked: usize,
    list: Option<Rect>,
}

pub(crate) fn field_id() -> Id {
    Id::unique("search field")
}

pub(crate) fn search_field_ui(ui: &mut Ui, ctx: &mut Context<'_>, field: &mut SearchField) {
    let id = field_id();
    let has_focus = ui.memory(|memory| memory.has_focus(id));
    let hits = if has_focus || field.list.is_some() { hits(ctx, &field.text) } else { Vec::new() };
    if has_focus {
        move_mark(ui, field, hits.len());
    }
    let shortcut = if ui.ctx().os().is_mac() { "⌘K" } else { "Ctrl K" };
    let response = ui.add(
        TextEdit::singleline(&mut field.text)
            .id(id)
            .hint_text(theme::secondary(ui, ctx.text.s("search_hint")))
            .prefix(icons::text(Icon::Search).color(theme::palette(ui.visuals()).secondary))
            .suffix(theme::secondary(ui, shortcut).size(theme::type_size::SMALL))
            .desired_width(280.0)
            .margin(egui::Margin::symmetric(space::S as i8, 6)),
    );
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(ctx.text.s("search_label")));
    if response.changed() {
        field.marked = 0;
        if !field.text.trim().is_empty() {
            ctx.act(Action::Search(field.text.trim().to_owned()));
        }
    }
    if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
        if let Some(hit) = hits.get(field.marked) {
            ctx.act(hit.action.clone());
        }
        *field = SearchField::default();
        return;
    }
    if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape)) {
        *field = SearchField::default();
        return;
    }
    let pointer = ui.ctx().pointer_latest_pos();
    let over_list = field.list.zip(pointer).is_some_and(|(list, pos)| list.contains(pos));
    if !response.has_focus() && !over_list {
        field.list = None;
        return;
    }
    if hits_ui(ui, ctx, field, &response, &hits) {
        *field = SearchField::default();
    }
}

fn hits(ctx: &Context<'_>, typed: &str) -> Vec<Hit> {
    let command = |key, action| Hit::command(ctx.text.s(key), action, typed);
    let views = features::views().filter_map(|view| command(view.label_key, Action::Show(view)));
    let own = ctx.state.hits(typed, ctx.text);
    let mut hits: Vec<Hit> = views.chain(own).chain(command("undo", Action::undo(&ctx.state.facts))).collect();
    hits.sort_by_key(|hit| hit.kind.rank());
    hits.truncate(LISTED);
    hits
}

fn move_mark(ui: &Ui, field: &mut SearchField, count: usize) {
    let moved = field.marked as isize + arrows(ui);
    field.marked = moved.checked_rem_euclid(count as isize).map_or(field.marked, |marked| marked as usize);
}

/// True when a hit was taken.
fn hits_ui(ui: &Ui, ctx: &mut Context<'_>, field: &mut SearchField, response: &Response, hits: &[Hit]) -> bool {
    let mut taken = false;
    let name = ctx.text.s("search_label");
    field.list = Some(list_ui(ui, response, name, 0.0, |ui| {
        if hits.is_empty() {
            ui.label(theme::secondary(ui, ctx.text.s("search_nothing")));
        }
        for (i, hit) in hits.iter().enumerate() {
            if hit_ui(ui, hit, i == field.marked).clicked() {
                ctx.act(hit.action.clone());
                taken = true;
            }
        }
    }));
    taken
}

fn hit_ui(ui: &mut Ui, hit: &Hit, marked: bool) -> Response {
    let (rect, response) = row_ui(ui, 30.0, marked, &hit.words);
    let palette = theme::palette(ui.visuals());
    let at = rect.left_center() + Vec2::new(space::M, 0.0);
    let font = icons::font(theme::size::ICON);
    ui.painter().text(at, egui::Align2::CENTER_CENTER, icons::glyph(hit.kind.icon()), font, palette.secondary);
    let at = rect.left_center() + Vec2::new(space::XL + space::XS, 0.0);
    ui.painter().text(at, egui::Align2::LEFT_CENTER, &hit.words, theme::body_font(), palette.text);
    response
}
