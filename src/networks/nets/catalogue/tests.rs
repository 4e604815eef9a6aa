//! Every variant against its source's figures, and its description against itself. Counts are taken at full size:
//! nothing is allocated for them.

mod at_work;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Distribution, Tensor};

use super::*;
use crate::networks::nets::EmbeddingNet;
use crate::networks::nets::blocks::{LayerRow, MapShape};
use crate::networks::weights::keep_path;

fn variant(name: &str) -> &'static Variant {
    find(name).unwrap()
}

/// Table of a variant with so many outputs, such as the source's classes.
fn table_with(name: &str, outputs: usize, batch_norm: bool) -> LayerTable {
    let options = NetOptions { embedding_size: Some(outputs), batch_norm: Some(batch_norm), ..Default::default() };
    let config = variant(name).config(&options).unwrap();
    variant(name).build(&config, &Device::flex()).table(config.input_shape())
}

fn check(name: &str, outputs: usize, params: u64, multiply_adds: Option<u64>) {
    let table = table_with(name, outputs, variant(name).batch_norm);
    assert_eq!(table.params(), params, "parameters of {name}");
    if let Some(multiply_adds) = multiply_adds {
        assert_eq!(table.multiply_adds(), multiply_adds, "multiply-adds of {name}");
    }
}

fn check_modules(name: &str, outputs: usize, expect: &[(&str, u64)]) {
    let table = table_with(name, outputs, variant(name).batch_norm);
    for (module, params) in expect {
        let row = table.module(module).unwrap_or_else(|| panic!("{name} has no {module}"));
        assert_eq!(row.params, *params, "parameters of {module} of {name}");
    }
}

#[test]
fn facenet_counts() {
    check("nn1", 128, 140_025_664, Some(1_605_944_064));
    check("nn2", 128, 7_456_304, Some(1_596_530_688));
    check("nn3", 128, 7_456_304, None);
    check("nn4", 128, 6_607_888, Some(284_741_632));
    check("nn2-no-5x5", 128, 5_965_728, None);
    assert_eq!(table_with("nn2", 128, true).params(), 7_472_144);
    let millions = |name, unit: f64, count: fn(&LayerTable) -> u64| {
        (count(&variant(name).table()) as f64 / unit * 10.0).round() / 10.0
    };
    assert_eq!(millions("nn3", 1e6, LayerTable::multiply_adds), 814.6);
    assert_eq!(millions("nn2-no-5x5", 1e6, LayerTable::multiply_adds), 252.0);
}

/// 26M and 220M, 4.3M and 20M are printed; a reconstruction has to stay within 5% of them.
#[test]
fn reconstructions_meet_the_budgets() {
    for (name, params, multiply_adds) in [("nns1", 26e6, 220e6), ("nns2", 4.3e6, 20e6)] {
        let table = variant(name).table();
        let off = |count: u64, printed: f64| (count as f64 / printed - 1.0).abs();
        assert!(off(table.params(), params) < 0.05, "{name}: {} parameters", table.params());
        assert!(off(table.multiply_adds(), multiply_adds) < 0.05, "{name}: {}", table.multiply_adds());
    }
}

#[test]
fn facenet_modules() {
    check_modules(
        "nn1",
        128,
        &[
            ("conv1", 9_472),
            ("conv2a", 4_160),
            ("conv2", 110_784),
            ("conv3a", 37_056),
            ("conv3", 663_936),
            ("conv4a", 147_840),
            ("conv4", 884_992),
            ("conv5a", 65_792),
            ("conv6", 590_080),
            ("fc1", 102_768_640),
            ("fc2", 33_562_624),
            ("fc7128", 524_416),
        ],
    );
    check_modules(
        "nn2",
        128,
        &[
            ("conv1", 9_472),
            ("inception (2)", 114_944),
            ("inception (3a)", 163_696),
            ("inception (3b)", 227_776),
            ("inception (3c)", 397_792),
            ("inception (4a)", 545_536),
            ("inception (4b)", 595_216),
            ("inception (4c)", 654_112),
            ("inception (4d)", 722_224),
            ("inception (4e)", 717_408),
            ("inception (5a)", 1_588_464),
            ("inception (5b)", 1_588_464),
            ("fully conn", 131_200),
        ],
    );
}

