//! Rules of how things are done: where work is put together, what a change says of itself, what hangs on a text, what is
//! public, and what is left to kept crates.

use std::collections::BTreeSet;

use crate::house::{House, Source, leading_name, starts};
use crate::rules::{matches, reach, room_of};

/// Rooms whose files still use each other in circles.
const CIRCLES_LEFT: &[&str] = &["library"];

/// What shows and asks, and puts no work together.
const ASKING: &[&str] = &["app/*/cli", "app/*/state", "app/*/view"];
/// Whose functions compute.
const COMPUTING: &[&str] = &["faces", "cluster", "train", "eval", "synth", "app/jobs/regroup", "app/jobs/reembed"];
/// Functions that are no work for a job: words for a rate, what a threshold gets wrong while it is moved.
const NO_WORK: &[&str] = &["eval/roc/one_in", "eval/failures/failures"];

/// What work begins with.
const OPENS: &[&str] = &["Library::open", "LibraryHandle::open(", "Engine::load("];

/// Where nothing less can be said than that everything was touched.
const EVERYTHING: &[&str] = &[
    // A restored or imported library, another program's changes.
    "app/care/job",
    "app/shell/threads",
    // A job that ended without a word, a decision that came too late.
    "app/shell/update",
    // Folders that come and go, other vectors, a scan.
    "app/settings/job",
    "app/models/job",
    "app/train/state",
    "app/scan/state",
    "app/scan/job/touched",
    "app/scan/job/window",
    // An undone grouping.
    "library/review/touched",
];
const SAYS_EVERYTHING: &[&str] = &["Touched::everything", "everything: true"];

/// How a text is asked for its meaning: an error's, or a name that somebody may change.
const TEXT_QUESTIONS: &[&str] = &[
    ".to_string().contains(",
    ".to_string().starts_with(",
    ".to_string().ends_with(",
    ".to_string().as_str()",
    ".to_string() == ",
    ".to_string() != ",
    ".name.contains(",
    ".name.starts_with(",
    ".name.ends_with(",
];

/// Functions that a kept crate has: a part of their name, and the crate.
const CRATES: &[(&str, &str)] =
    &[("base64", "base64"), ("escape_html", "maud"), ("percent_encode", "url"), ("percent_decode", "url")];

/// A folder's own file and its parts are one: a part may use what the folder's file declares.
pub fn no_circle_inside_a_room(house: &House) -> Vec<String> {
    let left = |(path, _): &(&str, &str)| CIRCLES_LEFT.iter().any(|place| matches(path, place));
    let faults = circles(house).into_iter().filter(|circle| !left(circle));
    faults.map(|(from, to)| format!("{from} uses {to}, which leads back to it")).collect()
}

/// Files of one room, of which the first uses the second and the second leads back to the first.
fn circles(house: &House) -> Vec<(&str, &str)> {
    let uses = house.uses();
    let reached: Vec<_> = (0..uses.len()).map(|from| reach(&uses, from)).collect();
    let mut found = Vec::new();
    for (from, targets) in uses.iter().enumerate() {
        let pairs = targets.iter().filter(|to| reached[**to][from]).map(|to| [from, *to]);
        found.extend(pairs.map(|pair| pair.map(|at| house.sources[at].path.as_str())).map(|[from, to]| (from, to)));
    }
    found.retain(|(from, to)| room_of(from) == room_of(to));
    found
}

/// Command line, state and view call a job, so that it is put together in one place.
pub fn a_job_composes_once(house: &House) -> Vec<String> {
    let mut faults = Vec::new();
    for source in house.sources.iter().filter(|source| lies_in(source, ASKING)) {
        let called = source.names.iter().map(|name| name.join("/")).filter(|name| is_work(house, name));
        faults.extend(called.map(|name| format!("{} puts {name} together itself", source.path)));
        let opened = opened_by(source);
        faults.extend(opened.map(|call| format!("{} begins work itself: {call}", source.path)));
    }
    faults
}

fn opened_by(source: &Source) -> impl Iterator<Item = &'static str> {
    OPENS.iter().filter(|call| starts(&source.code, call).next().is_some()).copied()
}

