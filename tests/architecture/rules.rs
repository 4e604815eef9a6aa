//! The rules, each from a house to the faults that it finds. What is allowed beyond a rule stands here with its reason,
//! and is itself a fault once nothing uses it.

use std::collections::{BTreeMap, BTreeSet};

use crate::habits;
use crate::house::{House, Source, leading_name, starts, words_of};
use crate::libraries::{self, LIBRARIES};

/// The parts from the bottom up, and what each may import. `app` may import all of them.
const PARTS: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("networks/device", &["types"]),
    ("networks/weights", &["types"]),
    ("networks/kernels", &["types"]),
    // A network's file also says where each of its tensors comes from.
    ("networks/nets", &["networks/kernels", "networks/weights", "types"]),
    ("networks/models", &["types"]),
    ("networks", &[]),
    ("faces/image", &["types"]),
    ("faces/align", &["faces/image", "types"]),
    ("faces/edits", &["faces/image", "types"]),
    ("faces/detect", &["faces/image", "networks/device", "networks/nets", "networks/weights", "types"]),
    ("faces/embed", &["faces/image", "networks/device", "networks/nets", "types"]),
    ("faces", &[]),
    ("library", &["types"]),
    // The names that are in files are kept by the library.
    ("metadata", &["library", "types"]),
    ("cluster", &["types"]),
    ("eval", &["types"]),
    ("synth", &["types"]),
    ("figures", &[]),
    // Training judges as evaluation does, and changes its pictures by the same code that cuts them.
    ("train", &["eval", "faces/image", "networks/device", "networks/nets", "networks/weights", "types"]),
];

/// The rooms of `app` that are no feature, with their height: a file may import from lower rooms and from its own.
const APP: &[(&str, usize)] = &[("app/engine", 0), ("app/jobs", 1), ("app/ui", 1), ("app/shell", 3)];
const ENGINE: usize = 0;
const FEATURE: usize = 2;
/// Parts that one feature or another is about: what every job stands on knows none of them.
const NOT_FOR_THE_ENGINE: &[&str] = &["eval", "train", "synth", "figures"];
/// What stands above all rooms.
const TOP: (&[&str], usize) = (&["app", "lib.rs", "main.rs"], 4);

/// The members of a feature, beside its `mod.rs`.
const MEMBERS: &[&str] = &["job", "cli", "state", "view"];

/// Words that only this program's authors would know, as names of modules, types and what is published.
const PRIVATE_WORDS: &[&str] = &[
    "desk", "loads", "changes", "causes", "chosen", "recipe", "look", "gate", "knob", "knobs", "said", "shelf", "heir",
    "cure",
];

/// Of these, what is ordinary English for one value among others, though not for a module, a type or a function.
const EVERYDAY: &[&str] = &["changes", "chosen", "said"];

/// What every feature names alike, and the shell as well for the window as a whole.
const FEATURE_NOUNS: &[&str] = &["State", "Message", "Request", "Event", "Views", "Context"];

const PAGE_LINES: usize = 25;
/// Of `lib.rs`.
const MAP_LINES: usize = 60;
const FILE_LINES: usize = 500;

pub type Rule = fn(&House) -> Vec<String>;

pub const RULES: &[(&str, Rule)] = &[
    ("every file stands in a room", every_file_stands_in_a_room),
    ("arrows point down", arrows_point_down),
    ("no circle between rooms", no_circle_between_rooms),
    ("a feature has four members", a_feature_has_four_members),
    ("a feature's members point one way", members_point_one_way),
    ("the shell knows features by their list", shell_knows_features_by_their_list),
    ("a library stays in its rooms", libraries::a_library_stays_in_its_rooms),
    ("only named places touch the disk", libraries::only_named_places_touch_the_disk),
    ("nothing speaks to the outside", libraries::nothing_speaks_to_the_outside),
    ("imports say what they name", imports_say_what_they_name),
    ("a view asks, it does not read", a_view_asks),
    ("every page is short and true", every_page_is_short),
    ("one noun, one definition", one_noun_one_definition),
    ("ordinary words", ordinary_words),
    ("a file is short", a_file_is_short),
    ("a shader has its reference", a_shader_has_its_reference),
    ("no circle inside a room", habits::no_circle_inside_a_room),
    ("a job composes once", habits::a_job_composes_once),
    ("a change names what it touched", habits::a_change_names_what_it_touched),
    ("no behaviour hangs on a text", habits::no_behaviour_hangs_on_a_text),
    ("public is what is used outside", habits::public_is_what_is_used_outside),
    ("kept crates serve", habits::kept_crates_serve),
    ("all printing goes one way", habits::all_printing_goes_one_way),
    ("no debug notation reaches a user", habits::no_debug_notation_reaches_a_user),
    ("an advised command has the home", habits::an_advised_command_has_the_home),
    ("photos have one decoder", habits::photos_have_one_decoder),
    ("nothing is kept uncalled", habits::nothing_is_kept_uncalled),
];

