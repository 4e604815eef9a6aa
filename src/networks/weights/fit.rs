//! A file's tensors as a network's parameters: what each tool calls a layer's parts, and how it lays out matrices and
//! kernels, told by the shapes that the network itself has.
//!
//! A matrix is outputs × inputs in PyTorch and inputs × outputs here, a kernel rows, columns, inputs, outputs in
//! TensorFlow and outputs, inputs, rows, columns here. Where a shape fits both ways (a square matrix) the file's other
//! tensors decide, and only where none does, what the names and the format say.

use std::collections::{BTreeSet, HashMap};

use super::{Mismatch, NamedTensor, TensorFile, WeightsError};
use crate::networks::weights::shape::sides;

/// A parameter's path and shape.
pub(crate) type WantedParameter = (String, Vec<usize>);

/// Which way a file most likely has its matrices, where no shape tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    Ours,
    Torch,
    TensorFlow,
}

/// Our name for a part of a layer, and what others call it.
const PARTS: [(&str, &[&str]); 7] = [
    ("gamma", &["gamma", "weight", "scale"]),
    ("beta", &["beta", "bias", "offset", "shift"]),
    ("alpha", &["alpha", "weight", "slope", "slopes"]),
    ("running_mean", &["running_mean", "moving_mean", "mean"]),
    ("running_var", &["running_var", "moving_variance", "moving_var", "variance", "var"]),
    ("weight", &["weight", "kernel", "weights"]),
    ("bias", &["bias", "biases"]),
];

/// How a tensor becomes a parameter of another shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// The same numbers in the same order.
    Same,
    Transposed,
    /// From rows, columns, inputs, outputs.
    Kernel,
    /// From rows, columns, channels, multiplier.
    Depthwise,
    /// One number for all channels.
    Repeated,
}

/// Which tensors a network's parameters are, and in which layout.
pub(crate) struct ParameterFit {
    /// WantedParameter, tensor, turn.
    found: Vec<(WantedParameter, String, Turn)>,
    mismatch: Mismatch,
    /// A tensor that is wanted and of a type that is not read.
    unread: Option<WeightsError>,
}

impl ParameterFit {
    /// Looks for each parameter under `prefix`; no value is touched.
    pub(crate) fn find(file: &TensorFile, prefix: &str, parameters: &[WantedParameter], habit: Habit) -> Self {
        let dotted: HashMap<String, &str> =
            file.all_names().filter_map(|name| Some((name.strip_prefix(prefix)?.replace('/', "."), name))).collect();
        let mut fit = Self { found: Vec::new(), mismatch: Mismatch::default(), unread: None };
        let (mut used, mut open) = (BTreeSet::new(), Vec::new());
        let (mut ours, mut others) = (0, 0);
        for (path, shape) in parameters {
            let Some(name) = aliases(path).find_map(|alias| dotted.get(&*alias).copied()) else {
                fit.mismatch.missing.push(path.clone());
                continue;
            };
            used.insert(name);
            let Some(tensor) = file.get(name) else {
                fit.unread = fit.unread.or_else(|| file.unread(name));
                continue;
            };
            match turns(&tensor.shape, shape)[..] {
                [] => {
                    fit.mismatch.misshaped.push(format!("{name} is {}, {path} {}", sides(&tensor.shape), sides(shape)))
                }
                [turn] => {
                    // Only a matrix or kernel that fits one way says anything of the others.
                    match (turn, shape.len()) {
                        (Turn::Same, 2) => ours += 1,
                        (Turn::Transposed, 2) => others += 1,
                        _ => {}
                    }
                    fit.found.push(((path.clone(), shape.clone()), name.to_owned(), turn));
                }
                _ => open.push((path, shape, name)),
            }
        }
        let names_are_ours = dotted.keys().any(|name| name.ends_with(".gamma"));
        let transposes = match (ours, others) {
            (0, 0) => habit == Habit::Torch || (habit == Habit::Ours && !names_are_ours && has_torch_norms(&dotted)),
            (ours, others) => others > ours,
        };
        let turns_kernels = habit == Habit::TensorFlow;
        for (path, shape, name) in open {
            let turn = match shape.len() {
                2 if transposes => Turn::Transposed,
                4 if turns_kernels => Turn::Kernel,
                _ => Turn::Same,
            };
            fit.found.push(((path.clone(), shape.clone()), name.to_owned(), turn));
        }
        let extra = file.names().filter_map(|name| name.strip_prefix(prefix).filter(|_| !used.contains(name)));
        fit.mismatch.extra = extra.map(str::to_owned).collect();
        fit
    }

