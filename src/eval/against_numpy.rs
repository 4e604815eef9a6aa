//! Every pair measure against NumPy, SciPy and scikit-learn on the same vectors: `tests/fixtures/eval/measures.py`.

use serde_json::Value;

use super::lfw::{Centring, Judgement, LfwOptions, judge};
use super::{FarRule, Metric, Pair, Vectors, sandberg};

const TOLERANCE: f64 = 1e-9;

struct Fixture {
    json: Value,
    pairs: Vec<Pair>,
    plain: Vectors,
    flipped: Vectors,
}

fn fixture() -> Fixture {
    let json: Value = serde_json::from_str(include_str!("../../tests/fixtures/eval/measures.json")).unwrap();
    let rows = |key: &str| {
        let rows: Vec<Vec<f32>> = serde_json::from_value(json[key].clone()).unwrap();
        Vectors::from_rows(rows.iter().map(Vec::as_slice)).unwrap()
    };
    let pairs: Vec<[usize; 4]> = serde_json::from_value(json["pairs"].clone()).unwrap();
    let pairs = pairs.into_iter().map(|[a, b, same, fold]| Pair::unmeasured(a, b, same == 1, fold)).collect();
    let plain = rows("vectors");
    let flipped = plain.concatenated(&rows("mirrored")).unwrap();
    Fixture { json, pairs, plain, flipped }
}

const CASES: [(&str, Metric, Centring); 5] = [
    ("l2", Metric::SquaredL2, Centring::None),
    ("angle", Metric::Angle, Centring::None),
    ("angle_centred", Metric::Angle, Centring::OtherFolds),
    ("flipped_l2", Metric::SquaredL2, Centring::None),
    ("flipped_angle_centred", Metric::Angle, Centring::OtherFolds),
];

#[track_caller]
fn check(case: &str, what: &str, expected: &Value, found: f64) {
    let expected = expected[what].as_f64().unwrap();
    assert!((expected - found).abs() < TOLERANCE, "{case} {what}: expected {expected}, found {found}");
}

#[track_caller]
fn check_all(case: &str, what: &str, expected: &Value, found: &[f64]) {
    let expected: Vec<f64> = serde_json::from_value(expected[what].clone()).unwrap();
    assert_eq!(expected.len(), found.len(), "{case} {what}");
    let worst = expected.iter().zip(found).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst < TOLERANCE, "{case} {what}: largest difference {worst}");
}

#[test]
fn the_protocol_agrees() {
    let fixture = fixture();
    for (case, metric, centring) in CASES {
        let vectors = if case.starts_with("flipped") { &fixture.flipped } else { &fixture.plain };
        let judged = |far_rule| {
            let options = LfwOptions { metric, centring, far_target: 1e-2, far_rule };
            judge(vectors, &fixture.pairs, &options).unwrap()
        };
        let expected = &fixture.json["exact"][case];
        let interpolated: Judgement = judged(FarRule::Interpolated);
        check(case, "accuracy_mean", expected, interpolated.accuracy.mean);
        check(case, "accuracy_se", expected, interpolated.accuracy.standard_error);
        check(case, "accuracy_sd", expected, interpolated.accuracy.population_sd);
        check_all(case, "thresholds", expected, &interpolated.thresholds());
        check(case, "auc", expected, interpolated.auc);
        check(case, "eer", expected, interpolated.eer);
        check(case, "val_interpolated", expected, interpolated.val.mean);
        check(case, "far_interpolated", expected, interpolated.far.mean);
        let at_most = judged(FarRule::AtMost);
        check(case, "val_at_most", expected, at_most.val.mean);
        check(case, "far_at_most", expected, at_most.far.mean);
    }
}

/// Not within a tolerance: the mean and its spread are sums of the same numbers in the same order.
#[test]
fn the_published_arithmetic_agrees_to_the_last_digit() {
    let fixture = fixture();
    for (case, metric, centring) in CASES {
        let vectors = if case.starts_with("flipped") { &fixture.flipped } else { &fixture.plain };
        let found = sandberg::evaluate(vectors, &fixture.pairs, 5, metric, centring, 1e-2).unwrap();
        let expected = &fixture.json["sandberg"][case];
        let number = |text: &Value| text.as_str().map(|text| text.parse::<f64>().unwrap());
        let exactly = |what: &str, found: f64| assert_eq!(number(&expected[what]), Some(found), "{case} {what}");
        exactly("accuracy_mean", found.accuracy_mean);
        exactly("accuracy_std", found.accuracy_std);
        exactly("val_mean", found.val_mean);
        exactly("val_std", found.val_std);
        exactly("far_mean", found.far_mean);
        exactly("auc", found.auc);
        let list = |what: &str| expected[what].as_array().unwrap().iter().filter_map(number).collect::<Vec<_>>();
        assert_eq!(list("accuracies"), found.accuracies, "{case}");
        assert_eq!(list("thresholds"), found.thresholds, "{case}");
        assert_eq!(list("val_thresholds"), found.val_thresholds, "{case}");
        // brentq stops within 2e-12 of the crossing.
        match (number(&expected["eer"]), found.eer) {
            (Some(expected), Some(found)) => assert!((expected - found).abs() < 1e-11, "{case} {expected} {found}"),
            (expected, found) => assert_eq!(expected, found, "{case}"),
        }
    }
}
