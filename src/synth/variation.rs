//! What changes from picture to picture: pose, expression, clothes, what is in the way, light and camera.

use rand::{Rng, RngExt};

use super::canvas::Colour;
use super::identity::around;

/// One person at one moment.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    /// Radians: to the right of the picture, upwards, clockwise.
    pub yaw: f32,
    pub pitch: f32,
    pub roll: f32,
    /// −0.2 cross … 1 beaming.
    pub smile: f32,
    pub mouth_open: f32,
    pub eye_open: [f32; 2],
    pub brow_raise: f32,
    pub gaze: [f32; 2],
    /// Compared with the glasses' habit.
    pub glasses_chance: f32,
    pub obstacle: Occlusion,
    pub clothes: Clothes,
    /// Strands fall a little differently every day.
    pub hair_seed: u64,
}

/// What hides a part of the face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Occlusion {
    Nothing,
    Sunglasses,
    Cap {
        ink: Colour,
    },
    Scarf {
        ink: Colour,
    },
    /// Somebody's hand or a cup before the face, at a place in head units.
    Object {
        at: [f32; 2],
        ink: Colour,
    },
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Clothes {
    pub ink: Colour,
    pub trim: Colour,
    pub collar: Collar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Collar {
    Round,
    Shirt,
    Hood,
}

/// The light of the place and the camera's doing; one for all faces of a photo.
#[derive(Debug, Clone)]
pub(super) struct Shot {
    /// Towards the light: right, down.
    pub light: [f32; 2],
    pub light_strength: f32,
    pub gains: [f32; 3],
    pub gamma: f32,
    pub contrast: f32,
    /// Standard deviation in grey levels.
    pub noise: f32,
    /// Passes of a 1-2-1 filter.
    pub blur: u32,
    pub jpeg_quality: u8,
    pub seed: u64,
}

impl Moment {
    pub fn sample(rng: &mut impl Rng) -> Self {
        let open = 1.0 - 0.5 * rng.random_range(0.0..1.0_f32).powi(3);
        let wink = if rng.random_bool(0.03) { 0.1 } else { 1.0 };
        let smile = rng.random_range(-0.2..1.0_f32);
        Self {
            yaw: around(rng, 0.0, 0.22).clamp(-0.52, 0.52),
            pitch: around(rng, 0.0, 0.11).clamp(-0.28, 0.28),
            roll: around(rng, 0.0, 0.12),
            smile,
            mouth_open: if rng.random_bool(0.4) { rng.random_range(0.0..1.0) } else { 0.0 },
            eye_open: [open, open * wink],
            brow_raise: around(rng, 0.2, 0.35),
            gaze: [around(rng, 0.0, 0.35), around(rng, 0.0, 0.25)],
            glasses_chance: rng.random_range(0.0..1.0),
            obstacle: Occlusion::sample(rng),
            clothes: Clothes::sample(rng),
            hair_seed: rng.random(),
        }
    }
}

impl Occlusion {
    fn sample(rng: &mut impl Rng) -> Self {
        let ink = cloth(rng);
        match rng.random_range(0..100) {
            0..=4 => Self::Sunglasses,
            5..=10 => Self::Cap { ink },
            11..=14 => Self::Scarf { ink },
            15..=18 => {
                let side = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
                Self::Object { at: [side * rng.random_range(0.6..1.1), rng.random_range(0.1..1.4)], ink }
            }
            _ => Self::Nothing,
        }
    }
}

impl Clothes {
    fn sample(rng: &mut impl Rng) -> Self {
        let collar = [Collar::Round, Collar::Shirt, Collar::Hood][rng.random_range(0..3)];
        Self { ink: cloth(rng), trim: cloth(rng), collar }
    }
}

/// Any hue, rather muted.
fn cloth(rng: &mut impl Rng) -> Colour {
    let hue = rng.random_range(0.0..6.0_f32);
    let (value, colourful) = (rng.random_range(0.15..0.92_f32), rng.random_range(0.05..0.6_f32));
    let channel = |shift: f32| {
        let place = (hue + shift) % 6.0;
        let away = (place.min(4.0 - place)).clamp(0.0, 1.0);
        value * (1.0 - colourful * away)
    };
    [channel(5.0), channel(3.0), channel(1.0)]
}

impl Shot {
    pub fn sample(rng: &mut impl Rng) -> Self {
        let angle = rng.random_range(0.0..std::f32::consts::TAU);
        let exposure = around(rng, 1.0, 0.11).max(0.55);
        // Candle to shade: red and blue move against each other, green a little by itself.
        let (warmth, tint) = (around(rng, 0.0, 0.06), around(rng, 0.0, 0.02));
        Self {
            light: [angle.cos(), angle.sin() * 0.7 - 0.35],
            light_strength: rng.random_range(0.05..0.42),
            gains: [exposure * (1.0 + warmth), exposure * (1.0 + tint), exposure * (1.0 - warmth)],
            gamma: around(rng, 1.0, 0.12).max(0.6),
            contrast: around(rng, 1.0, 0.09).max(0.65),
            noise: rng.random_range(0.0..1.0_f32).powi(2) * 7.0,
            blur: [0, 0, 0, 1, 1, 2][rng.random_range(0..6)],
            jpeg_quality: rng.random_range(45..=95),
            seed: rng.random(),
        }
    }
}
