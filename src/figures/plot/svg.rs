//! Draws a figure as SVG.

use std::fmt::Write;

use maud::html;

use super::axis::TickLabel;
use super::{Figure, Series, Shape, ink};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 480.0;
const LEFT: f64 = 76.0;
const TOP: f64 = 48.0;
const BOTTOM: f64 = HEIGHT - 60.0;
/// Room for the names beside the lines.
const RIGHT: f64 = WIDTH - 150.0;
const NAME_HEIGHT: f64 = 16.0;

/// Writing to a string cannot fail, so results of `write!` are dropped in this file.
pub(super) fn draw(figure: &Figure) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
         height=\"{HEIGHT}\" font-family=\"Inter, Helvetica, Arial, 'DejaVu Sans', sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"{}\"/>\n",
        ink::PAPER
    );
    let title = escape(&figure.title);
    let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"24\" font-size=\"15\" fill=\"{}\">{title}</text>", ink::TEXT);
    axes(&mut svg, figure);
    for (index, series) in figure.series.iter().enumerate() {
        draw_series(&mut svg, figure, series, ink::line(index));
    }
    marks(&mut svg, figure);
    names(&mut svg, figure);
    svg.push_str("</svg>\n");
    svg
}

fn x_of(figure: &Figure, value: f64) -> f64 {
    LEFT + figure.x.place(value) * (RIGHT - LEFT)
}

fn y_of(figure: &Figure, value: f64) -> f64 {
    BOTTOM - figure.y.place(value) * (BOTTOM - TOP)
}

fn axes(svg: &mut String, figure: &Figure) {
    for (value, label) in figure.x.ticks() {
        let x = x_of(figure, value);
        hairline(svg, [x, TOP, x, BOTTOM], ink::GRID);
        tick(svg, x, BOTTOM + 20.0, "middle", &label);
    }
    for (value, label) in figure.y.ticks() {
        let y = y_of(figure, value);
        hairline(svg, [LEFT, y, RIGHT, y], ink::GRID);
        tick(svg, LEFT - 8.0, y + 4.5, "end", &label);
    }
    hairline(svg, [LEFT, BOTTOM, RIGHT, BOTTOM], ink::AXIS);
    hairline(svg, [LEFT, TOP, LEFT, BOTTOM], ink::AXIS);
    let middle = |a: f64, b: f64| f64::midpoint(a, b);
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"{}\">{}</text>",
        middle(LEFT, RIGHT),
        BOTTOM + 46.0,
        ink::TEXT,
        escape(&figure.x.label)
    );
    let _ = writeln!(
        svg,
        "<text transform=\"translate(22 {:.1}) rotate(-90)\" text-anchor=\"middle\" fill=\"{}\">{}</text>",
        middle(TOP, BOTTOM),
        ink::TEXT,
        escape(&figure.y.label)
    );
}

fn hairline(svg: &mut String, [x1, y1, x2, y2]: [f64; 4], colour: &str) {
    let _ = writeln!(
        svg,
        "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\" stroke-width=\"0.75\"/>"
    );
}

fn tick(svg: &mut String, x: f64, y: f64, anchor: &str, label: &TickLabel) {
    let text = match label {
        TickLabel::Number(text) => text.clone(),
        TickLabel::Power(0) => "1".to_owned(),
        TickLabel::Power(power) => {
            let sign = if *power < 0 { "−" } else { "" };
            format!("10<tspan dy=\"-5\" font-size=\"9.5\">{sign}{}</tspan>", power.abs())
        }
    };
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-size=\"12\" fill=\"{}\">{text}</text>",
        ink::FAINT_TEXT
    );
}

