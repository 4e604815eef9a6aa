//! The names that other programs gave: a line at the top of People while there are some to review, a row in Settings, and
//! the page where each is taken or refused ([`page`]); and names for other programs ([`write`]).

mod contradictions;
mod page;
mod tiles;
mod write;

use eframe::egui::{self, Align, Layout, Ui};

use self::write::WritePage;
use crate::app::metadata::state::write::WRITE_NAMES_PAGE;
use crate::app::metadata::state::{Message, NAMES_PAGE, SkipWhy, State};
use crate::app::ui::action::Action;
use crate::app::ui::feature::FeatureView;
use crate::app::ui::locale::Locale;
use crate::app::ui::page::Page;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::view::View;
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::section::{hint_ui, section_ui};
use crate::metadata::found::NameSource;
use crate::metadata::xmp::Refusal;

pub(crate) type Context<'a> = crate::app::ui::context::ViewContext<'a, State, Message>;

/// What the views keep between frames.
#[derive(Default)]
pub(crate) struct Views {
    write: WritePage,
}

impl FeatureView<State> for Views {
    fn ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        section_ui(ui, ctx.text.s("settings_names"), |ui| settings_ui(ui, ctx));
        section_ui(ui, ctx.text.s("write_names"), |ui| write::settings_ui(ui, ctx));
    }

    fn head_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, view: View) {
        if view == View::PEOPLE {
            head_ui(ui, ctx);
        }
    }

    fn page_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, page: Page) -> bool {
        match page {
            page if page == NAMES_PAGE => page::page_ui(ui, ctx),
            page if page == WRITE_NAMES_PAGE => self.write.ui(ui, ctx),
            _ => return false,
        }
        true
    }
}

/// One quiet line, or two where there is no room: "4,312 names of 57 people found in your photos · Review…".
fn head_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let Some(words) = ctx.state.found_words(ctx.text) else { return };
    ui.allocate_ui_with_layout(
        eframe::egui::vec2(ui.available_width(), size::CONTROL),
        Layout::left_to_right(Align::Center).with_main_wrap(true),
        |ui| {
            ui.spacing_mut().item_spacing.x = space::S;
            ui.label(theme::secondary(ui, words));
            if buttons::link_ui(ui, ctx.text.s("review_names")).clicked() {
                ctx.act(Action::Open(NAMES_PAGE));
            }
        },
    );
}

fn settings_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    hint_ui(ui, ctx.text.s("settings_names_what"));
    ui.add_space(space::S);
    let found = ctx.state.found_words(ctx.text);
    match &found {
        Some(words) => _ = ui.label(words),
        None if ctx.state.has_looked() => _ = ui.label(theme::secondary(ui, ctx.text.s("names_none"))),
        None => {}
    }
    ui.add_space(space::S);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        let has_some = found.is_some() || !ctx.state.lists().without_face.is_empty() || ctx.state.has_refused();
        if has_some && buttons::button_ui(ui, Rank::Plain, ctx.text.s("review_names")).clicked() {
            ctx.act(Action::Open(NAMES_PAGE));
        }
        if buttons::button_ui(ui, Rank::Plain, ctx.text.s("find_names")).clicked() {
            ctx.send(Message::Find);
        }
    });
}

fn source_key(source: NameSource) -> &'static str {
    match source {
        NameSource::Mwg => "names_from_mwg",
        NameSource::MicrosoftPeople => "names_from_microsoft",
        NameSource::Iptc => "names_from_iptc",
        NameSource::AcdSee => "names_from_acdsee",
        NameSource::Apple => "names_from_apple",
        NameSource::Picasa => "names_from_picasa",
        NameSource::GoogleTakeout => "names_from_takeout",
        NameSource::Keyword => "names_from_keywords",
        NameSource::DigikamDatabase => "names_from_digikam",
    }
}

/// Why a file is left out; what was said of it is more exact.
fn skip_ui(ui: &mut Ui, text: &Locale, why: &SkipWhy, placed: fn(egui::Label) -> egui::Label) {
    let words = theme::secondary(ui, text.s(skip_key(why)));
    let label = ui.add(placed(egui::Label::new(words)));
    if let Some(said) = why.details() {
        label.on_hover_text(text.reason(said));
    }
}

fn skip_key(why: &SkipWhy) -> &'static str {
    match why {
        SkipWhy::CannotOpen(_) => "skip_cannot_open",
        SkipWhy::Damaged(_) => "skip_damaged",
        SkipWhy::HiddenSidecar => "skip_hidden_sidecar",
        SkipWhy::ChangedSinceRead => "skip_changed",
        SkipWhy::ChangedSinceShown => "skip_changed_since_shown",
        SkipWhy::NotNoted => "skip_not_noted",
        SkipWhy::NoFace(_) => "skip_no_face",
        SkipWhy::Refused(why) => refusal_key(*why),
    }
}

fn refusal_key(why: Refusal) -> &'static str {
    match why {
        Refusal::NotJpeg => "skip_not_jpeg",
        Refusal::DamagedJpeg => "skip_damaged_jpeg",
        Refusal::SeveralPackets => "skip_several_packets",
        Refusal::InExtended => "skip_in_extended",
        Refusal::TooLong => "skip_too_long",
        Refusal::WouldMove => "skip_would_move",
        Refusal::StaleRegions => "skip_stale_regions",
        Refusal::UnknownForm => "skip_unknown_form",
        Refusal::Linked => "skip_linked",
        Refusal::ReadOnly => "skip_read_only",
        Refusal::OtherOwner => "skip_other_owner",
        Refusal::NotAFile => "skip_not_a_file",
        Refusal::BadPicture => "skip_bad_picture",
        Refusal::BadName => "skip_bad_name",
    }
}

#[cfg(test)]
mod tests;
