//! What the measurements say, and what to do about it.

use serde::Serialize;

use crate::app::evaluate::job::check::alternatives::{Alternative, PossibleFault, Way, unlike_own};
use crate::app::evaluate::job::check::measure::MeasuredSample;
use crate::eval::separation::Gain;
use crate::types::{Preprocessing, counted};

/// One way in one round.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct MeasuredRow {
    pub round: usize,
    pub suspect: PossibleFault,
    pub way: Way,
    /// The way in words.
    pub what: String,
    /// d′ in this way.
    pub separation: f64,
    /// Over the way in use.
    pub gain: Gain,
    /// Mean squared distance to the given embeddings.
    pub to_given: Option<f64>,
}

/// Something to put right.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    pub(crate) suspect: PossibleFault,
    pub(crate) fact: Fact,
    /// The fact and its remedy in words.
    pub sentence: String,
    pub fix: String,
    /// d′ once it is put right, as far as it was measured.
    pub separation: f64,
}

/// What a finding says, for those with words of their own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fact {
    /// Another way clearly does better than the one in use, whose d′ is `before`.
    Better { way: Way, before: f64, after: f64, standard_error: f64 },
    /// The model asks for another way; these pairs do not tell whether it matters.
    UnlikeTheModel { way: Way, gain: f64, standard_error: f64 },
    /// Pairs left out of those asked for, for images that could not be read or show no face.
    Skipped { lost: usize, asked: usize, unreadable: usize, without_face: usize },
    /// The given embeddings are this near to those made in this way, and that far from the model's own.
    MadeWith { way: Way, distance: f64, from_own: f64 },
}

impl Finding {
    fn new(suspect: PossibleFault, fact: Fact, separation: f64) -> Self {
        let sentence = format!("{}: {}", suspect_words(suspect), fact.sentence());
        Self { suspect, fact, sentence, fix: fact.fix(), separation }
    }
}

impl Fact {
    fn sentence(&self) -> String {
        match self {
            Self::Better { way, before, after, standard_error } => format!(
                "with {way}, same and different pairs lie {after:.2} apart instead of {before:.2} (± {standard_error:.2})"
            ),
            Self::UnlikeTheModel { way, gain, standard_error } => format!(
                "the model asks for {way}; on these pairs that changes d′ by {gain:+.2} (± {standard_error:.2}), too \
                 little to tell"
            ),
            Self::Skipped { lost, asked, unreadable, without_face } => format!(
                "of {}, {lost} could not be judged: {} could not be read, and in {} the detector found no face; counted as \
                 wrong they would take {:.1} points off the accuracy",
                counted(*asked, "pair", "pairs"),
                counted(*unreadable, "image", "images"),
                counted(*without_face, "image", "images"),
                100.0 * *lost as f64 / *asked as f64
            ),
            Self::MadeWith { way, distance, from_own } => format!(
                "the given embeddings were made with {way} (mean squared distance {distance:.3} to such, \
                 {from_own:.3} to what the model says)"
            ),
        }
    }

    fn fix(&self) -> String {
        match self {
            Self::Better { way, .. } => {
                format!("Prepare pictures with {way}: set it in the model's preprocessing and evaluate again")
            }
            Self::UnlikeTheModel { way, .. } => {
                format!("Prepare pictures with {way}, as the model says, or look at more pairs")
            }
            Self::Skipped { unreadable: 0, .. } => {
                "Take the picture's middle where no face is found (--crop centre), or use another detector".to_owned()
            }
            Self::Skipped { without_face: 0, .. } => {
                "Check that the folder is the one that the list speaks of, and that its files can be read".to_owned()
            }
            Self::Skipped { .. } => {
                "Check the folder's files first; for the rest use --crop centre or another detector".to_owned()
            }
            Self::MadeWith { .. } => {
                "Make them again as the model's preprocessing says, or change that if it is wrong".to_owned()
            }
        }
    }
}

/// A gain must be this many standard errors, and this share of d′, to be told.
const STANDARD_ERRORS: f64 = 3.0;
const LEAST_SHARE: f64 = 0.1;
/// Embeddings made in the same way are nearer than this: decoders and resizing differ by less.
const SAME_WAY: f64 = 0.1;

