//! Whole pictures: the background, the people before it, the camera.

use ::image::{ImageFormat, RgbImage};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use resvg::tiny_skia::{Pixmap, PixmapPaint, Transform};
use serde::{Deserialize, Serialize};

use super::canvas::{Canvas, Colour, between, circle, polygon, shade};
use super::head::Head;
use super::identity::Identity;
use super::variation::{Moment, Shot};
use super::{face, finish, hair, wear};
use crate::types::{FaceBox, Landmarks};

/// What is known about one face of a synthetic photo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Index of the person.
    pub person: u32,
    pub face_box: FaceBox,
    pub landmarks: Landmarks,
}

impl Truth {
    /// An aligned crop has its landmarks where the template says, give or take a detector's error.
    pub(super) fn of_crop(person: u32, size: u32) -> Self {
        let side = size as f32;
        let face_box = FaceBox { x: 0.0, y: 0.0, width: side, height: side };
        Self { person, face_box, landmarks: Landmarks::template(size, size) }
    }
}

/// The face of a person, aligned as `align` aligns a detected one, with the small errors that a detector
/// makes; `variation` chooses pose, expression, clothes, light, camera and background.
pub fn render_crop(identity: &Identity, variation: u64, size: u32) -> RgbImage {
    let rng = &mut ChaCha8Rng::seed_from_u64(variation);
    let moment = Moment::sample(rng);
    let shot = Shot::sample(rng);
    let mut target = Landmarks::template(size, size);
    let error = 0.012 * size as f32;
    for value in target.0.iter_mut().flatten() {
        *value += rng.random_range(-error..error);
    }
    let mut canvas = Canvas::new(size, size);
    draw_background(&mut canvas, rng);
    let head = Head::aligned(identity, &moment, &target);
    let mut person = draw_person(&head, size, size);
    finish::light(&mut person, &head, &shot);
    canvas.pixmap.draw_pixmap(0, 0, person.as_ref(), &PixmapPaint::default(), Transform::identity(), None);
    let picture = finish::expose(&canvas.pixmap, &shot);
    if shot.jpeg_quality >= 80 { picture } else { through_jpeg(picture, shot.jpeg_quality) }
}

fn through_jpeg(picture: RgbImage, quality: u8) -> RgbImage {
    let bytes = finish::jpeg(&picture, quality);
    match ::image::load_from_memory_with_format(&bytes, ImageFormat::Jpeg) {
        Ok(decoded) => decoded.into_rgb8(),
        // Only an encoder that writes what its decoder cannot read gets here.
        Err(_) => picture,
    }
}

/// A photo of the given people (their index and who they are), side by side, with the truth about each face from left
/// to right, and the quality to write it as JPEG.
pub fn render_photo(people: &[(u32, &Identity)], size: (u32, u32), variation: u64) -> (RgbImage, Vec<Truth>, u8) {
    let rng = &mut ChaCha8Rng::seed_from_u64(variation);
    let (width, height) = size;
    let shot = Shot::sample(rng);
    let mut canvas = Canvas::new(width, height);
    draw_background(&mut canvas, rng);
    let moments: Vec<Moment> = people.iter().map(|_| Moment::sample(rng)).collect();
    let heads: Vec<Head> = people
        .iter()
        .zip(&moments)
        .enumerate()
        .map(|(place, ((_, identity), moment))| placed(rng, identity, moment, place, people.len(), size))
        .collect();
    // The nearer stand before the others.
    let mut order: Vec<usize> = (0..heads.len()).collect();
    order.sort_by(|&a, &b| heads[a].unit().total_cmp(&heads[b].unit()));
    for index in order {
        add_person(&mut canvas.pixmap, &heads[index], &shot);
    }
    let truth = heads.iter().zip(people).map(|(head, (person, _))| Truth {
        person: *person,
        face_box: head.face_box(),
        landmarks: head.landmarks(),
    });
    (finish::expose(&canvas.pixmap, &shot), truth.collect(), shot.jpeg_quality)
}

/// The `place`th of `count` columns; a face is at most 2.8 units wide, however it turns, so faces never overlap.
fn placed<'a>(
    rng: &mut impl Rng,
    identity: &'a Identity,
    moment: &'a Moment,
    place: usize,
    count: usize,
    (width, height): (u32, u32),
) -> Head<'a> {
    let (width, height) = (width as f32, height as f32);
    let column = width / count as f32;
    let unit = (column / 3.0).min(height / 5.2) * rng.random_range(0.65..1.0);
    let slack = (column / 2.0 - 1.4 * unit).max(0.0);
    let x = (place as f32 + 0.5) * column + rng.random_range(-1.0..1.0) * slack;
    // Hair fits in above, the chest below.
    let (highest, lowest) = (2.0 * unit, (height - 3.0 * unit).max(2.0 * unit + 1.0));
    let y = highest + (lowest - highest) * rng.random_range(0.4..1.0);
    Head::placed(identity, moment, [x, y], unit)
}

/// Draws a person into a patch of their own, so that masks and light cost no more than the person's size.
fn add_person(photo: &mut Pixmap, head: &Head, shot: &Shot) {
    let unit = head.unit();
    let [x, y] = head.body(0.0, 0.0);
    let (left, top) = ((x - 3.2 * unit).floor(), (y - 2.6 * unit).floor());
    let (width, height) = ((6.4 * unit).ceil(), (photo.height() as f32 - top).max(1.0));
    let moved = head.moved(-left, -top);
    let mut person = draw_person(&moved, width as u32, height as u32);
    finish::light(&mut person, &moved, shot);
    let paint = PixmapPaint::default();
    photo.draw_pixmap(left as i32, top as i32, person.as_ref(), &paint, Transform::identity(), None);
}

