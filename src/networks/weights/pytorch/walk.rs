//! From a pickle's value to its tensors by name: the chain of keys and attributes that leads to each.
//!
//! Every container is entered once, so that what is shared costs nothing twice and a cycle ends; tied weights appear
//! under the first of their containers' names. What is known to stand beside the weights is not entered at all.

use super::super::WeightsError;
use super::super::auxiliary;
use super::malformed;
use super::pickle::{Pickle, PickleNode, Tensor, Value};

/// A checkpoint of a model of models has some ten levels.
const DEPTH_AT_MOST: usize = 32;
const NAME_AT_MOST: usize = 400;
/// What one container of containers may have waiting: a history of steps has more, and holds no weights.
const WAITING_AT_MOST: usize = 1 << 18;
const TENSORS_AT_MOST: usize = 1 << 16;

/// Where a module keeps what it is made of: no part of names, in torch's state dicts neither.
const MODULE_PARTS: [&str; 3] = ["_parameters", "_buffers", "_modules"];

/// Name and tensor, in the order of the pickle.
pub(super) fn tensors<'p>(pickle: &'p Pickle<'_>) -> Result<Vec<(String, &'p Tensor)>, WeightsError> {
    let mut found = Vec::new();
    let mut entered = vec![false; pickle.count()];
    let mut waiting = vec![(pickle.root, String::new(), 0)];
    while let Some((value, name, depth)) = waiting.pop() {
        let Some(node) = pickle.node(value) else { continue };
        if let PickleNode::Tensor(tensor) = node {
            found.push((if name.is_empty() { "tensor".to_owned() } else { name }, tensor));
            if found.len() > TENSORS_AT_MOST {
                return Err(malformed("it names more tensors than any network has"));
            }
            continue;
        }
        let Value::Node(index) = value else { continue };
        if depth > DEPTH_AT_MOST || std::mem::replace(&mut entered[index as usize], true) {
            continue;
        }
        let first = waiting.len();
        enter(pickle, node, &name, depth, &mut waiting);
        // The last that was put on the stack comes first.
        waiting[first..].reverse();
    }
    Ok(found)
}

fn enter(pickle: &Pickle<'_>, node: &PickleNode, name: &str, depth: usize, waiting: &mut Vec<(Value, String, usize)>) {
    let mut put = |value: Value, key: &str| {
        let is_full = waiting.len() > WAITING_AT_MOST;
        if is_full || !matches!(value, Value::Node(_)) || name.len() + key.len() > NAME_AT_MOST {
            return;
        }
        let is_tensor = matches!(pickle.node(value), Some(PickleNode::Tensor(_)));
        if MODULE_PARTS.contains(&key) || key.is_empty() {
            waiting.push((value, name.to_owned(), depth + 1));
        } else if is_tensor || !auxiliary::is_beside_weights(key) {
            let dot = if name.is_empty() { "" } else { "." };
            waiting.push((value, format!("{name}{dot}{key}"), depth + 1));
        }
    };
    let mut pairs = |items: &[Value]| {
        for pair in items.chunks_exact(2) {
            match (pickle.text(pair[0]), pair[0]) {
                (Some(key), _) => put(pair[1], key),
                (None, Value::Integer(number)) => put(pair[1], &number.to_string()),
                _ => {}
            }
        }
    };
    match node {
        PickleNode::Dict(items) => pairs(items),
        PickleNode::Object { items, states } => {
            pairs(items);
            // A state is a dictionary, or two in a tuple, and adds nothing to names.
            for state in states {
                match pickle.row(*state) {
                    Some(parts) => parts.iter().for_each(|part| put(*part, "")),
                    None => put(*state, ""),
                }
            }
        }
        PickleNode::Row(values) => values.iter().enumerate().for_each(|(index, value)| put(*value, &index.to_string())),
        PickleNode::Storage(_) | PickleNode::Tensor(_) => {}
    }
}