/// Whether a path leads to a function that computes: neither to a type or what belongs to one, nor to a module.
fn is_work(house: &House, name: &str) -> bool {
    let is_type = name.split('/').any(|part| part.starts_with(char::is_uppercase));
    // Some functions of `faces` are called as their modules are.
    let is_module = !matches(name, "faces") && house.sources.iter().any(|source| source.module.join("/") == name);
    let computes = COMPUTING.iter().any(|place| matches(name, place));
    computes && !is_type && !is_module && !NO_WORK.contains(&name)
}

pub fn a_change_names_what_it_touched(house: &House) -> Vec<String> {
    let loud = house.sources.iter().filter(|source| says_everything(source) && !lies_in(source, EVERYTHING));
    loud.map(|source| format!("{} says that everything was touched", source.path)).collect()
}

fn says_everything(source: &Source) -> bool {
    source.path != "types/touched.rs"
        && SAYS_EVERYTHING.iter().any(|words| starts(&source.code, words).next().is_some())
}

pub fn no_behaviour_hangs_on_a_text(house: &House) -> Vec<String> {
    let mut faults = Vec::new();
    for source in &house.sources {
        let lines: Vec<&str> = source.code.lines().map(str::trim).collect();
        // A chain of calls may be broken before a dot.
        let code = lines.join(" ").replace(" .", ".");
        let asked = TEXT_QUESTIONS.iter().filter(|question| code.contains(**question));
        faults.extend(asked.map(|question| format!("{} asks a text: {question}", source.path)));
    }
    faults
}

pub fn public_is_what_is_used_outside(house: &House) -> Vec<String> {
    unused_public(house).map(|(path, name)| format!("{path} has {name} public, and nothing outside uses it")).collect()
}

/// Files, and what they have public that no program, test or benchmark names: functions, constants, those of public types,
/// and types that nothing public leads to.
fn unused_public(house: &House) -> impl Iterator<Item = (&str, String)> {
    let types: BTreeSet<String> = house.sources.iter().flat_map(public_types).collect();
    let led_to: BTreeSet<&str> = house.sources.iter().flat_map(public_words).collect();
    house.sources.iter().filter(|source| source.path != "main.rs").flat_map(move |source| {
        let own = source.code.lines().filter_map(public_value);
        let of_types = lines_of_types(&source.code, &types).filter_map(|line| public_value(line.strip_prefix("    ")?));
        let mut declared: Vec<String> = own.chain(of_types).collect();
        declared.extend(public_types(source).filter(|name| !led_to.contains(name.as_str())));
        declared.into_iter().filter(|name| !house.outside.contains(name)).map(|name| (source.path.as_str(), name))
    })
}

/// The function or constant that a line declares public.
fn public_value(line: &str) -> Option<String> {
    let rest = line.strip_prefix("pub ")?;
    ["const fn ", "fn ", "const "].iter().find_map(|keyword| rest.strip_prefix(keyword)).map(leading_name)
}

fn public_types(source: &Source) -> impl Iterator<Item = String> {
    source.code.lines().filter_map(|line| {
        let rest = line.strip_prefix("pub ")?;
        ["struct ", "enum ", "trait "].iter().find_map(|keyword| rest.strip_prefix(keyword)).map(leading_name)
    })
}

/// The lines that give these types their own functions.
fn lines_of_types<'a>(code: &'a str, types: &BTreeSet<String>) -> impl Iterator<Item = &'a str> {
    let mut is_open = false;
    code.lines().filter(move |line| {
        match line.strip_prefix("impl") {
            Some(header) => {
                is_open = !header.contains(" for ") && types.contains(&leading_name(after_generics(header)))
            }
            None => is_open &= !line.starts_with('}'),
        }
        is_open
    })
}

/// `<T: A<B>> C<T>` without what stands first in angles.
fn after_generics(header: &str) -> &str {
    let mut depth = 0;
    let end = header.char_indices().find(|(_, c)| {
        depth += i32::from(*c == '<') - i32::from(*c == '>');
        depth == 0
    });
    header[end.map_or(0, |(at, _)| at)..].trim_start_matches(['>', ' '])
}

