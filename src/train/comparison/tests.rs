use super::*;
use crate::eval::Pair;
use crate::train::data::{Dataset, Person};
use crate::train::validate::ValidationReport;

const PEOPLE: usize = 30;
const PICTURES: usize = 6;

/// A direction a person, with noise a picture: the less noise, the better the network.
fn network(noise: f32, seed: u64) -> Vec<f32> {
    let mut rows = Vec::new();
    for person in 0..PEOPLE as u64 {
        let mut centre = stream(1, Purpose::Pictures, person, 0);
        let centre: Vec<f32> = (0..16).map(|_| centre.random_range(-1.0..1.0)).collect();
        for picture in 0..PICTURES as u64 {
            let mut rng = stream(seed, Purpose::Pictures, person, picture + 1);
            rows.extend(centre.iter().map(|value| value + noise * rng.random_range(-1.0..1.0)));
        }
    }
    crate::train::rows::normalise_rows(&mut rows, 16);
    rows
}

fn labels() -> Vec<u32> {
    (0..PEOPLE * PICTURES).map(|row| 7 + 3 * (row / PICTURES) as u32).collect()
}

fn both(old: &[f32], new: &[f32]) -> BothVectors {
    BothVectors { old: old.to_vec(), old_dimensions: 16, new: new.to_vec(), new_dimensions: 16 }
}

fn compare(old: &[f32], new: &[f32]) -> PeopleComparison {
    compare_people(&both(old, new), &labels(), 0.01, 5).unwrap().unwrap()
}

#[test]
fn tells_better_from_worse_and_from_the_same() {
    let (good, bad, other) = (network(0.4, 2), network(1.1, 3), network(0.4, 4));
    let better = compare(&bad, &good);
    assert_eq!((better.val.verdict(), better.people, better.pictures), (ComparisonOutcome::Better, 30, 180));
    assert!(better.accuracy.low > 0.0);
    assert_eq!(compare(&good, &bad).val.verdict(), ComparisonOutcome::Worse);
    assert_eq!(compare(&good, &good).val.difference, Measured { value: 0.0, standard_error: 0.0 });
    assert_eq!(
        compare(&good, &other).val.verdict(),
        ComparisonOutcome::NoDifference,
        "noise drawn anew is no difference"
    );
}

#[test]
fn its_figures_are_those_of_the_validation() {
    let (old, new) = (network(1.1, 3), network(0.7, 2));
    let comparison = compare(&old, &new);
    for (vectors, measured) in [(&old, comparison.val.old), (&new, comparison.val.new)] {
        let report = judge_people(vectors, 16, &labels(), 0.01).unwrap();
        assert!((report.val - measured.value).abs() < 1e-9, "{report:?} {measured:?}");
    }
    let report = judge_people(&new, 16, &labels(), 0.01).unwrap();
    assert!((report.accuracy - comparison.accuracy.new.value).abs() < 1e-9);
}

/// 180 pictures have 450 pairs of one person and 15,660 of two.
#[test]
fn a_sample_of_the_pairs_gives_the_same_figures_and_nearly_the_same_error_bars() {
    let both = both(&network(1.1, 3), &network(0.7, 2));
    let with = |at_most| compare_by(&both, &labels(), 0.01, 5, at_most).unwrap().unwrap();
    let (all, some) = (with(20_000), with(8_000));
    for figure in [|c: &PeopleComparison| c.val, |c: &PeopleComparison| c.accuracy] {
        let values = |c: &PeopleComparison| [figure(c).old.value, figure(c).new.value, figure(c).difference.value];
        assert_eq!(values(&all), values(&some));
        let error = |c: &PeopleComparison| figure(c).difference.standard_error;
        assert!((error(&some) / error(&all) - 1.0).abs() < 0.25, "{} {}", error(&some), error(&all));
    }
}

#[test]
fn too_few_people_are_not_judged() {
    let vectors = network(0.4, 2);
    let both = both(&vectors, &vectors);
    let few: Vec<u32> = labels().iter().map(|label| label % 4).collect();
    assert_eq!(compare_people(&both, &few, 0.01, 1), Ok(None));
    assert_eq!(Comparison::new("old".into(), None, None).verdict, ComparisonOutcome::NotMeasured);
}

