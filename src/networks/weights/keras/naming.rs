//! Keras 3's names. A file of weights calls a layer by its class, counted in the order of the model (`conv2d`,
//! `conv2d_1`), and its tensors by numbers; the archive's configuration has the layers' names, classes and choices in the
//! same order.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::{TensorFile, WeightsError};

/// `layers/conv2d_3/vars/0` to `Conv2d_2a_3x3/kernel`, as Keras 2 would call it; what is not understood keeps its name.
pub(super) fn by_layers(file: TensorFile, configuration: &Value) -> Result<TensorFile, WeightsError> {
    let mut names = BTreeMap::new();
    add_layers(configuration, "layers", "", &mut names, 0);
    file.renamed(|name| Some(names.get(name).cloned().unwrap_or_else(|| name.to_owned())))
}

/// Models within models have a list of layers of their own.
const DEPTH_AT_MOST: usize = 6;

fn add_layers(model: &Value, folder: &str, prefix: &str, names: &mut BTreeMap<String, String>, depth: usize) {
    let Some(layers) = model["config"]["layers"].as_array().filter(|_| depth < DEPTH_AT_MOST) else { return };
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for layer in layers {
        let class = layer["class_name"].as_str().unwrap_or_default();
        let Some(name) = layer["config"]["name"].as_str().or(layer["name"].as_str()) else { continue };
        let snake = snake_case(class);
        let count = counted.entry(snake.clone()).and_modify(|count| *count += 1).or_insert(0);
        let place = if *count == 0 { snake } else { format!("{snake}_{count}") };
        for (index, part) in parts(class, &layer["config"]).iter().enumerate() {
            names.insert(format!("{folder}/{place}/vars/{index}"), format!("{prefix}{name}/{part}"));
        }
        add_layers(layer, &format!("{folder}/{place}/layers"), &format!("{prefix}{name}/"), names, depth + 1);
    }
}

/// Trained tensors first, each kind in the order in which the layer makes them.
fn parts(class: &str, config: &Value) -> Vec<&'static str> {
    let is = |choice: &str| config[choice].as_bool() != Some(false);
    let chosen = |all: &[(&str, &'static str)]| {
        all.iter().filter(|(choice, _)| choice.is_empty() || is(choice)).map(|(_, part)| *part).collect()
    };
    match class {
        "BatchNormalization" => {
            chosen(&[("scale", "gamma"), ("center", "beta"), ("", "moving_mean"), ("", "moving_variance")])
        }
        "SeparableConv2D" => chosen(&[("", "depthwise_kernel"), ("", "pointwise_kernel"), ("use_bias", "bias")]),
        "PReLU" => vec!["alpha"],
        _ => chosen(&[("", "kernel"), ("use_bias", "bias")]),
    }
}

/// As Keras does it: `Conv2D` to `conv2d`, `BatchNormalization` to `batch_normalization`, `PReLU` to `p_re_lu`.
fn snake_case(class: &str) -> String {
    let letters: Vec<char> = class.chars().filter(|letter| !letter.is_whitespace()).collect();
    let mut snake = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let begins_a_word = before.is_some_and(|before| {
            let next_is_small = letters.get(at + 1).is_some_and(char::is_ascii_lowercase);
            let after_small = before.is_ascii_lowercase();
            letter.is_ascii_uppercase() && before != '_' && (after_small || next_is_small)
        });
        if begins_a_word {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::NamedTensor;
    use super::*;

    #[test]
    fn classes_are_spelt_as_keras_spells_them() {
        for (class, snake) in [
            ("Conv2D", "conv2d"),
            ("BatchNormalization", "batch_normalization"),
            ("Dense", "dense"),
            ("PReLU", "p_re_lu"),
            ("SeparableConv2D", "separable_conv2d"),
            ("InputLayer", "input_layer"),
        ] {
            assert_eq!(snake_case(class), snake);
        }
    }

    #[test]
    fn layers_get_their_names_from_the_configuration() {
        let layer = |class: &str, name: &str| json!({"class_name": class, "config": {"name": name, "scale": false}});
        let layers = [
            layer("Conv2D", "stem"),
            layer("BatchNormalization", "stem_BatchNorm"),
            layer("Conv2D", "second"),
            json!({"class_name": "Functional", "config": {"name": "inner", "layers": [layer("Dense", "head")]}}),
        ];
        let configuration = json!({"config": {"layers": layers}});
        let mut file = TensorFile::default();
        for name in [
            "layers/conv2d/vars/0",
            "layers/conv2d_1/vars/1",
            "layers/batch_normalization/vars/0",
            "layers/batch_normalization/vars/2",
            "layers/functional/layers/dense/vars/0",
            "layers/unheard_of/vars/0",
        ] {
            file.insert(NamedTensor::new(name, vec![1], vec![0.0]).unwrap()).unwrap();
        }
        let named = by_layers(file, &configuration).unwrap();
        let names: Vec<_> = named.names().collect();
        let expected = [
            "inner/head/kernel",
            "layers/unheard_of/vars/0",
            "second/bias",
            "stem/kernel",
            "stem_BatchNorm/beta",
            "stem_BatchNorm/moving_variance",
        ];
        assert_eq!(names, expected);
    }
}
