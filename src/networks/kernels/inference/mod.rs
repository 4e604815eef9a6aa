//! What takes most of a network's time on the CPU where nothing is learnt: convolutions with what follows them in one
//! pass, poolings, and what works on channels.
//!
//! Burn 0.22.1's Flex lays every convolution's windows out as columns and passes over the maps again for bias,
//! activation and shortcut. Here weights are put into the order of reading once ([`PackedWeights`]), and maps lie pixel by
//! pixel: tensors of the usual shape whose strides say so, which Burn's own operations take as they are. Layers with maps
//! between them that are larger than their weights run a few rows at a time together ([`run_chain`]). The plain
//! references are Burn's layers (tests), and processors without the instructions use those ([`KernelSet`]).

mod after;
mod chain;
mod channels;
mod conv;
mod cpu;
mod lanes;
mod maps;
mod output;
mod slide;
#[cfg(test)]
mod tests;

pub(crate) use cpu::KernelSet;
#[cfg(test)]
pub(crate) use cpu::both_ways;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::{BackendTensor, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind};
use burn::tensor::{DType, Device, Shape, Tensor};

use after::{After, LaneActivation};
use chain::{ChainLayer, LayerKind};
use channels::ResponseNorm;
use conv::PackedFilters;
use cpu::Cpu;
use maps::{Maps, SlidingWindow, by_pixel};
use slide::{Average, ChannelFilters, Maximum, RootOfSquares};

/// What follows a layer.
#[derive(Clone)]
pub(crate) enum FusedActivation {
    None,
    Relu,
    /// A factor of each channel for what is not positive.
    Slopes(Tensor<1>),
}

/// A convolution as it is called.
pub(crate) struct FusedConv<'a> {
    /// `[filters, channels / groups, height, width]`
    pub weight: Tensor<4>,
    pub bias: Option<Tensor<1>>,
    pub stride: [usize; 2],
    /// Above and below, left and right.
    pub padding: [usize; 2],
    pub groups: usize,
    pub packed: &'a PackedWeights,
}

/// What a pooling makes of its window.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PoolingKernel {
    Maximum,
    /// Padding does not count.
    Average,
    /// √(Σ x² + ε)
    Length {
        epsilon: f32,
    },
}

/// A layer's weights in the order of reading, made when they are first used.
///
/// They belong to the very tensors that they were made from: those are kept, so that their memory is neither changed
/// nor given to others, and other weights are told by their place.
#[derive(Default)]
pub(crate) struct PackedWeights(Mutex<Option<Arc<PackedFrom>>>);

struct PackedFrom {
    weight: FlexTensor,
    bias: Option<FlexTensor>,
    groups: usize,
    form: PackedForm,
}

enum PackedForm {
    Filters(PackedFilters),
    OneAChannel(ChannelFilters),
}

impl Clone for PackedWeights {
    /// Packed anew when it is used.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl std::fmt::Debug for PackedWeights {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PackedWeights")
    }
}

