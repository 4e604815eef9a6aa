//! What the catalogue's networks are made of, and the networks themselves, on this machine's wgpu adapter against the
//! CPU, forwards and backwards.
//!
//! Each kind of layer is tried in a small network, and whole networks, at a quarter of their width and a reduced input.
//! A build as users get it, with autotuning and fusion, tries the three that most use; on software Vulkan, where kernels
//! are compiled for minutes, the smallest. A build without the feature `autotune` tries all. `LIKENESS_NETS=all` (or
//! names, with commas between) asks for others, `LIKENESS_NETS_WHOLE=1` for their own width and input. Without an
//! adapter, or without the feature `gpu`, this says that it was skipped.
//!
//! On llvmpipe not every network can be whole: NN1 and DeepFace have larger buffers than it allows, and in Inception v3 a
//! channel has more values than its loops reach (see `likeness::networks::device`). Inception v4 begins alike and was not run.
//!
//! Tolerances: both sides compute in f32 but add up in another order, and a GPU may round a multiplication and an
//! addition as one; each layer adds a few times 10⁻⁷ of its values' size. So a network's output may differ by 10⁻⁴ of
//! its largest value, and a gradient by 10⁻³ of the largest gradient of its parameter. A wrong kernel is off by far more.
//!
//! Rounding can do more than that in two ways. It can move a unit across the ReLU's zero, which switches a whole path of
//! gradients: such a place moves with the weights that were drawn, a wrong kernel stays, so whatever is off must be
//! right in one of a few draws. And batch norm that learns divides by a spread that may come from few values, or from so
//! many that adding them one by one shows (a variance of 88,804 values: off by 1·10⁻⁶ to 3·10⁻⁶ on llvmpipe, by 10⁻⁷ on
//! the CPU, which adds in blocks). So eight times what the CPU's own results change by is allowed too, when every weight
//! moves by one rounding and every batch norm's scale by sixteen, 1.9·10⁻⁶; this is measured in the same run. Where it
//! is much it proves little, and therefore networks with batch norm are tried with their statistics kept as well, as in
//! fine-tuning, where rounding stays small.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::io::Write;
use std::process::Command;
use std::time::Instant;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use likeness::networks::device::{Adapter, AdapterKind, adapters, open};
use likeness::networks::nets::EmbeddingNet;
use likeness::networks::nets::blocks::{
    Activation, BatchNormStyle, Bias, Builder, Init, Layer, MapShape, Pool, Shuffle, Style, Width, conv, depthwise,
    rectangular,
};
use likeness::networks::nets::catalogue::{NetOptions, VARIANTS, card};
use likeness::networks::weights::{NamedTensor, TensorFile, collect, fill};
use likeness::synth::{Identity, render_crop};
use likeness::train::frozen::{BatchNormStatistics, TrainablePart, behaves_otherwise_in_training, freeze};
use likeness::types::PixelScaling;

const OUTPUT_TOLERANCE: f32 = 1e-4;
const GRADIENT_TOLERANCE: f32 = 1e-3;

/// Written past the test harness, which keeps what a passing test prints.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "layers: {line}");
}

/// Set in the process that touches the adapter.
const INNER: &str = "LIKENESS_LAYERS_INNER";

/// In a process of its own, because the level of autotuning is read from the environment once.
#[test]
fn every_kind_of_layer_agrees_with_the_cpu() {
    const NAME: &str = "every_kind_of_layer_agrees_with_the_cpu";
    let Some(adapter) = usable() else { return say("layers skipped, no adapter") };
    if env::var_os(INNER).is_none() {
        return inner(&adapter, NAME);
    }
    let shape = MapShape::new(3, 9, 7);
    let images = faces(shape, PixelScaling::Unit);
    for (name, grow) in KINDS {
        let build = |device: &Device| {
            let mut b = Builder::new(shape, style(), device);
            grow(&mut b);
            b.linear("embedding", 4);
            b.finish()
        };
        compare(name, &adapter, &images, &build, BatchNormStatistics::Learn);
    }
}

