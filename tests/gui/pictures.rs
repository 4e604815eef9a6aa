//! Small pictures of the views, compared with `tests/snapshots/` where the processor imitates a GPU; elsewhere skipped,
//! because no two GPUs draw alike. The README's pictures are drawn here as well.

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::path::Path;

use eframe::egui::{self, Key, Modifiers, Vec2};
use eframe::egui_wgpu::{RendererOptions, WgpuSetup};
use eframe::wgpu::{Backends, DeviceType};
use egui_kittest::wgpu::{create_render_state, default_wgpu_setup};
use egui_kittest::{Harness, SnapshotOptions, SnapshotResults};
use likeness::app::care::state::{Event as CareEvent, Message as Care};
use likeness::app::compare::state::{self as compare_faces, CompareSource};
use likeness::app::engine::facts::PuttingBack;
use likeness::app::engine::report::{JobReport, Report};
use likeness::app::evaluate::state::{Message as EvaluateMessage, Tab};
use likeness::app::jobs::forget::Forgetting;
use likeness::app::metadata::state::NAMES_PAGE;
use likeness::app::metadata::state::write::WRITE_NAMES_PAGE;
use likeness::app::models::state as models;
use likeness::app::people::state::{self as people, AsideTab};
use likeness::app::settings::state::{self as settings_view, Appearance};
use likeness::app::shell::app::App;
use likeness::app::shell::backend::{Answer, Backend, Event};
use likeness::app::shell::message::Message;
use likeness::app::shell::state::Settings;
use likeness::app::train::state::Event as TrainEvent;
use likeness::app::ui::action::Action;
use likeness::app::ui::fonts::FontSource;
use likeness::app::ui::locale::Language;
use likeness::app::ui::page::Page;
use likeness::app::ui::theme::ThemeChoice;
use likeness::app::ui::view::View;
use likeness::library::care::{CheckReport, Forgotten, ImportReport, Problem};
use likeness::library::{CarriedFace, Decision, LostFace, PhotoFilter};
use likeness::types::{FaceId, PersonId, PhotoId, Touched};

use super::care::grandma;
use super::demo::{SEEN, World, album_world, backups, fresh_world};
use super::judged::{folders, worst_pair};
use super::synthetic::{Synthetic, synthetic_world};
use super::wire::Wire;
use super::{names, train, write_names};

/// One picture: which view, of which world, after which messages.
pub struct Scene {
    pub name: &'static str,
    world: World,
    view: View,
    theme: ThemeChoice,
    language: Language,
    messages: Vec<Message>,
    job: Option<JobReport>,
    keys: Vec<(Modifiers, Key)>,
    news: Vec<TrainEvent>,
    /// What jobs tell once the messages are done.
    reports: Vec<Event>,
    /// What is typed then.
    typed: &'static str,
    /// What was found out before the messages.
    found: Vec<Answer>,
}

impl Scene {
    pub fn in_language(self, language: Language) -> Self {
        Self { language, ..self }
    }
}

fn scene(name: &'static str, view: View) -> Scene {
    Scene {
        name,
        world: album_world(),
        view,
        theme: ThemeChoice::Light,
        language: Language::English,
        messages: Vec::new(),
        job: None,
        keys: Vec::new(),
        news: Vec::new(),
        reports: Vec::new(),
        typed: "",
        found: Vec::new(),
    }
}

fn open_runs() -> Message {
    Message::Evaluate(EvaluateMessage::Open(folders()))
}

fn tab(tab: Tab) -> Message {
    Message::Evaluate(EvaluateMessage::ShowTab(tab))
}

/// A pair that is wrong at every sensible threshold.
fn pair() -> Message {
    Message::Evaluate(EvaluateMessage::ShowPair(Some(worst_pair())))
}

fn aside(tab: AsideTab) -> Vec<Message> {
    vec![Message::Act(Action::Open(Page::SET_ASIDE)), Message::People(people::Message::ShowAside(tab))]
}

/// Two faces that were found in other pictures.
fn carried() -> World {
    let mut world = album_world();
    let found =
        |was: &LostFace, into: i64| CarriedFace { was: was.clone(), into: FaceId(into), into_photo: PhotoId(1) };
    world.aside.carried = world.aside.lost.iter().flat_map(|was| [found(was, 20), found(was, 21)]).collect();
    world
}

