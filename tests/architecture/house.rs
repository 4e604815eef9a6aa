//! The sources as the rules see them: code without comments, texts and tests, and the paths that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

pub struct Source {
    /// Below `src/`, with forward slashes.
    pub path: String,
    /// As it lies on disk.
    pub text: String,
    /// Without comments, without what stands in quotes, and without tests.
    pub code: String,
    /// The module that the file is: `src/a/mod.rs` and `src/a.rs` are both `a`.
    pub module: Vec<String>,
    /// What it names by `crate::` and `super::`, as full paths; groups are taken apart.
    pub names: BTreeSet<Vec<String>>,
    /// What it passes on under its own name, by `pub use`.
    passed_on: BTreeSet<Vec<String>>,
}

pub struct House {
    pub sources: Vec<Source>,
    /// Stems of the files in `shaders/`.
    pub shaders: Vec<String>,
    /// The words of all that uses the library: the program, tests, benchmarks.
    pub outside: BTreeSet<String>,
    /// Paths and texts of what is there only for tests and benchmarks.
    pub tests: Vec<(String, String)>,
}

impl House {
    pub fn on_disk() -> Self {
        let mut files = Vec::new();
        collect(Path::new("src"), &mut files);
        assert!(files.len() > 100, "the sources were not found");
        let shaders = fs::read_dir("shaders").into_iter().flatten().flatten();
        let stems = shaders.filter_map(|entry| Some(entry.path().file_stem()?.to_string_lossy().into_owned()));
        let mut users = Vec::new();
        ["tests", "benches"].iter().for_each(|folder| collect(Path::new(folder), &mut users));
        let mut house = Self::of(files, stems.collect());
        for (_, text) in users.iter().filter(|(path, _)| !path.starts_with("tests/architecture")) {
            house.outside.extend(words_in(&without_comments_and_texts(text)));
        }
        house.tests.extend(users);
        house
    }

    /// From paths below `src/` and texts. Modules that are only there for tests are left out.
    pub fn of(files: Vec<(String, String)>, shaders: Vec<String>) -> Self {
        let tests: BTreeSet<_> = files.iter().flat_map(|(path, text)| test_modules(path, text)).collect();
        let is_test = |module: &[String]| (1..=module.len()).any(|end| tests.contains(&module[..end]));
        let sources = files.into_iter().map(|(path, text)| Source::new(path, text));
        let (of_tests, sources): (Vec<Source>, Vec<_>) = sources.partition(|source| is_test(&source.module));
        let tests = of_tests.into_iter().map(|source| (source.path, source.text)).collect();
        let program = sources.iter().filter(|source| source.path == "main.rs");
        let outside = program.flat_map(|source| words_in(&source.code)).collect();
        Self { sources, shaders, outside, tests }
    }

    /// For each file, the files whose modules it names.
    pub fn imports(&self) -> Vec<BTreeSet<usize>> {
        let modules: BTreeMap<&[String], usize> =
            self.sources.iter().enumerate().map(|(at, source)| (source.module.as_slice(), at)).collect();
        let file_of = |name: &Vec<String>| (1..=name.len()).rev().find_map(|end| modules.get(&name[..end]).copied());
        self.sources.iter().map(|source| source.names.iter().filter_map(file_of).collect()).collect()
    }

    /// For each file, the files that declare what it uses, wherever that is passed on. Those below it are its own parts,
    /// and what it only passes on it does not use.
    pub fn uses(&self) -> Vec<BTreeSet<usize>> {
        let modules: BTreeMap<&[String], usize> =
            self.sources.iter().enumerate().map(|(at, source)| (source.module.as_slice(), at)).collect();
        let file_of = |name: &[String]| (1..=name.len()).rev().find_map(|end| modules.get(&name[..end]).copied());
        let used = |source: &Source| {
            let names = source.names.difference(&source.passed_on).map(|name| self.declared_as(name, &modules));
            let files = names.filter_map(|name| file_of(&name));
            files.filter(|at| !self.sources[*at].module.starts_with(&source.module)).collect()
        };
        self.sources.iter().map(used).collect()
    }

    /// The path under which something is declared, given one that may lead through `pub use`.
    fn declared_as(&self, name: &[String], modules: &BTreeMap<&[String], usize>) -> Vec<String> {
        let mut name = name.to_vec();
        // Few pass on what was passed on to them.
        for _ in 0..4 {
            let passed = (0..name.len()).rev().find_map(|end| {
                let source = &self.sources[*modules.get(&name[..end])?];
                let path = source.passed_on.iter().find(|path| path.last() == name.get(end))?;
                Some([path.as_slice(), &name[end + 1..]].concat())
            });
            match passed {
                Some(path) if path != name => name = path,
                _ => break,
            }
        }
        name
    }
}

