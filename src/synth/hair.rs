//! Hair behind and over the face, brows and beards.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use resvg::tiny_skia::Mask;

use super::canvas::{Canvas, Colour, between, circle, closed, open, shade};
use super::head::{Head, mirrored};
use super::identity::{Beard, HairStyle};

/// What hangs or stands behind the head: before the ears are drawn.
pub(super) fn draw_back(canvas: &mut Canvas, head: &Head) {
    let hair = &head.identity.hair;
    match hair.style {
        HairStyle::Bald => {}
        HairStyle::Buzz => fill_behind(canvas, head, 0.02),
        _ => fill_behind(canvas, head, 0.7 * hair.volume),
    }
    let (width, volume, unit) = (head.identity.face.width, hair.volume, head.unit());
    let ink = shade(hair.ink, 0.72);
    let bottom = match hair.style {
        HairStyle::Bob => 0.95 + 0.35 * hair.length,
        HairStyle::Long => 1.7 + 0.9 * hair.length,
        HairStyle::Wavy => 1.2 + 0.9 * hair.length,
        HairStyle::Afro => return draw_afro(canvas, head),
        HairStyle::Bun => {
            let at = head.back(0.1 * hair.side, head.identity.face.top_y - 0.30 - 0.5 * volume);
            canvas.fill_radial(&circle(at, 0.42 * unit), at, 0.45 * unit, shade(hair.ink, 0.95), shade(hair.ink, 0.6));
            return;
        }
        _ => return,
    };
    let outer = width + volume * 1.15;
    let half = [
        (0.0, head.identity.face.top_y - volume),
        (outer * 0.98, -0.7),
        (outer * 1.06, 0.1),
        (outer * 1.08, bottom * 0.6),
        (outer * 0.95, bottom),
        (0.0, bottom * 0.96),
    ];
    canvas.fill(&closed(&mirrored(&half, |x, y| head.back(x, y))), ink, 1.0);
    let mut rng = ChaCha8Rng::seed_from_u64(hair.texture ^ head.moment.hair_seed);
    for side in [-1.0, 1.0] {
        for _ in 0..5 {
            let x = side * rng.random_range(0.85..1.05) * outer;
            let wave = if hair.style == HairStyle::Wavy { 0.10 } else { 0.02 };
            let strand = [0.0, 0.33, 0.66, 1.0].map(|share: f32| {
                let swing = wave * (share * 9.0 + x).sin();
                head.back(x + swing, -0.3 + share * (bottom + 0.25))
            });
            canvas.line(&open(&strand), 0.045 * unit, shade(hair.ink, rng.random_range(0.6..1.15)), 0.5, None);
        }
    }
}

/// Fills the gap that opens between hair line and temple when the head turns.
fn fill_behind(canvas: &mut Canvas, head: &Head, volume: f32) {
    let face = &head.identity.face;
    let wide = face.width + 0.5 * volume;
    let half = [(0.52 * wide, face.top_y + 0.06), (0.93 * face.temple * wide, -0.84), (wide, -0.45), (wide, 0.0)];
    let shape = mirrored(&half, |x, y| head.rim(x, y));
    canvas.fill(&closed(&shape), shade(head.identity.hair.ink, 0.6), 1.0);
}

/// A round cloud of small curls around the head.
fn draw_afro(canvas: &mut Canvas, head: &Head) {
    let hair = &head.identity.hair;
    let unit = head.unit();
    let mut rng = ChaCha8Rng::seed_from_u64(hair.texture ^ head.moment.hair_seed);
    let radius = 1.22 + 0.45 * hair.length;
    canvas.fill(&circle(head.back(0.0, -0.42), radius * unit), shade(hair.ink, 0.8), 1.0);
    for step in 0..26 {
        let angle = std::f32::consts::PI * (0.85 + 1.3 * step as f32 / 25.0);
        let at = head.back(radius * angle.cos(), -0.42 + radius * angle.sin());
        let radius = rng.random_range(0.14..0.24) * unit;
        canvas.fill(&circle(at, radius), shade(hair.ink, rng.random_range(0.7..0.95)), 1.0);
    }
}

