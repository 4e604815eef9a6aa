//! Clothes, glasses, and what gets in the way.

use resvg::tiny_skia::Path;

use super::canvas::{Canvas, Colour, closed, open, polygon, shade};
use super::head::{Head, mirrored};
use super::identity::{Glasses, GlassesFrame, HairStyle};
use super::variation::{Collar, Occlusion};

/// Neck and shoulders.
pub(super) fn draw_body(canvas: &mut Canvas, head: &Head) {
    let (skin, unit) = (head.identity.skin, head.unit());
    let clothes = head.moment.clothes;
    let body = |x: f32, y: f32| head.body(x, y);
    if clothes.collar == Collar::Hood {
        let hood = mirrored(&[(-0.95, 2.1), (-1.02, 1.7), (-0.72, 1.38)], body);
        canvas.fill(&closed(&hood), shade(clothes.ink, 0.72), 1.0);
    }
    let shoulder = [(-0.52, 1.86), (-1.1, 2.05), (-1.85, 2.35), (-2.25, 3.0)];
    let side = [(-2.35, 3.8), (-2.45, 6.0), (-2.6, 16.0)];
    canvas.fill(&closed(&mirrored(&[&shoulder[..], &side].concat(), body)), clothes.ink, 1.0);
    for side in [-1.0, 1.0] {
        let sleeve = [body(side * 1.55, 2.6), body(side * 1.5, 3.4), body(side * 1.55, 5.5)];
        canvas.line(&open(&sleeve), 0.05 * unit, shade(clothes.ink, 0.7), 0.6, None);
    }
    let neck = mirrored(&[(-0.50, 0.8), (-0.50, 1.55), (-0.72, 1.98), (0.0, 2.28)], body);
    canvas.fill(&closed(&neck), shade(skin, 0.86), 1.0);
    // The chin's shadow.
    let throat = canvas.mask(&closed(&neck));
    canvas.glow(head.rim(0.0, 1.35), 0.85 * unit, shade(skin, 0.45), 0.75, throat.as_ref());
    draw_collar(canvas, head);
}

fn draw_collar(canvas: &mut Canvas, head: &Head) {
    let clothes = head.moment.clothes;
    let unit = head.unit();
    let body = |x: f32, y: f32| head.body(x, y);
    match clothes.collar {
        Collar::Round => {
            let hem = [body(-0.74, 1.95), body(-0.45, 2.22), body(0.0, 2.34), body(0.45, 2.22), body(0.74, 1.95)];
            canvas.line(&open(&hem), 0.14 * unit, shade(clothes.ink, 0.8), 1.0, None);
        }
        Collar::Shirt => {
            for side in [-1.0, 1.0] {
                let flap = [body(side * 0.50, 1.70), body(side * 0.80, 2.02), body(side * 0.52, 2.62), body(0.0, 2.30)];
                canvas.fill(&polygon(&flap), shade(clothes.trim, 1.08), 1.0);
                canvas.line(&polygon(&flap), 0.02 * unit, shade(clothes.trim, 0.6), 0.8, None);
            }
        }
        Collar::Hood => {
            let cord = |side: f32| open(&[body(side * 0.36, 2.25), body(side * 0.40, 2.7), body(side * 0.36, 3.1)]);
            for side in [-1.0, 1.0] {
                canvas.line(&cord(side), 0.06 * unit, clothes.trim, 1.0, None);
            }
        }
    }
}

/// Glasses, if this is a day of wearing them and nothing else is on the nose.
pub(super) fn draw_glasses(canvas: &mut Canvas, head: &Head) {
    if let Occlusion::Sunglasses = head.moment.obstacle {
        let dark =
            Glasses { frame: GlassesFrame::Wide, ink: [0.05, 0.05, 0.06], size: 0.37, thickness: 0.05, habit: 1.0 };
        draw_frame(canvas, head, &dark, Some(([0.06, 0.06, 0.08], 0.94)));
    } else if let Some(glasses) = &head.identity.glasses
        && head.moment.glasses_chance < glasses.habit
    {
        draw_frame(canvas, head, glasses, None);
    }
}

fn draw_frame(canvas: &mut Canvas, head: &Head, glasses: &Glasses, tint: Option<(Colour, f32)>) {
    let unit = head.unit();
    let width = glasses.thickness * unit;
    for side in [-1.0, 1.0] {
        let lens = lens(head, glasses, side);
        match tint {
            Some((ink, alpha)) => canvas.fill(&lens, ink, alpha),
            None => canvas.fill(&lens, [0.85, 0.92, 1.0], 0.10),
        }
        let glint = [head.in_space(side * 0.44 - 0.14, -0.08, 0.95), head.in_space(side * 0.44 + 0.02, -0.16, 0.95)];
        canvas.line(&open(&glint), 0.05 * unit, [1.0; 3], 0.28, None);
        canvas.line(&lens, width, glasses.ink, 1.0, None);
        let arm = [
            head.in_space(side * (0.44 + glasses.size), -0.04, 0.80),
            head.rim(side * head.identity.face.width * 1.02, 0.0),
        ];
        canvas.line(&open(&arm), width, shade(glasses.ink, 0.85), 1.0, None);
    }
    let inner = 0.44 - glasses.size;
    let bridge =
        [head.in_space(-inner, -0.02, 0.98), head.in_space(0.0, -0.07, 1.04), head.in_space(inner, -0.02, 0.98)];
    canvas.line(&open(&bridge), width, glasses.ink, 1.0, None);
}

