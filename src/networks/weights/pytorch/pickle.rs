//! A pickle machine that can only build state dicts.
//!
//! Pickle (PEP 307, PEP 3154) is a program for a small stack machine whose power lies in two places: it may name any
//! Python object, and call it. Here names are looked up in a closed list, [`Callable`], and calling one of them builds
//! plain data. Every operation does bounded work and pushes at most one value, values are shared and never copied, so
//! a pickle of n bytes costs time and memory proportional to n. A list or dictionary is filled before it is put into
//! another and never afterwards, as Python writes them: so nothing contains itself, and nesting can be bounded.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::WeightsError;
use super::{Element, malformed};

/// What the machine's stack holds.
#[derive(Debug, Clone)]
pub enum Value {
    None,
    Bool,
    Integer(i64),
    Float,
    Text(Rc<str>),
    Tuple(Rc<Container>),
    List(Rc<Container>),
    /// Keys and values in turn, in the order of insertion.
    Dict(Rc<Container>),
    Callable(Callable),
    Storage(Storage),
    Tensor(Rc<Tensor>),
}

/// The values of a tuple, list or dictionary.
#[derive(Debug, Default)]
pub(crate) struct Container {
    values: RefCell<Vec<Value>>,
    /// It is part of another container and takes no more values.
    closed: Cell<bool>,
    /// Containers below this one.
    depth: Cell<usize>,
}

/// The names that a state dict needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Callable {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    StorageClass(Element),
}

/// A block of elements kept beside the pickle.
#[derive(Debug, Clone)]
pub(crate) struct Storage {
    pub key: Rc<str>,
    pub element: Element,
    pub length: usize,
}

/// A view of a storage.
#[derive(Debug, Clone)]
pub struct Tensor {
    pub(crate) storage: Storage,
    pub(crate) offset: usize,
    pub shape: Vec<usize>,
    pub(crate) strides: Vec<usize>,
}

/// Tensors have few axes; a shape of thousands of ones is an attack.
const AXES_AT_MOST: usize = 16;
/// A state dict in a checkpoint in a list has four levels.
const DEPTH_AT_MOST: usize = 32;

impl Container {
    fn of(values: Vec<Value>) -> Result<Rc<Self>, WeightsError> {
        let container = Rc::new(Self::default());
        container.extend(values)?;
        Ok(container)
    }

    fn extend(&self, values: Vec<Value>) -> Result<(), WeightsError> {
        for value in &values {
            if let Value::Tuple(inner) | Value::List(inner) | Value::Dict(inner) = value {
                inner.closed.set(true);
                self.depth.set(self.depth.get().max(inner.depth.get() + 1));
            }
        }
        if self.closed.get() {
            return Err(malformed("the pickle changes a container after putting it into another"));
        }
        if self.depth.get() > DEPTH_AT_MOST {
            return Err(malformed(format!("the pickle nests containers more than {DEPTH_AT_MOST} deep")));
        }
        self.values.borrow_mut().extend(values);
        Ok(())
    }
}

impl Value {
    pub fn text(&self) -> Option<Rc<str>> {
        if let Self::Text(text) = self { Some(text.clone()) } else { None }
    }

    /// Pairs of a dictionary.
    pub(crate) fn items(&self) -> Option<Vec<(Value, Value)>> {
        let Self::Dict(items) = self else { return None };
        Some(items.values.borrow().chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect())
    }

    pub fn tensor(&self) -> Option<Tensor> {
        if let Self::Tensor(tensor) = self { Some(Tensor::clone(tensor)) } else { None }
    }

    /// A list of texts.
    pub(crate) fn strings(&self) -> Option<Vec<Rc<str>>> {
        let Self::List(list) = self else { return None };
        list.values.borrow().iter().map(Value::text).collect()
    }

    fn tuple(&self) -> Option<Vec<Value>> {
        if let Self::Tuple(tuple) = self { Some(tuple.values.borrow().clone()) } else { None }
    }

    fn size(&self) -> Option<usize> {
        if let Self::Integer(value) = self { usize::try_from(*value).ok() } else { None }
    }

    fn sizes(&self) -> Option<Vec<usize>> {
        let values = self.tuple()?;
        (values.len() <= AXES_AT_MOST).then(|| values.iter().map(Value::size).collect())?
    }
}

/// Runs one pickle at the beginning of `bytes`; returns its value and its length.
pub(crate) fn load(bytes: &[u8]) -> Result<(Value, usize), WeightsError> {
    let mut machine = PickleMachine { bytes, at: 0, stack: Vec::new(), marks: Vec::new(), memo: BTreeMap::new() };
    loop {
        let op = machine.take(1)?[0];
        if op == b'.' {
            return Ok((machine.pop()?, machine.at));
        }
        machine.step(op)?;
    }
}

