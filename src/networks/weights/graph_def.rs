//! The constants of TensorFlow graphs (graph.proto, node_def.proto, tensor.proto of TensorFlow 1.x): of a frozen graph,
//! and of the graphs in a saved model.
//!
//! A frozen graph keeps its weights in nodes of kind `Const`. Only those are decoded; the graph is never interpreted.
//! A constant may state fewer values than its shape has and means the last one repeated; that is the one place where a
//! few bytes announce many values, so it is bounded ([`REPEATED_AT_MOST`]).

use super::element::Element;
use super::protobuf::{NoMessage, Wire, fields};
use super::shape::element_count;
use super::{NamedTensor, TensorFile, WeightsError};

const FORMAT: &str = "a frozen TensorFlow graph";

/// Values that repeating may produce in one tensor: more than any layer has channels.
const REPEATED_AT_MOST: usize = 1 << 16;
/// And in all of a file together.
const REPEATED_IN_ALL: usize = 1 << 24;

/// Every constant of floating type. Integers and strings are left out.
pub(crate) fn read_graph_def(bytes: &[u8]) -> Result<TensorFile, WeightsError> {
    let mut file = TensorFile::default();
    read_nodes(bytes, &mut file)?;
    finished(file, "freeze the graph first, so that its variables become constants of it")
}

/// Of a saved model (saved_model.proto): meta_graphs 2, in each graph_def 2.
pub(crate) fn read_saved_model(bytes: &[u8]) -> Result<TensorFile, WeightsError> {
    let mut file = TensorFile::default();
    for meta_graph in fields(bytes).filter_map(|field| field.ok().filter(|(tag, _)| *tag == 2)) {
        let Wire::Bytes(meta_graph) = meta_graph.1 else { continue };
        for field in fields(meta_graph) {
            if let (2, Wire::Bytes(graph)) = field.map_err(malformed)? {
                read_nodes(graph, &mut file)?;
            }
        }
    }
    finished(
        file,
        "it is a saved model, whose weights lie in the folder variables beside it: freeze its graph, or export it to ONNX \
         (tf2onnx), and import that file",
    )
}

fn finished(file: TensorFile, nothing: &str) -> Result<TensorFile, WeightsError> {
    // A graph that leaves its variables elsewhere still has constants, of one value each.
    let holds_weights = file.iter().any(|tensor| tensor.data.len() > 1);
    match holds_weights || file.has_unread_weights() {
        true => Ok(file),
        false => Err(WeightsError::NoWeights { reason: nothing.to_owned() }),
    }
}

/// GraphDef: node 1.
fn read_nodes(graph: &[u8], file: &mut TensorFile) -> Result<(), WeightsError> {
    let mut repeated_left = REPEATED_IN_ALL;
    for field in fields(graph) {
        if let (1, Wire::Bytes(node)) = field.map_err(malformed)? {
            read_node(node, file, &mut repeated_left)?;
        }
    }
    Ok(())
}

/// NodeDef: name 1, op 2, attr 5 (key 1, value 2 with tensor 8).
fn read_node(node: &[u8], file: &mut TensorFile, repeated_left: &mut usize) -> Result<(), WeightsError> {
    let (mut name, mut is_constant, mut value) = ("", false, None);
    for field in fields(node) {
        match field.map_err(malformed)? {
            (1, given) => name = given.text().ok_or_else(|| malformed("a node's name is no text"))?,
            (2, given) => is_constant = given.text() == Some("Const"),
            (5, Wire::Bytes(entry)) if field_of(entry, 1).and_then(Wire::text) == Some("value") => {
                value = field_of(entry, 2).and_then(Wire::bytes).and_then(|value| field_of(value, 8)?.bytes());
            }
            _ => {}
        }
    }
    if !is_constant {
        return Ok(());
    }
    let value = value.ok_or_else(|| malformed(format!("constant {name} has no value")))?;
    read_tensor(name, value, file, repeated_left)
}

