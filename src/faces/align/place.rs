//! Where a face's landmarks are in its crop: what a window draws over the picture that the network saw.

use super::boxes::region;
use super::crop_from_photo;
use crate::types::{CropRule, Detection, Landmarks, Preprocessing};

/// The landmarks in pixels of the crop that [`crop`](super::crop) cuts; None where the crop does not follow the face.
pub(crate) fn landmarks_in_crop(
    detection: &Detection,
    photo_size: (u32, u32),
    preprocessing: &Preprocessing,
) -> Option<Landmarks> {
    let &Preprocessing { width, height, crop, .. } = preprocessing;
    if let CropRule::Centre { .. } | CropRule::AsStored = crop {
        return None;
    }
    if let Some(crop_from_photo) = crop_from_photo(detection, preprocessing) {
        let placed = |point: [f32; 2]| crop_from_photo.apply(point.map(f64::from)).map(|v| v as f32);
        return Some(Landmarks(detection.landmarks.0.map(placed)));
    }
    let turn = detection.landmarks.turn_upright();
    let (width, height) = if turn.swaps_sides() { (height, width) } else { (width, height) };
    let region = region(crop, detection.face_box, photo_size, width, height);
    let (columns, rows) = (region.width() as f32, region.height() as f32);
    let (x_scale, y_scale) = (width as f32 / columns, height as f32 / rows);
    let cut = |[x, y]: [f32; 2]| [(x - region.left as f32) * x_scale, (y - region.top as f32) * y_scale];
    let placed = |point: [f32; 2]| turn.point(cut(point), [width as f32, height as f32]);
    (columns > 0.0 && rows > 0.0).then(|| Landmarks(detection.landmarks.0.map(placed)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faces::image::turned;
    use crate::types::{ChannelOrder, FaceBox, PixelScaling, QuarterTurn};
    use ::image::{Rgb, RgbImage};

    fn check(crop: CropRule, expected: [f32; 2]) {
        let face_box = FaceBox { x: 40.0, y: 20.0, width: 20.0, height: 40.0 };
        let landmarks = Landmarks([[50.0, 30.0], [58.0, 30.0], [54.0, 36.0], [50.5, 42.0], [57.5, 42.0]]);
        let detection = Detection { face_box, score: 1.0, landmarks };
        let preprocessing =
            Preprocessing { width: 80, height: 80, crop, scaling: PixelScaling::Unit, channels: ChannelOrder::Rgb };
        let found = landmarks_in_crop(&detection, (100, 100), &preprocessing).unwrap();
        let [x, y] = found.0[0];
        assert!((x - expected[0]).abs() < 1e-3 && (y - expected[1]).abs() < 1e-3, "{crop:?}: {found:?}");
    }

    #[test]
    fn landmarks_move_with_the_crop() {
        // The box made square reaches from 30 to 70 and from 20 to 60, at two crop pixels a photo pixel.
        check(CropRule::SquareBox { enlarge: 1.0 }, [40.0, 20.0]);
        check(CropRule::SquareBox { enlarge: 2.0 }, [40.0, 30.0]);
        // 20 photo pixels become 80 columns, 40 become 80 rows.
        check(CropRule::BoxMargin { margin: 0.0 }, [40.0, 20.0]);
        // Half of the crop is margin: 40 photo pixels from 30 on become 80 columns, 80 from 0 on become 80 rows.
        check(CropRule::OutputMargin { margin: 40.0 }, [40.0, 30.0]);
    }

    /// However the photo is turned, its faces are cut out alike.
    #[test]
    fn a_face_on_its_head_or_side_is_cut_out_upright_by_every_rule() {
        let photo = RgbImage::from_fn(100, 80, |x, y| Rgb([(x * 2) as u8, (y * 3) as u8, (x + y) as u8]));
        let face_box = FaceBox { x: 40.0, y: 20.0, width: 24.0, height: 32.0 };
        let landmarks = Landmarks([[46.0, 30.0], [58.0, 30.0], [52.0, 36.0], [47.5, 42.0], [56.5, 42.0]]);
        let upright = Detection { face_box, score: 1.0, landmarks };
        let rules = [CropRule::FivePoints, CropRule::SquareBox { enlarge: 1.2 }, CropRule::BoxMargin { margin: 8.0 }];
        for (crop, turn) in rules.into_iter().flat_map(|rule| QuarterTurn::TURNS.map(|turn| (rule, turn))) {
            let preprocessing =
                Preprocessing { width: 24, height: 30, crop, scaling: PixelScaling::Unit, channels: ChannelOrder::Rgb };
            let there = turned(&photo, turn);
            let face = turn.face(&upright, [100.0, 80.0]);
            let (expected, found) = (
                crate::faces::align::crop(&photo, &upright, &preprocessing),
                crate::faces::align::crop(&there, &face, &preprocessing),
            );
            let worst = expected.as_raw().iter().zip(found.as_raw()).map(|(&a, &b)| a.abs_diff(b)).max();
            assert!(worst <= Some(2), "{crop:?} {turn:?}: {worst:?}");
            let placed =
                |face, photo: &RgbImage| landmarks_in_crop(face, photo.dimensions(), &preprocessing).unwrap().0;
            for (a, b) in placed(&upright, &photo).as_flattened().iter().zip(placed(&face, &there).as_flattened()) {
                assert!((a - b).abs() < 0.01, "{crop:?} {turn:?}: {a} {b}");
            }
        }
    }

    #[test]
    fn a_crop_that_no_face_guides_has_no_landmarks() {
        let detection = Detection {
            face_box: FaceBox { x: 0.0, y: 0.0, width: 1.0, height: 1.0 },
            score: 1.0,
            landmarks: Landmarks([[0.0; 2]; 5]),
        };
        let preprocessing = Preprocessing {
            width: 8,
            height: 8,
            crop: CropRule::AsStored,
            scaling: PixelScaling::Unit,
            channels: ChannelOrder::Rgb,
        };
        assert_eq!(landmarks_in_crop(&detection, (9, 9), &preprocessing), None);
    }
}
