//! Distances of all pairs of a labelled set, counted by `shaders/all_pairs.wgsl`.
//!
//! Vectors go to the adapter in blocks, each block against itself and the later ones, so that its memory stays at a
//! few megabytes whatever the set's size, and no single dispatch is long. Counts are u32 there: they are read back and
//! added to u64 before 2³² pairs could have met in one bin.
//!
//! Counts equal those of `reference` but for pairs whose distance lies within [`TOLERANCE`] of a bin's edge: sums of
//! products in f32 depend on their order.

pub use on_gpu::AllPairsKernel;

use super::KernelError;
use crate::types::Cancel;

/// How far a squared distance in f32 may lie from the one in f64, for unit vectors of up to 512 dimensions.
pub(crate) const TOLERANCE: f64 = 4e-6;
/// Distances of unit vectors end here.
const LARGEST: f64 = 4.0;

/// Unit vectors, one after the other, and one label each.
#[derive(Debug, Clone, Copy)]
pub struct LabelledRows<'a> {
    pub values: &'a [f32],
    pub dimensions: usize,
    pub labels: &'a [u32],
}

/// Pairs by squared distance: bin i holds [i, i + 1) · 4 / bins, the last one also 4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairCounts {
    pub same: Vec<u64>,
    pub different: Vec<u64>,
}

impl PairCounts {
    fn empty(bins: usize) -> Self {
        Self { same: vec![0; bins], different: vec![0; bins] }
    }

    fn add(&mut self, same: bool, distance: f64) {
        let counts = if same { &mut self.same } else { &mut self.different };
        let bin = (distance.clamp(0.0, LARGEST) * (counts.len() as f64 / LARGEST)) as usize;
        let last = counts.len() - 1;
        counts[bin.min(last)] += 1;
    }
}

/// Every unordered pair once, in f64.
#[cfg(test)]
pub(crate) fn reference(rows: LabelledRows, bins: usize) -> PairCounts {
    let mut counts = PairCounts::empty(bins);
    each_pair(rows, |same, distance| counts.add(same, distance));
    counts
}

/// Whether `found` differs from `reference` by nothing but pairs near an edge.
///
/// # Errors
/// With the first edge where it differs by more.
pub fn agrees(found: &PairCounts, rows: LabelledRows, bins: usize) -> Result<(), KernelError> {
    let (mut farther, mut nearer) = (PairCounts::empty(bins), PairCounts::empty(bins));
    each_pair(rows, |same, distance| {
        farther.add(same, distance + TOLERANCE);
        nearer.add(same, distance - TOLERANCE);
    });
    let kinds = [
        ("same", &found.same, &farther.same, &nearer.same),
        ("different", &found.different, &farther.different, &nearer.different),
    ];
    for (kind, found, fewest, most) in kinds {
        let mut below = [0_u64; 3];
        for (bin, counts) in found.iter().zip(fewest).zip(most).enumerate() {
            let ((found, fewest), most) = counts;
            below = [below[0] + fewest, below[1] + found, below[2] + most];
            if !(below[0]..=below[2]).contains(&below[1]) {
                let edge = (bin + 1) as f64 * LARGEST / bins as f64;
                let [fewest, found, most] = below;
                return Err(KernelError::Wrong(format!("{found} {kind} pairs below {edge}, not {fewest} to {most}")));
            }
        }
        if found.len() != bins || below[0] != below[1] {
            return Err(KernelError::Wrong(format!("{} {kind} pairs in all, not {}", below[1], below[0])));
        }
    }
    Ok(())
}

fn each_pair(rows: LabelledRows, mut each: impl FnMut(bool, f64)) {
    let vectors: Vec<&[f32]> = rows.values.chunks_exact(rows.dimensions.max(1)).collect();
    for (i, a) in vectors.iter().enumerate() {
        for (j, b) in vectors.iter().enumerate().skip(i + 1) {
            let dot: f64 = a.iter().zip(*b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
            each(rows.labels[i] == rows.labels[j], 2.0 - 2.0 * dot);
        }
    }
}

impl AllPairsKernel {
    /// Opens the adapter at `index` of the graphics API `backend`, as `device::adapters` counts them, and lets it count
    /// a small set whose answer is known.
    ///
    /// # Errors
    /// When the adapter cannot be opened or counts wrongly.
    pub fn open(backend: &str, index: usize) -> Result<Self, KernelError> {
        let kernel = Self::open_untested(backend, index)?;
        kernel.self_test()?;
        Ok(kernel)
    }

    fn self_test(&self) -> Result<(), KernelError> {
        // 150 rows fill tiles wholly, partly and not at all.
        const DIMENSIONS: usize = 19;
        let mut state = 1_u32;
        let mut number = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.4
        };
        let mut values: Vec<f32> = Vec::new();
        for _ in 0..150 {
            let row: [f32; DIMENSIONS] = std::array::from_fn(|_| number());
            let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            values.extend(row.iter().map(|v| v / norm));
        }
        let labels: Vec<u32> = (0..150).map(|row| row % 7).collect();
        let rows = LabelledRows { values: &values, dimensions: DIMENSIONS, labels: &labels };
        agrees(&self.count(rows, 1 << 12, &Cancel::default(), &|_| {})?, rows, 1 << 12)
    }
}

