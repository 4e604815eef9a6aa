//! A pickle machine that builds plain data and runs nothing.
//!
//! Pickle (PEP 307, PEP 3154, PEP 574) is a program for a small stack machine whose power lies in two places: it may
//! name any Python object, and call it. Here a name is looked up in a closed list, [`Class`]; calling one of those
//! builds plain data, and whatever else is named or called becomes an empty object that keeps only what is put into it
//! afterwards: so arguments, dates, NumPy scalars and optimisers beside the weights are passed over, and a whole pickled
//! model shows its parameters. Names that only an attack needs are refused, to be told.
//!
//! Values are numbers into one table, never copied, and every operation does work in proportion to the bytes it takes
//! or the values that were pushed for it: a pickle of n bytes costs time and memory proportional to n, whatever it
//! shares or nests; and as nothing owns anything, neither cycles nor depth matter.

use std::collections::HashMap;

use super::super::element::Element;
use super::class::Class;

/// What the machine's stack holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value {
    Integer(i64),
    /// So many bytes of the pickle from here.
    Text(u32, u32),
    Class(Class),
    /// Into the table.
    Node(u32),
    /// None, a truth value, a float, bytes.
    Other,
}

/// What values can be made of.
#[derive(Debug)]
pub(crate) enum PickleNode {
    /// A tuple or list.
    Row(Vec<Value>),
    /// Keys and values in turn, in the order of insertion.
    Dict(Vec<Value>),
    Storage(Storage),
    Tensor(Tensor),
    /// Of a class that nobody here knows: items, and states that were set.
    Object {
        items: Vec<Value>,
        states: Vec<Value>,
    },
}

/// A block of elements kept beside the pickle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Storage {
    key: (u32, u32),
    pub element: Element,
    /// In elements; in bytes where `untyped`.
    pub length: usize,
    pub untyped: bool,
    /// Where a view of it begins.
    first: usize,
}

/// A view of a storage.
#[derive(Debug)]
pub(crate) struct Tensor {
    /// None where the values have no storage: sparse and quantised tensors, tensors of no device.
    pub storage: Option<Storage>,
    pub element: Element,
    pub offset: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
}

/// A pickle that was run.
#[derive(Debug)]
pub(crate) struct Pickle<'a> {
    bytes: &'a [u8],
    nodes: Vec<PickleNode>,
    pub root: Value,
    /// Of the pickle itself, without what follows it.
    pub length: usize,
    /// Elements of every storage that was named, by key.
    pub storages: HashMap<&'a str, Storage>,
}

/// Tensors have few axes; a shape of thousands of ones is an attack.
const AXES_AT_MOST: usize = 16;
/// No key or class has a longer name.
const TEXT_AT_MOST: u32 = 1000;

/// The first of the table: all empty tuples.
pub(super) const EMPTY_TUPLE: Value = Value::Node(0);

