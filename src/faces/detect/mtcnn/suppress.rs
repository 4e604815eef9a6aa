//! Which of overlapping candidates stay, by the reference's two rules.

use super::refine::{Candidate, Extent};

/// What two boxes share, as a part of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    /// Of all that either covers; extents without the added pixel. Of equal scores the earlier candidate goes first.
    Union,
    /// Of the smaller box; extents with the added pixel. Of equal scores the later candidate goes first, as the
    /// reference's sorting from the end has it.
    Smaller,
}

/// Indices of those that stay, surest first: each whose share with every surer one that stays is at most `limit`.
pub(crate) fn survivors(candidates: &[Candidate], limit: f32, share: Share) -> Vec<usize> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    if share == Share::Smaller {
        order.reverse();
    }
    // A stable sort: what was first among equals stays first.
    order.sort_by(|&a, &b| candidates[b].score.total_cmp(&candidates[a].score));
    let areas: Vec<f32> = candidates.iter().map(|candidate| share.area(candidate)).collect();
    let mut kept: Vec<usize> = Vec::new();
    for index in order {
        let box_of = |other: usize| (&candidates[other], areas[other]);
        if kept.iter().all(|&other| share.between(box_of(other), box_of(index)) <= limit) {
            kept.push(index);
        }
    }
    kept
}

impl Share {
    fn extent(self) -> Extent {
        match self {
            Self::Union => Extent::Between,
            Self::Smaller => Extent::Inclusive,
        }
    }

    fn area(self, candidate: &Candidate) -> f32 {
        let [left, top, right, bottom] = candidate.edges;
        self.extent().of(left, right) * self.extent().of(top, bottom)
    }

    fn between(self, (a, area_a): (&Candidate, f32), (b, area_b): (&Candidate, f32)) -> f32 {
        let side = |axis: usize| {
            let (low, high) = (a.edges[axis].max(b.edges[axis]), a.edges[axis + 2].min(b.edges[axis + 2]));
            self.extent().of(low, high).max(0.0)
        };
        let shared = side(0) * side(1);
        if shared == 0.0 {
            return 0.0;
        }
        match self {
            Self::Union => shared / (area_a + area_b - shared),
            Self::Smaller => shared / area_a.min(area_b),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn candidate(left: f32, side: f32, score: f32) -> Candidate {
        Candidate { edges: [left, 0.0, left + side, side], score }
    }

    #[test]
    fn shares_by_hand() {
        let between =
            |share: Share, a: Candidate, b: Candidate| share.between((&a, share.area(&a)), (&b, share.area(&b)));
        let (a, b) = (candidate(0.0, 9.0, 0.9), candidate(6.0, 9.0, 0.8));
        assert_eq!(between(Share::Union, a, b), 27.0 / 135.0);
        assert_eq!(between(Share::Smaller, a, b), 40.0 / 100.0);
        let small = candidate(2.0, 4.0, 0.8);
        assert_eq!(between(Share::Union, a, small), 16.0 / 81.0);
        assert_eq!(between(Share::Smaller, a, small), 1.0);
        assert_eq!(between(Share::Union, a, candidate(9.0, 9.0, 0.5)), 0.0);
        assert_eq!(between(Share::Smaller, a, candidate(50.0, 9.0, 0.5)), 0.0);
    }

    #[test]
    fn ties_fall_as_in_the_reference() {
        let twins = [candidate(0.0, 9.0, 1.0), candidate(1.0, 9.0, 1.0)];
        assert_eq!(survivors(&twins, 0.5, Share::Union), [0]);
        assert_eq!(survivors(&twins, 0.5, Share::Smaller), [1]);
        assert!(survivors(&[], 0.5, Share::Union).is_empty());
    }

    /// The rule as Matlab and the papers write it: take the surest, strike out what overlaps it, again.
    fn by_striking_out(candidates: &[Candidate], limit: f32, share: Share) -> Vec<usize> {
        let mut left: Vec<usize> = (0..candidates.len()).collect();
        let mut kept = vec![];
        while let Some(&best) =
            left.iter().max_by(|&&a, &&b| candidates[a].score.total_cmp(&candidates[b].score).then(b.cmp(&a)))
        {
            kept.push(best);
            let area = |index: usize| (&candidates[index], share.area(&candidates[index]));
            left.retain(|&other| other != best && share.between(area(best), area(other)) <= limit);
        }
        kept
    }

    #[test]
    fn survivors_are_those_of_striking_out() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for (share, limit) in [(Share::Union, 0.5), (Share::Union, 0.7), (Share::Smaller, 0.7)] {
            let mut random = |_| {
                let [x, y, w, h] = [40.0, 40.0, 30.0, 30.0].map(|most: f32| rng.random::<f32>() * most);
                Candidate { edges: [x, y, x + w, y + h], score: rng.random() }
            };
            let candidates: Vec<Candidate> = (0..200).map(&mut random).collect();
            let kept = survivors(&candidates, limit, share);
            assert_eq!(kept, by_striking_out(&candidates, limit, share));
            assert!(kept.len() > 10 && kept.len() < 190, "{} kept", kept.len());
        }
    }
}
