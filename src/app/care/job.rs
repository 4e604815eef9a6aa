//! What both the window and `likeness library` do with the library's file.

pub(crate) mod command;
mod export;
#[cfg(feature = "gui")]
pub mod repair;
#[cfg(feature = "gui")]
mod window;

pub(crate) use self::export::export;
#[cfg(feature = "gui")]
pub use self::window::{Event, Job, Request};

use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::app::engine::home::Home;
use crate::app::engine::progress::JobEvent;
use crate::app::engine::scan_lock::ScanLock;
use crate::library::Library;
use crate::library::care::{self, Backup, BackupReason, ImportMode, ImportReport, Restored};
use crate::types::{Cancel, files};

/// The backup that a user means by a path, or by its name among the library's backups; without either the best one that
/// is offered.
pub(crate) fn backup_to_restore(home: &Home, named: Option<&Path>) -> Result<PathBuf> {
    let library = home.library();
    if let Some(named) = named {
        let own = care::backups_folder(&library).join(named);
        return match [named.to_owned(), own].into_iter().find(|path| path.is_file()) {
            Some(path) => Ok(path),
            None => bail!("there is no such backup: {}", named.display()),
        };
    }
    let best = offers_of(home)?.best.into_iter().next().map(|backup| backup.path);
    best.with_context(|| format!("there is no sound backup in {}", care::backups_folder(&library).display()))
}

/// What can be put in a damaged library's place.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Offers {
    /// The best first.
    pub best: Vec<Backup>,
    /// The other sound ones, the newest first.
    pub others: Vec<Backup>,
}

/// The newest sound backup, whatever it was made for, and what a damaged library still held in its file alone. That one
/// comes first only where more was decided in it, since it may be of two states.
///
/// What the latest restore put aside is passed over as long as no backup was made after it: its user has just left that
/// state for another one, and a restore that is asked for twice would go back to it. It is offered where nothing else is
/// sound, and all the same listed.
fn best_of(backups: &[Backup]) -> Vec<Backup> {
    let mut sound: Vec<&Backup> = backups.iter().filter(|backup| backup.is_sound()).collect();
    let is_left = backups.first().is_some_and(|newest| newest.reason == BackupReason::BeforeRestore);
    if is_left && backups[0].is_sound() && sound.len() > 1 {
        sound.remove(0);
    }
    let whole = sound.iter().find(|backup| backup.reason != BackupReason::FileAlone).copied();
    // Once there is a backup of what came after, it is a thing of the past.
    let alone = sound.first().filter(|backup| backup.reason == BackupReason::FileAlone).copied();
    let holds_more =
        |(alone, whole): (&Backup, &Backup)| care::revision_in(&alone.path) > care::revision_in(&whole.path);
    let mut best: Vec<Backup> = whole.into_iter().chain(alone).cloned().collect();
    if alone.zip(whole).is_some_and(holds_more) {
        best.reverse();
    }
    best
}

pub(crate) fn offers_of(home: &Home) -> Result<Offers> {
    care::rescue_garbled(&home.library());
    let backups = care::backups(&home.library())?;
    let best = best_of(&backups);
    let others = backups.into_iter().filter(|backup| backup.is_sound() && !best.contains(backup)).collect();
    Ok(Offers { best, others })
}

/// Restores a backup, whether the library can be opened or not.
///
/// # Errors
/// Also while a scan runs, whose photos would be gone under it ([`ScanRuns`](crate::app::engine::scan_lock::ScanRuns)).
pub(crate) fn restore(home: &Home, backup: &Path) -> Result<Restored> {
    restore_by(home, || Ok(care::restore(&home.library(), backup)?))
}

/// The same, by who has the library open, if anybody has.
fn restore_by(home: &Home, put: impl FnOnce() -> Result<Restored>) -> Result<Restored> {
    let in_the_way = care::move_aside(&home.scan_lock())?;
    let _lock = ScanLock::take(home)?;
    put().map(|restored| past(in_the_way, restored))
}

