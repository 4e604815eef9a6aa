//! What both the window and `likeness library` do with the library's file.

pub(crate) mod command;
#[cfg(feature = "gui")]
pub mod repair;
#[cfg(feature = "gui")]
mod window;

#[cfg(feature = "gui")]
pub use self::window::{Event, Job, Request};

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::app::engine::home::Home;
use crate::app::engine::progress::JobEvent;
use crate::app::engine::scan_lock::ScanLock;
use crate::app::engine::unfinished_file::unfinished;
use crate::library::care::{self, Backup, BackupReason, ExportCounts, ImportMode, ImportReport, Restored};
use crate::library::{Library, LibraryReader};
use crate::types::{Cancel, files};

/// What of a file is read to see whether it is an export.
const HEAD: u64 = 256;

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

/// Writes an export beside its place and renames it, so that a failed one leaves what was there. Of one that was killed the
/// next export to the same file removes what is left ([`unfinished`]). A device and what a shell hands over are written
/// into.
///
/// # Errors
/// Also where something else than an export is there, or the place is the library's own.
pub(crate) fn export(library: &LibraryReader, to: &Path) -> Result<ExportCounts> {
    let cannot = || format!("cannot write {}", to.display());
    // Not the link is replaced, but what it leads to.
    let place = std::fs::canonicalize(to).unwrap_or_else(|_| to.to_owned());
    let there = std::fs::symlink_metadata(&place).ok();
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        let mut file = files::open_stream(to).map_err(care::in_words).with_context(cannot)?;
        return export_into(library, &mut file).with_context(cannot);
    }
    check_place(library.path(), &place).with_context(cannot)?;
    let mut file = unfinished(&place).map_err(care::in_words).with_context(cannot)?;
    let counts = export_into(library, file.as_file_mut()).with_context(cannot)?;
    file.as_file().sync_all().map_err(care::in_words).with_context(cannot)?;
    if let Some(there) = there {
        let written = file.as_file().metadata().map_err(care::in_words).with_context(cannot)?;
        check_takes_place(&counts, written.len(), (there.len(), &place)).with_context(cannot)?;
        file.as_file().set_permissions(there.permissions()).map_err(care::in_words).with_context(cannot)?;
    }
    file.persist(&place).map_err(|error| care::in_words(error.error)).with_context(cannot)?;
    Ok(counts)
}

/// Nothing of the library is written over, nor anybody's photo: only an earlier export, or a file that is empty.
fn check_place(library: &Path, place: &Path) -> Result<()> {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (folder, home) = (real(folder), library.parent().and_then(real));
    let is_home = home.is_some() && folder == home;
    let is_librarys = || {
        let names = [place.file_name(), library.file_name()].map(|name| name.unwrap_or_default().as_encoded_bytes());
        is_home && names[0].starts_with(names[1])
    };
    if is_librarys() || (folder.is_some() && folder == real(&care::backups_folder(library))) {
        bail!("the library keeps its own files there; choose another place");
    }
    let Ok(file) = File::open(place) else { return Ok(()) };
    let mut head = Vec::new();
    file.take(HEAD).read_to_end(&mut head).map_err(care::in_words)?;
    // Of the home an empty file is a lock.
    if !care::begins_like_an_export(&head) && (is_home || !head.is_empty()) {
        bail!("a file that is no export of a library is there; choose another place, or remove it");
    }
    Ok(())
}

/// An earlier export that is longer is worth more than that of a library in which nothing is, and one with names more than
/// one without any.
fn check_takes_place(counts: &ExportCounts, bytes: u64, (bytes_there, place): (u64, &Path)) -> Result<()> {
    let has_names = || File::open(place).is_ok_and(|there| care::names_somebody(BufReader::new(there)));
    ensure!(
        counts.people > 0 || !has_names(),
        "nobody has a name in the library yet, and an export with names is there; choose another place, or remove it"
    );
    let is_empty = [counts.people, counts.photos, counts.faces] == [0; 3];
    ensure!(
        !is_empty || bytes_there <= bytes,
        "the library holds nothing yet, and a longer export is there; choose another place, or remove it"
    );
    Ok(())
}

fn export_into(library: &LibraryReader, file: &mut File) -> Result<ExportCounts> {
    let mut out = BufWriter::new(file);
    let counts = library.export(&mut out)?;
    out.flush().map_err(care::in_words)?;
    Ok(counts)
}