/// What falls over forehead and temples.
pub(super) fn draw_front(canvas: &mut Canvas, head: &Head) {
    let hair = &head.identity.hair;
    match hair.style {
        HairStyle::Bald => {
            let gleam = head.rim(-0.25, head.identity.face.top_y + 0.3);
            canvas.glow(gleam, 0.35 * head.unit(), shade(head.identity.skin, 1.25), 0.5, None);
        }
        HairStyle::Buzz => draw_cap(canvas, head, 0.035, 0.82),
        HairStyle::Curly => {
            draw_cap(canvas, head, hair.volume * 0.8, 1.0);
            draw_curls(canvas, head);
        }
        _ => draw_cap(canvas, head, hair.volume, 1.0),
    }
}

/// Heights of the hair line from temple to temple, in shares of the way from the ear's height to the line's top.
fn hair_line(head: &Head) -> Vec<(f32, f32)> {
    let hair = &head.identity.hair;
    let (line, side) = (hair.line_y, hair.side);
    let temple = head.identity.face.width * 0.97;
    let mut points = match hair.style {
        HairStyle::Receding => vec![(0.86, -0.62), (0.55, line - 0.26), (0.22, line - 0.02), (0.0, line + 0.02)],
        HairStyle::Fringe => vec![(0.82, -0.28), (0.5, line + 0.36), (0.2, line + 0.40), (0.0, line + 0.36)],
        HairStyle::Bob if side > 0.0 => vec![(0.82, -0.28), (0.5, line + 0.34), (0.2, line + 0.38), (0.0, line + 0.34)],
        HairStyle::Quiff => vec![(0.84, -0.52), (0.6, line - 0.02), (0.3, line + 0.02), (0.0, line)],
        HairStyle::Afro | HairStyle::Curly => vec![(0.86, -0.45), (0.62, line + 0.06), (0.3, line - 0.02), (0.0, line)],
        HairStyle::SidePart | HairStyle::Wavy => return parted(head, 0.38 * side),
        HairStyle::Long | HairStyle::Bob => return parted(head, 0.06 * side),
        _ => vec![(0.86, -0.48), (0.62, line + 0.02), (0.3, line), (0.0, line + 0.01)],
    };
    let mirrored: Vec<(f32, f32)> = points.iter().rev().skip(1).map(|&(x, y)| (-x, y)).collect();
    points.insert(0, (temple, -0.05));
    points.extend(mirrored);
    points.push((-temple, -0.05));
    points
}

/// Two wings that fall from a parting at `x`.
fn parted(head: &Head, parting: f32) -> Vec<(f32, f32)> {
    let line = head.identity.hair.line_y;
    let temple = head.identity.face.width * 0.98;
    let wing = |edge: f32| {
        let along = |share: f32| parting + (edge - parting) * share;
        [(along(0.92), 0.02), (along(0.80), -0.34), (along(0.45), line + 0.22), (along(0.12), line - 0.02)]
    };
    let (right, left) = (wing(0.97), wing(-0.97));
    let mut points = vec![(temple, 0.15)];
    points.extend(right);
    points.push((parting, line - 0.10));
    points.extend(left.iter().rev());
    points.push((-temple, 0.15));
    points
}

/// The hair on the skull between hair line and outline.
fn draw_cap(canvas: &mut Canvas, head: &Head, volume: f32, alpha: f32) {
    let hair = &head.identity.hair;
    let face = &head.identity.face;
    let unit = head.unit();
    let lift = if hair.style == HairStyle::Quiff { 1.5 } else { 1.0 };
    let side_volume = if hair.style == HairStyle::Quiff { 0.35 * volume } else { volume * 0.75 };
    let wide = face.width + side_volume;
    // From the left temple over the top to the right one.
    let half = [
        (-wide, -0.02),
        (-wide * 1.01, -0.45),
        (-face.temple * wide * 0.93, -0.86 - 0.3 * volume),
        (-0.52 * wide, face.top_y + 0.08 - 0.8 * volume * lift),
    ];
    let mut arc = mirrored(&half, |x, y| head.rim(x, y));
    arc.insert(half.len(), head.rim(0.12 * hair.side, face.top_y - volume * lift));
    let line: Vec<[f32; 2]> = hair_line(head).into_iter().map(|(x, y)| on_skull(head, x, y)).collect();
    let shape = closed(&[arc.as_slice(), &line].concat());
    let top = head.rim(0.0, face.top_y + 0.15);
    if alpha < 1.0 {
        canvas.fill(&shape, shade(hair.ink, 0.95), alpha);
    } else {
        canvas.fill_radial(&shape, top, 1.55 * unit, shade(hair.ink, 1.08), shade(hair.ink, 0.62));
    }
    if let Some(inside) = canvas.mask(&shape) {
        draw_strands(canvas, head, &inside);
        let shine = [-0.6, -0.2, 0.25, 0.65].map(|x: f32| head.rim(x, face.top_y + 0.24 + 0.22 * x * x - 0.5 * volume));
        canvas.line(&open(&shine), 0.11 * unit, shade(hair.ink, 1.5), 0.22, Some(&inside));
    }
}

