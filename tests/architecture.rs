//! The rules of `src/lib.rs`, enforced: who may import whom, who may know which library, who may touch the disk.
//!
//! Each rule is a function from the sources to the faults that it finds ([`rules`]). One test runs them over `src/`,
//! another over a small house with one fault planted for each.

#[path = "architecture/habits.rs"]
mod habits;
#[path = "architecture/house.rs"]
mod house;
#[path = "architecture/libraries.rs"]
mod libraries;
#[path = "architecture/rules.rs"]
mod rules;

use house::House;
use rules::{RULES, unused_exceptions};

#[test]
fn the_house_keeps_its_rules() {
    let house = House::on_disk();
    let faults = RULES.iter().flat_map(|(name, rule)| rule(&house).into_iter().map(move |fault| (name, fault)));
    let faults: Vec<_> = faults.map(|(name, fault)| format!("{name}: {fault}")).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_exception_is_used() {
    let unused = unused_exceptions(&House::on_disk());
    assert!(unused.is_empty(), "allowed, and used by nobody:\n{}", unused.join("\n"));
}

/// Rule, file, its code, and what the rule says of it.
const PLANTED: &[(&str, &str, &str, &str)] = &[
    ("every file stands in a room", "gui/mod.rs", "", "gui/mod.rs stands in no room"),
    ("arrows point down", "app/people/job/a.rs", "use crate::app::{engine, train::job};", "a.rs imports app/train"),
    (
        "arrows point down",
        "app/people/job/a.rs",
        "#[cfg(test)]\nmod tests { use super::*; }\nuse crate::app::train::job;",
        "a.rs imports app/train",
    ),
    ("arrows point down", "app/scan/state.rs", "use super::super::shell::app;", "state.rs imports app/shell"),
    ("arrows point down", "app/ui/a.rs", "use crate::app::people::state::X;", "ui/a.rs imports app/people"),
    ("arrows point down", "app/jobs/a.rs", "use crate::app::ui::theme;", "jobs/a.rs imports app/ui"),
    ("arrows point down", "app/jobs/a.rs", "use crate::app::scan::job::X;", "jobs/a.rs imports app/scan"),
    ("arrows point down", "app/engine/a.rs", "use crate::app::jobs::regroup;", "engine/a.rs imports app/jobs"),
    ("arrows point down", "metadata/a.rs", "use crate::cluster::Linkage;", "metadata/a.rs imports cluster"),
    ("arrows point down", "app/engine/a.rs", "use crate::train::events::Control;", "engine/a.rs imports train"),
    ("arrows point down", "library/a.rs", "fn f() { crate::cluster::f() }", "library/a.rs imports cluster"),
    ("arrows point down", "eval/a.rs", "use crate::faces::image::resize;", "eval/a.rs imports faces/image"),
    ("arrows point down", "train/a.rs", "use crate::{eval::Roc, library::Library};", "train/a.rs imports library"),
    ("arrows point down", "networks/nets/a.rs", "use crate::faces::detect::X;", "nets/a.rs imports faces/detect"),
    ("arrows point down", "types/a.rs", "use crate::app::X;", "types/a.rs imports app"),
    (
        "no circle between rooms",
        "app/engine/report.rs",
        "use crate::app::scan::job::Scan;",
        "app/scan/job.rs imports app/engine/report.rs, which leads back to it",
    ),
    ("a feature has four members", "app/scan/logic.rs", "", "app/scan/logic.rs is none of job, cli, state, view"),
    ("a feature's members point one way", "app/scan/state.rs", "use super::view::Scan;", "imports app/scan/view/Scan"),
    ("a feature's members point one way", "app/scan/job/a.rs", "use crate::app::scan::cli::X;", "imports app/scan/cli"),
    ("a feature's members point one way", "app/scan/job/a.rs", "use super::super::state::X;", "imports app/scan/state"),
    ("a feature's members point one way", "app/scan/cli.rs", "use super::state::X;", "imports app/scan/state"),
    ("a feature's members point one way", "app/scan/job/a.rs", "use crate::app::scan::view;", "imports app/scan/view"),
    (
        "a feature's members point one way",
        "app/scan/view/a.rs",
        "use crate::app::scan::job::X;",
        "imports app/scan/job",
    ),
    (
        "the shell knows features by their list",
        "app/shell/a.rs",
        "use crate::app::scan::state::X;",
        "shell/a.rs imports app/scan",
    ),
    (
        "the shell knows features by their list",
        "app/shell/a.rs",
        "fn f() { state.scan.open }",
        "shell/a.rs names state.scan",
    ),
    (
        "the shell knows features by their list",
        "app/shell/a.rs",
        "fn f(m: Message) { Message::Train(m) }",
        "shell/a.rs names Message::Train",
    ),
    (
        "the shell knows features by their list",
        "app/shell/a.rs",
        "fn f() { if view == View::PEOPLE {} }",
        "shell/a.rs names View::PEOPLE",
    ),
    (
        "the shell knows features by their list",
        "app/shell/a.rs",
        "fn f() { open(Page::SET_ASIDE) }",
        "shell/a.rs names Page::SET_ASIDE",
    ),
    ("all printing goes one way", "app/scan/cli.rs", "fn f() { println!(1) }", "scan/cli.rs prints by println!("),
    ("all printing goes one way", "main.rs", "fn f() { std::io::stdout().lock(); }", "main.rs prints by stdout()"),
    (
        "no debug notation reaches a user",
        "app/scan/cli.rs",
        "fn f() { format!(\"{a:?}\") }",
        "scan/cli.rs says something in Rust's debug notation",
    ),
    (
        "an advised command has the home",
        "app/scan/cli.rs",
        "fn f() { bail!(\"see `likeness models list`\") }",
        "scan/cli.rs writes a command into a text by hand",
    ),
    ("a library stays in its rooms", "app/scan/state.rs", "use eframe::egui::Ui;", "state.rs knows eframe"),
    ("a library stays in its rooms", "app/scan/job/a.rs", "fn f(ui: &mut egui::Ui) {}", "job/a.rs knows egui"),
    ("a library stays in its rooms", "app/scan/job/a.rs", "use clap::Args;", "job/a.rs knows clap"),
    ("a library stays in its rooms", "app/people/job.rs", "use rusqlite::Connection;", "job.rs knows rusqlite"),
    ("a library stays in its rooms", "cluster/a.rs", "use burn::tensor::Tensor;", "cluster/a.rs knows burn"),
    ("a library stays in its rooms", "app/engine/a.rs", "fn f() { ureq::get(X); }", "engine/a.rs knows ureq"),
    ("a library stays in its rooms", "faces/embed/a.rs", "use wgpu::Device;", "embed/a.rs knows wgpu"),
    ("a library stays in its rooms", "app/ui/a.rs", "use rfd::FileHandle;", "ui/a.rs knows rfd"),
    (
        "only named places touch the disk",
        "cluster/a.rs",
        "fn f() { fs::read(X); }",
        "cluster/a.rs touches the disk: fs::",
    ),
    ("only named places touch the disk", "app/scan/state.rs", "fn f() { a.is_file(); }", "disk: .is_file()"),
    ("only named places touch the disk", "app/scan/view/a.rs", "fn f() { a.canonicalize(); }", "disk: .canonicalize()"),
    ("only named places touch the disk", "figures/a.rs", "fn f() { a.metadata(); }", "figures/a.rs touches the disk"),
    ("only named places touch the disk", "cluster/a.rs", "fn f() { TempDir::new(); }", "disk: TempDir::"),
    ("only named places touch the disk", "eval/a.rs", "fn f() { image::open(X); }", "disk: image::open("),
    ("nothing speaks to the outside", "app/models/job/a.rs", "fn f() { Command::new(X); }", "uses Command::new("),
    ("nothing speaks to the outside", "networks/models/a.rs", "fn f() { TcpStream::connect(X); }", "uses TcpStream"),
    (
        "imports say what they name",
        "app/scan/job/a.rs",
        "use super::{super::shell::app};",
        "`super::{super::shell::app}`",
    ),
    ("imports say what they name", "app/scan/job/a.rs", "use {\n    crate::app::shell,\n};", "`{crate::app::shell,}`"),
    ("imports say what they name", "app/scan/job/a.rs", "use super::super as up;", "imports by `super::super as up`"),
    ("imports say what they name", "app/scan/job/a.rs", "use crate as c;", "imports by `crate as c`"),
    (
        "imports say what they name",
        "app/scan/job/a.rs",
        "use crate::{self as root};",
        "imports by `crate::{self as root}`",
    ),
    ("imports say what they name", "app/scan/job/a.rs", "use crate::*;", "imports by `crate::*`"),
    (
        "imports say what they name",
        "app/scan/job/a.rs",
        "fn f() { crate::app::$a::g() }",
        "imports what a macro fills in",
    ),
    ("imports say what they name", "app/scan/job/a.rs", "use eframe as w;", "imports by `eframe as w`"),
    ("imports say what they name", "cluster/a.rs", "use std::fs as disk;", "imports by `std::fs as disk`"),
    ("imports say what they name", "cluster/a.rs", "use std::process::Command as Run;", "Command as Run"),
    ("imports say what they name", "cluster/a.rs", "extern crate burn as b;", "imports by `extern crate`"),
    (
        "a view asks, it does not read",
        "app/scan/view/a.rs",
        "use crate::library::{Face, Library};",
        "holds library::Library",
    ),
    ("every page is short and true", "eval/a.rs", "NO PAGE", "eval/a.rs has no page"),
    ("every page is short and true", "eval/a.rs", "//! TODO", "eval/a.rs has a page that is still to do"),
    ("every page is short and true", "eval/a.rs", LONG_PAGE, "eval/a.rs has a page of 27 lines"),
    ("one noun, one definition", "eval/a.rs", "pub struct Loss;", "Loss is declared in eval/a.rs, train/loss.rs"),
    ("one noun, one definition", "eval/a.rs", "mod b {\n    pub(crate) struct Loss;\n}", "eval/a.rs, train/loss.rs"),
    ("one noun, one definition", "eval/a.rs", "type Loss = f32;", "Loss is declared in eval/a.rs, train/loss.rs"),
    (
        "one noun, one definition",
        "eval/a.rs",
        "pub(crate) enum State {}",
        "State is declared in each feature, eval/a.rs",
    ),
    ("ordinary words", "app/scan/job/a.rs", "pub struct ScanDesk;", "declares ScanDesk: desk"),
    ("ordinary words", "train/recipe.rs", "", "declares recipe: recipe"),
    ("ordinary words", "app/care/job/a.rs", "fn look_again() {}", "declares look_again: look"),
    ("ordinary words", "eval/a.rs", "struct A {\n    #[serde(rename = \"gate\")]\n    b: B,\n}", "declares gate: gate"),
    ("ordinary words", "eval/a.rs", "fn f() { let knob = 1; }", "declares knob: knob"),
    ("ordinary words", "eval/a.rs", "struct A {\n    old_recipe: B,\n}", "declares old_recipe: recipe"),
    ("ordinary words", "eval/a.rs", "enum A {\n    DeskOf(B),\n}", "declares DeskOf: desk"),
    ("ordinary words", "eval/a.rs", "const PAIRS_PER_LOOK: u32 = 1;", "declares PAIRS_PER_LOOK: look"),
    ("a file is short", "eval/a.rs", LONG_FILE, "eval/a.rs has more than 500 lines"),
    ("a file is short", "train/testing.rs", LONG_FILE, "train/testing.rs has more than 500 lines"),
    (
        "no circle inside a room",
        "train/loss.rs",
        "pub struct Loss;\nuse super::Step;",
        "train/loss.rs uses train/step.rs, which leads back to it",
    ),
    (
        "a job composes once",
        "app/scan/cli.rs",
        "use crate::app::jobs::{reembed::Reembedded, regroup::regroup};",
        "cli.rs puts app/jobs/regroup/regroup together itself",
    ),
    (
        "a job composes once",
        "app/scan/state.rs",
        "use crate::faces::image::decode;",
        "puts faces/image/decode together",
    ),
    (
        "a job composes once",
        "app/people/cli.rs",
        "fn f() { let mut library = Library::open(&path)?; }",
        "people/cli.rs begins work itself: Library::open",
    ),
    ("a job composes once", "app/people/cli.rs", "fn f() { Engine::load(home) }", "begins work itself: Engine::load("),
    (
        "a job composes once",
        "app/scan/cli.rs",
        "fn f() { LibraryHandle::open(&home.library()) }",
        "begins work itself: LibraryHandle::open(",
    ),
    ("a job composes once", "app/people/view/a.rs", "fn f() { crate::cluster::cluster(x) }", "cluster/cluster"),
    (
        "a change names what it touched",
        "app/people/job/a.rs",
        "fn f() -> Touched { Touched::everything() }",
        "app/people/job/a.rs says that everything was touched",
    ),
    (
        "a change names what it touched",
        "library/people.rs",
        "fn f() -> Touched { Touched { everything: true, ..x } }",
        "library/people.rs says",
    ),
    (
        "no behaviour hangs on a text",
        "app/scan/job/a.rs",
        "fn f() { if error.to_string()\n    .contains(X) {} }",
        "app/scan/job/a.rs asks a text: .to_string().contains(",
    ),
    ("no behaviour hangs on a text", "app/ui/a.rs", "fn f() { device.name.starts_with(X) }", ".name.starts_with("),
    ("public is what is used outside", "eval/a.rs", "pub fn nobody() {}", "eval/a.rs has nobody public"),
    ("public is what is used outside", "eval/a.rs", "pub struct Nobodys(u32);", "eval/a.rs has Nobodys public"),
    (
        "public is what is used outside",
        "train/loss.rs",
        "pub struct Loss<T>(T);\nimpl<T: A<B>> Loss<T> {\n    pub fn nobody(&self) {}\n}",
        "train/loss.rs has nobody public",
    ),
    ("public is what is used outside", "eval/a.rs", "pub const NOBODYS: u32 = 1;", "eval/a.rs has NOBODYS public"),
    ("nothing is kept uncalled", "eval/a.rs", "#[expect(dead_code)]\nfn f() {}", "eval/a.rs keeps what nobody calls"),
    ("nothing is kept uncalled", "eval/a.rs", "#[cfg_attr(not(test), allow(dead_code))]\nfn f() {}", "eval/a.rs keeps"),
    (
        "photos have one decoder",
        "app/train/job/a.rs",
        "fn f() { ::image::open(X) }",
        "train/job/a.rs decodes by image::open(",
    ),
    (
        "kept crates serve",
        "app/jobs/a.rs",
        "fn walk(at: &Path) { for entry in fs::read_dir(at) { if x { walk(&entry) } } }",
        "app/jobs/a.rs walks folders by itself: walk",
    ),
    ("kept crates serve", "figures/a.rs", "fn to_base64(x: &[u8]) -> String {}", "which the crate base64 does"),
];

const LONG_PAGE: &str = "//! 2\n//! 3\n//! 4\n//! 5\n//! 6\n//! 7\n//! 8\n//! 9\n//! 10\n//! 11\n//! 12\n//! 13\n//! 14\n\
    //! 15\n//! 16\n//! 17\n//! 18\n//! 19\n//! 20\n//! 21\n//! 22\n//! 23\n//! 24\n//! 25\n//! 26\n//! 27\n";
const LONG_FILE: &str = "LONG FILE";

/// Files that break no rule, and look in places as if they did.
const SOUND: &[(&str, &str)] = &[
    ("types/mod.rs", "pub struct Outlook;"),
    ("eval/mod.rs", "use crate::types::Cancel; // crate::train::run\nconst A: &str = \"crate::app::shell\";"),
    (
        "train/mod.rs",
        "#[cfg(test)]\npub(crate) mod testing;\npub(crate) use step::Step;\npub(crate) struct OfAll;\nuse crate::{eval::Roc, faces::image::{resize, cut}};\nfn f() { TensorFile::read(); }",
    ),
    ("library/open.rs", "use rusqlite::Connection;\nuse std::fs;\nconst Q: char = '\"';\nfn f() { fs::read(X); }"),
    ("app/engine/report.rs", "use crate::types::Cancel;"),
    ("app/scan/job.rs", "use crate::app::engine::report::Report;\npub struct Event;\nstruct Row;"),
    ("app/scan/state.rs", "pub use super::job::Event;\npub struct State;\nstruct Row;"),
    ("app/scan/view.rs", "use eframe::egui::Ui;\nuse super::state::Event;\nfn f<'a>(x: &'a str) {}"),
    ("app/train/state.rs", "pub struct State;"),
    (
        "app/train/job.rs",
        "pub struct Event;\n#[derive(clap::ValueEnum)]\nenum A {}\n#[cfg(test)]\nmod tests { use crate::app::people; }",
    ),
    ("app/care/job.rs", "pub struct Job;\nfn f() { Touched::everything() }"),
    ("app/care/cli.rs", "use crate::eval::{Roc, roc::one_in};\nfn f() { error.to_string() }"),
    ("cluster/mod.rs", "#[cfg_attr(not(target_arch = \"x86_64\"), allow(dead_code))]\nfn f() {}"),
    ("eval/roc.rs", "pub fn used() {}\npub(crate) fn one_in() { fs(X); }"),
    ("main.rs", "use likeness::{Event, Job, Loss, Outlook, State};\nfn main() { likeness::eval::roc::used() }"),
    ("app/shell/features.rs", "use crate::app::scan::view::Scan;"),
    ("app/shell/app.rs", "fn f() { state.scanned; Message::TrainOf(a); Page::None; View::default() }"),
    ("train/testing.rs", "use crate::synth::Identity;"),
    ("train/loss.rs", "pub struct Loss;\nuse super::OfAll;"),
    ("train/step.rs", "use super::loss::Loss;\npub(crate) struct Step;"),
];

#[test]
fn a_sound_house_has_no_faults() {
    let house = House::of(sound(), Vec::new());
    for (name, rule) in RULES {
        assert_eq!(rule(&house), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_planted_fault_is_named() {
    for (name, path, code, said) in PLANTED {
        let mut files = sound();
        files.retain(|(known, _)| known != path);
        let text = match *code {
            "NO PAGE" => "pub struct A;\n".to_owned(),
            LONG_FILE => format!("//! A page.\n{}", "\n".repeat(500)),
            page if page.starts_with("//! TODO") => page.to_owned(),
            code => format!("//! A page.\n{code}"),
        };
        files.push(((*path).to_owned(), text));
        let faults = rule(name)(&House::of(files, Vec::new()));
        assert!(faults.iter().any(|fault| fault.contains(said)), "{name}, {path}: {said:?} is not among {faults:?}");
    }
}

#[test]
fn every_rule_has_a_planted_fault() {
    for (name, _) in RULES.iter().filter(|(name, _)| *name != "a shader has its reference") {
        assert!(PLANTED.iter().any(|(rule, ..)| rule == name), "no fault is planted for: {name}");
    }
    let shader = House::of(sound(), vec!["warp".to_owned()]);
    assert_eq!(rule("a shader has its reference")(&shader), ["shaders/warp has no file in networks/kernels"]);
}

#[test]
fn an_unused_exception_is_named() {
    let unused = unused_exceptions(&House::of(sound(), Vec::new()));
    assert!(unused.contains(&"nothing in networks/models knows ureq".to_owned()), "{unused:?}");
    assert!(unused.contains(&"nothing in networks/device/trial uses Command::new(".to_owned()), "{unused:?}");
    for idle in [
        "nothing in cluster imports types",
        "nothing in app/settings/job says that everything was touched",
        "nothing in app/evaluate/job/bench decodes by itself",
        "nothing in app/engine/cli/output prints",
        "no files of library use each other in a circle",
        "nothing names eval/failures/failures",
        "train/start has no debug notation",
    ] {
        assert!(unused.contains(&idle.to_owned()), "{idle}: {unused:?}");
    }
    for used in [
        "nothing in library/open touches the disk",
        "nothing in train imports eval",
        "nothing in app/care/job says that everything was touched",
        "nothing names eval/roc/one_in",
    ] {
        assert!(!unused.contains(&used.to_owned()), "{used}: {unused:?}");
    }
}

fn sound() -> Vec<(String, String)> {
    SOUND.iter().map(|(path, code)| ((*path).to_owned(), format!("//! A page.\n{code}"))).collect()
}

fn rule(name: &str) -> rules::Rule {
    RULES.iter().find(|(rule, _)| *rule == name).unwrap_or_else(|| panic!("no rule is called {name}")).1
}
