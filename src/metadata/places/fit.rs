//! Whether a region and a found face are one face.
//!
//! digiKam, Picasa and Apple frame the whole head, YuNet the face from brow to chin: one lies in the other, at
//! nearly the same centre, and their areas differ by a factor of two to four. So neither equality nor the share of the
//! union can decide; what counts is how much of the smaller lies in the larger, and how far their centres are apart.

use crate::metadata::region_box::RegionBox;

/// Of the smaller box, the share that has to lie in the larger.
const MIN_INSIDE: f32 = 0.4;
/// The largest distance of the centres, in sides of the larger box. A face lies up to 0.15 below a head's middle.
const MAX_OFFSET: f32 = 0.45;
/// The largest ratio of the sides: half a body is no face.
const MAX_RATIO: f32 = 3.5;

/// 0 to 1, none if they are not one face. `aspect` is the picture's width by its height.
pub(crate) fn fit(region: RegionBox, face: RegionBox, aspect: f32) -> Option<f32> {
    let square = |b: RegionBox| RegionBox { x: b.x * aspect, width: b.width * aspect, ..b };
    let (region, face) = (square(region), square(face));
    let (small, large) = (region.area().min(face.area()), region.area().max(face.area()));
    let (inside, ratio) = (region.shared(face) / small, (large / small).sqrt());
    let ([x, y], [face_x, face_y]) = (region.centre(), face.centre());
    let offset = (x - face_x).hypot(y - face_y) / large.sqrt();
    // Written so that what is not a number fits nothing.
    let fits = inside >= MIN_INSIDE && offset <= MAX_OFFSET && ratio <= MAX_RATIO;
    fits.then(|| {
        let (near, alike) = (1.0 - offset / MAX_OFFSET, 1.0 - ratio.ln() / MAX_RATIO.ln());
        (0.1 + 0.4 * inside + 0.4 * near + 0.1 * alike).min(1.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f32, y: f32, width: f32, height: f32) -> RegionBox {
        RegionBox { x, y, width, height }
    }

    #[test]
    fn a_head_around_a_face_fits_and_a_neighbour_does_not() {
        let face = at(0.40, 0.40, 0.10, 0.10);
        let head = at(0.36, 0.31, 0.18, 0.22);
        let neighbour = at(0.51, 0.40, 0.10, 0.10);
        assert!(fit(head, face, 1.0).unwrap() > 0.6);
        assert_eq!(fit(neighbour, face, 1.0), None);
        assert_eq!(fit(at(0.2, 0.3, 0.5, 0.7), face, 1.0), None, "half a body");
        assert!(fit(face, face, 1.5).unwrap() > 0.99);
        assert!(fit(head, face, 1.0) < fit(face, face, 1.0));
        assert_eq!(fit(at(0.4, 0.4, 0.0, 0.1), face, 1.0), None);
    }

    #[test]
    fn distance_is_measured_on_the_picture_and_not_on_fractions() {
        // In a panorama of 4 : 1, an offset of a twentieth of the width is two faces.
        let face = at(0.40, 0.40, 0.025, 0.10);
        assert!(fit(at(0.425, 0.40, 0.025, 0.10), face, 4.0).is_none());
        assert!(fit(at(0.405, 0.40, 0.025, 0.10), face, 4.0).is_some());
    }
}