/// Towards the sides the hair line leaves the face's front and meets the outline.
fn on_skull(head: &Head, x: f32, y: f32) -> [f32; 2] {
    let share = ((x.abs() - 0.6) / 0.35).clamp(0.0, 1.0);
    let ([front_x, front_y], [rim_x, rim_y]) = (head.at(x, y), head.rim(x, y));
    [front_x + (rim_x - front_x) * share, front_y + (rim_y - front_y) * share]
}

fn draw_strands(canvas: &mut Canvas, head: &Head, inside: &Mask) {
    let hair = &head.identity.hair;
    let (unit, top_y) = (head.unit(), head.identity.face.top_y);
    let mut rng = ChaCha8Rng::seed_from_u64(hair.texture ^ head.moment.hair_seed);
    for _ in 0..12 {
        let x: f32 = rng.random_range(-1.0..1.0);
        let ink = shade(hair.ink, if rng.random_bool(0.5) { 0.68 } else { 1.28 });
        let from = head.rim(0.25 * hair.side + 0.3 * x, top_y - 0.6 * hair.volume);
        let over = head.at(0.78 * x, top_y * 0.78);
        let to = head.rim(1.04 * x, -0.25);
        canvas.line(&open(&[from, over, to]), 0.028 * unit, ink, 0.42, Some(inside));
    }
}

fn draw_curls(canvas: &mut Canvas, head: &Head) {
    let hair = &head.identity.hair;
    let unit = head.unit();
    let mut rng = ChaCha8Rng::seed_from_u64(hair.texture);
    for step in 0..22 {
        let angle = std::f32::consts::PI * (1.08 + 0.84 * step as f32 / 21.0);
        let (reach_x, reach_y) = (head.identity.face.width + 0.04, 0.55 - head.identity.face.top_y);
        let shrink = rng.random_range(0.92..1.08);
        let at = head.rim(reach_x * angle.cos() * shrink, 0.5 + (reach_y * shrink) * angle.sin());
        let radius = rng.random_range(0.11..0.19) * unit;
        canvas.fill_radial(&circle(at, radius), at, radius, shade(hair.ink, 1.08), shade(hair.ink, 0.74));
    }
}

pub(super) fn draw_brows(canvas: &mut Canvas, head: &Head, within: Option<&Mask>) {
    let (brows, eyes) = (&head.identity.brows, &head.identity.eyes);
    let lift = 0.055 * head.moment.brow_raise;
    // A cross face draws the inner ends down.
    let frown = 0.10 * (-head.moment.smile).max(0.0);
    for side in [-1.0, 1.0] {
        let point = |along: f32, up: f32| {
            let x = side * (eyes.offset + 0.02 + along * brows.half_length);
            head.at(x, brows.y - lift - up - brows.tilt * along + frown * (0.5 - 0.5 * along))
        };
        let t = brows.thickness;
        let edge = [
            point(-1.0, 0.2 * t),
            point(-0.4, brows.arch * 0.6 + 0.9 * t),
            point(0.3, brows.arch + 0.85 * t),
            point(1.0, -0.1 * t),
            point(0.3, brows.arch - 0.5 * t),
            point(-0.4, brows.arch * 0.6 - 0.6 * t),
            point(-1.0, -0.9 * t),
        ];
        canvas.fill_inside(&closed(&edge), brows.ink, 0.88, within);
    }
}

