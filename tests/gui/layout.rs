//! Every page at every size: no widget lies on another, and none reaches out of the window where nothing scrolls to it.
//!
//! Judged by the rectangles of what the accessibility tree names, layer by layer, so no GPU is needed. What lies in a
//! layer above (a menu, a dialog, a sheet) may cover what is below.

use std::collections::{HashMap, HashSet};

use eframe::egui::accesskit::{NodeId, Role};
use eframe::egui::{Id, Key, LayerId, Modifiers, Order, Rect, Sense, Vec2, WidgetRect};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use likeness::app::engine::report::{Failed, Failure, JobEnd, JobId, JobKind, Report};
use likeness::app::scan::job::{ScanSummary, Withheld};
use likeness::app::scan::state::Event as ScanEvent;
use likeness::app::shell::app::App;
use likeness::app::shell::backend::{Answer, Request};
use likeness::app::shell::message::Message;
use likeness::app::ui::action::Action;
use likeness::app::ui::fonts::FontSource;
use likeness::app::ui::locale::{Language, Locale};
use likeness::app::ui::view::View;

use super::demo::album_world;
use super::pictures::{Scene, scenes, shown};
use super::wire::Wire;

const SIZES: [[f32; 2]; 4] = [[800.0, 600.0], [900.0, 700.0], [1280.0, 820.0], [1920.0, 1080.0]];

/// Widgets that touch may share a point or two: frames are drawn outside, and places are rounded.
const TOUCH: f32 = 2.0;

/// A field in which a name is typed is never narrower.
const LEAST_FIELD: f32 = 60.0;

struct Widget {
    id: Id,
    layer: LayerId,
    role: Role,
    label: String,
    /// All of it, and what is to be seen of it.
    whole: Rect,
    seen: Rect,
    acts: bool,
}

impl Widget {
    fn words(&self) -> String {
        let Rect { min, max } = self.seen;
        format!("{:?} “{}” ({:.0}–{:.0}, {:.0}–{:.0})", self.role, self.label, min.x, max.x, min.y, max.y)
    }
}

/// What people read or press; the rest of the tree only groups.
fn counts(role: Role) -> bool {
    use Role::{
        Button, CheckBox, ComboBox, Image, Label, Link, ListBoxOption, MenuItem, ProgressIndicator, RadioButton,
        Slider, Tab, TextInput,
    };
    let text = matches!(role, Label | Image | ProgressIndicator | TextInput | Slider);
    text || matches!(role, Button | CheckBox | ComboBox | Link | ListBoxOption | MenuItem | RadioButton | Tab)
}

/// The widgets of the last frame in drawing order, and the scroll bars among them.
fn widgets(harness: &Harness<'_, App>) -> (Vec<Widget>, Vec<WidgetRect>) {
    let named: HashMap<NodeId, (Role, String)> = harness
        .root()
        .children_recursive()
        .map(|node| {
            let node = node.accesskit_node();
            (node.locate().0, (node.role(), node.label().or(node.value()).unwrap_or_default()))
        })
        .collect();
    let mut found = Vec::new();
    let mut bars = Vec::new();
    harness.ctx.viewport(|viewport| {
        for (layer, rects) in viewport.prev_pass.widgets.layers() {
            for rect in rects {
                let (role, label) = match named.get(&rect.id.accesskit_id()) {
                    Some((role, label)) if counts(*role) => (*role, label.clone()),
                    _ => {
                        bars.extend(is_bar(rect).then_some(*rect));
                        continue;
                    }
                };
                let acts = rect.sense.intersects(Sense::CLICK | Sense::DRAG) && role != Role::Label;
                let (whole, seen) = (rect.rect, rect.interact_rect);
                found.push(Widget { id: rect.id, layer: *layer, role, label, whole, seen, acts });
            }
        }
    });
    (found, bars)
}

fn is_bar(rect: &WidgetRect) -> bool {
    let (short, long) = (rect.rect.size().min_elem(), rect.rect.size().max_elem());
    rect.sense.senses_drag() && short <= 20.0 && long >= 40.0
}

/// Notices that lie on what can be pressed on the page; and how many there are.
fn covered(harness: &Harness<'_, App>, language: Language) -> (usize, Vec<String>) {
    let (widgets, _) = widgets(harness);
    let dismiss = Locale::new(language);
    let layers: HashSet<LayerId> =
        widgets.iter().filter(|widget| widget.label == dismiss.s("dismiss")).map(|widget| widget.layer).collect();
    let notice = |layer: &LayerId| harness.ctx.memory(|memory| memory.area_rect(layer.id));
    let notices: Vec<Rect> = layers.iter().filter_map(notice).collect();
    let pressed = widgets.iter().filter(|widget| widget.acts && widget.layer.order == Order::Background);
    let lies_on = |widget: &Widget| {
        let common = notices.iter().map(|notice| notice.intersect(widget.seen));
        common.into_iter().any(|common| common.is_positive() && common.size().min_elem() > TOUCH)
    };
    let covered = pressed.filter(|widget| lies_on(widget));
    (notices.len(), covered.map(|widget| format!("a notice lies on {}", widget.words())).collect())
}

