//! A picture as a codec leaves it: samples of brightness and of two colours, which may be fewer.

use super::code_points::CodePoints;

/// Samples, row by row, without gaps.
pub(super) struct SamplePlane {
    pub width: usize,
    pub height: usize,
    pub samples: Vec<u16>,
    /// Bits that a sample uses.
    pub depth: u8,
}

impl SamplePlane {
    pub fn row(&self, y: usize) -> &[u16] {
        &self.samples[y * self.width..][..self.width]
    }

    /// Whether there is a sample for each place that `width` × `height` samples of brightness have at this share.
    fn covers(&self, width: usize, height: usize) -> bool {
        self.width == width && self.height == height && self.samples.len() == width * height
    }
}

pub(super) struct Planes {
    pub luma: SamplePlane,
    /// Cb and Cr; none in a picture of greys.
    pub chroma: Option<[SamplePlane; 2]>,
    /// Whether there is one sample of colour for two columns, and for two rows.
    pub halved: (bool, bool),
    /// What the stream itself says about its colours.
    pub signalled: Option<CodePoints>,
}

impl Planes {
    /// Whether the planes are as long as their sizes say: what is read from them afterwards is there.
    pub fn are_whole(&self) -> bool {
        let (width, height) = (self.luma.width, self.luma.height);
        let share = |length: usize, halved: bool| if halved { length.div_ceil(2) } else { length };
        let (across, down) = (share(width, self.halved.0), share(height, self.halved.1));
        let depths = std::iter::once(&self.luma).chain(self.chroma.iter().flatten()).map(|plane| plane.depth);
        self.luma.covers(width, height)
            && width * height > 0
            && self.chroma.iter().flatten().all(|plane| plane.covers(across, down))
            && depths.into_iter().all(|depth| (8..=16).contains(&depth))
    }

    /// Cuts off what a coder has added on the right and below to fill its blocks.
    pub fn cut(&mut self, width: usize, height: usize) {
        let share = |length: usize, halved: bool| if halved { length.div_ceil(2) } else { length };
        let (across, down) = (share(width, self.halved.0), share(height, self.halved.1));
        cut(&mut self.luma, width, height);
        self.chroma.iter_mut().flatten().for_each(|plane| cut(plane, across, down));
    }
}

fn cut(plane: &mut SamplePlane, width: usize, height: usize) {
    if width >= plane.width && height >= plane.height {
        return;
    }
    let (width, height) = (width.min(plane.width), height.min(plane.height));
    let rows = plane.samples.chunks_exact(plane.width).take(height);
    plane.samples = rows.flat_map(|row| &row[..width]).copied().collect();
    (plane.width, plane.height) = (width, height);
}
