//! The two operations as Burn's backends know them: on Flex, and with gradients.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::ops::ModuleOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, AutodiffBackend, Backend, Flex, backend_extension};
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Bytes, DType, Shape};

use super::depthwise::Depthwise;
use super::norm::{BatchNormLine, Moments};

#[backend_extension(Flex, Autodiff)]
pub(super) trait LearningOps: Backend {
    /// Outputs, and the batch's mean and variance.
    fn batch_norm_with_slope(
        maps: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        slope: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    fn depthwise(
        maps: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self>;
}

impl LearningOps for Flex {
    fn batch_norm_with_slope(
        maps: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        slope: FlexTensor,
        epsilon: f64,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let [maps, gamma, beta, slope] = [maps, gamma, beta, slope].map(|tensor| tensor.to_contiguous());
        let (channels, plane) = channels_and_plane(&maps);
        let Moments { mean, variance } = Moments::of(maps.storage(), channels, plane);
        let (mean, variance) = (tensor(mean, &[channels]), tensor(variance, &[channels]));
        let outputs = line(&[&mean, &variance, &gamma, &beta, &slope], epsilon).forward(maps.storage(), plane);
        (tensor(outputs, &sides(&maps)), mean, variance)
    }

    fn depthwise(maps: FlexTensor, weight: FlexTensor, stride: usize, padding: usize) -> FlexTensor {
        let groups = sides(&weight)[0];
        Self::conv2d(maps, weight, None, ConvOptions::new([stride; 2], [padding; 2], [1; 2], groups))
    }
}

impl<C: CheckpointStrategy> LearningOps for Autodiff<Flex, C> {
    fn batch_norm_with_slope(
        maps: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        slope: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let parents = [maps.node(), gamma.node(), beta.node(), slope.node()];
        let inputs = [maps, gamma, beta, slope].map(|tensor| tensor.primitive().to_contiguous());
        let [maps, gamma, beta, slope] = inputs.clone();
        let (outputs, mean, variance) = Flex::batch_norm_with_slope(maps, gamma, beta, slope, epsilon);
        let state = BatchNormState { inputs, mean: mean.clone(), variance: variance.clone(), epsilon };
        let outputs = match BatchNormBackward.prepare::<C>(parents).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(state, outputs),
            OpsKind::UnTracked(prepared) => prepared.finish(outputs),
        };
        (outputs, Self::from_inner(mean), Self::from_inner(variance))
    }

    fn depthwise(
        maps: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        let parents = [maps.node(), weight.node()];
        let [maps, weight] = [maps, weight].map(|tensor| tensor.primitive().to_contiguous());
        let outputs = Flex::depthwise(maps.clone(), weight.clone(), stride, padding);
        match DepthwiseBackward.prepare::<C>(parents).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(DepthwiseState { maps, weight, stride, padding }, outputs),
            OpsKind::UnTracked(prepared) => prepared.finish(outputs),
        }
    }
}

#[derive(Debug)]
struct BatchNormBackward;

#[derive(Debug, Clone)]
struct BatchNormState {
    /// Maps, γ, β, slope.
    inputs: [FlexTensor; 4],
    mean: FlexTensor,
    variance: FlexTensor,
    epsilon: f64,
}

impl Backward<Flex, 4> for BatchNormBackward {
    type State = BatchNormState;

    fn backward(self, ops: Ops<Self::State, 4>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let BatchNormState { inputs: [maps, gamma, beta, slope], mean, variance, epsilon } = &ops.state;
        let (channels, plane) = channels_and_plane(maps);
        let line = line(&[mean, variance, gamma, beta, slope], *epsilon);
        let by = line.backward(maps.storage(), gradient.storage(), plane);
        let shape = sides(maps);
        let by = [(by.maps, &shape[..]), (by.gamma, &[channels]), (by.beta, &[channels]), (by.slope, &[channels])];
        register(grads, ops, by);
    }
}

#[derive(Debug)]
struct DepthwiseBackward;

#[derive(Debug, Clone)]
struct DepthwiseState {
    maps: FlexTensor,
    weight: FlexTensor,
    stride: usize,
    padding: usize,
}

impl Backward<Flex, 2> for DepthwiseBackward {
    type State = DepthwiseState;

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let DepthwiseState { maps, weight, stride, padding } = &ops.state;
        let (shape, weight_shape, outputs) = (sides(maps), sides(weight), sides(&gradient));
        let conv = Depthwise {
            channels: shape[1],
            input: [shape[2], shape[3]],
            output: [outputs[2], outputs[3]],
            kernel: weight_shape[2],
            stride: *stride,
            padding: *padding,
        };
        let [by_maps, by_weight] = conv.backward(maps.storage(), weight.storage(), gradient.storage());
        register(grads, ops, [(by_maps, &shape[..]), (by_weight, &weight_shape)]);
    }
}

/// Hands each parent that learns its gradient, given as values and shape.
fn register<S, const N: usize>(grads: &mut Gradients, ops: Ops<S, N>, by: [(Vec<f32>, &[usize]); N]) {
    for (parent, (values, shape)) in ops.parents.into_iter().zip(by) {
        if let Some(parent) = parent {
            grads.register::<Flex>(parent.id, tensor(values, shape));
        }
    }
}

fn line<'a>([mean, variance, gamma, beta, slope]: &[&'a FlexTensor; 5], epsilon: f64) -> BatchNormLine<'a> {
    BatchNormLine {
        mean: mean.storage(),
        variance: variance.storage(),
        gamma: gamma.storage(),
        beta: beta.storage(),
        slope: slope.storage(),
        epsilon: epsilon as f32,
    }
}

fn tensor(values: Vec<f32>, sides: &[usize]) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(Shape::from(sides.to_vec())), DType::F32)
}

fn sides(tensor: &FlexTensor) -> Vec<usize> {
    tensor.layout().shape().to_vec()
}

/// Channels, and pixels of a map.
fn channels_and_plane(maps: &FlexTensor) -> (usize, usize) {
    let sides = sides(maps);
    (sides[1], sides[2] * sides[3])
}
