//! Pictures on their way to the window: how one is asked for, and its pixels.

use crate::types::{FaceId, PhotoId};

/// A picture that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageKey {
    /// For the grid: the long side is 320 pixels.
    Thumbnail(PhotoId),
    /// For the photo page: the long side is 2048 pixels.
    Large(PhotoId),
    /// The face with some room about it, square, 160 pixels.
    Face(FaceId),
    /// An image of an opened evaluation, as the network saw it.
    Seen { run: u32, image: u32 },
    /// The whole image of an opened evaluation.
    Judged { run: u32, image: u32 },
}

/// Pixels as red, green, blue, alpha, row by row.
#[derive(Clone, PartialEq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub rgba: Vec<u8>,
    /// Of the one face that a crop shows, in shares of width and height.
    pub landmarks: Option<[[f32; 2]; 5]>,
}

impl Picture {
    pub fn from_rgb(pixels: &image::RgbImage) -> Self {
        let rgba = pixels.pixels().flat_map(|p| [p[0], p[1], p[2], 255]).collect();
        Self { width: pixels.width(), height: pixels.height(), rgba, landmarks: None }
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}×{})", self.width, self.height)
    }
}