/// A round's rows, and the alternative that gains most with what is said of it.
pub(crate) fn of_round<'a>(
    round: usize,
    measured: &MeasuredSample,
    alternatives: &'a [Alternative],
    seed: u64,
) -> (Vec<MeasuredRow>, Option<(&'a Alternative, Finding)>) {
    let before = measured.used.separation();
    let rows: Vec<MeasuredRow> = alternatives
        .iter()
        .zip(&measured.others)
        .enumerate()
        .map(|(index, (alternative, kinds))| MeasuredRow {
            round,
            suspect: alternative.suspect,
            way: alternative.way,
            what: alternative.way.to_string(),
            separation: kinds.separation(),
            gain: measured.used.gain_of(kinds, seed),
            to_given: measured.to_given.as_ref().map(|distances| distances[index + 1]),
        })
        .collect();
    let sure = |row: &&(usize, &MeasuredRow)| {
        let Gain { gain, standard_error } = row.1.gain;
        gain > STANDARD_ERRORS * standard_error && gain > LEAST_SHARE * before.abs()
    };
    let numbered: Vec<(usize, &MeasuredRow)> = rows.iter().enumerate().collect();
    let best = numbered.iter().filter(sure).max_by(|a, b| a.1.separation.total_cmp(&b.1.separation));
    let best = best.map(|&(index, row)| {
        let (after, standard_error) = (row.separation, row.gain.standard_error);
        let fact = Fact::Better { way: row.way, before, after, standard_error };
        let finding = Finding::new(row.suspect, fact, after);
        (&alternatives[index], finding)
    });
    (rows, best)
}

/// What the model asks for and was not done, although these pairs do not clearly show that it matters.
pub(crate) fn unlike_the_model(
    used: &Preprocessing,
    own: &Preprocessing,
    found: &[Finding],
    rows: &[MeasuredRow],
) -> Vec<Finding> {
    let finding = |(suspect, way): (PossibleFault, Way)| {
        let row = rows.iter().rev().find(|row| row.suspect == suspect && row.way == way)?;
        let Gain { gain, standard_error } = row.gain;
        Some(Finding::new(suspect, Fact::UnlikeTheModel { way, gain, standard_error }, row.separation))
    };
    unlike_own(used, own, &suspects(found)).into_iter().filter_map(finding).collect()
}

pub(crate) fn suspects(found: &[Finding]) -> Vec<PossibleFault> {
    found.iter().map(|finding| finding.suspect).collect()
}

/// What was skipped, and what that can hide.
pub(crate) fn skipped(measured: &MeasuredSample, asked_pairs: usize) -> Option<Finding> {
    let lost = asked_pairs - measured.pairs;
    if lost == 0 {
        return None;
    }
    let without_face = measured.skipped.iter().filter(|image| image.without_face).count();
    let unreadable = measured.skipped.len() - without_face;
    let fact = Fact::Skipped { lost, asked: asked_pairs, unreadable, without_face };
    Some(Finding::new(PossibleFault::SkippedPairs, fact, measured.used.separation()))
}

/// Which way the given embeddings were made, where that is not the way in use.
pub(crate) fn how_given_was_made(measured: &MeasuredSample, alternatives: &[Alternative]) -> Option<Finding> {
    let distances = measured.to_given.as_ref()?;
    let (nearest, distance) = distances.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1))?;
    let alternative = alternatives.get(nearest.checked_sub(1)?)?;
    (*distance < SAME_WAY && *distance < 0.5 * distances[0]).then(|| {
        let fact = Fact::MadeWith { way: alternative.way, distance: *distance, from_own: distances[0] };
        Finding::new(alternative.suspect, fact, measured.used.separation())
    })
}

