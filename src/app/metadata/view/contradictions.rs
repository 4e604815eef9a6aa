//! What nobody but the user can decide, one by one: two names for one face, one name for two people, a name without a face,
//! and names that other programs took back.

use eframe::egui::{self, Align, Key, Layout, Response, Ui};

use super::tiles::PlaceTile;
use super::{Context, source_key};
use crate::app::engine::picture::ImageKey;
use crate::app::metadata::state::{ConflictAnswer, Message, NameOfPhoto, NamePlace, NameWithoutFace};
use crate::app::ui::action::Action;
use crate::app::ui::page::Page;
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::face_strip::face_strip_ui;
use crate::app::ui::widgets::picture;
use crate::metadata::deduce::UndecidedWhy;
use crate::metadata::name_key::NameKey;
use crate::metadata::places::UnplacedWhy;
use crate::metadata::review::answers::WithdrawnName;
use crate::metadata::review::{DisputedFace, NameConflict, NameOfFace, NamesakeQuestion, OpenWhy, SharedName};
use crate::types::{FaceId, PersonId, PhotoId};

const TILE: f32 = 80.0;
/// Faces of each side that are shown.
const OF_SIDE: usize = 3;
const SIDE_FACE: f32 = 56.0;
const NUMBERS: [Key; 9] =
    [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];

/// An answer to a question: its button, and what that does.
struct AnswerButton {
    words: String,
    rank: Rank,
    does: Pressed,
}

enum Pressed {
    Says(Message),
    Opens(PhotoId),
}

impl AnswerButton {
    fn new(words: String, message: Message) -> Self {
        Self { words, rank: Rank::Plain, does: Pressed::Says(message) }
    }

    /// That what was said is not so.
    fn no(words: String, message: Message) -> Self {
        Self { words, rank: Rank::Quiet, does: Pressed::Says(message) }
    }
}

pub(super) fn conflict_ui(ui: &mut Ui, ctx: &mut Context<'_>, place: usize, conflict: &NameConflict) {
    match conflict {
        NameConflict::TwoNames(face) => disputed_ui(ui, ctx, place, face),
        NameConflict::TwoPeople(shared) => shared_ui(ui, ctx, place, shared),
        NameConflict::Namesakes(asked) => namesakes_ui(ui, ctx, place, asked),
    }
}

fn disputed_ui(ui: &mut Ui, ctx: &mut Context<'_>, place: usize, face: &DisputedFace) {
    let theirs = names_words(ctx, &face.names);
    let neither = |words| AnswerButton::no(words, Message::Decide { conflict: place, answer: ConflictAnswer::Neither });
    let is = |name: &NameOfFace| {
        if name.people.len() > 1 {
            return answers_of_namesakes(ctx, place, &name.key, &name.people);
        }
        let answer = ConflictAnswer::Is(name.key.clone());
        vec![AnswerButton::new(is_words(ctx, &name.key), Message::Decide { conflict: place, answer })]
    };
    let mut answers: Vec<AnswerButton> = face.names.iter().flat_map(is).collect();
    let title = match (&face.ours, face.face) {
        (Some(ours), _) => {
            let ours_words = ctx.facts.name_of(ours.person).unwrap_or(&ours.name);
            answers.push(neither(ctx.text.f("it_stays", &[("name", ours_words)])));
            let key = if ours.taken.is_some() { "conflict_renamed" } else { "conflict_other_person" };
            ctx.text.f(key, &[("ours", ours_words), ("theirs", &theirs)])
        }
        (None, _) if face.denied => {
            answers.push(neither(ctx.text.f("not_them", &[("name", &theirs)])));
            ctx.text.f("conflict_denied", &[("name", &theirs)])
        }
        (None, found) => {
            answers.push(neither(ctx.text.s("neither_name").to_owned()));
            let key = if found.is_some() { "conflict_two_names" } else { "conflict_two_names_region" };
            ctx.text.f(key, &[("names", &theirs)])
        }
    };
    let picture = face.face.map_or(NamePlace::Region, NamePlace::Face);
    let tile = PlaceTile { place: picture, photo: face.photo, at: face.at, side: TILE, name: &title };
    let sources = sources_words(ctx, &face.names);
    question_ui(ui, ctx, &tile, (&title, &sources), answers);
}

fn namesakes_ui(ui: &mut Ui, ctx: &mut Context<'_>, place: usize, asked: &NamesakeQuestion) {
    let title = ctx.text.f("conflict_namesakes", &[("name", ctx.state.spelled(&asked.key))]);
    let mut answers = answers_of_namesakes(ctx, place, &asked.key, &asked.people);
    let neither = Message::Decide { conflict: place, answer: ConflictAnswer::Neither };
    answers.push(AnswerButton::no(ctx.text.s("neither_name").to_owned(), neither));
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        let (photo, picture) = match (&asked.by_hand, &asked.faces[..]) {
            (Some(region), _) => {
                let (place, photo) = (NamePlace::Region, region.photo);
                (photo, PlaceTile { place, photo, at: region.at, side: TILE, name: &title }.ui(ui, ctx, None))
            }
            (None, [face, ..]) => {
                let faces: Vec<FaceId> = asked.faces.iter().take(OF_SIDE).map(|face| face.face).collect();
                let more = (asked.faces.len() - faces.len()) as u64;
                (face.photo, face_strip_ui(ui, ctx, &faces, more, SIDE_FACE, &title))
            }
            (None, []) => return,
        };
        if picture.clicked() {
            ctx.act(Action::Open(Page::Photo(photo)));
        }
        words_and_answers_ui(ui, ctx, (&title, ""), answers, &[picture]);
    });
}