impl PackedWeights {
    fn of(&self, weight: FlexTensor, bias: Option<FlexTensor>, groups: usize) -> Arc<PackedFrom> {
        let kept = self.lock().clone();
        if let Some(packed) = kept.filter(|packed| packed.is_from(&weight, bias.as_ref(), groups)) {
            return packed;
        }
        // Without the lock: laying weights out may share its work over threads, and one that waits for the others takes
        // up work that may want this lock.
        let packed = Arc::new(PackedFrom::new(weight, bias, groups));
        let _dropped_unlocked = self.lock().replace(packed.clone());
        packed
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<PackedFrom>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PackedFrom {
    fn new(weight: FlexTensor, bias: Option<FlexTensor>, groups: usize) -> Self {
        let sides = sides(&weight);
        let [weights, biases] = [Some(&weight), bias.as_ref()].map(|tensor| tensor.map(FlexTensor::to_contiguous));
        let weights = weights.as_ref().map_or(&[][..], contiguous);
        let biases = biases.as_ref().map_or(&[][..], contiguous);
        let form = match sides[0] == groups && sides[1] == 1 && groups > 1 {
            true => PackedForm::OneAChannel(ChannelFilters::new(weights, groups, biases)),
            false => PackedForm::Filters(PackedFilters::new(weights, sides, groups, biases)),
        };
        Self { weight, bias, groups, form }
    }

    fn is_from(&self, weight: &FlexTensor, bias: Option<&FlexTensor>, groups: usize) -> bool {
        let is_one = |a: &FlexTensor, b: &FlexTensor| std::ptr::eq(a.bytes(), b.bytes()) && a.layout() == b.layout();
        let is_same_bias = match (&self.bias, bias) {
            (Some(a), Some(b)) => is_one(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        self.groups == groups && is_one(&self.weight, weight) && is_same_bias
    }
}

/// Whether these kernels take the maps: 32-bit floats.
pub(crate) fn runs_here(maps: &Tensor<4>) -> bool {
    maps.dtype() == DType::F32 && KernelSet::on(&maps.device()) == KernelSet::Ours
}

impl KernelSet {
    /// What computes there: ours only on the CPU, and where nothing is to be learnt.
    pub fn on(device: &Device) -> Self {
        // Devices are equal whether or not they keep gradients.
        let is_plain_cpu = !device.is_autodiff() && *device == Device::flex();
        if is_plain_cpu { Self::here() } else { Self::Burn }
    }
}

/// A layer of a chain ([`run_chain`]).
pub(crate) enum FusedLayer<'a> {
    Conv(FusedConv<'a>, FusedActivation),
    /// The largest of each square of four pixels.
    HalvingMaximum,
}

/// What a layer computes with, for as long as it does.
struct OpenLayer {
    /// None: a maximum.
    packed: Option<Arc<PackedFrom>>,
    window: SlidingWindow,
    activation: OpenActivation,
}

enum OpenActivation {
    None,
    Relu,
    Slopes(FlexTensor),
}

/// Layers one after the other; the last is activation(conv(maps) + shortcut).
///
/// # Shapes
/// - maps: `[batch, channels, height, width]`
/// - shortcut and output: `[batch, filters, height', width']`
pub(crate) fn run_chain(maps: Tensor<4>, layers: Vec<FusedLayer>, shortcut: Option<Tensor<4>>) -> Tensor<4> {
    let opened: Vec<_> = layers.into_iter().map(OpenLayer::new).collect();
    let maps = flex(maps.into_dispatch());
    let shortcut = shortcut.map(|shortcut| flex(shortcut.into_dispatch()));
    let shortcut_sides = shortcut.as_ref().map(sides);
    let shortcut = shortcut.as_ref().map(|shortcut| view(shortcut).pixels());
    let mut layers: Vec<_> = opened.iter().map(OpenLayer::layer).collect();
    if let Some(last) = layers.last_mut() {
        last.after.shortcut = shortcut.as_deref();
    }
    let (values, sides) = chain::run(view(&maps), &layers, Cpu::here());
    assert_eq!(shortcut_sides.unwrap_or(sides), sides, "a shortcut has the output's sides");
    tensor(values, sides)
}

impl OpenLayer {
    fn new(layer: FusedLayer) -> Self {
        let (layer, activation) = match layer {
            FusedLayer::Conv(layer, activation) => (layer, activation),
            FusedLayer::HalvingMaximum => {
                let window = SlidingWindow { kernel: [2; 2], stride: [2; 2], padding: [0; 2] };
                return Self { packed: None, window, activation: OpenActivation::None };
            }
        };
        let weight = flex(layer.weight.into_dispatch());
        let [_, _, height, width] = sides(&weight);
        let packed = layer.packed.of(weight, layer.bias.map(|bias| flex(bias.into_dispatch())), layer.groups);
        let window = SlidingWindow { kernel: [height, width], stride: layer.stride, padding: layer.padding };
        Self { packed: Some(packed), window, activation: OpenActivation::new(activation) }
    }

    fn layer(&self) -> ChainLayer<'_> {
        let kind = match self.packed.as_ref().map(|packed| &packed.form) {
            Some(PackedForm::Filters(filters)) => LayerKind::Filters(filters),
            Some(PackedForm::OneAChannel(filters)) => LayerKind::OneAChannel(filters),
            None => LayerKind::Maximum,
        };
        ChainLayer { kind, window: self.window, after: After { shortcut: None, activation: self.activation.lanes() } }
    }
}

impl OpenActivation {
    fn new(activation: FusedActivation) -> Self {
        match activation {
            FusedActivation::None => Self::None,
            FusedActivation::Relu => Self::Relu,
            FusedActivation::Slopes(slopes) => Self::Slopes(flex(slopes.into_dispatch()).to_contiguous()),
        }
    }

    fn lanes(&self) -> LaneActivation<'_> {
        match self {
            Self::None => LaneActivation::None,
            Self::Relu => LaneActivation::Relu,
            Self::Slopes(slopes) => LaneActivation::Slopes(contiguous(slopes)),
        }
    }
}

/// The same stride and padding on all sides.
///
/// # Shapes
/// - maps: `[batch, channels, height, width]`
/// - output: `[batch, channels, height', width']`
pub(crate) fn pool(
    maps: Tensor<4>,
    pooling: PoolingKernel,
    kernel: [usize; 2],
    stride: usize,
    padding: usize,
) -> Tensor<4> {
    let window = SlidingWindow { kernel, stride: [stride; 2], padding: [padding; 2] };
    on_maps(maps, None, FusedActivation::None, |maps, after| {
        let [pictures, channels, height, width] = maps.sides;
        let [height, width] = window.output([height, width]);
        let values = match pooling {
            PoolingKernel::Maximum => slide::slide(maps, Maximum, &window, after, Cpu::here()),
            PoolingKernel::Average => slide::slide(maps, Average, &window, after, Cpu::here()),
            PoolingKernel::Length { epsilon } => {
                slide::slide(maps, RootOfSquares { epsilon }, &window, after, Cpu::here())
            }
        };
        (values, [pictures, channels, height, width])
    })
}

/// activation(scale · maps + shortcut)
///
/// # Shapes
/// - maps, shortcut and output: `[batch, channels, height, width]`
pub(crate) fn add(maps: Tensor<4>, scale: f32, shortcut: Tensor<4>, activation: FusedActivation) -> Tensor<4> {
    on_maps(maps, Some(shortcut), activation, |maps, after| {
        (channels::add(&maps.pixels(), maps.sides[1], scale, after), maps.sides)
    })
}

/// The maps, and on each square of four pixels one of the coarse ones.
///
/// # Shapes
/// - maps and output: `[batch, channels, 2 · height, 2 · width]`
/// - coarse: `[batch, channels, height, width]`
pub(crate) fn add_doubled(maps: Tensor<4>, coarse: Tensor<4>) -> Tensor<4> {
    let coarse = flex(coarse.into_dispatch());
    let [pictures, channels, height, width] = sides(&coarse);
    on_maps(maps, None, FusedActivation::None, |maps, _| {
        assert_eq!(
            maps.sides,
            [pictures, channels, 2 * height, 2 * width],
            "the coarse maps are half as high and wide"
        );
        (channels::add_doubled(&maps.pixels(), &view(&coarse).pixels(), maps.sides), maps.sides)
    })
}

/// x / (k + α/size Σ x²)^¾ over so many channels around each.
///
/// # Shapes
/// - maps and output: `[batch, channels, height, width]`
pub(crate) fn response_norm(maps: Tensor<4>, size: usize, alpha: f32, k: f32) -> Tensor<4> {
    on_maps(maps, None, FusedActivation::None, |maps, _| {
        let norm = ResponseNorm { size, alpha, k };
        (norm.apply(&maps.pixels(), maps.sides[1], Cpu::here()), maps.sides)
    })
}

/// Maps of one size one after the other by channel.
///
/// # Shapes
/// - maps: each `[batch, channels, height, width]`
/// - output: `[batch, Σ channels, height, width]`
pub(crate) fn concatenate(maps: Vec<Tensor<4>>) -> Tensor<4> {
    let tensors: Vec<_> = maps.into_iter().map(|maps| flex(maps.into_dispatch())).collect();
    let maps: Vec<_> = tensors.iter().map(view).collect();
    let pixels: Vec<_> = maps.iter().map(Maps::pixels).collect();
    let parts: Vec<_> = pixels.iter().zip(&maps).map(|(pixels, maps)| (&pixels[..], maps.sides[1])).collect();
    let channels = parts.iter().map(|(_, channels)| channels).sum();
    let [pictures, _, height, width] = maps.first().expect("there are maps to put together").sides;
    for maps in &maps {
        assert_eq!(maps.sides, [pictures, maps.sides[1], height, width], "maps that are put together are of one size");
    }
    tensor(channels::concatenate(&parts), [pictures, channels, height, width])
}

/// Runs a kernel on maps and what follows it; it gives values pixel by pixel, and the sides.
fn on_maps(
    maps: Tensor<4>,
    shortcut: Option<Tensor<4>>,
    activation: FusedActivation,
    kernel: impl FnOnce(Maps, After) -> (FlexTensor, [usize; 4]),
) -> Tensor<4> {
    let maps = flex(maps.into_dispatch());
    let shortcut = shortcut.map(|shortcut| flex(shortcut.into_dispatch()));
    let shortcut_sides = shortcut.as_ref().map(sides);
    let shortcut = shortcut.as_ref().map(|shortcut| view(shortcut).pixels());
    let activation = OpenActivation::new(activation);
    let after = After { shortcut: shortcut.as_deref(), activation: activation.lanes() };
    let (values, sides) = kernel(view(&maps), after);
    assert_eq!(shortcut_sides.unwrap_or(sides), sides, "a shortcut has the output's sides");
    tensor(values, sides)
}

/// Panics unless [`runs_here`] has said so. What is repeated or runs backwards is laid out anew.
fn flex(tensor: DispatchTensor) -> FlexTensor {
    let DispatchTensorKind::Flex(BackendTensor::Float(tensor)) = tensor.kind else {
        unreachable!("maps and weights lie on one device");
    };
    let layout = tensor.layout();
    let ascends = layout.shape().iter().zip(layout.strides()).all(|(side, stride)| *side <= 1 || *stride > 0);
    if ascends { tensor } else { tensor.to_contiguous() }
}

fn sides(tensor: &FlexTensor) -> [usize; 4] {
    std::array::from_fn(|axis| tensor.layout().shape()[axis])
}

fn contiguous(tensor: &FlexTensor) -> &[f32] {
    &tensor.storage()[tensor.layout().start_offset()..][..tensor.layout().num_elements()]
}

fn view(tensor: &FlexTensor) -> Maps<'_> {
    let layout = tensor.layout();
    let strides = std::array::from_fn(|axis| layout.strides()[axis].unsigned_abs());
    Maps { values: &tensor.storage()[layout.start_offset()..], sides: sides(tensor), strides }
}

/// `values` lie pixel by pixel.
fn tensor(values: FlexTensor, sides: [usize; 4]) -> Tensor<4> {
    assert_eq!(values.layout().num_elements(), sides.iter().product::<usize>(), "numbers of maps of {sides:?}");
    #[cfg(test)]
    cpu::count_run();
    let strides = by_pixel(sides).map(|stride| stride as isize).to_vec();
    let start = values.layout().start_offset();
    let tensor = values.with_layout(Layout::new(Shape::from(sides.to_vec()), strides, start));
    let kind = DispatchTensorKind::Flex(BackendTensor::Float(tensor));
    Tensor::from_dispatch(DispatchTensor { kind, autodiff: DispatchAutodiffContext::Disabled })
}