/// A name that somebody has.
fn same_name() -> Message {
    let decision = Decision::Name { person: PersonId(100), name: "Grandma".into() };
    Message::Act(Action::Decide(decision, SEEN))
}

fn putting_back() -> Message {
    let putting = PuttingBack { lost: FaceId(19), of: Some(PersonId(1)), name: Some("Maria Silva".into()), seen: SEEN };
    Message::Act(Action::PutBack(Some(putting)))
}

fn photo() -> Message {
    Message::Act(Action::Open(Page::Photo(PhotoId(1))))
}

fn removing() -> Message {
    Message::Settings(settings_view::Message::AskRemove("/media/maria/Travels".into()))
}

fn merging() -> Message {
    Message::People(people::Message::AskMerge { from: PersonId(1), into: PersonId(5) })
}

fn care(event: CareEvent) -> Event {
    Report::Own(Answer::Care(event))
}

fn unsound() -> CareEvent {
    let problems = vec![Problem::Structure("page 7 is torn".into())];
    CareEvent::Checked(CheckReport { photos: 3, faces: 4, problems, ..CheckReport::default() })
}

fn imported() -> CareEvent {
    let folders_not_here = vec!["/media/otto/Photos".into()];
    CareEvent::Imported(ImportReport { decisions: 12, folders_not_here, ..ImportReport::default() })
}

fn forgotten() -> CareEvent {
    let forgotten = Forgotten {
        person: grandma(),
        touched: Touched::default(),
        backups_cleaned: 1,
        backups_deleted: vec!["/home/maria/.local/share/likeness/backups/torn.sqlite".into()],
        backups_removed: Vec::new(),
        is_complete: false,
    };
    CareEvent::Forgotten(1, forgotten)
}

/// All that can be said of it.
fn forgetting() -> Forgetting {
    Forgetting {
        person: grandma(),
        backups: 3,
        runs: vec!["/home/maria/.local/share/likeness/runs/family".into()],
        models: vec!["family".into()],
        written: 37,
        copies: vec!["/home/maria/.local/share/likeness/library copy.sqlite".into()],
    }
}

