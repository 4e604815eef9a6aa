//! Overlap of boxes and the suppression of several detections of one face. Plain slices, no device.

use crate::types::{Detection, FaceBox};

/// Intersection over union, in [0, 1].
pub fn overlap(a: FaceBox, b: FaceBox) -> f32 {
    let width = (a.x + a.width).min(b.x + b.width) - a.x.max(b.x);
    let height = (a.y + a.height).min(b.y + b.height) - a.y.max(b.y);
    if width <= 0.0 || height <= 0.0 {
        return 0.0;
    }
    let shared = width * height;
    shared / (a.area() + b.area() - shared)
}

/// Keeps the best detection of each face: in the order of score, each that overlaps none of those kept by more than
/// `max_overlap`, until there are `max_kept`.
pub fn suppress(mut detections: Vec<Detection>, max_overlap: f32, max_kept: usize) -> Vec<Detection> {
    detections.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Detection> = Vec::new();
    for detection in detections {
        if kept.len() == max_kept {
            break;
        }
        if kept.iter().all(|better| overlap(better.face_box, detection.face_box) <= max_overlap) {
            kept.push(detection);
        }
    }
    kept
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
        let kept = suppress(found.clone(), 0.3, 10);
        assert_eq!(kept.iter().map(|face| face.score).collect::<Vec<_>>(), [0.9, 0.7]);
        assert_eq!(suppress(found, 0.3, 1).len(), 1);
        assert!(suppress(vec![], 0.3, 10).is_empty());
    }

    /// A suppressed detection suppresses nothing: a chain of neighbours keeps its ends.
    #[test]
    fn only_kept_detections_suppress() {
        let kept = suppress(vec![detection(0.0, 0.9), detection(5.0, 0.8), detection(10.0, 0.7)], 0.3, 10);
        assert_eq!(kept.iter().map(|face| face.score).collect::<Vec<_>>(), [0.9, 0.7]);
    }
}
