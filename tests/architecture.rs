//! Who may import whom, who may know which library, who may touch the disk: the rules of `src/lib.rs`, enforced.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Rows of the house from the bottom up; a part may import parts of lower rows only.
const ROWS: &[&[&str]] = &[
    &["types"],
    &["weights", "nets", "kernels", "device", "image"],
    &["library", "export", "models", "eval", "cluster", "train", "detect", "align", "embed", "synth"],
    &["jobs"],
    &["gui", "cli"],
];

/// The imports allowed within a row.
const SIDEWAYS: &[(&str, &str)] =
    &[("train", "eval"), ("models", "weights"), ("export", "library"), ("nets", "weights")];

/// A library, and the parts that may know it (`main.rs` stands above all parts).
const LIBRARIES: &[(&str, &[&str])] = &[
    ("egui", &["gui"]),
    ("eframe", &["gui"]),
    ("rusqlite", &["library"]),
    ("burn", &["device", "nets", "weights", "kernels", "detect", "embed", "train"]),
    ("wgpu", &["device", "kernels", "gui"]),
    ("ureq", &["models"]),
];

/// Files and folders below `src/` that may touch the disk.
const DISK: &[&str] = &[
    "image/decode",
    "library/",
    "weights/",
    "models/",
    "export/",
    "train/checkpoint",
    "train/run",
    "eval/pairs",
    "synth/album",
    "device/",
    "jobs/",
    "cli/",
    "main.rs",
];

struct Source {
    /// Path below `src/`, with forward slashes.
    path: String,
    part: String,
    /// The code without comments and without its `#[cfg(test)]` end.
    code: String,
}

#[test]
fn arrows_point_down() {
    let mut faults = Vec::new();
    for source in sources() {
        let Some(row) = row_of(&source.part) else { continue };
        for target in imports(&source.code) {
            let Some(target_row) = row_of(&target) else { continue };
            let sideways = SIDEWAYS.contains(&(source.part.as_str(), target.as_str()));
            if target != source.part && target_row >= row && !sideways {
                faults.push(format!("{} imports {target}", source.path));
            }
        }
    }
    assert!(faults.is_empty(), "arrows that do not point down:\n{}", faults.join("\n"));
}

#[test]
fn every_part_stands_in_a_row() {
    let unknown: BTreeSet<_> =
        sources().into_iter().map(|s| s.part).filter(|p| row_of(p).is_none() && !p.ends_with(".rs")).collect();
    assert!(unknown.is_empty(), "parts without a row: {unknown:?}");
}

#[test]
fn libraries_stay_in_their_rooms() {
    let mut faults = Vec::new();
    for source in sources() {
        for (library, rooms) in LIBRARIES {
            let known = rooms.contains(&source.part.as_str()) || source.part == "main.rs";
            if !known && names_crate(&source.code, library) {
                faults.push(format!("{} knows {library}", source.path));
            }
        }
    }
    assert!(faults.is_empty(), "libraries outside their rooms:\n{}", faults.join("\n"));
}

#[test]
fn only_some_rooms_touch_the_disk() {
    let faults: Vec<_> = sources()
        .into_iter()
        .filter(|s| !DISK.iter().any(|room| s.path.starts_with(room)))
        // `TensorFile` lies in memory.
        .map(|s| Source { code: s.code.replace("TensorFile::", ""), ..s })
        .filter(|s| s.code.replace("TensorFile::", "").contains("File::") || s.code.contains("fs::"))
        .map(|s| s.path)
        .collect();
    assert!(faults.is_empty(), "these files touch the disk: {faults:?}");
}

#[test]
fn a_shader_has_its_reference() {
    for entry in fs::read_dir("shaders").into_iter().flatten().flatten() {
        let path = entry.path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(Path::new("src/kernels").join(format!("{stem}.rs")).is_file(), "{} has no Rust side", path.display());
    }
}

#[test]
fn the_rules_can_fail() {
    let found = imports("use crate::{gui::State, types::Embedding};\nlet x = crate::jobs::run();");
    assert_eq!(found, ["gui", "jobs", "types"]);
    assert!(names_crate("use burn::tensor::Tensor;", "burn"));
    assert!(!names_crate("sunburn::x(); crate::image::burn::y()", "burn"));
    assert_eq!(without_comments_and_tests("a // b\n#[cfg(test)]\nmod tests {}"), "a \n");
}

fn row_of(part: &str) -> Option<usize> {
    ROWS.iter().position(|row| row.contains(&part))
}

/// The parts named in `crate::part` paths, grouped imports included.
fn imports(code: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    for (at, marker) in code.match_indices("crate::") {
        let rest = &code[at + marker.len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(top_names(group)),
            None => _ = found.insert(leading_name(rest)),
        }
    }
    found.into_iter().filter(|name| row_of(name).is_some()).collect()
}

/// The first path segment of each member of a `{a::b, c::{d, e}}` group, given what follows the opening brace.
fn top_names(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut names = vec![String::new()];
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(String::new()),
            _ => names.iter_mut().last().into_iter().for_each(|name| name.push(c)),
        }
    }
    names.iter().map(|name| leading_name(name.trim())).collect()
}

fn leading_name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Whether `name::` stands in the code as the start of a path.
fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(&format!("{name}::"))
        .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '.'))
}

fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    collect(Path::new("src"), &mut files);
    assert!(files.len() > 20, "the sources were not found");
    files
        .into_iter()
        .map(|file| {
            let path = file.strip_prefix("src").unwrap().to_string_lossy().replace('\\', "/");
            let part = path.split('/').next().unwrap().to_owned();
            let code = without_comments_and_tests(&fs::read_to_string(&file).unwrap());
            Source { path, part, code }
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") && path.file_name().is_some_and(|n| n != "tests.rs") {
            files.push(path);
        }
    }
}

fn without_comments_and_tests(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    text[..end].lines().fold(String::new(), |mut code, line| {
        code.push_str(line.split("//").next().unwrap_or(line));
        code.push('\n');
        code
    })
}
