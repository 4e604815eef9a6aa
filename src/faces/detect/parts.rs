//! Faces too small for a search of the whole photo: the photo at about its full scale, part by part.
//!
//! Parts share a margin as wide as the largest face that is taken from them, so every such face lies whole in one of
//! them; what touches an edge that is not the photo's is left to the neighbour. Detections of all parts and of the whole
//! photo are merged: each face is there once, the one of the highest score.

use ::image::{RgbImage, imageops};

use super::{DetectError, boxes};
use crate::faces::image::resize;
use crate::types::Detection;

/// Side of a part: what a detector searches at its own scale. A photo no larger was searched so already.
const SIDE: u32 = 640;

/// The largest face that is taken from a part, and what neighbours share. Larger ones are found in the whole photo.
const LARGEST: u32 = 96;

/// Least width and height of a face, in pixels of the photo: who is meant to be seen from 20 pixels up may be found a
/// little smaller. Smaller still, vectors of different people come near each other (`benches/README.md`).
const SMALLEST: f32 = 18.0;

/// Two boxes that share more of their union, or of the smaller, are one face: as in [`super::yunet`].
const MAX_OVERLAP: f32 = 0.3;
const MAX_COVERED: f32 = 0.6;
const MAX_FACES: usize = 1000;

/// The faces of a photo at its full scale, largest first: `known` ones, and those that `detect` finds in the parts of the
/// photo at `scale`.
pub(super) fn with_small_faces(
    photo: &RgbImage,
    known: Vec<Detection>,
    scale: f32,
    detect: &dyn Fn(&RgbImage) -> Result<Vec<Detection>, DetectError>,
) -> Result<Vec<Detection>, DetectError> {
    if photo.width().max(photo.height()) <= SIDE {
        return Ok(known);
    }
    let [width, height] = [photo.width(), photo.height()].map(|side| ((side as f32 * scale).round() as u32).max(1));
    let mut found: Vec<_> = in_parts(&resize(photo, width, height), detect)?;
    found.iter_mut().for_each(|face| *face = face.scaled(1.0 / scale));
    found.retain(|face| face.face_box.width.min(face.face_box.height) >= SMALLEST);
    // A known face keeps its place: found in the whole photo, it had its surroundings about it.
    found.retain(|face| known.iter().all(|known| !is_one_face(known, face)));
    let mut faces = boxes::suppress(found, MAX_OVERLAP, MAX_COVERED, MAX_FACES.saturating_sub(known.len()));
    faces.extend(known);
    faces.sort_by(|a, b| b.face_box.area().total_cmp(&a.face_box.area()));
    Ok(faces)
}

/// What `detect` finds in the parts of a picture, before suppression.
fn in_parts(
    photo: &RgbImage,
    detect: &dyn Fn(&RgbImage) -> Result<Vec<Detection>, DetectError>,
) -> Result<Vec<Detection>, DetectError> {
    let (width, height) = photo.dimensions();
    let mut found = vec![];
    for top in starts(height) {
        for left in starts(width) {
            let part = Part { left, top, width: SIDE.min(width), height: SIDE.min(height), photo: (width, height) };
            let pixels = imageops::crop_imm(photo, left, top, part.width, part.height).to_image();
            let whole = detect(&pixels)?.into_iter().filter(|face| part.shows_whole(face));
            found.extend(whole.map(|face| face.moved([left as f32, top as f32])));
        }
    }
    Ok(found)
}

fn is_one_face(a: &Detection, b: &Detection) -> bool {
    boxes::overlap(a.face_box, b.face_box) > MAX_OVERLAP || boxes::covered(a.face_box, b.face_box) > MAX_COVERED
}

/// Where parts begin along a side: evenly, sharing at least [`LARGEST`].
fn starts(length: u32) -> Vec<u32> {
    let Some(last) = length.checked_sub(SIDE).filter(|last| *last > 0) else { return vec![0] };
    let steps = last.div_ceil(SIDE - LARGEST);
    (0..=steps).map(|step| (u64::from(last) * u64::from(step) / u64::from(steps)) as u32).collect()
}

struct Part {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
    photo: (u32, u32),
}

impl Part {
    /// Small, and cut by no edge but the photo's own.
    fn shows_whole(&self, face: &Detection) -> bool {
        let found = face.face_box;
        let within = |start: f32, length: f32, from: u32, side: u32, photo: u32| {
            (from == 0 || start > 0.0) && (from + side == photo || start + length < side as f32)
        };
        found.width.max(found.height) <= LARGEST as f32
            && within(found.x, found.width, self.left, self.width, self.photo.0)
            && within(found.y, found.height, self.top, self.height, self.photo.1)
    }
}

#[cfg(test)]
mod tests {
    use ::image::Rgb;

