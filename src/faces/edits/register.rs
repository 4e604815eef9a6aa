//! Whether a picture is another one after an edit: normalised cross-correlation of small grey pictures, coarse to fine.
//!
//! Coarse: in each of the eight turns the new picture, shrunk to every size that a crop may have, is laid on every place
//! of the old one ([`COARSE_SIDE`] pixels long). The best places are then shifted and scaled by less and less on larger
//! pictures. Brightness and contrast fall out of the correlation.
//!
//! Portraits of one framing correlate by their light and dark alone, and two pictures of one room but for who stands in
//! it: so the details and each part of the picture have to agree as well ([`Agreement`]).

mod correlation;

use correlation::{Agreement, correlation};

use super::thumbnail::Grey;
use super::{Edit, Orientation, RelativeRect, Thumbnail};

/// Of the old picture, where all places are tried.
const COARSE_SIDE: f32 = 32.0;
/// Where the best places are refined.
const FINE_SIDES: [f32; 3] = [64.0, 112.0, Thumbnail::LONG_SIDE as f32];
/// Candidates that go on to each finer picture.
const KEPT: [usize; 3] = [16, 4, 2];
/// Of one turn.
const KEPT_OF_TURN: usize = 2;
/// A crop keeps at least this share of each side.
const LEAST_CROP: f32 = 0.25;
/// Smaller pictures say too little.
const LEAST_SIDE: usize = 24;

/// Least agreement ([`Agreement::score`]) of a picture and its edit.
///
/// Measured on LFW (deep-funneled portraits, all of one framing; November 2026), the best place of each pair:
///
/// | pairs | agreement at 1, 50, 99, 100 % | registered |
/// | --- | --- | --- |
/// | 1,000: two pictures of one person | −0.89, −0.54, −0.11, 0.01 | 0 |
/// | 1,000: pictures of two people | −0.87, −0.55, −0.17, 0.00 | 0 |
/// | 250: somebody else's face of 110 of 250 pixels put in | −0.69, 0.04, 0.52, 0.57 | 0 |
/// | 250: the same, 70 pixels | −0.15, 0.37, 0.75, 0.78 | 0 |
/// | 500: edits, each JPEG at quality 40 | 0.82, 0.97, 1.00, 1.00 | 495 |
///
/// The edits: about half each turned or mirrored, cropped to 60–90 %, halved, made grey; two thirds up to 30 % darker or
/// brighter. No edge was farther off than 1.2 % of the side. Correlation alone does not tell: two portraits of one man
/// reach 0.94, and edits that clip begin at 0.90. A pair took 36 ms of processor time while other builds ran.
/// Again: `LIKENESS_LFW=FOLDER cargo test --release --lib registration_is_measured -- --ignored --nocapture`
const LEAST_AGREEMENT: f32 = 0.8;
/// Frames whose edges are nearer are one place.
const SAME_PLACE: f32 = 0.05;
/// A cut of less than a pixel is none.
const NO_CROP: f32 = 1.0 / Thumbnail::LONG_SIDE as f32;

/// What was done to `old` to get `new`, and how well they agree, up to 1.
///
/// Finds any of the eight turns, a crop that keeps a quarter of each side, another size, compression, brightness,
/// contrast, and grey. None where they are two pictures, where a part of the picture is another one, or where two places
/// do equally well.
pub(crate) fn register(old: &Thumbnail, new: &Thumbnail) -> Option<(Edit, f32)> {
    let mut places = best_places(&old.0, &new.0).into_iter().filter(|(_, score)| *score >= LEAST_AGREEMENT);
    let (mut edit, score) = places.next()?;
    // Another place, because no two of them are near each other.
    if places.next().is_some() {
        return None;
    }
    if distance(edit.crop, RelativeRect::WHOLE) < NO_CROP {
        edit.crop = RelativeRect::WHOLE;
    }
    Some((edit, score))
}

/// The places with the highest correlation, the best first, and how well the pictures agree there.
fn best_places(old: &Grey, new: &Grey) -> Vec<(Edit, f32)> {
    if [old, new].iter().any(|grey| grey.width.min(grey.height) < LEAST_SIDE) {
        return Vec::new();
    }
    let turned = Orientation::ALL.map(|orientation| (orientation, old.turned(orientation)));
    let turned_by = |orientation: Orientation| &turned[orientation as usize - 1].1;
    let mut candidates: Vec<_> = turned.iter().flat_map(|(orientation, old)| coarse(*orientation, old, new)).collect();
    for (side, kept) in FINE_SIDES.into_iter().zip(KEPT) {
        candidates = best_first(candidates, kept, SAME_PLACE);
        for candidate in &mut candidates {
            let edit = candidate.edit;
            Fine::new(turned_by(edit.orientation), new, edit.crop, side).refine(candidate);
        }
    }
    let agreement = |edit: Edit| {
        let fine = Fine::new(turned_by(edit.orientation), new, edit.crop, Thumbnail::LONG_SIDE as f32);
        (edit, fine.agreement(edit.crop).score())
    };
    best_first(candidates, usize::MAX, SAME_PLACE).into_iter().map(|best| agreement(best.edit)).collect()
}

/// A place of the new picture in the old one.
#[derive(Debug, Clone, Copy)]
struct Placement {
    edit: Edit,
    /// Correlation.
    score: f32,
}

/// The best candidates, of those at one place only the best.
fn best_first(mut candidates: Vec<Placement>, kept: usize, gap: f32) -> Vec<Placement> {
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut best: Vec<Placement> = Vec::new();
    for candidate in candidates {
        if best.len() == kept {
            break;
        }
        if !best.iter().any(|better| is_near(better.edit, candidate.edit, gap)) {
            best.push(candidate);
        }
    }
    best
}

