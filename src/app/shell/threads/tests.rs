use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use super::*;
use crate::app::care::job::Request as CareRequest;
use crate::app::engine::picture::ImageKey;
use crate::app::engine::report::{JobEnd, JobKind};
use crate::app::people::job::{Event as PeopleEvent, Request as PeopleRequest};
use crate::app::photos::job::Request as PhotosRequest;
use crate::app::settings::job::Request as SettingsRequest;
use crate::library::{
    Decision, FaceRecord, FacesOfFolder, GroupedBy, Library, LibraryError, PhotoFilter, PhotoRecord, fixture,
};
use crate::networks::device::DeviceChoice;
use crate::types::{FaceId, ModelId, PersonId, PhotoId, Revision};

/// What a page may take, however long somebody writes.
const SOON: Duration = Duration::from_secs(20);

struct Window {
    threads: Threads,
    person: PersonId,
    face: FaceId,
    photo: PhotoId,
    folder: tempfile::TempDir,
}

impl Window {
    /// A library with one photo of somebody.
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let options = EngineOptions::default();
        let mut library = Library::open(&home.library()).unwrap();
        let scan = library.begin_scan(folder.path()).unwrap();
        let record = photo_record(&folder.path().join("a.png"), &options.model_id());
        let photo = library.record_photos(scan, &[record]).unwrap()[0].photo_id;
        let face = library.faces_of_photo(photo).unwrap()[0].face_id;
        library.apply_grouping(&[vec![face]], GroupedBy::Scan, Revision::NOW).unwrap();
        let person = library.face(face).unwrap().unwrap().state.person().unwrap();
        drop(library);
        let threads = Threads::open(home, options, Arc::new(|| {})).unwrap();
        Self { threads, person, face, photo, folder }
    }

    /// The library's writer works until it is let go.
    fn hold_the_writer(&self) -> (Sender<()>, JoinHandle<()>) {
        let shared = self.threads.tasks.shared.clone();
        let ((begun, has_begun), (release, held)) = (bounded::<()>(0), bounded::<()>(0));
        let writing = std::thread::spawn(move || {
            let write = shared.library.call(move |library| {
                begun.send(()).unwrap();
                held.recv().unwrap();
                library.set_setting("own", "1")
            });
            write.unwrap();
        });
        has_begun.recv().unwrap();
        (release, writing)
    }

    fn ask(&mut self, request: Request) {
        assert_eq!(self.threads.send(request), Ok(()));
    }

    /// The first event of this kind; others may come before.
    fn hear<T>(&mut self, what: &str, wanted: impl Fn(Event) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            match self.threads.poll() {
                Some(Report::Failed(None, failure)) => panic!("{what}: {failure:?}"),
                Some(event) => {
                    if let Some(found) = wanted(event) {
                        return found;
                    }
                }
                None => std::thread::sleep(Duration::from_millis(2)),
            }
            assert!(begun.elapsed() < SOON, "{what} waits for the writer");
        }
    }
}

fn photo_record(path: &Path, model: &ModelId) -> PhotoRecord {
    let crop_jpeg = crate::app::engine::portrait::thumbnail_jpeg(&image::RgbImage::new(8, 8)).unwrap();
    let face = FaceRecord { crop_jpeg, ..fixture::face(10.0, 0.0) };
    PhotoRecord { model: model.clone(), ..fixture::photo(path, 1, vec![face]) }
}

