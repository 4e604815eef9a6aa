//! The initialisers of an ONNX file (onnx.proto3 of ONNX 1.x: ModelProto.graph, GraphProto.initializer, TensorProto).
//!
//! Only the fields named below are decoded; nodes, strings and metadata are skipped unread. Each tensor is decoded on
//! its own from the bytes that belong to it, and its shape must account for exactly the values found there, so no
//! announced number ever leads to an allocation larger than the file.

use prost::Message;

use super::tensors::element_count;
use super::{NamedTensor, TensorFile, WeightsError};

const FORMAT: &str = "an ONNX model";

#[derive(Message)]
struct ModelProto {
    #[prost(message, optional, tag = "7")]
    graph: Option<GraphProto>,
}

#[derive(Message)]
struct GraphProto {
    /// Each an encoded [`TensorProto`].
    #[prost(bytes = "vec", repeated, tag = "5")]
    initializer: Vec<Vec<u8>>,
    #[prost(bytes = "vec", repeated, tag = "15")]
    sparse_initializer: Vec<Vec<u8>>,
}

#[derive(Message)]
struct TensorProto {
    #[prost(int64, repeated, tag = "1")]
    dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    data_type: i32,
    #[prost(float, repeated, tag = "4")]
    float_data: Vec<f32>,
    #[prost(string, tag = "8")]
    name: String,
    #[prost(bytes = "vec", tag = "9")]
    raw_data: Vec<u8>,
    /// 0: in this file; 1: in another.
    #[prost(int32, tag = "14")]
    data_location: i32,
}

/// TensorProto.DataType, as far as it matters here.
mod data_type {
    pub(crate) const FLOAT: i32 = 1;
    pub(crate) const INTEGERS_AND_BOOL: [i32; 9] = [2, 3, 4, 5, 6, 7, 9, 12, 13];
}

/// Every initialiser of type float. Integers are left out (see the module's page), other types are an error.
pub fn read_onnx(bytes: &[u8]) -> Result<TensorFile, WeightsError> {
    let graph = ModelProto::decode(bytes).map_err(malformed)?.graph.ok_or_else(|| malformed("it has no graph"))?;
    if !graph.sparse_initializer.is_empty() {
        return Err(malformed("it holds sparse tensors, which this reader does not know"));
    }
    let mut file = TensorFile::default();
    for encoded in graph.initializer {
        if let Some(tensor) = read_tensor(TensorProto::decode(&encoded[..]).map_err(malformed)?)? {
            file.insert(tensor)?;
        }
    }
    if file.is_empty() {
        return Err(malformed("it holds no weights"));
    }
    Ok(file)
}

fn read_tensor(tensor: TensorProto) -> Result<Option<NamedTensor>, WeightsError> {
    let TensorProto { dims, data_type, float_data, name, raw_data, data_location } = tensor;
    if data_type::INTEGERS_AND_BOOL.contains(&data_type) {
        return Ok(None);
    }
    if data_type != data_type::FLOAT {
        return Err(WeightsError::UnknownType { name, found: format!("{data_type}") });
    }
    if data_location != 0 {
        return Err(WeightsError::ExternalData { name });
    }
    let shape = dims.iter().map(|&side| usize::try_from(side)).collect::<Result<Vec<_>, _>>();
    let shape = shape.map_err(|_| malformed(format!("tensor {name} has a negative side")))?;
    if !float_data.is_empty() && !raw_data.is_empty() {
        return Err(malformed(format!("tensor {name} states its values twice")));
    }
    // An odd number of bytes must not pass by being cut to whole values.
    if element_count(&shape).and_then(|count| count.checked_mul(4)) != Some(raw_data.len() + 4 * float_data.len()) {
        return Err(WeightsError::WrongSize { name, shape, found: raw_data.len() / 4 + float_data.len() });
    }
    let data = if raw_data.is_empty() { float_data } else { floats(&raw_data) };
    NamedTensor::new(name, shape, data).map(Some)
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    let (values, _) = bytes.as_chunks::<4>();
    values.iter().map(|&value| f32::from_le_bytes(value)).collect()
}

