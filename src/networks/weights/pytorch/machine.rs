//! Runs a pickle: the stack, the marks, the memo, and what each operation does.

use std::collections::HashMap;

use super::super::WeightsError;
use super::class::{Class, is_an_attack};
use super::malformed;
use super::pickle::{EMPTY_TUPLE, Pickle, PickleNode, Value};

/// What one pickle may build: far above any checkpoint, and some 200 MB.
const NODES_AT_MOST: usize = 2 << 20;
const VALUES_AT_MOST: usize = 8 << 20;

/// Runs one pickle at the beginning of `bytes`.
pub(crate) fn load(bytes: &[u8]) -> Result<Pickle<'_>, WeightsError> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(malformed("the pickle is larger than 4 GiB"));
    }
    let made = Pickle::new(bytes);
    let mut machine =
        PickleMachine { made, bytes, at: 0, stack: Vec::new(), marks: Vec::new(), memo: HashMap::new(), values: 0 };
    loop {
        let op = machine.take(1)?[0];
        if op == b'.' {
            machine.made.root = machine.pop()?;
            machine.made.length = machine.at;
            return Ok(machine.made);
        }
        machine.step(op)?;
    }
}

struct PickleMachine<'a> {
    made: Pickle<'a>,
    bytes: &'a [u8],
    at: usize,
    stack: Vec<Value>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
    /// Pushed so far.
    values: usize,
}

impl<'a> PickleMachine<'a> {
    /// Opcodes as `pickletools` lists them.
    fn step(&mut self, op: u8) -> Result<(), WeightsError> {
        match op {
            // PROTO, FRAME, NEXT_BUFFER's companion: they say nothing that matters here.
            0x80 => self.skip(1),
            0x95 => self.skip(8),
            0x98 => Ok(()),
            b'N' | 0x88 | 0x89 | 0x97 => self.push(Value::Other),
            b'K' | b'M' | b'J' | 0x8a | 0x8b | b'I' | b'L' => self.number(op),
            b'G' => self.skip(8).and_then(|()| self.push(Value::Other)),
            b'F' => self.line().and_then(|_| self.push(Value::Other)),
            b'X' | 0x8c | 0x8d | b'V' | b'S' | b'T' | b'U' => self.text(op),
            b'C' | b'B' | 0x8e | 0x96 => self.bytes(op),
            b')' => self.push(EMPTY_TUPLE),
            0x85..=0x87 => self.pop_many(usize::from(op) - 0x84).and_then(|values| self.make(PickleNode::Row(values))),
            b't' | b'l' => self.pop_to_mark().and_then(|values| self.make(PickleNode::Row(values))),
            b']' => self.make(PickleNode::Row(Vec::new())),
            b'}' => self.make(PickleNode::Dict(Vec::new())),
            b'd' => self.pop_to_mark().and_then(|values| self.make(PickleNode::Dict(values))),
            0x8f => self.make(PickleNode::Row(Vec::new())),
            0x91 => self.pop_to_mark().and_then(|values| self.make(PickleNode::Row(values))),
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => self.drop_top(),
            b'1' => self.pop_to_mark().map(drop),
            b'2' => self.top().and_then(|top| self.push(top)),
            b'a' => self.pop_many(1).and_then(|values| self.add(values, false)),
            b'e' | 0x90 => self.pop_to_mark().and_then(|values| self.add(values, false)),
            b's' => self.pop_many(2).and_then(|values| self.add(values, true)),
            b'u' => self.pop_to_mark().and_then(|values| self.add(values, true)),
            b'q' | b'r' | b'p' | 0x94 => self.remember(op),
            b'h' | b'j' | b'g' => self.recall(op),
            _ => self.objects(op),
        }
    }

