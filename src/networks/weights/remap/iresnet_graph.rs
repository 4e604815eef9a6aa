//! IResNet in an ONNX export. Exporters fold batch norms into the convolutions before them and call what comes out by
//! numbers, so a tensor's layer is told by the way from the input: stem, blocks with their shortcuts, head.
//!
//! A folded norm becomes one that only adds the convolution's bias.

use std::collections::HashMap;

use super::super::{GraphNode, NamedTensor, OnnxGraph, TensorFile, WeightsError};
use super::iresnet::{EPSILON, neutral_norm, norm, plain_shortcut, without_affine};

/// Nodes that change no value on the way.
const PASSED: [&str; 6] = ["Identity", "Cast", "Dropout", "Unsqueeze", "Squeeze", "Reshape"];

/// An IResNet that a graph computes.
#[derive(Debug)]
pub(crate) struct GraphIResNet {
    /// Under our names, in PyTorch's layout.
    pub tensors: TensorFile,
    /// Every stage has a convolution on its shortcut: InsightFace's have, AdaFace's have not.
    pub all_projected: bool,
    /// Mean and divisor of the pixels' scaling, where the graph begins with it.
    pub scaling: Option<[f32; 2]>,
}

/// None where the graph is another network's.
pub(crate) fn from_graph(
    graph: &OnnxGraph,
    tensors: &TensorFile,
    constants: &TensorFile,
) -> Result<Option<GraphIResNet>, WeightsError> {
    let mut way = GraphWalk::new(graph, tensors, constants);
    // Older exporters list initialisers among the inputs, numbers for shapes too.
    let is_initialiser = |name: &str| tensors.get(name).is_some() || tensors.unread(name).is_some();
    let input = graph.inputs.iter().find(|input| !is_initialiser(input));
    let Some(input) = input else { return Ok(None) };
    let walked = way.whole(input);
    match (walked, way.failed) {
        (_, Some(error)) => Err(error),
        (Some(()), None) => {
            let (tensors, all_projected, scaling) = (way.ours, way.all_projected, way.scaling);
            Ok(Some(GraphIResNet { tensors, all_projected, scaling }))
        }
        (None, None) => Ok(None),
    }
}

struct GraphWalk<'a> {
    tensors: [&'a TensorFile; 2],
    consumers: HashMap<&'a str, Vec<&'a GraphNode>>,
    /// By output.
    producers: HashMap<&'a str, &'a GraphNode>,
    ours: TensorFile,
    all_projected: bool,
    scaling: Option<[f32; 2]>,
    failed: Option<WeightsError>,
}

impl<'a> GraphWalk<'a> {
    fn new(graph: &'a OnnxGraph, tensors: &'a TensorFile, constants: &'a TensorFile) -> Self {
        let (mut consumers, mut producers) = (HashMap::<&str, Vec<&GraphNode>>::new(), HashMap::new());
        for node in &graph.nodes {
            node.inputs.iter().for_each(|input| consumers.entry(input).or_default().push(node));
            node.outputs.iter().for_each(|output| _ = producers.insert(&**output, node));
        }
        Self {
            tensors: [tensors, constants],
            consumers,
            producers,
            ours: TensorFile::default(),
            all_projected: true,
            scaling: None,
            failed: None,
        }
    }

    fn whole(&mut self, input: &'a str) -> Option<()> {
        let input = self.scaled(input)?;
        let conv = self.after(input, "Conv")?;
        let mut value = self.unit("conv1", conv)?;
        value = self.slopes("conv1", value)?;
        let (mut stage, mut index) = (0, 0);
        // As many blocks as the graph has nodes is more than there can be.
        for _ in 0..self.producers.len() {
            let norm = self.after(value, "BatchNormalization")?;
            let Some(conv1) = self.after(output(norm)?, "Conv") else { return self.head(norm) };
            let slopes = self.unit_end(conv1)?;
            let conv2 = self.after(output(self.after(slopes, "PRelu")?)?, "Conv")?;
            let halves = conv2.integers("strides").is_some_and(|strides| strides.first() == Some(&2));
            (stage, index) = if halves { (stage + 1, 0) } else { (stage, index + 1) };
            value = self.block(&format!("layer{stage}.{index}"), value, norm, [conv1, conv2])?;
        }
        None
    }