#[test]
fn sizes_are_the_papers() {
    let sizes = |name: &str, modules: &[&str]| {
        let table = variant(name).table();
        modules.iter().map(|m| table.module(m).unwrap().output.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        sizes("nn1", &["conv1", "pool1", "conv2", "pool2", "conv3", "pool3", "conv4", "pool4", "fc1", "fc7128"]),
        [
            "110×110×64",
            "55×55×64",
            "55×55×192",
            "28×28×192",
            "28×28×384",
            "14×14×384",
            "14×14×256",
            "7×7×256",
            "1×1×4096",
            "1×1×128"
        ]
    );
    assert_eq!(
        sizes(
            "nn2",
            &[
                "conv1",
                "inception (2)",
                "inception (3b)",
                "inception (3c)",
                "inception (4d)",
                "inception (4e)",
                "inception (5b)"
            ]
        ),
        ["112×112×64", "56×56×192", "28×28×320", "14×14×640", "14×14×640", "7×7×1024", "7×7×1024"]
    );
    assert_eq!(
        sizes("inception-v3", &["max pool 5a", "mixed 5d", "mixed 6a", "mixed 7a", "mixed 7c"]),
        ["35×35×192", "35×35×288", "17×17×768", "8×8×1280", "8×8×2048"]
    );
    assert_eq!(
        sizes("inception-v4", &["mixed 5a", "reduction-A", "reduction-B", "inception-C 3"]),
        ["35×35×384", "17×17×1024", "8×8×1536", "8×8×1536"]
    );
    assert_eq!(
        sizes("inception-resnet-v2", &["mixed_5b", "mixed_6a", "mixed_7a", "conv2d_7b"]),
        ["17×17×320", "8×8×1088", "3×3×2080", "3×3×1536"]
    );
    assert_eq!(
        sizes(
            "inception-v2",
            &[
                "inception (3a)",
                "inception (3b)",
                "inception (3c)",
                "inception (4d)",
                "inception (4e)",
                "inception (5b)"
            ]
        ),
        ["28×28×256", "28×28×320", "14×14×576", "14×14×576", "7×7×1024", "7×7×1024"]
    );
    assert_eq!(
        sizes("deepface", &["C1", "M2", "C3", "L4", "L5", "L6", "F7"]),
        ["142×142×32", "71×71×32", "63×63×16", "55×55×16", "25×25×16", "21×21×16", "1×1×4096"]
    );
}

#[test]
fn rivals_counts() {
    check("inception-resnet-v1", 512, 23_482_624, Some(1_417_662_304));
    // The trunk of the same network with 1,000 classes (55,843,464 in common implementations, 1,537,000 of them the
    // classifier) and our head: 1,536 × 512 and the last batch norm.
    check("inception-resnet-v2", 512, 55_843_464 - 1_537_000 + 1536 * 512 + 2 * 512, None);
    check("nn4.small2", 128, 3_733_968, None);
    check("mobilefacenet", 128, 1_003_136, Some(220_965_376));
    check("mobilenet-v1", 1000, 4_231_976, None);
    check("squeezenet", 1000, 1_248_424, None);
    check("nin-cifar", 10, 966_986, None);
    check("nin-imagenet", 1000, 7_595_176, None);
    check("inception-v1", 1000, 6_998_552, None);
    check("inception-v3", 1000, 23_834_568, None);
    check("inception-v4", 1001, 42_681_353, None);
    // With the classifier on 4,030 people, whose 16,510,910 parameters are not part of the descriptor.
    // Of the release's 9,667,072 numbers, the means and variances of 12,096 normalised channels are not trained.
    check("sface", 128, 9_667_072 - 2 * 12_096, None);
    check("likeness-small", 64, 135_632, Some(2_875_392));
    check("deepface", 4096, 118_923_774 - 16_510_910, None);
}

/// A stage's first block has the norm of its input, two 3×3 and a 1×1 with norms, and slopes; the others no 1×1.
#[test]
fn iresnet_modules() {
    check_modules(
        "iresnet-50",
        512,
        &[
            ("conv1", 3 * 64 * 9 + 3 * 64),
            ("layer1.0", 2 * 64 + 2 * (64 * 64 * 9 + 2 * 64) + 64 + 64 * 64 + 2 * 64),
            ("layer1.2", 2 * 64 + 2 * (64 * 64 * 9 + 2 * 64) + 64),
            ("layer3.0", 2 * 128 + 128 * 256 * 9 + 256 * 256 * 9 + 4 * 256 + 256 + 128 * 256 + 2 * 256),
            ("layer3.13", 2 * 256 + 2 * (256 * 256 * 9 + 2 * 256) + 256),
            ("bn2", 1_024),
            ("fc", 25_088 * 512 + 512),
            ("features", 1_024),
        ],
    );
    let table = variant("iresnet-100").table();
    assert_eq!(table.module("layer4.2").unwrap().output.to_string(), "7×7×512");
    assert_eq!(table.modules.iter().filter(|row| row.name.starts_with("layer")).count(), 3 + 13 + 30 + 3);
}

#[test]
fn rivals_modules() {
    check_modules(
        "inception-resnet-v1",
        512,
        &[
            ("conv2d_1a", 928),
            ("conv2d_2a", 9_280),
            ("conv2d_2b", 18_560),
            ("conv2d_3b", 5_280),
            ("conv2d_4a", 138_624),
            ("conv2d_4b", 442_880),
            ("repeat_1.4", 387_200 / 5),
            ("mixed_6a", 1_710_080),
            ("repeat_2.9", 6_900_480 / 10),
            ("mixed_7a", 3_346_176),
            ("repeat_3.4", 8_003_840 / 5),
            ("block8", 1_600_768),
            ("last_linear", 917_504),
            ("last_bn", 1_024),
        ],
    );
    check_modules(
        "deepface",
        4096,
        &[("C1", 11_648), ("C3", 41_488), ("L4", 62_774_800), ("L5", 7_850_000), ("L6", 2_829_456), ("F7", 28_905_472)],
    );
}

/// Parameters and multiply-adds of every row at its own figures. The ones that a source prints are held against it
/// above and below; the rest are what the layers' sizes give, so that no row changes unnoticed.
const EXACT: [(&str, u64, u64); 31] = [
    ("nn1", 140_025_664, 1_605_944_064),
    ("nn2", 7_456_304, 1_596_530_688),
    ("nn3", 7_456_304, 814_620_672),
    ("nn4", 6_607_888, 284_741_632),
    ("nns1", 25_964_624, 223_649_632),
    ("nns2", 4_217_504, 20_667_472),
    ("inception-resnet-v1", 23_482_624, 1_417_662_304),
    ("inception-resnet-v2", 55_093_920, 2_877_188_960),
    ("inception-v1", 6_104_752, 1_581_778_944),
    ("inception-v2", 10_301_184, 2_017_958_912),
    ("inception-v3", 22_047_840, 5_711_430_240),
    ("inception-v4", 41_339_552, 12_252_635_232),
    ("mobilefacenet", 1_003_136, 220_965_376),
    ("sface", 9_642_880, 574_138_880),
    ("iresnet-18", 24_025_600, 2_609_954_816),
    ("iresnet-34", 34_139_328, 4_459_642_880),
    ("iresnet-50", 43_590_848, 6_309_330_944),
    ("iresnet-100", 65_156_160, 12_089_606_144),
    ("mobilenet-v1", 3_338_176, 567_847_424),
    ("shufflenet-g1", 1_028_792, 142_576_704),
    ("shufflenet-g2", 1_035_376, 140_138_912),
    ("shufflenet-g3", 1_027_736, 136_623_552),
    ("shufflenet-g4", 1_018_736, 133_391_040),
    ("shufflenet-g8", 1_094_504, 137_026_560),
    ("squeezenet", 801_088, 757_215_520),
    ("nin-cifar", 989_760, 223_936_512),
    ("nin-imagenet", 6_701_376, 1_068_043_392),
    ("nn4.small2", 3_733_968, 200_118_272),
    ("deepface", 102_412_864, 501_117_568),
    ("nn2-no-5x5", 5_965_728, 251_969_536),
    ("likeness-small", 135_632, 2_875_392),
];

#[test]
fn counts_of_every_row() {
    assert_eq!(EXACT.map(|(name, ..)| name), VARIANTS.map(|variant| variant.name));
    for (name, params, multiply_adds) in EXACT {
        check(name, variant(name).embedding_size, params, Some(multiply_adds));
    }
}

/// The columns FLOPS of the paper's tables 1 and 2, in millions: one operation a multiply-add and one a bias.
#[test]
fn printed_operations_of_each_module() {
    let nn1: [(&str, f64); 13] = [
        ("conv1", 115.0),
        ("conv2a", 13.0),
        ("conv2", 335.0),
        ("conv3a", 29.0),
        ("conv3", 521.0),
        ("conv4a", 29.0),
        ("conv4", 173.0),
        ("conv5a", 13.0),
        ("conv5", 116.0),
        ("conv6a", 13.0),
        ("conv6", 116.0),
        ("fc1", 103.0),
        ("fc2", 34.0),
    ];
    let nn2: [(&str, f64); 12] = [
        ("conv1", 119.0),
        ("inception (2)", 360.0),
        ("inception (3a)", 128.0),
        ("inception (3b)", 179.0),
        ("inception (3c)", 108.0),
        ("inception (4a)", 107.0),
        ("inception (4b)", 117.0),
        ("inception (4c)", 128.0),
        ("inception (4d)", 142.0),
        ("inception (4e)", 56.0),
        ("inception (5a)", 78.0),
        ("inception (5b)", 78.0),
    ];
    for (name, rows) in [("nn1", &nn1[..]), ("nn2", &nn2[..])] {
        let table = variant(name).table();
        for (module, printed) in rows {
            let within = |row: &&LayerRow| row.name == *module || row.name.starts_with(&format!("{module} / "));
            let layers = table.layers.iter().filter(within).filter(|row| row.params > 0);
            let operations: u64 = layers.map(|row| row.multiply_adds + row.activation_bytes / 4).sum();
            assert_eq!((operations as f64 / 1e6).round(), *printed, "{name}, {module}: {operations}");
        }
    }
}

/// torchvision states 5.71 G for Inception v3 with 1,000 classes.
#[test]
fn rivals_multiply_adds_agree_with_other_implementations() {
    let millions = table_with("inception-v3", 1000, true).multiply_adds() as f64 / 1e6;
    assert!((millions - 5_713.0).abs() < 1.0, "{millions}");
}

/// MobileNet's paper counts its classifier, ShuffleNet's does not: only so do all five of its figures come out.
#[test]
fn printed_millions_of_multiply_adds() {
    let rows = [
        ("mobilenet-v1", 1000, 569.0),
        ("shufflenet-g1", 1, 143.0),
        ("shufflenet-g2", 1, 140.0),
        ("shufflenet-g3", 1, 137.0),
        ("shufflenet-g4", 1, 133.0),
        ("shufflenet-g8", 1, 137.0),
    ];
    for (name, outputs, printed) in rows {
        let millions = table_with(name, outputs, true).multiply_adds() as f64 / 1e6;
        assert!((millions - printed).abs() < 0.51, "{name}: {millions} million, printed {printed}");
    }
}

/// Parameters that training changes, running statistics left out, without creating one.
#[derive(Default)]
struct Trainable {
    path: Vec<String>,
    count: u64,
}

impl ModuleVisitor for Trainable {
    keep_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !self.path.last().is_some_and(|name| name.starts_with("running_")) {
            self.count += param.lazy_shape().num_elements() as u64;
        }
    }
}

