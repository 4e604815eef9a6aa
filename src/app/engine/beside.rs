//! Work on the device, and what the processor makes of its answers: while the one goes on to the next, the other need not
//! wait.

use super::budget::ByteBudget;

/// Does the first part of the work for one after another on this thread, and the rest of each on the others meanwhile; as
/// many of these at once as take so many bytes. The answers are in the order of the items.
pub(crate) fn one_after_another<T: Sync, F: Send, O: Send>(
    items: &[T],
    budget: u64,
    first: impl Fn(&T) -> F,
    bytes: impl Fn(&T, &F) -> u64,
    rest: impl Fn(&T, F) -> O + Sync + Send,
) -> Vec<O> {
    let budget = ByteBudget::new(budget);
    let mut answers: Vec<Option<O>> = Vec::new();
    answers.resize_with(items.len(), || None);
    rayon::in_place_scope(|scope| {
        for (item, answer) in items.iter().zip(&mut answers) {
            let found = first(item);
            // This thread is none of those who do the rest, so that room comes while it waits.
            let held = budget.hold(bytes(item, &found), &|| false);
            let rest = &rest;
            scope.spawn(move |_| {
                *answer = Some(rest(item, found));
                drop(held);
            });
        }
    });
    answers.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crossbeam_channel::bounded;

    use super::*;

    #[test]
    fn the_rest_of_one_is_done_while_the_next_is_begun() {
        let (did, done) = bounded(8);
        let first = |item: &usize| {
            // Nobody has done the rest of the one before unless somebody else does it.
            let before = (*item > 0).then(|| done.recv_timeout(Duration::from_secs(20)).expect("done meanwhile"));
            assert_eq!(before, item.checked_sub(1));
            item * 10
        };
        let rest = |item: &usize, found: usize| {
            did.send(*item).unwrap();
            found + item
        };
        assert_eq!(one_after_another(&[0, 1, 2, 3], 100, first, |_, _| 40, rest), [0, 11, 22, 33]);
    }
}