type Kind = (&'static str, fn(&mut Builder));

/// What the catalogue's networks are made of, as small as it can be.
const KINDS: [Kind; 9] = [
    ("response norm", |b| _ = b.conv("conv", conv(1, 6)).response_norm("norm")),
    ("L2 pooling", |b| _ = b.conv("conv", conv(1, 4)).pool("pool", Pool::l2(3, 1, 1))),
    ("1×7 and 7×1", |b| _ = b.conv("1×7", rectangular(1, 7, 4)).conv("7×1", rectangular(7, 1, 4))),
    ("depthwise", |b| _ = b.conv("conv", conv(1, 4)).conv("depthwise", depthwise(3).stride(2))),
    ("groups and shuffle", |b| {
        b.conv("conv", conv(1, 6))
            .conv("groups", conv(1, 6).groups(3))
            .add("shuffle", Layer::Shuffle(Shuffle { groups: 3 }));
    }),
    ("locally connected", |b| _ = b.locally_connected("local", 4, 3, 2)),
    ("maxout", |b| _ = b.maxout("maxout", 6, 2)),
    ("shortcut", |b| {
        b.conv("conv", conv(1, 4));
        let body = b.branch(|b| _ = b.conv("body", conv(3, 4).linear()));
        b.residual("shortcut", body, 0.2, true).pool("max pool", Pool::max(3, 2, 0).ceil());
    }),
    ("branches", |b| {
        b.conv("conv", conv(3, 4).stride(2));
        let average = b.branch(|b| _ = b.pool("average pool", Pool::average(3, 1, 1)));
        let one = b.branch(|b| _ = b.conv("conv", conv(1, 4)));
        b.concat("branches", vec![average, one], false).global_depthwise("global depthwise");
    }),
];

fn style() -> Style {
    Style {
        batch_norm: Some(BatchNormStyle::TORCH),
        bias: Bias::WithoutBatchNorm,
        activation: Activation::PRelu,
        init: Init::He,
        bias_value: 0.1,
        width: Width { factor: 1.0, multiple: 1 },
    }
}

#[test]
fn networks_agree_with_the_cpu() {
    const NAME: &str = "networks_agree_with_the_cpu";
    let Some(adapter) = usable() else { return say("networks skipped, no adapter") };
    let asked = env::var("LIKENESS_NETS").ok();
    let wanted = asked.unwrap_or_else(|| usual(&adapter).to_owned());
    if env::var_os(INNER).is_none() {
        return inner(&adapter, NAME);
    }
    for variant in VARIANTS.iter().filter(|v| wanted == "all" || wanted.split(',').any(|name| name == v.name)) {
        let reduced = NetOptions {
            embedding_size: Some(16),
            input: Some(variant.least_input().map(|least| least.max(96))),
            width: Some(0.25),
            ..Default::default()
        };
        let whole = env::var_os("LIKENESS_NETS_WHOLE").is_some();
        let options = NetOptions { dropout: Some(0.0), ..if whole { NetOptions::default() } else { reduced } };
        let config = variant.config(&options).unwrap();
        let build = |device: &Device| variant.build(&config, device);
        let images = faces(config.input_shape(), card(variant.name, &options).unwrap().input.scaling);
        compare(variant.name, &adapter, &images, &build, BatchNormStatistics::Learn);
        if behaves_otherwise_in_training(&build(&Device::flex())) {
            compare(variant.name, &adapter, &images, &build, BatchNormStatistics::Keep);
        }
    }
}

/// The networks that are tried where nobody asks for others.
fn usual(adapter: &Adapter) -> &'static str {
    match adapter.kind {
        _ if !cfg!(feature = "autotune") => "all",
        AdapterKind::Software => "likeness-small",
        _ => "likeness-small,mobilefacenet,sface",
    }
}

fn usable() -> Option<Adapter> {
    adapters().into_iter().find(|adapter| adapter.kind != AdapterKind::Other)
}

