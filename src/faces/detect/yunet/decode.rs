//! From the numbers of YuNet's cells to boxes and landmarks (as OpenCV's FaceDetectorYN reads them).

use crate::networks::nets::yunet::HEAD_CHANNELS;
use crate::types::{Detection, FaceBox, Landmarks};

/// The output of one level for one picture: `HEAD_CHANNELS` planes of `rows` × `columns`.
pub(crate) struct Cells<'a> {
    pub values: &'a [f32],
    pub columns: usize,
    pub stride: usize,
}

/// The faces of all cells whose score reaches `threshold`, in pixels of the network's input.
///
/// The score is √(class · objectness). Boxes may reach over the edge of the picture. Cells whose numbers are not
/// finite are no faces.
pub fn faces(cells: &Cells<'_>, threshold: f32) -> Vec<Detection> {
    let cell_count = cells.values.len() / HEAD_CHANNELS;
    let plane = |channel: usize| &cells.values[channel * cell_count..(channel + 1) * cell_count];
    let (class, objectness) = (plane(0), plane(1));
    let score = |cell: usize| (class[cell].clamp(0.0, 1.0) * objectness[cell].clamp(0.0, 1.0)).sqrt();
    let likely = (0..cell_count).filter(|&cell| score(cell) >= threshold);
    likely.map(|cell| face(cells, cell, cell_count, score(cell))).filter(is_finite).collect()
}

fn face(cells: &Cells<'_>, cell: usize, cell_count: usize, score: f32) -> Detection {
    let value = |channel: usize| cells.values[channel * cell_count + cell];
    let stride = cells.stride as f32;
    let (column, row) = ((cell % cells.columns) as f32, (cell / cells.columns) as f32);
    let point = |x: f32, y: f32| [(column + x) * stride, (row + y) * stride];
    let [centre_x, centre_y] = point(value(2), value(3));
    let (width, height) = (value(4).exp() * stride, value(5).exp() * stride);
    let face_box = FaceBox { x: centre_x - width / 2.0, y: centre_y - height / 2.0, width, height };
    let landmarks = Landmarks(std::array::from_fn(|at| point(value(6 + 2 * at), value(7 + 2 * at))));
    Detection { face_box, score, landmarks }
}

fn is_finite(detection: &Detection) -> bool {
    let FaceBox { x, y, width, height } = detection.face_box;
    let points = detection.landmarks.0.as_flattened();
    [x, y, width, height].iter().chain(points).all(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two rows of three cells, all quiet but the cell in row 1, column 2.
    fn with_one_face(numbers: [f32; HEAD_CHANNELS]) -> Vec<f32> {
        let mut values = vec![0.0; HEAD_CHANNELS * 6];
        for (channel, number) in numbers.into_iter().enumerate() {
            values[channel * 6 + 5] = number;
        }
        values
    }

    const FACE: [f32; HEAD_CHANNELS] =
        [0.9, 0.4, 0.5, 0.25, 0.0, std::f32::consts::LN_2, 0.0, 0.0, 1.0, 0.0, 0.5, 0.5, 0.0, 1.0, -1.0, -0.5];

    #[test]
    fn reads_a_cell_by_hand() {
        let values = with_one_face(FACE);
        let found = faces(&Cells { values: &values, columns: 3, stride: 8 }, 0.5);
        let [face] = found[..] else { panic!("one face: {found:?}") };
        assert!((face.score - 0.6).abs() < 1e-6);
        // Centre (2.5, 1.25) · 8, size (1, 2) · 8.
        let FaceBox { x, y, width, height } = face.face_box;
        for (found, expected) in [(x, 16.0), (y, 2.0), (width, 8.0), (height, 16.0)] {
            assert!((found - expected).abs() < 1e-4, "{:?}", face.face_box);
        }
        assert_eq!(face.landmarks.0, [[16.0, 8.0], [24.0, 8.0], [20.0, 12.0], [16.0, 16.0], [8.0, 4.0]]);
    }

    #[test]
    fn the_threshold_is_on_the_score() {
        let values = with_one_face(FACE);
        assert!(faces(&Cells { values: &values, columns: 3, stride: 8 }, 0.61).is_empty());
    }

    #[test]
    fn cells_that_are_not_finite_are_no_faces() {
        for (channel, number) in [(0, f32::NAN), (2, f32::NAN), (4, 1000.0), (9, f32::INFINITY)] {
            let mut numbers = FACE;
            numbers[channel] = number;
            let values = with_one_face(numbers);
            assert!(faces(&Cells { values: &values, columns: 3, stride: 8 }, 0.1).is_empty(), "channel {channel}");
        }
    }
}