pub fn scenes() -> Vec<Scene> {
    let dark = ThemeChoice::Dark;
    let compare = |count: i64| {
        let faces = (10..10 + count).map(FaceId).map(CompareSource::Face).collect();
        vec![Message::Compare(compare_faces::Message::Add(faces))]
    };
    let act = |action| vec![Message::Act(action)];
    vec![
        Scene { world: fresh_world(), ..scene("first_run", View::LIBRARY) },
        Scene { world: fresh_world(), theme: dark, ..scene("first_run_dark", View::LIBRARY) },
        Scene { job: Some(super::scan_report()), ..scene("library_scanning", View::LIBRARY) },
        Scene { theme: dark, ..scene("library_dark", View::LIBRARY) },
        scene("people", View::PEOPLE),
        Scene { theme: dark, ..scene("people_dark", View::PEOPLE) },
        Scene { messages: act(Action::ToggleGrouping), ..scene("grouping", View::PEOPLE) },
        Scene { messages: act(Action::Open(Page::Person(PersonId(1)))), ..scene("person", View::PEOPLE) },
        Scene {
            messages: act(Action::Open(Page::Person(PersonId(1)))),
            keys: vec![(Modifiers::COMMAND, Key::A)],
            ..scene("person_selected", View::PEOPLE)
        },
        Scene { messages: act(Action::Open(Page::Photo(PhotoId(1)))), ..scene("photo", View::LIBRARY) },
        Scene { messages: act(Action::Open(Page::SET_ASIDE)), ..scene("set_aside", View::PEOPLE) },
        Scene { world: carried(), messages: aside(AsideTab::Carried), ..scene("set_aside_carried", View::PEOPLE) },
        Scene { messages: aside(AsideTab::Hidden), ..scene("set_aside_hidden", View::PEOPLE) },
        Scene { messages: aside(AsideTab::Strangers), ..scene("set_aside_strangers", View::PEOPLE) },
        Scene { messages: aside(AsideTab::Different), theme: dark, ..scene("set_aside_different", View::PEOPLE) },
        Scene { messages: vec![same_name()], ..scene("same_name", View::PEOPLE) },
        Scene { messages: vec![putting_back(), photo()], ..scene("putting_back", View::LIBRARY) },
        Scene { messages: vec![removing()], ..scene("remove_folder", View::SETTINGS) },
        Scene { messages: vec![merging()], ..scene("merge", View::PEOPLE) },
        Scene { messages: aside(AsideTab::NotAFace), ..scene("set_aside_not_a_face", View::PEOPLE) },
        Scene { messages: act(Action::FilterPhotos(PhotoFilter::Failed)), ..scene("left_out", View::LIBRARY) },
        Scene { keys: vec![(Modifiers::COMMAND, Key::K)], ..scene("search", View::LIBRARY) },
        Scene { keys: vec![(Modifiers::COMMAND, Key::K)], typed: "ma", ..scene("search_typed", View::PEOPLE) },
        Scene {
            messages: vec![Message::TypePath(Box::new(Message::Act(Action::ChooseFolder)))],
            ..scene("type_path", View::LIBRARY)
        },
        scene("compare_nothing", View::COMPARE),
        Scene { messages: compare(2), ..scene("compare", View::COMPARE) },
        Scene { messages: compare(2), theme: dark, ..scene("compare_dark", View::COMPARE) },
        Scene { messages: compare(6), ..scene("compare_matrix", View::COMPARE) },
        scene("evaluate", View::EVALUATE),
        Scene { world: fresh_world(), language: Language::Chinese, ..scene("evaluate_fresh_zh", View::EVALUATE) },
        Scene { messages: vec![open_runs()], ..scene("evaluate_curves", View::EVALUATE) },
        Scene { messages: vec![open_runs()], theme: dark, ..scene("evaluate_curves_dark", View::EVALUATE) },
        Scene { messages: vec![open_runs(), tab(Tab::Wall)], ..scene("evaluate_wall", View::EVALUATE) },
        Scene {
            messages: vec![open_runs(), tab(Tab::Wall)],
            theme: dark,
            language: Language::Chinese,
            ..scene("evaluate_wall_dark_zh", View::EVALUATE)
        },
        Scene { messages: vec![open_runs(), tab(Tab::Wall), pair()], ..scene("evaluate_pair", View::EVALUATE) },
        Scene { messages: vec![open_runs(), tab(Tab::Folds)], ..scene("evaluate_folds", View::EVALUATE) },
        Scene { messages: vec![open_runs(), tab(Tab::Check)], ..scene("evaluate_check", View::EVALUATE) },
        Scene { messages: vec![Message::Train(train::choose_folder())], ..scene("train_set_up", View::TRAIN) },
        Scene {
            messages: vec![Message::Train(train::choose_folder())],
            language: Language::Chinese,
            theme: dark,
            ..scene("train_set_up_chinese", View::TRAIN)
        },
        Scene { news: train::training(), ..scene("train_running", View::TRAIN) },
        Scene { news: train::training(), theme: dark, ..scene("train_running_dark", View::TRAIN) },
        Scene { news: train::trained(), ..scene("train_comparison", View::TRAIN) },
        Scene { news: train::demonstrating(), ..scene("demo_running", View::TRAIN) },
        Scene { news: train::demonstrated(), ..scene("demo_done", View::TRAIN) },
        Scene { news: train::demonstrated(), theme: dark, ..scene("demo_done_dark", View::TRAIN) },
        scene("train", View::TRAIN),
        scene("models", View::MODELS),
        Scene {
            messages: vec![Message::Models(models::Message::OpenNetwork(Some("nn1".into())))],
            ..scene("model_layers", View::MODELS)
        },
        Scene {
            messages: vec![Message::Models(models::Message::Import(vec!["doubtful.pt".into()]))],
            ..scene("model_import", View::MODELS)
        },
        scene("settings", View::SETTINGS),
        Scene { reports: vec![care(unsound())], ..scene("settings_checked", View::SETTINGS) },
        Scene {
            messages: vec![Message::Care(Care::AskRestore(backups().remove(0)))],
            ..scene("restore", View::SETTINGS)
        },
        Scene { reports: vec![care(imported())], ..scene("imported", View::SETTINGS) },
        Scene {
            messages: act(Action::Open(Page::Person(PersonId(1)))),
            reports: vec![care(CareEvent::Forgetting(forgetting()))],
            ..scene("forget", View::PEOPLE)
        },
        Scene { reports: vec![care(forgotten())], ..scene("forgotten", View::SETTINGS) },
        Scene { messages: act(Action::Open(NAMES_PAGE)), ..scene("names", View::SETTINGS) },
        Scene {
            found: vec![names::offered()],
            messages: names::opened(&[]),
            ..scene("names_to_review", View::SETTINGS)
        },
        Scene {
            found: vec![names::offered()],
            messages: names::opened(&names::UNFOLDED),
            theme: dark,
            ..scene("names_unfolded", View::SETTINGS)
        },
        Scene {
            found: vec![names::in_question()],
            messages: names::opened(&[]),
            ..scene("names_in_question", View::SETTINGS)
        },
        Scene { found: vec![names::offered()], ..scene("names_found", View::PEOPLE) },
        Scene { messages: act(Action::Open(WRITE_NAMES_PAGE)), ..scene("write_names", View::SETTINGS) },
        Scene {
            messages: write_names::opened(&[0, 2]),
            found: vec![write_names::previewed(write_names::many_files(1204))],
            ..scene("write_names_files", View::SETTINGS)
        },
        Scene {
            messages: write_names::opened(&[1]),
            found: vec![write_names::previewed(write_names::many_files(3))],
            theme: dark,
            ..scene("write_names_few_dark", View::SETTINGS)
        },
        Scene {
            messages: write_names::opened(&[]),
            found: vec![write_names::previewed(write_names::many_files(0))],
            ..scene("write_names_skipped", View::SETTINGS)
        },
    ]
}

