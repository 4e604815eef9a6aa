//! What is searched again, and in which position: with drawn faces, and a network that is as wrong about them as YuNet is.

use std::cell::RefCell;

use ::image::{Rgb, RgbImage};

use super::search::FaceSearch;
use super::*;
use crate::types::{FaceBox, Landmarks};

/// A square, its upper half red and its lower half blue.
fn draw(photo: &mut RgbImage, left: u32, top: u32, side: u32) {
    for (dx, dy) in (0..side).flat_map(|dx| (0..side).map(move |dy| (dx, dy))) {
        let colour = if dy < side / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) };
        photo.put_pixel(left + dx, top + dy, colour);
    }
}

/// Finds drawn faces, scores them by how they stand, and always thinks that they stand upright.
#[derive(Default)]
struct ShortSighted {
    /// Score upright, on its head, lying on either side.
    scores: [f32; 3],
    searched: RefCell<Vec<(u32, u32)>>,
    in_positions: RefCell<usize>,
}

impl ShortSighted {
    fn faces(&self, picture: &RgbImage, min_score: f32) -> Vec<Detection> {
        let mut seen = vec![false; (picture.width() * picture.height()) as usize];
        let mut found = vec![];
        for (x, y, _) in picture.enumerate_pixels() {
            let area = area(picture, &mut seen, x, y);
            if area.len() >= 16 {
                found.push(self.face(picture, &area));
            }
        }
        found.retain(|face| face.score >= min_score);
        found
    }

    fn face(&self, picture: &RgbImage, area: &[(u32, u32)]) -> Detection {
        let edge = |of: fn(&(u32, u32)) -> u32| {
            let (least, most) = (area.iter().map(of).min().unwrap(), area.iter().map(of).max().unwrap());
            (least as f32, (most + 1 - least) as f32)
        };
        let ((x, width), (y, height)) = (edge(|at| at.0), edge(|at| at.1));
        let centre = |channel: usize| {
            let of_colour = area.iter().filter(|at| picture.get_pixel(at.0, at.1).0[channel] > 127);
            let (count, sum) = of_colour
                .fold((0.0, [0.0, 0.0]), |(n, [sx, sy]), at| (n + 1.0, [sx + f64::from(at.0), sy + f64::from(at.1)]));
            sum.map(|sum| sum / f64::max(count, 1.0))
        };
        let (red, blue) = (centre(0), centre(2));
        let score = match (red[1] < blue[1] - 1.0, red[1] > blue[1] + 1.0) {
            (true, _) => self.scores[0],
            (_, true) => self.scores[1],
            _ => self.scores[2],
        };
        let at = |u: f32, v: f32| [x + u * width, y + v * height];
        let landmarks = Landmarks([at(0.3, 0.35), at(0.7, 0.35), at(0.5, 0.55), at(0.35, 0.8), at(0.65, 0.8)]);
        Detection { face_box: FaceBox { x, y, width, height }, score, landmarks }
    }
}

/// The coloured pixels that hang together with this one, and were not seen before.
fn area(picture: &RgbImage, seen: &mut [bool], x: u32, y: u32) -> Vec<(u32, u32)> {
    let (mut area, mut next) = (vec![], vec![(x, y)]);
    while let Some((x, y)) = next.pop() {
        let place = (y * picture.width() + x) as usize;
        let Rgb([red, _, blue]) = picture.get_pixel(x, y);
        if seen[place] || (*red < 100 && *blue < 100) {
            continue;
        }
        seen[place] = true;
        area.push((x, y));
        let around = [(x.wrapping_sub(1), y), (x + 1, y), (x, y.wrapping_sub(1)), (x, y + 1)];
        next.extend(around.into_iter().filter(|at| at.0 < picture.width() && at.1 < picture.height()));
    }
    area
}

impl FaceSearch for ShortSighted {
    fn search(&self, picture: &RgbImage, long_side: u32, min_score: f32) -> Result<Vec<Detection>, DetectError> {
        self.searched.borrow_mut().push((picture.width(), long_side));
        let scale = long_side as f32 / picture.width().max(picture.height()) as f32;
        let (width, height) = (picture.width() as f32 * scale, picture.height() as f32 * scale);
        let small = image::resize(picture, width.round() as u32, height.round() as u32);
        Ok(self.faces(&small, min_score).iter().map(|face| face.scaled(1.0 / scale)).collect())
    }

    fn search_all(&self, pictures: &[RgbImage], min_score: f32) -> Result<Vec<Vec<Detection>>, DetectError> {
        *self.in_positions.borrow_mut() += pictures.len();
        assert!(pictures.iter().all(|picture| picture.dimensions() == pictures[0].dimensions()));
        Ok(pictures.iter().map(|picture| self.faces(picture, min_score)).collect())
    }
}

/// As YuNet scores LFW's faces, about.
const LIKE_YUNET: [f32; 3] = [0.93, 0.83, 0.6];

fn found_in(network: &ShortSighted, photo: &RgbImage) -> Vec<Detection> {
    Searcher { search: network, config: DetectorConfig::default() }.detect(photo).unwrap()
}

fn short_sighted(scores: [f32; 3]) -> ShortSighted {
    ShortSighted { scores, ..ShortSighted::default() }
}