fn is_near(a: Edit, b: Edit, gap: f32) -> bool {
    a.orientation == b.orientation && distance(a.crop, b.crop) < gap
}

/// The best places for one turn, no two of them beside each other.
fn coarse(orientation: Orientation, old: &Grey, new: &Grey) -> Vec<Placement> {
    let old = old.with_long_side(COARSE_SIDE);
    let aspect = new.width as f32 / new.height as f32;
    let (old_width, old_height) = (old.width as f32, old.height as f32);
    let largest = old_width.min(old_height * aspect).round() as usize;
    let least = (LEAST_CROP * old_width).max(LEAST_CROP * old_height * aspect).ceil() as usize;
    let sums = correlation::Sums::new(&old);
    let mut found = Vec::new();
    for width in least.max(4)..=largest {
        let height = ((width as f32 / aspect).round() as usize).clamp(1, old.height);
        let template = correlation::Template::new(&new.resized(width, height));
        for y in 0..=old.height - height {
            for x in 0..=old.width - width {
                let score = template.correlation(&old, &sums, x, y);
                let crop =
                    [x as f32 / old_width, y as f32 / old_height, width as f32 / old_width, height as f32 / old_height];
                found.push(Placement { edit: Edit { orientation, crop: frame(crop) }, score });
            }
        }
    }
    best_first(found, KEPT_OF_TURN, 3.0 / COARSE_SIDE)
}

fn frame([x, y, width, height]: [f32; 4]) -> RelativeRect {
    RelativeRect { x, y, width, height }
}

/// How far the edges of two frames are from each other at most.
fn distance(a: RelativeRect, b: RelativeRect) -> f32 {
    let edges = |frame: RelativeRect| [frame.x, frame.y, frame.x + frame.width, frame.y + frame.height];
    edges(a).into_iter().zip(edges(b)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// One size of both pictures, in which a place is refined.
struct Fine {
    old: Grey,
    new: Grey,
}

impl Fine {
    /// Both pictures as fine as the coarser of them in that crop, and the old one at most `side` long.
    fn new(old: &Grey, new: &Grey, crop: RelativeRect, side: f32) -> Self {
        let long = old.width.max(old.height) as f32;
        let as_new = (new.width as f32 / (crop.width * old.width as f32)).min(1.0) * long;
        let old = old.with_long_side(side.min(as_new));
        let cells = |share: f32, old: usize, new: usize| ((share * old as f32).round() as usize).clamp(1, new);
        let (width, height) = (cells(crop.width, old.width, new.width), cells(crop.height, old.height, new.height));
        Self { new: new.resized(width, height), old }
    }

    fn score(&self, crop: RelativeRect) -> f32 {
        correlation(&self.cut(crop), &self.new.values)
    }

    /// The old picture in that frame, in as many pixels as the new one has.
    fn cut(&self, crop: RelativeRect) -> Vec<f32> {
        let (width, height) = (self.new.width, self.new.height);
        let across = crop.width * self.old.width as f32 / width as f32;
        let down = crop.height * self.old.height as f32 / height as f32;
        let (left, top) = (crop.x * self.old.width as f32, crop.y * self.old.height as f32);
        let mut values = Vec::with_capacity(width * height);
        for row in 0..height {
            let y = top + (row as f32 + 0.5) * down;
            values.extend((0..width).map(|column| self.old.at(left + (column as f32 + 0.5) * across, y)));
        }
        values
    }

    fn agreement(&self, crop: RelativeRect) -> Agreement {
        Agreement::new(&self.cut(crop), &self.new.values, self.new.width)
    }

    /// Shifts, grows and stretches the frame while that helps, by less and less.
    fn refine(&self, candidate: &mut Placement) {
        candidate.score = self.score(candidate.edit.crop);
        let pixel = [1.0 / self.old.width as f32, 1.0 / self.old.height as f32];
        for step in [0.8, 0.4, 0.2] {
            // What does not end after some rounds follows a plateau.
            for _ in 0..3 {
                if !self.improve(candidate, pixel.map(|side| side * step)) {
                    break;
                }
            }
        }
    }

    fn improve(&self, candidate: &mut Placement, [across, down]: [f32; 2]) -> bool {
        // Left, top, right, bottom.
        const MOVES: [[f32; 4]; 5] = [
            [1.0, 0.0, 1.0, 0.0],
            [0.0, 1.0, 0.0, 1.0],
            [-0.5, -0.5, 0.5, 0.5],
            [-0.5, 0.0, 0.5, 0.0],
            [0.0, -0.5, 0.0, 0.5],
        ];
        let before = candidate.score;
        for [left, top, right, bottom] in MOVES {
            for sign in [-1.0, 1.0] {
                let crop = moved(
                    candidate.edit.crop,
                    [left * across, top * down, right * across, bottom * down].map(|m| m * sign),
                );
                let score = self.score(crop);
                if score > candidate.score {
                    (candidate.edit.crop, candidate.score) = (crop, score);
                    break;
                }
            }
        }
        candidate.score > before
    }
}

/// With other edges, inside of the picture and no smaller than a crop may be.
fn moved(crop: RelativeRect, [left, top, right, bottom]: [f32; 4]) -> RelativeRect {
    let along = |start: f32, length: f32, before: f32, after: f32| {
        let start_at = (start + before).clamp(0.0, 1.0 - LEAST_CROP);
        let end = (start + length + after).clamp(start_at + LEAST_CROP, 1.0);
        (start_at, end - start_at)
    };
    let (x, width) = along(crop.x, crop.width, left, right);
    let (y, height) = along(crop.y, crop.height, top, bottom);
    RelativeRect { x, y, width, height }
}

#[cfg(test)]
mod measured;
#[cfg(test)]
mod tests;
