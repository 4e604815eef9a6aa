//! How a program counts: which turn makes its regions upright.
//!
//! A program has a habit, as stored or as shown, and some photos depart from it: they were written by an older
//! version, or turned since. For each photo the turn is chosen by what its own faces say and by how often the program
//! counted that way in the others, as a naive Bayesian would. A region fits a face by chance, under a wrong turn, about
//! one time in twenty, and fits none under the right one, since the face was not found, about one in seven. So a region
//! that fits under one turn and not under another speaks for it about a hundred to one: one region never outweighs a
//! habit of hundreds of photos, three do.

use std::cmp::Ordering;

use super::regions::DrawnShape;
use super::{PhotoRegions, assign};
use crate::metadata::found::StatedFrame;
use crate::metadata::region_box::ExifTurn;

/// What one program's regions fitted, over the library.
#[derive(Debug, Default)]
pub(super) struct Votes {
    /// In photos that need turning, where the two readings differ.
    stored: f64,
    upright: f64,
    /// Of photos with an orientation (first index), faces that each turn fits (second).
    by_turn: [[f64; 8]; 8],
}

/// ln (0.85 / 0.05) + ln (0.95 / 0.15): see above.
const PER_FIT: f64 = 4.7;
/// What the source says of itself counts as much as two faces.
const STATED: f64 = 2.0;
/// The two readings that programs have, as stored and as shown, where nothing speaks for them.
const UNHEARD: f64 = 0.05;
/// Another turn: the picture was turned since. One face that lies there by chance does not say so.
const TURNED_SINCE: f64 = UNHEARD / 100.0;
/// Nobody turns a picture into its mirror image.
const MIRRORED_SINCE: f64 = UNHEARD / 10_000.0;
/// The size that the region was drawn in speaks against the turn: some programs write the wrong one.
const CONTRADICTED: f64 = 2.0;
/// A turn is sure if it is e³ = 20 times likelier than the next.
const SURE: f64 = 3.0;

/// What one photo says.
struct PhotoVote {
    fits: [usize; 8],
    /// The share of its vote that each turn gets.
    by_turn: [f64; 8],
    stored: f64,
    upright: f64,
}

impl Votes {
    pub(super) fn count(&mut self, group: &PhotoRegions) {
        let vote = PhotoVote::of(group);
        let of_own = &mut self.by_turn[group.photo.turn.index()];
        of_own.iter_mut().zip(vote.by_turn).for_each(|(votes, own)| *votes += own);
        self.stored += vote.stored;
        self.upright += vote.upright;
    }

    /// The turn of a photo's regions, and whether it is sure. `group` has been counted.
    pub(super) fn turn_of(&self, group: &PhotoRegions) -> (ExifTurn, bool) {
        let vote = PhotoVote::of(group);
        let score = |turn: ExifTurn| PER_FIT * vote.fits[turn.index()] as f64 + self.habit(group, &vote, turn);
        let mut scored: Vec<(f64, ExifTurn)> = ExifTurn::all().map(|turn| (score(turn), turn)).collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        (scored[0].1, scored[0].0 - scored[1].0 >= SURE)
    }

    pub(super) fn stored_and_upright(&self) -> (f32, f32) {
        (self.stored as f32, self.upright as f32)
    }

    /// The logarithm of how much speaks for a turn beside the photo's own faces: the other photos, and the source.
    fn habit(&self, group: &PhotoRegions, vote: &PhotoVote, turn: ExifTurn) -> f64 {
        let own = group.photo.turn;
        let stated = |frame| if group.regions.iter().any(|(_, region)| region.frame == frame) { STATED } else { 0.0 };
        let unheard = unheard(turn, own);
        let mut votes = unheard + self.by_turn[own.index()][turn.index()] - vote.by_turn[turn.index()];
        if turn == own {
            votes += self.stored - vote.stored + stated(StatedFrame::Stored);
        }
        if turn == ExifTurn::NONE {
            votes += self.upright - vote.upright + stated(StatedFrame::Upright);
        }
        let against = if group.shape(turn) == DrawnShape::Contradicts { CONTRADICTED } else { 0.0 };
        votes.max(unheard).ln() - against
    }
}

impl PhotoVote {
    /// The turns that fit most faces share the photo's vote, each as far as it is likely before: two faces beside each
    /// other fit mirrored and upside down as well. If all fit alike, it has none.
    fn of(group: &PhotoRegions) -> Self {
        let fits = fits_by_turn(group);
        let mut vote = Self { fits, by_turn: [0.0; 8], stored: 0.0, upright: 0.0 };
        let most = fits.iter().copied().max().unwrap_or(0);
        let as_good = fits.iter().filter(|&&count| count == most).count();
        if most == 0 || as_good == fits.len() {
            return vote;
        }
        let fitting = || ExifTurn::all().filter(|turn| fits[turn.index()] == most);
        let all: f64 = fitting().map(|turn| unheard(turn, group.photo.turn)).sum();
        for turn in fitting() {
            vote.by_turn[turn.index()] = most as f64 * unheard(turn, group.photo.turn) / all;
        }
        let (stored, upright) = (fits[group.photo.turn.index()], fits[ExifTurn::NONE.index()]);
        // Whichever fits more, so that chance hits of the other do not add up.
        match stored.cmp(&upright) {
            Ordering::Greater => vote.stored = stored as f64,
            Ordering::Less => vote.upright = upright as f64,
            Ordering::Equal => {}
        }
        vote
    }
}

/// How likely a turn is where nothing speaks for it.
fn unheard(turn: ExifTurn, own: ExifTurn) -> f64 {
    match turn {
        turn if turn == own || turn == ExifTurn::NONE => UNHEARD,
        turn if turn.is_mirrored() != own.is_mirrored() => MIRRORED_SINCE,
        _ => TURNED_SINCE,
    }
}

/// How many regions are faces under each turn.
fn fits_by_turn(group: &PhotoRegions) -> [usize; 8] {
    let mut fits = [0; 8];
    if !group.photo.faces.is_empty() {
        for turn in ExifTurn::all() {
            let assigned = assign(&group.fits(&group.upright(turn)));
            fits[turn.index()] = assigned.iter().flatten().count();
        }
    }
    fits
}
