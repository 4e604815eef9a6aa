//! The triplet loss on squared L2 distances of unit vectors (Schroff et al. 2015, equation 3):
//! Σ [ ‖a − p‖² − ‖a − n‖² + α ]₊.
//!
//! The paper sums over triplets; davidsandberg/facenet and OpenFace average, which keeps the learning rate independent
//! of how many triplets were mined, so the mean is the default. The soft margin ln(1 + exp(‖a − p‖² − ‖a − n‖²)) is
//! from Hermans et al. 2017, section 2; it has no α.

use burn::tensor::{Int, Tensor, TensorData, activation::relu};
use serde::{Deserialize, Serialize};

/// Three rows of an embedding matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Triplet {
    pub anchor: u32,
    pub positive: u32,
    pub negative: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct LossConfig {
    /// α: how much farther a different face shall be than a same one, in squared distance.
    pub margin: f32,
    pub reduction: Reduction,
    pub shape: LossShape,
}

impl Default for LossConfig {
    fn default() -> Self {
        Self { margin: 0.2, reduction: Reduction::Mean, shape: LossShape::Hinge }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reduction {
    Mean,
    Sum,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LossShape {
    /// [x + α]₊
    Hinge,
    /// ln(1 + eˣ), without margin.
    Softplus,
}

impl LossConfig {
    /// What the sum of all triplets' terms is multiplied by.
    pub fn weight(&self, triplets: usize) -> f32 {
        match self.reduction {
            Reduction::Mean => 1.0 / triplets.max(1) as f32,
            Reduction::Sum => 1.0,
        }
    }
}

/// Rows divided by their Euclidean length.
///
/// # Shapes
/// `[rows, dimensions]` to `[rows, dimensions]`
pub fn normalise(raw: Tensor<2>) -> Tensor<2> {
    // Below 1e-12 there is no direction to speak of; the constant only keeps the gradient finite there.
    let length = raw.clone().square().sum_dim(1).add_scalar(1e-24).sqrt();
    raw.div(length)
}

/// The loss of each triplet, not yet summed or averaged.
///
/// # Shapes
/// - unit: `[rows, dimensions]`, rows of unit length
/// - output: `[triplets]`
pub(crate) fn triplet_terms(unit: Tensor<2>, triplets: &[Triplet], config: &LossConfig) -> Tensor<1> {
    let rows = |pick: fn(&Triplet) -> u32| {
        let indices: Vec<i32> = triplets.iter().map(|triplet| pick(triplet) as i32).collect();
        let indices = Tensor::<1, Int>::from_data(TensorData::new(indices, [triplets.len()]), &unit.device());
        unit.clone().select(0, indices)
    };
    let anchor = rows(|triplet| triplet.anchor);
    let to_positive = squared_length(anchor.clone() - rows(|triplet| triplet.positive));
    let to_negative = squared_length(anchor - rows(|triplet| triplet.negative));
    let difference = to_positive - to_negative;
    match config.shape {
        LossShape::Hinge => relu(difference.add_scalar(config.margin)),
        LossShape::Softplus => softplus(difference),
    }
}

fn squared_length(rows: Tensor<2>) -> Tensor<1> {
    rows.square().sum_dim(1).squeeze_dim(1)
}

/// max(x, 0) + ln(1 + e^−|x|): the same as ln(1 + eˣ), without overflow.
fn softplus(x: Tensor<1>) -> Tensor<1> {
    relu(x.clone()) + x.abs().neg().exp().log1p()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[derive(Deserialize)]
    struct Fixture {
        rows: usize,
        dimensions: usize,
        margin: f32,
        raw: Vec<f32>,
        triplets: Vec<[u32; 3]>,
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        shape: LossShape,
        reduction: Reduction,
        loss: f64,
        gradient_of_raw: Vec<f64>,
    }

    /// Equation 3 in plain words, in f64, with the gradient for the unit vectors: the oracle of the tensor version.
    fn reference(unit: &[Vec<f64>], triplets: &[Triplet], config: &LossConfig) -> (f64, Vec<Vec<f64>>) {
        let weight = f64::from(config.weight(triplets.len()));
        let mut gradient = vec![vec![0.0; unit[0].len()]; unit.len()];
        let mut loss = 0.0;
        for triplet in triplets {
            let [a, p, n] = [triplet.anchor, triplet.positive, triplet.negative].map(|row| row as usize);
            let squared = |x: usize, y: usize| unit[x].iter().zip(&unit[y]).map(|(x, y)| (x - y).powi(2)).sum::<f64>();
            let difference = squared(a, p) - squared(a, n);
            let violation = difference + f64::from(config.margin);
            let (term, slope) = match config.shape {
                LossShape::Hinge => (violation.max(0.0), if violation > 0.0 { 1.0 } else { 0.0 }),
                LossShape::Softplus => (difference.exp().ln_1p(), 1.0 / (1.0 + (-difference).exp())),
            };
            loss += weight * term;
            for k in 0..unit[a].len() {
                gradient[a][k] += weight * slope * 2.0 * (unit[n][k] - unit[p][k]);
                gradient[p][k] += weight * slope * 2.0 * (unit[p][k] - unit[a][k]);
                gradient[n][k] += weight * slope * 2.0 * (unit[a][k] - unit[n][k]);
            }
        }
        (loss, gradient)
    }

    fn fixture() -> Fixture {
        serde_json::from_str(include_str!("../../tests/fixtures/train/triplet_loss.json")).unwrap()
    }

    fn triplets(fixture: &Fixture) -> Vec<Triplet> {
        let row = |&[anchor, positive, negative]: &[u32; 3]| Triplet { anchor, positive, negative };
        fixture.triplets.iter().map(row).collect()
    }

    /// Largest difference relative to the largest value: single entries may be zero by cancellation.
    fn relative_error(got: &[f32], wanted: &[f64]) -> f64 {
        assert_eq!(got.len(), wanted.len());
        let scale = wanted.iter().fold(0.0_f64, |scale, value| scale.max(value.abs()));
        got.iter().zip(wanted).map(|(&g, w)| (f64::from(g) - w).abs()).fold(0.0, f64::max) / scale
    }

    #[test]
    fn loss_and_gradient_agree_with_jax() {
        let fixture = fixture();
        let device = Device::flex().autodiff();
        for case in &fixture.cases {
            let config = LossConfig { margin: fixture.margin, reduction: case.reduction, shape: case.shape };
            let data = TensorData::new(fixture.raw.clone(), [fixture.rows, fixture.dimensions]);
            let raw = Tensor::<2>::from_data(data, &device).require_grad();
            let triplets = triplets(&fixture);
            let terms = triplet_terms(normalise(raw.clone()), &triplets, &config);
            let loss = terms.sum().mul_scalar(config.weight(triplets.len()));
            let gradient = raw.grad(&loss.backward()).unwrap().try_into_vec_as::<f32>().unwrap();
            assert!(relative_error(&[loss.into_scalar::<f32>()], &[case.loss]) < 1e-5);
            assert!(relative_error(&gradient, &case.gradient_of_raw) < 1e-5, "{:?}", case.shape);
        }
    }

    #[test]
    fn gradient_of_unit_vectors_agrees_with_the_plain_formula() {
        let fixture = fixture();
        let triplets = triplets(&fixture);
        let device = Device::flex().autodiff();
        let data = TensorData::new(fixture.raw.clone(), [fixture.rows, fixture.dimensions]);
        let unit = normalise(Tensor::<2>::from_data(data, &Device::flex())).try_into_vec_as::<f32>().unwrap();
        let plain: Vec<Vec<f64>> =
            unit.chunks(fixture.dimensions).map(|row| row.iter().map(|&v| f64::from(v)).collect()).collect();
        for shape in [LossShape::Hinge, LossShape::Softplus] {
            let config = LossConfig { shape, margin: fixture.margin, ..LossConfig::default() };
            let data = TensorData::new(unit.clone(), [fixture.rows, fixture.dimensions]);
            let leaf = Tensor::<2>::from_data(data, &device).require_grad();
            let loss = triplet_terms(leaf.clone(), &triplets, &config).mean();
            let gradient = leaf.grad(&loss.backward()).unwrap().try_into_vec_as::<f32>().unwrap();
            let (wanted_loss, wanted) = reference(&plain, &triplets, &config);
            assert!(relative_error(&[loss.into_scalar::<f32>()], &[wanted_loss]) < 1e-5);
            assert!(relative_error(&gradient, &wanted.concat()) < 1e-5);
        }
    }
}
