//! The assignment problem: each row to at most one column, each column to at most one row, the sum largest.
//!
//! Shortest augmenting paths with potentials (Kuhn 1955; Jonker and Volgenant, "A shortest augmenting path algorithm
//! for dense and sparse linear assignment problems", Computing 38, 1987): rows² · columns steps for few rows.

/// The column of each row. Only scores above 0 are assigned.
pub(crate) fn assign(scores: &[Vec<f64>]) -> Vec<Option<usize>> {
    let (rows, columns) = (scores.len(), scores.first().map_or(0, Vec::len));
    if rows <= columns {
        return assigned(rows, columns, &|row, column| scores[row][column]);
    }
    let mut of_row = vec![None; rows];
    let of_column = assigned(columns, rows, &|column, row| scores[row][column]);
    for (column, row) in of_column.into_iter().enumerate() {
        if let Some(row) = row {
            of_row[row] = Some(column);
        }
    }
    of_row
}

/// No more rows than columns. A pair that may not be costs nothing and wins nothing, as if its row stayed alone.
fn assigned(rows: usize, columns: usize, score: &dyn Fn(usize, usize) -> f64) -> Vec<Option<usize>> {
    let cost = |row: usize, column: usize| -score(row, column).max(0.0);
    let (mut row_potential, mut potential) = (vec![0.0; rows], vec![0.0; columns]);
    let mut row_of: Vec<Option<usize>> = vec![None; columns];
    for start in 0..rows {
        let mut shortest = vec![f64::INFINITY; columns];
        let mut before: Vec<Option<usize>> = vec![None; columns];
        let mut is_done = vec![false; columns];
        let (mut row, mut from) = (start, None);
        // Until a free column is reached. There is one, as there are no more rows than columns.
        let end = loop {
            let mut nearest: Option<usize> = None;
            for column in (0..columns).filter(|&column| !is_done[column]) {
                let length = cost(row, column) - row_potential[row] - potential[column];
                if length < shortest[column] {
                    (shortest[column], before[column]) = (length, from);
                }
                if nearest.is_none_or(|best| shortest[column] < shortest[best]) {
                    nearest = Some(column);
                }
            }
            let Some(column) = nearest else { break None };
            let step = shortest[column];
            row_potential[start] += step;
            for other in 0..columns {
                match row_of[other].filter(|_| is_done[other]) {
                    Some(reached) => {
                        row_potential[reached] += step;
                        potential[other] -= step;
                    }
                    None if is_done[other] => {}
                    None => shortest[other] -= step,
                }
            }
            is_done[column] = true;
            match row_of[column] {
                Some(next) => (row, from) = (next, Some(column)),
                None => break Some(column),
            }
        };
        let mut column = end;
        while let Some(this) = column {
            let previous = before[this];
            row_of[this] = previous.map_or(Some(start), |previous| row_of[previous]);
            column = previous;
        }
    }
    let mut column_of = vec![None; rows];
    for (column, row) in row_of.into_iter().enumerate() {
        if let Some(row) = row.filter(|&row| score(row, column) > 0.0) {
            column_of[row] = Some(column);
        }
    }
    column_of
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};

    /// Every assignment, one after the other.
    fn best(scores: &[Vec<f64>], row: usize, taken: &mut Vec<bool>) -> f64 {
        let Some(of_row) = scores.get(row) else { return 0.0 };
        let mut most = best(scores, row + 1, taken);
        for column in 0..of_row.len() {
            if !taken[column] && of_row[column] > 0.0 {
                taken[column] = true;
                most = most.max(of_row[column] + best(scores, row + 1, taken));
                taken[column] = false;
            }
        }
        most
    }

    #[test]
    fn the_sum_is_the_largest_there_is() {
        let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        for _ in 0..2_000 {
            let (rows, columns) = (random.random_range(0..6), random.random_range(1..6));
            let score = |random: &mut rand_chacha::ChaCha8Rng| {
                if random.random_bool(0.4) { 0.0 } else { random.random_range(-0.2..1.0) }
            };
            let scores: Vec<Vec<f64>> = (0..rows).map(|_| (0..columns).map(|_| score(&mut random)).collect()).collect();
            let assigned = assign(&scores);
            let pairs: Vec<_> =
                assigned.iter().enumerate().filter_map(|(row, column)| Some((row, (*column)?))).collect();
            let mut columns_used: Vec<_> = pairs.iter().map(|(_, column)| column).collect();
            columns_used.sort();
            columns_used.dedup();
            assert_eq!(columns_used.len(), pairs.len(), "a column is assigned twice");
            let sum: f64 = pairs.iter().map(|&(row, column)| scores[row][column]).sum();
            assert!((sum - best(&scores, 0, &mut vec![false; columns])).abs() < 1e-9, "{scores:?}: {assigned:?}");
        }
    }

    #[test]
    fn nothing_is_assigned_to_nothing() {
        assert!(assign(&[]).is_empty());
        assert_eq!(assign(&[vec![], vec![]]), [None, None]);
        assert_eq!(assign(&[vec![0.0, -1.0]]), [None]);
    }
}
