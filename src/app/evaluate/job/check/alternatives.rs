//! The other ways to prepare a picture, one change at a time.

use std::fmt;

use serde::Serialize;

use crate::types::{ChannelOrder, CropRule, FaceCrop, PixelScaling, Preprocessing};

/// What may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PossibleFault {
    CropMargin,
    PixelScaling,
    Channels,
    Alignment,
    SkippedPairs,
}

/// The preprocessing in use with one thing changed.
#[derive(Debug, Clone)]
pub(crate) struct Alternative {
    pub(crate) suspect: PossibleFault,
    pub(crate) way: Way,
    pub preprocessing: Preprocessing,
}

/// One part of preprocessing. In words as after "with": "channels in the order blue, green, red".
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Way {
    Crop(CropRule),
    Scaling(PixelScaling),
    Channels(ChannelOrder),
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match *self {
            Self::Crop(crop) => crop_words(crop),
            Self::Scaling(scaling) => scaling_words(scaling),
            Self::Channels(channels) => channel_words(channels),
        })
    }
}

/// Usual ways of all published networks (davidsandberg/facenet, facenet-pytorch, OpenFace, insightface).
const CROPS: [CropRule; 6] = [
    CropRule::FivePoints,
    CropRule::SquareBox { enlarge: 1.0 },
    CropRule::SquareBox { enlarge: 1.2 },
    CropRule::SquareBox { enlarge: 1.5 },
    CropRule::BoxMargin { margin: 44.0 },
    CropRule::Centre { share: FaceCrop::CENTRE_SHARE },
];
const SCALINGS: [PixelScaling; 4] = [
    PixelScaling::Raw,
    PixelScaling::Unit,
    PixelScaling::Fixed { mean: 127.5, divisor: 128.0 },
    PixelScaling::PerImage,
];
const CHANNELS: [ChannelOrder; 2] = [ChannelOrder::Rgb, ChannelOrder::Bgr];

impl Way {
    fn all_of(preprocessing: &Preprocessing) -> [Self; 3] {
        let Preprocessing { crop, scaling, channels, .. } = *preprocessing;
        [Self::Crop(crop), Self::Scaling(scaling), Self::Channels(channels)]
    }

    fn applied_to(self, used: &Preprocessing) -> Preprocessing {
        match self {
            Self::Crop(crop) => Preprocessing { crop, ..*used },
            Self::Scaling(scaling) => Preprocessing { scaling, ..*used },
            Self::Channels(channels) => Preprocessing { channels, ..*used },
        }
    }

    /// What is wrong where this way is right and `used` was done.
    fn suspect(self, used: &Preprocessing) -> PossibleFault {
        match self {
            Self::Crop(crop) => suspect_of(used.crop, crop),
            Self::Scaling(_) => PossibleFault::PixelScaling,
            Self::Channels(_) => PossibleFault::Channels,
        }
    }
}

/// Every single change of `used` but those of what was found already: to the usual ways, and to the model's `own`.
pub(crate) fn of(used: &Preprocessing, own: &Preprocessing, found: &[PossibleFault]) -> Vec<Alternative> {
    let usual = CROPS.map(Way::Crop).into_iter().chain(SCALINGS.map(Way::Scaling)).chain(CHANNELS.map(Way::Channels));
    let mut ways: Vec<Way> = usual.collect();
    for way in Way::all_of(own) {
        if !ways.contains(&way) {
            ways.push(way);
        }
    }
    let changes = ways_that_differ(used, ways, found);
    changes.map(|(suspect, way)| Alternative { suspect, way, preprocessing: way.applied_to(used) }).collect()
}

/// What the model asks for and `used` does not do, but for what was found already.
pub(crate) fn unlike_own(
    used: &Preprocessing,
    own: &Preprocessing,
    found: &[PossibleFault],
) -> Vec<(PossibleFault, Way)> {
    ways_that_differ(used, Way::all_of(own), found).collect()
}

fn ways_that_differ(
    used: &Preprocessing,
    ways: impl IntoIterator<Item = Way>,
    found: &[PossibleFault],
) -> impl Iterator<Item = (PossibleFault, Way)> {
    let other = ways.into_iter().filter(|way| way.applied_to(used) != *used);
    other.map(|way| (way.suspect(used), way)).filter(|(suspect, _)| !known(found, *suspect))
}