    /// Names, calls and states.
    fn objects(&mut self, op: u8) -> Result<(), WeightsError> {
        match op {
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                let class = self.class(module, name)?;
                self.push(Value::Class(class))
            }
            0x93 => {
                let names = self.pop_many(2)?;
                let (module, name) = (self.made.text(names[0]), self.made.text(names[1]));
                let class = self.class(module.unwrap_or_default(), name.unwrap_or_default())?;
                self.push(Value::Class(class))
            }
            // EXT1, EXT2, EXT4: names by number, of a register that is nobody's but the writer's.
            0x82..=0x84 => self.skip(1 << (op - 0x82)).and_then(|()| self.push(Value::Class(Class::Unknown))),
            b'P' => self.line().and_then(|_| self.push(Value::Other)),
            b'Q' => {
                let id = self.pop()?;
                let value = self.made.persistent(id);
                self.push(value)
            }
            b'R' | 0x81 => {
                let called = self.pop_many(2)?;
                self.call(called[0], called[1])
            }
            0x92 => {
                let called = self.pop_many(3)?;
                self.call(called[0], called[1])
            }
            b'i' => {
                let (module, name) = (self.line()?, self.line()?);
                let class = self.class(module, name)?;
                let arguments = self.pop_to_mark()?;
                self.make(PickleNode::Row(arguments))?;
                let arguments = self.pop()?;
                self.call(Value::Class(class), arguments)
            }
            b'o' => {
                let mut called = self.pop_to_mark()?;
                let class = if called.is_empty() { Value::Other } else { called.remove(0) };
                self.make(PickleNode::Row(called))?;
                let arguments = self.pop()?;
                self.call(class, arguments)
            }
            b'b' => {
                let state = self.pop()?;
                let object = self.top()?;
                self.made.set_state(object, state);
                Ok(())
            }
            other => Err(malformed(format!("the pickle wants operation 0x{other:02x}, which there is not"))),
        }
    }

    fn class(&self, module: &str, name: &str) -> Result<Class, WeightsError> {
        if is_an_attack(module, name) {
            return Err(malformed(format!(
                "the pickle asks for {module}.{name}, which no weights need: whoever made this file may mean harm"
            )));
        }
        Ok(Class::of(module, name))
    }

    fn call(&mut self, class: Value, arguments: Value) -> Result<(), WeightsError> {
        let class = if let Value::Class(class) = class { class } else { Class::Unknown };
        match self.made.call(class, arguments) {
            Some(Ok(node)) => {
                // A dictionary made of a list's pairs takes them again, each time it is made.
                if let PickleNode::Dict(items) = &node {
                    self.count(items.len())?;
                }
                self.make(node)
            }
            Some(Err(value)) => self.push(value),
            None => self.make(PickleNode::Object { items: Vec::new(), states: Vec::new() }),
        }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], WeightsError> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| malformed("the pickle ends too early"))?;
        let bytes = &self.bytes[self.at..end];
        self.at = end;
        Ok(bytes)
    }

    fn skip(&mut self, count: usize) -> Result<(), WeightsError> {
        self.take(count).map(drop)
    }

    /// A little-endian number of so many bytes.
    fn unsigned(&mut self, bytes: usize) -> Result<u64, WeightsError> {
        Ok(self.take(bytes)?.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    fn number(&mut self, op: u8) -> Result<(), WeightsError> {
        let value = match op {
            b'K' => Some(self.unsigned(1)? as i64),
            b'M' => Some(self.unsigned(2)? as i64),
            b'J' => Some(i64::from((self.unsigned(4)? as u32).cast_signed())),
            b'I' | b'L' => self.line()?.trim_end_matches('L').parse().ok(),
            _ => {
                let length = self.unsigned(if op == 0x8a { 1 } else { 4 })?;
                twos_complement(self.take(length as usize)?)
            }
        };
        self.push(value.map_or(Value::Other, Value::Integer))
    }

    fn text(&mut self, op: u8) -> Result<(), WeightsError> {
        let length = match op {
            b'X' | b'T' => self.unsigned(4)? as usize,
            0x8c | b'U' => self.unsigned(1)? as usize,
            0x8d => usize::try_from(self.unsigned(8)?).unwrap_or(usize::MAX),
            _ => {
                let start = self.at;
                let line = self.line()?;
                // A quoted text of protocol 0 stands between its quotes.
                let quotes = if op == b'S' { 1 } else { 0 };
                let inner = line.len().saturating_sub(2 * quotes);
                return self.push(Value::Text((start + quotes) as u32, inner as u32));
            }
        };
        let start = self.at;
        self.skip(length)?;
        self.push(Value::Text(start as u32, length as u32))
    }

    fn bytes(&mut self, op: u8) -> Result<(), WeightsError> {
        let width = match op {
            b'C' => 1,
            b'B' => 4,
            _ => 8,
        };
        let length = usize::try_from(self.unsigned(width)?).unwrap_or(usize::MAX);
        self.skip(length)?;
        self.push(Value::Other)
    }

    fn line(&mut self) -> Result<&'a str, WeightsError> {
        let rest = &self.bytes[self.at..];
        let length =
            rest.iter().position(|byte| *byte == b'\n').ok_or_else(|| malformed("the pickle ends too early"))?;
        let line = std::str::from_utf8(self.take(length)?).unwrap_or_default();
        self.skip(1)?;
        Ok(line)
    }

    fn push(&mut self, value: Value) -> Result<(), WeightsError> {
        self.count(1)?;
        self.stack.push(value);
        Ok(())
    }

    fn count(&mut self, values: usize) -> Result<(), WeightsError> {
        self.values += values;
        match self.values > VALUES_AT_MOST {
            true => Err(malformed("the pickle builds more than any checkpoint does")),
            false => Ok(()),
        }
    }

    fn make(&mut self, node: PickleNode) -> Result<(), WeightsError> {
        if self.made.count() >= NODES_AT_MOST {
            return Err(malformed("the pickle builds more than any checkpoint does"));
        }
        let value = self.made.keep(node);
        self.push(value)
    }

    fn top(&self) -> Result<Value, WeightsError> {
        self.stack.last().copied().ok_or_else(|| malformed("the pickle takes more values than it made"))
    }

    fn pop(&mut self) -> Result<Value, WeightsError> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let top = (self.stack.len() > floor).then(|| self.stack.pop()).flatten();
        top.ok_or_else(|| malformed("the pickle takes more values than it made"))
    }

    /// POP takes a mark where one lies on top.
    fn drop_top(&mut self) -> Result<(), WeightsError> {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(drop)
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
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    /// Into what lies on top: rows grow by values, dictionaries by keys and values in turn.
    fn add(&mut self, values: Vec<Value>, in_pairs: bool) -> Result<(), WeightsError> {
        if in_pairs && !values.len().is_multiple_of(2) {
            return Err(malformed("the pickle adds a key without a value"));
        }
        let top = self.top()?;
        self.made.add(top, values, in_pairs);
        Ok(())
    }

    fn slot(&mut self, op: u8) -> Result<u32, WeightsError> {
        match op {
            b'q' | b'h' => Ok(self.unsigned(1)? as u32),
            b'r' | b'j' => Ok(self.unsigned(4)? as u32),
            _ => self.line()?.parse().map_err(|_| malformed("the pickle remembers under no number")),
        }
    }

    fn remember(&mut self, op: u8) -> Result<(), WeightsError> {
        // MEMOIZE counts by itself.
        let slot = if op == 0x94 { self.memo.len() as u32 } else { self.slot(op)? };
        let value = self.top()?;
        self.memo.insert(slot, value);
        Ok(())
    }

    fn recall(&mut self, op: u8) -> Result<(), WeightsError> {
        let slot = self.slot(op)?;
        let value = self.memo.get(&slot).copied();
        self.push(value.ok_or_else(|| malformed("the pickle recalls what it never made"))?)
    }
}

/// None for a number of more than eight bytes, which nothing here needs.
fn twos_complement(bytes: &[u8]) -> Option<i64> {
    if bytes.len() > 8 {
        return None;
    }
    let start = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { -1 } else { 0 };
    Some(bytes.iter().rev().fold(start, |value: i64, byte| value << 8 | i64::from(*byte)))
}
