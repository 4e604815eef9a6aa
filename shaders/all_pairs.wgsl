// Squared distances of pairs of unit vectors, counted in two histograms: pairs with unlike labels and with like ones.
// Reference: `reference` in src/kernels/all_pairs.rs.
//
// binding  what                                                        shape
// 0        rows, unit vectors, one after the other                     f32[row_count × dimensions]
// 1        columns, the same                                           f32[column_count × dimensions]
// 2        labels of the rows                                          u32[row_count]
// 3        labels of the columns                                       u32[column_count]
// 4        counts: `bins` of unlike pairs, then `bins` of like pairs   u32[2 × bins]
// 5        shape, uniform                                              see `Shape`
//
// One workgroup takes 64 rows by 64 columns, one thread 4 by 4 of them. Bin i holds distances 2 − 2·a·b in
// [i, i + 1) · 4 / bins, the last bin also 4 itself. Whoever dispatches reads `counts` back before 2³² pairs are in it.

struct Shape {
    row_count: u32,
    column_count: u32,
    dimensions: u32,
    bins: u32,
    // 1 where rows and columns are the same vectors: each pair is then counted once, and none with itself.
    triangle: u32,
}

@group(0) @binding(0) var<storage, read> rows: array<f32>;
@group(0) @binding(1) var<storage, read> columns: array<f32>;
@group(0) @binding(2) var<storage, read> row_labels: array<u32>;
@group(0) @binding(3) var<storage, read> column_labels: array<u32>;
@group(0) @binding(4) var<storage, read_write> counts: array<atomic<u32>>;
@group(0) @binding(5) var<uniform> shape: Shape;

const TILE: u32 = 64u;
const DEPTH: u32 = 16u;
const SIDE: u32 = 16u;
const EACH: u32 = 4u;

// One dimension after the other, so that neighbouring threads read neighbouring values.
var<workgroup> row_tile: array<f32, 1024>;
var<workgroup> column_tile: array<f32, 1024>;

@compute @workgroup_size(16, 16)
fn count_pairs(
    @builtin(workgroup_id) tile: vec3<u32>,
    @builtin(local_invocation_id) thread: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let first_row = tile.y * TILE;
    let first_column = tile.x * TILE;
    if shape.triangle == 1u && first_column + TILE <= first_row {
        return;
    }
    var dots: array<vec4<f32>, 4>;
    for (var start = 0u; start < shape.dimensions; start += DEPTH) {
        for (var step = 0u; step < 4u; step++) {
            let place = index + step * SIDE * SIDE;
            let vector = place / DEPTH;
            let depth = place % DEPTH;
            let dimension = start + depth;
            let row = first_row + vector;
            let column = first_column + vector;
            var from_row = 0.0;
            var from_column = 0.0;
            if dimension < shape.dimensions {
                if row < shape.row_count { from_row = rows[row * shape.dimensions + dimension]; }
                if column < shape.column_count { from_column = columns[column * shape.dimensions + dimension]; }
            }
            row_tile[depth * TILE + vector] = from_row;
            column_tile[depth * TILE + vector] = from_column;
        }
        workgroupBarrier();
        for (var depth = 0u; depth < DEPTH; depth++) {
            let from_row = depth * TILE + thread.y * EACH;
            let from_column = depth * TILE + thread.x * EACH;
            let across = vec4<f32>(
                column_tile[from_column],
                column_tile[from_column + 1u],
                column_tile[from_column + 2u],
                column_tile[from_column + 3u],
            );
            for (var line = 0u; line < EACH; line++) {
                dots[line] += row_tile[from_row + line] * across;
            }
        }
        workgroupBarrier();
    }
    for (var line = 0u; line < EACH; line++) {
        let row = first_row + thread.y * EACH + line;
        for (var place = 0u; place < EACH; place++) {
            let column = first_column + thread.x * EACH + place;
            let known = row < shape.row_count && column < shape.column_count;
            if known && (shape.triangle == 0u || row < column) {
                let distance = clamp(2.0 - 2.0 * dots[line][place], 0.0, 4.0);
                let bin = min(u32(distance * (f32(shape.bins) / 4.0)), shape.bins - 1u);
                let like = row_labels[row] == column_labels[column];
                atomicAdd(&counts[select(0u, shape.bins, like) + bin], 1u);
            }
        }
    }
}