/// Margin and alignment are both a matter of how faces are cut.
fn known(found: &[PossibleFault], suspect: PossibleFault) -> bool {
    let cut = |suspect| matches!(suspect, PossibleFault::CropMargin | PossibleFault::Alignment);
    found.iter().any(|&found| found == suspect || (cut(found) && cut(suspect)))
}

/// Two boxes differ by their margin; anything else is a matter of alignment.
fn suspect_of(used: CropRule, other: CropRule) -> PossibleFault {
    let boxed = |crop| {
        use CropRule::{BoxMargin, GreaterMargin, OutputMargin, SquareBox};
        matches!(crop, SquareBox { .. } | BoxMargin { .. } | OutputMargin { .. } | GreaterMargin { .. })
    };
    if boxed(used) && boxed(other) { PossibleFault::CropMargin } else { PossibleFault::Alignment }
}

fn crop_words(crop: CropRule) -> String {
    match crop {
        CropRule::FivePoints => "aligned by five landmarks".to_owned(),
        CropRule::SquareBox { enlarge } => format!("the detector's box made square, ×{enlarge}"),
        CropRule::BoxMargin { margin } => format!("the detector's box with a margin of {margin} pixels"),
        CropRule::GreaterMargin { margin } => {
            format!("the detector's box with a margin of {margin} pixels of photo or crop, whichever is more")
        }
        CropRule::OutputMargin { margin } => format!("the detector's box with a margin of {margin} pixels of the crop"),
        CropRule::Centre { share } => format!("the middle of the picture, {share} of its shorter side"),
        CropRule::AsStored => "the whole picture".to_owned(),
    }
}

fn scaling_words(scaling: PixelScaling) -> String {
    match scaling {
        PixelScaling::Raw => "pixels as they are, 0 to 255".to_owned(),
        PixelScaling::Unit => "pixels divided by 255".to_owned(),
        PixelScaling::Fixed { mean, divisor } => format!("pixels less {mean}, divided by {divisor}"),
        PixelScaling::PerImage => "each picture less its mean, divided by its standard deviation".to_owned(),
    }
}

fn channel_words(channels: ChannelOrder) -> String {
    let order = match channels {
        ChannelOrder::Rgb => "red, green, blue",
        ChannelOrder::Bgr => "blue, green, red",
    };
    format!("channels in the order {order}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used() -> Preprocessing {
        let (crop, scaling) = (CropRule::SquareBox { enlarge: 1.2 }, PixelScaling::Unit);
        Preprocessing { width: 160, height: 160, crop, scaling, channels: ChannelOrder::Rgb }
    }

    #[test]
    fn one_thing_changes_at_a_time() {
        let used = used();
        let ways = of(&used, &used, &[]);
        let changes = |way: &Alternative| {
            [
                way.preprocessing.crop != used.crop,
                way.preprocessing.scaling != used.scaling,
                way.preprocessing.channels != used.channels,
            ]
        };
        assert!(ways.iter().all(|way| changes(way).into_iter().filter(|changed| *changed).count() == 1));
        let count = |suspect| ways.iter().filter(|way| way.suspect == suspect).count();
        let suspects =
            [PossibleFault::CropMargin, PossibleFault::Alignment, PossibleFault::PixelScaling, PossibleFault::Channels];
        assert_eq!(suspects.map(count), [3, 2, 3, 1]);
    }

    #[test]
    fn what_the_model_asks_for_is_tried_and_told() {
        let used = used();
        let scaling = PixelScaling::Fixed { mean: 127.5, divisor: 64.0 };
        let own = Preprocessing { crop: CropRule::OutputMargin { margin: 32.0 }, scaling, ..used };
        let ways = of(&used, &own, &[]);
        assert!(ways.iter().any(|way| way.preprocessing.scaling == scaling));
        assert!(ways.iter().any(|way| way.preprocessing.crop == own.crop && way.suspect == PossibleFault::CropMargin));
        let unlike = unlike_own(&used, &own, &[]);
        assert_eq!(unlike.len(), 2);
        assert!(unlike.iter().all(|(suspect, way)| ways.iter().any(|w| w.suspect == *suspect && w.way == *way)));
        assert!(unlike_own(&own, &own, &[]).is_empty());
    }
}
