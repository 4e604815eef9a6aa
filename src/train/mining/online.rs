//! Triplets within one mini-batch.

use rayon::prelude::*;

use super::harmonic::Combinations;
use super::{Mined, MiningRule, Negatives, Points, Positives, Space};
use crate::train::loss::Triplet;
use crate::train::rng::{Purpose, below, stream};
use crate::types::Cancel;

/// Where the random choices of one mining come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draw {
    pub seed: u64,
    pub step: u64,
}

/// Mines the vectors of the learning network alone.
pub(crate) fn mine(points: Points<'_>, rule: MiningRule, margin: f32, draw: Draw) -> Mined {
    mine_combinations(points, rule, margin, &Combinations::only_new(), draw)
}

/// The same; once it is cancelled, further anchors give nothing.
pub(super) fn mine_until(points: Points<'_>, rule: MiningRule, margin: f32, draw: Draw, cancel: &Cancel) -> Mined {
    mine_anchors(points, rule, margin, &Combinations::only_new(), draw, cancel)
}

/// Mines the vectors of both networks, in the allowed combinations. Anchors are independent of each other, so they
/// are spread over the cores; each has its own random stream, so the result does not depend on how.
pub(crate) fn mine_combinations(
    points: Points<'_>,
    rule: MiningRule,
    margin: f32,
    allowed: &Combinations,
    draw: Draw,
) -> Mined {
    mine_anchors(points, rule, margin, allowed, draw, &Cancel::default())
}

fn mine_anchors(
    points: Points<'_>,
    rule: MiningRule,
    margin: f32,
    allowed: &Combinations,
    draw: Draw,
    cancel: &Cancel,
) -> Mined {
    let per_anchor: Vec<Mined> = (0..points.len())
        .into_par_iter()
        .filter(|_| !cancel.is_cancelled())
        .map(|anchor| mine_anchor(points, rule, margin, allowed, draw, anchor))
        .collect();
    let mut all = Mined::default();
    for mined in per_anchor {
        all.pairs += mined.pairs;
        all.triplets.extend(mined.triplets);
    }
    all
}

fn mine_anchor(
    points: Points<'_>,
    rule: MiningRule,
    margin: f32,
    allowed: &Combinations,
    draw: Draw,
    anchor: usize,
) -> Mined {
    let neighbours = AnchorNeighbours::of(points, allowed, anchor);
    let mut rng = stream(draw.seed, Purpose::Mining, draw.step, anchor as u64);
    let mut mined = Mined::default();
    for &(d_ap, positive) in &positives_by_rule(points, &neighbours.positives, rule.positives, anchor) {
        mined.pairs += 1;
        let farther_than = match rule.negatives {
            Negatives::SemiHardClosest | Negatives::SemiHardRandom => Some(d_ap),
            Negatives::Hardest | Negatives::AnyViolating => None,
        };
        let spaces = allowed.negatives_of(points.spaces[anchor], points.spaces[positive]);
        let lists = spaces.map(|space| between(neighbours.negatives(space), farther_than, d_ap + margin));
        let negative = match rule.negatives {
            Negatives::SemiHardClosest | Negatives::Hardest => closest(lists),
            Negatives::SemiHardRandom | Negatives::AnyViolating => random(lists, |count| below(&mut rng, count)),
        };
        if let Some(negative) = negative {
            mined.triplets.push(Triplet {
                anchor: anchor as u32,
                positive: positive as u32,
                negative: negative as u32,
            });
        }
    }
    mined
}

/// A vector and its squared distance to the anchor.
type Neighbour = (f32, usize);

struct AnchorNeighbours {
    /// In order of their rows.
    positives: Vec<Neighbour>,
    /// In order of distance, rows breaking ties; one list a space.
    new_negatives: Vec<Neighbour>,
    old_negatives: Vec<Neighbour>,
}

impl AnchorNeighbours {
    fn of(points: Points<'_>, allowed: &Combinations, anchor: usize) -> Self {
        let mut found = Self { positives: Vec::new(), new_negatives: Vec::new(), old_negatives: Vec::new() };
        for other in 0..points.len() {
            let same_person = points.people[other] == points.people[anchor];
            if other == anchor || (same_person && !allowed.has_pair(points.spaces[anchor], points.spaces[other])) {
                continue;
            }
            let neighbour = (points.squared_distance(anchor, other), other);
            match (same_person, points.spaces[other]) {
                (true, _) => found.positives.push(neighbour),
                (false, Space::New) => found.new_negatives.push(neighbour),
                (false, Space::Old) => found.old_negatives.push(neighbour),
            }
        }
        for list in [&mut found.new_negatives, &mut found.old_negatives] {
            list.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        }
        found
    }

    fn negatives(&self, space: Option<Space>) -> &[Neighbour] {
        match space {
            Some(Space::New) => &self.new_negatives,
            Some(Space::Old) => &self.old_negatives,
            None => &[],
        }
    }
}