fn every_file_stands_in_a_room(house: &House) -> Vec<String> {
    let lost = house.sources.iter().filter(|source| room_of(&source.path).is_none());
    lost.map(|source| format!("{} stands in no room", source.path)).collect()
}

fn arrows_point_down(house: &House) -> Vec<String> {
    let faults = arrows(house).filter(|(_, from, to)| !may_import(from, to));
    faults.map(|(path, _, to)| format!("{path} imports {to}")).collect()
}

fn may_import(from: &str, to: &str) -> bool {
    match (app_row(from), app_row(to)) {
        (Some(from), Some(to)) => to < from,
        (Some(height), None) => height > ENGINE || !NOT_FOR_THE_ENGINE.contains(&to),
        (None, _) => PARTS.iter().any(|(part, below)| *part == from && below.contains(&to)),
    }
}

/// File, its room, and another room that it names.
fn arrows(house: &House) -> impl Iterator<Item = (&str, String, String)> {
    house.sources.iter().flat_map(|source| {
        let from = room_of(&source.path);
        let rooms: BTreeSet<_> = source.names.iter().filter_map(|name| room_of(&name.join("/"))).collect();
        rooms
            .into_iter()
            .filter_map(move |to| Some((source.path.as_str(), from.clone().filter(|from| *from != to)?, to)))
    })
}

fn no_circle_between_rooms(house: &House) -> Vec<String> {
    let imports = house.imports();
    let reached: Vec<_> = (0..imports.len()).map(|from| reach(&imports, from)).collect();
    let mut faults = Vec::new();
    for (from, targets) in imports.iter().enumerate() {
        for &to in targets {
            let [here, there] = [from, to].map(|at| house.sources[at].path.as_str());
            if room_of(here) != room_of(there) && reached[to][from] {
                faults.push(format!("{here} imports {there}, which leads back to it"));
            }
        }
    }
    faults
}

/// Which files one leads to.
pub fn reach(imports: &[BTreeSet<usize>], from: usize) -> Vec<bool> {
    let mut found = vec![false; imports.len()];
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        open.extend(imports[at].iter().filter(|to| !std::mem::replace(&mut found[**to], true)));
    }
    found
}

fn a_feature_has_four_members(house: &House) -> Vec<String> {
    let strange = house.sources.iter().filter(|source| is_feature(&source.path)).filter(|source| {
        let member = source.path.split('/').nth(2).unwrap_or_default().trim_end_matches(".rs");
        member != "mod" && !MEMBERS.contains(&member)
    });
    strange.map(|source| format!("{} is none of {}", source.path, MEMBERS.join(", "))).collect()
}

/// What a member may know of its own feature, beside itself: the view reads the state, and sees of the job what the state
/// shows of it; the state knows what the job takes and gives, the job knows none of them. Nobody but the window's shell knows views and states, and nobody but
/// `main.rs` knows subcommands.
fn members_point_one_way(house: &House) -> Vec<String> {
    let mut faults = Vec::new();
    for source in house.sources.iter().filter(|source| source.path.starts_with("app/")) {
        for name in source.names.iter().map(|name| name.join("/")).filter(|name| is_feature(name)) {
            let member = name.split('/').nth(2).unwrap_or_default();
            let knows = |places: &[&str]| places.iter().any(|place| matches(&source.path, place));
            let known = match member {
                "view" => knows(&["app/*/view", "app/shell"]),
                "state" => knows(&["app/*/state", "app/*/view", "app/shell"]),
                "cli" => knows(&["app/*/cli"]),
                "job" => !knows(&["app/*/view"]),
                _ => true,
            };
            if !known {
                faults.push(format!("{} imports {name}", source.path));
            }
        }
    }
    faults
}

/// The shell names a feature where it is registered and nowhere else: neither its room, nor what the list makes of it, nor
/// its view or page. So a new one needs no other line there.
fn shell_knows_features_by_their_list(house: &House) -> Vec<String> {
    let rooms =
        house.sources.iter().filter(|source| is_feature(&source.path)).filter_map(|source| room_of(&source.path));
    let features: BTreeSet<String> = rooms.filter_map(|room| Some(room.strip_prefix("app/")?.to_owned())).collect();
    let mut faults = Vec::new();
    let in_shell =
        |source: &&Source| matches(&source.path, "app/shell") && !matches(&source.path, "app/shell/features");
    for source in house.sources.iter().filter(in_shell) {
        let imported = source.names.iter().filter_map(|name| room_of(&name.join("/")));
        let imported = imported.filter(|room| app_row(room) == Some(FEATURE));
        faults.extend(imported.map(|room| format!("{} imports {room}", source.path)));
        let named = features.iter().flat_map(|feature| names_of_feature(feature));
        let named = named.filter(|name| names_word(&source.code, name)).chain(views_and_pages(source));
        faults.extend(named.map(|name| format!("{} names {name}", source.path)));
    }
    faults
}

