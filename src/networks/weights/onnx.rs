//! The initialisers of an ONNX file, and its nodes (onnx.proto3 of ONNX 1.x: ModelProto.graph, GraphProto, TensorProto).
//!
//! The graph is never computed. Its nodes are read only where a name table wants them, because exporters that fold batch
//! norms away give initialisers numbers for names: then the way from the input says which layer a tensor belongs to.
//! Each tensor is decoded from the bytes that belong to it, and its shape must account for exactly the values found
//! there, so no announced number ever leads to an allocation larger than the file.

use super::element::Element;
use super::protobuf::{NoMessage, Wire, fields};
use super::shape::element_count;
use super::{NamedTensor, TensorFile, WeightsError};

const FORMAT: &str = "an ONNX model";

/// More than the largest networks have; what is beyond is not looked at.
const NODES_AT_MOST: usize = 1 << 16;
const ENDS_AT_MOST: usize = 1 << 10;

/// Nodes in the order of the file, which is that of computing.
#[derive(Debug, Default)]
pub(crate) struct OnnxGraph {
    pub nodes: Vec<GraphNode>,
    /// What comes in and is no initialiser.
    pub inputs: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct GraphNode {
    pub op: String,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    /// Attributes of whole numbers by name, one or several.
    pub integers: Vec<(String, Vec<i64>)>,
    pub floats: Vec<(String, f32)>,
}

impl GraphNode {
    pub(crate) fn integers(&self, name: &str) -> Option<&[i64]> {
        self.integers.iter().find(|(key, _)| key == name).map(|(_, values)| &values[..])
    }

    pub(crate) fn float(&self, name: &str) -> Option<f32> {
        self.floats.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
    }
}

/// Every initialiser of floating type. Integers are left out (see the module's page).
pub fn read_onnx(bytes: &[u8]) -> Result<TensorFile, WeightsError> {
    let graph = graph(bytes)?;
    let mut file = TensorFile::default();
    for field in fields(graph) {
        let (tag, value) = field.map_err(malformed)?;
        match (tag, value) {
            (5, Wire::Bytes(tensor)) => read_tensor(tensor, None, &mut file)?,
            (15, Wire::Bytes(_)) => file.leave_out(format!("sparse {}", file.len()), Element::Sparse, 0),
            _ => {}
        }
    }
    if file.is_empty() && !file.has_unread_weights() {
        // Some exporters make a constant of each weight instead.
        file = read_graph(bytes)?.1;
    }
    match file.is_empty() && !file.has_unread_weights() {
        true => Err(WeightsError::NoWeights { reason: "it is a graph of computations alone".to_owned() }),
        false => Ok(file),
    }
}

/// The nodes, and as tensors the constants among them: weights too, for some exporters.
pub(crate) fn read_graph(bytes: &[u8]) -> Result<(OnnxGraph, TensorFile), WeightsError> {
    let (mut found, mut constants) = (OnnxGraph::default(), TensorFile::default());
    for field in fields(graph(bytes)?) {
        match field.map_err(malformed)? {
            (1, Wire::Bytes(node)) if found.nodes.len() < NODES_AT_MOST => {
                let node = read_node(node, &mut constants)?;
                found.nodes.push(node);
            }
            (11, Wire::Bytes(input)) => found.inputs.extend(text_of(input, 1)),
            _ => {}
        }
    }
    Ok((found, constants))
}

fn graph(bytes: &[u8]) -> Result<&[u8], WeightsError> {
    let mut found = None;
    for field in fields(bytes) {
        if let (7, Wire::Bytes(graph)) = field.map_err(malformed)? {
            found = Some(graph);
        }
    }
    found.ok_or_else(|| malformed("it has no graph"))
}

fn text_of(message: &[u8], wanted: u64) -> Option<String> {
    fields(message).flatten().find(|(tag, _)| *tag == wanted).and_then(|(_, value)| value.text()).map(str::to_owned)
}

fn read_node(message: &[u8], constants: &mut TensorFile) -> Result<GraphNode, WeightsError> {
    let mut node = GraphNode::default();
    let mut constant = None;
    for field in fields(message) {
        match field.map_err(malformed)? {
            (1 | 2 | 5, _) if node.inputs.len() + node.outputs.len() + node.integers.len() > ENDS_AT_MOST => {
                return Err(malformed("a node has more inputs than any layer"));
            }
            (1, value) => node.inputs.extend(value.text().map(str::to_owned)),
            (2, value) => node.outputs.extend(value.text().map(str::to_owned)),
            (4, value) => node.op = value.text().unwrap_or_default().to_owned(),
            (5, Wire::Bytes(attribute)) => constant = read_attribute(attribute, &mut node)?.or(constant),
            _ => {}
        }
    }
    if let (Some(tensor), "Constant", [name, ..]) = (constant, &*node.op, &node.outputs[..]) {
        // A constant that cannot be read is none that a network here wants.
        _ = read_tensor(tensor, Some(name), constants);
    }
    Ok(node)
}

/// AttributeProto: name 1, f 2, i 3, t 5, ints 8.
fn read_attribute<'a>(message: &'a [u8], node: &mut GraphNode) -> Result<Option<&'a [u8]>, WeightsError> {
    let (mut name, mut integers, mut float, mut tensor) = (String::new(), Vec::new(), None, None);
    for field in fields(message) {
        match field.map_err(malformed)? {
            (1, value) => name = value.text().unwrap_or_default().to_owned(),
            (2, Wire::Four(value)) => float = Some(f32::from_le_bytes(value)),
            (3 | 8, value) => value.numbers(&mut integers).map_err(malformed)?,
            (5, Wire::Bytes(bytes)) => tensor = Some(bytes),
            _ => {}
        }
    }
    if let Some(float) = float {
        node.floats.push((name.clone(), float));
    }
    if !integers.is_empty() {
        node.integers.push((name, integers));
    }
    Ok(tensor)
}

