//! The names that other programs gave, in Settings: who was found, on which faces, and what is said to it.

use eframe::egui::Ui;

use crate::app::metadata::state::{Message, State, known_faces};
use crate::app::ui::feature::FeatureView;
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::face_strip::face_strip_ui;
use crate::app::ui::widgets::section::{hint_ui, section_ui};
use crate::metadata::found::NameSource;
use crate::metadata::review::PersonFound;

pub(crate) type Context<'a> = crate::app::ui::context::ViewContext<'a, State, Message>;

/// Nothing is kept between frames.
#[derive(Default)]
pub(crate) struct Views;

impl FeatureView<State> for Views {
    fn ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        section_ui(ui, ctx.text.s("settings_names"), |ui| names_ui(ui, ctx));
    }
}

/// Rows shown at once; the others follow as these are answered.
const LISTED: usize = 40;
const FACES: usize = 6;
const FACE: f32 = 40.0;

fn names_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    hint_ui(ui, ctx.text.s("settings_names_what"));
    ui.add_space(space::S);
    let people: Vec<&PersonFound> = ctx.state.people().collect();
    let can_take = people.iter().any(|person| known_faces(person) > 0);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        if buttons::button_ui(ui, Rank::Plain, ctx.text.s("find_names")).clicked() {
            ctx.send(Message::Find);
        }
        if can_take && buttons::button_ui(ui, Rank::Plain, ctx.text.s("take_all_names")).clicked() {
            ctx.send(Message::TakeAll);
        }
        if ctx.state.has_refused() && buttons::button_ui(ui, Rank::Plain, ctx.text.s("offer_names_again")).clicked() {
            ctx.send(Message::TakeBackRefusals);
        }
    });
    if !ctx.state.has_looked() {
        return;
    }
    ui.add_space(space::S);
    summary_ui(ui, ctx, &people);
    for person in people.iter().take(LISTED) {
        ui.add_space(space::S);
        person_ui(ui, ctx, person);
    }
    if people.len() > LISTED {
        hint_ui(ui, ctx.text.n("names_more", (people.len() - LISTED) as u64));
    }
}

/// How much was found, and what of it nobody but the user can decide.
fn summary_ui(ui: &mut Ui, ctx: &Context<'_>, people: &[&PersonFound]) {
    match people.is_empty() {
        true => ui.label(theme::secondary(ui, ctx.text.s("names_none"))),
        false => ui.label(ctx.state.found_words(ctx.text)),
    };
    let (conflicts, skipped) = ctx.state.left();
    for (key, count) in [("names_conflicts", conflicts), ("names_skipped", skipped)] {
        if count > 0 {
            hint_ui(ui, ctx.text.n(key, count as u64));
        }
    }
}

fn person_ui(ui: &mut Ui, ctx: &mut Context<'_>, person: &PersonFound) {
    ui.label(theme::strong(&person.name));
    hint_ui(ui, person_words(ctx, person));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        let faces = &person.examples[..person.examples.len().min(FACES)];
        if !faces.is_empty() {
            face_strip_ui(ui, ctx, faces, 0, FACE, &person.name);
        }
        // Whose it is is said with each button, for who cannot see its row.
        let mut pressed = |key| {
            let response = buttons::button_ui(ui, Rank::Plain, ctx.text.s(key));
            let spoken = ctx.text.f("of_person", &[("what", ctx.text.s(key)), ("name", &person.name)]);
            ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(spoken.as_str()));
            response.clicked()
        };
        let take = !person.faces.is_empty() && pressed("take_name");
        if pressed("refuse_name") {
            ctx.send(Message::Refuse(person.name.clone()));
        } else if take {
            ctx.send(Message::Take(person.name.clone()));
        }
    });
}

/// "7 faces · in 9 photos · XMP regions, Picasa"; what came to no face is said behind it.
fn person_words(ctx: &Context<'_>, person: &PersonFound) -> String {
    let sources: Vec<&str> = person.by_source.keys().map(|source| ctx.text.s(source_key(*source))).collect();
    let mut words = Vec::new();
    if !person.faces.is_empty() {
        words.push(ctx.text.n("names_faces", person.faces.len() as u64));
    }
    words.push(ctx.text.n("names_photos", person.names as u64));
    words.push(sources.join(ctx.text.s("list_separator")));
    let guesses = person.faces.len() - known_faces(person);
    if guesses > 0 {
        words.push(ctx.text.n("names_guesses", guesses as u64));
    }
    let left = person.by_hand.len() + person.open.len();
    if left > 0 {
        words.push(ctx.text.n("names_open", left as u64));
    }
    words.join(" · ")
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