#[cfg(not(feature = "gpu"))]
mod on_gpu {
    use super::{Cancel, KernelError, LabelledRows, PairCounts};

    /// Cannot be made.
    pub enum AllPairsKernel {}

    impl AllPairsKernel {
        pub(super) fn open_untested(_: &str, _: usize) -> Result<Self, KernelError> {
            Err(KernelError::NotBuilt)
        }

        pub fn count(&self, _: LabelledRows, _: usize, _: &Cancel, _: &dyn Fn(u64)) -> Result<PairCounts, KernelError> {
            match *self {}
        }
    }
}

#[cfg(feature = "gpu")]
mod on_gpu {
    use std::ops::Range;

    use wgpu::BufferUsages;

    use super::{Cancel, KernelError, LabelledRows, PairCounts};
    use crate::networks::kernels::gpu::Gpu;

    /// Rows of a block: 67 million pairs of two blocks, a fraction of a second on any GPU.
    const BLOCK: usize = 8192;
    /// The shader's tile.
    const TILE: usize = 64;

    /// The kernel on an opened adapter.
    pub struct AllPairsKernel {
        gpu: Gpu,
        pipeline: wgpu::ComputePipeline,
    }

    /// A block of vectors on the adapter.
    struct VectorBlock {
        len: usize,
        values: wgpu::Buffer,
        labels: wgpu::Buffer,
    }

    /// Counts on the adapter, what was read back of them, and the pairs not yet read back.
    struct BinCounts {
        on_gpu: wgpu::Buffer,
        readable: wgpu::Buffer,
        sums: Vec<u64>,
        pending: u64,
    }

