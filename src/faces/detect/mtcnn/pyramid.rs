//! The scales that P-Net looks at, the strips it looks at in turn, and the boxes that its cells mean.

use std::ops::Range;

use crate::networks::nets::mtcnn::{P_SIDE, P_STRIDE, cells_along};

/// From the scale at which a face of `min_face_side` pixels fills a cell of P-Net, each smaller by `factor`, as long as
/// the shorter side still holds a cell.
pub(crate) fn scales(shorter_side: usize, min_face_side: f64, factor: f64) -> Vec<f64> {
    let first = P_SIDE as f64 / min_face_side;
    let mut scale = first;
    let mut side = shorter_side as f64 * first;
    let mut scales = vec![];
    while side >= P_SIDE as f64 {
        scales.push(scale);
        scale *= factor;
        side *= factor;
    }
    scales
}

/// A side of the photo at a scale.
pub(crate) fn scaled_side(side: usize, scale: f64) -> usize {
    (side as f64 * scale + 1.0) as usize
}

/// Some rows of cells, and the rows of the scaled picture that they see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Strip {
    pub first_cell_row: usize,
    pub pixel_rows: Range<usize>,
}

/// Cuts a scaled picture into strips of about `pixels` pixels. P-Net sees the same in strips as in the whole: strips
/// begin where pooling windows do, and each ends with all that its last cell sees.
pub(crate) fn strips(width: usize, height: usize, pixels: usize) -> Vec<Strip> {
    let cell_rows = cells_along(height);
    let overlap = P_SIDE - P_STRIDE;
    let step = ((pixels / width).saturating_sub(overlap) / P_STRIDE).max(1);
    let strip = |first: usize| {
        let last = (first + step).min(cell_rows);
        // The last strip takes all rows, because an odd one still fills half a pooling window.
        let end = if last == cell_rows { height } else { P_STRIDE * last + overlap };
        Strip { first_cell_row: first, pixel_rows: P_STRIDE * first..end }
    };
    (0..cell_rows).step_by(step).map(strip).collect()
}

/// The edges of a cell's square in the photo, rounded down to whole pixels.
pub(crate) fn cell_edges(column: usize, row: usize, scale: f64) -> [f32; 4] {
    let edge = |cell: usize, add: usize| ((P_STRIDE * cell + add) as f32 / scale as f32).floor();
    [edge(column, 1), edge(row, 1), edge(column, P_SIDE), edge(row, P_SIDE)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0.6, 0.4254, … for a side of 250: the last scale at which twelve pixels are left.
    #[test]
    fn scales_of_a_small_photo() {
        let found = scales(250, 20.0, 0.709);
        assert_eq!(found.len(), 8);
        assert!((found[0] - 0.6).abs() < 1e-12 && (found[7] - 0.6 * 0.709_f64.powi(7)).abs() < 1e-12);
        assert!(250.0 * found[7] >= 12.0 && 250.0 * found[7] * 0.709 < 12.0);
        assert_eq!(scales(20, 20.0, 0.709), [0.6]);
        assert!(scales(19, 20.0, 0.709).is_empty());
        assert_eq!([scaled_side(250, 0.6), scaled_side(20, 0.6), scaled_side(1024, 0.4254)], [151, 13, 436]);
    }

    #[test]
    fn strips_see_every_row_of_cells_once() {
        for height in [12, 13, 14, 40, 41, 97] {
            for pixels in [1, 600, 2000, 100_000] {
                let strips = strips(50, height, pixels);
                let mut next = 0;
                for strip in &strips {
                    assert_eq!((strip.first_cell_row, strip.pixel_rows.start), (next, P_STRIDE * next));
                    next += cells_along(strip.pixel_rows.len());
                }
                assert_eq!(next, cells_along(height), "{height} rows, {pixels} pixels");
                assert_eq!(strips.last().unwrap().pixel_rows.end, height);
            }
        }
        assert_eq!(strips(50, 40, 100_000).len(), 1);
        assert_eq!(strips(50, 41, 1).len(), cells_along(41));
    }

    #[test]
    fn a_cell_means_the_pixels_that_it_sees() {
        // (2·3 + 1) / 0.6 = 11.7, (2·7 + 1) / 0.6 = 25.0, (2·3 + 12) / 0.6 = 30.0, (2·7 + 12) / 0.6 = 43.3; a whole
        // number may fall to the one below in 32 bits, as it does in the reference.
        let [left, top, right, bottom] = cell_edges(3, 7, 0.6);
        assert_eq!([left, bottom], [11.0, 43.0]);
        assert!((24.0..=25.0).contains(&top) && (29.0..=30.0).contains(&right), "{top} {right}");
        assert_eq!(cell_edges(0, 0, 0.5), [2.0, 2.0, 24.0, 24.0]);
    }
}