    /// How many parameters were found.
    pub(crate) fn count(&self) -> usize {
        self.found.len()
    }

    /// Whether every parameter is there, and nothing else but what `may_be_left` says.
    pub(crate) fn is_whole(&self, may_be_left: impl Fn(&str) -> bool) -> bool {
        self.mismatch.missing.is_empty()
            && self.mismatch.misshaped.is_empty()
            && self.mismatch.extra.iter().all(|name| may_be_left(name))
    }

    /// What keeps the file from fitting.
    pub(crate) fn mismatch(self, may_be_left: impl Fn(&str) -> bool) -> Mismatch {
        let mut mismatch = self.mismatch;
        mismatch.extra.retain(|name| !may_be_left(name));
        mismatch
    }

    /// Tensors under the prefix that no parameter wants.
    pub(crate) fn left(&self) -> &[String] {
        &self.mismatch.extra
    }

    /// The parameters by their paths, in our layout; an error that names all that does not fit.
    pub(crate) fn tensors(
        mut self,
        file: &TensorFile,
        may_be_left: impl Fn(&str) -> bool,
    ) -> Result<TensorFile, WeightsError> {
        if let Some(unread) = self.unread.take() {
            return Err(unread);
        }
        self.mismatch.extra.retain(|name| !may_be_left(name));
        if self.mismatch != Mismatch::default() {
            return Err(WeightsError::Mismatch(self.mismatch));
        }
        let mut ours = TensorFile::default();
        for ((path, shape), name, turn) in self.found {
            let Some(tensor) = file.get(&name) else { return Err(WeightsError::NotFound { name }) };
            tensor.check_finite()?;
            ours.insert(NamedTensor::new(path, shape.clone(), turned(tensor, &shape, turn))?)?;
        }
        Ok(ours)
    }
}

/// The path with its last word as each tool says it.
pub(crate) fn aliases(path: &str) -> impl Iterator<Item = String> {
    let (layer, part) = path.rsplit_once('.').unwrap_or(("", path));
    let words = PARTS.iter().find(|(ours, _)| *ours == part).map_or(&[][..], |(_, words)| words);
    let dot = if layer.is_empty() { "" } else { "." };
    let others = words.iter().filter(move |word| **word != part).map(move |word| format!("{layer}{dot}{word}"));
    std::iter::once(path.to_owned()).chain(others)
}

/// PyTorch calls a norm's scale weight.
fn has_torch_norms(names: &HashMap<String, &str>) -> bool {
    names.keys().any(|name| {
        name.strip_suffix("running_mean").is_some_and(|layer| names.contains_key(&*format!("{layer}weight")))
    })
}

/// Every way from one shape to another that is not none.
fn turns(from: &[usize], to: &[usize]) -> Vec<Turn> {
    let mut turns = Vec::new();
    let bare = |shape: &[usize]| shape.iter().copied().filter(|side| *side != 1).collect::<Vec<_>>();
    let from_bare = bare(from);
    let is_flattened =
        from.len() == 2 && to.len() == 4 && from[0] == to[0] && from[1] == to[1..].iter().product::<usize>();
    if from == to || from_bare == bare(to) || is_flattened {
        turns.push(Turn::Same);
    }
    match (from, to) {
        ([rows, columns], [wanted_rows, wanted_columns]) if rows == wanted_columns && columns == wanted_rows => {
            turns.push(Turn::Transposed);
        }
        // A convolution over the whole map that is a matrix here.
        ([outputs, rest @ ..], [wanted_rows, wanted_columns])
            if from.len() == 4 && outputs == wanted_columns && rest.iter().product::<usize>() == *wanted_rows =>
        {
            turns.retain(|turn| *turn != Turn::Same);
            turns.push(Turn::Transposed);
        }
        ([a, b, c, d], [outputs, inputs, rows, columns]) => {
            if [a, b, c, d] == [rows, columns, inputs, outputs] {
                turns.push(Turn::Kernel);
            } else if *inputs == 1 && [a, b] == [rows, columns] && c * d == *outputs {
                turns.push(Turn::Depthwise);
            }
        }
        (_, [channels]) if from_bare.is_empty() && *channels > 1 => turns.push(Turn::Repeated),
        _ => {}
    }
    // The same numbers either way.
    if turns.contains(&Turn::Same) && from_bare.len() < 2 {
        turns.truncate(1);
    }
    turns
}