/// TensorProto.DataType.
fn element(data_type: u64) -> Element {
    match data_type {
        1 => Element::F32,
        2 | 3 => Element::I8,
        4 | 5 => Element::I16,
        6 | 12 => Element::I32,
        7 | 13 => Element::I64,
        8 => Element::Text,
        9 => Element::Bool,
        10 => Element::F16,
        11 => Element::F64,
        14 => Element::Complex(8),
        15 => Element::Complex(16),
        16 => Element::BF16,
        17..=20 | 24 => Element::F8,
        21..=23 | 25 | 26 => Element::Narrow,
        _ => Element::Unknown,
    }
}

/// TensorProto: dims 1, data_type 2, float_data 4, int32_data 5, name 8, raw_data 9, double_data 10, external_data 13,
/// data_location 14.
#[derive(Default)]
struct OnnxTensor<'a> {
    dims: Vec<i64>,
    data_type: u64,
    floats: Vec<f32>,
    /// Bits of half floats, one a number.
    halves: Vec<i64>,
    name: String,
    raw: &'a [u8],
    /// The other file, where there is one.
    elsewhere: Option<String>,
}

impl<'a> OnnxTensor<'a> {
    fn read(message: &'a [u8]) -> Result<Self, NoMessage> {
        let mut stored = Self::default();
        for field in fields(message) {
            match field? {
                (1, value) => value.numbers(&mut stored.dims)?,
                (2, value) => stored.data_type = value.number().ok_or(NoMessage)?,
                (4, value) => value.floats(&mut stored.floats)?,
                (5, value) => value.numbers(&mut stored.halves)?,
                (8, value) => stored.name = value.text().ok_or(NoMessage)?.to_owned(),
                (9, value) => stored.raw = value.bytes().ok_or(NoMessage)?,
                (10, value) => value.doubles(&mut stored.floats)?,
                (13, Wire::Bytes(entry)) if text_of(entry, 1).as_deref() == Some("location") => {
                    stored.elsewhere = text_of(entry, 2);
                }
                (14, Wire::Number(1..)) => {
                    _ = stored.elsewhere.get_or_insert_with(|| "which it does not name".to_owned())
                }
                _ => {}
            }
        }
        Ok(stored)
    }