/// 400×300 with faces of 60 pixels.
fn photo(corners: &[(u32, u32)]) -> RgbImage {
    let mut photo = RgbImage::new(400, 300);
    corners.iter().for_each(|&(left, top)| draw(&mut photo, left, top, 60));
    photo
}

/// Photos whose orientation nobody wrote down.
#[test]
fn faces_of_a_turned_photo_are_found_where_they_are_and_upright() {
    for corners in [&[(170, 120)][..], &[(40, 50), (250, 180)], &[(20, 20), (160, 60), (300, 200), (40, 210)]] {
        for turn in QuarterTurn::TURNS {
            let upright = found_in(&short_sighted(LIKE_YUNET), &photo(corners));
            assert_eq!(upright.len(), corners.len());
            let turned = image::turned(&photo(corners), turn).into_owned();
            let found = found_in(&short_sighted(LIKE_YUNET), &turned);
            assert_eq!(found.len(), corners.len(), "{turn:?}");
            for face in upright.iter().map(|face| turn.face(face, [400.0, 300.0])) {
                let same = |found: &&Detection| boxes::overlap(found.face_box, face.face_box) > 0.8;
                let found = found.iter().find(same).unwrap_or_else(|| panic!("{turn:?}: no {face:?} in {found:?}"));
                assert_eq!(found.landmarks.turn_upright(), turn.inverse(), "{turn:?}: the eyes are where the eyes are");
                let far = found.landmarks.0.iter().zip(face.landmarks.0).map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1]));
                assert!(far.fold(0.0, f32::max) < 4.0, "{turn:?}: {found:?} {face:?}");
            }
        }
    }
}

#[test]
fn upright_faces_stay_as_they_were_found() {
    let corners = [(40, 50), (250, 180)];
    let sure = short_sighted(LIKE_YUNET);
    let found = found_in(&sure, &photo(&corners));
    assert_eq!((sure.searched.borrow().len(), *sure.in_positions.borrow()), (1, 0), "sure faces cost nothing more");
    // In doubt, but surer upright than in any other position.
    for scores in [[0.85, 0.84, 0.84], [0.75, 0.76, 0.6], [0.7, 0.79, 0.79]] {
        let doubtful = short_sighted(scores);
        let still = found_in(&doubtful, &photo(&corners));
        assert_eq!(still.len(), 2);
        let same = still.iter().zip(&found).all(|(a, b)| (a.face_box, a.landmarks) == (b.face_box, b.landmarks));
        assert!(same, "{scores:?}");
        assert_eq!((doubtful.searched.borrow().len(), *doubtful.in_positions.borrow()), (1, 8), "{scores:?}");
    }
}

/// Somebody who lies in the grass beside others is one face turned, not a photo turned.
#[test]
fn one_face_on_its_side_among_upright_ones_is_turned_alone() {
    let mut photo = photo(&[(40, 30), (300, 40)]);
    let lying = image::turned(&self::photo(&[(170, 120)]), QuarterTurn::Right).into_owned();
    // In the turned photo it is 120 from the right: at 120, 170, where the photo is empty.
    for (x, y, pixel) in lying.enumerate_pixels().filter(|(x, y, _)| *x < 300 && *y < 300) {
        if pixel.0 != [0; 3] {
            photo.put_pixel(x, y, *pixel);
        }
    }
    let network = short_sighted(LIKE_YUNET);
    let found = found_in(&network, &photo);
    let mut turns: Vec<_> = found.iter().map(|face| face.landmarks.turn_upright()).collect();
    turns.sort_by_key(|turn| *turn != QuarterTurn::None);
    assert_eq!(turns, [QuarterTurn::None, QuarterTurn::None, QuarterTurn::Left]);
    assert_eq!(network.searched.borrow().len(), 1, "the photo as a whole stands");
}

/// Too unsure for a hint: a photo without faces is searched on both sides, small.
#[test]
fn a_photo_that_lies_on_its_side_is_found_out_without_a_hint() {
    let corners = [(40, 50), (250, 180)];
    for turn in [QuarterTurn::Right, QuarterTurn::Left] {
        let network = short_sighted([0.93, 0.8, 0.1]);
        let found = found_in(&network, &image::turned(&photo(&corners), turn));
        assert_eq!(found.len(), 2, "{turn:?}");
        assert!(found.iter().all(|face| face.landmarks.turn_upright() == turn.inverse()), "{turn:?}");
    }
    let empty = short_sighted(LIKE_YUNET);
    assert!(found_in(&empty, &RgbImage::new(400, 300)).is_empty());
    assert_eq!(*empty.searched.borrow(), [(400, 400), (300, 320), (300, 320)], "what a photo without faces costs");
}

/// A crowd of hints must not cost more than the photo did.
#[test]
fn at_most_so_many_doubtful_faces_are_searched_again() {
    let mut photo = RgbImage::new(640, 640);
    for (column, row) in (0..12).flat_map(|column| (0..12).map(move |row| (column, row))) {
        draw(&mut photo, 50 * column + 10, 50 * row + 10, 30);
    }
    let network = short_sighted([0.8, 0.7, 0.7]);
    assert_eq!(found_in(&network, &photo).len(), 144);
    assert_eq!(*network.in_positions.borrow(), 24 * 4);
}