    /// Past (x − mean) · factor, where the graph does what is else the preprocessing's.
    fn scaled(&mut self, input: &'a str) -> Option<&'a str> {
        let Some(less) = self.after(input, "Sub") else { return Some(input) };
        let mean = self.number(less)?;
        let (node, divisor) = match self.after(output(less)?, "Mul") {
            Some(times) => (times, 1.0 / self.number(times)?),
            None => {
                let over = self.after(output(less)?, "Div")?;
                (over, self.number(over)?)
            }
        };
        self.scaling = Some([mean, divisor]);
        output(node)
    }

    /// The one constant of a node.
    fn number(&self, node: &GraphNode) -> Option<f32> {
        let constant = node.inputs.iter().find_map(|input| self.find(input))?;
        if let [value] = constant.data[..] { Some(value) } else { None }
    }

    /// From the block's input to its output.
    fn block(
        &mut self,
        place: &str,
        input: &'a str,
        first: &'a GraphNode,
        [conv1, conv2]: [&'a GraphNode; 2],
    ) -> Option<&'a str> {
        self.norm(&format!("{place}.bn1"), first)?;
        let between = self.unit(&format!("{place}.conv1"), conv1)?;
        self.slopes(&format!("{place}.conv1"), between)?;
        let end = self.unit(&format!("{place}.conv2"), conv2)?;
        let sum = self.after(end, "Add").or_else(|| self.after(end, "Sum"))?;
        if let Some(shortcut) = self.after(input, "Conv").filter(|shortcut| !std::ptr::eq(*shortcut, conv1)) {
            self.unit(&format!("{place}.downsample"), shortcut)?;
        } else if place.ends_with(".0") {
            self.all_projected = false;
            let result = plain_shortcut(&mut self.ours, place);
            self.checked(result)?;
        }
        output(sum)
    }

    /// Norm, flattening, matrix, norm.
    fn head(&mut self, first: &'a GraphNode) -> Option<()> {
        self.norm("bn2", first)?;
        let flat = output(first)?;
        let flat = self.after(flat, "Flatten").map_or(Some(flat), output)?;
        let end = match self.after(flat, "Gemm") {
            Some(product) => {
                self.take("fc.weight", product.inputs.get(1)?)?;
                self.take("fc.bias", product.inputs.get(2)?)?;
                output(product)?
            }
            None => {
                let product = self.after(flat, "MatMul")?;
                self.take("fc.weight", product.inputs.get(1)?)?;
                let sum = self.after(output(product)?, "Add")?;
                let bias = sum.inputs.iter().find(|input| self.find(input).is_some())?;
                self.take("fc.bias", bias)?;
                output(sum)?
            }
        };
        let outputs = self.ours.get("fc.bias")?.data.len();
        let result = match self.after(end, "BatchNormalization") {
            Some(last) => {
                self.norm("features", last)?;
                without_affine(&mut self.ours, "features")
            }
            None => norm(&mut self.ours, "features", vec![0.0; outputs]),
        };
        self.checked(result)
    }

    /// A convolution and the norm behind it, or its bias as one. Where it ends.
    fn unit(&mut self, path: &str, conv: &'a GraphNode) -> Option<&'a str> {
        self.take(&format!("{path}.conv.weight"), conv.inputs.get(1)?)?;
        let bias = conv.inputs.get(2).filter(|name| !name.is_empty());
        let bias = bias.map(|name| self.find(name).map(|tensor| tensor.data.clone()));
        let after = self.after(output(conv)?, "BatchNormalization").filter(|_| bias.is_none());
        match after {
            Some(after) => self.norm(&format!("{path}.bn"), after)?,
            None => {
                let shift = bias.flatten();
                let result = neutral_norm(&mut self.ours, path, shift);
                self.checked(result)?;
            }
        }
        self.unit_end(conv)
    }

    fn unit_end(&self, conv: &'a GraphNode) -> Option<&'a str> {
        let has_bias = conv.inputs.get(2).is_some_and(|name| !name.is_empty());
        let end = output(conv)?;
        // A block's end is followed by the next block's norm, too, but never a convolution directly.
        let norm = self.after(end, "BatchNormalization").filter(|_| !has_bias);
        norm.map_or(Some(end), output)
    }

    fn slopes(&mut self, path: &str, value: &'a str) -> Option<&'a str> {
        let slopes = self.after(value, "PRelu")?;
        self.take(&format!("{path}.prelu.alpha"), slopes.inputs.get(1)?)?;
        output(slopes)
    }

    /// Scale, shift, mean, variance; with the file's own ε.
    fn norm(&mut self, path: &str, node: &'a GraphNode) -> Option<()> {
        for (index, part) in (1..).zip(["gamma", "beta", "running_mean", "running_var"]) {
            self.take(&format!("{path}.{part}"), node.inputs.get(index)?)?;
        }
        let surplus = node.float("epsilon").unwrap_or(1e-5) - EPSILON;
        let name = format!("{path}.running_var");
        let mut variance = self.ours.take(&name).ok()?;
        variance.data.iter_mut().for_each(|variance| *variance += surplus);
        let result = self.ours.insert(variance);
        self.checked(result)
    }

    /// The node of that kind which takes this value, behind what changes nothing.
    fn after(&self, value: &str, op: &str) -> Option<&'a GraphNode> {
        let mut value = value;
        for _ in 0..PASSED.len() {
            let consumers = self.consumers.get(value)?;
            // The value must be what is computed on, not a weight.
            let is_it = |node: &&&GraphNode| {
                node.op == op && (op == "Add" || node.inputs.first().is_some_and(|first| first == value))
            };
            if let Some(found) = consumers.iter().find(is_it) {
                return Some(found);
            }
            let passed = consumers.iter().find(|node| PASSED.contains(&&*node.op))?;
            value = output(passed)?;
        }
        None
    }

    fn find(&self, name: &str) -> Option<&'a NamedTensor> {
        let mut name = name;
        for _ in 0..PASSED.len() {
            if let Some(tensor) = self.tensors.iter().find_map(|tensors| tensors.get(name)) {
                return Some(tensor);
            }
            let producer = self.producers.get(name).filter(|node| PASSED.contains(&&*node.op))?;
            name = producer.inputs.first()?;
        }
        None
    }

    fn take(&mut self, path: &str, name: &str) -> Option<()> {
        let tensor = self.find(name)?.clone();
        let finite = tensor.check_finite();
        self.checked(finite)?;
        let result = self.ours.insert(NamedTensor { name: path.to_owned(), ..tensor });
        self.checked(result)
    }

    /// Keeps the first error: from there on nothing is walked.
    fn checked(&mut self, result: Result<(), WeightsError>) -> Option<()> {
        result.map_err(|error| self.failed.get_or_insert(error)).ok()
    }
}

fn output(node: &GraphNode) -> Option<&str> {
    node.outputs.first().map(String::as_str)
}