/// The library's writer works, and so does all that may have to wait for it; a backup is made meanwhile.
#[test]
fn pages_are_read_while_the_library_is_written_to() {
    let mut window = Window::open();
    let (release, writing) = window.hold_the_writer();
    let folder = window.folder.path().to_owned();
    for ticket in 0..16 {
        window.ask(Request::Settings(SettingsRequest::UseDevice(ticket, DeviceChoice::Cpu)));
        window.ask(Request::Settings(SettingsRequest::RemoveFolder(ticket, folder.join("none"), FacesOfFolder::Keep)));
        window.ask(Request::Care(CareRequest::Import(ticket, folder.join("none.jsonl"))));
    }
    let name = Decision::Name { person: window.person, name: "Ada".to_owned() };
    window.ask(Request::People(PeopleRequest::Decide(100, name, Revision::NOW)));

    window.ask(Request::LoadOverview);
    let overview = window.hear("the overview", |event| match event {
        Report::Own(Answer::Facts(Loaded::Overview(overview))) => Some(overview),
        _ => None,
    });
    assert_eq!((overview.photos, overview.faces), (1, 1));
    window.ask(Request::LoadPeople);
    let people = window.hear("the people", |event| match event {
        Report::Own(Answer::Facts(Loaded::People(people))) => Some(people),
        _ => None,
    });
    assert_eq!((people.named.len(), people.groups.len()), (0, 1), "the name is not written yet");
    window.ask(Request::People(PeopleRequest::LoadPerson(window.person)));
    window.hear("a person's page", |event| match event {
        Report::Own(Answer::People(PeopleEvent::Person(page))) => Some(page),
        _ => None,
    });
    window.ask(Request::People(PeopleRequest::LoadAside));
    window.hear("what was set aside", |event| {
        matches!(event, Report::Own(Answer::People(PeopleEvent::Aside(_)))).then_some(())
    });
    window.ask(Request::Photos(PhotosRequest::LoadTimeline(PhotoFilter::All)));
    window.hear("the timeline", |event| matches!(event, Report::Own(Answer::Photos(_))).then_some(()));
    window.ask(Request::Photos(PhotosRequest::LoadPhoto(window.photo)));
    window.hear("a photo's page", |event| matches!(event, Report::Own(Answer::Photos(_))).then_some(()));
    window.ask(Request::Photos(PhotosRequest::LoadImage(ImageKey::Face(window.face))));
    window.hear("a face's picture", |event| matches!(event, Report::Image(_, Ok(_))).then_some(()));
    window.ask(Request::Settings(SettingsRequest::LoadFolders));
    window.hear("the folders", |event| matches!(event, Report::Own(Answer::Settings(_))).then_some(()));
    window.ask(Request::Care(CareRequest::LoadBackups));
    window.hear("the backups", |event| matches!(event, Report::Own(Answer::Care(_))).then_some(()));

    release.send(()).unwrap();
    writing.join().unwrap();
}

#[test]
fn a_job_is_cancelled_while_the_library_is_written_to() {
    let mut window = Window::open();
    let (release, writing) = window.hold_the_writer();
    let mut tasks = window.threads.tasks.of(Answer::Facts);
    let (job, cancel) = tasks.begin_job();
    tasks.run_job(job, move |_, _, sink| {
        while !cancel.is_cancelled() {
            std::thread::sleep(Duration::from_millis(2));
        }
        sink.end(job, JobKind::SCAN, &cancel, Ok(()));
    });
    window.ask(Request::Cancel(job));
    window.hear("Cancel", |event| {
        matches!(event, Report::JobEnded(ended, JobEnd::Cancelled) if ended == job).then_some(())
    });
    release.send(()).unwrap();
    writing.join().unwrap();
}

/// What was answered is seen by who asks then, although another connection wrote it.
#[test]
fn what_was_just_decided_is_on_every_page() {
    let mut window = Window::open();
    for number in 0..50 {
        let name = format!("Ada {number}");
        let decision = Decision::Name { person: window.person, name: name.clone() };
        window.ask(Request::People(PeopleRequest::Decide(number, decision, Revision::NOW)));
        window.hear("the decision", |event| matches!(event, Report::Changed(..)).then_some(()));
        window.ask(Request::People(PeopleRequest::LoadPerson(window.person)));
        let page = window.hear("the page", |event| match event {
            Report::Own(Answer::People(PeopleEvent::Person(page))) => Some(page),
            _ => None,
        });
        assert_eq!(page.name, Some(name));
    }
}

/// A restore in a terminal puts another file in the library's place: every page is of that one from then on.
#[cfg(unix)]
#[test]
fn pages_are_of_the_file_that_another_program_has_put_in_place() {
    let window = Window::open();
    let shared = &window.threads.tasks.shared;
    let faces = || shared.library.ask(|library| library.count_faces()).unwrap();
    assert_eq!(faces(), 1);
    let path = shared.home.library();
    let other = path.with_extension("other");
    drop(Library::open(&other).unwrap());
    for side in ["sqlite-wal", "sqlite-shm"] {
        let _ = std::fs::remove_file(path.with_extension(side));
    }
    std::fs::rename(&other, &path).unwrap();
    assert_eq!(faces(), 0);
}

/// Whatever others commit between two questions.
#[test]
fn a_page_is_of_one_state_of_the_library() {
    let window = Window::open();
    let shared = &window.threads.tasks.shared;
    let seen = shared.library.ask(|library| {
        let before = library.setting("own")?;
        shared.library.call(|library| library.set_setting("own", "later")).unwrap();
        Ok::<_, LibraryError>((before, library.setting("own")?))
    });
    assert_eq!(seen.unwrap(), (None, None));
    assert_eq!(shared.library.ask(|library| library.setting("own")).unwrap().as_deref(), Some("later"));
}