fn inner(adapter: &Adapter, test: &str) {
    let mut command = Command::new(env::current_exe().expect("this program has a path"));
    command.args(["--exact", test, "--nocapture"]).env(INNER, "1");
    if adapter.kind == AdapterKind::Software {
        command.env("CUBECL_AUTOTUNE_LEVEL", "minimal");
    }
    let output = command.output().expect("this program runs again");
    let said = String::from_utf8_lossy(&output.stderr);
    said.lines().filter(|line| line.starts_with("layers: ")).for_each(|line| say(&line["layers: ".len()..]));
    assert!(output.status.success(), "{}\n{said}", String::from_utf8_lossy(&output.stdout));
}

/// Output and gradients of one network with the same weights and images on both sides.
fn compare<N: Module + EmbeddingNet>(
    name: &str,
    adapter: &Adapter,
    images: &TensorData,
    build: &dyn Fn(&Device) -> N,
    statistics: BatchNormStatistics,
) {
    const DRAWS: u64 = 4;
    let gpu = open(adapter).expect("a listed adapter can be opened").burn;
    let cpu = Device::flex();
    let mut wrong = Vec::new();
    for draw in 1..=DRAWS {
        let started = Instant::now();
        cpu.seed(16 + draw);
        let weights = collect(&build(&cpu)).unwrap();
        let weights = if statistics == BatchNormStatistics::Keep { evenly_scaled(weights) } else { weights };
        let results = |device: &Device, weights: &TensorFile| {
            let net = fill(build(&device.clone().autodiff()), weights, str::to_owned).unwrap().train();
            results(freeze(net, &TrainablePart::All, statistics).unwrap(), images)
        };
        let expected = results(&cpu, &weights);
        let rounding = Difference::between(&expected, &results(&cpu, &rounded_otherwise(&weights)));
        let off = Difference::between(&expected, &results(&gpu, &weights));
        say(&format!(
            "{name}, batch norm {statistics:?}s, draw {draw} on {} after {:.0} s: {off}; other rounding on the \
             CPU does {rounding}",
            adapter.name,
            started.elapsed().as_secs_f64(),
        ));
        let now = off.wrong(&rounding);
        match draw {
            1 => wrong = now,
            _ => wrong.retain(|name| now.contains(name)),
        }
        if wrong.is_empty() {
            return;
        }
    }
    panic!("{name}: {}", wrong.join(", "));
}

/// Drawn people, values from −1 to 1 unless the network wants them raw. Noise would not do: to a network all noise is alike, and batch norm would enlarge
/// what rounding leaves between the images.
fn faces(input: MapShape, scaling: PixelScaling) -> TensorData {
    const IMAGES: usize = 4;
    let mut values = Vec::with_capacity(IMAGES * input.values());
    for index in 0..IMAGES as u32 {
        let side = input.height.max(input.width) as u32;
        let face = render_crop(&Identity::new(5, index), u64::from(index), side);
        for channel in 0..3 {
            let pixels = (0..input.height as u32).flat_map(|y| (0..input.width as u32).map(move |x| (x, y)));
            values.extend(pixels.map(|(x, y)| match f32::from(face.get_pixel(x, y)[channel]) {
                value if scaling == PixelScaling::Raw => value,
                value => value / 127.5 - 1.0,
            }));
        }
    }
    TensorData::new(values, [IMAGES, 3, input.height, input.width])
}

/// Convolutions scaled as He et al. 2015 draw them, so that values keep their size without batch statistics: SFace's
/// own, smaller ones would leave nothing of the images.
fn evenly_scaled(weights: TensorFile) -> TensorFile {
    let mut scaled = TensorFile::default();
    for tensor in weights.iter() {
        let mut tensor = tensor.clone();
        if let [_, inputs @ ..] = &tensor.shape[..]
            && inputs.len() == 3
        {
            let square = tensor.data.iter().map(|value| value * value).sum::<f32>() / tensor.data.len() as f32;
            let factor = (2.0 / inputs.iter().product::<usize>() as f32 / square).sqrt();
            tensor.data.iter_mut().for_each(|value| *value *= factor);
        }
        scaled.insert(tensor).unwrap();
    }
    scaled
}

