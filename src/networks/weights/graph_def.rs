//! The constants of a frozen TensorFlow graph (graph.proto, node_def.proto, tensor.proto of TensorFlow 1.x).
//!
//! A frozen graph keeps its weights in nodes of kind `Const`. Only those are decoded; the graph is never interpreted.
//! A constant may state fewer values than its shape has and means the last one repeated; that is the one place where a
//! few bytes announce many values, so it is bounded ([`REPEATED_AT_MOST`]).

use prost::Message;

use super::tensors::element_count;
use super::{NamedTensor, TensorFile, WeightsError};

const FORMAT: &str = "a frozen TensorFlow graph";

/// Values that repeating may produce in one tensor: more than any layer has channels.
const REPEATED_AT_MOST: usize = 1 << 16;

#[derive(Message)]
struct GraphDef {
    /// Each an encoded [`NodeDef`].
    #[prost(bytes = "vec", repeated, tag = "1")]
    node: Vec<Vec<u8>>,
}

#[derive(Message)]
struct NodeDef {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    op: String,
    #[prost(message, repeated, tag = "5")]
    attr: Vec<Attr>,
}

/// An entry of `map<string, AttrValue>`.
#[derive(Message)]
struct Attr {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AttrValue>,
}

#[derive(Message)]
struct AttrValue {
    #[prost(message, optional, tag = "8")]
    tensor: Option<TensorProto>,
}

#[derive(Message)]
struct TensorProto {
    #[prost(int32, tag = "1")]
    dtype: i32,
    #[prost(message, optional, tag = "2")]
    tensor_shape: Option<TensorShape>,
    #[prost(bytes = "vec", tag = "4")]
    tensor_content: Vec<u8>,
    #[prost(float, repeated, tag = "5")]
    float_val: Vec<f32>,
}

#[derive(Message)]
struct TensorShape {
    #[prost(message, repeated, tag = "2")]
    dim: Vec<Dim>,
}

#[derive(Message)]
struct Dim {
    #[prost(int64, tag = "1")]
    size: i64,
}

/// DataType of types.proto, as far as it matters here.
mod data_type {
    pub(crate) const FLOAT: i32 = 1;
    /// Sizes and axes that other nodes want; strings.
    pub(crate) const NOT_WEIGHTS: [i32; 8] = [3, 4, 5, 6, 7, 9, 10, 17];
}

/// Every constant of type float. Integers and strings are left out, other types are an error.
pub(crate) fn read_graph_def(bytes: &[u8]) -> Result<TensorFile, WeightsError> {
    let graph = GraphDef::decode(bytes).map_err(malformed)?;
    let mut file = TensorFile::default();
    for encoded in graph.node {
        let node = NodeDef::decode(&encoded[..]).map_err(malformed)?;
        if node.op != "Const" {
            continue;
        }
        let value = node.attr.into_iter().find(|attr| attr.key == "value").and_then(|attr| attr.value?.tensor);
        let tensor = value.ok_or_else(|| malformed(format!("constant {} has no value", node.name)))?;
        if let Some(tensor) = read_tensor(node.name, tensor)? {
            file.insert(tensor)?;
        }
    }
    if file.is_empty() {
        return Err(malformed("it holds no constants; freeze the graph first"));
    }
    Ok(file)
}

fn read_tensor(name: String, tensor: TensorProto) -> Result<Option<NamedTensor>, WeightsError> {
    if data_type::NOT_WEIGHTS.contains(&tensor.dtype) {
        return Ok(None);
    }
    if tensor.dtype != data_type::FLOAT {
        return Err(WeightsError::UnknownType { name, found: format!("{}", tensor.dtype) });
    }
    let dims = tensor.tensor_shape.unwrap_or_default().dim;
    let shape = dims.iter().map(|dim| usize::try_from(dim.size)).collect::<Result<Vec<_>, _>>();
    let shape = shape.map_err(|_| malformed(format!("constant {name} has a negative side")))?;
    let count = element_count(&shape);
    if !tensor.tensor_content.is_empty() {
        // An odd number of bytes must not pass by being cut to whole values.
        if count.and_then(|count| count.checked_mul(4)) != Some(tensor.tensor_content.len()) {
            return Err(WeightsError::WrongSize { name, shape, found: tensor.tensor_content.len() / 4 });
        }
        let (values, _) = tensor.tensor_content.as_chunks::<4>();
        let data = values.iter().map(|&value| f32::from_le_bytes(value)).collect();
        return NamedTensor::new(name, shape, data).map(Some);
    }
    let mut data = tensor.float_val;
    match (count, data.last().copied()) {
        (Some(count), Some(last)) if data.len() < count && count <= REPEATED_AT_MOST => data.resize(count, last),
        _ => {}
    }
    NamedTensor::new(name, shape, data).map(Some)
}

fn malformed(reason: impl ToString) -> WeightsError {
    WeightsError::Malformed { format: FORMAT, reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constant(name: &str, shape: &[i64], content: Vec<u8>, values: Vec<f32>) -> NodeDef {
        let dim = shape.iter().map(|&size| Dim { size }).collect();
        let tensor = TensorProto {
            dtype: data_type::FLOAT,
            tensor_shape: Some(TensorShape { dim }),
            tensor_content: content,
            float_val: values,
        };
        let value = Some(AttrValue { tensor: Some(tensor) });
        NodeDef { name: name.into(), op: "Const".into(), attr: vec![Attr { key: "value".into(), value }] }
    }

    fn graph(nodes: &[NodeDef]) -> Vec<u8> {
        GraphDef { node: nodes.iter().map(Message::encode_to_vec).collect() }.encode_to_vec()
    }

    fn raw(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    #[test]
    fn reads_constants_of_each_form() {
        let relu = NodeDef { name: "r".into(), op: "Relu".into(), attr: vec![] };
        let file = read_graph_def(&graph(&[
            constant("content", &[1, 2], raw(&[1.0, 2.0]), vec![]),
            constant("values", &[2], vec![], vec![3.0, 4.0]),
            constant("repeated", &[3], vec![], vec![5.0, 6.0]),
            constant("scalar", &[], vec![], vec![0.17]),
            relu,
        ]))
        .unwrap();
        assert_eq!(file.names().collect::<Vec<_>>(), ["content", "repeated", "scalar", "values"]);
        assert_eq!(file.get("repeated").unwrap().data, [5.0, 6.0, 6.0]);
        assert_eq!(file.get("content").unwrap().shape, [1, 2]);
    }

    #[test]
    fn refuses_what_does_not_add_up() {
        let cases = [
            ("too few bytes", constant("t", &[3], raw(&[1.0]), vec![])),
            ("odd bytes", constant("t", &[1], vec![0; 5], vec![])),
            ("negative side", constant("t", &[-1], vec![], vec![1.0])),
            ("two GiB from one value", constant("t", &[1 << 29], vec![], vec![1.0])),
            ("overflow", constant("t", &[1 << 40, 1 << 40], vec![], vec![1.0])),
            ("no values", constant("t", &[2], vec![], vec![])),
        ];
        for (case, node) in cases {
            assert!(read_graph_def(&graph(&[node])).is_err(), "{case}");
        }
    }

    #[test]
    fn refuses_other_files() {
        assert!(read_graph_def(b"").is_err());
        assert!(read_graph_def(b"PK\x03\x04 surely not a graph").is_err());
    }
}