/// What is wrong with the last frame.
fn faults(harness: &Harness<'_, App>) -> Vec<String> {
    let (widgets, bars) = widgets(harness);
    let window = harness.ctx.content_rect();
    let mut faults = Vec::new();
    for (i, widget) in widgets.iter().enumerate() {
        faults.extend(out_of_reach(widget, window, &bars));
        let is_crushed = widget.role == Role::TextInput && widget.whole.width() < LEAST_FIELD;
        faults.extend(is_crushed.then(|| format!("{} is crushed", widget.words())));
        let above = widgets[i + 1..].iter().filter(|other| other.layer == widget.layer && other.id != widget.id);
        faults.extend(
            above
                .filter(|other| overlap(widget, other))
                .map(|other| format!("{} lies on {}", other.words(), widget.words())),
        );
    }
    faults
}

fn overlap(a: &Widget, b: &Widget) -> bool {
    let common = a.seen.intersect(b.seen);
    if !common.is_positive() || common.size().min_elem() <= TOUCH {
        return false;
    }
    // A button may carry words and smaller buttons; two texts, or two fields, never carry each other.
    let carries = |outer: &Widget, inner: &Widget| {
        outer.acts && !matches!(outer.role, Role::TextInput | Role::Slider) && outer.seen.contains_rect(inner.seen)
    };
    // Faces' boxes lie on their photo, and people who stand close together have boxes that do.
    let pictures = a.role == Role::Image || b.role == Role::Image;
    !(carries(a, b) || carries(b, a) || pictures && (a.acts || b.acts))
}

/// A widget that is cut off, where no bar scrolls to the rest of it.
fn out_of_reach(widget: &Widget, window: Rect, bars: &[WidgetRect]) -> Option<String> {
    let visible = window.expand(TOUCH);
    let bar = |wide: bool| {
        bars.iter().any(|bar| bar.layer_id == widget.layer && (bar.rect.width() > bar.rect.height()) == wide)
    };
    let (whole, seen) = (widget.whole, widget.seen);
    let cut_aside = whole.min.x < visible.min.x || whole.max.x > visible.max.x;
    let cut_inside = seen.is_positive() && seen.width() + TOUCH < whole.width();
    let cut_below = whole.min.y < visible.min.y || whole.max.y > visible.max.y;
    let lost = (cut_aside || cut_inside) && !bar(true) || cut_below && !bar(false);
    lost.then(|| format!("{} is cut off: it takes {:.0?} of {:.0?}", widget.words(), whole, window.size()))
}

fn resize(harness: &mut Harness<'_, App>, size: [f32; 2]) {
    harness.set_size(Vec2::from(size));
    harness.run_steps(4);
}

/// In the smallest window.
fn opened(scene: Scene) -> (Wire, Harness<'static, App>) {
    shown(scene, FontSource::Carried, Vec2::from(SIZES[0]), |wire| Box::new(wire), false)
}

/// A change with Undo, a failure and a question, as they come.
fn notices() -> [Report<Answer>; 3] {
    let withheld = vec![Withheld { folder: "/media/maria/Travels".into(), gone: 412, of: 500 }];
    let summary = ScanSummary { withheld, ..ScanSummary::default() };
    [
        Report::Failed(None, Failure { what: Failed::Load, details: "read error".into() }),
        Report::Own(Answer::Scan(ScanEvent::Scanned(Box::new(summary)))),
        Report::JobEnded(JobId(7), JobEnd::Done(JobKind::SCAN)),
    ]
}

/// Opened in the smallest window, then made larger. Back in the smallest one, pages end above the notices, so that none
/// lies on a button.
fn assert_laid_out(language: Language) {
    let mut faults_found = Vec::new();
    // A dark page has the places of a light one.
    let scenes =
        scenes().into_iter().filter(|scene| !scene.name.contains("_dark") && !scene.name.ends_with("_chinese"));
    for scene in scenes {
        let name = scene.name;
        let at = |size: [f32; 2], fault| format!("{name} at {}×{} in {language:?}: {fault}", size[0], size[1]);
        let (wire, mut harness) = opened(scene.in_language(language));
        for size in SIZES {
            resize(&mut harness, size);
            faults_found.extend(faults(&harness).into_iter().map(|fault| at(size, fault)));
        }
        resize(&mut harness, SIZES[0]);
        notices().into_iter().for_each(|notice| wire.push(notice));
        harness.run_steps(8);
        let (shown, covered) = covered(&harness, language);
        assert!(shown >= 3, "{name}: {shown} notices");
        faults_found.extend(covered.into_iter().chain(faults(&harness)).map(|fault| at(SIZES[0], fault)));
    }
    assert!(faults_found.is_empty(), "{} faults:\n{}", faults_found.len(), faults_found.join("\n"));
}

