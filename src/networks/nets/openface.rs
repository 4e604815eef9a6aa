//! OpenFace's nn4.small2 (cmusatyalab/openface), 96×96, in the form that its released weights need.
//!
//! The released weights were trained with poolings that differ from OpenFace's own definition file (openface issues
//! #349, #351): strides of 2 or 3 without padding, the smaller map then centred in zeros ("DepthConcat"), after
//! projection, batch norm and ReLU. The order of concatenation is 3×3, 5×5, pooling, 1×1. Convolutions keep their bias
//! beside batch norm. 3,733,968 parameters. Fields are named as in `openface/openfacenet.py`, but a convolution and its
//! batch norm are one unit here. First weights: He's; Torch's own default is a narrower uniform.
//!
//! 200.1 million multiply-adds; the definition file has 206.9 million, because its poolings in 3a, 3b, 4a, 5a and 5b keep
//! the map's size and so their projections cost 6,801,408 more.

use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Linear, LocalResponseNorm};
use burn::tensor::ops::PadMode;
use burn::tensor::{Device, Tensor};

use super::blocks::{Block, Builder, Conv, ConvUnit, MapShape, Pool, Trace, conv, inference, response_norm};
use super::zeiler_fergus::style;
use super::{NetConfig, Sequential};

/// #3×3 reduce, #3×3; #5×5 reduce, #5×5 (0: no such branch); stride of both.
struct Row([usize; 2], [usize; 2], usize, Pool, usize, usize);

/// 3a, 3b, 3c, 4a, 4e, 5a, 5b: then the pooling, its projection and #1×1 (0: none).
const TABLE: [Row; 7] = [
    Row([96, 128], [16, 32], 1, Pool::max(3, 2, 0), 32, 64),
    Row([96, 128], [32, 64], 1, Pool::l2(3, 3, 0), 64, 64),
    Row([128, 256], [32, 64], 2, Pool::max(3, 2, 0), 0, 0),
    Row([96, 192], [32, 64], 1, Pool::l2(3, 3, 0), 128, 256),
    Row([160, 256], [64, 128], 2, Pool::max(3, 2, 0), 0, 0),
    Row([96, 384], [0, 0], 1, Pool::l2(3, 3, 0), 96, 256),
    Row([96, 384], [0, 0], 1, Pool::max(3, 2, 0), 96, 256),
];

/// nn4.small2.v1.
#[derive(Module, Debug)]
pub struct Nn4Small2 {
    pub conv1: ConvUnit,
    pub maxpool: Pool,
    pub lrn: LocalResponseNorm,
    pub conv2: ConvUnit,
    pub conv3: ConvUnit,
    pub(crate) incept3a: DepthConcat,
    pub(crate) incept3b: DepthConcat,
    pub(crate) incept3c: DepthConcat,
    pub(crate) incept4a: DepthConcat,
    pub(crate) incept4e: DepthConcat,
    pub(crate) incept5a: DepthConcat,
    pub(crate) incept5b: DepthConcat,
    pub avgpool: Pool,
    pub dropout: Dropout,
    pub ln: Linear,
}

/// Builds the network; the builder moves with the fields, so their order is the pixels' way.
pub(crate) fn init(config: &NetConfig, device: &Device) -> Nn4Small2 {
    let mut b = Builder::new(config.input_shape(), style(config), device);
    let conv1 = b.unit(conv(7, 64).stride(2));
    let maxpool = b.passed(Pool::max(3, 2, 1));
    let (conv2, conv3) = (b.unit(conv(1, 64)), b.unit(conv(3, 192)));
    let maxpool = b.passed(maxpool);
    let [incept3a, incept3b, incept3c, incept4a, incept4e, incept5a, incept5b] =
        TABLE.map(|row| DepthConcat::new(&mut b, &row));
    Nn4Small2 {
        conv1,
        maxpool,
        lrn: response_norm(),
        conv2,
        conv3,
        incept3a,
        incept3b,
        incept3c,
        incept4a,
        incept4e,
        incept5a,
        incept5b,
        avgpool: b.passed(Pool::global()),
        dropout: DropoutConfig::new(config.dropout).init(),
        ln: b.linear_here(config.embedding_size, true),
    }
}

impl Nn4Small2 {
    /// The same function for inference, batch norms folded into the convolutions before them.
    pub fn folded(self) -> Self {
        Self {
            conv1: self.conv1.folded(),
            conv2: self.conv2.folded(),
            conv3: self.conv3.folded(),
            incept3a: self.incept3a.folded(),
            incept3b: self.incept3b.folded(),
            incept3c: self.incept3c.folded(),
            incept4a: self.incept4a.folded(),
            incept4e: self.incept4e.folded(),
            incept5a: self.incept5a.folded(),
            incept5b: self.incept5b.folded(),
            ..self
        }
    }
}

