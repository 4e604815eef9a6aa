//! Every kernel against Burn's own operations, at sizes that fill no register.

use burn::nn::LocalResponseNormConfig;
use burn::tensor::module::{avg_pool2d, conv2d, interpolate, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, InterpolateMode, InterpolateOptions, MaxPoolOptions};
use burn::tensor::{Distribution, Tolerance, activation};

use super::*;

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Uniform(-1.0, 1.0), &Device::flex())
}

fn assert_close(ours: Tensor<4>, burns: Tensor<4>) {
    assert_eq!(ours.dims(), burns.dims());
    ours.into_data().assert_approx_eq::<f32>(&burns.into_data(), Tolerance::absolute(1e-5));
}

/// activation(conv(maps) + shortcut)
fn convolve(maps: Tensor<4>, layer: FusedConv, shortcut: Option<Tensor<4>>, activation: FusedActivation) -> Tensor<4> {
    run_chain(maps, vec![FusedLayer::Conv(layer, activation)], shortcut)
}

/// The same maps as a kernel leaves them: pixel by pixel.
fn by_pixels(maps: Tensor<4>) -> Tensor<4> {
    concatenate(vec![maps])
}

/// Sides of the maps, filters, groups, kernel, stride, padding.
const LAYERS: [([usize; 4], usize, usize, [usize; 2], usize, [usize; 2]); 14] = [
    ([1, 3, 7, 5], 8, 1, [3, 3], 2, [1, 1]),
    ([3, 5, 9, 9], 19, 1, [1, 7], 1, [0, 3]),
    ([3, 5, 9, 9], 19, 1, [7, 1], 1, [3, 0]),
    ([1, 33, 1, 1], 17, 1, [1, 1], 1, [0, 0]),
    ([3, 24, 3, 3], 40, 1, [1, 1], 1, [0, 0]),
    ([1, 6, 8, 7], 16, 1, [1, 1], 2, [0, 0]),
    ([2, 8, 5, 5], 64, 1, [5, 5], 2, [2, 2]),
    ([1, 4, 6, 6], 33, 1, [6, 6], 1, [0, 0]),
    ([2, 12, 6, 7], 40, 4, [3, 3], 1, [0, 0]),
    ([3, 12, 6, 7], 6, 3, [3, 3], 2, [1, 1]),
    ([1, 16, 7, 5], 16, 16, [3, 3], 1, [1, 1]),
    ([2, 35, 6, 9], 35, 35, [3, 3], 2, [1, 1]),
    ([3, 7, 4, 4], 7, 7, [4, 4], 1, [0, 0]),
    ([1, 4, 5, 5], 8, 4, [3, 3], 1, [1, 1]),
];

#[test]
fn convolutions_with_what_follows_them_are_those_of_burn() {
    Device::flex().seed(1);
    for (sides, filters, groups, kernel, stride, padding) in LAYERS {
        let maps = random(sides);
        let weight = random([filters, sides[1] / groups, kernel[0], kernel[1]]);
        let (bias, slopes) = (random([filters]), random([filters]));
        let options = ConvOptions::new([stride; 2], padding, [1, 1], groups);
        for has_bias in [true, false] {
            let bias = has_bias.then(|| bias.clone());
            let burns = conv2d(maps.clone(), weight.clone(), bias.clone(), options.clone());
            let shortcut = random(burns.dims());
            let packed = PackedWeights::default();
            let ours = |maps: &Tensor<4>, shortcut: Option<&Tensor<4>>, activation| {
                let (weight, bias, stride) = (weight.clone(), bias.clone(), [stride; 2]);
                let layer = FusedConv { weight, bias, stride, padding, groups, packed: &packed };
                convolve(maps.clone(), layer, shortcut.cloned(), activation)
            };
            assert_close(ours(&maps, None, FusedActivation::None), burns.clone());
            assert_close(ours(&by_pixels(maps.clone()), None, FusedActivation::None), burns.clone());
            let sum = burns.clone() + shortcut.clone();
            assert_close(ours(&maps, Some(&shortcut), FusedActivation::Relu), activation::relu(sum));
            let prelu = activation::prelu(burns, slopes.clone());
            assert_close(ours(&maps, None, FusedActivation::Slopes(slopes.clone())), prelu);
        }
    }
}

