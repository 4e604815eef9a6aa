//! From coefficients to pixels with the arithmetic of libjpeg's default settings, bit for bit: the accurate integer DCT
//! (`jidctint.c`, after Loeffler, Ligtenberg and Moschytz 1989), smooth enlarging of colour (`jdsample.c`), and the
//! conversion of JFIF (`jdcolor.c`).

use std::array::from_fn;

const CONST_BITS: i32 = 13;
const PASS1_BITS: i32 = 2;

/// Constants of the DCT times 2¹³, named by their value.
const F0_298: i32 = 2446;
const F0_390: i32 = 3196;
const F0_541: i32 = 4433;
const F0_765: i32 = 6270;
const F0_899: i32 = 7373;
const F1_175: i32 = 9633;
const F1_501: i32 = 12299;
const F1_847: i32 = 15137;
const F1_961: i32 = 16069;
const F2_053: i32 = 16819;
const F2_562: i32 = 20995;
const F3_072: i32 = 25172;

/// Writes the 8 × 8 samples of a block: coefficients in natural order times their quantisers.
#[inline(always)]
pub(crate) fn inverse_dct(coefficients: &[i16; 64], quantisers: &[u16; 64], out: &mut [u8], stride: usize) {
    if coefficients[1..].iter().fold(0, |all, &value| all | value) == 0 {
        // What the whole computation gives where there is only a mean.
        let mean = i32::from(coefficients[0]) * i32::from(quantisers[0]);
        let sample = (rounded(mean, 3) + 128).clamp(0, 255) as u8;
        return out.chunks_mut(stride).take(8).for_each(|line| line[..8].fill(sample));
    }
    let mut values: [i32; 64] = from_fn(|at| i32::from(coefficients[at]) * i32::from(quantisers[at]));
    transform(&mut values, CONST_BITS - PASS1_BITS);
    let mut values: [i32; 64] = from_fn(|at| values[at % 8 * 8 + at / 8]);
    transform(&mut values, CONST_BITS + PASS1_BITS + 3);
    for (y, line) in out.chunks_mut(stride).take(8).enumerate() {
        line[..8].copy_from_slice(&from_fn::<u8, 8, _>(|x| (values[8 * x + y] + 128).clamp(0, 255) as u8));
    }
}

/// Every column's eight numbers to eight, which lose `bits`. A loop over the columns, because compilers compute such a
/// loop for all columns at once. Damaged files overflow; what comes out then means nothing, but nothing breaks.
#[inline(always)]
fn transform(values: &mut [i32; 64], bits: i32) {
    let times = i32::wrapping_mul;
    let add = i32::wrapping_add;
    let less = i32::wrapping_sub;
    for column in 0..8 {
        let input: [i32; 8] = from_fn(|at| values[8 * at + column]);
        let shared = times(add(input[2], input[6]), F0_541);
        let (even2, even3) = (less(shared, times(input[6], F1_847)), add(shared, times(input[2], F0_765)));
        let even0 = add(input[0], input[4]) << CONST_BITS;
        let even1 = less(input[0], input[4]) << CONST_BITS;
        let (a, d, b, c) = (add(even0, even3), less(even0, even3), add(even1, even2), less(even1, even2));
        let (t0, t1, t2, t3) = (input[7], input[5], input[3], input[1]);
        let z5 = times(add(add(t0, t2), add(t1, t3)), F1_175);
        let (z1, z2) = (times(add(t0, t3), -F0_899), times(add(t1, t2), -F2_562));
        let (z3, z4) = (add(times(add(t0, t2), -F1_961), z5), add(times(add(t1, t3), -F0_390), z5));
        let t0 = add(add(times(t0, F0_298), z1), z3);
        let t1 = add(add(times(t1, F2_053), z2), z4);
        let t2 = add(add(times(t2, F3_072), z2), z3);
        let t3 = add(add(times(t3, F1_501), z1), z4);
        let output =
            [add(a, t3), add(b, t2), add(c, t1), add(d, t0), less(d, t0), less(c, t1), less(b, t2), less(a, t3)];
        for (at, value) in output.into_iter().enumerate() {
            values[8 * at + column] = rounded(value, bits);
        }
    }
}

#[inline(always)]
fn rounded(value: i32, bits: i32) -> i32 {
    value.wrapping_add(1 << (bits - 1)) >> bits
}

/// Twice as wide: each sample three parts its own, one part its neighbour's. `out` holds twice the row.
#[inline(always)]
pub(crate) fn widen(row: &[u8], out: &mut [u8], scratch: &mut Vec<u16>) {
    if row.len() <= 2 {
        return repeat(row, 2, out);
    }
    scratch.clear();
    scratch.push(row[0].into());
    scratch.extend(row.iter().map(|&sample| u16::from(sample)));
    scratch.push(row[row.len() - 1].into());
    for (pair, three) in out.as_chunks_mut::<2>().0.iter_mut().zip(scratch.windows(3)) {
        let mine = 3 * three[1];
        *pair = [((mine + three[0] + 1) >> 2) as u8, ((mine + three[2] + 2) >> 2) as u8];
    }
}

