use std::path::PathBuf;

use super::{NamesInPhotos, UnplacedWhy, place};
use crate::metadata::faces::{FaceOwner, FaceToName, PhotoToName};
use crate::metadata::found::{NameFound, NameKind, NameRegion, NameSource, PhotoPath, RegionArea, StatedFrame};
use crate::metadata::region_box::{ExifTurn, RegionBox};
use crate::types::{FaceId, PhotoId};

/// Faces of three people in the upright picture, none where another is after any turn or flip.
const FACES: [RegionBox; 3] = [
    RegionBox { x: 0.08, y: 0.30, width: 0.10, height: 0.12 },
    RegionBox { x: 0.32, y: 0.70, width: 0.09, height: 0.11 },
    RegionBox { x: 0.70, y: 0.10, width: 0.08, height: 0.10 },
];

fn photo(number: i64, size: (u32, u32), turn: u32, faces: &[RegionBox]) -> PhotoToName<'static> {
    let face = |(index, at): (usize, &RegionBox)| FaceToName {
        id: FaceId(number * 100 + index as i64),
        at: *at,
        of: FaceOwner::Nobody,
        denied: &[],
        embedding: None,
    };
    let faces = faces.iter().enumerate().map(face).collect();
    PhotoToName {
        id: PhotoId(number),
        path: path(number),
        size,
        turn: ExifTurn::new(turn),
        faces,
        forgotten: Vec::new(),
    }
}

fn path(number: i64) -> PathBuf {
    format!("/p/{number}.jpg").into()
}

/// A whole head around a face, as a program that counts in a picture needing `turn` writes it.
fn head(face: RegionBox, turn: u32) -> RegionBox {
    let head = RegionBox {
        x: face.x - 0.3 * face.width,
        y: face.y - 0.55 * face.height,
        width: 1.6 * face.width,
        height: 1.75 * face.height,
    };
    // 6 and 8 undo each other, the others themselves.
    let back = match turn {
        6 => 8,
        8 => 6,
        other => other,
    };
    head.turned(ExifTurn::new(back))
}

fn region(number: i64, name: &str, at: RegionBox, of: Option<(u32, u32)>) -> NameFound {
    NameFound {
        photo: PhotoPath::Whole(path(number)),
        name: Some(name.to_owned()),
        region: Some(NameRegion { region: RegionArea::Fractions { at, of }, frame: StatedFrame::Stored }),
        source: NameSource::Mwg,
        writer: None,
        kind: NameKind::Confirmed,
    }
}

/// Every face of every photo with its region; the names say which face is meant.
fn named(photos: &[PhotoToName], counted: impl Fn(&PhotoToName) -> u32) -> Vec<NameFound> {
    let of_photo = |photo: &PhotoToName| {
        let turn = counted(photo);
        let regions =
            photo.faces.iter().map(|face| region(photo.id.0, &face.id.0.to_string(), head(face.at, turn), None));
        regions.collect::<Vec<_>>()
    };
    photos.iter().flat_map(of_photo).collect()
}

fn assert_all_placed(found: &[NameFound], photos: &[PhotoToName], names: &NamesInPhotos) {
    for placed in &names.placed {
        let face = photos[placed.photo].faces[placed.face].id.0.to_string();
        assert_eq!(found[placed.found].name, Some(face), "in photo {}", photos[placed.photo].id.0);
    }
    assert_eq!((names.placed.len(), names.by_hand.len()), (found.len(), 0), "{:?}", names.unplaced);
}

#[test]
fn every_orientation_is_read_as_stored_and_as_shown() {
    let photos: Vec<_> = (1..=8).map(|turn| photo(i64::from(turn), (3000, 4000), turn, &FACES)).collect();
    for counts_as_stored in [true, false] {
        let turn = |photo: &PhotoToName| if counts_as_stored { photo.turn.index() as u32 + 1 } else { 1 };
        let found = named(&photos, turn);
        assert_all_placed(&found, &photos, &place(&found, &photos));
    }
}

#[test]
fn a_program_that_always_turns_wrongly_is_understood_too() {
    let photos: Vec<_> = (1..20).map(|number| photo(number, (3000, 3000), 6, &FACES)).collect();
    let found = named(&photos, |_| 8);
    assert_all_placed(&found, &photos, &place(&found, &photos));
}

/// A face that nobody found lies at the left, a found one at the right, in a photo without an orientation.
#[test]
fn a_region_is_not_the_face_at_its_mirror_place_nor_where_a_turn_would_put_it() {
    let left = RegionBox { x: 0.10, y: 0.20, width: 0.08, height: 0.11 };
    for turn in 2..=8 {
        let elsewhere = left.turned(ExifTurn::new(turn));
        let photos = [photo(1, (2000, 2000), 1, &[elsewhere])];
        let found = [region(1, "Left", head(left, 1), None)];
        let names = place(&found, &photos);
        assert!(names.placed.is_empty(), "turn {turn}: {names:?}");
        if ExifTurn::new(turn).is_mirrored() {
            assert_eq!(names.by_hand.len(), 1, "turn {turn}: {names:?}");
        }
    }
}