/// The quickest instructions run in every other test.
#[test]
fn each_kind_of_instructions_computes_the_same() {
    let all = || {
        convolutions_with_what_follows_them_are_those_of_burn();
        tiles_of_every_size_are_summed_up();
        chains_are_their_layers_one_after_the_other();
        poolings_are_those_of_burn();
        what_works_on_channels_is_burns();
        what_is_no_number_stays_none();
    };
    Cpu::all_here().into_iter().for_each(|cpu| cpu.during(all));
}

#[test]
fn tiles_of_every_size_are_summed_up() {
    Device::flex().seed(10);
    for pixels in 1..=26 {
        for filters in [7, 16, 32, 55] {
            let (maps, weight) = (random([1, 5, 1, pixels]), random([filters, 5, 1, 1]));
            let burns = conv2d(maps.clone(), weight.clone(), None, ConvOptions::new([1; 2], [0; 2], [1; 2], 1));
            let packed = &PackedWeights::default();
            let layer = FusedConv { weight, bias: None, stride: [1; 2], padding: [0; 2], groups: 1, packed };
            assert_close(convolve(maps, layer, None, FusedActivation::None), burns);
        }
    }
}

/// Maps so wide that a band holds a few rows of them, and so narrow that it holds all.
#[test]
fn chains_are_their_layers_one_after_the_other() {
    Device::flex().seed(11);
    // Filters, of those channels, kernel, stride, padding; none: the maximum of four pixels.
    let rows = [
        Some((6, 1, [3, 3], 2, [1, 1])),
        Some((18, 1, [1, 1], 1, [0, 0])),
        Some((18, 18, [3, 3], 1, [1, 1])),
        None,
        Some((18, 18, [3, 3], 2, [1, 1])),
        Some((5, 1, [1, 3], 1, [0, 1])),
        Some((20, 1, [2, 2], 1, [0, 0])),
        Some((20, 20, [5, 1], 1, [2, 0])),
        Some((16, 1, [1, 1], 1, [0, 0])),
    ];
    for (sides, threads) in [([1, 3, 40, 24], 1), ([3, 3, 37, 26], 3), ([1, 3, 150, 1500], 2), ([2, 3, 67, 31], 16)] {
        let images = random(sides);
        let (mut maps, mut channels) = (images.clone(), 3);
        let packed: Vec<_> = rows.iter().map(|_| PackedWeights::default()).collect();
        let (mut layers, mut shortcut) = (Vec::new(), None);
        for (index, (row, packed)) in rows.iter().zip(&packed).enumerate() {
            let Some((filters, groups, kernel, stride, padding)) = *row else {
                maps = max_pool2d(maps, MaxPoolOptions::new([2; 2]).with_stride([2; 2]));
                layers.push(FusedLayer::HalvingMaximum);
                continue;
            };
            let (weight, bias) = (random([filters, channels / groups, kernel[0], kernel[1]]), random([filters]));
            let options = ConvOptions::new([stride; 2], padding, [1, 1], groups);
            maps = conv2d(maps, weight.clone(), Some(bias.clone()), options);
            channels = filters;
            let activation = match index {
                8 => {
                    let more = random(maps.dims());
                    maps = maps + more.clone();
                    shortcut = Some(more);
                    FusedActivation::None
                }
                2 => {
                    let slopes = random([filters]);
                    maps = activation::prelu(maps, slopes.clone());
                    FusedActivation::Slopes(slopes)
                }
                _ => {
                    maps = activation::relu(maps);
                    FusedActivation::Relu
                }
            };
            let (bias, stride) = (Some(bias), [stride; 2]);
            layers.push(FusedLayer::Conv(FusedConv { weight, bias, stride, padding, groups, packed }, activation));
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let cpu = Cpu::here();
        let ours = pool.install(|| cpu.during(|| run_chain(images, layers, shortcut)));
        let scale = maps.clone().abs().max();
        assert_close(ours / scale.clone().reshape([1, 1, 1, 1]), maps / scale.reshape([1, 1, 1, 1]));
    }
}

/// What was put in order for one layer is not taken for another.
#[test]
fn changed_weights_are_packed_anew() {
    Device::flex().seed(2);
    let (maps, packed) = (random([1, 3, 4, 4]), PackedWeights::default());
    for groups in [1, 3] {
        for _ in 0..3 {
            let (weight, bias) = (random([6, 3 / groups, 3, 3]), random([6]));
            let burns = conv2d(
                maps.clone(),
                weight.clone(),
                Some(bias.clone()),
                ConvOptions::new([1; 2], [1; 2], [1; 2], groups),
            );
            let layer =
                FusedConv { weight, bias: Some(bias), stride: [1; 2], padding: [1; 2], groups, packed: &packed };
            assert_close(convolve(maps.clone(), layer, None, FusedActivation::None), burns);
        }
    }
}

#[test]
fn the_same_weights_in_other_groups_are_packed_anew() {
    Device::flex().seed(9);
    let (weight, packed) = (random([4, 2, 3, 3]), PackedWeights::default());
    for groups in [1, 2, 1] {
        let maps = random([1, 2 * groups, 5, 5]);
        let burns = conv2d(maps.clone(), weight.clone(), None, ConvOptions::new([1; 2], [1; 2], [1; 2], groups));
        let weight = weight.clone();
        let layer = FusedConv { weight, bias: None, stride: [1; 2], padding: [1; 2], groups, packed: &packed };
        assert_close(convolve(maps, layer, None, FusedActivation::None), burns);
    }
}

#[test]
fn poolings_are_those_of_burn() {
    Device::flex().seed(3);
    for (sides, kernel, stride, padding) in
        [([2, 19, 7, 5], 3, 2, 0), ([1, 16, 8, 8], 2, 2, 0), ([3, 5, 6, 6], 3, 1, 1), ([1, 33, 7, 6], 3, 2, 1)]
    {
        let maps = random(sides);
        let ours = |pooling| pool(maps.clone(), pooling, [kernel; 2], stride, padding);
        let largest = MaxPoolOptions::new([kernel; 2]).with_stride([stride; 2]).with_padding([padding; 2]);
        assert_close(ours(PoolingKernel::Maximum), max_pool2d(maps.clone(), largest));
        let mean = AvgPoolOptions::new([kernel; 2]).with_stride([stride; 2]).with_padding([padding; 2]);
        let without_padding = mean.clone().with_count_include_pad(false);
        assert_close(ours(PoolingKernel::Average), avg_pool2d(maps.clone(), without_padding));
        let squares = avg_pool2d(maps.clone().square(), mean.with_count_include_pad(true));
        let length = squares.mul_scalar((kernel * kernel) as f64).sqrt();
        assert_close(ours(PoolingKernel::Length { epsilon: 1e-12 }), length);
    }
}

#[test]
fn what_works_on_channels_is_burns() {
    Device::flex().seed(4);
    let (maps, more) = (random([2, 19, 6, 4]), random([2, 19, 6, 4]));
    let three = vec![maps.clone(), random([2, 5, 6, 4]), by_pixels(more.clone())];
    assert_close(concatenate(three.clone()), Tensor::cat(three, 1));
    let sum = activation::relu(maps.clone().mul_scalar(0.2) + more.clone());
    assert_close(add(maps.clone(), 0.2, more, FusedActivation::Relu), sum);
    let norm = LocalResponseNormConfig::new(5).with_alpha(0.5).with_beta(0.75).with_k(1.0).init();
    let ours = response_norm(maps.clone(), 5, 0.5, 1.0);
    assert_close(ours, norm.forward(maps.clone()));
    let coarse = random([2, 19, 3, 2]);
    let doubled = InterpolateOptions::new(InterpolateMode::Nearest).with_scale_factor([2.0, 2.0]);
    let expected = maps.clone() + interpolate(coarse.clone(), doubled);
    assert_close(add_doubled(by_pixels(maps), coarse), expected);
}

/// Each number as every thread of a larger machine would write it.
#[test]
fn threads_change_nothing() {
    Device::flex().seed(5);
    let maps = random([3, 24, 6, 6]);
    let weight = random([80, 24, 3, 3]);
    let with = |threads| {
        let layer = FusedConv {
            weight: weight.clone(),
            bias: None,
            stride: [1; 2],
            padding: [1; 2],
            groups: 1,
            packed: &PackedWeights::default(),
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| convolve(maps.clone(), layer, None, FusedActivation::Relu)).into_data()
    };
    let one = with(1);
    [2, 3, 16].into_iter().for_each(|threads| with(threads).assert_eq(&one, true));
}

#[test]
fn what_learns_is_left_to_burn() {
    let takes = |device: &Device| runs_here(&Tensor::<4>::zeros([1, 1, 1, 1], device));
    for (set, ours) in [(KernelSet::Burn, false), (KernelSet::Ours, true)] {
        assert_eq!(set.during(|| takes(&Device::flex())), ours);
        assert!(!set.during(|| takes(&Device::flex().autodiff())));
    }
}

#[test]
fn the_choice_of_kernels_ends_with_the_work_even_in_a_panic() {
    let before = KernelSet::here();
    KernelSet::Ours.during(|| {
        KernelSet::Burn.during(|| assert_eq!(KernelSet::here(), KernelSet::Burn));
        assert_eq!(KernelSet::here(), KernelSet::Ours);
        let panics = || KernelSet::Burn.during(|| std::panic::resume_unwind(Box::new("work that fails")));
        assert!(std::panic::catch_unwind(panics).is_err());
        assert_eq!(KernelSet::here(), KernelSet::Ours);
    });
    assert_eq!(KernelSet::here(), before);
}

/// A window's maximum and mean, and what a ReLU and a slope make of it.
#[test]
fn what_is_no_number_stays_none() {
    let infinite = [f32::INFINITY, f32::NEG_INFINITY];
    for row in [[f32::NAN, 1.0, 2.0], [1.0, f32::NAN, 2.0], [1.0, 2.0, f32::NAN], [f32::NAN; 3]] {
        let maps = Tensor::<1>::from_floats(row, &Device::flex()).reshape([1, 1, 1, 3]).repeat_dim(1, 17);
        for pooling in [PoolingKernel::Maximum, PoolingKernel::Average, PoolingKernel::Length { epsilon: 0.0 }] {
            let pooled = numbers(pool(maps.clone(), pooling, [1, 3], 1, 0));
            assert!(pooled.iter().all(|value| value.is_nan()), "{pooling:?} of {row:?}: {pooled:?}");
        }
        for activation in [FusedActivation::Relu, FusedActivation::Slopes(Tensor::ones([17], &Device::flex()))] {
            let added = numbers(add(maps.clone(), 1.0, maps.clone().zeros_like(), activation));
            let nowhere = |values: &[f32]| values.iter().map(|value| value.is_nan()).collect::<Vec<_>>();
            assert_eq!(nowhere(&added), nowhere(&numbers(maps.clone())));
        }
    }
    let zero = Tensor::<4>::zeros([1, 2, 1, 1], &Device::flex());
    let slopes = FusedActivation::Slopes(Tensor::from_floats(infinite, &Device::flex()));
    assert_eq!(numbers(add(zero.clone(), 1.0, zero, slopes)), [0.0; 2], "a slope is for what is negative");
}

fn numbers(maps: Tensor<4>) -> Vec<f32> {
    maps.try_into_vec_as().unwrap()
}

/// Repeated, cut out, backwards, turned: maps need not lie in order.
#[test]
fn maps_may_lie_anyhow() {
    Device::flex().seed(8);
    let whole = random([2, 18, 6, 7]);
    let views = [
        random([1, 18, 6, 7]).expand([3, 18, 6, 7]),
        random([2, 1, 6, 7]).expand([2, 18, 6, 7]),
        random([2, 18, 1, 7]).expand([2, 18, 6, 7]),
        random([2, 18, 6, 1]).expand([2, 18, 6, 7]),
        whole.clone().narrow(1, 3, 5),
        whole.clone().narrow(2, 1, 4),
        by_pixels(whole.clone()).narrow(3, 2, 3),
        whole.clone().flip([2]),
        by_pixels(whole.clone()).flip([1, 3]),
        whole.clone().permute([0, 3, 2, 1]),
        by_pixels(whole.clone()).permute([0, 1, 3, 2]),
        whole.clone().narrow(3, 4, 1),
        random([2, 1, 6, 1]).expand([2, 18, 6, 1]),
    ];
    for maps in views {
        let [_, channels, ..] = maps.dims();
        let options = || MaxPoolOptions::new([2, 1]).with_stride([1, 1]);
        assert_close(pool(maps.clone(), PoolingKernel::Maximum, [2, 1], 1, 0), max_pool2d(maps.clone(), options()));
        let weight = random([5, channels, 3, 3]);
        let burns = conv2d(maps.clone(), weight.clone(), None, ConvOptions::new([1; 2], [1; 2], [1; 2], 1));
        let packed = &PackedWeights::default();
        let layer = FusedConv { weight, bias: None, stride: [1; 2], padding: [1; 2], groups: 1, packed };
        assert_close(convolve(maps.clone(), layer, None, FusedActivation::None), burns);
        assert_close(concatenate(vec![maps.clone(), maps.clone()]), Tensor::cat(vec![maps.clone(), maps], 1));
    }
}

#[test]
fn a_window_on_padding_alone_means_nothing() {
    let maps = Tensor::<4>::ones([1, 3, 2, 2], &Device::flex());
    let mean = pool(maps.clone(), PoolingKernel::Average, [1, 1], 1, 1);
    let options = AvgPoolOptions::new([1, 1]).with_stride([1, 1]).with_padding([1, 1]).with_count_include_pad(false);
    assert_close(mean, avg_pool2d(maps, options));
}

#[test]
fn maps_that_do_not_fit_are_told() {
    let maps = |sides: [usize; 4]| Tensor::<4>::zeros(sides, &Device::flex());
    let told = |work: &(dyn Fn() -> Tensor<4> + std::panic::RefUnwindSafe), words: &str| {
        let panic = std::panic::catch_unwind(|| work().dims()).expect_err(words);
        let said = panic.downcast_ref::<String>().unwrap();
        assert!(said.contains(words), "{said:?} says nothing of {words:?}");
    };
    let convolved = |channels: usize, groups: usize, filters: [usize; 2]| {
        let weight = maps([filters[0], filters[1], 3, 3]);
        let packed = &PackedWeights::default();
        let layer = FusedConv { weight, bias: None, stride: [1; 2], padding: [0; 2], groups, packed };
        convolve(maps([1, channels, 4, 4]), layer, None, FusedActivation::None)
    };
    told(&|| convolved(3, 4, [4, 1]), "a channel for each filter");
    told(&|| convolved(3, 1, [4, 2]), "the channels that the filters read");
    told(&|| pool(maps([1, 2, 2, 5]), PoolingKernel::Maximum, [3, 3], 1, 0), "does not fit");
    told(&|| concatenate(vec![maps([1, 2, 2, 3]), maps([1, 2, 3, 2])]), "one size");
    let added = |sides| add(maps([1, 2, 2, 3]), 1.0, maps(sides), FusedActivation::None);
    told(&|| added([1, 2, 3, 2]), "a shortcut has the output's sides");
    told(&|| added([1, 2, 3, 3]), "a shortcut has as many numbers");
    told(&|| add_doubled(maps([1, 2, 4, 4]), maps([1, 2, 1, 4])), "half as high and wide");
}

/// Memory is taken again, but never from who holds it.
#[test]
fn an_output_that_is_held_stays_what_it_is() {
    let maps = random([1, 3, 5, 7]);
    let held = concatenate(vec![maps.clone()]);
    for _ in 0..3 {
        add(maps.clone(), 2.0, maps.clone(), FusedActivation::None);
    }
    assert_close(held, maps);
}
