//! Alarms and figures of a run in the user's language.

use crate::app::ui::locale::{Locale, grouped};
use crate::train::events::{Alarm, EmbeddingWhy};
use crate::train::snapshot::TripletKind;
use crate::train::times::TimePart;
use crate::types;

/// What is the matter, and what to do about it.
pub(crate) fn alarm(text: &Locale, alarm: &Alarm) -> (String, String) {
    let advice = |key| text.s(key).to_owned();
    match alarm {
        Alarm::Collapse { spread } => {
            let what = text.f("train_alarm_collapse", &[("spread", &format!("{spread:.4}"))]);
            (what, advice("train_alarm_collapse_do"))
        }
        Alarm::NoTriplets { steps } => {
            (text.n("train_alarm_no_triplets", u64::from(*steps)), advice("train_alarm_no_triplets_do"))
        }
        Alarm::NotANumber { step } => {
            let what = text.f("train_alarm_not_a_number", &[("step", &grouped(*step))]);
            (what, advice("train_alarm_not_a_number_do"))
        }
        Alarm::PeopleWithOnePicture { people, are_negatives } => {
            let do_key = if *are_negatives { "train_alarm_one_picture_do" } else { "train_alarm_one_picture_idle_do" };
            (text.n("train_alarm_one_picture", *people as u64), advice(do_key))
        }
        Alarm::FeaturesNotKept { why } => {
            (text.f("train_alarm_not_kept", &[("why", why)]), advice("train_alarm_not_kept_do"))
        }
        Alarm::NobodyHeldOut => (advice("train_alarm_nobody_held_out"), advice("train_alarm_nobody_held_out_do")),
        Alarm::SameIdentity { training, held_out, squared_distance } => {
            let distance = format!("{squared_distance:.2}");
            let values = [("training", training.as_str()), ("held_out", held_out), ("distance", &distance)];
            (text.f("train_alarm_same_identity", &values), advice("train_alarm_same_identity_do"))
        }
    }
}

/// What pictures are embedded for.
pub(crate) fn embedding_key(why: EmbeddingWhy) -> &'static str {
    match why {
        EmbeddingWhy::Judging => "train_embedding_judging",
        EmbeddingWhy::Mining => "train_embedding_mining",
        EmbeddingWhy::FrozenPart => "train_embedding_frozen",
    }
}

pub(crate) fn part_key(part: TimePart) -> &'static str {
    match part {
        TimePart::Waiting => "train_part_waiting",
        TimePart::Embedding => "train_part_embedding",
        TimePart::Mining => "train_part_mining",
        TimePart::Learning => "train_part_learning",
        TimePart::Optimiser => "train_part_optimiser",
        TimePart::Judging => "train_part_judging",
        TimePart::Saving => "train_part_saving",
        TimePart::Rest => "train_part_rest",
    }
}

pub(crate) fn triplet_key(kind: TripletKind) -> &'static str {
    match kind {
        TripletKind::Hard => "train_triplet_hard",
        TripletKind::SemiHard => "train_triplet_semi_hard",
        TripletKind::Easy => "train_triplet_easy",
    }
}

/// A share as percent with one decimal.
pub(crate) fn percent(share: f64) -> String {
    types::percent(share, 1)
}

/// A number of parameters: 22.8 M, 228 k.
pub fn parameters(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..1_000_000 => format!("{:.0} k", count as f64 / 1e3),
        1_000_000..100_000_000 => format!("{:.1} M", count as f64 / 1e6),
        _ => format!("{:.0} M", count as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!([228_000, 7_520_000, 140_025_664].map(parameters), ["228 k", "7.5 M", "140 M"]);
    }
}