#[test]
fn tables_hold_every_parameter() {
    for variant in &VARIANTS {
        for batch_norm in [false, true] {
            let options = NetOptions { batch_norm: Some(batch_norm), ..Default::default() };
            let Ok(config) = variant.config(&options) else {
                assert_eq!((variant.architecture, batch_norm), (Architecture::LikenessSmall, true));
                continue;
            };
            let net = variant.build(&config, &Device::flex());
            let table = net.table(config.input_shape());
            let mut trainable = Trainable::default();
            net.visit(&mut trainable);
            assert_eq!(table.params(), trainable.count, "{}", variant.name);
            assert_eq!(table.output(), MapShape::vector(variant.embedding_size), "{}", variant.name);
            assert_eq!(net.embedding_size(), variant.embedding_size, "{}", variant.name);
        }
    }
}

fn count(parameters: &[(String, Vec<usize>)]) -> usize {
    parameters.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum()
}

/// A card builds the network that it was made for, of its width too.
#[test]
fn cards_build_their_networks() {
    let options =
        NetOptions { embedding_size: Some(32), dropout: Some(0.1), batch_norm: Some(true), ..Default::default() };
    let card = card("nn4", &options).unwrap();
    assert_eq!((card.dimensions, card.input.width, card.batch_norm), (32, 96, Some(true)));
    let net = build_as(&card, &Device::flex()).unwrap();
    let expect = build("nn4", &options, &Device::flex()).unwrap();
    let shape = MapShape::new(3, 96, 96);
    assert_eq!(net.table(shape), expect.table(shape));
    let narrow = NetOptions { width: Some(0.5), ..Default::default() };
    for variant in &VARIANTS {
        let by_card = |card| build_as(&card, &Device::flex()).unwrap().parameters();
        let parameters = by_card(super::card(variant.name, &narrow).unwrap());
        assert_eq!(parameters, build(variant.name, &narrow, &Device::flex()).unwrap().parameters(), "{}", variant.name);
        assert!(count(&parameters) < count(&variant.parameters()), "{}", variant.name);
        let card = super::card(variant.name, &NetOptions::default()).unwrap();
        let [height, width] = variant.input;
        assert_eq!((card.input.height as usize, card.input.width as usize), (height, width));
        assert_eq!(build_as(&card, &Device::flex()).unwrap().embedding_size(), variant.embedding_size);
    }
}