#[test]
fn every_page_has_room_in_every_window() {
    assert_laid_out(Language::English);
}

#[test]
fn every_page_has_room_in_chinese() {
    assert_laid_out(Language::Chinese);
}

/// The field of a group keeps its width beside the strip, with and without the panel.
#[test]
fn the_name_field_is_never_crushed() {
    for scene in scenes().into_iter().filter(|scene| matches!(scene.name, "people" | "grouping")) {
        let name = scene.name;
        let (_, mut harness) = opened(scene);
        for size in SIZES {
            resize(&mut harness, size);
            let (widgets, _) = widgets(&harness);
            let fields: Vec<_> =
                widgets.iter().filter(|w| w.role == Role::TextInput && w.label.contains("this group")).collect();
            assert!(!fields.is_empty(), "{name} at {size:?} has no field");
            for field in fields {
                assert!(field.whole.width() >= 175.0, "{name} at {size:?}: {}", field.words());
            }
        }
    }
}

/// A click selects a face; the next click, at the same place, must not find another one there.
#[test]
fn selecting_faces_moves_no_face() {
    let faces = |name: &str, language| {
        let scene = scenes().into_iter().find(|scene| scene.name == name).expect("the scene is there");
        let (_, mut harness) = opened(scene.in_language(language));
        let is_face = |w: &Widget| w.acts && w.whole.height() > 90.0 && w.whole.width() > 90.0;
        SIZES.map(|size| {
            resize(&mut harness, size);
            let (widgets, _) = widgets(&harness);
            widgets.into_iter().filter(is_face).map(|w| (w.label, w.whole)).collect::<Vec<_>>()
        })
    };
    for language in [Language::English, Language::Chinese] {
        let before = faces("person", language);
        assert!(before.iter().all(|faces| faces.len() > 5), "{before:?}");
        assert_eq!(before, faces("person_selected", language), "in {language:?}");
    }
}

/// Where the platform has no file dialog, a path is typed; the disk says whether it does.
#[test]
fn a_folder_can_be_typed() {
    let folder = tempfile::tempdir().unwrap();
    let wire = Wire::new(album_world());
    let mut harness = super::open_with(&wire, super::settings(View::LIBRARY));
    harness.state_mut().send(Message::TypePath(Box::new(Message::Act(Action::ChooseFolder))));
    harness.run();
    let answered = |harness: &mut Harness<'static, App>, is_there: &dyn Fn(&Harness<'static, App>) -> bool| {
        let is_answered = (0..500).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            harness.run_steps(2);
            is_there(harness)
        });
        assert!(is_answered);
    };
    let field = "Type or paste the path of a folder";
    harness.get_by_role_and_label(Role::TextInput, field).type_text("/no/such/folder");
    harness.run();
    harness.key_press(Key::Enter);
    answered(&mut harness, &|harness| harness.query_by_label("There is no folder /no/such/folder").is_some());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run();
    harness.get_by_role_and_label(Role::TextInput, field).type_text(&folder.path().display().to_string());
    harness.run();
    harness.key_press(Key::Enter);
    let scan = Request::Scan(likeness::app::scan::state::Request::Scan(vec![folder.path().to_owned()]));
    answered(&mut harness, &|_| wire.sent.borrow().contains(&scan));
    harness.state_mut().send(Message::TypePath(Box::new(Message::Act(Action::ChooseFolder))));
    harness.run();
    harness.key_press(Key::Escape);
    harness.run();
    assert!(harness.query_by_role_and_label(Role::TextInput, field).is_none(), "Esc closes it");
}

/// A dialog that gave nothing, whether it was cancelled or never there, is never met with silence.
#[test]
fn where_no_dialog_gave_a_path_it_may_be_typed() {
    use likeness::app::care::state::Message as Care;
    use likeness::app::settings::state::Message as SettingsMessage;
    for (asked, field) in [
        (Message::Settings(SettingsMessage::ChooseNewPlace("/a".into())), "Type or paste the path of a folder"),
        (Message::Care(Care::ChooseExport), "Type or paste the path of the file to write"),
        (Message::Care(Care::ChooseImport), "Type or paste the path of a file"),
    ] {
        let wire = Wire::new(album_world());
        let mut harness = super::open_with(&wire, super::settings(View::SETTINGS));
        for _ in 0..2 {
            harness.state_mut().send(Message::NoPath(Box::new(asked.clone())));
            harness.run_steps(4);
        }
        harness.get_by_label("Type the path").click();
        harness.run_steps(4);
        harness.get_by_role_and_label(Role::TextInput, field);
    }
}

/// What a self-test says is a text of the window like any other.
#[test]
fn devices_speak_the_language_of_the_window() {
    let scene = scenes().into_iter().find(|scene| scene.name == "settings").expect("the scene is there");
    let (_, harness) = opened(scene.in_language(Language::Chinese));
    for words in ["自检通过，用时 12 秒", "无需自检", "未测试；仅在选定时使用"] {
        harness.get_by_label(words);
    }
}
