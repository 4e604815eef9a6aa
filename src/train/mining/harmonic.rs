//! Harmonic triplets (Schroff et al. 2015, appendix, section 7): vectors of a frozen network (v1) and of the one being
//! trained (v2) are mixed, so that new vectors can be compared with stored old ones.
//!
//! The paper says that "semi-hard negatives are selected from the whole set of both v1 and v2 embeddings", and draws
//! three triplets without listing which combinations are used. So the set is configurable; by default every triplet
//! with at least one v2 member takes part (a pure v1 triplet has no gradient). A picture's own v1 vector counts as a
//! positive of its v2 vector.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Space;

/// Which network's vectors may stand as (anchor, positive, negative).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Combinations(BTreeSet<[Space; 3]>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CombinationError {
    #[error("a combination is three of 1 (the old network) and 2 (the new), such as 212; got {0}")]
    NotThreeSpaces(String),
    #[error("the combination 111 holds nothing that learns")]
    NothingLearns,
    #[error("no combination is given")]
    Empty,
}

impl Combinations {
    /// Ordinary training: the learning network alone.
    pub fn only_new() -> Self {
        Self(BTreeSet::from([[Space::New; 3]]))
    }

    /// Every combination with at least one vector of the learning network.
    pub fn all_that_learn() -> Self {
        let both = [Space::New, Space::Old];
        let all = both.into_iter().flat_map(|a| both.map(|p| both.map(|n| [a, p, n]))).flatten();
        Self(all.filter(|combination| combination.contains(&Space::New)).collect())
    }

    /// Reads "222,121,212": anchor, positive, negative, each by version.
    pub fn parse(text: &str) -> Result<Self, CombinationError> {
        let mut combinations = BTreeSet::new();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let combination = parse_one(word).ok_or_else(|| CombinationError::NotThreeSpaces(word.to_owned()))?;
            if combination == [Space::Old; 3] {
                return Err(CombinationError::NothingLearns);
            }
            combinations.insert(combination);
        }
        if combinations.is_empty() { Err(CombinationError::Empty) } else { Ok(Self(combinations)) }
    }

    pub fn has(&self, anchor: Space, positive: Space, negative: Space) -> bool {
        self.0.contains(&[anchor, positive, negative])
    }

    pub fn has_pair(&self, anchor: Space, positive: Space) -> bool {
        self.negatives_of(anchor, positive).iter().any(Option::is_some)
    }

    /// The spaces a negative of this pair may come from.
    pub fn negatives_of(&self, anchor: Space, positive: Space) -> [Option<Space>; 2] {
        [Space::New, Space::Old].map(|space| self.has(anchor, positive, space).then_some(space))
    }
}

impl fmt::Display for Combinations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = |space: &Space| if *space == Space::Old { '1' } else { '2' };
        let words: Vec<String> = self.0.iter().map(|three| three.iter().map(digit).collect()).collect();
        f.write_str(&words.join(", "))
    }
}

fn parse_one(word: &str) -> Option<[Space; 3]> {
    let space = |version| match version {
        '1' => Some(Space::Old),
        '2' => Some(Space::New),
        _ => None,
    };
    word.chars().map(space).collect::<Option<Vec<_>>>()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::super::online::{Draw, mine_combinations};
    use super::super::{MiningRule, Negatives, Positives, reference};
    use super::*;
    use crate::train::loss::Triplet;
    use std::collections::BTreeMap;

    #[test]
    fn mining_both_spaces_agrees_with_the_plain_reference() {
        for (seed, allowed) in [
            (0, Combinations::all_that_learn()),
            (1, Combinations::parse("222,121,212").unwrap()),
            (2, Combinations::parse("211").unwrap()),
        ] {
            let cloud = reference::Cloud::random(seed, 6, 5, true);
            for positives in [Positives::AllPairs, Positives::EachPairOnce, Positives::Hardest] {
                for negatives in [Negatives::SemiHardClosest, Negatives::Hardest] {
                    let rule = MiningRule { positives, negatives };
                    let mined = mine_combinations(cloud.points(), rule, 0.2, &allowed, Draw { seed, step: 0 });
                    let wanted = reference::candidates(cloud.points(), rule, 0.2, &allowed);
                    let first: Vec<Triplet> = wanted.iter().filter_map(|pair| pair.first_triplet()).collect();
                    assert!(!first.is_empty());
                    assert_eq!((mined.triplets, mined.pairs), (first, wanted.len()), "{rule:?} {allowed:?}");
                }
            }
        }
    }

    /// Six people with five pictures: 10 pairs of pictures a person. The hardest negative always violates so large a margin.
    #[test]
    fn each_combination_has_each_pair_once() {
        let cloud = reference::Cloud::random(4, 6, 5, true);
        let rule = MiningRule { positives: Positives::EachPairOnce, negatives: Negatives::Hardest };
        let within = BTreeMap::from([("222", 60), ("221", 60), ("112", 60)]);
        for combination in ["222", "221", "212", "211", "122", "121", "112"] {
            let allowed = Combinations::parse(combination).unwrap();
            let mined = mine_combinations(cloud.points(), rule, 4.0, &allowed, Draw { seed: 1, step: 0 });
            let pairs: BTreeSet<[u32; 2]> = mined.triplets.iter().map(|t| [t.anchor, t.positive]).collect();
            // Of two networks each of five vectors meets each of the other five.
            let wanted = within.get(combination).copied().unwrap_or(6 * 25);
            assert_eq!((mined.triplets.len(), pairs.len()), (wanted, wanted), "{combination}");
        }
    }

    #[test]
    fn random_negatives_come_from_both_networks() {
        let cloud = reference::Cloud::random(3, 6, 5, true);
        let rule = MiningRule { positives: Positives::AllPairs, negatives: Negatives::SemiHardRandom };
        let allowed = Combinations::all_that_learn();
        let mined = mine_combinations(cloud.points(), rule, 0.2, &allowed, Draw { seed: 1, step: 0 });
        let spaces: BTreeSet<Space> =
            mined.triplets.iter().map(|triplet| cloud.points().spaces[triplet.negative as usize]).collect();
        assert_eq!(spaces.len(), 2);
        let candidates = reference::candidates(cloud.points(), rule, 0.2, &allowed);
        let all: BTreeSet<Triplet> = candidates.iter().flat_map(|pair| pair.triplets()).collect();
        assert!(mined.triplets.iter().all(|triplet| all.contains(triplet)));
    }

    #[test]
    fn reads_combinations_and_refuses_those_that_cannot_learn() {
        assert_eq!(Combinations::parse("222").unwrap(), Combinations::only_new());
        assert_eq!(Combinations::all_that_learn().0.len(), 7);
        assert_eq!(Combinations::parse("222,111"), Err(CombinationError::NothingLearns));
        assert_eq!(Combinations::parse("22"), Err(CombinationError::NotThreeSpaces("22".to_owned())));
        assert_eq!(Combinations::parse(" ,"), Err(CombinationError::Empty));
    }
}
