//! What nobody but the user can decide, one by one: two names for one face, one name for two people, a name without a face,
//! and names that other programs took back.

use eframe::egui::{self, Align, Layout, Ui};

use super::tiles::PlaceTile;
use super::{Context, source_key};
use crate::app::engine::picture::ImageKey;
use crate::app::metadata::job::{NameOfPhoto, NamePlace};
use crate::app::metadata::state::{ConflictAnswer, Message, NameWithoutFace};
use crate::app::ui::action::Action;
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::face_strip::face_strip_ui;
use crate::app::ui::widgets::picture;
use crate::metadata::deduce::UndecidedWhy;
use crate::metadata::places::UnplacedWhy;
use crate::metadata::review::answers::WithdrawnName;
use crate::metadata::review::{GroupOfName, NameConflict, NameOfFace, OpenWhy};

const TILE: f32 = 80.0;
/// Faces of each group that are shown.
const OF_GROUP: usize = 3;
const OF_GROUP_SIDE: f32 = 56.0;

pub(super) fn conflict_ui(ui: &mut Ui, ctx: &mut Context<'_>, place: usize, conflict: &NameConflict) {
    match conflict {
        NameConflict::TwoNames { photo, face, at, names } => {
            let spelled = names_words(ctx, names);
            let title = match face {
                Some(_) => ctx.text.f("conflict_two_names", &[("names", &spelled)]),
                None => ctx.text.f("conflict_two_names_region", &[("names", &spelled)]),
            };
            let picture = face.map_or(NamePlace::Region, NamePlace::Face);
            let tile = PlaceTile { place: picture, photo: *photo, at: *at, side: TILE, name: &title };
            let (sources, neither) = (sources_words(ctx, names), ctx.text.s("neither_name"));
            question_ui(ui, ctx, &tile, &title, &sources, |ui, ctx| {
                decide_ui(ui, ctx, place, ConflictAnswer::Neither, neither);
                for name in names.iter().rev() {
                    let label = ctx.text.f("it_is", &[("name", ctx.state.spelled(&name.key))]);
                    decide_ui(ui, ctx, place, ConflictAnswer::Is(name.key.clone()), &label);
                }
            });
        }
        NameConflict::OtherPerson { photo, face, at, person, name } => {
            let ours = ctx.facts.name_of(*person).unwrap_or(ctx.text.s("unnamed")).to_owned();
            let theirs = ctx.state.spelled(&name.key).to_owned();
            let title = ctx.text.f("conflict_other_person", &[("ours", &ours), ("theirs", &theirs)]);
            let tile = PlaceTile { place: NamePlace::Face(*face), photo: *photo, at: *at, side: TILE, name: &title };
            let sources = sources_words(ctx, std::slice::from_ref(name));
            question_ui(ui, ctx, &tile, &title, &sources, |ui, ctx| {
                let keep = ctx.text.f("it_stays", &[("name", &ours)]);
                decide_ui(ui, ctx, place, ConflictAnswer::Neither, &keep);
                let other = ctx.text.f("it_is", &[("name", &theirs)]);
                decide_ui(ui, ctx, place, ConflictAnswer::Is(name.key.clone()), &other);
            });
        }
        NameConflict::TwoPeople { key, groups } => {
            let spelled = ctx.state.spelled(key).to_owned();
            two_people_ui(ui, ctx, place, &spelled, groups);
        }
    }
}

/// A picture, what is asked, and the answers at the right.
fn question_ui(
    ui: &mut Ui,
    ctx: &mut Context<'_>,
    tile: &PlaceTile<'_>,
    title: &str,
    more: &str,
    answers_ui: impl FnOnce(&mut Ui, &mut Context<'_>),
) {
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        if tile.ui(ui, ctx, None).clicked() {
            ctx.act(Action::OpenPhoto(tile.photo));
        }
        words_and_answers_ui(ui, ctx, title, more, answers_ui);
    });
}

fn words_and_answers_ui(
    ui: &mut Ui,
    ctx: &mut Context<'_>,
    title: &str,
    more: &str,
    answers_ui: impl FnOnce(&mut Ui, &mut Context<'_>),
) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        answers_ui(ui, ctx);
        ui.with_layout(Layout::top_down(Align::Min), |ui| {
            ui.add_space(space::XL);
            ui.add(egui::Label::new(title).truncate()).on_hover_text(title);
            if !more.is_empty() {
                let more = theme::secondary(ui, more).size(theme::type_size::SMALL);
                ui.add(egui::Label::new(more).truncate());
            }
        });
    });
}

fn decide_ui(ui: &mut Ui, ctx: &mut Context<'_>, conflict: usize, answer: ConflictAnswer, label: &str) {
    let rank = if answer == ConflictAnswer::Neither { Rank::Quiet } else { Rank::Plain };
    if buttons::button_ui(ui, rank, label).clicked() {
        ctx.send(Message::Decide { conflict, answer });
    }
}

fn two_people_ui(ui: &mut Ui, ctx: &mut Context<'_>, place: usize, spelled: &str, groups: &[GroupOfName]) {
    let title = ctx.text.f("conflict_two_people", &[("name", spelled)]);
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = space::M;
        for group in groups {
            let faces = &group.faces[..group.faces.len().min(OF_GROUP)];
            let more = (group.faces.len() - faces.len()) as u64;
            let label = ctx.text.n("only_these_faces", group.faces.len() as u64);
            // Pressed like a button with words: only these are of that name.
            if face_strip_ui(ui, ctx, faces, more, OF_GROUP_SIDE, &label).on_hover_text(&label).clicked() {
                ctx.send(Message::Decide { conflict: place, answer: ConflictAnswer::Only(group.group) });
            }
        }
        let (what, neither) = (ctx.text.s("conflict_two_people_what"), ctx.text.s("neither_name"));
        words_and_answers_ui(ui, ctx, &title, what, |ui, ctx| {
            decide_ui(ui, ctx, place, ConflictAnswer::Neither, neither);
            let all = ctx.text.f("all_are", &[("name", spelled)]);
            decide_ui(ui, ctx, place, ConflictAnswer::AllOne, &all);
        });
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
    question_ui(ui, ctx, &tile, &title, &sources, |ui, ctx| {
        for (key, follow) in [("keep_name", false), ("remove_name", true)] {
            let label = ctx.text.f(key, &[("name", &name.name)]);
            if buttons::button_ui(ui, if follow { Rank::Plain } else { Rank::Quiet }, &label).clicked() {
                ctx.send(Message::SettleWithdrawn { names: vec![of.clone()], follow });
            }
        }
    });
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
            ctx.act(Action::OpenPhoto(photo));
        }
        let why = ctx.text.s(why_key(name.why));
        words_and_answers_ui(ui, ctx, &name.spelled, why, |ui, ctx| {
            let refuse = ctx.text.f("not_in_photo", &[("name", &name.spelled)]);
            if buttons::button_ui(ui, Rank::Quiet, &refuse).clicked() {
                ctx.send(Message::RefuseOne(name.of.clone()));
            }
            if buttons::button_ui(ui, Rank::Plain, ctx.text.s("name_in_photo")).clicked() {
                ctx.act(Action::OpenPhoto(photo));
            }
        });
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