/// The words of what is public: of signatures, fields, the insides of enums and traits, and what traits are made for.
fn public_words(source: &Source) -> Vec<&str> {
    let items = starts(&source.code, "pub ").flat_map(|(at, word)| words_of_item(&source.code[at + word.len()..]));
    let lines = || source.code.lines();
    let traits = lines().filter_map(|line| Some(line.strip_prefix("impl")?.split_once(" for ")?.0));
    let types = lines().filter_map(|line| Some(line.trim_start().strip_prefix("type ")?.split_once('=')?.1));
    items.chain(traits.chain(types).flat_map(words)).collect()
}

/// Without the item's own name.
fn words_of_item(item: &str) -> impl Iterator<Item = &str> {
    let (end, names) = match words(item).next() {
        Some("enum" | "trait") => (item.find("\n}"), 2),
        Some("fn" | "const" | "struct" | "type") => (item.find(['{', ';']), 2),
        Some("use" | "mod") => (Some(0), 0),
        _ => (item.find('\n'), 1),
    };
    words(&item[..end.unwrap_or(item.len())]).skip(names)
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// Code for one kind of machine or build has no caller on another.
const KINDS_OF_BUILDS: &[&str] = &["target_", "unix", "windows", "feature"];

pub fn nothing_is_kept_uncalled(house: &House) -> Vec<String> {
    let kept = house.sources.iter().filter(|source| keeps_dead_code(source));
    kept.map(|source| format!("{} keeps what nobody calls", source.path)).collect()
}

fn keeps_dead_code(source: &Source) -> bool {
    starts(&source.code, "dead_code").any(|(at, _)| {
        let attribute = &source.code[source.code[..at].rfind('#').unwrap_or(0)..at];
        !KINDS_OF_BUILDS.iter().any(|kind| starts(attribute, kind).next().is_some())
    })
}

/// What prints past the one writer: it panics where a pipe is closed, and a terminal obeys what it prints.
const PRINTS: &[&str] = &["println!(", "print!(", "eprintln!(", "eprint!(", "dbg!("];
const STREAM: &str = "stdout()";
/// The writer, and the answer of an adapter's test to the process that asked for it.
const PRINTERS: &[&str] = &["app/engine/cli/output", "app/settings/cli"];

/// All printing goes through the writer of the command line.
pub fn all_printing_goes_one_way(house: &House) -> Vec<String> {
    let mut faults = Vec::new();
    for source in &house.sources {
        let print = PRINTS.iter().find(|print| starts(&source.code, print).next().is_some());
        let stream = Some(&STREAM).filter(|stream| source.code.contains(**stream) && !lies_in(source, PRINTERS));
        faults.extend(print.or(stream).map(|print| format!("{} prints by {print}", source.path)));
    }
    faults
}

/// How Rust writes a value for its programmers.
const DEBUG_NOTATION: &[&str] = &[":?}", ":#?}"];
/// What no user reads: wgpu's names of its backends, which are words, the name of a texture, what is hashed.
const NO_USERS_TEXT: &[&str] = &[
    "networks/device/adapter",
    "networks/kernels/gpu",
    "app/ui/thumbnails",
    "train/start",
    "train/checkpoint/vectors",
];

/// A user reads words, not a programmer's notation.
pub fn no_debug_notation_reaches_a_user(house: &House) -> Vec<String> {
    let faults = house.sources.iter().filter(|source| !lies_in(source, NO_USERS_TEXT) && has_debug_notation(source));
    faults.map(|source| format!("{} says something in Rust's debug notation", source.path)).collect()
}

/// Outside its asserts.
fn has_debug_notation(source: &Source) -> bool {
    let mut lines = lines_of_program(source).filter(|line| !line.contains("assert"));
    lines.any(|line| DEBUG_NOTATION.iter().any(|notation| line.contains(notation)))
}

/// Texts included, without comments and tests.
fn lines_of_program(source: &Source) -> impl Iterator<Item = &str> {
    // Its tests come last.
    let tests = starts(&source.text, "#[cfg(test)]\nmod ")
        .find(|(at, mark)| source.text[at + mark.len()..].lines().next().is_some_and(|name| name.ends_with('{')));
    let text = &source.text[..tests.map_or(source.text.len(), |(at, _)| at)];
    text.lines().map(str::trim).filter(|line| !line.starts_with("//"))
}

/// A command that a text advises is written by what knows the home that was given.
pub fn an_advised_command_has_the_home(house: &House) -> Vec<String> {
    let advises = |source: &&Source| lines_of_program(source).any(|line| line.contains("`likeness "));
    let by_hand = house.sources.iter().filter(|source| source.path != "types/advice.rs").filter(advises);
    by_hand.map(|source| format!("{} writes a command into a text by hand", source.path)).collect()
}

/// What decodes a file past `faces::image`: it leaves it unturned, knows fewer kinds and no bound of memory.
const DECODERS: &[&str] = &["image::open(", "ImageReader::open("];
/// Measures ours beside the other.
const COMPARING_DECODERS: &[&str] = &["app/evaluate/job/bench"];

/// Photos are decoded by `faces::image`.
pub fn photos_have_one_decoder(house: &House) -> Vec<String> {
    let others = house.sources.iter().filter(|source| !lies_in(source, COMPARING_DECODERS));
    others.filter_map(|source| Some(format!("{} decodes by {}", source.path, other_decoder(source)?))).collect()
}

fn other_decoder(source: &Source) -> Option<&'static str> {
    DECODERS.iter().find(|call| starts(&source.code, call).next().is_some()).copied()
}