fn turned(tensor: &NamedTensor, shape: &[usize], turn: Turn) -> Vec<f32> {
    let data = &tensor.data;
    match (turn, shape) {
        (Turn::Transposed, [rows, columns]) => {
            (0..*rows).flat_map(|row| (0..*columns).map(move |column| data[column * rows + row])).collect()
        }
        (Turn::Kernel, [outputs, inputs, rows, columns]) => {
            let places = rows * columns;
            let at = move |output, input, place| data[(place * inputs + input) * outputs + output];
            let kernel = move |output| {
                (0..*inputs).flat_map(move |input| (0..places).map(move |place| at(output, input, place)))
            };
            (0..*outputs).flat_map(kernel).collect()
        }
        // TensorFlow's output is channel × multiplier + number.
        (Turn::Depthwise, [outputs, _, rows, columns]) => {
            let places = rows * columns;
            (0..*outputs).flat_map(|output| (0..places).map(move |place| data[place * outputs + output])).collect()
        }
        (Turn::Repeated, [channels]) => vec![data[0]; *channels],
        _ => data.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(tensors: &[(&str, &[usize])]) -> TensorFile {
        let mut file = TensorFile::default();
        for (name, shape) in tensors {
            let count: usize = shape.iter().product();
            file.insert(NamedTensor::new(*name, shape.to_vec(), (0..count).map(|v| v as f32).collect()).unwrap())
                .unwrap();
        }
        file
    }

    fn wanted(parameters: &[(&str, &[usize])]) -> Vec<WantedParameter> {
        parameters.iter().map(|(path, shape)| ((*path).to_owned(), shape.to_vec())).collect()
    }

    fn fitted(given: &[(&str, &[usize])], parameters: &[(&str, &[usize])], habit: Habit) -> TensorFile {
        let file = file(given);
        ParameterFit::find(&file, "", &wanted(parameters), habit).tensors(&file, |_| false).unwrap()
    }

    #[test]
    fn matrices_are_told_by_their_shape() {
        let parameters: &[(&str, &[usize])] = &[("fc.weight", &[3, 2])];
        let ours = fitted(&[("fc.weight", &[3, 2])], parameters, Habit::Torch);
        assert_eq!(ours.get("fc.weight").unwrap().data, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        let theirs = fitted(&[("fc.weight", &[2, 3])], parameters, Habit::Ours);
        assert_eq!(theirs.get("fc.weight").unwrap().data, [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    }

    /// By the file's other matrices, then by its names, then by its format.
    #[test]
    fn a_square_matrix_goes_with_the_others() {
        let square: &[(&str, &[usize])] = &[("b.weight", &[2, 2])];
        let both: &[(&str, &[usize])] = &[("a.weight", &[3, 2]), ("b.weight", &[2, 2])];
        let is_turned = |file: TensorFile| file.get("b.weight").unwrap().data == [0.0, 2.0, 1.0, 3.0];
        assert!(is_turned(fitted(&[("a.weight", &[2, 3]), ("b.weight", &[2, 2])], both, Habit::Ours)));
        assert!(!is_turned(fitted(&[("a.weight", &[3, 2]), ("b.weight", &[2, 2])], both, Habit::Torch)));
        assert!(is_turned(fitted(square, square, Habit::Torch)));
        assert!(!is_turned(fitted(square, square, Habit::Ours)));
        let norm: &[(&str, &[usize])] = &[
            ("b.weight", &[2, 2]),
            ("n.gamma", &[2]),
            ("n.beta", &[2]),
            ("n.running_mean", &[2]),
            ("n.running_var", &[2]),
        ];
        let given: &[(&str, &[usize])] = &[
            ("b.weight", &[2, 2]),
            ("n.weight", &[2]),
            ("n.bias", &[2]),
            ("n.running_mean", &[2]),
            ("n.running_var", &[2]),
        ];
        assert!(is_turned(fitted(given, norm, Habit::Ours)));
        assert!(!is_turned(fitted(norm, norm, Habit::Ours)));
    }

    #[test]
    fn kernels_are_told_by_their_shape() {
        let parameters: &[(&str, &[usize])] = &[("c.weight", &[2, 3, 1, 2])];
        let turned = fitted(&[("c/kernel", &[1, 2, 3, 2])], parameters, Habit::TensorFlow);
        assert_eq!(
            turned.get("c.weight").unwrap().data,
            [0.0, 6.0, 2.0, 8.0, 4.0, 10.0, 1.0, 7.0, 3.0, 9.0, 5.0, 11.0]
        );
        let depthwise = fitted(&[("c/kernel", &[1, 2, 2, 1])], &[("c.weight", &[2, 1, 1, 2])], Habit::TensorFlow);
        assert_eq!(depthwise.get("c.weight").unwrap().data, [0.0, 2.0, 1.0, 3.0]);
        // Every side alike: the format decides.
        let cube: &[(&str, &[usize])] = &[("c.weight", &[2, 2, 2, 2])];
        assert_eq!(fitted(cube, cube, Habit::Torch).get("c.weight").unwrap().data[1], 1.0);
        assert_eq!(fitted(cube, cube, Habit::TensorFlow).get("c.weight").unwrap().data[1], 4.0);
    }

    #[test]
    fn other_words_and_shapes_of_a_layers_parts_are_known() {
        let ours = fitted(
            &[("p.weight", &[3, 1, 1]), ("n.moving_mean", &[1, 3, 1, 1]), ("one.weight", &[1]), ("k.weight", &[4, 6])],
            &[("p.alpha", &[3]), ("n.running_mean", &[3]), ("one.alpha", &[3]), ("k.weight", &[4, 6, 1, 1])],
            Habit::Torch,
        );
        assert_eq!(ours.get("one.alpha").unwrap().data, [0.0; 3]);
        assert_eq!(ours.get("k.weight").unwrap().data[7], 7.0);
        let whole = fitted(&[("f.weight", &[2, 3, 1, 2])], &[("f.weight", &[6, 2])], Habit::Torch);
        assert_eq!(whole.get("f.weight").unwrap().data[..4], [0.0, 6.0, 1.0, 7.0]);
    }

    #[test]
    fn all_that_does_not_fit_is_told_at_once() {
        let file = file(&[("a.weight", &[2, 2]), ("spare", &[1]), ("logits.weight", &[1])]);
        let fit = ParameterFit::find(&file, "", &wanted(&[("a.weight", &[3, 2]), ("b.bias", &[2])]), Habit::Torch);
        assert!(!fit.is_whole(|_| true));
        let Err(WeightsError::Mismatch(mismatch)) = fit.tensors(&file, |name| name.starts_with("logits")) else {
            panic!("should not fit")
        };
        assert_eq!(mismatch.missing, ["b.bias"]);
        assert_eq!(mismatch.extra, ["spare"]);
        assert_eq!(mismatch.misshaped, ["a.weight is 2×2, a.weight 3×2"]);
    }

    #[test]
    fn a_wanted_tensor_that_is_not_read_is_named() {
        let mut given = TensorFile::default();
        given.leave_out("m.a.weight".to_owned(), super::super::element::Element::Quantised(1), 2);
        let error =
            ParameterFit::find(&given, "m.", &wanted(&[("a.weight", &[1])]), Habit::Torch).tensors(&given, |_| false);
        let said = error.unwrap_err().to_string();
        assert!(said.contains("m.a.weight holds quantised numbers"), "{said}");
    }
}
