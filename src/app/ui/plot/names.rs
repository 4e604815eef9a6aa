//! Each line's name: beside its end where that fits, over the peak of a histogram, else in rows above the plot.

use std::sync::Arc;

use eframe::egui::{Color32, Galley, Rect, Stroke, Ui, pos2};

use crate::app::ui::plot::Area;
use crate::app::ui::theme::{self, space};
use crate::figures::plot::{Figure, Shape};

const LINE: f32 = 18.0;
/// Names beside the lines may take this share of the plot.
const SHARE: f32 = 0.3;
const DASH: f32 = 16.0;

pub(crate) struct Names {
    galleys: Vec<Arc<Galley>>,
    place: Place,
}

enum Place {
    Right {
        room: f32,
    },
    /// For each name its row and its left edge from the plot's.
    Above {
        rows: usize,
        spots: Vec<(usize, f32)>,
    },
    Peaks,
}

impl Names {
    /// No names, and no room for any.
    pub fn none() -> Self {
        Self { galleys: Vec::new(), place: Place::Peaks }
    }

    pub fn layout(ui: &Ui, figure: &Figure, colours: &[Color32], rect: Rect) -> Self {
        let name = |(series, &colour): (&crate::figures::plot::Series, &Color32)| {
            ui.painter().layout_no_wrap(series.name.clone(), theme::small_font(), colour)
        };
        let galleys: Vec<Arc<Galley>> = figure.series.iter().zip(colours).map(name).collect();
        let widest = galleys.iter().map(|galley| galley.size().x).fold(0.0, f32::max);
        let place = if figure.series.iter().all(|series| series.shape == Shape::Histogram) {
            Place::Peaks
        } else if widest + space::M <= rect.width() * SHARE && galleys.len() as f32 * LINE < rect.height() * 0.6 {
            Place::Right { room: widest + space::M }
        } else {
            above(&galleys, rect.width())
        };
        Self { galleys, place }
    }

    pub fn rows_above(&self) -> usize {
        match &self.place {
            Place::Above { rows, .. } => *rows,
            Place::Right { .. } | Place::Peaks => 0,
        }
    }

    pub fn room_right(&self) -> f32 {
        if let Place::Right { room } = self.place { room } else { 0.0 }
    }

    pub fn paint(&self, ui: &Ui, area: &Area<'_>, colours: &[Color32]) {
        match &self.place {
            Place::Right { .. } => self.beside(ui, area, colours),
            Place::Peaks => self.over_peaks(ui, area, colours),
            Place::Above { rows, spots } => {
                let lift = if area.figure.marks.is_empty() { LINE } else { 2.0 * LINE };
                let top = area.rect.top() - lift - *rows as f32 * LINE;
                for ((galley, &colour), (row, left)) in self.galleys.iter().zip(colours).zip(spots) {
                    let (x, y) = (area.rect.left() + left, top + *row as f32 * LINE);
                    let middle = y + galley.size().y / 2.0;
                    ui.painter().hline(x..=x + DASH, middle, Stroke::new(2.0, colour));
                    ui.painter().galley(pos2(x + DASH + space::XS, y), galley.clone(), colour);
                }
            }
        }
    }

    /// At the lines' right ends; names that would touch are moved apart.
    fn beside(&self, ui: &Ui, area: &Area<'_>, colours: &[Color32]) {
        let end = |(index, series): (usize, &crate::figures::plot::Series)| {
            let [_, y] = *series.points.last()?;
            let start = series.height_at(area.figure.x.from, &area.figure.x).unwrap_or(y);
            // Lines that end together are named in the order in which they begin.
            Some((area.y(y), area.y(start), index))
        };
        let mut ends: Vec<_> = area.figure.series.iter().enumerate().filter_map(end).collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut ends: Vec<(f32, usize)> = ends.into_iter().map(|(y, _, index)| (y, index)).collect();
        spread(&mut ends, area.rect.top() + LINE / 2.0, area.rect.bottom() - LINE / 2.0);
        for (y, index) in ends {
            let galley = self.galleys[index].clone();
            let corner = pos2(area.rect.right() + space::S, y - galley.size().y / 2.0);
            ui.painter().galley(corner, galley, colours[index]);
        }
    }

    fn over_peaks(&self, ui: &Ui, area: &Area<'_>, colours: &[Color32]) {
        for ((series, galley), &colour) in area.figure.series.iter().zip(&self.galleys).zip(colours) {
            let Some(peak) = series.points.iter().max_by(|a, b| a[1].total_cmp(&b[1])) else { continue };
            let at = area.at(*peak);
            let size = galley.size();
            let left =
                (at.x - size.x / 2.0).clamp(area.rect.left(), (area.rect.right() - size.x).max(area.rect.left()));
            let corner = pos2(left, (at.y - size.y - 2.0).max(area.rect.top()));
            ui.painter().galley(corner, galley.clone(), colour);
        }
    }
}

fn above(galleys: &[Arc<Galley>], width: f32) -> Place {
    let (mut row, mut left) = (0, 0.0);
    let mut spots = Vec::with_capacity(galleys.len());
    for galley in galleys {
        let needed = DASH + space::XS + galley.size().x + space::L;
        if left > 0.0 && left + needed > width {
            row += 1;
            left = 0.0;
        }
        spots.push((row, left));
        left += needed;
    }
    Place::Above { rows: row + 1, spots }
}

/// Moves what is nearer than a line apart, from the top, and then up again from `bottom`.
fn spread(ends: &mut [(f32, usize)], top: f32, bottom: f32) {
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free = top;
    for (y, _) in ends.iter_mut() {
        *y = y.max(free);
        free = *y + LINE;
    }
    let mut limit = bottom;
    for (y, _) in ends.iter_mut().rev() {
        *y = y.min(limit);
        limit = *y - LINE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_touch() {
        let mut ends = [(100.0, 0), (101.0, 1), (99.0, 2), (195.0, 3), (199.0, 4)];
        spread(&mut ends, 0.0, 200.0);
        assert!(ends.windows(2).all(|pair| pair[1].0 - pair[0].0 >= LINE - 1e-3), "{ends:?}");
        assert!(ends.iter().all(|(y, _)| (0.0..=200.0).contains(y)));
    }
}