fn positives_by_rule(points: Points<'_>, positives: &[Neighbour], rule: Positives, anchor: usize) -> Vec<Neighbour> {
    // Of two networks the combination says whose vector is the anchor.
    let across = |row: usize| points.spaces[row] != points.spaces[anchor];
    match rule {
        Positives::AllPairs => positives.to_vec(),
        Positives::EachPairOnce => positives.iter().copied().filter(|&(_, row)| row > anchor || across(row)).collect(),
        Positives::Hardest => {
            // `max_by` keeps the last of equals: reversed, the first.
            positives.iter().rev().copied().max_by(|a, b| a.0.total_cmp(&b.0)).into_iter().collect()
        }
    }
}

/// The part of a sorted list with `above < distance < below`.
fn between(list: &[Neighbour], above: Option<f32>, below: f32) -> &[Neighbour] {
    let start = above.map_or(0, |limit| list.partition_point(|&(distance, _)| distance <= limit));
    let end = list.partition_point(|&(distance, _)| distance < below);
    &list[start..end.max(start)]
}

fn closest(lists: [&[Neighbour]; 2]) -> Option<usize> {
    let first = lists.iter().filter_map(|list| list.first());
    first.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map(|&(_, row)| row)
}

fn random(lists: [&[Neighbour]; 2], mut draw: impl FnMut(usize) -> usize) -> Option<usize> {
    let count = lists[0].len() + lists[1].len();
    if count == 0 {
        return None;
    }
    // By row and not by distance, where two that are nearly as far could change places on another device.
    let mut rows: Vec<usize> = lists.concat().into_iter().map(|(_, row)| row).collect();
    Some(*rows.select_nth_unstable(draw(count)).1)
}

#[cfg(test)]
mod tests {
    use super::super::reference;
    use super::*;
    use std::collections::BTreeSet;

    const MARGIN: f32 = 0.2;

    #[test]
    fn every_rule_agrees_with_the_plain_reference() {
        for seed in 0..4 {
            let cloud = reference::Cloud::random(seed, 7, 6, false);
            for positives in [Positives::AllPairs, Positives::EachPairOnce, Positives::Hardest] {
                for negatives in [Negatives::SemiHardClosest, Negatives::Hardest] {
                    let rule = MiningRule { positives, negatives };
                    let mined = mine(cloud.points(), rule, MARGIN, Draw { seed, step: 0 });
                    let wanted = reference::candidates(cloud.points(), rule, MARGIN, &Combinations::only_new());
                    let first: Vec<Triplet> = wanted.iter().filter_map(|pair| pair.first_triplet()).collect();
                    assert!(first.len() > 5, "nothing to compare");
                    assert_eq!((mined.triplets, mined.pairs), (first, wanted.len()), "{rule:?}");
                }
            }
        }
    }

    #[test]
    fn random_rules_choose_only_and_all_candidates() {
        let cloud = reference::Cloud::random(5, 6, 5, false);
        for negatives in [Negatives::SemiHardRandom, Negatives::AnyViolating] {
            let rule = MiningRule { positives: Positives::AllPairs, negatives };
            let wanted = reference::candidates(cloud.points(), rule, MARGIN, &Combinations::only_new());
            let mut seen: BTreeSet<Triplet> = BTreeSet::new();
            for step in 0..400 {
                let mined = mine(cloud.points(), rule, MARGIN, Draw { seed: 1, step });
                assert_eq!(mined.triplets.len(), wanted.iter().filter(|pair| !pair.negatives.is_empty()).count());
                seen.extend(mined.triplets);
            }
            let all: BTreeSet<Triplet> = wanted.iter().flat_map(|pair| pair.triplets()).collect();
            assert_eq!(seen, all, "{negatives:?}");
        }
    }

    #[test]
    fn the_same_draw_gives_the_same_triplets() {
        let cloud = reference::Cloud::random(9, 6, 5, false);
        let rule = MiningRule { positives: Positives::AllPairs, negatives: Negatives::SemiHardRandom };
        let cancelled = Cancel::default();
        cancelled.cancel();
        let given_up = mine_until(cloud.points(), rule, MARGIN, Draw { seed: 3, step: 4 }, &cancelled);
        assert_eq!((given_up.pairs, given_up.triplets.len()), (0, 0));
        let mine = |step| mine(cloud.points(), rule, MARGIN, Draw { seed: 3, step }).triplets;
        assert_eq!(mine(4), mine(4));
        assert_ne!(mine(4), mine(5));
    }

    #[test]
    fn one_person_alone_gives_no_triplet() {
        let cloud = reference::Cloud::random(2, 1, 6, false);
        let mined = mine(cloud.points(), MiningRule::default(), MARGIN, Draw { seed: 0, step: 0 });
        assert_eq!((mined.triplets.len(), mined.pairs), (0, 30));
    }
}
