//! What is shown is what is written.

use std::time::Duration;

use crossbeam_channel::bounded;

use super::super::pending;
use super::super::preview::{preview, write_as_shown};
use super::*;
use crate::app::engine::home::Home;
use crate::app::engine::library_thread::LibraryHandle;

impl Album {
    fn preview(&mut self, choices: &WriteChoices) -> WritePreview {
        preview(&mut self.library, choices, &Cancel::default(), &mut |_| {}).unwrap().unwrap()
    }

    fn write_shown(&mut self, shown: &WritePreview) -> WriteSummary {
        write_as_shown(&mut self.library, shown, &Cancel::default(), &mut |_| {}).unwrap()
    }

    fn pending(&self) -> usize {
        pending::count(&self.library, false).unwrap()
    }

    /// Files by their names that are not as they were.
    fn changed_since(&self, before: &[(String, Vec<u8>)]) -> Vec<String> {
        let names = |files: &[(String, Vec<u8>)], others: &[(String, Vec<u8>)]| -> Vec<String> {
            files.iter().filter(|file| !others.contains(file)).map(|(name, _)| name.clone()).collect()
        };
        let now = self.files();
        let mut changed = names(&now, before);
        changed.extend(names(before, &now));
        changed.sort();
        changed.dedup();
        changed
    }
}

fn window_choices(place: WritePlace) -> WriteChoices {
    WriteChoices { place, ..WriteChoices::default() }
}

fn names_of(preview: &WritePreview) -> Vec<(String, FileFate, Vec<String>)> {
    let file = |file: &FilePreview| {
        let name = file.file.file_name().unwrap().to_str().unwrap().to_owned();
        (name, file.fate, file.lines.iter().filter_map(|line| line.name.clone()).collect())
    };
    preview.files.iter().map(file).collect()
}

#[test]
fn what_was_shown_is_written_and_taken_back_byte_for_byte() {
    for (place, file, fate) in
        [(WritePlace::Sidecar, "a.jpg.xmp", FileFate::Made), (WritePlace::Embedded, "a.jpg", FileFate::Changed)]
    {
        let mut album = Album::new();
        album.name(0, "Ada");
        let before = album.files();
        let shown = album.preview(&window_choices(place));
        assert_eq!(names_of(&shown), [(file.to_owned(), fate, vec!["Ada".to_owned()])], "{place:?}");
        assert_eq!(shown.files[0].lines[0].lists.len(), 6, "a line a name, not one a list");
        assert_eq!(album.files(), before, "showing writes nothing");
        let summary = album.write_shown(&shown);
        assert_eq!((summary.files, summary.unchanged, summary.skipped.len()), (1, 0, 0), "{place:?}");
        assert_eq!(album.regions("a.jpg"), ["Ada", "Ada"]);
        assert_eq!(album.changed_since(&before), [file]);
        assert!(album.preview(&window_choices(place)).files.is_empty(), "it stands there");
        assert_eq!(album.undo().unwrap().restored, 1);
        assert_eq!(album.files(), before);
    }
}