/// How the code of the shell could name what its list makes of a feature.
fn names_of_feature(feature: &str) -> impl Iterator<Item = String> {
    let (first, rest) = feature.split_at(1);
    let variant = format!("{}{rest}", first.to_uppercase());
    let parts = ["state.", "views."].map(|of| format!("{of}{feature}"));
    parts.into_iter().chain(["Message::", "Request::", "Answer::"].map(|of| format!("{of}{variant}")))
}

/// The views and pages that a file names. No page at all is the shell's own.
fn views_and_pages(source: &Source) -> impl Iterator<Item = String> {
    let named = ["View::", "Page::"].into_iter().flat_map(|of| starts(&source.code, of));
    let named = named.map(|(at, of)| format!("{of}{}", leading_name(&source.code[at + of.len()..])));
    let is_one = |name: &String| {
        let name = name.split("::").nth(1).unwrap_or_default();
        name.len() > 1 && name.starts_with(char::is_uppercase) && name != "None"
    };
    named.filter(is_one)
}

/// Whether the text stands in the code and ends there as a word.
fn names_word(code: &str, text: &str) -> bool {
    starts(code, text).any(|(at, _)| !code[at + text.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// What the other rules read: no import under another name, none of everything, none that turns upwards in a group, and
/// none that a macro fills in, but for the shell's list of features.
fn imports_say_what_they_name(house: &House) -> Vec<String> {
    let own = |import: &str| ["crate", "super", "self"].iter().any(|root| import.starts_with(root));
    let libraries = LIBRARIES.iter().map(|(library, _)| *library);
    let hidden: Vec<String> = libraries
        .chain(["crate", "super", "fs", "std", "process", "Command"])
        .map(|name| format!("{name} as "))
        .collect();
    let fault = |import: &str| {
        let renamed = hidden.iter().any(|name| starts(import, name).next().is_some());
        let whole = own(import) && import.ends_with("::*") || import.contains("crate::{self");
        let upwards = ["{", ","]
            .iter()
            .any(|before| ["super", "crate"].iter().any(|root| import.contains(&format!("{before}{root}"))));
        renamed || whole || upwards
    };
    let mut faults = Vec::new();
    for source in &house.sources {
        for import in source.imports().into_iter().filter(|import| fault(import)) {
            faults.push(format!("{} imports by `{import}`", source.path));
        }
        if starts(&source.code, "extern crate ").next().is_some() {
            faults.push(format!("{} imports by `extern crate`", source.path));
        }
        let paths = starts(&source.code, "crate::").map(|(at, _)| &source.code[at..]);
        let path = |code: &str| code.find(|c: char| !c.is_alphanumeric() && !"_:$".contains(c)).unwrap_or(code.len());
        if paths.into_iter().any(|code| code[..path(code)].contains('$')) && !source.path.starts_with("app/shell/") {
            faults.push(format!("{} imports what a macro fills in", source.path));
        }
    }
    faults
}

/// Views and states hold no library, no store and no networks: those answer on other threads.
fn a_view_asks(house: &House) -> Vec<String> {
    let places = ["app/*/state", "app/*/view", "app/ui"];
    let held = [
        "library::Library",
        "library::LibraryReader",
        "networks::models::Store",
        "app::engine::networks",
        "app::engine::library_thread",
        "app::engine::workers",
    ];
    let mut faults = Vec::new();
    for source in house.sources.iter().filter(|source| places.iter().any(|place| matches(&source.path, place))) {
        for name in source.names.iter().map(|name| name.join("::")) {
            if held.iter().any(|held| name == *held || name.starts_with(&format!("{held}::"))) {
                faults.push(format!("{} holds {name}", source.path));
            }
        }
    }
    faults
}

fn every_page_is_short(house: &House) -> Vec<String> {
    let fault = |source: &Source| match source.page() {
        page if page.is_empty() => Some("has no page".to_owned()),
        page if page.iter().any(|line| line.contains("TODO")) => Some("has a page that is still to do".to_owned()),
        page if page.len() > if source.path == "lib.rs" { MAP_LINES } else { PAGE_LINES } => {
            Some(format!("has a page of {} lines", page.len()))
        }
        _ => None,
    };
    house.sources.iter().filter_map(|source| Some(format!("{} {}", source.path, fault(source)?))).collect()
}

/// What other files may know by its name is declared once. What is private to a file may be called as in another file
/// what is private there.
fn one_noun_one_definition(house: &House) -> Vec<String> {
    let mut places: BTreeMap<String, BTreeMap<&str, bool>> = BTreeMap::new();
    for source in &house.sources {
        for (name, is_public) in source.types() {
            let place = if is_feature_noun(&source.path, &name) { "each feature" } else { &source.path };
            *places.entry(name).or_default().entry(place).or_default() |= is_public;
        }
    }
    let twice = places.iter().filter(|(_, files)| files.len() > 1 && files.values().any(|is_public| *is_public));
    twice
        .map(|(name, files)| format!("{name} is declared in {}", files.keys().copied().collect::<Vec<_>>().join(", ")))
        .collect()
}

/// Each feature has these, as the shell has its own of them.
fn is_feature_noun(path: &str, name: &str) -> bool {
    let in_its_place =
        |nouns: &[&str], member: &str| nouns.contains(&name) && matches(path, &format!("app/*/{member}"));
    in_its_place(&["State", "Message"], "state")
        || in_its_place(&["Job", "Request", "Event"], "job")
        || in_its_place(&["Views", "Context"], "view")
        || FEATURE_NOUNS.contains(&name) && matches(path, "app/shell")
}

fn ordinary_words(house: &House) -> Vec<String> {
    let mut faults = Vec::new();
    for source in &house.sources {
        let of = |name: String, private: &dyn Fn(&str) -> bool| -> Vec<String> {
            let words = words_of(&name).into_iter().filter(|word| private(word));
            words.map(|word| format!("{} declares {name}: {word} is no word of the field", source.path)).collect()
        };
        let is_private = |word: &str| PRIVATE_WORDS.contains(&word);
        let names = source.declared().into_iter().chain(source.published());
        faults.extend(names.flat_map(|name| of(name, &is_private)));
        let is_odd = |word: &str| is_private(word) && !EVERYDAY.contains(&word);
        faults.extend(source.variables().into_iter().flat_map(|name| of(name, &is_odd)));
    }
    faults
}

fn a_file_is_short(house: &House) -> Vec<String> {
    let texts = house.sources.iter().map(|source| (&source.path, &source.text));
    let texts = texts.chain(house.tests.iter().map(|(path, text)| (path, text)));
    let long = texts.filter(|(_, text)| text.lines().count() > FILE_LINES);
    long.map(|(path, _)| format!("{path} has more than {FILE_LINES} lines")).collect()
}

fn a_shader_has_its_reference(house: &House) -> Vec<String> {
    let has = |stem: &str| house.sources.iter().any(|source| source.path == format!("networks/kernels/{stem}.rs"));
    let alone = house.shaders.iter().filter(|stem| !has(stem));
    alone.map(|stem| format!("shaders/{stem} has no file in networks/kernels")).collect()
}

/// What is allowed and used by nobody.
pub fn unused_exceptions(house: &House) -> Vec<String> {
    let arrows: BTreeSet<_> = arrows(house).collect();
    let mut unused = Vec::new();
    for (part, below) in PARTS {
        let unknown = below.iter().filter(|to| !arrows.iter().any(|(_, from, room)| from == part && room == *to));
        unused.extend(unknown.map(|to| format!("nothing in {part} imports {to}")));
    }
    unused.extend(libraries::unused_places(house));
    unused.extend(habits::unused_habits(house));
    unused
}

fn is_feature(path: &str) -> bool {
    room_of(path).is_some_and(|room| app_row(&room) == Some(FEATURE))
}

/// The innermost room that a path lies in: a part, or a folder of `app`.
pub fn room_of(path: &str) -> Option<String> {
    if let ["app", room, ..] = path.trim_end_matches(".rs").split('/').collect::<Vec<_>>()[..]
        && room != "mod"
    {
        return Some(format!("app/{room}"));
    }
    let rooms = PARTS.iter().map(|(part, _)| *part).chain(TOP.0.iter().copied());
    rooms.filter(|room| matches(path, room)).max_by_key(|room| room.len()).map(str::to_owned)
}

fn app_row(room: &str) -> Option<usize> {
    let named = APP.iter().find(|(name, _)| *name == room).map(|(_, row)| *row);
    let top = TOP.0.contains(&room).then_some(TOP.1);
    named.or(top).or(room.starts_with("app/").then_some(FEATURE))
}

/// Whether a file or module lies at a place or below it: `a/b` holds `a/b.rs`, `a/b/c.rs` and the module `a/b/c`.
pub fn matches(path: &str, place: &str) -> bool {
    let mut names = path.trim_end_matches(".rs").split('/');
    place.trim_end_matches(".rs").split('/').all(|want| names.next().is_some_and(|name| want == "*" || want == name))
}
