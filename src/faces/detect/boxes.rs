//! Overlap of boxes and the suppression of several detections of one face. Plain slices, no device.

use crate::types::{Detection, FaceBox};

/// Intersection over union, in [0, 1].
pub fn overlap(a: FaceBox, b: FaceBox) -> f32 {
    let shared = shared_area(a, b);
    if shared == 0.0 { 0.0 } else { shared / (a.area() + b.area() - shared) }
}

/// The part of the smaller box that lies in the other, in [0, 1].
pub(crate) fn covered(a: FaceBox, b: FaceBox) -> f32 {
    let shared = shared_area(a, b);
    if shared == 0.0 { 0.0 } else { shared / a.area().min(b.area()) }
}

/// Keeps the best detection of each face: in the order of score, each that is no second view of one already kept,
/// until there are `max_kept`. Two detections are one face when their overlap is above `max_overlap` or more than
/// `max_covered` of the smaller is covered (a forehead found as a face within the face).
pub(crate) fn suppress(
    mut detections: Vec<Detection>,
    max_overlap: f32,
    max_covered: f32,
    max_kept: usize,
) -> Vec<Detection> {
    detections.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Detection> = Vec::new();
    for detection in detections {
        if kept.len() == max_kept {
            break;
        }
        let is_new = |better: &Detection| {
            overlap(better.face_box, detection.face_box) <= max_overlap
                && covered(better.face_box, detection.face_box) <= max_covered
        };
        if kept.iter().all(is_new) {
            kept.push(detection);
        }
    }
    kept
}

fn shared_area(a: FaceBox, b: FaceBox) -> f32 {
    let width = (a.x + a.width).min(b.x + b.width) - a.x.max(b.x);
    let height = (a.y + a.height).min(b.y + b.height) - a.y.max(b.y);
    width.max(0.0) * height.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Landmarks;

    fn face_box(x: f32, y: f32, width: f32, height: f32) -> FaceBox {
        FaceBox { x, y, width, height }
    }

    fn detection(x: f32, score: f32) -> Detection {
        Detection { face_box: face_box(x, 0.0, 10.0, 10.0), score, landmarks: Landmarks([[0.0; 2]; 5]) }
    }

    #[test]
    fn overlaps_as_counted_by_hand() {
        let a = face_box(0.0, 0.0, 2.0, 2.0);
        let cases = [
            (a, 1.0),
            (face_box(1.0, 1.0, 2.0, 2.0), 1.0 / 7.0),
            (face_box(0.5, 0.5, 1.0, 1.0), 0.25),
            (face_box(2.0, 0.0, 2.0, 2.0), 0.0),
            (face_box(-5.0, -5.0, 1.0, 1.0), 0.0),
            (face_box(0.0, 0.0, 0.0, 0.0), 0.0),
        ];
        for (b, expected) in cases {
            assert!((overlap(a, b) - expected).abs() < 1e-6, "{b:?}");
            assert_eq!(overlap(a, b), overlap(b, a));
        }
    }

    #[test]
    fn the_best_of_overlapping_detections_stays() {
        let found = vec![detection(0.0, 0.8), detection(1.0, 0.9), detection(30.0, 0.7), detection(2.0, 0.85)];
        let kept = suppress(found.clone(), 0.3, 0.9, 10);
        assert_eq!(kept.iter().map(|face| face.score).collect::<Vec<_>>(), [0.9, 0.7]);
        assert_eq!(suppress(found, 0.3, 0.9, 1).len(), 1);
        assert!(suppress(vec![], 0.3, 0.9, 10).is_empty());
    }

    /// A suppressed detection suppresses nothing: a chain of neighbours keeps its ends.
    #[test]
    fn only_kept_detections_suppress() {
        let kept = suppress(vec![detection(0.0, 0.9), detection(5.0, 0.8), detection(10.0, 0.7)], 0.3, 0.9, 10);
        assert_eq!(kept.iter().map(|face| face.score).collect::<Vec<_>>(), [0.9, 0.7]);
    }

    #[test]
    fn a_part_of_a_face_is_no_second_face() {
        let forehead = Detection { face_box: face_box(1.0, -2.0, 5.0, 6.0), ..detection(0.0, 0.8) };
        assert!(overlap(forehead.face_box, detection(0.0, 0.9).face_box) < 0.3);
        assert!((covered(forehead.face_box, detection(0.0, 0.9).face_box) - 2.0 / 3.0).abs() < 1e-6);
        assert_eq!(suppress(vec![detection(0.0, 0.9), forehead], 0.3, 0.6, 10).len(), 1);
        assert_eq!(suppress(vec![detection(0.0, 0.9), forehead], 0.3, 0.7, 10).len(), 2);
    }
}
