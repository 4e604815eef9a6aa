//! The lines, what is filled under them, and their bands.

use eframe::egui::epaint::{Mesh, PathStroke};
use eframe::egui::{Color32, Pos2, Shape as Drawn, Ui, pos2};

use crate::app::ui::plot::Area;
use crate::app::ui::theme;
use crate::figures::plot::{Series, Shape};

const WIDTH: f32 = 1.75;
const DOT: f32 = 3.5;
/// Points nearer than this to the last one drawn cannot be seen.
const NEAR: f32 = 0.4;

pub(crate) fn paint(ui: &Ui, area: &Area<'_>, series: &Series, colour: Color32) {
    let painter = ui.painter().with_clip_rect(area.rect.expand(DOT));
    let corners: Vec<Pos2> = thinned(series.corners(&area.figure.x).into_iter().map(|point| area.at(point)));
    let soft = theme::band_of(colour);
    if !series.band.is_empty() {
        let edges = |&[x, low, high]: &[f64; 3]| (area.at([x, high]), area.at([x, low]));
        painter.add(between(series.band.iter().map(edges), soft));
    }
    if series.shape == Shape::Histogram {
        let edges = |at: &Pos2| (*at, pos2(at.x, area.rect.bottom()));
        painter.add(between(corners.iter().map(edges), soft));
    }
    if matches!(series.shape, Shape::Dots | Shape::Points) || corners.len() == 1 {
        for point in &series.points {
            painter.circle_filled(area.at(*point), DOT, colour);
        }
    }
    if series.shape != Shape::Points {
        painter.add(Drawn::line(corners, PathStroke::new(WIDTH, colour)));
    }
}

/// The surface between upper and lower edges, from left to right.
pub(crate) fn between(edges: impl Iterator<Item = (Pos2, Pos2)>, colour: Color32) -> Drawn {
    let mut mesh = Mesh::default();
    for (upper, lower) in edges {
        let next = mesh.vertices.len() as u32;
        mesh.colored_vertex(upper, colour);
        mesh.colored_vertex(lower, colour);
        if next > 0 {
            mesh.add_triangle(next - 2, next - 1, next);
            mesh.add_triangle(next - 1, next, next + 1);
        }
    }
    Drawn::mesh(mesh)
}

/// Without what cannot be seen; the last point stays.
fn thinned(points: impl Iterator<Item = Pos2>) -> Vec<Pos2> {
    let mut kept: Vec<Pos2> = Vec::new();
    let mut skipped = None;
    for point in points {
        let near = kept.last().is_some_and(|last| (last.x - point.x).abs() < NEAR && (last.y - point.y).abs() < NEAR);
        skipped = near.then_some(point);
        if !near {
            kept.push(point);
        }
    }
    kept.extend(skipped);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_both_ends() {
        let points: Vec<Pos2> = (0..1000).map(|i| pos2(i as f32 / 100.0, 0.0)).collect();
        let kept = thinned(points.iter().copied());
        assert!(kept.len() < 30, "{}", kept.len());
        assert_eq!((kept.first(), kept.last()), (points.first(), points.last()));
    }
}