fn draw_series(svg: &mut String, figure: &Figure, series: &Series, colour: &str) {
    if !series.band.is_empty() {
        let upper = series.band.iter().map(|[x, _, high]| (*x, *high));
        let lower = series.band.iter().rev().map(|[x, low, _]| (*x, *low));
        let path = path(figure, upper.chain(lower));
        let _ = writeln!(svg, "<path d=\"{path}Z\" fill=\"{colour}\" fill-opacity=\"0.15\"/>");
    }
    let corners: Vec<(f64, f64)> = series.corners(&figure.x).into_iter().map(|[x, y]| (x, y)).collect();
    let line = path(figure, corners.iter().copied());
    if series.shape == Shape::Histogram
        && let (Some(first), Some(last)) = (corners.first(), corners.last())
    {
        let (first, last) = (x_of(figure, first.0), x_of(figure, last.0));
        let _ = writeln!(
            svg,
            "<path d=\"{line}L{last:.2} {BOTTOM}L{first:.2} {BOTTOM}Z\" fill=\"{colour}\" fill-opacity=\"0.15\"/>"
        );
    }
    if series.shape != Shape::Points {
        let _ = writeln!(
            svg,
            "<path d=\"{line}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\" stroke-linejoin=\"round\"/>"
        );
    }
    if matches!(series.shape, Shape::Dots | Shape::Points) {
        for [x, y] in &series.points {
            let (x, y) = (x_of(figure, *x), y_of(figure, *y));
            let _ = writeln!(svg, "<circle cx=\"{x:.2}\" cy=\"{y:.2}\" r=\"3\" fill=\"{colour}\"/>");
        }
    }
}

/// Points nearer than a fifth of a pixel to the last one drawn are left out: they cannot be seen.
fn path(figure: &Figure, points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    let mut last: Option<(f64, f64)> = None;
    let mut points = points.map(|(x, y)| (x_of(figure, x), y_of(figure, y))).peekable();
    while let Some((x, y)) = points.next() {
        let near = last.is_some_and(|(a, b)| (a - x).abs() < 0.2 && (b - y).abs() < 0.2);
        if near && points.peek().is_some() {
            continue;
        }
        let _ = write!(path, "{}{x:.2} {y:.2}", if last.is_none() { 'M' } else { 'L' });
        last = Some((x, y));
    }
    path
}

fn marks(svg: &mut String, figure: &Figure) {
    for (value, label) in &figure.marks {
        let x = x_of(figure, *value);
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{BOTTOM}\" stroke=\"{}\" stroke-width=\"1\" \
             stroke-dasharray=\"4 3\"/>\n<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"12\" \
             fill=\"{}\">{}</text>",
            ink::FAINT_TEXT,
            TOP - 5.0,
            ink::FAINT_TEXT,
            escape(label)
        );
    }
}

/// Each name at the right end of its line, over the peak of a histogram; names that would touch are moved apart.
fn names(svg: &mut String, figure: &Figure) {
    let mut ends: Vec<(f64, usize)> = Vec::new();
    for (index, series) in figure.series.iter().enumerate() {
        let Some([_, end]) = series.points.last() else { continue };
        if series.shape == Shape::Histogram {
            let peak = series.points.iter().max_by(|a, b| a[1].total_cmp(&b[1])).unwrap_or(&[0.0, 0.0]);
            name(svg, x_of(figure, peak[0]), y_of(figure, peak[1]) - 8.0, "middle", figure, index);
        } else {
            ends.push((y_of(figure, *end), index));
        }
    }
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = TOP;
    for (y, _) in &mut ends {
        *y = y.max(free);
        free = *y + NAME_HEIGHT;
    }
    let mut limit = BOTTOM;
    for (y, index) in ends.iter_mut().rev() {
        *y = y.min(limit);
        limit = *y - NAME_HEIGHT;
        name(svg, RIGHT + 8.0, *y + 4.5, "start", figure, *index);
    }
}

fn name(svg: &mut String, x: f64, y: f64, anchor: &str, figure: &Figure, index: usize) {
    let (colour, text) = (ink::line(index), escape(&figure.series[index].name));
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{text}</text>");
}

/// Text made safe between tags; XML forbids control characters, in the escaped form too.
fn escape(text: &str) -> String {
    let plain = text.replace(['\t', '\n', '\r'], " ").replace(char::is_control, "");
    html! { (plain) }.into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_markup_and_drops_what_xml_forbids() {
        assert_eq!(escape("a<b>&\"\u{1}\n"), "a&lt;b&gt;&amp;&quot; ");
    }
}
