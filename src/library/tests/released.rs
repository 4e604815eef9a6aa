//! The library of version 0.1, made by that version's own code: see `tests/fixtures/library-0.1/README.md`.

use std::io::Read;

use super::*;
use crate::library::care::{self, BackupReason, BackupState};

/// Writes the library of version 0.1 to a file.
pub(in crate::library) fn of_version_0_1(file: &Path) {
    let packed = include_bytes!("../../../tests/fixtures/library-0.1/library.sqlite.gz");
    let mut whole = Vec::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut whole).unwrap();
    std::fs::write(file, whole).unwrap();
}

/// Photo, degrees of the vector, person and state of each face, as version 0.1 told them.
const FACES: [(&str, u32, &str); 20] = [
    ("2023/garden.jpg", 0, "Ada Lovelace, confirmed"),
    ("2023/garden.jpg", 40, "Ben, confirmed"),
    ("2023/garden.jpg", 80, "group, confirmed"),
    ("2023/garden.jpg", 120, "a stranger"),
    ("2023/kitchen.jpg", 1, "Ada Lovelace, confirmed"),
    ("2023/kitchen.jpg", 41, "Ben, confirmed"),
    ("2023/kitchen.jpg", 81, "group, confirmed"),
    ("2023/kitchen.jpg", 160, "not a face"),
    ("2024/été à la mer.jpg", 2, "Ada Lovelace, confirmed"),
    ("2024/été à la mer.jpg", 42, "Ben, confirmed"),
    ("2024/été à la mer.jpg", 200, "Cleo, confirmed"),
    ("2024/été à la mer.jpg", 240, "Cleo, confirmed"),
    ("2024/stairs.jpg", 3, "Ada Lovelace, confirmed"),
    ("2024/stairs.jpg", 43, "nobody"),
    ("2024/stairs.jpg", 82, "group, confirmed"),
    ("2024/stairs.jpg", 201, "Cleo, suggested"),
    ("2024/away.jpg", 4, "Ada Lovelace, suggested"),
    ("2024/away.jpg", 44, "Ben, suggested"),
    ("2024/bridge.jpg", 300, "group, grouped"),
    ("2024/bridge.jpg", 301, "group, grouped"),
];

fn told(face: &FaceDetail) -> String {
    let name = face.name.as_deref().unwrap_or("group");
    match face.state {
        FaceState::Of { belongs: Belongs::Grouped, .. } => format!("{name}, grouped"),
        FaceState::Of { belongs: Belongs::Suggested, .. } => format!("{name}, suggested"),
        FaceState::Of { belongs: Belongs::Named, .. } => format!("{name}, named"),
        FaceState::Of { belongs: Belongs::Confirmed, .. } => format!("{name}, confirmed"),
        FaceState::SetAside(SetAside::Stranger) => "a stranger".to_owned(),
        FaceState::SetAside(SetAside::NotAFace) => "not a face".to_owned(),
        FaceState::Unassigned => "nobody".to_owned(),
    }
}

#[test]
fn the_library_of_version_0_1_comes_over_without_loss() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    of_version_0_1(&path);
    let mut library = Library::open(&path).unwrap();
    assert!(library.check().unwrap().is_sound());
    for (number, (photo, degrees, expected)) in (1..).zip(FACES) {
        let face = library.face(FaceId(number)).unwrap().unwrap();
        assert_eq!(
            (told(&face).as_str(), &*face.path),
            (expected, &*Path::new("/photos").join(photo)),
            "face {number}"
        );
        let crop = library.crop_jpeg(FaceId(number)).unwrap().unwrap();
        assert_eq!(String::from_utf8(crop).unwrap(), format!("crop at {degrees} degrees"));
        let vector = library.embedding(&model(), FaceId(number)).unwrap().unwrap();
        assert_eq!(vector, direction(degrees as f32));
    }
    let counts = library.counts().unwrap();
    let hidden = PeopleFilter { kind: PeopleKind::Hidden, min_faces: 0 };
    let hidden = library.people(hidden, ListPage::ALL).unwrap().len();
    // A file that could never be read is gone, too, and was no photo.
    assert_eq!((counts.named_people, hidden, counts.missing), (4, 1, 1));
    let names: Vec<_> = library.everyone().unwrap().into_iter().filter_map(|person| person.name).collect();
    assert_eq!(names.iter().filter(|name| *name == "Cleo").count(), 2);
    let input = library.faces_to_group(&model()).unwrap();
    assert_eq!(input.different.len(), 1, "the two Cleos are told apart");
    let rejected: Vec<_> =
        input.faces.iter().filter(|face| !face.rejected.is_empty()).map(|face| face.face_id).collect();
    assert_eq!(rejected, [FaceId(14)]);
    let cover = |library: &Library| {
        let sql = "SELECT cover_face FROM person WHERE name = 'Ada Lovelace'";
        library.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(cover(&library), 5);
    assert_eq!(library.setting("grouping.linkage").unwrap().as_deref(), Some("\"average\""));
    assert_eq!(library.folders().unwrap()[0].path, Path::new("/photos"));

    // Its history goes on: the step undone last is done again, and all are undone.
    assert_eq!(library.history(99).unwrap().len(), 12);
    library.redo().unwrap().unwrap();
    assert_eq!(library.face(FaceId(2)).unwrap().unwrap().name.as_deref(), Some("Benjamin"));
    while library.undo().unwrap().is_some() {}
    // Nobody stays of whom faces were only suggested since.
    assert_eq!(library.counts().unwrap().named_people, 0);
    assert!(library.check().unwrap().is_sound());

    let backups = care::backups(&path).unwrap();
    assert_eq!(backups.len(), 1);
    assert_eq!(
        (backups[0].reason, &backups[0].state),
        (BackupReason::Migration, &BackupState::Sound { people: 4, faces: 20 })
    );
}