/// Twice as wide and twice as high: a row of the double height, from the row it lies in and the row it is nearer to.
#[inline(always)]
pub(crate) fn widen_between(near: &[u8], far: &[u8], out: &mut [u8], scratch: &mut Vec<u16>) {
    if near.len() <= 2 {
        return repeat(near, 2, out);
    }
    let sum = |(&near, &far): (&u8, &u8)| 3 * u16::from(near) + u16::from(far);
    let last = near.len() - 1;
    scratch.clear();
    scratch.push(sum((&near[0], &far[0])));
    scratch.extend(near.iter().zip(far).map(sum));
    scratch.push(sum((&near[last], &far[last])));
    for (pair, three) in out.as_chunks_mut::<2>().0.iter_mut().zip(scratch.windows(3)) {
        let mine = 3 * three[1];
        *pair = [((mine + three[0] + 8) >> 4) as u8, ((mine + three[2] + 7) >> 4) as u8];
    }
}

/// Twice as high: a row, from the one it lies in and the one it is nearer to; the lower of two is rounded up.
#[inline(always)]
pub(crate) fn blend(near: &[u8], far: &[u8], is_lower: bool, out: &mut [u8]) {
    let more = if is_lower { 2 } else { 1 };
    for ((out, &near), &far) in out.iter_mut().zip(near).zip(far) {
        *out = ((3 * u16::from(near) + u16::from(far) + more) >> 2) as u8;
    }
}

/// So many times as wide without smoothing, as other shares come, and rows of one or two samples.
pub(crate) fn repeat(row: &[u8], times: usize, out: &mut [u8]) {
    row.iter().zip(out.chunks_mut(times)).for_each(|(&sample, same)| same.fill(sample));
}

/// One row of YCbCr samples to RGB, times 2¹⁶ inside.
#[inline(always)]
pub(crate) fn to_rgb(luma: &[u8], blue: &[u8], red: &[u8], out: &mut [u8]) {
    const HALF: i32 = 1 << 15;
    for (((pixel, &y), &cb), &cr) in out.as_chunks_mut::<3>().0.iter_mut().zip(luma).zip(blue).zip(red) {
        let (y, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
        let r = y + ((91_881 * cr + HALF) >> 16);
        let g = y + ((-22_554 * cb - 46_802 * cr + HALF) >> 16);
        let b = y + ((116_130 * cb + HALF) >> 16);
        *pixel = [r, g, b].map(|value| value.clamp(0, 255) as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition (T.81, section A.3.3) in floating point.
    #[test]
    fn the_dct_is_that_of_the_definition() {
        let coefficients: [i16; 64] = std::array::from_fn(|at| match at {
            0 => 40,
            at if at % 7 == 3 => 30 - at as i16,
            _ => 0,
        });
        let quantisers: [u16; 64] = std::array::from_fn(|at| 1 + at as u16 / 4);
        let mut found = [0; 64];
        inverse_dct(&coefficients, &quantisers, &mut found, 8);
        for (at, &found) in found.iter().enumerate() {
            let (x, y) = ((at % 8) as f64, (at / 8) as f64);
            let part = |place: f64, frequency: usize| {
                let scale = if frequency == 0 { 0.5_f64.sqrt() } else { 1.0 };
                scale * ((2.0 * place + 1.0) * frequency as f64 * std::f64::consts::PI / 16.0).cos() / 2.0
            };
            let sum: f64 = (0..64)
                .map(|k| f64::from(coefficients[k]) * f64::from(quantisers[k]) * part(x, k % 8) * part(y, k / 8))
                .sum();
            assert!((f64::from(found) - (sum + 128.0).clamp(0.0, 255.0)).abs() <= 0.51, "sample {at}: {found}, {sum}");
        }
    }

    #[test]
    fn a_block_with_a_mean_alone_is_flat() {
        for mean in [-1100, -7, 0, 3, 4, 5, 900] {
            let coefficients = from_fn(|at| if at == 0 { mean } else { 0 });
            let (mut found, mut whole) = ([0; 64], [0; 64]);
            inverse_dct(&coefficients, &[1; 64], &mut found, 8);
            // A coefficient that the quantiser makes vanish takes the long way.
            let quantisers = from_fn(|at| u16::from(at != 63));
            inverse_dct(&from_fn(|at| if at == 63 { 1 } else { coefficients[at] }), &quantisers, &mut whole, 8);
            assert_eq!(found, whole, "{mean}");
        }
    }

    #[test]
    fn enlarging_by_hand() {
        let scratch = &mut Vec::new();
        let mut out = [0; 8];
        widen(&[10, 20, 40, 40], &mut out, scratch);
        // (30+20+2)/4, (60+10+1)/4, (60+40+2)/4, (120+20+1)/4, (120+40+2)/4, …
        assert_eq!(out, [10, 13, 17, 25, 35, 40, 40, 40]);
        let mut out = [0; 6];
        widen_between(&[10, 20, 40], &[10, 20, 40], &mut out, scratch);
        assert_eq!(out, [10, 12, 18, 25, 35, 40]);
        widen_between(&[0, 0, 0], &[16, 16, 16], &mut out, scratch);
        assert_eq!(out, [4, 4, 4, 4, 4, 4]);
        widen(&[7, 9], &mut out[..4], scratch);
        assert_eq!(out[..4], [7, 7, 9, 9]);
    }

    #[test]
    fn colours_by_hand() {
        let mut out = [0; 9];
        to_rgb(&[128, 76, 255], &[128, 85, 0], &[128, 255, 128], &mut out);
        assert_eq!(out, [128, 128, 128, 254, 0, 0, 255, 255, 28]);
    }
}
