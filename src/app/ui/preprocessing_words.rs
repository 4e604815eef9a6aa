//! How pictures are prepared, in the user's language.

use crate::app::ui::locale::Locale;
use crate::types::{ChannelOrder, CropRule, PixelScaling};

pub fn crop(text: &Locale, rule: CropRule) -> String {
    let with = |key, number: f32| text.f(key, &[("number", &number.to_string())]);
    match rule {
        CropRule::FivePoints => text.s("crop_rule_five_points").to_owned(),
        CropRule::SquareBox { enlarge } => with("crop_rule_square", enlarge),
        CropRule::BoxMargin { margin } => with("crop_rule_margin", margin),
        CropRule::OutputMargin { margin } => with("crop_rule_output_margin", margin),
        CropRule::GreaterMargin { margin } => with("crop_rule_greater_margin", margin),
        CropRule::Centre { share } => with("crop_rule_centre", share),
        CropRule::AsStored => text.s("crop_as_stored").to_owned(),
    }
}

pub fn scaling(text: &Locale, scaling: PixelScaling) -> String {
    match scaling {
        PixelScaling::Raw => text.s("scaling_raw").to_owned(),
        PixelScaling::Unit => text.s("scaling_unit").to_owned(),
        PixelScaling::Fixed { mean, divisor } => {
            text.f("scaling_fixed", &[("mean", &mean.to_string()), ("divisor", &divisor.to_string())])
        }
        PixelScaling::PerImage => text.s("scaling_per_image").to_owned(),
    }
}

pub fn channels(order: ChannelOrder) -> &'static str {
    match order {
        ChannelOrder::Rgb => "RGB",
        ChannelOrder::Bgr => "BGR",
    }
}