fn malformed(reason: impl ToString) -> WeightsError {
    WeightsError::Malformed { format: FORMAT, reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: &str) -> TensorProto {
        TensorProto { name: name.into(), data_type: data_type::FLOAT, ..Default::default() }
    }

    fn model(tensors: &[TensorProto]) -> Vec<u8> {
        let initializer = tensors.iter().map(Message::encode_to_vec).collect();
        let graph = GraphProto { initializer, sparse_initializer: vec![] };
        ModelProto { graph: Some(graph) }.encode_to_vec()
    }

    fn raw(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    #[test]
    fn reads_both_ways_of_storing_floats() {
        let file = read_onnx(&model(&[
            TensorProto { dims: vec![2, 1], raw_data: raw(&[1.5, -2.0]), ..tensor("raw") },
            TensorProto { dims: vec![3], float_data: vec![1.0, 2.0, 3.0], ..tensor("packed") },
            TensorProto { dims: vec![1], data_type: 7, raw_data: vec![0; 8], ..tensor("shape of a reshape") },
        ]))
        .unwrap();
        assert_eq!(file.names().collect::<Vec<_>>(), ["packed", "raw"]);
        assert_eq!(file.get("raw").unwrap().shape, [2, 1]);
        assert_eq!(file.get("raw").unwrap().data, [1.5, -2.0]);
        assert_eq!(file.get("packed").unwrap().data, [1.0, 2.0, 3.0]);
    }

    #[test]
    fn refuses_what_does_not_add_up() {
        let cases = [
            ("too few values", TensorProto { dims: vec![3], raw_data: raw(&[1.0, 2.0]), ..tensor("t") }),
            ("odd bytes", TensorProto { dims: vec![1], raw_data: vec![0; 5], ..tensor("t") }),
            ("no values", TensorProto { dims: vec![1 << 40, 1 << 40], ..tensor("t") }),
            ("negative side", TensorProto { dims: vec![-1], ..tensor("t") }),
            ("twice", TensorProto { dims: vec![1], raw_data: raw(&[1.0]), float_data: vec![1.0], ..tensor("t") }),
            ("half floats", TensorProto { data_type: 10, dims: vec![1], raw_data: vec![0; 2], ..tensor("t") }),
        ];
        for (case, tensor) in cases {
            assert!(read_onnx(&model(&[tensor])).is_err(), "{case}");
        }
    }

    /// 2 GiB announced by the shape, by the length of the values, and by that of the whole tensor.
    #[test]
    fn refuses_two_gib_on_paper() {
        let shape = TensorProto { dims: vec![1 << 29], raw_data: raw(&[1.0]), ..tensor("t") };
        let error = read_onnx(&model(&[shape])).unwrap_err();
        assert!(matches!(error, WeightsError::WrongSize { found: 1, .. }), "{error}");
        // Field 7 (graph), field 5 (initialiser) or within it field 9 (raw data), each of 2³¹ bytes.
        let two_gib = [0x80, 0x80, 0x80, 0x80, 0x08];
        let lengths: [&[u8]; 3] = [&[0x3a], &[0x3a, 0x08, 0x2a], &[0x3a, 0x0a, 0x2a, 0x08, 0x4a]];
        for beginning in lengths {
            assert!(read_onnx(&[beginning, &two_gib].concat()).is_err(), "{beginning:?}");
        }
    }

    #[test]
    fn refuses_weights_beside_the_file() {
        let bytes = model(&[TensorProto { dims: vec![1], data_location: 1, ..tensor("t") }]);
        assert!(matches!(read_onnx(&bytes), Err(WeightsError::ExternalData { .. })));
    }

    #[test]
    fn refuses_other_files() {
        assert!(read_onnx(b"").is_err());
        assert!(read_onnx(b"PK\x03\x04 surely not a model").is_err());
        let whole = model(&[TensorProto { dims: vec![2], raw_data: raw(&[1.0, 2.0]), ..tensor("t") }]);
        for end in 0..whole.len() {
            assert!(read_onnx(&whole[..end]).is_err(), "cut after {end} bytes");
        }
    }
}