pub(crate) fn import(library: &mut Library, from: &Path, mode: ImportMode) -> Result<ImportReport> {
    let file = files::open(from).map_err(care::in_words).with_context(|| format!("cannot read {}", from.display()))?;
    library.import(BufReader::new(file), mode).with_context(|| format!("{} was not imported", from.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::home::Home;
    use crate::library::fixture::photo;
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
    fn an_export_takes_the_place_of_nothing_but_an_export() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(&folder.path().join("home"))).unwrap();
        let mut library = Library::open(&home.library()).unwrap();
        name(&mut library, "Ada");
        let backup = library.back_up(BackupReason::Asked).unwrap();
        drop(ScanLock::take(&home).unwrap());
        let (photo, empty) = (folder.path().join("a.jpg"), folder.path().join("empty"));
        std::fs::write(&photo, b"a photo").unwrap();
        std::fs::write(&empty, b"").unwrap();
        let link = |name: &str, to: &Path| {
            let link = folder.path().join(name);
            #[cfg(unix)]
            std::os::unix::fs::symlink(to, &link).unwrap();
            if cfg!(unix) { link } else { to.to_owned() }
        };
        let log = home.root().join("library.sqlite-wal-of-mine");
        let linked = link("link", &home.library());
        for place in [home.library(), backup, home.scan_lock(), photo, log, linked] {
            let before = std::fs::read(&place).ok();
            assert!(export(&library, &place).is_err(), "{}", place.display());
            assert_eq!(std::fs::read(&place).ok(), before, "{}", place.display());
        }
        assert!(care::check(&home.library()).is_sound());
        // An empty file, an earlier export, one in the home, and what a link leads to.
        let exported = home.root().join("people.jsonl");
        let linked = link("link to an export", &empty);
        for place in [empty.clone(), empty, exported, linked] {
            assert_eq!(export(&library, &place).unwrap().people, 1, "{}", place.display());
        }
    }

    /// One whose photos were scanned, and of whom nobody was named yet, has the longer export.
    #[test]
    fn names_give_way_to_no_export_without_any() {
        let folder = tempfile::tempdir().unwrap();
        let library = |name: &str| Library::open(&folder.path().join(name)).unwrap();
        let (mut named, mut scanned) = (library("named.sqlite"), library("scanned.sqlite"));
        name(&mut named, "Ada");
        let scan = scanned.begin_scan(folder.path()).unwrap();
        let photos: Vec<_> = (0..20).map(|n| photo(&folder.path().join(format!("{n}.jpg")), n, Vec::new())).collect();
        scanned.record_photos(scan, &photos).unwrap();
        let file = folder.path().join("people.jsonl");
        assert_eq!(export(&scanned, &file).unwrap().photos, 20);
        export(&scanned, &file).expect("no names are there");
        export(&named, &file).unwrap();
        let before = std::fs::read(&file).unwrap();
        assert!(export(&scanned, &file).unwrap_err().root_cause().to_string().contains("an export with names"));
        assert_eq!(std::fs::read(&file).unwrap(), before);
        export(&named, &file).unwrap();
    }

    /// Nobody waits for a reader that may never come, and what cannot be written into is named.
    #[cfg(unix)]
    #[test]
    fn an_export_into_what_is_no_file_says_what_stands_there() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::open(&folder.path().join("library.sqlite")).unwrap();
        let [pipe, socket] = ["pipe", "socket"].map(|name| folder.path().join(name));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (place, what) in [(&pipe, "a named pipe"), (&socket, "a socket"), (&folder.path().to_owned(), "a folder")] {
            let told = export(&library, place).unwrap_err().root_cause().to_string();
            assert_eq!(told, format!("this is {what}, no file"));
        }
        export(&library, Path::new("/dev/null")).unwrap();
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

    #[test]
    fn a_failed_export_leaves_the_file_that_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::open(&folder.path().join("library.sqlite")).unwrap();
        let file = folder.path().join("people.jsonl");
        export(&library, &file).unwrap();
        let before = std::fs::read(&file).unwrap();
        assert!(export(&library, &folder.path().join("not there/people.jsonl")).is_err());
        assert_eq!(std::fs::read(&file).unwrap(), before);
        let mut other = Library::open(&folder.path().join("other.sqlite")).unwrap();
        name(&mut other, "Ada");
        let people = folder.path().join("ada.jsonl");
        export(&other, &people).unwrap();
        assert!(export(&library, &people).is_err(), "nobody takes the place of somebody");
        export(&other, &people).unwrap();
        import(&mut other, &file, ImportMode::Apply).unwrap();
        assert!(import(&mut other, &folder.path().join("none"), ImportMode::Apply).is_err());
    }
}