impl Source {
    fn new(path: String, text: String) -> Self {
        let code = code_of(&text);
        let module = module_of(&path);
        let mut names = BTreeSet::new();
        for (at, marker) in starts(&code, "crate::") {
            expand(&code[at + marker.len()..], &[], &mut names);
        }
        for (at, marker) in starts(&code, "super::") {
            // Of `super::super::x` only the second `super` is followed by a name.
            let rest = &code[at + marker.len()..];
            let before = code[..at].trim_end_matches("super::").len();
            let steps = (at - before) / marker.len() + 1;
            if !rest.starts_with("super::") && steps <= module.len() {
                expand(rest, &module[..module.len() - steps], &mut names);
            }
        }
        let mut passed_on = BTreeSet::new();
        for (at, _) in starts(&code, "pub") {
            let import =
                code[at..].split_once(" use ").filter(|(visible, _)| visible.len() < "pub(in crate::library)".len());
            let path = import.and_then(|(_, rest)| rest.split_once(';')).map(|(path, _)| path.replace(['\n', ' '], ""));
            match path.as_deref().map(|path| path.strip_prefix("crate::").ok_or(path)) {
                Some(Ok(path)) => expand(path, &[], &mut passed_on),
                Some(Err(path)) => expand(path.trim_start_matches("self::"), &module, &mut passed_on),
                None => {}
            }
        }
        Self { path, text, code, module, names, passed_on }
    }

    /// Lines of the module's page, which stands at the top of the file.
    pub fn page(&self) -> Vec<&str> {
        self.text.lines().take_while(|line| line.starts_with("//!")).map(|line| line[3..].trim()).collect()
    }

    /// Whether the code names a crate by `name::`.
    pub fn names_crate(&self, name: &str) -> bool {
        starts(&self.code, &format!("{name}::"))
            .any(|(at, _)| !self.code[..at].ends_with("::") && !self.code[..at].ends_with('.'))
    }

    /// What stands after each `use`, with no space but between words.
    pub fn imports(&self) -> Vec<String> {
        let statements = starts(&self.code, "use ").map(|(at, word)| &self.code[at + word.len()..]);
        let statements = statements.filter_map(|rest| rest.split_once(';')).map(|(import, _)| import);
        let words = |import: &str| import.split_whitespace().collect::<Vec<_>>().join(" ");
        statements.map(|import| words(import).replace(", ", ",").replace("{ ", "{")).collect()
    }

    /// The types that the file declares outside functions, or for others, and whether another file may know them.
    pub fn types(&self) -> Vec<(String, bool)> {
        let declared = |line: &str| {
            // What is indented and private stands in a function; what is public, in a module of the file's own.
            let line = if line.trim_start().starts_with("pub") { line.trim_start() } else { line };
            let is_public = line.starts_with("pub");
            let rest = line.strip_prefix("pub").map_or(line, |rest| match rest.strip_prefix('(') {
                Some(rest) => rest.split_once(") ").map_or("", |(_, rest)| rest),
                None => rest.trim_start(),
            });
            let keywords = ["struct ", "enum ", "trait ", "type "];
            let name = keywords.iter().find_map(|keyword| rest.strip_prefix(keyword)).map(leading_name)?;
            // A macro's has its name from elsewhere.
            (!name.is_empty()).then_some((name, is_public))
        };
        self.code.lines().filter_map(declared).collect()
    }

    /// The modules, types and functions that the code declares, and the file's own name.
    pub fn declared(&self) -> BTreeSet<String> {
        let mut found: BTreeSet<String> = self.module.last().cloned().into_iter().collect();
        for keyword in ["mod ", "struct ", "enum ", "trait ", "type ", "fn "] {
            found.extend(starts(&self.code, keyword).map(|(at, word)| leading_name(&self.code[at + word.len()..])));
        }
        found
    }

    /// Constants, variants, fields, parameters, and what is bound by `let`.
    pub fn variables(&self) -> BTreeSet<String> {
        let keywords = ["const ", "static ", "let ", "let mut "];
        let bound = keywords.iter().flat_map(|keyword| starts(&self.code, keyword));
        let mut found: BTreeSet<String> = bound.map(|(at, word)| leading_name(&self.code[at + word.len()..])).collect();
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        for (at, _) in self.code.match_indices(": ") {
            let before = &self.code[..at];
            found.insert(before[before.trim_end_matches(is_part).len()..].to_owned());
        }
        found.extend(self.code.lines().map(|line| leading_name(line.trim_start())));
        found
    }

