//! `likeness library`: its file checked, copied, restored, and carried to another computer.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Subcommand;
use serde_json::{Value, json};

use super::job::{self, command};
use crate::app::engine::cli::console::{Console, cancel_on_ctrl_c, counted, printable, printable_text};
use crate::app::engine::cli::{output, there_is_a_library, usage};
use crate::app::engine::home::Home;
use crate::library::SetAside;
use crate::library::care::{
    self, Backup, BackupReason, BackupState, CheckReport, Contradiction, FaceDecision, ImportMode, ImportReport,
    NotPlaced, Problem, WaitsFor,
};
use crate::types::{Advised, size_words};

/// Faces not placed that are listed in words.
const LISTED: usize = 50;

/// Check, back up and restore the library, and take its people to another computer
#[derive(Debug, clap::Args)]
pub struct LibraryArgs {
    #[command(subcommand)]
    command: Command,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read the whole library and say what is wrong with it
    Check,
    /// Make a backup in the library's folder; with --list show those that are there
    Backup {
        /// Show the backups, the newest first, each checked.
        #[arg(long)]
        list: bool,
    },
    /// Put a backup in the library's place; what is there is kept among the backups
    Restore {
        /// A backup's path or name. Without it, the newest sound one, but for what the latest restore put aside.
        file: Option<PathBuf>,
    },
    /// Write all people, decisions and boxes as JSON Lines: no pictures, no vectors
    Export {
        /// Standard output, if it is "-".
        file: PathBuf,
    },
    /// Bring in what export wrote, into an empty library or one whose photos were scanned again
    Import {
        file: PathBuf,
        /// Say what would be done, and do nothing.
        #[arg(long)]
        dry_run: bool,
    },
}

impl LibraryArgs {
    /// Only an import, or a backup from elsewhere, begins a library.
    pub fn needs_library(&self) -> bool {
        !matches!(self.command, Command::Import { .. } | Command::Restore { file: Some(_) })
    }
}