/// Restores a backup, but waits for a scan. None: cancelled while waiting.
pub(crate) fn restore_after_scan(
    home: &Home,
    backup: &Path,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<Option<Restored>> {
    let in_the_way = care::move_aside(&home.scan_lock())?;
    let Some(_lock) = ScanLock::wait(home, cancel, events)? else { return Ok(None) };
    Ok(Some(past(in_the_way, care::restore(&home.library(), backup)?)))
}

/// With what was in the place of the scan's lock, and is aside now.
fn past(in_the_way: Vec<PathBuf>, restored: Restored) -> Restored {
    Restored { moved_aside: [in_the_way, restored.moved_aside].concat(), ..restored }
}

pub(crate) fn import(library: &mut Library, from: &Path, mode: ImportMode) -> Result<ImportReport> {
    let file = files::open(from).map_err(care::in_words).with_context(|| format!("cannot read {}", from.display()))?;
    library.import(BufReader::new(file), mode).with_context(|| format!("{} was not imported", from.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::home::Home;
    use crate::library::{Decision, Destination, NameAnswer, NameAnswers};
    use crate::metadata::found::NameSource;
    use crate::metadata::review::answers::{AnsweredName, NameDecision};
    use crate::types::Revision;

    /// Of two backups that hold the same only the newer one is worth anything.
    fn name(library: &mut Library, name: &str) {
        library.move_faces(&[], &Destination::NewPerson { name: name.to_owned() }).unwrap();
    }

    #[test]
    fn the_newest_sound_backup_is_meant_where_none_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        assert!(backup_to_restore(&home, None).is_err());
        let mut library = Library::open(&home.library()).unwrap();
        let first = library.back_up(BackupReason::Asked).unwrap();
        name(&mut library, "Ada");
        let put_aside = library.back_up(BackupReason::BeforeRestore).unwrap();
        let torn = first.with_file_name("library-20010101T000000.000Z-daily.sqlite");
        std::fs::write(&torn, b"torn").unwrap();
        assert_eq!(backup_to_restore(&home, None).unwrap(), first, "not what its user has just left");
        assert_eq!(backup_to_restore(&home, torn.file_name().map(Path::new)).unwrap(), torn);
        assert!(backup_to_restore(&home, Some(Path::new("none.sqlite"))).is_err());
        std::fs::remove_file(first).unwrap();
        assert_eq!(backup_to_restore(&home, None).unwrap(), put_aside, "where there is no other");
        name(&mut library, "Ben");
        let later = library.back_up(BackupReason::BeforeRestore).unwrap();
        assert_eq!(backup_to_restore(&home, None).unwrap(), put_aside, "the newest but for what was left last");
        std::fs::write(&later, b"torn").unwrap();
        assert_eq!(backup_to_restore(&home, None).unwrap(), put_aside);
    }

    #[test]
    fn a_damaged_library_is_offered_the_same_backup_and_the_others_below() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let mut library = Library::open(&home.library()).unwrap();
        let asked = library.back_up(BackupReason::Asked).unwrap();
        name(&mut library, "Ada");
        let put_aside = library.back_up(BackupReason::BeforeRestore).unwrap();
        std::fs::write(asked.with_file_name("library-20010101T000000.000Z-daily.sqlite"), b"torn").unwrap();
        let offers = offers_of(&home).unwrap();
        let paths = |backups: &[Backup]| backups.iter().map(|backup| backup.path.clone()).collect::<Vec<_>>();
        assert_eq!(paths(&offers.best), [asked.as_path()]);
        assert_eq!(paths(&offers.others), [put_aside.as_path()]);
        name(&mut library, "Ben");
        let daily = library.back_up(BackupReason::Daily).unwrap();
        let offers = offers_of(&home).unwrap();
        assert_eq!((paths(&offers.best), paths(&offers.others)), (vec![daily], vec![put_aside]), "twice the library");
    }

    #[test]
    fn a_file_without_its_log_is_offered_beside_the_newest_backup_and_first_only_where_it_holds_more() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let mut library = Library::open(&home.library()).unwrap();
        let offered = || offers_of(&home).unwrap().best.into_iter().map(|backup| backup.path).collect::<Vec<_>>();
        let early = library.back_up(BackupReason::FileAlone).unwrap();
        assert_eq!(offered(), [early.as_path()]);
        let other = Library::open(&folder.path().join("other.sqlite")).unwrap();
        let mut text = Vec::new();
        other.export(&mut text).unwrap();
        // Something is decided: a person comes in.
        let lines: Vec<&str> = std::str::from_utf8(&text).unwrap().lines().collect();
        let person = r#"{"kind":"person","id":1,"name":"Ada"}"#;
        let count = lines.len();
        let end = format!("{{\"kind\":\"end\",\"lines\":{count}}}");
        let text = [&lines[..1], &[person], &lines[1..count - 1], &[end.as_str()]].concat().join("\n");
        library.import(text.as_bytes(), ImportMode::Apply).unwrap();
        let whole = library.back_up(BackupReason::Asked).unwrap();
        assert_eq!(offered(), [whole.as_path()], "what came before is a thing of the past");
        let late = early.with_file_name("library-20990101T000000.000Z-file-alone.sqlite");
        std::fs::rename(&early, &late).unwrap();
        assert_eq!(offered(), [whole.as_path(), late.as_path()], "it holds less");
        std::fs::copy(&whole, &late).unwrap();
        assert_eq!(offered(), [whole.as_path(), late.as_path()], "it holds no more");
        let other = text.replace("Ada", "Ben");
        library.import(other.as_bytes(), ImportMode::Apply).unwrap();
        let more = library.back_up(BackupReason::FileAlone).unwrap();
        std::fs::rename(&more, &late).unwrap();
        assert_eq!(offered().first(), Some(&late), "it holds more");
    }

    #[test]
    fn each_way_to_restore_moves_aside_what_is_in_the_way_of_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let mut library = Library::open(&home.library()).unwrap();
        let backup = library.back_up(BackupReason::Asked).unwrap();
        let in_the_way = || std::fs::create_dir_all(home.scan_lock().join("folder")).unwrap();
        let count = |restored: Restored| restored.moved_aside.len();
        in_the_way();
        assert_eq!(count(restore_by(&home, || Ok(library.restore_backup(&backup)?)).unwrap()), 1, "where it is open");
        drop(library);
        std::fs::remove_file(home.scan_lock()).unwrap();
        in_the_way();
        assert_eq!(count(restore(&home, &backup).unwrap()), 1, "where none can be opened");
    }

    #[test]
    fn a_restore_waits_for_a_scan() {
        use std::sync::atomic::{AtomicBool, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let backup = Library::open(&home.library()).unwrap().back_up(BackupReason::Asked).unwrap();
        let scan = ScanLock::take(&home).unwrap();
        assert!(restore(&home, &backup).unwrap_err().is::<crate::app::engine::scan_lock::ScanRuns>());
        // Who does not want to wait is told who scans, and restores nothing.
        let (cancel, mut notes) = (Cancel::default(), Vec::new());
        let asked = cancel.clone();
        let restored = restore_after_scan(&home, &backup, &cancel, &mut |event| {
            if let JobEvent::Note(note) = event {
                notes.push(note);
                asked.cancel();
            }
        });
        assert_eq!(restored.unwrap(), None);
        let process = std::process::id();
        assert_eq!(notes, [format!("process {process} scans this library; waiting for it to end")]);
        let has_ended = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(std::time::Duration::from_millis(300));
                has_ended.store(true, Ordering::SeqCst);
                drop(scan);
            });
            let restored = restore_after_scan(&home, &backup, &Cancel::default(), &mut |_| {}).unwrap();
            assert!(has_ended.load(Ordering::SeqCst) && restored.is_some());
        });
    }

    /// A library into which one photo came, and what was answered to a name in it.
    fn with_answer(folder: &Path, version: u32, answer: &str) -> (Library, usize) {
        let photo = format!(
            r#"{{"kind":"photo","id":5,"picture":"{}","sha256":null,"paths":[{{"path":"/a.jpg"}}],"size":9,"width":8,"height":6,"time":""}}"#,
            "07".repeat(32)
        );
        let header =
            format!(r#"{{"kind":"header","format":"likeness-library","version":{version},"program":"0","at":""}}"#);
        let text = [header.as_str(), &photo, answer, r#"{"kind":"end","lines":3}"#].join("\n");
        let mut library = Library::open(&folder.join("library.sqlite")).unwrap();
        let decisions = library.import(text.as_bytes(), ImportMode::Apply).unwrap().decisions;
        assert_eq!(library.import(text.as_bytes(), ImportMode::Apply).unwrap().decisions, 0);
        (library, decisions)
    }

    fn lines(library: &Library) -> Vec<String> {
        let mut out = Vec::new();
        library.export(&mut out).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    fn answer(library: &Library) -> AnsweredName {
        serde_json::from_str(&library.name_answers().unwrap()[0]).unwrap()
    }

    /// Both ways through the words of the part that offers names; as an earlier version exported it.
    #[test]
    fn a_name_that_was_refused_is_refused_on_another_computer() {
        let folder = tempfile::tempdir().unwrap();
        let name = |photo: i64| format!(r#"{{"kind":"refused_name","photo":{photo},"name":"ada lovelace"}}"#);
        let (mut library, decisions) = with_answer(folder.path(), 2, &name(5));
        assert_eq!(decisions, 1);
        let answer = answer(&library);
        assert_eq!((answer.name.as_str(), answer.decision), ("ada lovelace", NameDecision::Refused));
        // As that part notes it itself, with who gave the name.
        let sources = std::collections::BTreeSet::from([NameSource::Picasa]);
        let (of, key) = (answer.photo, serde_json::to_string(&answer.name).unwrap());
        let noted = serde_json::to_string(&AnsweredName { sources, ..answer }).unwrap();
        let noted = vec![NameAnswer { photo: of, name: key, answer: Some(noted) }];
        let answers = NameAnswers { taken: Vec::new(), taken_off: Vec::new(), noted };
        library.decide(&Decision::AnswerNames(answers), Revision::NOW).unwrap();
        assert!(lines(&library).contains(&name(of.0)));
    }

    /// With who gave it: who takes it back there is asked about it here.
    #[test]
    fn a_name_that_was_taken_is_taken_on_another_computer() {
        let folder = tempfile::tempdir().unwrap();
        let name = |photo: i64| {
            format!(r#"{{"kind":"taken_name","photo":{photo},"name":"ada lovelace","sources":["mwg","picasa"]}}"#)
        };
        let (library, decisions) = with_answer(folder.path(), 3, &name(5));
        assert_eq!(decisions, 1);
        let answer = answer(&library);
        assert_eq!((answer.name.as_str(), answer.decision), ("ada lovelace", NameDecision::Taken));
        assert_eq!(answer.sources, std::collections::BTreeSet::from([NameSource::Mwg, NameSource::Picasa]));
        assert!(lines(&library).contains(&name(answer.photo.0)));
    }

    /// Each of the places of a name is answered by itself, there as here.
    #[test]
    fn a_name_that_was_answered_at_its_place_is_answered_there_on_another_computer() {
        let name = |photo: i64| {
            let at = "[100,200,3000,4000]";
            [
                format!(r#"{{"kind":"refused_name","photo":{photo},"name":"ada","at":{at}}}"#),
                format!(r#"{{"kind":"taken_name","photo":{photo},"name":"ada","at":{at},"sources":["mwg"]}}"#),
            ]
        };
        for which in [0, 1] {
            let folder = tempfile::tempdir().unwrap();
            let (mut library, decisions) = with_answer(folder.path(), 4, &name(5)[which]);
            let answer = answer(&library);
            assert_eq!((decisions, answer.at.is_some()), (1, true));
            assert!(lines(&library).contains(&name(answer.photo.0)[which]));
            // That part takes it back by its place.
            let key = serde_json::to_string(&(&answer.name, answer.at)).unwrap();
            let noted = vec![NameAnswer { photo: answer.photo, name: key, answer: None }];
            let answers = NameAnswers { taken: Vec::new(), taken_off: Vec::new(), noted };
            library.decide(&Decision::AnswerNames(answers), Revision::NOW).unwrap();
            assert_eq!(library.name_answers().unwrap(), [""; 0]);
        }
    }
}
