//! What is written, and where: the choices, or one line of them while the files are looked at.

use eframe::egui::Ui;

use super::send;
use crate::app::metadata::state::State;
use crate::app::metadata::state::write::{
    NameList, WriteChoices, WriteMessage, WriteOutcome, WritePlace, WritingState,
};
use crate::app::metadata::view::Context;
use crate::app::ui::locale::Locale;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::section::hint_ui;

pub(super) fn form_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let state: &State = ctx.state;
    let Some(kept) = state.writing.kept() else { return };
    ui.set_max_width(size::READING_WIDTH + 120.0);
    let choices = &kept.settings.choices;
    if !is_form_shown(&state.writing) {
        hint_ui(ui, summary(choices, ctx.text));
        if buttons::button_ui(ui, Rank::Plain, ctx.text.s("write_show_choices")).clicked() {
            send(ctx, WriteMessage::ShowChoices(true));
        }
        ui.add_space(space::M);
        return;
    }
    let mut chosen = choices.clone();
    ui.add_enabled_ui(state.writing.job().is_none(), |ui| {
        choices_ui(ui, ctx, &mut chosen);
    });
    if state.writing.choices_shown && buttons::button_ui(ui, Rank::Plain, ctx.text.s("write_hide_choices")).clicked() {
        send(ctx, WriteMessage::ShowChoices(false));
    }
    ui.add_space(space::M);
    if chosen != *choices {
        send(ctx, WriteMessage::Choose(chosen));
    }
}

/// Until there is something to look at, it is all that is here.
fn is_form_shown(writing: &WritingState) -> bool {
    let is_empty = |outcome: &WriteOutcome| outcome.skipped().is_empty() && outcome.left().is_empty();
    writing.choices_shown || writing.preview().is_none() && writing.outcome().is_none_or(is_empty)
}

fn choices_ui(ui: &mut Ui, ctx: &Context<'_>, choices: &mut WriteChoices) {
    hint_ui(ui, ctx.text.s("settings_write_what"));
    title_ui(ui, ctx.text.s("write_where"));
    for (place, key, what) in [
        (WritePlace::Sidecar, "write_beside", "write_beside_what"),
        (WritePlace::Embedded, "write_into", "write_into_what"),
    ] {
        if ui.radio(choices.place == place, ctx.text.s(key)).clicked() {
            choices.place = place;
        }
        ui.indent(key, |ui| hint_ui(ui, ctx.text.s(what)));
    }
    title_ui(ui, ctx.text.s("write_lists"));
    let mut lists = choices.lists.clone();
    for list in NameList::ALL {
        let mut is_on = lists.contains(&list);
        if ui.checkbox(&mut is_on, ctx.text.s(list_key(list))).changed() {
            lists.retain(|other| *other != list);
            lists.extend(is_on.then_some(list));
        }
    }
    choices.lists = NameList::ALL.into_iter().filter(|list| lists.contains(list)).collect();
    if choices.lists.is_empty() {
        hint_ui(ui, ctx.text.s("write_no_lists"));
    }
    title_ui(ui, ctx.text.s("write_more"));
    ui.checkbox(&mut choices.with_suggested, ctx.text.s("write_suggested"));
    ui.checkbox(&mut choices.keep_time, ctx.text.s("write_keep_time"));
    title_ui(ui, ctx.text.s("write_others"));
    hint_ui(ui, ctx.text.s("write_others_what"));
    ui.checkbox(&mut choices.others.replace_differing, ctx.text.s("write_replace_differing"));
    ui.checkbox(&mut choices.others.replace_stale, ctx.text.s("write_replace_stale"));
}

fn title_ui(ui: &mut Ui, title: &str) {
    ui.add_space(space::M);
    ui.label(theme::strong(title));
}

/// "Beside each photo · 6 lists · confirmed names".
fn summary(choices: &WriteChoices, text: &Locale) -> String {
    let place = match choices.place {
        WritePlace::Sidecar => "write_beside",
        WritePlace::Embedded => "write_into",
    };
    let names = if choices.with_suggested { "write_with_suggested" } else { "write_confirmed" };
    let mut words = vec![
        text.s(place).to_owned(),
        text.n("write_list_count", choices.lists.len() as u64),
        text.s(names).to_owned(),
    ];
    words.extend(choices.keep_time.then(|| text.s("write_time_kept").to_owned()));
    let replaces = choices.others.replace_differing || choices.others.replace_stale;
    words.extend(replaces.then(|| text.s("write_replaces").to_owned()));
    words.join(" · ")
}

fn list_key(list: NameList) -> &'static str {
    match list {
        NameList::MwgRegions => "write_list_mwg",
        NameList::MicrosoftRegions => "write_list_microsoft",
        NameList::PersonInImage => "write_list_person",
        NameList::HierarchicalSubject => "write_list_hierarchical",
        NameList::TagsList => "write_list_tags",
        NameList::Subject => "write_list_subject",
    }
}
