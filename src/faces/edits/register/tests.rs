use ::image::codecs::jpeg::JpegEncoder;
use ::image::{ImageFormat, Rgb, RgbImage, imageops};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::faces::edits::{FaceMatch, KnownFace, Sizes, match_faces};
use crate::faces::image::resize;
use crate::types::{Detection, Embedding, FaceBox, Landmarks, SquaredDistance};

/// Discs of many sizes and colours on a slope, with some grain.
fn scene(seed: u64, width: u32, height: u32) -> RgbImage {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let discs: Vec<[f32; 4]> = (0..25)
        .map(|_| {
            let place = [rng.random_range(0.0..1.0), rng.random_range(0.0..1.0)];
            [
                place[0] * width as f32,
                place[1] * height as f32,
                rng.random_range(6.0..36.0),
                rng.random_range(0.0..255.0),
            ]
        })
        .collect();
    let tilt: [f32; 2] = [rng.random_range(-0.5..0.5), rng.random_range(-0.5..0.5)];
    RgbImage::from_fn(width, height, |x, y| {
        let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
        let ground = 128.0 + tilt[0] * (px - width as f32 / 2.0) + tilt[1] * (py - height as f32 / 2.0);
        let disc = discs.iter().rev().find(|disc| (px - disc[0]).hypot(py - disc[1]) < disc[2]);
        let value = disc.map_or(ground, |disc| disc[3]) + rng.random_range(-4.0..4.0);
        Rgb([value, 0.8 * value + 20.0, 200.0 - 0.5 * value].map(|value| value.clamp(0.0, 255.0) as u8))
    })
}

/// Written as a JPEG of that quality and read again.
pub(super) fn recompressed(picture: &RgbImage, quality: u8) -> RgbImage {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture).unwrap();
    ::image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg).unwrap().into_rgb8()
}

pub(super) fn turned(picture: &RgbImage, orientation: Orientation) -> RgbImage {
    match orientation {
        Orientation::Same => picture.clone(),
        Orientation::Mirrored => imageops::flip_horizontal(picture),
        Orientation::HalfTurn => imageops::rotate180(picture),
        Orientation::Flipped => imageops::flip_vertical(picture),
        Orientation::Transposed => imageops::flip_horizontal(&imageops::rotate90(picture)),
        Orientation::TurnedRight => imageops::rotate90(picture),
        Orientation::Transversed => imageops::flip_horizontal(&imageops::rotate270(picture)),
        Orientation::TurnedLeft => imageops::rotate270(picture),
    }
}

/// The part of a picture, and where it exactly is.
pub(super) fn cropped(picture: &RgbImage, frame: RelativeRect) -> (RgbImage, RelativeRect) {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let [x, y] = [frame.x * width, frame.y * height].map(|place| place as u32);
    let [w, h] = [frame.width * width, frame.height * height].map(|side| side as u32);
    let truth = [x as f32 / width, y as f32 / height, w as f32 / width, h as f32 / height];
    (imageops::crop_imm(picture, x, y, w, h).to_image(), super::frame(truth))
}

pub(super) fn changed(picture: &RgbImage, change: impl Fn(f32) -> f32) -> RgbImage {
    let mut picture = picture.clone();
    picture.iter_mut().for_each(|value| *value = change(f32::from(*value)).clamp(0.0, 255.0) as u8);
    picture
}

fn registered(old: &RgbImage, new: &RgbImage) -> Option<Edit> {
    register(&Thumbnail::new(old), &Thumbnail::new(new)).map(|(edit, _)| edit)
}

fn check(old: &RgbImage, new: &RgbImage, orientation: Orientation, crop: RelativeRect) {
    let edit = registered(old, new).unwrap_or_else(|| panic!("{orientation:?} of {crop:?} is not registered"));
    assert_eq!(edit.orientation, orientation);
    assert!(distance(edit.crop, crop) < 0.01, "{crop:?} was taken for {:?}", edit.crop);
}

#[test]
fn turned_and_cropped_pictures_are_registered() {
    let old = scene(1, 240, 180);
    for (index, orientation) in Orientation::ALL.into_iter().enumerate() {
        let turned = turned(&old, orientation);
        check(&old, &turned, orientation, RelativeRect::WHOLE);
        let side = 0.9 - 0.06 * index as f32;
        let (new, crop) = cropped(&turned, frame([0.07, 0.3 * (1.0 - side), side, 0.85]));
        check(&old, &new, orientation, crop);
    }
}