/// People of one name are told apart by how many faces they have.
fn answers_of_namesakes(ctx: &Context<'_>, place: usize, key: &NameKey, people: &[PersonId]) -> Vec<AnswerButton> {
    let of = |person: &PersonId| {
        let name = ctx.facts.name_of(*person).unwrap_or_default();
        let known = ctx.facts.people_named(name).into_iter().find(|known| known.person == *person);
        let faces = ctx.text.n("faces", known.map_or(0, |known| known.faces));
        let words = format!("{} · {faces}", is_words(ctx, key));
        let answer = ConflictAnswer::Of(key.clone(), *person);
        AnswerButton::new(words, Message::Decide { conflict: place, answer })
    };
    people.iter().map(of).collect()
}

fn is_words(ctx: &Context<'_>, name: &NameKey) -> String {
    ctx.text.f("it_is", &[("name", ctx.state.spelled(name))])
}

/// A picture, what is asked and who says it, and the answers at the right.
fn question_ui(
    ui: &mut Ui,
    ctx: &mut Context<'_>,
    tile: &PlaceTile<'_>,
    (title, more): (&str, &str),
    answers: Vec<AnswerButton>,
) {
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        let response = tile.ui(ui, ctx, None);
        if response.clicked() {
            ctx.act(Action::Open(Page::Photo(tile.photo)));
        }
        words_and_answers_ui(ui, ctx, (title, more), answers, &[response]);
    });
}

/// The answers have numbers from the left, which are pressed while the keyboard is in the row, at a picture or an answer.
/// With the answer it moves to the picture of the next question, which takes this one's row.
fn words_and_answers_ui(
    ui: &mut Ui,
    ctx: &mut Context<'_>,
    (title, more): (&str, &str),
    answers: Vec<AnswerButton>,
    pictures: &[Response],
) {
    let mut has_focus = pictures.iter().any(Response::has_focus);
    let mut pressed = None;
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        for (number, answer) in answers.iter().enumerate().rev() {
            let response = buttons::button_ui(ui, answer.rank, &answer.words);
            has_focus |= response.has_focus();
            if response.on_hover_text((number + 1).to_string()).clicked() {
                pressed = Some(number);
            }
        }
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            ui.add_space(space::XL);
            ui.add(egui::Label::new(title).truncate()).on_hover_text(title);
            if !more.is_empty() {
                let more = theme::secondary(ui, more).size(theme::type_size::SMALL);
                ui.add(egui::Label::new(more).truncate());
            }
        });
    });
    let by_number =
        || NUMBERS.iter().position(|key| ui.input(|input| input.modifiers.is_none() && input.key_pressed(*key)));
    let pressed = pressed.or_else(|| by_number().filter(|_| has_focus));
    if let Some(picture) = pictures.first().filter(|_| has_focus && pressed.is_some()) {
        picture.request_focus();
    }
    match pressed.and_then(|number| answers.into_iter().nth(number)).map(|answer| answer.does) {
        Some(Pressed::Says(message)) => ctx.send(message),
        Some(Pressed::Opens(photo)) => ctx.act(Action::Open(Page::Photo(photo))),
        None => {}
    }
}

fn shared_ui(ui: &mut Ui, ctx: &mut Context<'_>, place: usize, shared: &SharedName) {
    let spelled = ctx.state.spelled(&shared.key).to_owned();
    let decide = |answer| Message::Decide { conflict: place, answer };
    let key = if shared.in_one_photo().is_some() { "conflict_two_faces" } else { "conflict_two_people" };
    let title = ctx.text.f(key, &[("name", &spelled)]);
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = space::M;
        let mut pictures = Vec::new();
        for (number, side) in shared.sides.iter().enumerate() {
            let faces: Vec<FaceId> = side.iter().take(OF_SIDE).map(|face| face.face).collect();
            let more = (side.len() - faces.len()) as u64;
            let words = ctx.text.n("only_these_faces", side.len() as u64);
            // Pressed like a button with words: only these are of that name.
            let response = face_strip_ui(ui, ctx, &faces, more, SIDE_FACE, &words).on_hover_text(&words);
            if response.clicked() {
                ctx.send(decide(ConflictAnswer::Only(number)));
            }
            pictures.push(response);
        }
        let answers = vec![
            AnswerButton::new(ctx.text.f("all_are", &[("name", &spelled)]), decide(ConflictAnswer::AllOne)),
            AnswerButton::no(ctx.text.s("neither_name").to_owned(), decide(ConflictAnswer::Neither)),
        ];
        let what = ctx.text.s("conflict_two_people_what");
        words_and_answers_ui(ui, ctx, (&title, what), answers, &pictures);
    });
}

