//! Named tensors in plain memory: what every reader produces and every network is filled from.

use std::collections::BTreeMap;

use super::WeightsError;
use super::auxiliary::is_counter;
use super::element::Element;
use super::shape::{element_count, sides};

/// One tensor, values in row-major order; as many values as its shape says.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    pub name: String,
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
}

/// The tensors of a weight file by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TensorFile {
    tensors: BTreeMap<String, NamedTensor>,
    /// Tensors of types that are not read: told where a network wants one.
    unread: BTreeMap<String, Element>,
}

impl NamedTensor {
    pub fn new(name: impl Into<String>, shape: Vec<usize>, data: Vec<f32>) -> Result<Self, WeightsError> {
        let name = name.into();
        if element_count(&shape) == Some(data.len()) {
            Ok(Self { name, shape, data })
        } else {
            Err(WeightsError::WrongSize { name, shape, found: data.len() })
        }
    }
}

impl NamedTensor {
    pub(crate) fn check_finite(&self) -> Result<(), WeightsError> {
        let bad = self.data.iter().enumerate().find(|(_, value)| !value.is_finite());
        bad.map_or(Ok(()), |(at, value)| {
            let found = if value.is_nan() { "NaN" } else { "infinity, or a number beyond 32-bit floats," };
            Err(WeightsError::NotFinite { name: self.name.clone(), found, at: at + 1, of: self.data.len() })
        })
    }
}

impl TensorFile {
    /// Adds a tensor, unless it only counts or has no values; a second one of the same name is an error.
    pub fn insert(&mut self, tensor: NamedTensor) -> Result<(), WeightsError> {
        if is_counter(&tensor.name) || tensor.data.is_empty() {
            return Ok(());
        }
        if self.tensors.contains_key(&tensor.name) {
            return Err(WeightsError::Duplicate { name: tensor.name });
        }
        self.tensors.insert(tensor.name.clone(), tensor);
        Ok(())
    }

    /// Notes a tensor of so many axes whose type is not read.
    pub(super) fn leave_out(&mut self, name: String, element: Element, axes: usize) {
        self.unread.insert(name, element.with_axes(axes));
    }

    /// A tensor that was not read, as an error.
    pub(crate) fn unread(&self, name: &str) -> Option<WeightsError> {
        self.unread.get(name).map(|element| unread(name, *element))
    }

    /// The first tensor that may be a weight and was not read, as an error.
    pub(crate) fn first_unread_weight(&self) -> Option<WeightsError> {
        let first = self.unread.iter().find(|(_, element)| element.may_be_weights());
        first.map(|(name, element)| unread(name, *element))
    }

    pub(super) fn has_unread_weights(&self) -> bool {
        self.unread.values().any(|element| element.may_be_weights())
    }

    pub fn get(&self, name: &str) -> Option<&NamedTensor> {
        self.tensors.get(name)
    }