    /// Values in whatever field the type keeps them; none where two fields hold some.
    fn values(&self, element: Element) -> Option<Vec<f32>> {
        let is_half = matches!(element, Element::F16 | Element::BF16);
        match (self.raw.is_empty(), self.floats.is_empty(), self.halves.is_empty()) {
            (_, true, true) => element.floats(self.raw).filter(|_| self.raw.len().is_multiple_of(element.bytes())),
            (true, false, true) => Some(self.floats.clone()),
            (true, true, false) if is_half => {
                let bits: Vec<u8> = self.halves.iter().flat_map(|bits| (*bits as u16).to_le_bytes()).collect();
                element.floats(&bits)
            }
            _ => None,
        }
    }
}

fn read_tensor(message: &[u8], called: Option<&str>, file: &mut TensorFile) -> Result<(), WeightsError> {
    let stored = OnnxTensor::read(message).map_err(malformed)?;
    let name = called.unwrap_or(&stored.name).to_owned();
    let element = element(stored.data_type);
    if !element.is_float() {
        file.leave_out(name, element, stored.dims.len());
        return Ok(());
    }
    if let Some(place) = stored.elsewhere {
        return Err(WeightsError::ExternalData { name, place });
    }
    let shape = stored.dims.iter().map(|&side| usize::try_from(side)).collect::<Result<Vec<_>, _>>();
    let shape = shape.map_err(|_| malformed(format!("tensor {name} has a negative side")))?;
    let values = stored.values(element);
    let values =
        values.ok_or_else(|| malformed(format!("tensor {name} holds parts of values, or states them twice")))?;
    if element_count(&shape) != Some(values.len()) {
        return Err(WeightsError::WrongSize { name, shape, found: values.len() });
    }
    file.insert(NamedTensor::new(name, shape, values)?)
}