pub fn run(home: &Home, args: LibraryArgs) -> Result<ExitCode> {
    let to_stdout = matches!(&args.command, Command::Export { file } if file.as_os_str() == "-");
    usage(!(to_stdout && args.json), "--json has no effect on an export to standard output: it is JSON Lines already")?;
    if args.needs_library() {
        there_is_a_library(home)?;
    }
    match args.command {
        Command::Check => return check(home, args.json),
        Command::Backup { list: true } => list(home, args.json)?,
        Command::Backup { list: false } => {
            let made = command::back_up(home)?;
            let value = json!({ "path": output::path_json(&made.path), "removed": paths_json(&made.removed) });
            say(args.json, value, || {
                format!("Backed up to {}{}", printable(&made.path), removed_words(&made.removed))
            })?;
        }
        Command::Restore { file } => restore(home, file, args.json)?,
        Command::Export { file } => export(home, &file, args.json)?,
        Command::Import { file, dry_run } => {
            let mode = if dry_run { ImportMode::DryRun } else { ImportMode::Apply };
            let report = command::import(home, &file, mode)?;
            say(args.json, import_json(&report), || import_words(&report, mode))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn say(json: bool, value: Value, words: impl FnOnce() -> String) -> Result<()> {
    if json { output::json(&value) } else { output::line(words()) }
}

fn people(named: usize) -> String {
    counted(named, "person with a name", "people with a name")
}

fn check(home: &Home, json: bool) -> Result<ExitCode> {
    let report = care::check(&home.library());
    say(json, check_json(&report), || check_words(&report))?;
    let helps = |problem: &Problem| !matches!(problem, Problem::NotNow(_) | Problem::Newer(_));
    if report.problems.iter().any(helps) && !json {
        let restore = Advised("library restore");
        output::note(format!("{restore} puts the newest sound backup in its place and keeps what is there."));
    }
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check_json(report: &CheckReport) -> Value {
    let problems: Vec<String> = report.problems.iter().map(ToString::to_string).collect();
    json!({
        "sound": report.is_sound(), "photos": report.photos, "missing": report.missing, "failed": report.failed,
        "faces": report.faces, "people": report.people,
        "problems": problems, "to_settle": report.to_settle, "details": report.details,
    })
}

fn check_words(report: &CheckReport) -> String {
    let photos = counted(report.photos, "photo", "photos");
    let mut counts = format!("{photos}, {}, {}", counted(report.faces, "face", "faces"), people(report.people));
    if report.missing > 0 {
        counts += &format!("; {} missing", counted(report.missing, "photo is", "photos are"));
    }
    if report.failed > 0 {
        counts += &format!("; {} not be read", counted(report.failed, "file could", "files could"));
    }
    if report.to_settle > 0 {
        let photos = counted(report.to_settle, "photo", "photos");
        counts += &format!("; of {photos} the next scan notes anew whether they are missing");
    }
    if report.is_sound() {
        return match report.older_format {
            Some(format) => format!("The library is sound: {counts}; of the older format {format}"),
            None => format!("The library is sound: {counts}"),
        };
    }
    let is_closed_now = report.problems.iter().all(|problem| matches!(problem, Problem::NotNow(_)));
    let mut words =
        if is_closed_now { "The library could not be checked:" } else { "The library is not sound:" }.to_owned();
    report.problems.iter().for_each(|problem| words += &format!("\n  {problem}"));
    if let Some(details) = &report.details {
        words += &format!("\n  Details: {}", printable_text(details));
    }
    words
}

fn list(home: &Home, json: bool) -> Result<()> {
    let backups = care::backups(&home.library())?;
    if json {
        return output::json(&backups.iter().map(backup_json).collect::<Vec<_>>());
    }
    backups.iter().try_for_each(|backup| output::line(backup_words(backup)))
}

fn time(backup: &Backup) -> String {
    jiff::Timestamp::from_second(backup.at_secs).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn backup_json(backup: &Backup) -> Value {
    let mut value = json!({
        "path": output::path_json(&backup.path), "at": time(backup), "reason": backup.reason, "bytes": backup.bytes,
        "sound": backup.is_sound(),
    });
    match &backup.state {
        BackupState::Sound { people, faces } => {
            value["people"] = (*people).into();
            value["faces"] = (*faces).into();
        }
        BackupState::Damaged(problem) => value["problem"] = problem.as_str().into(),
        BackupState::Newer => value["problem"] = "it was written by a newer Likeness".into(),
    }
    value
}

fn backup_words(backup: &Backup) -> String {
    let state = match &backup.state {
        BackupState::Sound { people: named, .. } => people(*named),
        BackupState::Damaged(problem) => format!("NOT SOUND: {problem}"),
        BackupState::Newer => "of a newer Likeness".to_owned(),
    };
    let size = size_words(backup.bytes);
    format!("{}  {:<14}  {size:>8}  {state}  {}", time(backup), backup.reason.word(), printable(&backup.path))
}

fn restore(home: &Home, file: Option<PathBuf>, json: bool) -> Result<()> {
    let backup = job::backup_to_restore(home, file.as_deref())?;
    let (cancel, mut console) = (cancel_on_ctrl_c()?, Console::new());
    let restored = job::restore_after_scan(home, &backup, &cancel, &mut |event| console.show(event))?;
    console.close();
    let Some(restored) = restored else { bail!("cancelled; nothing was restored") };
    let lacks = care::reason_of(&home.library(), &backup).and_then(what_it_may_lack);
    let value = json!({
        "restored": output::path_json(&backup),
        "kept": restored.kept.as_deref().map(output::path_json),
        "people": restored.people,
        "may_lack": lacks, "moved_aside": paths_json(&restored.moved_aside),
        "removed": paths_json(&restored.removed),
    });
    say(json, value, || {
        let mut words = format!("Restored {}: {}", printable(&backup), people(restored.people));
        if let Some(kept) = &restored.kept {
            words += &format!("\nWhat was there is kept as {}", printable(kept));
        }
        if let Some(lacks) = lacks {
            words += &format!("\n{lacks}");
        }
        for aside in &restored.moved_aside {
            words += &format!("\nWhat was in the way was moved to {}", printable(aside));
        }
        words + &removed_words(&restored.removed)
    })
}

fn paths_json(paths: &[PathBuf]) -> Vec<Value> {
    paths.iter().map(|path| output::path_json(path)).collect()
}

/// Which backups had to go: nobody looks for them in vain.
fn removed_words(backups: &[PathBuf]) -> String {
    let line = |backup: &PathBuf| {
        format!(
            "\nRemoved, since at most ten backups are kept and together at most twice the library: {}",
            printable(backup)
        )
    };
    backups.iter().map(line).collect()
}

/// What its user has to know of a backup.
fn what_it_may_lack(reason: BackupReason) -> Option<&'static str> {
    match reason {
        BackupReason::FileAlone => Some(
            "It is the library's file without its damaged log, checked whole: what was decided last may be missing, and \
             how much cannot be told",
        ),
        BackupReason::Rescued => {
            Some("It holds what could still be read of a damaged log: what was decided last may be missing")
        }
        _ => None,
    }
}

fn export(home: &Home, file: &Path, json: bool) -> Result<()> {
    if file.as_os_str() == "-" {
        return command::export_to_stdout(home, std::io::BufWriter::new(output::ResultStream));
    }
    let counts = command::export(home, file)?;
    let value = json!({
        "path": output::path_json(file), "people": counts.people, "photos": counts.photos,
        "photos_by_path": counts.photos_by_path, "faces": counts.faces,
    });
    say(json, value, || {
        let (faces, photos) = (counted(counts.faces, "face", "faces"), counted(counts.photos, "photo", "photos"));
        let words = format!("Exported {} and {faces} in {photos} to {}", people(counts.people), printable(file));
        words + &by_path(counts.photos_by_path)
    })
}

/// What an import finds only where it is.
fn by_path(photos: usize) -> String {
    match photos {
        0 => String::new(),
        photos => format!(
            "\n{} could not be read so far, and an import finds the faces only at the same path: scan first",
            counted(photos, "photo", "photos")
        ),
    }
}

fn import_json(report: &ImportReport) -> Value {
    let folders: Vec<Value> = report.folders_not_here.iter().map(|folder| output::path_json(folder)).collect();
    json!({
        "photos": { "found": report.photos_found, "missing": report.photos_missing, "made": report.photos_made },
        "faces": {
            "found": report.faces_found, "made": report.faces_made, "forgotten": report.faces_forgotten,
        },
        "people": { "found": report.people_found, "made": report.people_made },
        "decisions": report.decisions,
        "contradictions": report.contradictions.iter().map(contradiction_json).collect::<Vec<_>>(),
        "not_placed": report.not_placed.iter().map(not_placed_json).collect::<Vec<_>>(),
        "folders_not_here": folders,
        "backup": report.backup.as_deref().map(output::path_json),
    })
}

fn contradiction_json(contradiction: &Contradiction) -> Value {
    match contradiction {
        Contradiction::Face { path, face_box: b, here, import } => json!({
            "path": output::path_json(path), "box": [b.x, b.y, b.width, b.height],
            "here": decision_words(here), "import": decision_words(import),
        }),
        Contradiction::OnePerson(name) => json!({ "one_person": name }),
        Contradiction::InSight(name) => json!({ "in_sight": name }),
    }
}

fn import_words(report: &ImportReport, mode: ImportMode) -> String {
    let begin = if mode == ImportMode::DryRun { "Would bring in" } else { "Brought in" };
    // Those that the import says something of are listed below: as many as are counted here.
    let mut words = format!(
        "{begin} {}: {} new, {} here already; {} found here, {} not yet; {} here, {} not",
        counted(report.decisions, "decision", "decisions"),
        counted(report.people_made, "person", "people"),
        report.people_found,
        counted(report.faces_found, "face", "faces"),
        report.not_placed.len(),
        counted(report.photos_found, "photo", "photos"),
        report.photos_made + report.photos_missing,
    );
    if !report.contradictions.is_empty() {
        let times = counted(report.contradictions.len(), "time", "times");
        words += &format!("\n{times} this library says otherwise, and is kept:");
        report
            .contradictions
            .iter()
            .for_each(|contradiction| words += &format!("\n  {}", contradiction_words(contradiction)));
    }
    if report.faces_forgotten > 0 {
        let faces = counted(report.faces_forgotten, "face", "faces");
        words += &format!("\n{faces} found here and forgotten for good in the import: taken out");
    }
    words += &not_placed_words(&report.not_placed);
    for folder in &report.folders_not_here {
        words += &format!("\nNot on this computer: {}; scan the folder where its photos are now", printable(folder));
    }
    if let Some(backup) = &report.backup {
        words += &format!("\nThe library as it was before: {}", printable(backup));
    }
    words
}

fn not_placed_json(face: &NotPlaced) -> Value {
    let NotPlaced { path, face_box: b, import, waits_for } = face;
    let waits_for = match waits_for {
        WaitsFor::Picture => "picture",
        WaitsFor::Comparison => "comparison",
    };
    json!({
        "path": output::path_json(path), "box": [b.x, b.y, b.width, b.height],
        "import": decision_words(import), "waits_for": waits_for,
    })
}

/// The first of them one by one; all of them with --json.
fn not_placed_words(not_placed: &[NotPlaced]) -> String {
    if not_placed.is_empty() {
        return String::new();
    }
    let faces = counted(not_placed.len(), "face", "faces");
    let mut words = format!("\n{faces} not placed, since no file here shows their pictures:");
    for NotPlaced { path, import, waits_for, .. } in not_placed.iter().take(LISTED) {
        let waits_for = match waits_for {
            WaitsFor::Picture => "waits for a scan that finds the picture",
            WaitsFor::Comparison => "the next scan looks for it in the picture that is there now",
        };
        words += &format!("\n  {}: {}; {waits_for}", printable(path), decision_words(import));
    }
    if not_placed.len() > LISTED {
        words += &format!("\n  and {} more; --json lists all", not_placed.len() - LISTED);
    }
    words
}

fn contradiction_words(contradiction: &Contradiction) -> String {
    match contradiction {
        Contradiction::Face { path, here, import, .. } => {
            format!("{}: here {}, in the import {}", printable(path), decision_words(here), decision_words(import))
        }
        Contradiction::OnePerson(name) => {
            format!("two people of the import are one here: {}", decision_words(&FaceDecision::Is(name.clone())))
        }
        Contradiction::InSight(name) => {
            format!("hidden in the import, in sight here: {}", decision_words(&FaceDecision::Is(name.clone())))
        }
    }
}

fn decision_words(decision: &FaceDecision) -> String {
    let name = |name: &Option<String>| name.as_deref().map_or_else(|| "a group".to_owned(), printable_text);
    match decision {
        FaceDecision::Is(person) => name(person),
        FaceDecision::IsNot(person) => format!("not {}", name(person)),
        FaceDecision::SetAside(SetAside::Stranger) => "a stranger".to_owned(),
        FaceDecision::SetAside(SetAside::NotAFace) => "not a face".to_owned(),
        FaceDecision::Forgotten => "forgotten".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_in_words_and_as_json() {
        let mut report = CheckReport { photos: 3, faces: 5, people: 1, ..CheckReport::default() };
        assert_eq!(check_words(&report), "The library is sound: 3 photos, 5 faces, 1 person with a name");
        assert_eq!(check_json(&report)["sound"], json!(true));
        report.problems.push(Problem::Structure("page 7 is torn".into()));
        assert_eq!(check_words(&report), "The library is not sound:\n  the file is damaged: page 7 is torn");
        assert_eq!(check_json(&report)["problems"], json!(["the file is damaged: page 7 is torn"]));
        report.details = Some("Tree 5 page 7".into());
        assert!(check_words(&report).ends_with("\n  Details: Tree 5 page 7"), "{}", check_words(&report));
    }

    #[test]
    fn what_is_counted_is_listed_and_one_is_told_as_one() {
        let face = NotPlaced {
            path: "a.jpg".into(),
            face_box: crate::types::FaceBox { x: 1.0, y: 2.0, width: 3.0, height: 4.0 },
            import: FaceDecision::Is(Some("Ada".into())),
            waits_for: WaitsFor::Picture,
        };
        // Of four more the import says nothing: they are listed nowhere.
        let report = ImportReport {
            decisions: 1,
            people_made: 1,
            faces_made: 5,
            photos_made: 1,
            faces_forgotten: 2,
            not_placed: vec![face],
            ..ImportReport::default()
        };
        let words = import_words(&report, ImportMode::Apply);
        let mut lines = words.lines();
        let counts =
            "Brought in 1 decision: 1 person new, 0 here already; 0 faces found here, 1 not yet; 0 photos here, 1 not";
        assert_eq!(lines.next(), Some(counts));
        assert_eq!(lines.next(), Some("2 faces found here and forgotten for good in the import: taken out"));
        assert_eq!(lines.next(), Some("1 face not placed, since no file here shows their pictures:"));
        assert_eq!(lines.count(), 1);
    }

    #[test]
    fn faces_not_placed_are_counted_and_listed() {
        let face = |number: usize| NotPlaced {
            path: format!("{number:03}.jpg").into(),
            face_box: crate::types::FaceBox { x: 1.0, y: 2.0, width: 3.0, height: 4.0 },
            import: FaceDecision::Is(Some("Ada".into())),
            waits_for: if number == 0 { WaitsFor::Comparison } else { WaitsFor::Picture },
        };
        assert_eq!(not_placed_words(&[]), "");
        let all: Vec<NotPlaced> = (0..60).map(face).collect();
        let words = not_placed_words(&all);
        assert!(words.starts_with("\n60 faces not placed"), "{words}");
        assert!(
            words.contains("000.jpg: Ada; the next scan looks") && words.contains("049.jpg: Ada; waits"),
            "{words}"
        );
        assert!(words.ends_with("and 10 more; --json lists all"), "{words}");
        assert_eq!(not_placed_json(&all[0])["waits_for"], "comparison");
    }

    #[test]
    fn a_contradiction_says_both_sides() {
        let contradiction = Contradiction::Face {
            path: "a.jpg".into(),
            face_box: crate::types::FaceBox { x: 1.0, y: 2.0, width: 3.0, height: 4.0 },
            here: FaceDecision::Is(Some("Ada".into())),
            import: FaceDecision::SetAside(SetAside::Stranger),
        };
        assert_eq!(contradiction_words(&contradiction), "a.jpg: here Ada, in the import a stranger");
        assert_eq!(contradiction_json(&contradiction)["box"], json!([1.0, 2.0, 3.0, 4.0]));
    }
}