/// Folders are walked by walkdir, and what a kept crate does is not written again.
pub fn kept_crates_serve(house: &House) -> Vec<String> {
    let mut faults = Vec::new();
    for source in &house.sources {
        for (name, body) in functions(&source.code) {
            if body.contains("read_dir(") && starts(body, &format!("{name}(")).next().is_some() {
                faults.push(format!("{} walks folders by itself: {name}", source.path));
            }
            let known = CRATES.iter().find(|(part, _)| name.contains(part));
            faults.extend(known.map(|(_, by)| format!("{} has {name}, which the crate {by} does", source.path)));
        }
    }
    faults
}

/// Names and bodies.
fn functions(code: &str) -> impl Iterator<Item = (&str, &str)> {
    starts(code, "fn ").filter_map(|(at, word)| {
        let rest = &code[at + word.len()..];
        let name = &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_')?];
        let open = rest.find(['{', ';']).filter(|open| rest[*open..].starts_with('{'))?;
        let mut depth = 0;
        let close = rest[open..].char_indices().find(|(_, c)| {
            depth += i32::from(*c == '{') - i32::from(*c == '}');
            depth == 0
        });
        Some((name, &rest[open..open + close?.0]))
    })
}

/// What is allowed and used by nobody.
pub fn unused_habits(house: &House) -> Vec<String> {
    let silent = EVERYTHING
        .iter()
        .filter(|place| !house.sources.iter().any(|source| matches(&source.path, place) && says_everything(source)));
    let mut unused: Vec<String> =
        silent.map(|place| format!("nothing in {place} says that everything was touched")).collect();
    let idle = COMPARING_DECODERS
        .iter()
        .filter(|place| !house.sources.iter().any(|s| matches(&s.path, place) && other_decoder(s).is_some()));
    unused.extend(idle.map(|place| format!("nothing in {place} decodes by itself")));
    let idle = PRINTERS.iter().filter(|place| {
        !house.sources.iter().any(|source| matches(&source.path, place) && source.code.contains(STREAM))
    });
    unused.extend(idle.map(|place| format!("nothing in {place} prints")));
    let circles = circles(house);
    let solved = CIRCLES_LEFT.iter().filter(|place| !circles.iter().any(|(path, _)| matches(path, place)));
    unused.extend(solved.map(|place| format!("no files of {place} use each other in a circle")));
    let named: BTreeSet<String> =
        house.sources.iter().flat_map(|source| &source.names).map(|name| name.join("/")).collect();
    unused.extend(NO_WORK.iter().filter(|name| !named.contains(**name)).map(|name| format!("nothing names {name}")));
    let silent = NO_USERS_TEXT
        .iter()
        .filter(|place| !house.sources.iter().any(|source| matches(&source.path, place) && has_debug_notation(source)));
    unused.extend(silent.map(|place| format!("{place} has no debug notation")));
    unused
}

fn lies_in(source: &Source, places: &[&str]) -> bool {
    places.iter().any(|place| matches(&source.path, place))
}