pub(super) fn withdrawn_ui(ui: &mut Ui, ctx: &mut Context<'_>, name: &WithdrawnName) {
    let of = NameOfPhoto::of_withdrawn(name);
    let instead: Vec<&str> = name.instead.iter().map(|other| ctx.state.spelled(other)).collect();
    let title = match instead.is_empty() {
        true => ctx.text.f("withdrawn_name", &[("name", &name.name)]),
        false => {
            let instead = instead.join(ctx.text.s("list_separator"));
            ctx.text.f("withdrawn_name_for", &[("name", &name.name), ("instead", &instead)])
        }
    };
    let sources: Vec<&str> = name.answer.sources.iter().map(|source| ctx.text.s(source_key(*source))).collect();
    let sources = sources.join(ctx.text.s("list_separator"));
    let place = NamePlace::Face(name.face);
    let tile = PlaceTile { place, photo: of.photo, at: name.at, side: TILE, name: &title };
    let settle = |follow| Message::SettleWithdrawn { names: vec![of.clone()], follow };
    let words = |key| ctx.text.f(key, &[("name", &name.name)]);
    let answers = vec![
        AnswerButton::new(words("remove_name"), settle(true)),
        AnswerButton::no(words("keep_name"), settle(false)),
    ];
    question_ui(ui, ctx, &tile, (&title, &sources), answers);
}

pub(super) fn without_face_ui(ui: &mut Ui, ctx: &mut Context<'_>, name: &NameWithoutFace) {
    let photo = name.of.photo;
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        let (rect, response) = ui.allocate_exact_size(egui::Vec2::splat(TILE), egui::Sense::click());
        let label = ctx.text.f("photo_of_name", &[("name", &name.spelled)]);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &label));
        if ui.is_rect_visible(rect) {
            let rounding = egui::CornerRadius::same(theme::radius::TILE);
            picture::paint(ui, rect, ctx.images.get(ImageKey::Thumbnail(photo)), picture::Fit::Cover, rounding);
            buttons::focus_ring(ui, rect, &response, rounding, theme::palette(ui.visuals()));
        }
        if response.clicked() {
            ctx.act(Action::Open(Page::Photo(photo)));
        }
        let why = ctx.text.s(why_key(name.why));
        let refuse = ctx.text.f("not_in_photo", &[("name", &name.spelled)]);
        let open = ctx.text.s("name_in_photo").to_owned();
        let answers = vec![
            AnswerButton { words: open, rank: Rank::Plain, does: Pressed::Opens(photo) },
            AnswerButton::no(refuse, Message::RefuseOne(name.of.clone())),
        ];
        words_and_answers_ui(ui, ctx, (&name.spelled, why), answers, &[response]);
    });
}

fn why_key(why: OpenWhy) -> &'static str {
    match why {
        OpenWhy::Undecided(UndecidedWhy::NoFace) => "no_face_no_free",
        OpenWhy::Undecided(UndecidedWhy::SeveralFaces) => "no_face_several",
        OpenWhy::Undecided(UndecidedWhy::Unsure) => "no_face_unsure",
        OpenWhy::Unplaced(UnplacedWhy::PictureCropped) => "no_face_cropped",
        OpenWhy::Unplaced(UnplacedWhy::ReadingUnclear) => "no_face_reading",
        OpenWhy::Unplaced(UnplacedWhy::NoRegion) => "no_face_outside",
        OpenWhy::Unplaced(UnplacedWhy::GuessWithoutFace) => "no_face_guess",
        OpenWhy::Unplaced(UnplacedWhy::TooMany) => "no_face_too_many",
        OpenWhy::Outdone => "no_face_outdone",
        OpenWhy::Forgotten => "no_face_forgotten",
        OpenWhy::Unplaced(
            UnplacedWhy::PhotoNotInLibrary | UnplacedWhy::PhotoUnclear | UnplacedWhy::FaceTaken { .. },
        )
        | OpenWhy::Contradicted => "no_face_contradicted",
    }
}

fn names_words(ctx: &Context<'_>, names: &[NameOfFace]) -> String {
    let spelled: Vec<&str> = names.iter().map(|name| ctx.state.spelled(&name.key)).collect();
    spelled.join(ctx.text.s("list_separator"))
}

/// "Anna: XMP, Picasa · Bert: digiKam".
fn sources_words(ctx: &Context<'_>, names: &[NameOfFace]) -> String {
    let of_name = |name: &NameOfFace| {
        let sources: Vec<&str> = name.sources.iter().map(|source| ctx.text.s(source_key(*source))).collect();
        let sources = sources.join(ctx.text.s("list_separator"));
        ctx.text.f("name_by_sources", &[("name", ctx.state.spelled(&name.key)), ("sources", &sources)])
    };
    names.iter().map(of_name).collect::<Vec<_>>().join(" · ")
}
