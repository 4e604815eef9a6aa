//! Who is held out when: blocks of pairs, and sets of identities that share nobody.

use std::collections::BTreeMap;
use std::ops::Range;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::EvalError;

/// `count` consecutive blocks of `pairs` pairs; the first `pairs % count` blocks hold one more
/// (scikit-learn's `KFold` without shuffling).
pub fn blocks(pairs: usize, count: usize) -> Vec<Range<usize>> {
    let (each, longer) = (pairs / count.max(1), pairs % count.max(1));
    let mut start = 0;
    (0..count)
        .map(|block| {
            let end = start + each + usize::from(block < longer);
            std::mem::replace(&mut start, end)..end
        })
        .collect()
}

/// Rows of `labels` dealt into `count` sets so that no person is in two of them: people shuffled with `seed`, then
/// given, the one with most photos first, to the set with the fewest photos.
///
/// # Errors
/// When a set would be left without two photos of one person.
pub(crate) fn identity_disjoint(labels: &[u32], count: usize, seed: u64) -> Result<Vec<Vec<usize>>, EvalError> {
    let mut rows_of: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (row, &label) in labels.iter().enumerate() {
        rows_of.entry(label).or_default().push(row);
    }
    let mut people: Vec<Vec<usize>> = rows_of.into_values().collect();
    let too_few = EvalError::TooFewPeople { people: people.len(), splits: count };
    people.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    people.sort_by_key(|rows| std::cmp::Reverse(rows.len()));
    let mut sets: Vec<(Vec<usize>, usize, bool)> = vec![(Vec::new(), 0, false); count];
    for rows in people {
        let smallest = sets.iter_mut().min_by_key(|(set, ..)| set.len()).ok_or_else(|| too_few.clone())?;
        smallest.1 += 1;
        smallest.2 |= rows.len() > 1;
        smallest.0.extend(rows);
    }
    if sets.iter().any(|(_, people, has_pair)| *people < 2 || !has_pair) {
        return Err(too_few);
    }
    Ok(sets.into_iter().map(|(set, ..)| set).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn blocks_cover_everything_once() {
        assert_eq!(blocks(10, 3), [0..4, 4..7, 7..10]);
        assert_eq!(blocks(6, 3), [0..2, 2..4, 4..6]);
    }

    #[test]
    fn nobody_is_in_two_sets() {
        let labels: Vec<u32> = (0..200).map(|row| row % 37).collect();
        let sets = identity_disjoint(&labels, 5, 7).unwrap();
        let people: Vec<HashSet<u32>> = sets.iter().map(|rows| rows.iter().map(|&row| labels[row]).collect()).collect();
        assert_eq!(people.iter().map(HashSet::len).sum::<usize>(), 37);
        assert_eq!(sets.iter().map(Vec::len).sum::<usize>(), 200);
        assert!(sets.iter().all(|rows| (35..=45).contains(&rows.len())));
        assert_eq!(sets, identity_disjoint(&labels, 5, 7).unwrap());
    }

    #[test]
    fn too_few_people_are_refused() {
        assert!(matches!(
            identity_disjoint(&[1, 1, 2, 2, 3, 3], 5, 0),
            Err(EvalError::TooFewPeople { people: 3, splits: 5 })
        ));
    }
}
