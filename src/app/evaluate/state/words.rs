//! What a threshold does and what a protocol check found, in the user's language.

use crate::app::evaluate::job::check::alternatives::{PossibleFault, Way};
use crate::app::evaluate::job::check::findings::Fact;
use crate::app::ui::locale::{Locale, grouped};
use crate::app::ui::preprocessing_words as preprocessing;
use crate::eval::Roc;
use crate::eval::roc::one_in;

/// "1 wrong match in 1,000; misses 1 in 20".
pub fn threshold(text: &Locale, roc: &Roc, threshold: f64) -> String {
    let point = roc.at(threshold);
    let words = |share: f64, [some, none]: [&str; 2], of: usize| match one_in(share) {
        Some(count) => text.f(some, &[("count", &grouped(count))]),
        None => text.f(none, &[("count", &grouped(of as u64))]),
    };
    let wrong = words(point.far, ["wrong_one_in", "wrong_none"], roc.different);
    let misses = words(1.0 - point.val, ["misses_one_in", "misses_none"], roc.same);
    text.f("point_words", &[("wrong", &wrong), ("misses", &misses)])
}

pub(crate) fn suspect_key(suspect: PossibleFault) -> &'static str {
    match suspect {
        PossibleFault::CropMargin => "check_crop_margin",
        PossibleFault::PixelScaling => "check_pixel_scaling",
        PossibleFault::Channels => "check_channels",
        PossibleFault::Alignment => "check_alignment",
        PossibleFault::SkippedPairs => "check_skipped",
    }
}

pub(crate) fn sentence(text: &Locale, fact: &Fact) -> String {
    let two = |value: f64| format!("{value:.2}");
    match *fact {
        Fact::Better { way, before, after, standard_error } => {
            let (before, after, error) = (two(before), two(after), two(standard_error));
            let values =
                [("before", before.as_str()), ("after", &after), ("error", &error), ("way", &way_words(text, way))];
            text.f("check_better", &values)
        }
        Fact::UnlikeTheModel { way, gain, standard_error } => {
            let (gain, error) = (format!("{gain:+.2}"), two(standard_error));
            text.f("check_unlike", &[("way", &way_words(text, way)), ("gain", &gain), ("error", &error)])
        }
        Fact::Skipped { lost, asked, unreadable, without_face } => {
            let points = format!("{:.1}", 100.0 * lost as f64 / asked as f64);
            let (pairs, lost) = (text.n("pairs", asked as u64), grouped(lost as u64));
            let [unreadable, faceless] = [unreadable, without_face].map(|images| text.n("images", images as u64));
            let values = [("pairs", pairs.as_str()), ("lost", &lost), ("unreadable", &unreadable)];
            text.f("check_left_out", &[&values[..], &[("faceless", &faceless), ("points", &points)]].concat())
        }
        Fact::MadeWith { way, distance, from_own } => {
            let (near, far) = (format!("{distance:.3}"), format!("{from_own:.3}"));
            text.f("check_made_with", &[("way", &way_words(text, way)), ("near", &near), ("far", &far)])
        }
    }
}

pub(crate) fn advice(text: &Locale, fact: &Fact) -> String {
    let key = match fact {
        Fact::Better { .. } => "check_better_do",
        Fact::UnlikeTheModel { .. } => "check_unlike_do",
        Fact::Skipped { unreadable: 0, .. } => "check_skipped_faceless_do",
        Fact::Skipped { without_face: 0, .. } => "check_skipped_unreadable_do",
        Fact::Skipped { .. } => "check_skipped_both_do",
        Fact::MadeWith { .. } => "check_made_with_do",
    };
    text.s(key).to_owned()
}

fn way_words(text: &Locale, way: Way) -> String {
    match way {
        Way::Crop(rule) => preprocessing::crop(text, rule),
        Way::Scaling(scaling) => preprocessing::scaling(text, scaling),
        Way::Channels(order) => preprocessing::channels(order).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::ui::locale::Language;
    use crate::types::{ChannelOrder, CropRule, PixelScaling};

    #[test]
    fn a_threshold_is_told_in_plain_words() {
        let text = Locale::new(Language::English);
        let same = (0..20).map(|i| (0.5 + 0.05 * f64::from(i), true));
        let roc = Roc::of(same.chain((0..10).map(|i| (1.4 + 0.1 * f64::from(i), false)))).unwrap();
        let words = |threshold| super::threshold(&text, &roc, threshold);
        assert_eq!(words(1.41), "1 wrong match in 10; misses 1 in 20");
        assert_eq!(words(1.21), "No wrong match in 10; misses 1 in 4");
        assert_eq!(words(3.0), "1 wrong match in 1; misses none of 20");
    }

    #[test]
    fn every_fact_is_said_in_every_language() {
        let way = Way::Crop(CropRule::SquareBox { enlarge: 1.5 });
        let (scaling, channels) = (Way::Scaling(PixelScaling::Unit), Way::Channels(ChannelOrder::Bgr));
        let facts = [
            Fact::Better { way, before: 2.0, after: 3.25, standard_error: 0.125 },
            Fact::UnlikeTheModel { way: scaling, gain: -0.5, standard_error: 0.25 },
            Fact::Skipped { lost: 5, asked: 125, unreadable: 2, without_face: 3 },
            Fact::MadeWith { way: channels, distance: 0.01, from_own: 0.75 },
        ];
        for language in [Language::English, Language::Chinese] {
            let text = Locale::new(language);
            let said = facts.map(|fact| sentence(&text, &fact));
            for (said, parts) in said.iter().zip([&["1.5", "3.25", "2.00"][..], &["-0.50"], &["125", "4.0"], &["BGR"]])
            {
                assert!(!said.contains('{') && parts.iter().all(|part| said.contains(part)), "{said}");
            }
            assert!(facts.iter().all(|fact| !advice(&text, fact).is_empty()));
        }
    }
}