fn field_of(message: &[u8], wanted: u64) -> Option<Wire<'_>> {
    fields(message).flatten().find(|(tag, _)| *tag == wanted).map(|(_, value)| value)
}

/// DataType of types.proto.
fn element(dtype: u64) -> Element {
    match dtype {
        1 => Element::F32,
        2 => Element::F64,
        3 | 22 => Element::I32,
        4 | 6 => Element::I8,
        5 | 17 => Element::I16,
        7 => Element::Text,
        8 => Element::Complex(8),
        9 | 23 => Element::I64,
        10 => Element::Bool,
        11..=13 | 15 | 16 => Element::Quantised(1),
        14 => Element::BF16,
        18 => Element::Complex(16),
        19 => Element::F16,
        24..=28 => Element::F8,
        // Resources and variants: handles, no values.
        20 | 21 => Element::Text,
        _ => Element::Unknown,
    }
}

/// TensorProto: dtype 1, tensor_shape 2, tensor_content 4, float_val 5, double_val 6, half_val 13.
#[derive(Default)]
struct ConstantTensor<'a> {
    dtype: u64,
    shape: Vec<i64>,
    content: &'a [u8],
    values: Vec<f32>,
    halves: Vec<i64>,
}

impl<'a> ConstantTensor<'a> {
    fn read(message: &'a [u8]) -> Result<Self, NoMessage> {
        let mut stored = Self::default();
        for field in fields(message) {
            match field? {
                (1, value) => stored.dtype = value.number().ok_or(NoMessage)?,
                (2, Wire::Bytes(shape)) => stored.shape = dims(shape)?,
                (4, value) => stored.content = value.bytes().ok_or(NoMessage)?,
                (5, value) => value.floats(&mut stored.values)?,
                (6, value) => value.doubles(&mut stored.values)?,
                (13, value) => value.numbers(&mut stored.halves)?,
                _ => {}
            }
        }
        Ok(stored)
    }
}

/// TensorShapeProto: dim 2, in each size 1.
fn dims(shape: &[u8]) -> Result<Vec<i64>, NoMessage> {
    let mut dims = Vec::new();
    for field in fields(shape) {
        if let (2, Wire::Bytes(dim)) = field? {
            dims.push(field_of(dim, 1).and_then(Wire::number).unwrap_or(0).cast_signed());
        }
    }
    Ok(dims)
}

fn read_tensor(
    name: &str,
    message: &[u8],
    file: &mut TensorFile,
    repeated_left: &mut usize,
) -> Result<(), WeightsError> {
    let stored = ConstantTensor::read(message).map_err(malformed)?;
    let element = element(stored.dtype);
    if !element.is_float() {
        file.leave_out(name.to_owned(), element, stored.shape.len());
        return Ok(());
    }
    let shape = stored.shape.iter().map(|side| usize::try_from(*side)).collect::<Result<Vec<_>, _>>();
    let shape = shape.map_err(|_| malformed(format!("constant {name} has a negative side")))?;
    let count = element_count(&shape);
    let mut data = if !stored.content.is_empty() {
        // An odd number of bytes must not pass by being cut to whole values.
        let whole = stored.content.len().is_multiple_of(element.bytes());
        element.floats(stored.content).filter(|_| whole).unwrap_or_default()
    } else if !stored.halves.is_empty() {
        let bits: Vec<u8> = stored.halves.iter().flat_map(|bits| (*bits as u16).to_le_bytes()).collect();
        element.floats(&bits).unwrap_or_default()
    } else {
        stored.values
    };
    match (count, data.last().copied()) {
        (Some(count), Some(last)) if stored.content.is_empty() && data.len() < count => {
            if count <= REPEATED_AT_MOST && count <= *repeated_left {
                *repeated_left -= count;
                data.resize(count, last);
            }
        }
        _ => {}
    }
    file.insert(NamedTensor::new(name, shape, data)?)
}