impl Sequential for Nn4Small2 {
    fn stages(&self) -> Vec<(String, &dyn Block)> {
        vec![
            ("conv1".into(), &self.conv1),
            ("maxpool".into(), &self.maxpool),
            ("lrn".into(), &self.lrn),
            ("conv2".into(), &self.conv2),
            ("conv3".into(), &self.conv3),
            ("lrn 2".into(), &self.lrn),
            ("maxpool 2".into(), &self.maxpool),
            ("incept3a".into(), &self.incept3a),
            ("incept3b".into(), &self.incept3b),
            ("incept3c".into(), &self.incept3c),
            ("incept4a".into(), &self.incept4a),
            ("incept4e".into(), &self.incept4e),
            ("incept5a".into(), &self.incept5a),
            ("incept5b".into(), &self.incept5b),
            ("avgpool".into(), &self.avgpool),
            ("dropout".into(), &self.dropout),
            ("ln".into(), &self.ln),
        ]
    }

    /// Dropout and linear layer.
    fn head(&self) -> usize {
        self.stages().len() - 2
    }

    fn outputs(&self) -> usize {
        self.ln.weight.lazy_shape()[1]
    }
}

/// Branches concatenated by channel, smaller maps centred in zeros (Torch's `DepthConcat`).
#[derive(Module, Debug)]
pub(crate) struct DepthConcat {
    /// 3×3, 5×5, pooling's projection, 1×1, as far as the row has them.
    pub branches: Vec<Vec<ConvUnit>>,
    pub pool: Pool,
    /// Which branch pools first.
    pub pooled: usize,
}

impl DepthConcat {
    fn new(b: &mut Builder, Row(three, five, stride, pool, project, one): &Row) -> Self {
        let units = |input: MapShape, row: &[Conv]| {
            let mut branch = b.clone();
            branch.shape = input;
            row.iter().map(|conv| branch.unit(*conv)).collect::<Vec<_>>()
        };
        let mut branches = vec![units(b.shape, &[conv(1, three[0]), conv(3, three[1]).stride(*stride)])];
        if five[1] > 0 {
            branches.push(units(b.shape, &[conv(1, five[0]), conv(5, five[1]).stride(*stride)]));
        }
        let pooled = branches.len();
        let pooled_shape = pool.trace(b.shape, &mut Trace::default());
        branches.push(if *project > 0 { units(pooled_shape, &[conv(1, *project)]) } else { Vec::new() });
        if *one > 0 {
            branches.push(units(b.shape, &[conv(1, *one)]));
        }
        b.passed(Self { branches, pool: pool.clone(), pooled })
    }

    fn folded(self) -> Self {
        let folded = |branch: Vec<ConvUnit>| branch.into_iter().map(ConvUnit::folded).collect();
        Self { branches: self.branches.into_iter().map(folded).collect(), ..self }
    }
}

impl Block for DepthConcat {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        let outputs = self.branches.iter().enumerate().map(|(index, branch)| {
            let input = if index == self.pooled { self.pool.forward(maps.clone()) } else { maps.clone() };
            branch.forward(input)
        });
        let outputs = outputs.collect::<Vec<_>>();
        let height = outputs.iter().map(|output| output.dims()[2]).max().unwrap_or(0);
        let width = outputs.iter().map(|output| output.dims()[3]).max().unwrap_or(0);
        inference::concatenate(outputs.into_iter().map(|output| centred(output, height, width)).collect())
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let mut output = MapShape::new(0, 0, 0);
        for (index, branch) in self.branches.iter().enumerate() {
            let start = if index == self.pooled { trace.named("pool", input, &self.pool) } else { input };
            let shape = trace.named(&format!("branch{index}"), start, branch);
            output = MapShape::new(
                output.channels + shape.channels,
                output.height.max(shape.height),
                output.width.max(shape.width),
            );
        }
        output
    }
}

/// Zeros around, the smaller half above and to the left.
fn centred(maps: Tensor<4>, height: usize, width: usize) -> Tensor<4> {
    let [_, _, rows, columns] = maps.dims();
    if (rows, columns) == (height, width) {
        return maps;
    }
    let (top, left) = ((height - rows) / 2, (width - columns) / 2);
    maps.pad([(top, height - rows - top), (left, width - columns - left)], PadMode::Constant(0.0))
}