#[test]
fn a_file_that_changed_since_it_was_shown_is_left_out_and_told() {
    for place in [WritePlace::Sidecar, WritePlace::Embedded] {
        let mut album = Album::new();
        album.name(0, "Ada");
        album.name(1, "Bo");
        let shown = album.preview(&window_choices(place));
        let theirs = match place {
            // Another program makes one meanwhile.
            WritePlace::Sidecar => {
                let sidecar = album.photos().join("a.jpg.xmp");
                fs::write(&sidecar, r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>"#).unwrap();
                sidecar
            }
            WritePlace::Embedded => {
                let photo = album.photos().join("a.jpg");
                image::RgbImage::from_pixel(64, 48, image::Rgb([1, 2, 3])).save(&photo).unwrap();
                photo
            }
        };
        let bytes = fs::read(&theirs).unwrap();
        let summary = album.write_shown(&shown);
        assert_eq!((summary.files, summary.skipped.len()), (1, 1), "{place:?}");
        assert_eq!(summary.skipped[0].path, theirs);
        assert_eq!(fs::read(&theirs).unwrap(), bytes);
        assert_eq!((album.regions("a.jpg").len(), album.regions("b.jpg").len()), (0, 2));
        assert_eq!(album.pending(), 1, "it still waits");
    }
}

#[test]
fn names_that_changed_since_they_were_shown_are_left_out_and_told() {
    let mut album = Album::new();
    album.name(0, "Ada");
    album.name(1, "Bo");
    let before = album.files();
    let shown = album.preview(&window_choices(WritePlace::Sidecar));
    album.name(0, "Eve");
    let person = album.library.face(album.faces[1]).unwrap().unwrap().state.person().unwrap();
    let decision = Decision::Reject { person, faces: vec![album.faces[1]] };
    album.library.decide(&decision, Revision::NOW).unwrap();
    let summary = album.write_shown(&shown);
    assert_eq!((summary.files, summary.skipped.len()), (0, 2), "one is called otherwise, one has no name");
    assert_eq!(album.files(), before);
    assert!(album.undo().is_none(), "there is nothing to take back");
}

/// What another run wrote meanwhile is no reason to complain.
#[test]
fn what_stands_there_by_now_is_no_failure() {
    let mut album = Album::new();
    album.name(0, "Ada");
    let shown = album.preview(&window_choices(WritePlace::Sidecar));
    album.write(WritePlace::Sidecar);
    let summary = album.write_shown(&shown);
    assert_eq!((summary.files, summary.unchanged, summary.skipped.len()), (0, 1, 0));
}

#[test]
fn what_cannot_be_written_into_gets_a_file_beside_it() {
    let mut album = Album::new();
    let png = album.add("c.png");
    album.name(0, "Ada");
    album.name(png, "Bo");
    let before = album.files();
    let shown = album.preview(&window_choices(WritePlace::Embedded));
    let fates: Vec<_> = names_of(&shown).into_iter().map(|(name, fate, _)| (name, fate)).collect();
    assert_eq!(fates, [("a.jpg".to_owned(), FileFate::Changed), ("c.png.xmp".to_owned(), FileFate::Made)]);
    assert_eq!(album.write_shown(&shown).files, 2);
    assert_eq!(album.changed_since(&before), ["a.jpg", "c.png.xmp"]);
    album.undo().unwrap();
    assert_eq!(album.files(), before);
}

#[test]
fn names_move_to_the_other_place_and_back() {
    let mut album = Album::new();
    album.name(0, "Ada");
    let before = album.files();
    for (place, files) in [
        (WritePlace::Sidecar, vec!["a.jpg.xmp"]),
        (WritePlace::Embedded, vec!["a.jpg"]),
        (WritePlace::Sidecar, vec!["a.jpg.xmp"]),
    ] {
        let shown = album.preview(&window_choices(place));
        let summary = album.write_shown(&shown);
        assert!(summary.skipped.is_empty(), "{place:?}: {:?}", summary.skipped);
        assert_eq!(album.changed_since(&before), files, "{place:?}: they are at one place");
        assert!(album.preview(&window_choices(place)).files.is_empty(), "{place:?}");
    }
    for _ in 0..3 {
        assert!(album.undo().unwrap().skipped.is_empty());
    }
    assert_eq!(album.files(), before);
}

#[test]
fn it_is_known_without_a_look_at_files_what_has_changed_since() {
    let mut album = Album::new();
    assert_eq!(album.pending(), 0, "nobody has a name");
    album.name(0, "Ada");
    album.name(1, "Bo");
    assert_eq!(album.pending(), 2);
    let shown = album.preview(&window_choices(WritePlace::Sidecar));
    album.write_shown(&shown);
    assert_eq!(album.pending(), 0);
    album.name(1, "Cy");
    assert_eq!(album.pending(), 1);
    let shown = album.preview(&window_choices(WritePlace::Sidecar));
    assert_eq!(shown.files.len(), 1);
    album.write_shown(&shown);
    assert_eq!(album.pending(), 0);
    album.undo().unwrap();
    assert_eq!(album.pending(), 1, "the old name stands there again");
}

/// As after a writing that was killed, or one on the command line.
#[test]
fn names_that_stand_there_wait_for_nothing_once_the_files_were_looked_at() {
    let mut album = Album::new();
    album.name(0, "Ada");
    album.write(WritePlace::Sidecar);
    album.name(1, "Bo");
    assert_eq!(album.pending(), 2);
    assert_eq!(album.preview(&window_choices(WritePlace::Sidecar)).files.len(), 1);
    assert_eq!(album.pending(), 1);
}

#[test]
fn what_is_cancelled_is_kept_as_far_as_it_came() {
    let mut album = Album::new();
    album.name(0, "Ada");
    album.name(1, "Bo");
    let before = album.files();
    let stopped = Cancel::default();
    stopped.cancel();
    let choices = window_choices(WritePlace::Sidecar);
    assert!(preview(&mut album.library, &choices, &stopped, &mut |_| {}).unwrap().is_none());
    let shown = album.preview(&choices);
    let cancel = Cancel::default();
    let mut stop = |_: JobEvent| cancel.cancel();
    let summary = write_as_shown(&mut album.library, &shown, &cancel, &mut stop).unwrap();
    assert_eq!((summary.files, summary.cancelled), (1, true));
    assert_eq!((album.changed_since(&before), album.pending()), (vec!["a.jpg.xmp".to_owned()], 1));
    album.undo().unwrap();
    assert_eq!(album.files(), before);
}

/// As the window does it: no decision waits for a whole writing.
#[test]
fn the_librarys_thread_writes_the_same() {
    let mut album = Album::new();
    album.name(0, "Ada");
    let before = album.files();
    let mut library = LibraryHandle::open(&album.folder.path().join("library.sqlite")).unwrap();
    let (choices, cancel) = (window_choices(WritePlace::Sidecar), Cancel::default());
    let shown = preview(&mut library, &choices, &cancel, &mut |_| {}).unwrap().unwrap();
    assert_eq!(write_as_shown(&mut library, &shown, &cancel, &mut |_| {}).unwrap().files, 1);
    assert_eq!(album.regions("a.jpg"), ["Ada", "Ada"]);
    assert_eq!(undo(&mut library, &cancel, &mut |_| {}).unwrap().unwrap().restored, 1);
    assert_eq!(album.files(), before);
}

#[cfg(feature = "gui")]
mod window {
    use std::sync::Arc;

    use super::*;
    use crate::app::engine::report::{JobEnd, Report};
    use crate::app::engine::shared::{FeatureJob, Running, Shared, Sink, Tasks};
    use crate::app::engine::workers::Workers;

    /// What the window asks, one after the other, and all that it is told.
    fn told(album: &Album, requests: Vec<Request>, until: impl Fn(&Report<Event>) -> bool) -> Vec<Report<Event>> {
        let home = Home::open(Some(&album.folder.path().join("home"))).unwrap();
        let library = LibraryHandle::open(&album.folder.path().join("library.sqlite")).unwrap();
        let workers = Workers::start(home.clone(), || panic!("a job broke down")).unwrap();
        let shared = Arc::new(Shared::new(home, library, EngineOptions::default()));
        let (send, events) = bounded(1024);
        let sink = Sink::<Event>::new(move |report| send.send(report).unwrap());
        let mut running = Running::default();
        let mut tasks = Tasks { shared: &shared, workers: &workers, sink, running: &mut running };
        let mut told = Vec::new();
        for request in requests {
            Job.handle(&mut tasks, request);
            loop {
                let report = events.recv_timeout(Duration::from_secs(20)).unwrap();
                told.push(report);
                if told.last().is_some_and(&until) {
                    break;
                }
            }
        }
        told
    }

    #[test]
    fn the_window_is_told_what_would_change_before_its_job_ends() {
        let mut album = Album::new();
        album.name(0, "Ada");
        let ended = |report: &Report<Event>| matches!(report, Report::JobEnded(..));
        let preview = Request::Writing(WriteRequest::Preview(WriteChoices::default()));
        let told = told(&album, vec![preview], ended);
        assert!(matches!(told[0], Report::Own(Event::Writing(WriteEvent::Began(_)))));
        let [.., Report::Own(Event::Writing(WriteEvent::Previewed(shown))), Report::JobEnded(_, JobEnd::Done(kind))] =
            &told[..]
        else {
            panic!("{told:?}")
        };
        assert_eq!((shown.files.len(), *kind), (1, PREVIEW_NAMES));
    }

    #[test]
    fn what_was_said_of_writing_is_there_at_the_next_start() {
        let mut album = Album::new();
        album.name(0, "Ada");
        let choices = window_choices(WritePlace::Embedded);
        let settings = WritingSettings { is_on: true, was_offered: true, choices };
        let answered = |report: &Report<Event>| {
            matches!(report, Report::Own(Event::Writing(WriteEvent::Saved | WriteEvent::Kept(_))))
        };
        told(&album, vec![Request::Writing(WriteRequest::Keep(settings.clone()))], answered);
        let told = told(&album, vec![Request::LoadWriting], answered);
        let Some(Report::Own(Event::Writing(WriteEvent::Kept(kept)))) = told.last() else { panic!("{told:?}") };
        assert_eq!(kept, &WritingKept { settings, way_back: 0, pending: Some(1) });
    }
}