struct PickleMachine<'a> {
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: BTreeMap<u32, Value>,
}

impl<'a> PickleMachine<'a> {
    /// Opcodes as `pickletools` lists them.
    fn step(&mut self, op: u8) -> Result<(), WeightsError> {
        match op {
            // PROTO and FRAME say nothing that matters here.
            0x80 => _ = self.take(1)?,
            0x95 => _ = self.take(8)?,
            b'N' => self.stack.push(Value::None),
            0x88 | 0x89 => self.stack.push(Value::Bool),
            b'K' => self.byte().map(|value| self.stack.push(Value::Integer(value.into())))?,
            b'M' => {
                let value = self.byte()? | self.byte()? << 8;
                self.stack.push(Value::Integer(value.into()));
            }
            b'J' => self.word().map(|value| self.stack.push(Value::Integer(value.cast_signed().into())))?,
            0x8a => self.long()?,
            b'G' => self.take(8).map(|_| self.stack.push(Value::Float))?,
            b'X' => self.word().and_then(|length| self.text(length))?,
            0x8c => self.byte().and_then(|length| self.text(length))?,
            b')' => self.stack.push(Value::Tuple(Rc::default())),
            0x85..=0x87 => self.pop_many(usize::from(op) - 0x84).and_then(|values| self.tuple(values))?,
            b'(' => self.marks.push(self.stack.len()),
            b't' => self.pop_to_mark().and_then(|values| self.tuple(values))?,
            b']' => self.stack.push(Value::List(Rc::default())),
            b'}' => self.stack.push(Value::Dict(Rc::default())),
            b'a' => self.pop_many(1).and_then(|values| self.append(values))?,
            b'e' => self.pop_to_mark().and_then(|values| self.append(values))?,
            b's' => self.pop_many(2).and_then(|values| self.set_items(values))?,
            b'u' => self.pop_to_mark().and_then(|values| self.set_items(values))?,
            b'q' => self.byte().and_then(|slot| self.remember(slot))?,
            b'r' => self.word().and_then(|slot| self.remember(slot))?,
            0x94 => self.remember(self.memo.len() as u32)?, // MEMOIZE
            b'h' => self.byte().and_then(|slot| self.recall(slot))?,
            b'j' => self.word().and_then(|slot| self.recall(slot))?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.name(&module, &name)?;
            }
            0x93 => {
                let names = self.pop_many(2)?;
                let texts = (names[0].text(), names[1].text());
                let (Some(module), Some(name)) = texts else { return Err(malformed("the pickle names no text")) };
                self.name(&module, &name)?;
            }
            b'Q' => {
                let id = self.pop()?;
                self.stack.push(Value::Storage(storage(&id)?));
            }
            b'R' => {
                let arguments = self.pop()?;
                let callable = self.pop()?;
                self.stack.push(call(&callable, &arguments)?);
            }
            // BUILD: an ordered dictionary's own attributes (`_metadata`), which weights do not need.
            b'b' => {
                self.pop()?;
                let Some(Value::Dict(_)) = self.stack.last() else {
                    return Err(malformed("the pickle sets attributes of something that is no dictionary"));
                };
            }
            other => {
                return Err(malformed(format!("the pickle wants operation 0x{other:02x}, which no state dict needs")));
            }
        }
        Ok(())
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], WeightsError> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| malformed("the pickle ends too early"))?;
        let bytes = &self.bytes[self.at..end];
        self.at = end;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u32, WeightsError> {
        Ok(self.take(1)?[0].into())
    }

    fn word(&mut self) -> Result<u32, WeightsError> {
        Ok(self.take(4)?.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte)))
    }

    fn tuple(&mut self, values: Vec<Value>) -> Result<(), WeightsError> {
        self.stack.push(Value::Tuple(Container::of(values)?));
        Ok(())
    }

    /// Little-endian two's complement of at most eight bytes.
    fn long(&mut self) -> Result<(), WeightsError> {
        let length = self.take(1)?[0];
        let bytes = self.take(length.into())?;
        if bytes.len() > 8 {
            return Err(malformed("the pickle holds a number of more than eight bytes"));
        }
        let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let start = if negative { -1 } else { 0 };
        let value = bytes.iter().rev().fold(start, |value: i64, byte| value << 8 | i64::from(*byte));
        self.stack.push(Value::Integer(value));
        Ok(())
    }

    fn text(&mut self, length: u32) -> Result<(), WeightsError> {
        let text = std::str::from_utf8(self.take(length as usize)?).map_err(malformed)?;
        self.stack.push(Value::Text(text.into()));
        Ok(())
    }

    fn line(&mut self) -> Result<String, WeightsError> {
        let rest = &self.bytes[self.at..];
        let length =
            rest.iter().position(|byte| *byte == b'\n').ok_or_else(|| malformed("the pickle ends too early"))?;
        let line = std::str::from_utf8(self.take(length)?).map_err(malformed)?.to_owned();
        self.take(1)?;
        Ok(line)
    }

    fn pop(&mut self) -> Result<Value, WeightsError> {
        Ok(self.pop_many(1)?.remove(0))
    }

    /// The topmost values, the lowest first; never below the last mark.
    fn pop_many(&mut self, count: usize) -> Result<Vec<Value>, WeightsError> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let start = self.stack.len().checked_sub(count).filter(|start| *start >= floor);
        let start = start.ok_or_else(|| malformed("the pickle takes more values than it made"))?;
        Ok(self.stack.split_off(start))
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Value>, WeightsError> {
        let mark = self.marks.pop().ok_or_else(|| malformed("the pickle takes more values than it made"))?;
        Ok(self.stack.split_off(mark))
    }

    fn append(&mut self, values: Vec<Value>) -> Result<(), WeightsError> {
        let Some(Value::List(list)) = self.stack.last() else {
            return Err(malformed("the pickle appends to something that is no list"));
        };
        list.extend(values)
    }

    fn set_items(&mut self, values: Vec<Value>) -> Result<(), WeightsError> {
        let Some(Value::Dict(dict)) = self.stack.last() else {
            return Err(malformed("the pickle adds items to something that is no dictionary"));
        };
        if !values.len().is_multiple_of(2) {
            return Err(malformed("the pickle adds a key without a value"));
        }
        dict.extend(values)
    }

    fn remember(&mut self, slot: u32) -> Result<(), WeightsError> {
        let value = self.stack.last().ok_or_else(|| malformed("the pickle remembers nothing"))?;
        self.memo.insert(slot, value.clone());
        Ok(())
    }

    fn recall(&mut self, slot: u32) -> Result<(), WeightsError> {
        let value = self.memo.get(&slot).ok_or_else(|| malformed("the pickle recalls what it never made"))?;
        self.stack.push(value.clone());
        Ok(())
    }

    fn name(&mut self, module: &str, name: &str) -> Result<(), WeightsError> {
        let callable = match (module, name) {
            ("collections", "OrderedDict") => Some(Callable::OrderedDict),
            ("torch._utils", "_rebuild_tensor_v2") => Some(Callable::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => Some(Callable::RebuildParameter),
            ("torch", class) => Element::of_storage_class(class).map(Callable::StorageClass),
            _ => None,
        };
        let refused = || malformed(format!("the pickle asks for {module}.{name}, which no state dict needs"));
        self.stack.push(Value::Callable(callable.ok_or_else(refused)?));
        Ok(())
    }
}

