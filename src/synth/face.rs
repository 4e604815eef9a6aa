//! Skin, eyes, nose, mouth and marks.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use resvg::tiny_skia::Mask;

use super::canvas::{Canvas, Colour, between, circle, closed, open, shade};
use super::head::{Head, mirrored};

const DARK: Colour = [0.10, 0.07, 0.06];

/// Ears lie behind the face's outline.
pub(super) fn draw_ears(canvas: &mut Canvas, head: &Head) {
    let size = head.identity.ear_size;
    for side in [-1.0, 1.0] {
        // The ear on the far side goes out of sight.
        let visible = (1.0 - 1.5 * side * head.moment.yaw.sin()).clamp(0.0, 1.2);
        let x = side * head.identity.face.width;
        let ear = |dx: f32, dy: f32| head.back(x + side * dx * size * visible, 0.12 + dy * size);
        let shell = [ear(-0.6, -1.0), ear(0.45, -1.15), ear(0.75, -0.2), ear(0.45, 0.75), ear(-0.2, 1.25)];
        canvas.fill(&closed(&shell), shade(head.identity.skin, 0.88), 1.0);
        let fold = [ear(0.0, -0.7), ear(0.4, -0.55), ear(0.3, 0.3), ear(0.0, 0.6)];
        canvas.line(&open(&fold), 0.04 * head.unit(), shade(head.identity.skin, 0.66), 0.7, None);
    }
}

/// The face's surface; returns its inside, in which all features are drawn.
pub(super) fn draw_skin(canvas: &mut Canvas, head: &Head) -> Option<Mask> {
    let skin = head.identity.skin;
    let unit = head.unit();
    let outline = closed(&head.outline());
    let [light_x, light_y] = [head.at(0.0, 0.2)[0], head.at(0.0, 0.2)[1]];
    canvas.fill_radial(&outline, [light_x, light_y], 1.75 * unit, shade(skin, 1.03), shade(skin, 0.80));
    let inside = canvas.mask(&outline);
    let within = inside.as_ref();
    let blush = between(skin, [0.85, 0.32, 0.28], 0.6);
    for side in [-1.0, 1.0] {
        canvas.glow(head.at(side * 0.56, 0.46), 0.40 * unit, blush, head.identity.marks.blush, within);
        // Sockets and the sides of the forehead lie deeper.
        canvas.glow(head.at(side * head.identity.eyes.offset, -0.06), 0.36 * unit, shade(skin, 0.62), 0.35, within);
        canvas.glow(head.rim(side * 0.98, 0.35), 0.42 * unit, shade(skin, 0.70), 0.30, within);
    }
    canvas.glow(head.at(0.0, -0.55), 0.55 * unit, shade(skin, 1.15), 0.28, within);
    canvas.glow(head.at(0.0, 1.16), 0.20 * unit, shade(skin, 0.72), 0.30, within);
    canvas.glow(head.at(0.0, 1.32), 0.20 * unit, shade(skin, 1.14), 0.28, within);
    inside
}

pub(super) fn draw_marks(canvas: &mut Canvas, head: &Head, within: Option<&Mask>) {
    let marks = &head.identity.marks;
    let (skin, unit) = (head.identity.skin, head.unit());
    let mut rng = ChaCha8Rng::seed_from_u64(marks.seed);
    let freckle = between(skin, [0.45, 0.22, 0.10], 0.55);
    for _ in 0..(marks.freckles * 46.0) as u32 {
        let (x, y) = (rng.random_range(-0.75..0.75_f32), rng.random_range(0.12..0.62_f32));
        canvas.fill_inside(&circle(head.at(x, y), rng.random_range(0.011..0.026) * unit), freckle, 0.55, within);
    }
    for &[x, y] in &marks.moles {
        canvas.fill_inside(&circle(head.at(x, y), 0.032 * unit), between(skin, DARK, 0.72), 0.95, within);
    }
    draw_lines_of_age(canvas, head, within);
}

/// Folds beside the nose (deeper in a smile), on the forehead and under the eyes.
fn draw_lines_of_age(canvas: &mut Canvas, head: &Head, within: Option<&Mask>) {
    let (skin, unit, age) = (head.identity.skin, head.unit(), head.identity.marks.age);
    let ink = shade(skin, 0.58);
    let nose = &head.identity.nose;
    let fold = (0.05 + 0.45 * age * age) * (0.4 + 0.6 * head.moment.smile.max(0.0));
    for side in [-1.0, 1.0] {
        let [corner_x, corner_y] = head.mouth_corner(side);
        let points = [
            head.at(side * (nose.half_width + 0.05), nose.tip_y - 0.02),
            head.at(corner_x * 0.98 + side * 0.06, corner_y - 0.18),
            head.at(corner_x + side * 0.10, corner_y + 0.02),
        ];
        canvas.line(&open(&points), 0.035 * unit, ink, fold, within);
        let bag =
            [-0.16, 0.0, 0.16].map(|dx| head.at(side * head.identity.eyes.offset + dx, 0.19 - 0.3 * dx * dx / 0.16));
        canvas.line(&open(&bag), 0.03 * unit, ink, 0.4 * age * age, within);
    }
    if age > 0.55 {
        for row in 0..3 {
            let y = -0.62 + 0.11 * row as f32;
            let points = [-0.45, -0.15, 0.15, 0.45].map(|x: f32| head.at(x, y - 0.05 * (1.0 - x * x * 4.0)));
            canvas.line(&open(&points), 0.022 * unit, ink, (age - 0.5) * 0.9, within);
        }
    }
}