    impl AllPairsKernel {
        pub(super) fn open_untested(backend: &str, index: usize) -> Result<Self, KernelError> {
            let gpu = Gpu::open(backend, index)?;
            let module = gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: Some("all_pairs"),
                source: wgpu::ShaderSource::Wgsl(include_str!("../../../shaders/all_pairs.wgsl").into()),
            });
            let pipeline = gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some("all_pairs"),
                layout: None,
                module: &module,
                entry_point: Some("count_pairs"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            });
            Ok(Self { gpu, pipeline })
        }

        /// Every unordered pair once. `done` hears the number of pairs counted so far.
        ///
        /// # Errors
        /// When the adapter fails or the work is cancelled.
        pub fn count(
            &self,
            rows: LabelledRows,
            bins: usize,
            cancel: &Cancel,
            done: &dyn Fn(u64),
        ) -> Result<PairCounts, KernelError> {
            let blocks = self.blocks(rows)?;
            let mut counts = self.counts(bins);
            let mut pairs_done = 0;
            for (i, range) in blocks.iter().enumerate() {
                let block = self.upload(rows, range);
                for (j, other) in blocks.iter().enumerate().skip(i) {
                    if cancel.is_cancelled() {
                        return Err(KernelError::Cancelled);
                    }
                    let pairs = (range.len() * other.len()) as u64;
                    if counts.pending + pairs > u64::from(u32::MAX) {
                        self.read_back(&mut counts)?;
                    }
                    let columns = (i != j).then(|| self.upload(rows, other));
                    self.dispatch(&block, columns.as_ref(), rows.dimensions, bins, &counts)?;
                    counts.pending += pairs;
                    pairs_done += if i == j { (range.len() * (range.len() - 1) / 2) as u64 } else { pairs };
                    done(pairs_done);
                }
            }
            self.read_back(&mut counts)?;
            let same = counts.sums.split_off(bins);
            Ok(PairCounts { same, different: counts.sums })
        }

        /// Ranges of rows that fit into one binding.
        fn blocks(&self, rows: LabelledRows) -> Result<Vec<Range<usize>>, KernelError> {
            let limit = self.gpu.device.limits().max_storage_buffer_binding_size;
            let fitting = (limit as usize / 4).checked_div(rows.dimensions).unwrap_or(0).min(BLOCK);
            if fitting == 0 {
                return Err(KernelError::TooLong(rows.dimensions));
            }
            let len = rows.labels.len();
            Ok((0..len).step_by(fitting).map(|start| start..(start + fitting).min(len)).collect())
        }

        fn upload(&self, rows: LabelledRows, range: &Range<usize>) -> VectorBlock {
            let values = &rows.values[range.start * rows.dimensions..range.end * rows.dimensions];
            let values: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            let labels: Vec<u8> = rows.labels[range.clone()].iter().flat_map(|label| label.to_le_bytes()).collect();
            VectorBlock {
                len: range.len(),
                values: self.gpu.filled(&values, BufferUsages::STORAGE),
                labels: self.gpu.filled(&labels, BufferUsages::STORAGE),
            }
        }

        fn counts(&self, bins: usize) -> BinCounts {
            // A new buffer holds zeros.
            let size = 2 * bins as u64 * 4;
            BinCounts {
                on_gpu: self.gpu.empty(size, BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST),
                readable: self.gpu.empty(size, BufferUsages::MAP_READ | BufferUsages::COPY_DST),
                sums: vec![0; 2 * bins],
                pending: 0,
            }
        }

        /// Counts the pairs of `rows` with `columns`, or with each other.
        fn dispatch(
            &self,
            rows: &VectorBlock,
            columns: Option<&VectorBlock>,
            dimensions: usize,
            bins: usize,
            counts: &BinCounts,
        ) -> Result<(), KernelError> {
            let triangle = columns.is_none();
            let columns = columns.unwrap_or(rows);
            let shape = [rows.len, columns.len, dimensions, bins, usize::from(triangle), 0, 0, 0];
            let shape: Vec<u8> = shape.iter().flat_map(|&number| (number as u32).to_le_bytes()).collect();
            let shape = self.gpu.filled(&shape, BufferUsages::UNIFORM);
            let bound = [&rows.values, &columns.values, &rows.labels, &columns.labels, &counts.on_gpu, &shape]
                .map(wgpu::Buffer::as_entire_binding);
            let entries: Vec<_> = bound
                .into_iter()
                .enumerate()
                .map(|(binding, resource)| wgpu::BindGroupEntry { binding: binding as u32, resource })
                .collect();
            let group = self.gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: None,
                layout: &self.pipeline.get_bind_group_layout(0),
                entries: &entries,
            });
            self.gpu.run(|encoder| {
                let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
                pass.set_pipeline(&self.pipeline);
                pass.set_bind_group(0, &group, &[]);
                pass.dispatch_workgroups(columns.len.div_ceil(TILE) as u32, rows.len.div_ceil(TILE) as u32, 1);
            })
        }

        /// Adds what the adapter counted to the sums, and lets it start from zero.
        fn read_back(&self, counts: &mut BinCounts) -> Result<(), KernelError> {
            self.gpu.run(|encoder| {
                encoder.copy_buffer_to_buffer(&counts.on_gpu, 0, &counts.readable, 0, Some(counts.on_gpu.size()));
                encoder.clear_buffer(&counts.on_gpu, 0, None);
            })?;
            let found = self.gpu.read(&counts.readable)?;
            counts.sums.iter_mut().zip(found).for_each(|(sum, count)| *sum += u64::from(count));
            counts.pending = 0;
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [f32; 6] = [1.0, 0.0, 0.0, 1.0, -1.0, 0.0];

    fn rows() -> LabelledRows<'static> {
        LabelledRows { values: &VALUES, dimensions: 2, labels: &[5, 5, 9] }
    }

    #[test]
    fn three_vectors_by_hand() {
        let counts = reference(rows(), 4);
        assert_eq!((counts.same, counts.different), (vec![0, 0, 1, 0], vec![0, 0, 1, 1]));
    }

    #[test]
    fn only_pairs_near_an_edge_may_change_bins() {
        let counts =
            |same: [u64; 4], different: [u64; 4]| PairCounts { same: same.into(), different: different.into() };
        // A distance of 2 lies on the edge of bins 1 and 2; one of 4 has only the last bin.
        assert_eq!(agrees(&counts([0, 1, 0, 0], [0, 1, 0, 1]), rows(), 4), Ok(()));
        assert!(agrees(&counts([1, 0, 0, 0], [0, 0, 1, 1]), rows(), 4).is_err());
        assert!(agrees(&counts([0, 0, 1, 0], [0, 0, 2, 0]), rows(), 4).is_err());
        assert!(agrees(&counts([0, 0, 1, 0], [0, 0, 1, 0]), rows(), 4).is_err());
    }
}