    /// What files and JSON call something that the code calls otherwise.
    pub fn published(&self) -> Vec<String> {
        self.text.split("rename = \"").skip(1).map(leading_name).collect()
    }
}

fn words_in(code: &str) -> impl Iterator<Item = String> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned)
}

/// Where `text` stands in the code as the start of a word.
pub fn starts<'a>(code: &'a str, text: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    code.match_indices(text).filter(|(at, _)| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// The words of `CamelCase`, `snake_case` and `SCREAMING_SNAKE_CASE`, in lower case.
pub fn words_of(name: &str) -> Vec<String> {
    let is_constant = !name.contains(char::is_lowercase);
    let name = if is_constant { name.to_lowercase() } else { name.to_owned() };
    let mut words = vec![String::new()];
    for c in name.chars() {
        if c == '_' || c.is_uppercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c != '_') {
            word.extend(c.to_lowercase());
        }
    }
    words
}

/// All paths of `a::{b, c::d}` below `above`.
fn expand(text: &str, above: &[String], found: &mut BTreeSet<Vec<String>>) {
    let mut path = above.to_vec();
    let mut rest = text;
    loop {
        if let Some(group) = rest.strip_prefix('{') {
            return members(group).into_iter().for_each(|member| expand(member.trim(), &path, found));
        }
        // Filled in by a macro, in the shell alone: which room it is cannot be read here.
        if rest.starts_with('$') {
            return;
        }
        let name = leading_name(rest);
        if name.is_empty() {
            break;
        }
        rest = &rest[name.len()..];
        path.push(name);
        match rest.strip_prefix("::") {
            Some(below) => rest = below,
            None => break,
        }
    }
    found.insert(path);
}

/// What a group holds between its commas, given what follows its opening brace.
fn members(group: &str) -> Vec<&str> {
    let (mut depth, mut from, mut found) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.push(&group[from..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&group[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    found.retain(|member| !member.trim().is_empty());
    found
}

pub fn leading_name(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn module_of(path: &str) -> Vec<String> {
    let mut module: Vec<String> = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod" || last == "lib") {
        module.pop();
    }
    module
}

/// The modules that a file declares under `#[cfg(test)]`.
fn test_modules(path: &str, text: &str) -> Vec<Vec<String>> {
    let after = text.split("#[cfg(test)]").skip(1);
    let declared = after.filter_map(|rest| {
        let rest = rest.trim_start();
        let rest = ["pub(crate) ", "pub(super) "].iter().find_map(|far| rest.strip_prefix(far)).unwrap_or(rest);
        rest.strip_prefix("mod ").map(leading_name)
    });
    declared.map(|name| [module_of(path), vec![name]].concat()).collect()
}

/// The code without comments, without what stands in quotes, and without what is compiled for tests only.
fn code_of(text: &str) -> String {
    // An attribute such as `all(test, unix)` keeps code out of the program just so.
    let bare = without_comments_and_texts(text);
    let bare = bare.replace("#[cfg(all(test, unix))]", "#[cfg(test)]");
    let mut parts = bare.split("#[cfg(test)]");
    let mut code = parts.next().unwrap_or_default().to_owned();
    parts.for_each(|part| code.push_str(&part[item_length(part)..]));
    code
}

/// Where the first item of the code ends: at its closing brace, or at a semicolon before any brace.
fn item_length(code: &str) -> usize {
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return at + 1,
            '}' => depth -= 1,
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

fn without_comments_and_texts(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skip = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            'r' if is_raw_text(rest) && !code.ends_with(|c: char| c.is_alphanumeric() || c == '_') => raw_text(rest),
            '"' => quoted(rest, '"'),
            // A lifetime is not closed by a second quote.
            '\'' if rest[1..].starts_with('\\') || rest.chars().nth(2) == Some('\'') => quoted(rest, '\''),
            _ => {
                code.push(c);
                rest = &rest[c.len_utf8()..];
                continue;
            }
        };
        rest = &rest[skip..];
    }
    code
}

fn is_raw_text(text: &str) -> bool {
    text[1..].trim_start_matches('#').starts_with('"') && !text.starts_with("r#r")
}

/// How long the raw text at the start is, its marks included.
fn raw_text(text: &str) -> usize {
    let hashes = text[1..].len() - text[1..].trim_start_matches('#').len();
    let end = format!("\"{}", "#".repeat(hashes));
    let open = hashes + 2;
    text[open..].find(&end).map_or(text.len(), |at| open + at + end.len())
}

/// How long the text in quotes at the start is, the quotes included.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn collect(folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let below = path.strip_prefix("src").unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.push((below, fs::read_to_string(&path).unwrap()));
        }
    }
}