fn malformed(reason: impl ToString) -> WeightsError {
    WeightsError::Malformed { format: FORMAT, reason: reason.to_string() }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::protobuf::written::{bytes, floats, number};
    use super::*;

    pub(crate) fn constant(name: &str, dtype: i64, shape: &[i64], values: Vec<u8>) -> Vec<u8> {
        let dims: Vec<u8> = shape.iter().flat_map(|side| bytes(2, number(1, *side))).collect();
        let tensor = [number(1, dtype), bytes(2, dims), values].concat();
        let value = bytes(5, [bytes(1, "value"), bytes(2, bytes(8, tensor))].concat());
        bytes(1, [bytes(1, name), bytes(2, "Const"), value].concat())
    }

    fn content(values: &[f32]) -> Vec<u8> {
        bytes(4, floats(values))
    }

    fn listed(values: &[f32]) -> Vec<u8> {
        bytes(5, floats(values))
    }

    #[test]
    fn reads_constants_of_each_form() {
        let relu = bytes(1, [bytes(1, "r"), bytes(2, "Relu")].concat());
        let graph = [
            constant("content", 1, &[1, 2], content(&[1.0, 2.0])),
            constant("values", 1, &[2], listed(&[3.0, 4.0])),
            constant("repeated", 1, &[3], listed(&[5.0, 6.0])),
            constant("scalar", 1, &[], listed(&[0.17])),
            constant("half", 19, &[2], number(13, 0x3800)),
            constant("brain", 14, &[1], bytes(4, 0xBF80_u16.to_le_bytes())),
            constant("double", 2, &[1], bytes(4, 0.25_f64.to_le_bytes())),
            constant("axis", 3, &[1], bytes(4, [0; 4])),
            relu,
        ]
        .concat();
        let file = read_graph_def(&graph).unwrap();
        let data = |name: &str| file.get(name).unwrap_or_else(|| panic!("{name}")).data.clone();
        assert_eq!(file.len(), 7);
        assert_eq!((data("repeated"), data("half")), (vec![5.0, 6.0, 6.0], vec![0.5, 0.5]));
        assert_eq!((data("brain"), data("double")), (vec![-1.0], vec![0.25]));
        assert_eq!(file.get("content").unwrap().shape, [1, 2]);
        let saved = [number(1, 1), bytes(2, bytes(2, &graph))].concat();
        assert_eq!(read_saved_model(&saved).unwrap(), file);
    }

    #[test]
    fn a_graph_without_its_weights_says_where_they_are() {
        let variable = bytes(1, [bytes(1, "v"), bytes(2, "VariableV2")].concat());
        let scale = constant("scale", 1, &[], listed(&[0.17]));
        let error = read_graph_def(&[variable.clone(), scale].concat()).unwrap_err().to_string();
        assert!(error.contains("freeze"), "{error}");
        let saved = [number(1, 1), bytes(2, bytes(2, variable))].concat();
        let error = read_saved_model(&saved).unwrap_err().to_string();
        assert!(error.contains("folder variables"), "{error}");
    }

    #[test]
    fn refuses_what_does_not_add_up() {
        let cases = [
            ("too few bytes", constant("t", 1, &[3], content(&[1.0]))),
            ("odd bytes", constant("t", 1, &[1], bytes(4, [0; 5]))),
            ("negative side", constant("t", 1, &[-1], listed(&[1.0]))),
            ("two GiB from one value", constant("t", 1, &[1 << 29], listed(&[1.0]))),
            ("overflow", constant("t", 1, &[1 << 40, 1 << 40], listed(&[1.0]))),
            ("no values", constant("t", 1, &[2], vec![])),
        ];
        for (case, node) in cases {
            assert!(read_graph_def(&node).is_err(), "{case}");
        }
    }

    #[test]
    fn refuses_other_files() {
        assert!(read_graph_def(b"").is_err());
        assert!(read_graph_def(b"PK\x03\x04 surely not a graph").is_err());
    }
}