/// Eleven judgements of networks that differ from the old one by chance alone: of each person a network recognises some
/// share of the pairs. The one that some people judge best looks better to them, and to others no more often than an
/// interval of 95% errs.
#[test]
fn the_best_of_many_judgements_is_better_only_for_those_who_did_not_choose_it() {
    const RUNS: u64 = 400;
    let person = |id: usize| Person { name: id.to_string(), pictures: vec![id] };
    let usual = judge_people(&[1.0, 1.0, -1.0, -1.0], 1, &[0, 0, 1, 1], 0.1).unwrap();
    let is_better = |run: u64| {
        let shares = |network: u64| -> Vec<f64> {
            let mut rng = stream(run, Purpose::Pictures, network, 0);
            (0..120).map(|_| rng.random_range(0.5..1.0)).collect()
        };
        let (old, new) = (shares(11), (0..11).map(shares).collect::<Vec<_>>());
        let everybody = Dataset { people: (0..120).map(person).collect() };
        let (choosing, comparing) = everybody.choosing_and_comparing(run);
        let [choosing, comparing] = [choosing, comparing]
            .map(|of| of.people.iter().flat_map(|person| person.pictures.clone()).collect::<Vec<usize>>());
        let mean = |shares: &[f64], of: &[usize]| of.iter().map(|&id| shares[id]).sum::<f64>() / of.len() as f64;
        let judged = |shares: &Vec<f64>| {
            let people = PeopleReport { val: mean(shares, &choosing), ..usual.clone() };
            ValidationReport { people: Some(people), ..ValidationReport::default() }
        };
        let best = new.iter().reduce(|best, next| if judged(next).beats(&judged(best)) { next } else { best }).unwrap();
        [&choosing, &comparing].map(|on| {
            let mut rng = stream(run, Purpose::Bootstrap, 0, 0);
            let draws: Vec<(f64, f64)> = (0..DRAWS)
                .map(|_| {
                    let drawn: Vec<usize> = (0..on.len()).map(|_| on[rng.random_range(0..on.len())]).collect();
                    (mean(&old, &drawn), mean(best, &drawn))
                })
                .collect();
            Compared::of_draws(mean(&old, on), mean(best, on), &draws).verdict() == ComparisonOutcome::Better
        })
    };
    let told: Vec<[bool; 2]> = (0..RUNS).into_par_iter().map(is_better).collect();
    let share = |who: usize| told.iter().filter(|told| told[who]).count() as f64 / RUNS as f64;
    assert!(share(0) > 0.1 && share(1) <= 0.05, "{} {}", share(0), share(1));
}

#[test]
fn who_chose_a_network_cannot_call_it_better() {
    let people = compare(&network(1.1, 3), &network(0.4, 2));
    let by = |chose| Comparison::new("old".into(), Some(PeopleComparison { chose, ..people.clone() }), None).verdict;
    assert_eq!((by(false), by(true)), (ComparisonOutcome::Better, ComparisonOutcome::Chosen));
    let worse = compare(&network(0.4, 2), &network(1.1, 3));
    let told = Comparison::new("old".into(), Some(PeopleComparison { chose: true, ..worse }), None).verdict;
    assert_eq!(told, ComparisonOutcome::Worse);
}

#[test]
fn pairs_are_compared_fold_by_fold() {
    let (good, bad) = (network(0.4, 2), network(1.3, 3));
    let pair = |number: usize| {
        let same = number.is_multiple_of(2);
        let a = (number * 7) % (PEOPLE * PICTURES);
        let b = if same { a - a % PICTURES + (a + 1) % PICTURES } else { (a + 40) % (PEOPLE * PICTURES) };
        Pair::unmeasured(a, b, same, number / 40)
    };
    let set = PairSet { pictures: (0..PEOPLE * PICTURES).map(Some).collect(), pairs: (0..400).map(pair).collect() };
    let both = both(&bad, &good);
    let comparison = compare_pairs(&set, &both, Some, 0.01).unwrap();
    assert_eq!((comparison.pairs, comparison.accuracy.verdict()), (400, ComparisonOutcome::Better));
    let whole = Comparison::new("old".into(), None, Some(comparison));
    assert_eq!(whole.verdict, ComparisonOutcome::Better);
    let one_missing = compare_pairs(&set, &both, |picture| (picture != 3).then_some(picture), 0.01).unwrap();
    assert!(one_missing.skipped > 0);
}

#[test]
fn the_quantile_of_student_is_that_of_the_tables() {
    let table = [
        (1, 12.706),
        (2, 4.303),
        (3, 3.182),
        (4, 2.776),
        (5, 2.571),
        (6, 2.447),
        (7, 2.365),
        (8, 2.306),
        (9, 2.262),
        (10, 2.228),
        (15, 2.131),
        (30, 2.042),
        (120, 1.980),
        (9999, 1.960),
    ];
    for (freedom, published) in table {
        assert!((student_97_5(freedom) - published).abs() < 6e-4, "{freedom}: {}", student_97_5(freedom));
    }
}

#[test]
fn two_folds_are_no_proof_unless_they_hardly_differ() {
    // Mean 0.05, standard error 0.005: eight standard errors would be plenty with ten folds.
    let compared = Compared::of_folds(&[0.80, 0.80], &[0.845, 0.855]);
    assert_eq!(compared.verdict(), ComparisonOutcome::NoDifference);
    // Nor does either's own figure look surer: 0.85 with a standard error of 0.005.
    let [_, [low, high]] = compared.intervals();
    assert!((low - (0.85 - 0.06353)).abs() < 1e-4 && (high - (0.85 + 0.06353)).abs() < 1e-4, "{low} {high}");
}
