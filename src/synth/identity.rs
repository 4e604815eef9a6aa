//! Who somebody is: every parameter that stays the same from picture to picture.
//!
//! Lengths are in head units: half the width of an average face is 1, the eyes lie on y = 0, y points down.
//! The ranges of colours overlap widely, and light and white balance move them further (see `variation`), so a colour
//! alone never tells two people apart; proportions, hair line, brows and the like have to help.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::canvas::{Colour, between};

/// One synthetic person. The same seed and index always give the same person.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    pub(super) face: FaceShape,
    pub(super) skin: Colour,
    pub(super) lips: Colour,
    pub(super) eyes: Eyes,
    pub(super) brows: Brows,
    pub(super) nose: Nose,
    pub(super) mouth: Mouth,
    pub(super) ear_size: f32,
    pub(super) hair: Hair,
    pub(super) beard: Beard,
    pub(super) glasses: Option<Glasses>,
    pub(super) marks: Marks,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct FaceShape {
    pub width: f32,
    pub temple: f32,
    pub cheek: f32,
    pub jaw: f32,
    pub chin_width: f32,
    pub chin_y: f32,
    pub top_y: f32,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Eyes {
    /// From the middle of the face to the middle of an eye.
    pub offset: f32,
    pub half_width: f32,
    pub half_height: f32,
    /// Rise of the outer corner.
    pub tilt: f32,
    pub iris: Colour,
    pub iris_radius: f32,
    pub crease: f32,
    pub lashes: f32,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Brows {
    pub y: f32,
    pub thickness: f32,
    pub arch: f32,
    pub tilt: f32,
    pub half_length: f32,
    pub ink: Colour,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Nose {
    pub tip_y: f32,
    pub half_width: f32,
    pub bridge: f32,
    pub height: f32,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mouth {
    pub y: f32,
    pub half_width: f32,
    pub upper: f32,
    pub lower: f32,
    pub curve: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HairStyle {
    Bald,
    Buzz,
    Receding,
    Short,
    SidePart,
    Quiff,
    Curly,
    Afro,
    Fringe,
    Bob,
    Long,
    Wavy,
    Bun,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hair {
    pub style: HairStyle,
    pub ink: Colour,
    pub volume: f32,
    pub line_y: f32,
    /// −1 or 1: the side of the parting.
    pub side: f32,
    pub length: f32,
    /// Seed of strands and curls.
    pub texture: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Beard {
    None,
    Stubble { density: f32 },
    Moustache { thickness: f32 },
    Goatee { width: f32 },
    Full { length: f32 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GlassesFrame {
    Round,
    Square,
    Wide,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Glasses {
    pub frame: GlassesFrame,
    pub ink: Colour,
    pub size: f32,
    pub thickness: f32,
    /// Share of the pictures in which they are worn.
    pub habit: f32,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Marks {
    pub freckles: f32,
    pub moles: Vec<[f32; 2]>,
    pub blush: f32,
    /// 0 smooth … 1 lined.
    pub age: f32,
    pub seed: u64,
}

impl Identity {
    pub fn new(seed: u64, index: u32) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(u64::from(index));
        let rng = &mut rng;
        let melanin = rng.random_range(0.0..1.0_f32);
        let feminine = rng.random_bool(0.5);
        let age = rng.random_range(0.0..1.0_f32);
        let skin = skin_ink(rng, melanin);
        let hair_ink = hair_ink(rng, melanin, age);
        Self {
            face: face(rng, feminine),
            skin,
            lips: lip_ink(rng, skin, feminine),
            eyes: eyes(rng, melanin, feminine),
            brows: brows(rng, hair_ink, feminine),
            nose: nose(rng),
            mouth: mouth(rng, feminine),
            ear_size: around(rng, 0.25, 0.035),
            hair: hair(rng, hair_ink, feminine, age),
            beard: if feminine { Beard::None } else { beard(rng) },
            glasses: glasses(rng),
            marks: marks(rng, melanin, age),
        }
    }
}

/// A bell curve's value: three uniforms have the variance 1 and end at ±3.
pub(super) fn around(rng: &mut impl Rng, mean: f32, deviation: f32) -> f32 {
    let sum: f32 = (0..3).map(|_| rng.random_range(-1.0..1.0_f32)).sum();
    mean + deviation * sum
}

fn face(rng: &mut impl Rng, feminine: bool) -> FaceShape {
    let jaw = if feminine { 0.78 } else { 0.86 };
    FaceShape {
        width: around(rng, 0.98, 0.05),
        temple: around(rng, 0.93, 0.03),
        cheek: around(rng, 0.96, 0.035),
        jaw: around(rng, jaw, 0.05),
        chin_width: around(rng, if feminine { 0.36 } else { 0.46 }, 0.06),
        chin_y: around(rng, 1.42, 0.08),
        top_y: around(rng, -1.22, 0.06),
    }
}

fn eyes(rng: &mut impl Rng, melanin: f32, feminine: bool) -> Eyes {
    const IRIS: [Colour; 6] = [
        [0.24, 0.13, 0.07],
        [0.36, 0.21, 0.10],
        [0.47, 0.36, 0.17],
        [0.36, 0.45, 0.29],
        [0.40, 0.50, 0.55],
        [0.30, 0.47, 0.66],
    ];
    // Light eyes are rarer where the skin is dark.
    let place = rng.random_range(0.0..1.0_f32).powf(0.7 + 2.0 * melanin) * 4.99;
    let (low, share) = (place as usize, place.fract());
    Eyes {
        offset: around(rng, 0.44, 0.026),
        half_width: around(rng, 0.222, 0.016),
        half_height: around(rng, if feminine { 0.134 } else { 0.116 }, 0.015),
        tilt: around(rng, 0.012, 0.02),
        iris: between(IRIS[low], IRIS[low + 1], share),
        iris_radius: around(rng, 0.114, 0.007),
        crease: rng.random_range(0.0..1.0),
        lashes: if feminine { rng.random_range(0.5..1.0) } else { rng.random_range(0.1..0.45) },
    }
}

fn brows(rng: &mut impl Rng, hair: Colour, feminine: bool) -> Brows {
    let thickness = if feminine { 0.048 } else { 0.072 };
    Brows {
        y: around(rng, -0.31, 0.025),
        thickness: around(rng, thickness, 0.013).max(0.02),
        arch: around(rng, if feminine { 0.07 } else { 0.035 }, 0.02),
        tilt: around(rng, -0.015, 0.025),
        half_length: around(rng, 0.25, 0.022),
        ink: between(hair, [0.12, 0.08, 0.06], 0.35),
    }
}

fn nose(rng: &mut impl Rng) -> Nose {
    Nose {
        tip_y: around(rng, 0.52, 0.04),
        half_width: around(rng, 0.205, 0.032),
        bridge: around(rng, 0.07, 0.014),
        height: around(rng, 0.34, 0.04),
    }
}

fn mouth(rng: &mut impl Rng, feminine: bool) -> Mouth {
    let fullness = if feminine { 1.15 } else { 0.85 };
    Mouth {
        y: around(rng, 0.94, 0.035),
        half_width: around(rng, 0.36, 0.032),
        upper: around(rng, 0.072 * fullness, 0.014).max(0.03),
        lower: around(rng, 0.098 * fullness, 0.018).max(0.04),
        curve: around(rng, 0.01, 0.02),
    }
}

/// From pale to deep, with a warmer or cooler undertone.
fn skin_ink(rng: &mut impl Rng, melanin: f32) -> Colour {
    const STOPS: [Colour; 6] = [
        [0.98, 0.86, 0.78],
        [0.94, 0.77, 0.65],
        [0.86, 0.66, 0.52],
        [0.72, 0.51, 0.37],
        [0.53, 0.35, 0.25],
        [0.37, 0.24, 0.17],
    ];
    let place = melanin * 4.99;
    let [r, g, b] = between(STOPS[place as usize], STOPS[place as usize + 1], place.fract());
    let warmth = around(rng, 0.0, 0.012);
    [r + warmth, g, b - warmth * 1.5]
}

fn lip_ink(rng: &mut impl Rng, skin: Colour, feminine: bool) -> Colour {
    const LIPSTICK: [Colour; 4] = [[0.72, 0.16, 0.20], [0.62, 0.20, 0.30], [0.80, 0.36, 0.34], [0.55, 0.18, 0.20]];
    let natural = between(skin, [0.70, 0.28, 0.28], rng.random_range(0.30..0.5));
    let lipstick = LIPSTICK[rng.random_range(0..LIPSTICK.len())];
    let strength = rng.random_range(0.4..0.9);
    if feminine && rng.random_bool(0.45) { between(natural, lipstick, strength) } else { natural }
}

fn hair_ink(rng: &mut impl Rng, melanin: f32, age: f32) -> Colour {
    const DARK_TO_LIGHT: [Colour; 5] =
        [[0.09, 0.08, 0.08], [0.20, 0.13, 0.09], [0.36, 0.23, 0.14], [0.55, 0.39, 0.23], [0.83, 0.68, 0.43]];
    let place = rng.random_range(0.0..1.0_f32).powf(0.8 + 2.5 * melanin) * 3.99;
    let natural = between(DARK_TO_LIGHT[place as usize], DARK_TO_LIGHT[place as usize + 1], place.fract());
    let red = if rng.random_bool(0.14) { rng.random_range(0.4..0.9) * (1.0 - 0.7 * melanin) } else { 0.0 };
    let tinted = between(natural, [0.60, 0.26, 0.12], red);
    let grey = rng.random_range(0.55..0.92);
    let greyness = if age > 0.62 { rng.random_range(0.0..1.0_f32) * ((age - 0.62) / 0.2).min(1.0) } else { 0.0 };
    between(tinted, [grey, grey, grey * 0.99], greyness)
}

fn hair(rng: &mut impl Rng, ink: Colour, feminine: bool, age: f32) -> Hair {
    use HairStyle::{Afro, Bald, Bob, Bun, Buzz, Curly, Fringe, Long, Quiff, Receding, Short, SidePart, Wavy};
    let style = if feminine {
        [Fringe, Bob, Long, Wavy, Bun, Curly, Afro, Long, Wavy, Bob, Short][rng.random_range(0..11)]
    } else if age > 0.5 {
        [Bald, Buzz, Receding, Receding, Short, SidePart, Quiff, Curly][rng.random_range(0..8)]
    } else {
        [Buzz, Short, Short, SidePart, Quiff, Curly, Afro, Fringe, Wavy][rng.random_range(0..9)]
    };
    Hair {
        style,
        ink,
        volume: around(rng, 0.17, 0.035).max(0.06),
        line_y: around(rng, -0.72, 0.055),
        side: if rng.random_bool(0.5) { 1.0 } else { -1.0 },
        length: rng.random_range(0.0..1.0),
        texture: rng.random(),
    }
}

fn beard(rng: &mut impl Rng) -> Beard {
    match rng.random_range(0..10) {
        0..=3 => Beard::None,
        4 | 5 => Beard::Stubble { density: rng.random_range(0.25..0.6) },
        6 => Beard::Moustache { thickness: rng.random_range(0.06..0.11) },
        7 => Beard::Goatee { width: rng.random_range(0.30..0.45) },
        _ => Beard::Full { length: rng.random_range(0.03..0.22) },
    }
}

fn glasses(rng: &mut impl Rng) -> Option<Glasses> {
    const INKS: [Colour; 5] =
        [[0.08, 0.08, 0.09], [0.35, 0.20, 0.12], [0.55, 0.42, 0.22], [0.20, 0.25, 0.42], [0.55, 0.14, 0.18]];
    let frame = [GlassesFrame::Round, GlassesFrame::Square, GlassesFrame::Wide][rng.random_range(0..3)];
    let glasses = Glasses {
        frame,
        ink: INKS[rng.random_range(0..INKS.len())],
        size: around(rng, 0.33, 0.025),
        thickness: rng.random_range(0.022..0.055),
        habit: [0.35, 0.8, 1.0][rng.random_range(0..3)],
    };
    rng.random_bool(0.36).then_some(glasses)
}

fn marks(rng: &mut impl Rng, melanin: f32, age: f32) -> Marks {
    let moles = if rng.random_bool(0.35) { rng.random_range(1..=3) } else { 0 };
    Marks {
        freckles: if melanin < 0.5 && rng.random_bool(0.3) { rng.random_range(0.3..1.0) } else { 0.0 },
        moles: (0..moles).map(|_| [rng.random_range(-0.7..0.7), rng.random_range(0.2..1.2)]).collect(),
        blush: rng.random_range(0.05..0.28),
        age,
        seed: rng.random(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_is_the_same_person() {
        assert_eq!(Identity::new(7, 3), Identity::new(7, 3));
        assert_ne!(Identity::new(7, 3), Identity::new(7, 4));
        assert_ne!(Identity::new(7, 3), Identity::new(8, 3));
    }

    /// Among many people the nearest skin and hair colours of others are much nearer than light moves one person's.
    #[test]
    fn colours_overlap() {
        let people: Vec<Identity> = (0..100).map(|index| Identity::new(1, index)).collect();
        let distance = |a: Colour, b: Colour| -> f32 { (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f32>().sqrt() };
        let with_a_double = people.iter().enumerate().filter(|(index, person)| {
            people.iter().enumerate().any(|(other_index, other)| {
                other_index != *index
                    && distance(person.skin, other.skin) + distance(person.hair.ink, other.hair.ink) < 0.15
            })
        });
        assert!(with_a_double.count() > 60);
    }
}