/// Drawn before the mouth, which lies in the middle of it.
pub(super) fn draw_beard(canvas: &mut Canvas, head: &Head, within: Option<&Mask>) {
    let ink = between(head.identity.hair.ink, [0.12, 0.08, 0.06], 0.25);
    match head.identity.beard {
        Beard::None => {}
        Beard::Stubble { density } => {
            let shadow = between(head.identity.skin, [0.16, 0.15, 0.16], 0.6);
            canvas.fill_inside(&jaw(head, 0.0), shadow, density * 0.6, within);
        }
        Beard::Moustache { thickness } => draw_moustache(canvas, head, ink, thickness),
        Beard::Goatee { width } => {
            let (chin, mouth) = (head.identity.face.chin_y, &head.identity.mouth);
            let low = [
                (width, mouth.y - 0.02),
                (width * 0.95, mouth.y + 0.25),
                (width * 0.5, chin - 0.02),
                (0.0, chin + 0.05),
            ];
            let mut shape = mirrored(&low, |x, y| chin_point(head, x, y));
            shape.extend(mirrored(&[(-0.16, mouth.y + 0.17), (0.0, mouth.y + 0.20)], |x, y| chin_point(head, x, y)));
            canvas.fill(&closed(&shape), ink, 0.95);
            draw_moustache(canvas, head, ink, 0.06);
        }
        Beard::Full { length } => {
            let shape = jaw(head, length);
            canvas.fill(&shape, ink, 0.97);
            draw_hairs(canvas, head, &shape, ink);
            draw_moustache(canvas, head, ink, 0.085);
        }
    }
}

/// From ear to ear along the jaw, open at cheeks and mouth; hangs over the chin by `length`.
fn jaw(head: &Head, length: f32) -> Option<resvg::tiny_skia::Path> {
    let (face, mouth) = (&head.identity.face, &head.identity.mouth);
    let half = [
        (face.width * 0.985, 0.12),
        (face.cheek * face.width, 0.45),
        (face.jaw * face.width + 0.3 * length, 0.92),
        (0.5 * (face.jaw + face.chin_width) * face.width + 0.3 * length, 1.22 + 0.5 * length),
        (face.chin_width * face.width, face.chin_y - 0.04 + length),
        (0.0, face.chin_y + 0.03 + length),
    ];
    let inner = [(-0.87, 0.34), (-0.70, 0.72), (-0.52, mouth.y - 0.13), (-0.20, mouth.y - 0.24)];
    let mut points = mirrored(&half, |x, y| head.rim(x, y));
    points.extend(mirrored(&inner, |x, y| on_skull(head, x, y)));
    closed(&points)
}

/// The chin's front belongs half to the face, half to its outline.
fn chin_point(head: &Head, x: f32, y: f32) -> [f32; 2] {
    let share = ((y - head.identity.mouth.y) / 0.5).clamp(0.0, 1.0);
    let ([front_x, front_y], [rim_x, rim_y]) = (head.at(x, y), head.rim(x, y));
    [front_x + (rim_x - front_x) * share, front_y + (rim_y - front_y) * share]
}

fn draw_hairs(canvas: &mut Canvas, head: &Head, shape: &Option<resvg::tiny_skia::Path>, ink: Colour) {
    let Some(inside) = canvas.mask(shape) else { return };
    let mut rng = ChaCha8Rng::seed_from_u64(head.identity.hair.texture);
    for _ in 0..14 {
        let (x, y) = (rng.random_range(-0.9..0.9_f32), rng.random_range(0.5..1.35_f32));
        let strand = [head.rim(x, y), head.rim(x * 0.93, y + 0.16)];
        let tone = shade(ink, if rng.random_bool(0.5) { 0.6 } else { 1.5 });
        canvas.line(&open(&strand), 0.022 * head.unit(), tone, 0.5, Some(&inside));
    }
}

fn draw_moustache(canvas: &mut Canvas, head: &Head, ink: Colour, thickness: f32) {
    let mouth = &head.identity.mouth;
    let y = mouth.y - mouth.upper - 0.05 - 0.06 * head.moment.mouth_open;
    let half = mouth.half_width * (1.05 + 0.1 * head.moment.smile);
    let droop = mouth.y - 0.07 * head.moment.smile;
    let points = [
        (0.0, y - thickness * 0.7),
        (half * 0.45, y - thickness),
        (half * 0.9, droop - 0.07),
        (half * 1.02, droop + 0.02),
        (half * 0.55, y + thickness * 0.55),
        (0.0, y + thickness * 0.45),
    ];
    canvas.fill(&closed(&mirrored(&points, |x, y| head.at(x, y))), ink, 0.96);
}
