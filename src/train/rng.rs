//! Randomness as a pure function of seed, purpose and position.
//!
//! Every random choice of a run draws from its own stream, found by what it is for and which step it belongs to. So a
//! resumed run needs no saved generator: step 812 draws what it would have drawn without the interruption, whatever
//! was prefetched before.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// What the random numbers are for: no two purposes share a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    PeopleOrder = 1,
    Pictures = 2,
    RandomNegatives = 3,
    Mining = 4,
    OfflineSubset = 5,
    Augmentation = 6,
    HeldOutPeople = 7,
    NetworkNoise = 8,
    Inspection = 9,
    Bootstrap = 10,
    LastLayer = 11,
    SampledPairs = 12,
}

/// The stream of `purpose` at `position` (a step, an epoch) and `item` (an anchor, a picture) within it.
pub fn stream(seed: u64, purpose: Purpose, position: u64, item: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (slot, word) in key.chunks_exact_mut(8).zip([seed, purpose as u64, position, item]) {
        slot.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn streams_are_repeatable_and_apart() {
        let first = |seed, purpose, position, item| stream(seed, purpose, position, item).next_u64();
        assert_eq!(first(1, Purpose::Mining, 2, 3), first(1, Purpose::Mining, 2, 3));
        let others = [
            first(2, Purpose::Mining, 2, 3),
            first(1, Purpose::Pictures, 2, 3),
            first(1, Purpose::Mining, 3, 2),
            first(1, Purpose::Mining, 2, 4),
        ];
        assert!(others.iter().all(|&other| other != first(1, Purpose::Mining, 2, 3)));
    }
}