fn malformed(reason: impl ToString) -> WeightsError {
    WeightsError::Malformed { format: FORMAT, reason: reason.to_string() }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::protobuf::written::{bytes, floats, number, varint};
    use super::*;

    pub(crate) struct Given {
        name: &'static str,
        data_type: i64,
        dims: Vec<i64>,
        fields: Vec<u8>,
    }

    fn tensor(name: &'static str, data_type: i64, dims: &[i64], fields: Vec<u8>) -> Given {
        Given { name, data_type, dims: dims.to_vec(), fields }
    }

    pub(crate) fn model(tensors: &[Given]) -> Vec<u8> {
        let one = |given: &Given| {
            let dims = given.dims.iter().flat_map(|side| number(1, *side)).collect();
            bytes(5, [dims, number(2, given.data_type), bytes(8, given.name), given.fields.clone()].concat())
        };
        let graph: Vec<u8> = tensors.iter().flat_map(one).collect();
        [number(1, 8), bytes(7, graph)].concat()
    }

    fn raw(values: &[f32]) -> Vec<u8> {
        bytes(9, floats(values))
    }

    #[test]
    fn reads_every_way_of_storing_floats() {
        let halves = |bits: &[u16]| bits.iter().flat_map(|bits| bits.to_le_bytes()).collect::<Vec<_>>();
        let file = read_onnx(&model(&[
            tensor("raw", 1, &[2, 1], raw(&[1.5, -2.0])),
            tensor("packed", 1, &[3], bytes(4, floats(&[1.0, 2.0, 3.0]))),
            tensor("half", 10, &[2], bytes(9, halves(&[0x3800, 0xC200]))),
            tensor("half by numbers", 10, &[2], bytes(5, [varint(0x3800), varint(0xC200)].concat())),
            tensor("brain", 16, &[1], bytes(9, halves(&[0xBF80]))),
            tensor("brain by numbers", 16, &[1], number(5, 0xBF80)),
            tensor("double", 11, &[1], bytes(10, 0.25_f64.to_le_bytes())),
            tensor("double raw", 11, &[1], bytes(9, 0.5_f64.to_le_bytes())),
            tensor("shape of a reshape", 7, &[1], bytes(9, [0; 8])),
        ]))
        .unwrap();
        let data = |name: &str| file.get(name).unwrap_or_else(|| panic!("{name}")).data.clone();
        assert_eq!((file.get("raw").unwrap().shape.clone(), data("raw")), (vec![2, 1], vec![1.5, -2.0]));
        assert_eq!(data("packed"), [1.0, 2.0, 3.0]);
        assert_eq!((data("half"), data("half by numbers")), (vec![0.5, -3.0], vec![0.5, -3.0]));
        assert_eq!((data("brain"), data("brain by numbers")), (vec![-1.0], vec![-1.0]));
        assert_eq!((data("double"), data("double raw")), (vec![0.25], vec![0.5]));
        assert_eq!(file.len(), 8);
    }

    #[test]
    fn refuses_what_does_not_add_up() {
        let twice = [raw(&[1.0]), bytes(4, floats(&[1.0]))].concat();
        let cases = [
            ("too few values", tensor("t", 1, &[3], raw(&[1.0, 2.0]))),
            ("odd bytes", tensor("t", 1, &[1], bytes(9, [0; 5]))),
            ("no values", tensor("t", 1, &[1 << 40, 1 << 40], vec![])),
            ("negative side", tensor("t", 1, &[-1], vec![])),
            ("twice", tensor("t", 1, &[1], twice)),
            ("half a half", tensor("t", 10, &[1], bytes(9, [0; 3]))),
        ];
        for (case, tensor) in cases {
            assert!(read_onnx(&model(&[tensor])).is_err(), "{case}");
        }
    }

    /// 2 GiB announced by the shape, by the length of the values, and by that of the whole tensor.
    #[test]
    fn refuses_two_gib_on_paper() {
        let error = read_onnx(&model(&[tensor("t", 1, &[1 << 29], raw(&[1.0]))])).unwrap_err();
        assert!(matches!(error, WeightsError::WrongSize { found: 1, .. }), "{error}");
        // Field 7 (graph), field 5 (initialiser) or within it field 9 (raw data), each of 2³¹ bytes.
        let two_gib = [0x80, 0x80, 0x80, 0x80, 0x08];
        let lengths: [&[u8]; 3] = [&[0x3a], &[0x3a, 0x08, 0x2a], &[0x3a, 0x0a, 0x2a, 0x08, 0x4a]];
        for beginning in lengths {
            assert!(read_onnx(&[beginning, &two_gib].concat()).is_err(), "{beginning:?}");
        }
    }

    #[test]
    fn weights_that_are_constants_of_the_graph_are_read_where_there_are_no_others() {
        let tensor = [number(1, 2), number(2, 1), bytes(8, "inner"), raw(&[1.0, 2.0])].concat();
        let value = bytes(5, [bytes(1, "value"), bytes(5, tensor)].concat());
        let node = bytes(1, [bytes(2, "fc.bias"), bytes(4, "Constant"), value].concat());
        let file = read_onnx(&[number(1, 8), bytes(7, node)].concat()).unwrap();
        assert_eq!(file.get("fc.bias").unwrap().data, [1.0, 2.0]);
    }

    #[test]
    fn weights_beside_the_file_are_told_with_their_file() {
        let entry = bytes(13, [bytes(1, "location"), bytes(2, "net.onnx.data")].concat());
        let given = tensor("conv1.weight", 1, &[1], [entry, number(14, 1)].concat());
        let error = read_onnx(&model(&[given])).unwrap_err().to_string();
        assert!(
            error.contains("conv1.weight") && error.contains("net.onnx.data") && error.contains("one file"),
            "{error}"
        );
    }

    #[test]
    fn what_is_not_read_is_named_in_words() {
        let file = read_onnx(&model(&[tensor("conv1.weight", 17, &[4], bytes(9, [0; 4]))])).unwrap();
        let error = file.first_unread_weight().unwrap().to_string();
        assert!(error.contains("conv1.weight holds 8-bit floats"), "{error}");
    }

    #[test]
    fn refuses_other_files() {
        assert!(read_onnx(b"").is_err());
        assert!(read_onnx(b"PK\x03\x04 surely not a model").is_err());
        let whole = model(&[tensor("t", 1, &[2], raw(&[1.0, 2.0]))]);
        for end in 0..whole.len() {
            assert!(read_onnx(&whole[..end]).is_err(), "cut after {end} bytes");
        }
    }
}