fn draw_person(head: &Head, width: u32, height: u32) -> Pixmap {
    let mut canvas = Canvas::new(width, height);
    hair::draw_back(&mut canvas, head);
    wear::draw_body(&mut canvas, head);
    face::draw_ears(&mut canvas, head);
    let inside = face::draw_skin(&mut canvas, head);
    let within = inside.as_ref();
    face::draw_marks(&mut canvas, head, within);
    hair::draw_beard(&mut canvas, head, within);
    face::draw_mouth(&mut canvas, head);
    face::draw_eyes(&mut canvas, head);
    face::draw_nose(&mut canvas, head);
    hair::draw_brows(&mut canvas, head, within);
    hair::draw_front(&mut canvas, head);
    wear::draw_glasses(&mut canvas, head);
    wear::draw_obstacle(&mut canvas, head);
    canvas.pixmap
}

fn draw_background(canvas: &mut Canvas, rng: &mut impl Rng) {
    let (width, height) = (canvas.pixmap.width() as f32, canvas.pixmap.height() as f32);
    match rng.random_range(0..4) {
        0 => draw_wall(canvas, rng, width, height),
        1 => draw_landscape(canvas, rng, width, height),
        2 => draw_night(canvas, rng, width, height),
        _ => draw_shelves(canvas, rng, width, height),
    }
}

fn any_ink(rng: &mut impl Rng, low: f32, high: f32) -> Colour {
    std::array::from_fn(|_| rng.random_range(low..high))
}

fn rectangle(x: f32, y: f32, width: f32, height: f32) -> Option<resvg::tiny_skia::Path> {
    polygon(&[[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
}

/// A plain wall with a soft spot of light and perhaps a frame on it.
fn draw_wall(canvas: &mut Canvas, rng: &mut impl Rng, width: f32, height: f32) {
    let ink = any_ink(rng, 0.45, 0.9);
    canvas.fill(&rectangle(0.0, 0.0, width, height), shade(ink, 0.85), 1.0);
    let spot = [rng.random_range(0.0..width), rng.random_range(0.0..height)];
    canvas.glow(spot, 0.9 * width.max(height), shade(ink, 1.2), 0.9, None);
    if rng.random_bool(0.5) {
        let (x, y) = (rng.random_range(0.0..0.8) * width, rng.random_range(0.02..0.3) * height);
        let (w, h) = (rng.random_range(0.12..0.3) * width, rng.random_range(0.15..0.35) * height);
        canvas.fill(&rectangle(x, y, w, h), any_ink(rng, 0.2, 0.5), 1.0);
        canvas.fill(&rectangle(x + 0.06 * w, y + 0.06 * h, 0.88 * w, 0.88 * h), any_ink(rng, 0.4, 0.95), 1.0);
    }
}

/// Sky, hills, and a meadow.
fn draw_landscape(canvas: &mut Canvas, rng: &mut impl Rng, width: f32, height: f32) {
    let sky = between([0.45, 0.66, 0.92], [0.96, 0.78, 0.62], rng.random_range(0.0..1.0));
    canvas.fill(&rectangle(0.0, 0.0, width, height), sky, 1.0);
    canvas.glow([rng.random_range(0.0..width), 0.1 * height], 0.8 * width, [1.0, 0.98, 0.9], 0.7, None);
    for row in 0..3 {
        let level = height * (0.42 + 0.17 * row as f32);
        let green = between([0.50, 0.62, 0.58], [0.24, 0.42, 0.17], row as f32 / 2.0);
        let ink = shade(green, rng.random_range(0.8..1.2));
        let mut points = vec![[0.0, height]];
        points.extend((0..=6).map(|step| [width * step as f32 / 6.0, level - rng.random_range(0.0..0.12) * height]));
        points.push([width, height]);
        canvas.fill(&polygon(&points), ink, 1.0);
    }
}

/// Lights out of focus.
fn draw_night(canvas: &mut Canvas, rng: &mut impl Rng, width: f32, height: f32) {
    canvas.fill(&rectangle(0.0, 0.0, width, height), any_ink(rng, 0.05, 0.3), 1.0);
    for _ in 0..18 {
        let at = [rng.random_range(0.0..width), rng.random_range(0.0..height)];
        let radius = rng.random_range(0.02..0.09) * width.max(height);
        canvas.fill(&circle(at, radius), any_ink(rng, 0.35, 1.0), rng.random_range(0.15..0.5));
    }
}

/// A wall of books.
fn draw_shelves(canvas: &mut Canvas, rng: &mut impl Rng, width: f32, height: f32) {
    const WOOD: Colour = [0.36, 0.25, 0.17];
    canvas.fill(&rectangle(0.0, 0.0, width, height), shade(WOOD, 0.6), 1.0);
    let row_height = height / 4.0;
    for row in 0..4 {
        let floor = (row as f32 + 0.94) * row_height;
        let mut x = 0.0;
        while x < width {
            let book = rng.random_range(0.025..0.065) * width.max(height);
            let tall = rng.random_range(0.6..0.86) * row_height;
            let ink = between(any_ink(rng, 0.15, 0.75), WOOD, 0.45);
            canvas.fill(&rectangle(x, floor - tall, book * 0.92, tall), ink, 1.0);
            x += book;
        }
        canvas.fill(&rectangle(0.0, floor, width, 0.06 * row_height), WOOD, 1.0);
    }
}