/// The scenes that are kept as small pictures.
const KEPT: [&str; 15] = [
    "first_run",
    "library_scanning",
    "people",
    "people_dark",
    "grouping",
    "person",
    "compare",
    "compare_matrix",
    "evaluate",
    "evaluate_curves_dark",
    "evaluate_wall",
    "train_set_up",
    "train_running",
    "train_comparison",
    "demo_done",
];

/// `LIKENESS_PICTURES=FOLDER` writes large pictures of all scenes with the system's fonts there instead of comparing; with
/// `LIKENESS_PICTURES_SMALL=1` as in the smallest window.
#[test]
fn pictures_of_the_views() {
    let Some(device) = adapter() else {
        println!("skipped: no adapter to draw with");
        return;
    };
    if let Some(folder) = std::env::var_os("LIKENESS_PICTURES") {
        for scene in scenes() {
            let path = Path::new(&folder).join(format!("{}.png", scene.name));
            let size = if std::env::var_os("LIKENESS_PICTURES_SMALL").is_some() { SMALL } else { LARGE };
            let mut harness = show(scene, FontSource::System, size, |wire| Box::new(wire));
            harness.render().expect("the picture is drawn").save(&path).expect("the picture is written");
        }
        return;
    }
    if device != DeviceType::Cpu {
        println!("skipped: pictures are compared where the processor draws them, not on {device:?}");
        return;
    }
    // Versions of the software renderer differ in single pixels at edges; a moved line is hundreds.
    let options = SnapshotOptions::new().threshold(1.0).max_failed_pixels(60);
    let mut results = SnapshotResults::new();
    for scene in scenes().into_iter().filter(|scene| KEPT.contains(&scene.name)) {
        let name = scene.name;
        let mut harness = show(scene, FontSource::Carried, Vec2::new(900.0, 600.0), |wire| Box::new(wire));
        results.add(harness.try_snapshot_options(name, &options));
    }
}

/// What the README shows, by the names of its pictures.
fn readme_scenes() -> Vec<Scene> {
    let scenes = vec![
        scene("people", View::PEOPLE),
        Scene {
            messages: vec![Message::Act(Action::Open(Page::Person(PersonId(1))))],
            ..scene("person", View::PEOPLE)
        },
        Scene { messages: vec![open_runs()], ..scene("evaluate", View::EVALUATE) },
        Scene { news: train::training(), ..scene("train", View::TRAIN) },
    ];
    scenes.into_iter().map(|scene| Scene { world: synthetic_world(), ..scene }).collect()
}