impl<'a> Pickle<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let nodes = vec![PickleNode::Row(Vec::new())];
        Self { bytes, nodes, root: Value::Other, length: 0, storages: HashMap::new() }
    }

    pub(super) fn keep(&mut self, node: PickleNode) -> Value {
        self.nodes.push(node);
        Value::Node((self.nodes.len() - 1) as u32)
    }

    /// The shared empty tuple takes nothing, and what is no container loses what it is given.
    pub(super) fn add(&mut self, to: Value, values: Vec<Value>, in_pairs: bool) {
        let Value::Node(index @ 1..) = to else { return };
        match self.nodes.get_mut(index as usize) {
            Some(PickleNode::Dict(items) | PickleNode::Object { items, .. }) if in_pairs => items.extend(values),
            Some(PickleNode::Row(row)) if !in_pairs => row.extend(values),
            // A list of a class of its own: what it holds is seen by numbers, as a state is.
            Some(PickleNode::Object { states, .. }) if !in_pairs => states.extend(values),
            _ => {}
        }
    }

    pub(super) fn set_state(&mut self, of: Value, state: Value) {
        let Value::Node(index) = of else { return };
        if let Some(PickleNode::Object { states, .. }) = self.nodes.get_mut(index as usize) {
            states.push(state);
        }
    }

    /// None for a text that is too long for a name, so that one text that is named often costs little.
    pub(crate) fn text(&self, value: Value) -> Option<&'a str> {
        let Value::Text(at, length @ ..=TEXT_AT_MOST) = value else { return None };
        std::str::from_utf8(self.bytes.get(at as usize..at as usize + length as usize)?).ok()
    }

    pub(crate) fn node(&self, value: Value) -> Option<&PickleNode> {
        let Value::Node(index) = value else { return None };
        self.nodes.get(index as usize)
    }

    pub(crate) fn count(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn row(&self, value: Value) -> Option<&[Value]> {
        if let PickleNode::Row(values) = self.node(value)? { Some(values) } else { None }
    }

    pub(crate) fn key(&self, storage: &Storage) -> &'a str {
        self.text(Value::Text(storage.key.0, storage.key.1)).unwrap_or_default()
    }

    fn sizes(&self, value: Value) -> Option<Vec<usize>> {
        let values = self.row(value)?;
        (values.len() <= AXES_AT_MOST).then(|| values.iter().map(|value| size(*value)).collect())?
    }

    /// ('storage', class, key, location, length, view), or ('module', class, file, source) of a whole model.
    pub(super) fn persistent(&mut self, id: Value) -> Value {
        let Some(id) = self.row(id) else { return Value::Other };
        match (id.first().and_then(|kind| self.text(*kind)), id) {
            (Some("module"), [_, class, ..]) => *class,
            (
                Some("storage"),
                [_, Value::Class(Class::Storage(element)), Value::Text(at, long), _, length, rest @ ..],
            ) => {
                let Some(length) = size(*length) else { return Value::Other };
                // An old file's view: (key, offset, length).
                let view = rest.first().and_then(|view| self.row(*view)).and_then(|view| size(*view.get(1)?));
                let untyped = *element == Element::Unknown;
                let element = if untyped { Element::U8 } else { *element };
                let storage = Storage { key: (*at, *long), element, length, untyped, first: view.unwrap_or(0) };
                self.storages.insert(self.key(&storage), storage);
                self.keep(PickleNode::Storage(storage))
            }
            _ => Value::Other,
        }
    }

    /// What a call gives; none where it is an object that nobody knows.
    pub(super) fn call(&mut self, class: Class, arguments: Value) -> Option<Result<PickleNode, Value>> {
        let row = self.row(arguments)?;
        match (class, row) {
            (Class::Dict, []) => Some(Ok(PickleNode::Dict(Vec::new()))),
            (Class::Dict, [pairs]) => {
                let pairs = self.row(*pairs)?.iter().map(|pair| self.row(*pair).filter(|pair| pair.len() == 2));
                Some(Ok(PickleNode::Dict(pairs.collect::<Option<Vec<_>>>()?.concat())))
            }
            (Class::RebuildTensor, [storage, offset, shape, strides, rest @ ..]) => {
                self.tensor(*storage, [*offset, *shape, *strides], rest).map(|tensor| Ok(PickleNode::Tensor(tensor)))
            }
            (Class::OtherTensor(element), _) => {
                let (shape, strides) = (Vec::new(), Vec::new());
                Some(Ok(PickleNode::Tensor(Tensor { storage: None, element, offset: 0, shape, strides })))
            }
            (Class::FirstArgument, [first, ..]) => Some(Err(*first)),
            (Class::FromType, [Value::Class(function), _, arguments, ..]) if *function != Class::FromType => {
                self.call(*function, *arguments)
            }
            (Class::Tuple, [row]) => Some(Err(*row)),
            _ => None,
        }
    }

    fn tensor(&self, storage: Value, [offset, shape, strides]: [Value; 3], rest: &[Value]) -> Option<Tensor> {
        let PickleNode::Storage(storage) = self.node(storage)? else { return None };
        // Untyped storages leave the type to the tensor: after gradient and hooks.
        let dtype = rest.iter().take(AXES_AT_MOST).find_map(|value| match value {
            Value::Class(Class::Dtype(element)) => Some(*element),
            _ => None,
        });
        Some(Tensor {
            element: dtype.unwrap_or(storage.element),
            offset: size(offset)?.checked_add(storage.first)?,
            shape: self.sizes(shape)?,
            strides: self.sizes(strides)?,
            storage: Some(*storage),
        })
    }
}

fn size(value: Value) -> Option<usize> {
    if let Value::Integer(value) = value { usize::try_from(value).ok() } else { None }
}
