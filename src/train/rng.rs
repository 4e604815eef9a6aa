//! Randomness as a pure function of seed, purpose and position.
//!
//! Every random choice of a run draws from its own stream, found by what it is for and which step it belongs to. So a
//! resumed run needs no saved generator: step 812 draws what it would have drawn without the interruption, whatever
//! was prefetched before.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// What the random numbers are for: no two purposes share a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
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
    Projection = 13,
    Mixing = 14,
}

/// The stream of `purpose` at `position` (a step, an epoch) and `item` (an anchor, a picture) within it.
pub(crate) fn stream(seed: u64, purpose: Purpose, position: u64, item: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (slot, word) in key.chunks_exact_mut(8).zip([seed, purpose as u64, position, item]) {
        slot.copy_from_slice(&word.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}

/// One of `count` numbers from 0, from a single draw of 64 bits. Written out, as is [`shuffle`], so that a program in
/// another language makes the same choices (`tests/fixtures/train/davidsandberg.py`).
pub fn below(rng: &mut ChaCha8Rng, count: usize) -> usize {
    ((u128::from(rng.next_u64()) * count as u128) >> 64) as usize
}

/// Fisher and Yates, from the last place down.
pub fn shuffle<T>(rng: &mut ChaCha8Rng, items: &mut [T]) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(rng, last + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