/// `LIKENESS_README_PICTURES=1` draws the README's pictures again, with the system's fonts. Otherwise: the README shows
/// those that would be drawn, and they are there.
#[test]
fn readme_pictures() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("docs/pictures");
    if std::env::var_os("LIKENESS_README_PICTURES").is_some() {
        assert!(adapter().is_some(), "pictures need an adapter to draw with");
        std::fs::create_dir_all(&folder).expect("the folder is there");
        for scene in readme_scenes() {
            let path = folder.join(format!("{}.png", scene.name));
            let mut harness = show(scene, FontSource::System, LARGE, |wire| Box::new(Synthetic(wire)));
            harness.render().expect("the picture is drawn").save(&path).expect("the picture is written");
        }
    }
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README can be read");
    let shown: BTreeSet<&str> =
        readme.split("(docs/pictures/").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    let drawn: BTreeSet<String> = readme_scenes().iter().map(|scene| format!("{}.png", scene.name)).collect();
    assert!(shown.iter().copied().eq(drawn.iter().map(String::as_str)), "shown {shown:?}, drawn {drawn:?}");
    for name in shown {
        assert!(folder.join(name).is_file(), "docs/pictures/{name} is missing: LIKENESS_README_PICTURES=1 draws it");
    }
}

const LARGE: Vec2 = Vec2::new(1280.0, 820.0);
/// The smallest window.
const SMALL: Vec2 = Vec2::new(800.0, 600.0);

/// Where pictures are drawn. Not by OpenGL: its libraries look for a display, and complain that there is none.
fn drawing() -> WgpuSetup {
    let mut setup = default_wgpu_setup();
    if let WgpuSetup::CreateNew(new) = &mut setup {
        new.instance_descriptor.backends.remove(Backends::GL);
    }
    setup
}

/// The kind of adapter that would draw, if there is one.
fn adapter() -> Option<DeviceType> {
    let state = catch_unwind(|| create_render_state(drawing(), RendererOptions::PREDICTABLE)).ok()?;
    Some(state.adapter.get_info().device_type)
}

/// `backend` makes what the window talks to out of the scene's wire.
fn show(scene: Scene, fonts: FontSource, size: Vec2, backend: fn(Wire) -> Box<dyn Backend>) -> Harness<'static, App> {
    shown(scene, fonts, size, backend, true).1
}

/// As [`show`], and the scene's wire; without `drawn` no adapter is needed, and there is no picture.
pub fn shown(
    scene: Scene,
    fonts: FontSource,
    size: Vec2,
    backend: fn(Wire) -> Box<dyn Backend>,
    drawn: bool,
) -> (Wire, Harness<'static, App>) {
    let wire = Wire::new(scene.world);
    wire.world.borrow_mut().distances = vec![0.412, 1.52, 1.61, 1.38, 1.7, 1.44, 1.66];
    let appearance = Appearance { theme: scene.theme, language: Some(scene.language), reduced_motion: true };
    let settings = Settings { view: scene.view, appearance, ..Settings::default() };
    let backend = backend(wire.clone());
    let builder = Harness::builder()
        .with_size(size)
        .allow_missing_glyphs()
        .with_max_steps(40)
        .with_theme(if scene.theme == ThemeChoice::Dark { egui::Theme::Dark } else { egui::Theme::Light });
    let builder = if drawn { builder.wgpu_setup(drawing()) } else { builder };
    let mut harness: Harness<'static, App> =
        builder.build_eframe(move |cc| App::with_settings(&cc.egui_ctx, backend, fonts, settings));
    harness.run();
    if let Some(job) = scene.job {
        wire.push(Report::Job(job));
    }
    for news in scene.news {
        wire.push(Report::Own(Answer::Train(news)));
    }
    scene.found.into_iter().for_each(|answer| wire.push(Report::Own(answer)));
    harness.run_steps(24);
    for message in scene.messages {
        harness.state_mut().send(message);
        harness.run();
    }
    for (modifiers, key) in scene.keys {
        harness.key_press_modifiers(modifiers, key);
        harness.run();
    }
    if !scene.typed.is_empty() {
        harness.event(egui::Event::Text(scene.typed.to_owned()));
    }
    scene.reports.into_iter().for_each(|report| wire.push(report));
    harness.run_steps(8);
    harness.hover_at(egui::pos2(1.0, 1.0));
    harness.run();
    (wire, harness)
}