    /// Takes a tensor out, for constants of a graph that are no parameters.
    pub(crate) fn take(&mut self, name: &str) -> Result<NamedTensor, WeightsError> {
        self.tensors.remove(name).ok_or_else(|| WeightsError::NotFound { name: name.to_owned() })
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Those of types that are not read, too.
    pub(crate) fn all_names(&self) -> impl Iterator<Item = &str> {
        self.names().chain(self.unread.keys().map(String::as_str))
    }

    pub fn iter(&self) -> impl Iterator<Item = &NamedTensor> {
        self.tensors.values()
    }

    /// The same tensors under other names; those that get none are left out.
    pub(crate) fn renamed(self, rename: impl Fn(&str) -> Option<String>) -> Result<Self, WeightsError> {
        let mut renamed = Self::default();
        for (name, tensor) in self.tensors {
            if let Some(name) = rename(&name) {
                renamed.insert(NamedTensor { name, ..tensor })?;
            }
        }
        let unread = self.unread.into_iter().filter_map(|(name, element)| Some((rename(&name)?, element)));
        renamed.unread = unread.collect();
        Ok(renamed)
    }

    /// Refuses values that are no numbers, by the tensor's name.
    pub(crate) fn check_finite(&self) -> Result<(), WeightsError> {
        self.iter().try_for_each(NamedTensor::check_finite)
    }

    pub fn len(&self) -> usize {
        self.tensors.len()
    }

    pub fn is_empty(&self) -> bool {
        self.tensors.is_empty()
    }

    /// Swaps rows and columns of a matrix: other tools store a linear layer as `[out, in]`, Burn as `[in, out]`.
    pub fn transpose(&mut self, name: &str) -> Result<(), WeightsError> {
        let tensor = self.tensor_mut(name)?;
        let [rows, columns] = tensor.shape[..] else {
            return Err(WeightsError::WrongShape {
                name: name.to_owned(),
                found: tensor.shape.clone(),
                wanted: "a matrix".into(),
            });
        };
        let by_column = (0..columns).flat_map(|column| (0..rows).map(move |row| row * columns + column));
        tensor.data = by_column.map(|at| tensor.data[at]).collect();
        tensor.shape = vec![columns, rows];
        Ok(())
    }

    /// Reads a tensor's values as one row, for instance slopes stored as `[channels, 1, 1]`.
    pub fn flatten(&mut self, name: &str) -> Result<(), WeightsError> {
        let tensor = self.tensor_mut(name)?;
        tensor.shape = vec![tensor.data.len()];
        Ok(())
    }

    /// Replaces tensors by one that holds their rows one below the other: layers that share an input become one.
    pub(crate) fn stack_rows(&mut self, names: &[String], stacked: &str) -> Result<(), WeightsError> {
        let mut rows = 0;
        let mut row_shape = None;
        let mut data = vec![];
        for name in names {
            let tensor = self.take(name)?;
            let row = tensor.shape.get(1..).unwrap_or_default();
            if tensor.shape.is_empty() || *row_shape.get_or_insert_with(|| row.to_vec()) != row {
                let wanted = format!("rows of {}", sides(&row_shape.unwrap_or_default()));
                return Err(WeightsError::WrongShape { name: name.clone(), found: tensor.shape, wanted });
            }
            rows += tensor.shape[0];
            data.extend(tensor.data);
        }
        let shape = [vec![rows], row_shape.unwrap_or_default()].concat();
        self.insert(NamedTensor::new(stacked, shape, data)?)
    }

    fn tensor_mut(&mut self, name: &str) -> Result<&mut NamedTensor, WeightsError> {
        self.tensors.get_mut(name).ok_or_else(|| WeightsError::NotFound { name: name.to_owned() })
    }
}

fn unread(name: &str, element: Element) -> WeightsError {
    WeightsError::UnknownType { name: name.to_owned(), found: element.words(), advice: element.advice() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(shape: &[usize], data: &[f32]) -> TensorFile {
        let mut file = TensorFile::default();
        file.insert(NamedTensor::new("t", shape.to_vec(), data.to_vec()).unwrap()).unwrap();
        file
    }

    #[test]
    fn transposes_a_matrix() {
        let mut file = file(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        file.transpose("t").unwrap();
        let tensor = file.get("t").unwrap();
        assert_eq!(tensor.shape, [3, 2]);
        assert_eq!(tensor.data, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }

    #[test]
    fn only_a_matrix_is_transposed() {
        assert!(matches!(file(&[1, 1, 1], &[0.0]).transpose("t"), Err(WeightsError::WrongShape { .. })));
        assert!(matches!(file(&[1], &[0.0]).transpose("u"), Err(WeightsError::NotFound { .. })));
    }

    #[test]
    fn stacks_rows_of_one_shape() {
        let mut file = TensorFile::default();
        for (name, shape, data) in [("a", vec![1, 2], vec![1.0, 2.0]), ("b", vec![2, 2], vec![3.0, 4.0, 5.0, 6.0])] {
            file.insert(NamedTensor::new(name, shape, data).unwrap()).unwrap();
        }
        file.insert(NamedTensor::new("c", vec![1, 1], vec![0.0]).unwrap()).unwrap();
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert!(file.clone().stack_rows(&names(&["a", "c"]), "all").is_err());
        file.stack_rows(&names(&["b", "a"]), "all").unwrap();
        assert_eq!(file.names().collect::<Vec<_>>(), ["all", "c"]);
        let all = file.get("all").unwrap();
        assert_eq!((&all.shape[..], &all.data[..]), (&[3, 2][..], &[3.0, 4.0, 5.0, 6.0, 1.0, 2.0][..]));
    }

    #[test]
    fn sizes_and_names_are_checked() {
        assert!(matches!(NamedTensor::new("t", vec![2, 2], vec![0.0; 3]), Err(WeightsError::WrongSize { .. })));
        assert!(NamedTensor::new("t", vec![usize::MAX, 2], vec![]).is_err());
        let mut twice = file(&[1], &[0.0]);
        let again = NamedTensor::new("t", vec![1], vec![1.0]).unwrap();
        assert!(matches!(twice.insert(again), Err(WeightsError::Duplicate { .. })));
    }

    /// `{name: value.half() for …}` makes a float of everything.
    #[test]
    fn what_counts_batches_or_has_no_values_is_no_weight() {
        let mut file = file(&[1], &[0.0]);
        file.insert(NamedTensor::new("queue", vec![0, 128], Vec::new()).unwrap()).unwrap();
        file.insert(NamedTensor::new("layer1.0.bn1.num_batches_tracked", vec![], vec![7.0]).unwrap()).unwrap();
        assert_eq!(file.len(), 1);
    }
}