pub(super) fn draw_eyes(canvas: &mut Canvas, head: &Head) {
    let [left, right] = head.moment.eye_open;
    draw_eye(canvas, head, -1.0, left);
    draw_eye(canvas, head, 1.0, right);
}

fn draw_eye(canvas: &mut Canvas, head: &Head, side: f32, open_share: f32) {
    let eyes = &head.identity.eyes;
    let (skin, unit) = (head.identity.skin, head.unit());
    // A smile pushes the lower lid up.
    let squint = 0.25 * head.moment.smile.max(0.0);
    let (upper, lower) = (eyes.half_height * open_share, eyes.half_height * 0.75 * open_share * (1.0 - squint));
    let point =
        |along: f32, down: f32| head.at(side * (eyes.offset + along * eyes.half_width), down - eyes.tilt * along);
    let upper_lid = [
        point(-1.0, 0.02),
        point(-0.5, -0.80 * upper),
        point(0.1, -upper),
        point(0.62, -0.72 * upper),
        point(1.0, -0.01),
    ];
    let lower_lid = [point(0.55, 0.78 * lower), point(0.0, lower), point(-0.55, 0.70 * lower)];
    let opening = closed(&[upper_lid.as_slice(), &lower_lid].concat());
    canvas.fill(&opening, [0.95, 0.94, 0.92], 1.0);
    if let Some(within) = canvas.mask(&opening) {
        let pupil = point(0.22 * head.moment.gaze[0] * side, 0.035 * head.moment.gaze[1] - 0.012);
        let radius = eyes.iris_radius * unit;
        canvas.fill_inside(&circle(pupil, radius), shade(eyes.iris, 0.62), 1.0, Some(&within));
        canvas.fill_inside(&circle(pupil, 0.82 * radius), eyes.iris, 1.0, Some(&within));
        canvas.glow([pupil[0], pupil[1] + 0.4 * radius], 0.7 * radius, shade(eyes.iris, 1.7), 0.6, Some(&within));
        canvas.fill_inside(&circle(pupil, 0.42 * radius), [0.03, 0.03, 0.04], 1.0, Some(&within));
        let glint = [pupil[0] - 0.3 * radius, pupil[1] - 0.38 * radius];
        canvas.fill_inside(&circle(glint, 0.22 * radius), [1.0; 3], 0.9, Some(&within));
        // The upper lid's shadow on the eyeball.
        canvas.line(&open(&upper_lid), 0.07 * unit, DARK, 0.28, Some(&within));
    }
    canvas.line(&open(&upper_lid), (0.022 + 0.035 * eyes.lashes) * unit, DARK, 0.92, None);
    if eyes.lashes > 0.4 {
        let wing = [point(0.7, -0.6 * upper), point(1.0, -0.02), point(1.22, -0.07)];
        canvas.line(&open(&wing), 0.028 * unit, DARK, 0.85, None);
    }
    let rim = [point(1.0, 0.0), lower_lid[0], lower_lid[1], lower_lid[2], point(-1.0, 0.03)];
    canvas.line(&open(&rim), 0.016 * unit, shade(skin, 0.5), 0.75, None);
    let crease = [-0.9, -0.35, 0.3, 0.95].map(|along: f32| point(along * 1.05, -upper - 0.055 + 0.05 * along * along));
    canvas.line(&open(&crease), 0.02 * unit, shade(skin, 0.55), 0.25 + 0.55 * eyes.crease, None);
}

