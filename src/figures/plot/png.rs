//! PNG of a figure, rendered from its SVG with the system's fonts.

use resvg::{tiny_skia, usvg};

/// A figure is this many pixels a unit wide when saved as PNG: 1,440 in all.
pub(crate) const PNG_SCALE: f32 = 2.0;

#[derive(Debug, thiserror::Error)]
pub(crate) enum PngError {
    #[error("this system has no fonts, so a picture would lack its labels; the SVG is complete")]
    NoFonts,
    #[error("the figure cannot be rendered: {0}")]
    Svg(#[from] usvg::Error),
    #[error("a picture {scale} times as large as the figure does not fit in memory")]
    TooLarge { scale: f32 },
    #[error("the picture cannot be written as PNG: {0}")]
    Encode(String),
}

/// Renders `svg` at `scale` pixels a unit.
///
/// # Errors
/// Without fonts, or when the SVG is broken or the picture too large.
pub(crate) fn to_png(svg: &str, scale: f32) -> Result<Vec<u8>, PngError> {
    let mut options = usvg::Options::default();
    options.fontdb_mut().load_system_fonts();
    if options.fontdb.is_empty() {
        return Err(PngError::NoFonts);
    }
    // Families that a system lacks fall back to its first sans-serif face.
    let fallback = options.fontdb.faces().next().and_then(|face| face.families.first().cloned());
    if let Some((family, _)) = fallback {
        let known = options.fontdb.query(&usvg::fontdb::Query {
            families: &[usvg::fontdb::Family::SansSerif],
            ..usvg::fontdb::Query::default()
        });
        if known.is_none() {
            options.fontdb_mut().set_sans_serif_family(family);
        }
    }
    let tree = usvg::Tree::from_str(svg, &options)?;
    let size = tree.size().to_int_size().scale_by(scale).ok_or(PngError::TooLarge { scale })?;
    let mut pixels = tiny_skia::Pixmap::new(size.width(), size.height()).ok_or(PngError::TooLarge { scale })?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| PngError::Encode(error.to_string()))
}
