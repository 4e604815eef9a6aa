//! Shapes and inks over tiny-skia: smooth closed curves, soft glows, clipping.

use resvg::tiny_skia::{
    Color, FillRule, GradientStop, LineCap, LineJoin, Mask, Paint, Path, PathBuilder, Pixmap, Point, RadialGradient,
    Shader, SpreadMode, Stroke, Transform,
};

/// Red, green and blue in 0…1; values beyond are cut.
pub(super) type Colour = [f32; 3];

/// `share` 0 gives `a`, 1 gives `b`.
pub(super) fn between(a: Colour, b: Colour, share: f32) -> Colour {
    std::array::from_fn(|channel| a[channel] + (b[channel] - a[channel]) * share)
}

/// Darker for shares below 1, lighter above.
pub(super) fn shade(ink: Colour, share: f32) -> Colour {
    ink.map(|value| value * share)
}

/// A transparent picture to draw on. Shapes without extent draw nothing.
pub(super) struct Canvas {
    pub pixmap: Pixmap,
}

impl Canvas {
    /// # Panics
    /// When a side is 0: callers draw at least one pixel.
    pub fn new(width: u32, height: u32) -> Self {
        Self { pixmap: Pixmap::new(width, height).expect("a canvas has pixels") }
    }

    pub fn fill(&mut self, path: &Option<Path>, ink: Colour, alpha: f32) {
        self.fill_inside(path, ink, alpha, None);
    }

    pub fn fill_inside(&mut self, path: &Option<Path>, ink: Colour, alpha: f32, inside: Option<&Mask>) {
        if let Some(path) = path {
            let paint = paint(Shader::SolidColor(color(ink, alpha)));
            self.pixmap.fill_path(path, &paint, FillRule::Winding, Transform::identity(), inside);
        }
    }

    pub fn line(&mut self, path: &Option<Path>, width: f32, ink: Colour, alpha: f32, inside: Option<&Mask>) {
        if let Some(path) = path {
            let stroke = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
            let paint = paint(Shader::SolidColor(color(ink, alpha)));
            self.pixmap.stroke_path(path, &paint, &stroke, Transform::identity(), inside);
        }
    }

    /// Fades from the centre to nothing at `radius`.
    pub fn glow(&mut self, centre: [f32; 2], radius: f32, ink: Colour, alpha: f32, inside: Option<&Mask>) {
        let stops = vec![
            GradientStop::new(0.0, color(ink, alpha)),
            GradientStop::new(0.5, color(ink, alpha * 0.6)),
            GradientStop::new(1.0, color(ink, 0.0)),
        ];
        self.radial(&circle(centre, radius), centre, radius, stops, inside);
    }

    /// A shape whose ink changes from the centre outwards.
    pub fn fill_radial(&mut self, path: &Option<Path>, centre: [f32; 2], radius: f32, inner: Colour, outer: Colour) {
        let stops = vec![
            GradientStop::new(0.0, color(inner, 1.0)),
            GradientStop::new(0.55, color(inner, 1.0)),
            GradientStop::new(1.0, color(outer, 1.0)),
        ];
        self.radial(path, centre, radius, stops, None);
    }

    fn radial(
        &mut self,
        path: &Option<Path>,
        centre: [f32; 2],
        radius: f32,
        stops: Vec<GradientStop>,
        inside: Option<&Mask>,
    ) {
        let centre = Point::from_xy(centre[0], centre[1]);
        let shader = RadialGradient::new(centre, 0.0, centre, radius, stops, SpreadMode::Pad, Transform::identity());
        if let (Some(path), Some(shader)) = (path, shader) {
            self.pixmap.fill_path(path, &paint(shader), FillRule::Winding, Transform::identity(), inside);
        }
    }

    /// The inside of a shape, to draw within.
    pub fn mask(&self, path: &Option<Path>) -> Option<Mask> {
        let mut mask = Mask::new(self.pixmap.width(), self.pixmap.height())?;
        mask.fill_path(path.as_ref()?, FillRule::Winding, true, Transform::identity());
        Some(mask)
    }
}

fn paint(shader: Shader<'_>) -> Paint<'_> {
    Paint { shader, anti_alias: true, ..Paint::default() }
}

fn color([r, g, b]: Colour, alpha: f32) -> Color {
    let cut = |value: f32| value.clamp(0.0, 1.0);
    Color::from_rgba(cut(r), cut(g), cut(b), cut(alpha)).expect("each part is within 0…1")
}

pub(super) fn circle([x, y]: [f32; 2], radius: f32) -> Option<Path> {
    PathBuilder::from_circle(x, y, radius)
}

/// A closed curve through the points (Catmull–Rom).
pub(super) fn closed(points: &[[f32; 2]]) -> Option<Path> {
    let count = points.len();
    let at = |index: usize| points[index % count];
    let mut builder = start(points)?;
    for index in 0..count {
        bend(&mut builder, at(index + count - 1), at(index), at(index + 1), at(index + 2));
    }
    builder.close();
    builder.finish()
}

/// An open curve through the points.
pub(super) fn open(points: &[[f32; 2]]) -> Option<Path> {
    let last = points.len().checked_sub(1)?;
    let mut builder = start(points)?;
    for index in 0..last {
        let (before, after) = (index.saturating_sub(1), (index + 2).min(last));
        bend(&mut builder, points[before], points[index], points[index + 1], points[after]);
    }
    builder.finish()
}

/// Straight lines between the points.
pub(super) fn polygon(points: &[[f32; 2]]) -> Option<Path> {
    let mut builder = start(points)?;
    points[1..].iter().for_each(|&[x, y]| builder.line_to(x, y));
    builder.close();
    builder.finish()
}

fn start(points: &[[f32; 2]]) -> Option<PathBuilder> {
    let &[x, y] = points.first()?;
    let mut builder = PathBuilder::new();
    builder.move_to(x, y);
    Some(builder)
}

fn bend(builder: &mut PathBuilder, before: [f32; 2], from: [f32; 2], to: [f32; 2], after: [f32; 2]) {
    let handle = |point: [f32; 2], a: [f32; 2], b: [f32; 2], sign: f32| {
        [point[0] + sign * (b[0] - a[0]) / 6.0, point[1] + sign * (b[1] - a[1]) / 6.0]
    };
    let (out, inwards) = (handle(from, before, to, 1.0), handle(to, from, after, -1.0));
    builder.cubic_to(out[0], out[1], inwards[0], inwards[1], to[0], to[1]);
}
