//! The layers of the catalogue's networks on this machine's wgpu adapter, forwards and backwards, each in one small
//! network against the CPU. `LIKENESS_NETS=all` (or names, with commas between) does the same with networks of the
//! catalogue, at a quarter of their width and a reduced input.
//!
//! Without an adapter, or without the feature `gpu`, this says that it was skipped.
//!
//! Tolerances: both sides compute in f32 but add up in another order, and a GPU may round a multiplication and an
//! addition as one; each layer adds a few times 10⁻⁷ of its values' size, batch norm over few values and the root in L2
//! pooling enlarge that. So a network's output may differ by 10⁻⁴ of its largest value, and a gradient by 10⁻³ of the
//! largest gradient of its parameter. A wrong kernel is off by far more.

use std::env;
use std::io::Write;
use std::process::Command;
use std::time::Instant;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use likeness::device::{Adapter, AdapterKind, adapters, open};
use likeness::nets::EmbeddingNet;
use likeness::nets::blocks::{
    Activation, BatchNormStyle, Bias, Builder, Init, Layer, MapShape, Pool, Shuffle, Style, Width, conv, depthwise,
    rectangular,
};
use likeness::nets::catalogue::{NetOptions, VARIANTS};
use likeness::weights::{TensorFile, collect, fill};

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
    for (name, grow) in KINDS {
        compare(name, &adapter, shape, &|device| {
            let mut b = Builder::new(shape, style(), device);
            grow(&mut b);
            b.linear("embedding", 4);
            b.finish()
        });
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

/// By hand: the software adapter needs minutes for each.
#[test]
fn networks_agree_with_the_cpu() {
    const NAME: &str = "networks_agree_with_the_cpu";
    let Ok(wanted) = env::var("LIKENESS_NETS") else { return };
    let Some(adapter) = usable() else { return say("networks skipped, no adapter") };
    if env::var_os(INNER).is_none() {
        return inner(&adapter, NAME);
    }
    for variant in VARIANTS.iter().filter(|v| wanted == "all" || wanted.split(',').any(|name| name == v.name)) {
        let options = NetOptions {
            embedding_size: Some(16),
            dropout: Some(0.0),
            input: Some(variant.least_input().map(|least| least.max(48))),
            width: Some(0.25),
            ..Default::default()
        };
        let config = variant.config(&options).unwrap();
        compare(variant.name, &adapter, config.input_shape(), &|device| variant.build(&config, device));
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
fn compare<N: Module + EmbeddingNet>(name: &str, adapter: &Adapter, input: MapShape, build: &dyn Fn(&Device) -> N) {
    const IMAGES: usize = 4;
    let started = Instant::now();
    let cpu = Device::flex();
    cpu.seed(17);
    let weights = collect(&build(&cpu)).unwrap();
    let wave = |count: usize| (0..count).map(|at| ((at * 7919 % 1009) as f32 / 504.5 - 1.0) * 1.7).collect::<Vec<_>>();
    let images = TensorData::new(wave(IMAGES * input.values()), [IMAGES, 3, input.height, input.width]);
    let gpu = open(adapter).expect("a listed adapter can be opened").burn;
    let [expected, found] = [cpu, gpu].map(|device| run(build(&device.autodiff()), &weights, &images));
    let output = difference(&expected.0, &found.0, 0.0);
    let mut worst = (0.0, String::new());
    // A bias before a batch norm has no gradient but rounding.
    let largest = expected.1.iter().map(|gradient| largest(&gradient.data)).fold(0.0, f32::max);
    for gradient in expected.1.iter() {
        let other = found.1.get(&gradient.name).expect("the same parameters");
        let off = difference(&gradient.data, &other.data, 1e-3 * largest);
        if off >= worst.0 {
            worst = (off, gradient.name.clone());
        }
    }
    let secs = started.elapsed().as_secs_f64();
    say(&format!(
        "{name} on {} after {secs:.0} s: output off by {output:.1e}, gradients by {:.1e} ({})",
        adapter.name, worst.0, worst.1
    ));
    assert!(output <= OUTPUT_TOLERANCE, "{name}: output {output}");
    assert!(worst.0 <= GRADIENT_TOLERANCE, "{name}: gradient of {} {}", worst.1, worst.0);
}

fn run<N: Module + EmbeddingNet>(net: N, weights: &TensorFile, images: &TensorData) -> (Vec<f32>, TensorFile) {
    let net = fill(net, weights, str::to_owned).unwrap().train();
    let device = net.devices().remove(0).autodiff();
    let output = net.forward(Tensor::<4>::from_data(images.clone(), &device));
    let [rows, columns] = output.dims();
    let signs = (0..rows * columns).map(|at| ((at * 31 % 17) as f32 - 8.0) / 8.0).collect::<Vec<_>>();
    let signs = Tensor::<2>::from_data(TensorData::new(signs, [rows, columns]), &device);
    let gradients = (output.clone() * signs).sum().backward();
    let mut list = List { path: Vec::new(), gradients: &gradients, found: TensorFile::default() };
    net.visit(&mut list);
    (output.try_into_vec_as().unwrap(), list.found)
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
            let tensor = likeness::weights::NamedTensor::new(self.path.join("."), shape, values).unwrap();
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