#[test]
fn unit_embeddings_have_length_one() {
    let device = Device::flex();
    device.seed(5);
    let options = NetOptions { width: Some(0.25), input: Some([48, 48]), ..Default::default() };
    let net = build("mobilefacenet", &options, &device).unwrap();
    let images = Tensor::<4>::random([2, 3, 48, 48], Distribution::Normal(0.0, 1.0), &device);
    let norms = net.forward_unit(images).square().sum_dim(1).into_data().try_to_vec::<f32>().unwrap();
    assert!(norms.iter().all(|n| (n - 1.0).abs() < 1e-5), "{norms:?}");
}

#[test]
fn refuses_what_cannot_be_built() {
    let device = Device::flex();
    assert!(matches!(build("nn9", &NetOptions::default(), &device), Err(CatalogueError::Unknown { .. })));
    let none = NetOptions { embedding_size: Some(0), ..Default::default() };
    assert!(build("nn2", &none, &device).is_err());
    let small = NetOptions { input: Some([20, 20]), ..Default::default() };
    assert!(build("deepface", &small, &device).is_err());
    for beyond in [
        NetOptions { width: Some(1e30), ..Default::default() },
        NetOptions { width: Some(f64::INFINITY), ..Default::default() },
        NetOptions { input: Some([1_000_000; 2]), ..Default::default() },
        NetOptions { embedding_size: Some(usize::MAX), ..Default::default() },
    ] {
        let refused = |variant: &Variant| matches!(variant.config(&beyond), Err(CatalogueError::BadOption { .. }));
        assert!(VARIANTS.iter().all(refused), "{beyond:?}");
    }
}

/// Nothing overflows and nothing is allocated for the largest that can be asked for: it is refused by its figures.
#[test]
fn the_largest_networks_are_described() {
    for name in ["nn1", "nn2", "inception-resnet-v1", "iresnet-100", "mobilefacenet", "deepface", "squeezenet", "sface"]
    {
        for side in [512, MOST_PIXELS as usize] {
            let options = NetOptions {
                embedding_size: Some(MOST_NUMBERS as usize),
                width: Some(MOST_WIDTH.into()),
                input: Some([side; 2]),
                ..Default::default()
            };
            let config = variant(name).config(&options).unwrap();
            let table = variant(name).build(&config, &Device::flex()).table(config.input_shape());
            assert!(table.params() > 1 << 30, "{name}");
        }
    }
}