    use super::*;
    use crate::types::{FaceBox, Landmarks};

    fn face(x: f32, y: f32, side: f32, score: f32) -> Detection {
        let face_box = FaceBox { x, y, width: side, height: side };
        Detection { face_box, score, landmarks: Landmarks([[x, y]; 5]) }
    }

    /// Every red square of the picture, by flooding nothing: they do not touch.
    fn red_squares(picture: &RgbImage) -> Result<Vec<Detection>, DetectError> {
        let is_red = |x: u32, y: u32| x < picture.width() && y < picture.height() && picture.get_pixel(x, y).0[0] > 0;
        let mut found = vec![];
        for (x, y) in picture.enumerate_pixels().map(|(x, y, _)| (x, y)).filter(|&(x, y)| is_red(x, y)) {
            let begins = !(x > 0 && is_red(x - 1, y)) && !(y > 0 && is_red(x, y - 1));
            if begins {
                let width = (x..).take_while(|&x| is_red(x, y)).count() as f32;
                let height = (y..).take_while(|&y| is_red(x, y)).count() as f32;
                let face_box = FaceBox { x: x as f32, y: y as f32, width, height };
                found.push(Detection { face_box, ..face(x as f32, y as f32, 1.0, 0.9) });
            }
        }
        Ok(found)
    }

    fn photo(faces: &[(u32, u32, u32)], size: (u32, u32)) -> RgbImage {
        let mut photo = RgbImage::new(size.0, size.1);
        for &(left, top, side) in faces {
            for (dx, dy) in (0..side).flat_map(|dx| (0..side).map(move |dy| (dx, dy))) {
                photo.put_pixel(left + dx, top + dy, Rgb([255, 0, 0]));
            }
        }
        photo
    }

    /// Also on the edges of the photo, on the seams of the parts, and where four parts meet.
    #[test]
    fn every_small_face_is_found_once_wherever_it_is() {
        let size = (1500, 1100);
        let mut placed = vec![];
        for x in (0..1480).step_by(37) {
            for y in (0..1080).step_by(41) {
                placed.push((x.min(size.0 - 20), y.min(size.1 - 20), 20));
            }
        }
        let found = with_small_faces(&photo(&placed, size), vec![], 1.0, &red_squares).unwrap();
        assert_eq!(found.len(), placed.len().min(MAX_FACES));
        let few = &placed[..600];
        let found = with_small_faces(&photo(few, size), vec![], 1.0, &red_squares).unwrap();
        let mut corners: Vec<_> = found.iter().map(|f| (f.face_box.x as u32, f.face_box.y as u32, 20)).collect();
        corners.sort_unstable();
        assert_eq!(corners, few);
        assert!(found.iter().all(|face| face.landmarks.0[0] == [face.face_box.x, face.face_box.y]), "moved together");
    }

    #[test]
    fn what_is_known_stays_and_is_not_found_again() {
        let known = vec![face(200.0, 300.0, 60.0, 0.75), face(700.0, 100.0, 300.0, 0.9)];
        let shown = photo(&[(202, 301, 58), (900, 700, 22)], (1500, 1100));
        let found = with_small_faces(&shown, known.clone(), 1.0, &red_squares).unwrap();
        assert_eq!(found[..2], [known[1], known[0]], "largest first, as they were");
        assert_eq!(found.len(), 3);
    }

    /// The row of a face of 21×28 pixels in a photo 3,000 wide; a speck of 10 is no face that anybody could be known by.
    #[test]
    fn a_face_of_twenty_pixels_is_found_at_three_quarters_of_the_scale_and_a_speck_is_not() {
        let shown = photo(&[(1711, 902, 21), (400, 300, 10)], (3000, 2000));
        let found = with_small_faces(&shown, vec![], 0.75, &red_squares).unwrap();
        let [face] = found[..] else { panic!("one face: {found:?}") };
        let placed = FaceBox { x: 1711.0, y: 902.0, width: 21.0, height: 21.0 };
        assert!(boxes::overlap(face.face_box, placed) > 0.7, "{face:?}");
        let small = photo(&[(100, 100, 21)], (640, 480));
        assert!(with_small_faces(&small, vec![], 0.75, &red_squares).unwrap().is_empty(), "it was searched so already");
    }

    #[test]
    fn parts_cover_the_photo_and_share_a_margin() {
        for length in [1, 640, 641, 1151, 1152, 1153, 4000, 12_000] {
            let starts = starts(length);
            assert!(starts[0] == 0 && starts.last().unwrap() + SIDE.min(length) == length, "{length}: {starts:?}");
            assert!(starts.windows(2).all(|pair| pair[1] - pair[0] <= SIDE - LARGEST), "{length}: {starts:?}");
        }
    }
}
