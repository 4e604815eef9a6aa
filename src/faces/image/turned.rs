//! A picture turned by quarters.

use std::borrow::Cow;

use ::image::{RgbImage, imageops};

use crate::types::QuarterTurn;

/// The picture after the turn.
pub(crate) fn turned(picture: &RgbImage, turn: QuarterTurn) -> Cow<'_, RgbImage> {
    match turn {
        QuarterTurn::None => Cow::Borrowed(picture),
        QuarterTurn::Right => Cow::Owned(imageops::rotate90(picture)),
        QuarterTurn::Half => Cow::Owned(imageops::rotate180(picture)),
        QuarterTurn::Left => Cow::Owned(imageops::rotate270(picture)),
    }
}

#[cfg(test)]
mod tests {
    use ::image::Rgb;

    use super::*;

    #[test]
    fn a_pixel_goes_where_its_point_goes() {
        let picture = RgbImage::from_fn(5, 3, |x, y| Rgb([x as u8, y as u8, 0]));
        for turn in QuarterTurn::TURNS {
            let turned = turned(&picture, turn);
            for (x, y, pixel) in picture.enumerate_pixels() {
                let [u, v] = turn.point([x as f32 + 0.5, y as f32 + 0.5], [5.0, 3.0]);
                assert_eq!(turned.get_pixel(u as u32, v as u32), pixel, "{turn:?}");
            }
        }
    }
}