#[test]
fn small_crops_are_registered() {
    let old = scene(2, 400, 300);
    for place in [[0.0, 0.0, 0.3, 0.3], [0.5, 0.4, 0.35, 0.3], [0.3, 0.2, 0.28, 0.7]] {
        let (new, crop) = cropped(&old, frame(place));
        check(&old, &new, Orientation::Same, crop);
    }
}

#[test]
fn scale_brightness_and_compression_do_not_matter() {
    let old = scene(3, 240, 180);
    let half = resize(&old, 120, 90);
    let edits = [
        recompressed(&old, 40),
        recompressed(&half, 40),
        resize(&old, 500, 375),
        changed(&old, |value| 1.3 * value),
        changed(&old, |value| 0.7 * value),
        changed(&old, |value| value + 40.0),
        ::image::DynamicImage::from(imageops::grayscale(&old)).into_rgb8(),
    ];
    for new in edits {
        check(&old, &new, Orientation::Same, RelativeRect::WHOLE);
    }
}

#[test]
fn other_pictures_are_not_registered() {
    for seed in 10..16 {
        assert_eq!(registered(&scene(seed, 240, 180), &scene(seed + 100, 240, 180)), None);
    }
}

/// The same room, somebody else in the middle: a name must not stay.
#[test]
fn another_face_in_the_same_picture_is_not_registered() {
    let old = scene(4, 240, 180);
    let (stranger, _) = cropped(&scene(5, 240, 180), frame([0.3, 0.3, 0.3, 0.4]));
    let mut new = old.clone();
    imageops::replace(&mut new, &stranger, 90, 50);
    assert_eq!(registered(&old, &new), None);
}

/// Two answers are none.
#[test]
fn a_picture_like_its_mirror_is_not_registered() {
    let mut old = scene(6, 120, 180);
    let mut both = RgbImage::new(240, 180);
    imageops::replace(&mut both, &old, 0, 0);
    imageops::flip_horizontal_in_place(&mut old);
    imageops::replace(&mut both, &old, 120, 0);
    assert_eq!(registered(&both, &both), None);
}

#[test]
fn what_says_too_little_is_not_registered() {
    let flat = RgbImage::from_pixel(200, 150, Rgb([90; 3]));
    assert_eq!(registered(&flat, &flat), None);
    assert_eq!(registered(&scene(7, 240, 180), &flat), None);
    let small = scene(8, 20, 20);
    assert_eq!(registered(&small, &small), None);
    let empty = RgbImage::new(0, 0);
    assert_eq!(registered(&empty, &empty), None);
    assert_eq!(registered(&scene(7, 240, 180), &RgbImage::new(4000, 1)), None);
}

/// The detector finds nothing after the edit: registration says where the face is.
#[test]
fn a_lost_face_is_where_the_edit_puts_it() {
    let old = scene(9, 400, 300);
    let face_box = FaceBox { x: 150.0, y: 100.0, width: 60.0, height: 70.0 };
    let landmarks = Landmarks([[165.0, 125.0], [195.0, 125.0], [180.0, 140.0], [168.0, 155.0], [192.0, 155.0]]);
    let detection = Detection { face_box, score: 0.9, landmarks };
    let known = KnownFace { detection, embedding: Embedding::normalise(vec![1.0, 0.0]).ok() };
    for orientation in [Orientation::Mirrored, Orientation::TurnedRight, Orientation::Transversed] {
        let (new, crop) = cropped(&turned(&old, orientation), frame([0.15, 0.1, 0.7, 0.75]));
        let truth = Edit { orientation, crop };
        let new = recompressed(&resize(&new, new.width() / 2, new.height() / 2), 60);
        let sizes = Sizes { old: old.dimensions(), new: new.dimensions() };
        let edit = registered(&old, &new).unwrap();
        let known = std::slice::from_ref(&known);
        let matches = match_faces(known, &[], &sizes, Some(&edit), SquaredDistance(1.0));
        let [FaceMatch::Registered { old: 0, place: Detection { face_box: place, landmarks: points, .. } }] =
            &matches[..]
        else {
            panic!("{orientation:?}: {matches:?}");
        };
        let side = 0.03 * new.width().min(new.height()) as f32;
        let near = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).abs() < side && (a[1] - b[1]).abs() < side;
        let expected = truth.map_box(face_box, &sizes);
        assert!(near(place.centre(), expected.centre()), "{place:?} instead of {expected:?}");
        assert!(near([place.width, place.height], [expected.width, expected.height]));
        let expected = truth.map_landmarks(landmarks, &sizes).0;
        assert!(points.0.iter().zip(expected).all(|(a, b)| near(*a, b)));
    }
}