#[test]
fn the_habit_of_the_library_decides_where_a_photo_cannot() {
    // One face in the middle of a square fits under every turn; a second, which nobody found, is by hand.
    let middle = RegionBox { x: 0.45, y: 0.45, width: 0.1, height: 0.1 };
    let missed = RegionBox { x: 0.10, y: 0.20, width: 0.1, height: 0.1 };
    let mut photos: Vec<_> = (1..10).map(|number| photo(number, (3000, 3000), 6, &FACES)).collect();
    photos.push(photo(10, (3000, 3000), 6, &[middle]));
    for turn in [1, 6] {
        let mut found = named(&photos[..9], |_| turn);
        found.push(region(10, "middle", head(middle, turn), None));
        found.push(region(10, "missed", head(missed, turn), None));
        let names = place(&found, &photos);
        let [by_hand] = names.by_hand[..] else { panic!("{names:?}") };
        let expected = head(missed, 1);
        assert!((by_hand.at.x - expected.x).abs() < 1e-5 && (by_hand.at.y - expected.y).abs() < 1e-5, "turn {turn}");
    }
}

#[test]
fn a_photo_departs_from_the_habit_only_where_its_faces_say_so() {
    let mut photos: Vec<_> = (1..30).map(|number| photo(number, (3000, 4000), 6, &FACES)).collect();
    // Written by an older version: all three faces fit otherwise.
    photos.push(photo(30, (3000, 4000), 6, &FACES));
    let found = named(&photos, |photo| if photo.id.0 == 30 { 1 } else { 6 });
    assert_all_placed(&found, &photos, &place(&found, &photos));
    // One region that by chance is another face under a turn nobody uses.
    let mut found = named(&photos[..29], |_| 6);
    found.push(region(30, "chance", head(FACES[0], 3), None));
    let names = place(&found, &photos);
    assert!(names.placed.iter().all(|placed| placed.photo != 29));
    assert_eq!(names.by_hand.len(), 1);
}

#[test]
fn regions_left_behind_by_a_crop_are_placed_nowhere() {
    let photos = [photo(1, (3000, 4000), 6, &FACES)];
    let names = |of| place(&[region(1, "Anna", head(FACES[0], 6), Some(of))], &photos);
    assert_eq!(names((4000, 3000)).placed.len(), 1);
    assert_eq!(names((400, 300)).placed.len(), 1, "a smaller copy has the same shape");
    assert_eq!(names((3000, 3000)).unplaced[0].why, UnplacedWhy::PictureCropped);
    assert!(names((3000, 3000)).placed.is_empty());
    assert_eq!(names((0, 0)).placed.len(), 1, "no size is said");
}

#[test]
fn digikams_pixels_are_read_upright_and_as_stored() {
    let photos: Vec<_> = (1..6).map(|number| photo(number, (3000, 4000), 6, &FACES)).collect();
    for turn in [1, 6] {
        let (wide, high) = if turn == 1 { (3000.0, 4000.0) } else { (4000.0, 3000.0) };
        let mut found = named(&photos, |_| turn);
        for name in &mut found {
            let Some(NameRegion { region, frame }) = &mut name.region else { panic!() };
            let RegionArea::Fractions { at, .. } = *region else { panic!() };
            let at = [at.x * wide, at.y * high, at.width * wide, at.height * high];
            (*region, *frame) = (RegionArea::Pixels { at, sides: (4000, 3000) }, StatedFrame::Upright);
        }
        assert_all_placed(&found, &photos, &place(&found, &photos));
    }
}

#[test]
fn two_regions_of_one_face_and_a_guess_without_one() {
    let photos = [photo(1, (4000, 3000), 1, &FACES)];
    let near = RegionBox { x: FACES[0].x + 0.01, ..FACES[0] };
    let nowhere = RegionBox { x: 0.6, y: 0.5, width: 0.1, height: 0.1 };
    let mut found =
        vec![region(1, "Anna", near, None), region(1, "Bert", FACES[0], None), region(1, "Cleo", nowhere, None)];
    found[2].kind = NameKind::Suggested;
    found.push(region(2, "Dora", FACES[0], None));
    let names = place(&found, &photos);
    assert_eq!(names.placed.iter().map(|placed| placed.found).collect::<Vec<_>>(), [1]);
    let why: Vec<_> = names.unplaced.iter().map(|unplaced| unplaced.why).collect();
    let expected = [UnplacedWhy::FaceTaken { face: 0 }, UnplacedWhy::GuessWithoutFace, UnplacedWhy::PhotoNotInLibrary];
    assert_eq!(why, expected);
}

/// Two faces beside each other fit a mirrored picture and one upside down as well: that is no doubt about the place of a
/// third who was not found, however many photos are so.
#[test]
fn photos_that_look_alike_mirrored_leave_no_region_without_a_face_open() {
    let beside = [0.2, 0.7].map(|x| RegionBox { x, y: 0.45, width: 0.1, height: 0.1 });
    let photos: Vec<_> = (1..=12).map(|number| photo(number, (2000, 2000), 1, &beside)).collect();
    let mut found = named(&photos, |_| 1);
    found.push(region(1, "Ghost", RegionBox { x: 0.45, y: 0.05, width: 0.1, height: 0.1 }, None));
    let names = place(&found, &photos);
    assert_eq!((names.placed.len(), names.by_hand.len(), &names.unplaced[..]), (24, 1, &[][..]));
}