pub(super) fn draw_nose(canvas: &mut Canvas, head: &Head) {
    let nose = &head.identity.nose;
    let (skin, unit) = (head.identity.skin, head.unit());
    let yaw = head.moment.yaw.sin();
    let height = nose.height;
    // A ridge that stands out of the face: z grows towards the tip.
    let ridge = |x: f32, y: f32, share: f32| head.in_space(x, y, 0.80 + height * share);
    let shadow_side = if yaw > 0.0 { -1.0 } else { 1.0 };
    let side_plane = [
        ridge(shadow_side * nose.bridge * 0.9, -0.06, 0.12),
        ridge(shadow_side * nose.bridge, 0.2, 0.45),
        ridge(shadow_side * nose.half_width * 0.55, nose.tip_y - 0.05, 0.75),
        ridge(shadow_side * nose.half_width, nose.tip_y + 0.02, 0.10),
        ridge(shadow_side * nose.half_width * 0.95, nose.tip_y - 0.12, 0.05),
        ridge(shadow_side * nose.bridge * 2.1, 0.15, 0.02),
    ];
    canvas.fill(&closed(&side_plane), shade(skin, 0.70), 0.38);
    let wings = [
        ridge(-nose.half_width, nose.tip_y - 0.08, 0.05),
        ridge(-nose.half_width * 1.02, nose.tip_y + 0.05, 0.12),
        ridge(-nose.half_width * 0.55, nose.tip_y + 0.10, 0.30),
        ridge(0.0, nose.tip_y + 0.13, 0.60),
        ridge(nose.half_width * 0.55, nose.tip_y + 0.10, 0.30),
        ridge(nose.half_width * 1.02, nose.tip_y + 0.05, 0.12),
        ridge(nose.half_width, nose.tip_y - 0.08, 0.05),
    ];
    canvas.line(&open(&wings), 0.03 * unit, shade(skin, 0.5), 0.72, None);
    for side in [-1.0, 1.0] {
        let hole = ridge(side * nose.half_width * 0.48, nose.tip_y + 0.065, 0.30);
        canvas.glow(hole, 0.075 * unit, shade(skin, 0.22), 0.8, None);
    }
    let tip = ridge(0.0, nose.tip_y - 0.03, 1.0);
    canvas.glow(tip, nose.half_width * 0.85 * unit, shade(skin, 1.22), 0.5, None);
    let bridge = [ridge(0.0, -0.02, 0.2), ridge(0.0, 0.2, 0.55), ridge(0.0, nose.tip_y - 0.1, 0.9)];
    canvas.line(&open(&bridge), 0.06 * unit, shade(skin, 1.18), 0.35, None);
}

pub(super) fn draw_mouth(canvas: &mut Canvas, head: &Head) {
    let mouth = &head.identity.mouth;
    let (lips, unit) = (head.identity.lips, head.unit());
    let (left, right) = (head.mouth_corner(-1.0), head.mouth_corner(1.0));
    let gap = 0.17 * head.moment.mouth_open;
    let sag = 0.05 * head.moment.smile;
    let at = |x_share: f32, dy: f32| head.at(x_share * right[0], mouth.y + sag * (1.0 - x_share * x_share) + dy);
    let (from, to) = (head.at(left[0], left[1]), head.at(right[0], right[1]));
    let upper_inner = [at(-0.5, -0.3 * gap), at(0.0, -0.35 * gap), at(0.5, -0.3 * gap)];
    let lower_inner = [at(0.5, 0.55 * gap), at(0.0, 0.75 * gap), at(-0.5, 0.55 * gap)];
    let upper_edge = [
        (0.5, -0.3 * gap - mouth.upper * 0.75),
        (0.16, -0.35 * gap - mouth.upper * 1.12),
        (0.0, -0.35 * gap - mouth.upper * 0.85),
    ];
    let lower_edge = [(0.5, 0.5 * gap + mouth.lower * 0.78), (0.0, 0.75 * gap + mouth.lower)];
    let (upper_edge, lower_edge) = (mirrored(&upper_edge, at), mirrored(&lower_edge, at));
    let inside = closed(&[&[from], upper_inner.as_slice(), &[to], &lower_inner].concat());
    if gap > 0.01 {
        canvas.fill(&inside, [0.25, 0.07, 0.07], 1.0);
        if let Some(within) = canvas.mask(&inside) {
            let teeth = [
                at(-0.72, -0.5 * gap - 0.02),
                at(0.72, -0.5 * gap - 0.02),
                at(0.62, 0.14 * gap + 0.01),
                at(0.0, 0.2 * gap + 0.015),
                at(-0.62, 0.14 * gap + 0.01),
            ];
            canvas.fill_inside(&closed(&teeth), [0.96, 0.94, 0.90], 1.0, Some(&within));
            canvas.glow(at(0.0, 0.75 * gap), 0.16 * unit, [0.78, 0.36, 0.36], 0.8, Some(&within));
        }
    }
    let upper = closed(&[&[from], upper_inner.as_slice(), &[to], upper_edge.as_slice()].concat());
    let mut lower_inner_forth = lower_inner;
    lower_inner_forth.reverse();
    let lower = closed(&[&[from], lower_inner_forth.as_slice(), &[to], lower_edge.as_slice()].concat());
    canvas.fill(&upper, shade(lips, 0.86), 1.0);
    canvas.fill(&lower, lips, 1.0);
    canvas.glow(at(0.0, 0.75 * gap + mouth.lower * 0.5), 0.13 * unit, shade(lips, 1.4), 0.35, None);
    let line = [&[from], upper_inner.as_slice(), &[to]].concat();
    canvas.line(&open(&line), 0.022 * unit, shade(lips, 0.38), 0.85, None);
    let dimple = 0.5 * head.moment.smile.max(0.0);
    for corner in [from, to] {
        canvas.glow(corner, 0.06 * unit, shade(head.identity.skin, 0.5), 0.3 + dimple, None);
    }
}
