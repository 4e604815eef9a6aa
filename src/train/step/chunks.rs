//! Which pictures of a batch pass the network together, where it cannot take all at once.
//!
//! Batch norm in training sees its chunk alone: of one or two people it takes away what tells them from others, and of
//! a single picture, where maps are 1×1, it leaves its shift. So every chunk is a small likeness of the batch.

use std::ops::Range;

/// `rows` in as few chunks as hold `at_most` each. A person's pictures are dealt out over all chunks, so that no chunk
/// has two more of them than another, and no chunk is two pictures larger than another. None has a picture alone,
/// unless there is no second: rather one has a picture too many.
pub(super) fn balanced(rows: &[usize], people: &[u32], at_most: usize) -> Vec<Vec<usize>> {
    let count = rows.len().div_ceil(at_most.max(1)).min(rows.len() / 2).max(1);
    let mut by_person = rows.to_vec();
    by_person.sort_by_key(|&row| people[row]);
    let chunk = |number: usize| by_person.iter().skip(number).step_by(count).copied().collect();
    (0..count).map(chunk).collect()
}

/// The rows of a batch in their order, `at_most` together; a last one that would be alone goes with those before it.
pub(in crate::train) fn in_order(rows: usize, at_most: usize) -> Vec<Range<usize>> {
    let at_most = at_most.max(2);
    let count = if rows % at_most == 1 { rows / at_most } else { rows.div_ceil(at_most) }.max(1);
    (0..count).map(|number| number * at_most..if number + 1 == count { rows } else { (number + 1) * at_most }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn in_their_order_none_is_alone_either() {
        assert_eq!(in_order(180, 90), [0..90, 90..180]);
        assert_eq!(in_order(185, 90), [0..90, 90..180, 180..185]);
        assert_eq!(in_order(181, 90), [0..90, 90..181]);
        for (rows, together) in [(1, 0..1), (91, 0..91), (0, 0..0)] {
            assert!(in_order(rows, 90).into_iter().eq([together]), "{rows}");
        }
    }

    #[test]
    fn every_chunk_has_as_many_of_each_person_as_the_others_and_none_is_alone() {
        // 45 people with 1 to 40 pictures in their order, and strangers behind them.
        let mut people: Vec<u32> = (0..45).flat_map(|id| vec![id; 1 + (id as usize * 7) % 40]).collect();
        people.extend((0..13).map(|stranger| 100 + stranger % 9));
        for (rows, at_most) in [(people.len(), 60), (61, 60), (121, 60), (60, 12), (5, 2), (3, 2), (2, 1), (1, 60)] {
            let all: Vec<usize> = (0..rows).collect();
            let chunks = balanced(&all, &people, at_most);
            assert_eq!(chunks.concat().into_iter().collect::<BTreeSet<_>>().len(), rows);
            let spread = |counts: Vec<usize>| counts.iter().max().unwrap() - counts.iter().min().unwrap();
            assert!(spread(chunks.iter().map(Vec::len).collect()) <= 1);
            assert!(rows < 2 || chunks.iter().all(|chunk| (2..=at_most.max(3)).contains(&chunk.len())));
            for person in &people[..rows] {
                let of_person = |chunk: &Vec<usize>| chunk.iter().filter(|&&row| people[row] == *person).count();
                assert!(spread(chunks.iter().map(of_person).collect()) <= 1);
            }
        }
        assert_eq!(balanced(&(0..121).collect::<Vec<_>>(), &people, 60).len(), 3);
    }
}