/// ('storage', class, key, location, length).
fn storage(id: &Value) -> Result<Storage, WeightsError> {
    let parse = || {
        let id = id.tuple()?;
        let [kind, Value::Callable(Callable::StorageClass(element)), key, _, length, ..] = &id[..] else {
            return None;
        };
        (&*kind.text()? == "storage").then_some(())?;
        Some(Storage { key: key.text()?, element: *element, length: length.size()? })
    };
    parse().ok_or_else(|| malformed("the pickle refers to something that is no storage"))
}

fn call(callable: &Value, arguments: &Value) -> Result<Value, WeightsError> {
    let arguments = arguments.tuple().ok_or_else(|| malformed("the pickle calls without arguments"))?;
    match (callable, &arguments[..]) {
        (Value::Callable(Callable::OrderedDict), []) => Ok(Value::Dict(Rc::default())),
        (Value::Callable(Callable::RebuildTensor), [Value::Storage(storage), offset, shape, strides, ..]) => {
            let parse = || {
                let (storage, offset) = (storage.clone(), offset.size()?);
                Some(Tensor { storage, offset, shape: shape.sizes()?, strides: strides.sizes()? })
            };
            let tensor = parse().ok_or_else(|| malformed("the pickle describes a tensor that cannot be"))?;
            Ok(Value::Tensor(Rc::new(tensor)))
        }
        (Value::Callable(Callable::RebuildParameter), [tensor @ Value::Tensor(_), ..]) => Ok(tensor.clone()),
        _ => Err(malformed("the pickle calls something in a way that no state dict needs")),
    }
}
