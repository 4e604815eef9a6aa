//! Plots that can go into a paper: SVG written here, PNG rendered from it, CSV of the same numbers.
//!
//! One style: hairline axes, names written beside their lines instead of a legend, logarithmic axes labelled as
//! powers of ten, bands at 15% of the line's colour.

mod axis;
mod ink;
mod png;
mod svg;

pub(crate) use crate::figures::plot::axis::{Axis, Scale, TickLabel};
pub(crate) use crate::figures::plot::png::{PNG_SCALE, PngError, to_png};
use crate::figures::table::Table;

/// A plot of lines over two axes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub series: Vec<Series>,
    /// Vertical lines with their labels: a threshold.
    pub marks: Vec<(f64, String)>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    pub name: String,
    pub points: Vec<[f64; 2]>,
    pub shape: Shape,
    /// x, lowest y, greatest y.
    pub band: Vec<[f64; 3]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Straight lines between points.
    Line,
    /// Right, then up: what was counted, without invention between points.
    Steps,
    /// Steps from one bin's left edge to the next, filled down to the axis.
    Histogram,
    /// Lines with a dot at each point: few measured levels.
    Dots,
    /// Dots alone: things that do not follow from one another.
    Points,
}

impl Series {
    pub fn new(name: impl Into<String>, shape: Shape, points: Vec<[f64; 2]>) -> Self {
        Self { name: name.into(), points, shape, band: Vec::new() }
    }

    #[must_use]
    pub fn with_band(mut self, band: Vec<[f64; 3]>) -> Self {
        self.band = band;
        self
    }

    /// The corners of the line over `x`. What lies left of a logarithmic axis, zero above all, is only the height the
    /// line starts at.
    pub fn corners(&self, x: &Axis) -> Vec<[f64; 2]> {
        let hidden = match x.scale {
            Scale::Log => self.points.iter().take_while(|[at, _]| *at <= x.from).count().saturating_sub(1),
            Scale::Linear => 0,
        };
        let points = &self.points[hidden..];
        match self.shape {
            Shape::Line | Shape::Dots | Shape::Points => points.to_vec(),
            Shape::Steps | Shape::Histogram => {
                let mut corners: Vec<[f64; 2]> = Vec::with_capacity(points.len() * 2);
                for &[at, value] in points {
                    if let Some(&[_, before]) = corners.last() {
                        corners.push([at, before]);
                    }
                    corners.push([at, value]);
                }
                corners
            }
        }
    }

    /// The line's height at `at`, as it is drawn over `x`; none outside the line.
    pub fn height_at(&self, at: f64, x: &Axis) -> Option<f64> {
        let after = self.points.partition_point(|[from, _]| *from <= at);
        let [from, low] = *self.points[..after].last()?;
        if matches!(self.shape, Shape::Steps | Shape::Histogram) {
            return (after < self.points.len() || self.shape == Shape::Steps).then_some(low);
        }
        let Some(&[to, high]) = self.points.get(after) else { return (from == at).then_some(low) };
        let (start, end) = (x.place(from), x.place(to));
        let part = if end > start { (x.place(at) - start) / (end - start) } else { 0.0 };
        Some(low + (high - low) * part)
    }
}

impl Figure {
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self { title: title.into(), x, y, series: Vec::new(), marks: Vec::new() }
    }

    /// ROC axes: FAR from `smallest_far` to 1 by powers, VAL from `lowest_val` to 1.
    pub fn roc(title: impl Into<String>, smallest_far: f64, lowest_val: f64) -> Self {
        let far = Axis::new("False accept rate (FAR)", Scale::Log, smallest_far, 1.0);
        Self::new(title, far, Axis::new("Validation rate (VAL)", Scale::Linear, lowest_val, 1.0))
    }

    /// DET axes: misses over false accepts, both by powers.
    pub fn det(title: impl Into<String>, smallest_far: f64, smallest_miss: f64) -> Self {
        let far = Axis::new("False accept rate (FAR)", Scale::Log, smallest_far, 1.0);
        Self::new(title, far, Axis::new("Miss rate (1 − VAL)", Scale::Log, smallest_miss, 1.0))
    }

    #[must_use]
    pub fn with(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    #[must_use]
    pub fn marked(mut self, x: f64, label: impl Into<String>) -> Self {
        self.marks.push((x, label.into()));
        self
    }

    /// A whole SVG document.
    pub fn to_svg(&self) -> String {
        svg::draw(self)
    }

    /// The numbers: `series,x,y,low,high`, the last two empty without a band at that x.
    pub fn to_csv(&self) -> String {
        let row = |series: &Series, [x, y]: [f64; 2]| {
            let band = series.band.iter().find(|[at, ..]| *at == x);
            let [low, high] = band.map_or_else(Default::default, |[_, low, high]| [low, high].map(f64::to_string));
            vec![series.name.clone(), x.to_string(), y.to_string(), low, high]
        };
        let rows = self.series.iter().flat_map(|series| series.points.iter().map(move |point| row(series, *point)));
        Table::of(&["series", "x", "y", "low", "high"], rows).to_csv()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure() -> Figure {
        let line = Series::new("SFace & friends", Shape::Steps, vec![[0.0, 0.5], [0.01, 0.9], [1.0, 1.0]])
            .with_band(vec![[0.001, 0.4, 0.6], [0.01, 0.8, 0.95], [1.0, 1.0, 1.0]]);
        Figure::roc("LFW, <ten> folds", 1e-3, 0.0).with(line).marked(0.01, "1 in 100")
    }

    #[test]
    fn the_svg_is_well_formed_and_names_everything() {
        let svg = figure().to_svg();
        let tree = resvg::usvg::Tree::from_str(&svg, &resvg::usvg::Options::default()).unwrap();
        assert_eq!((tree.size().width(), tree.size().height()), (720.0, 480.0));
        for part in ["SFace &amp; friends", "LFW, &lt;ten&gt; folds", "Validation rate (VAL)", "1 in 100", "−3"] {
            assert!(svg.contains(part), "{part}");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn a_line_is_read_off_as_it_is_drawn() {
        let x = Axis::new("", Scale::Linear, 0.0, 2.0);
        let points = vec![[0.0, 1.0], [1.0, 3.0], [2.0, 2.0]];
        let steps = Series::new("", Shape::Steps, points.clone());
        assert_eq!(steps.corners(&x), [[0.0, 1.0], [1.0, 1.0], [1.0, 3.0], [2.0, 3.0], [2.0, 2.0]]);
        assert_eq!((steps.height_at(0.9, &x), steps.height_at(2.5, &x)), (Some(1.0), Some(2.0)));
        let line = Series::new("", Shape::Line, points.clone());
        assert_eq!(
            (line.height_at(0.5, &x), line.height_at(2.0, &x), line.height_at(-0.1, &x)),
            (Some(2.0), Some(2.0), None)
        );
        let histogram = Series::new("", Shape::Histogram, points);
        assert_eq!((histogram.height_at(1.5, &x), histogram.height_at(2.0, &x)), (Some(3.0), None));
    }

    #[test]
    fn the_csv_holds_the_band() {
        let csv = figure().to_csv();
        assert_eq!(csv.lines().nth(2), Some("SFace & friends,0.01,0.9,0.8,0.95"));
        assert_eq!(csv.lines().nth(1), Some("SFace & friends,0,0.5,,"));
    }
}
