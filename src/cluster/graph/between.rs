//! Some vectors asked for the nearest of others: means of groups and of people, say.

use rayon::prelude::*;

use super::kernels::Kernel;
use super::quantised::Quantised;
use super::rows::VectorRows;
use super::search::{NearestLists, Product, TILE};

/// For each row the nearest columns no farther than `limit`, the nearest first, `keep` at most. All distances are exact.
pub(crate) fn nearest_between(
    rows: VectorRows<'_>,
    columns: VectorRows<'_>,
    keep: usize,
    limit: f32,
) -> Vec<Vec<(f32, u32)>> {
    let column_bytes = Quantised::new(columns);
    let panels = column_bytes.panels();
    let kernel = Kernel::detect();
    let of_some = |first: usize| -> Vec<Vec<(f32, u32)>> {
        let some = first..rows.len().min(first + TILE);
        let values: Vec<f32> = some.clone().flat_map(|row| rows.row(row)).copied().collect();
        let row_bytes = Quantised::with_step(VectorRows::new(&values, rows.dimensions()), column_bytes.step);
        let distance = |row: usize, column: usize| rows.distance_to(first + row, columns, column);
        let product =
            Product { kernel, rows: &row_bytes, columns: &column_bytes, panels: &panels, distance: &distance };
        let mut nearest = NearestLists::new(some.len(), keep, limit);
        let (mut scratch, mut hits) = (Vec::new(), Vec::new());
        for start in (0..columns.len()).step_by(TILE) {
            hits.clear();
            let now = start..columns.len().min(start + TILE);
            product.near(0..some.len(), now, &nearest.bounds.clone(), &[], &mut scratch, &mut hits);
            hits.iter().for_each(|hit| nearest.push(hit.row as usize, hit.distance, hit.column));
        }
        (0..some.len()).map(|row| nearest.take(row).0).collect()
    };
    let starts: Vec<usize> = (0..rows.len()).step_by(TILE).collect();
    starts.into_par_iter().flat_map_iter(of_some).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::tests::made::made_faces;

    #[test]
    fn the_nearest_are_those_that_a_plain_look_at_all_finds() {
        let made = made_faces(1500, 32, 5);
        let (few, many) = made.values.split_at(1100 * 32);
        let (rows, columns) = (VectorRows::new(few, 32), VectorRows::new(many, 32));
        for (row, found) in nearest_between(rows, columns, 4, 1.2).into_iter().enumerate() {
            let all = (0..columns.len()).map(|column| (rows.distance_to(row, columns, column), column as u32));
            let mut plain: Vec<(f32, u32)> = all.filter(|near| near.0 <= 1.2).collect();
            plain.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            plain.truncate(4);
            assert_eq!(found, plain);
        }
        assert!(nearest_between(rows, VectorRows::new(&[], 32), 4, 1.2).iter().all(Vec::is_empty));
    }
}