fn suspect_words(suspect: PossibleFault) -> &'static str {
    match suspect {
        PossibleFault::CropMargin => "Crop margin",
        PossibleFault::PixelScaling => "Pixel scaling",
        PossibleFault::Channels => "Channel order",
        PossibleFault::Alignment => "Alignment",
        PossibleFault::SkippedPairs => "Skipped pairs",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::networks::NoFace;
    use crate::app::evaluate::job::check::alternatives;
    use crate::app::evaluate::job::check::measure::SkippedImage;
    use crate::eval::separation::Kinds;
    use crate::types::{ChannelOrder, CropRule, PixelScaling};

    fn kinds(near: f64, far: f64) -> Kinds {
        let spread = |middle: f64| (0..60).map(|i| middle + f64::from(i % 7) * 0.05 - 0.15).collect();
        Kinds { same: spread(near), different: spread(far) }
    }

    fn measured(better: usize, count: usize) -> MeasuredSample {
        let others = (0..count).map(|way| if way == better { kinds(0.5, 1.9) } else { kinds(0.9, 1.8) }).collect();
        let path = "A/A_0001.jpg".to_owned();
        let skipped = vec![SkippedImage { path, reason: NoFace.to_string(), without_face: true }];
        MeasuredSample { used: kinds(0.8, 1.8), others, to_given: None, pairs: 120, skipped }
    }

    fn ways() -> Vec<Alternative> {
        let used = Preprocessing {
            width: 112,
            height: 112,
            crop: CropRule::FivePoints,
            scaling: PixelScaling::Raw,
            channels: ChannelOrder::Rgb,
        };
        alternatives::of(&used, &used, &[])
    }

    #[test]
    fn only_what_clearly_gains_is_told() {
        let ways = ways();
        let channels = ways.iter().position(|way| way.suspect == PossibleFault::Channels).unwrap();
        let (rows, best) = of_round(0, &measured(channels, ways.len()), &ways, 1);
        let (alternative, finding) = best.unwrap();
        assert_eq!((rows.len(), alternative.preprocessing.channels), (ways.len(), ChannelOrder::Bgr));
        assert!(
            finding.sentence.starts_with("Channel order: with channels in the order blue, green, red"),
            "{finding:?}"
        );
        assert!(of_round(0, &measured(99, ways.len()), &ways, 1).1.is_none());
        // What was found is not asked again.
        let used = &ways[0].preprocessing;
        assert!(
            alternatives::of(used, used, &[finding.suspect]).iter().all(|way| way.suspect != PossibleFault::Channels)
        );
    }

    #[test]
    fn a_way_unlike_the_models_is_told_even_when_it_costs_little() {
        let ways = ways();
        let own = ways.iter().find(|way| way.suspect == PossibleFault::PixelScaling).unwrap().preprocessing;
        let used = Preprocessing { scaling: PixelScaling::Raw, ..own };
        let (rows, _) = of_round(0, &measured(99, ways.len()), &ways, 1);
        let told = unlike_the_model(&used, &own, &[], &rows);
        assert_eq!(told.len(), 1);
        assert!(told[0].sentence.contains("the model asks for pixels divided by 255"), "{told:?}");
        assert!(unlike_the_model(&own, &own, &[], &rows).is_empty());
    }

    #[test]
    fn skipped_pairs_are_told_with_their_cost() {
        let finding = skipped(&measured(0, 1), 125).unwrap();
        assert!(
            finding.sentence.contains("of 125 pairs, 5 could") && finding.sentence.contains("4.0 points"),
            "{finding:?}"
        );
        assert!(skipped(&measured(0, 1), 120).is_none());
    }

    #[test]
    fn given_embeddings_betray_how_they_were_made() {
        let ways = ways();
        let mut measured = measured(99, ways.len());
        let mut distances = vec![0.8; ways.len() + 1];
        distances[3] = 0.01;
        measured.to_given = Some(distances);
        let finding = how_given_was_made(&measured, &ways).unwrap();
        assert_eq!(finding.suspect, ways[2].suspect);
        let published = serde_json::to_value(&finding).unwrap();
        assert_eq!(published["sentence"], finding.sentence);
        assert_eq!(published["fact"]["made_with"]["from_own"], 0.8);
        measured.to_given = Some([vec![0.01], vec![0.5; ways.len()]].concat());
        assert!(how_given_was_made(&measured, &ways).is_none());
    }
}
