//! Sixteen numbers that are computed with at once, in an array or in registers.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{
    __m256, __m512, _MM_HINT_T0, _mm_prefetch, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_set1_ps, _mm256_storeu_ps,
    _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps, _mm512_storeu_ps,
};

/// Numbers side by side: two registers of AVX2, one of AVX-512.
pub(super) const WIDTH: usize = 16;

/// Numbers side by side. All is inlined, so that it is made of the instructions of who calls it.
pub(super) trait Lanes: Copy {
    /// Of the tiles of a convolution: up to so many pixels, and so many times [`WIDTH`] filters. Their sums, the weights
    /// and a pixel's number fill the registers.
    const PIXELS: usize;
    const BLOCKS: usize;

    fn load(numbers: &[f32; WIDTH]) -> Self;

    fn repeat(number: f32) -> Self;

    /// self + a · b, rounded once
    fn plus_product(self, a: Self, b: Self) -> Self;

    fn store(self, to: &mut [f32; WIDTH]);

    /// Tells that the numbers there are soon read, if there are any.
    fn announce(numbers: *const f32);

    /// Does a tile, compiled for its very size.
    fn tile(pixels: usize, blocks: usize, tile: &impl TileWork<Self>);
}

/// What is done for some pixels and some times [`WIDTH`] filters.
pub(super) trait TileWork<L: Lanes> {
    fn work<const PIXELS: usize, const BLOCKS: usize>(&self);
}

macro_rules! tile_of_size {
    ($tile:ident, $size:expr, $(($pixels:literal, $blocks:literal))*) => {
        match $size {
            $(($pixels, $blocks) => $tile.work::<$pixels, $blocks>(),)*
            _ => unreachable!("a tile is of a size that is compiled"),
        }
    };
}

/// For processors without the instructions below.
impl Lanes for [f32; WIDTH] {
    const PIXELS: usize = 6;
    const BLOCKS: usize = 1;

    #[inline(always)]
    fn load(numbers: &[f32; WIDTH]) -> Self {
        *numbers
    }

    #[inline(always)]
    fn repeat(number: f32) -> Self {
        [number; WIDTH]
    }

    #[inline(always)]
    fn plus_product(self, a: Self, b: Self) -> Self {
        let mut sums = self;
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum = a.mul_add(b, *sum);
        }
        sums
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; WIDTH]) {
        *to = self;
    }

    #[inline(always)]
    fn announce(_: *const f32) {}

    #[inline(always)]
    fn tile(pixels: usize, blocks: usize, tile: &impl TileWork<Self>) {
        tile_of_size!(tile, (pixels, blocks), (1, 1)(2, 1)(3, 1)(4, 1)(5, 1)(6, 1));
    }
}

/// Two registers of AVX2. Of arrays the compiler makes vector instructions in some releases and programs, and in others
/// ten times slower code with single numbers.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct RegisterPair(__m256, __m256);

/// Only [`Cpu::Avx2`](super::cpu::Cpu) has work done with it, on processors that have the instructions.
#[cfg(target_arch = "x86_64")]
impl Lanes for RegisterPair {
    /// Twelve of sixteen registers.
    const PIXELS: usize = 6;
    const BLOCKS: usize = 1;

    #[inline(always)]
    fn load(numbers: &[f32; WIDTH]) -> Self {
        let start = numbers.as_ptr();
        // SAFETY: the processor has the instructions, and there are sixteen numbers.
        unsafe { Self(_mm256_loadu_ps(start), _mm256_loadu_ps(start.add(WIDTH / 2))) }
    }

    #[inline(always)]
    fn repeat(number: f32) -> Self {
        // SAFETY: as above.
        let numbers = unsafe { _mm256_set1_ps(number) };
        Self(numbers, numbers)
    }

    #[inline(always)]
    fn plus_product(self, a: Self, b: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_fmadd_ps(a.0, b.0, self.0), _mm256_fmadd_ps(a.1, b.1, self.1)) }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; WIDTH]) {
        let start = to.as_mut_ptr();
        // SAFETY: as above.
        unsafe {
            _mm256_storeu_ps(start, self.0);
            _mm256_storeu_ps(start.add(WIDTH / 2), self.1);
        }
    }

    #[inline(always)]
    fn announce(_: *const f32) {}

    #[inline(always)]
    fn tile(pixels: usize, blocks: usize, tile: &impl TileWork<Self>) {
        tile_of_size!(tile, (pixels, blocks), (1, 1)(2, 1)(3, 1)(4, 1)(5, 1)(6, 1));
    }
}

/// A register of AVX-512.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(super) struct Register(__m512);

/// Only [`Cpu::Avx512`](super::cpu::Cpu) has work done with it, on processors that have the instructions.
#[cfg(target_arch = "x86_64")]
impl Lanes for Register {
    /// 24 of 32 registers.
    const PIXELS: usize = 12;
    const BLOCKS: usize = 2;

    #[inline(always)]
    fn load(numbers: &[f32; WIDTH]) -> Self {
        // SAFETY: the processor has the instructions.
        Self(unsafe { _mm512_loadu_ps(numbers.as_ptr()) })
    }

    #[inline(always)]
    fn repeat(number: f32) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_set1_ps(number) })
    }

    #[inline(always)]
    fn plus_product(self, a: Self, b: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_fmadd_ps(a.0, b.0, self.0) })
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; WIDTH]) {
        // SAFETY: as above.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), self.0) };
    }

    #[inline(always)]
    fn announce(numbers: *const f32) {
        // SAFETY: it reads nothing, wherever that is.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(numbers.cast()) };
    }

    #[inline(always)]
    fn tile(pixels: usize, blocks: usize, tile: &impl TileWork<Self>) {
        tile_of_size!(
            tile,
            (pixels, blocks),
            (1, 1)(2, 1)(3, 1)(4, 1)(5, 1)(6, 1)(7, 1)(8, 1)(9, 1)(10, 1)(11, 1)(12, 1)(1, 2)(2, 2)(3, 2)(4, 2)(5, 2)(
                6, 2
            )(7, 2)(8, 2)(9, 2)(10, 2)(11, 2)(12, 2)
        );
    }
}