fn lens(head: &Head, glasses: &Glasses, side: f32) -> Option<Path> {
    let size = glasses.size;
    let point = |x: f32, y: f32| head.in_space(side * (0.44 + x * size), 0.02 + y * size, 0.93);
    // Around the lens from its left corner over the top.
    let (across, down) = match glasses.frame {
        GlassesFrame::Round => {
            ([-0.95, -0.67, 0.0, 0.67, 0.95, 0.67, 0.0, -0.67], [0.0, -0.67, -0.95, -0.67, 0.0, 0.67, 0.95, 0.67])
        }
        GlassesFrame::Square => {
            ([-0.95, -0.85, 0.0, 0.9, 1.0, 0.9, 0.0, -0.85], [-0.35, -0.66, -0.72, -0.66, -0.3, 0.5, 0.66, 0.5])
        }
        GlassesFrame::Wide => {
            ([-0.92, -0.5, 0.5, 1.05, 0.95, 0.45, -0.3, -0.85], [-0.3, -0.52, -0.60, -0.52, 0.1, 0.5, 0.52, 0.2])
        }
    };
    let points: [[f32; 2]; 8] = std::array::from_fn(|at| point(across[at], down[at]));
    closed(&points)
}

/// Caps, scarves and things held before the face: last of all.
pub(super) fn draw_obstacle(canvas: &mut Canvas, head: &Head) {
    match head.moment.obstacle {
        Occlusion::Nothing | Occlusion::Sunglasses => {}
        // No cap fits over an afro.
        Occlusion::Cap { .. } if matches!(head.identity.hair.style, HairStyle::Afro | HairStyle::Curly) => {}
        Occlusion::Cap { ink } => draw_cap(canvas, head, ink),
        Occlusion::Scarf { ink } => {
            let face = &head.identity.face;
            let half = [(face.width * 0.98, 0.62), (face.width * 1.05, 1.1), (0.95, 1.7), (0.7, 2.1)];
            let mut points = vec![head.at(0.0, 0.62)];
            points.extend(mirrored(&half, |x, y| head.rim(x, y)));
            canvas.fill(&closed(&points), ink, 1.0);
            for row in 0..4 {
                let y = 0.85 + 0.3 * row as f32;
                let fold = [head.rim(-0.8, y), head.at(0.0, y + 0.14), head.rim(0.8, y - 0.02)];
                canvas.line(&open(&fold), 0.06 * head.unit(), shade(ink, 0.7), 0.6, None);
            }
        }
        Occlusion::Object { at: [x, y], ink } => {
            let corner = |dx: f32, dy: f32| head.in_space(x + dx, y + dy, 1.3);
            let cup = [corner(-0.42, -0.45), corner(0.42, -0.45), corner(0.34, 0.5), corner(-0.34, 0.5)];
            canvas.fill(&polygon(&cup), ink, 1.0);
            canvas.line(&open(&cup[..2]), 0.1 * head.unit(), shade(ink, 1.3), 1.0, None);
            for finger in 0..4 {
                let up = 0.22 * finger as f32 - 0.28;
                let points = [corner(0.46, up + 0.08), corner(0.0, up), corner(-0.2, up + 0.02)];
                canvas.line(&open(&points), 0.19 * head.unit(), shade(head.identity.skin, 0.93), 1.0, None);
            }
        }
    }
}

fn draw_cap(canvas: &mut Canvas, head: &Head, ink: Colour) {
    let face = &head.identity.face;
    let wide = face.width * 1.10;
    let top = [(-wide, -0.42), (-wide * 0.94, -0.95), (-0.5 * wide, face.top_y - 0.22), (0.0, face.top_y - 0.32)];
    let mut crown = mirrored(&top, |x, y| head.rim(x, y));
    crown.extend(mirrored(&[(0.5, -0.56), (0.0, -0.60)], |x, y| head.at(x, y)));
    canvas.fill(&closed(&crown), ink, 1.0);
    let seam = [head.rim(0.0, face.top_y - 0.32), head.at(0.02, -0.9), head.at(0.0, -0.6)];
    canvas.line(&open(&seam), 0.03 * head.unit(), shade(ink, 0.7), 0.7, None);
    let brim = [
        head.in_space(-0.82, -0.52, 0.6),
        head.in_space(-0.5, -0.62, 0.95),
        head.in_space(0.0, -0.66, 1.05),
        head.in_space(0.5, -0.62, 0.95),
        head.in_space(0.82, -0.52, 0.6),
        head.in_space(0.62, -0.48, 1.5),
        head.in_space(0.0, -0.50, 1.75),
        head.in_space(-0.62, -0.48, 1.5),
    ];
    canvas.fill(&closed(&brim), shade(ink, 0.78), 1.0);
}