/// Every weight larger or smaller by the distance of two neighbouring numbers, scales of batch norms by sixteen times
/// that.
fn rounded_otherwise(weights: &TensorFile) -> TensorFile {
    let mut moved = TensorFile::default();
    for tensor in weights.iter() {
        let step = if tensor.name.ends_with("gamma") { 16.0 * f32::EPSILON } else { f32::EPSILON };
        let values = tensor.data.iter().enumerate();
        let data = values.map(|(at, value)| value * (1.0 + [step, -step][at % 2])).collect();
        moved.insert(NamedTensor { data, ..tensor.clone() }).unwrap();
    }
    moved
}

struct Results {
    output: Vec<f32>,
    gradients: TensorFile,
}

fn results<N: Module + EmbeddingNet>(net: N, images: &TensorData) -> Results {
    let device = net.devices().remove(0).autodiff();
    let output = net.forward(Tensor::<4>::from_data(images.clone(), &device));
    let [rows, columns] = output.dims();
    let signs = (0..rows * columns).map(|at| ((at * 31 % 17) as f32 - 8.0) / 8.0).collect::<Vec<_>>();
    let signs = Tensor::<2>::from_data(TensorData::new(signs, [rows, columns]), &device);
    let gradients = (output.clone() * signs).sum().backward();
    let mut list = List { path: Vec::new(), gradients: &gradients, found: TensorFile::default() };
    net.visit(&mut list);
    Results { output: output.try_into_vec_as().unwrap(), gradients: list.found }
}

/// The largest differences, as shares of the largest value of the output and of each parameter's gradient.
struct Difference {
    output: f32,
    gradients: BTreeMap<String, f32>,
}

impl Difference {
    fn between(expected: &Results, found: &Results) -> Self {
        // A bias before a batch norm has no gradient but rounding.
        let floor = 1e-3 * expected.gradients.iter().map(|gradient| largest(&gradient.data)).fold(0.0, f32::max);
        let of = |gradient: &NamedTensor| {
            let other = found.gradients.get(&gradient.name).expect("the same parameters");
            (gradient.name.clone(), difference(&gradient.data, &other.data, floor))
        };
        let gradients = expected.gradients.iter().map(of).collect();
        Self { output: difference(&expected.output, &found.output, 0.0), gradients }
    }

    fn worst_gradient(&self) -> (&str, f32) {
        let worst = self.gradients.iter().max_by(|a, b| a.1.total_cmp(b.1)).expect("a network has parameters");
        (worst.0, *worst.1)
    }

    /// What differs by more than rounding explains.
    fn wrong(&self, rounding: &Self) -> Vec<String> {
        let allowed = GRADIENT_TOLERANCE.max(8.0 * rounding.worst_gradient().1);
        let gradients = self.gradients.iter().filter(|(_, off)| **off > allowed);
        let mut wrong: Vec<String> = gradients.map(|(name, _)| format!("gradient of {name}")).collect();
        if self.output > OUTPUT_TOLERANCE.max(8.0 * rounding.output) {
            wrong.push("output".to_owned());
        }
        wrong
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, gradient) = self.worst_gradient();
        write!(f, "output {:.1e}, gradients {gradient:.1e} ({name})", self.output)
    }
}

struct List<'a> {
    path: Vec<String>,
    gradients: &'a Gradients,
    found: TensorFile,
}

impl ModuleVisitor for List<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = param.val().grad(self.gradients) {
            let shape = gradient.dims().to_vec();
            let values = gradient.try_into_vec_as::<f32>().unwrap();
            let tensor = NamedTensor::new(self.path.join("."), shape, values).unwrap();
            self.found.insert(tensor).unwrap();
        }
    }
}

/// The largest difference as a share of the largest expected value, or of `floor` where that is larger.
fn difference(expected: &[f32], found: &[f32], floor: f32) -> f32 {
    assert_eq!(expected.len(), found.len());
    let worst = expected.iter().zip(found).map(|(a, b)| (a - b).abs());
    let worst = worst.fold(0.0, |worst: f32, off| if off.is_nan() { f32::INFINITY } else { worst.max(off) });
    worst / largest(expected).max(floor).max(f32::MIN_POSITIVE)
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |largest, value| largest.max(value.abs()))
}
