//! Drawn faces and scenes, the same for the same numbers.

use likeness::app::engine::picture::{ImageKey, Picture};

/// Any picture that is asked for.
pub fn draw(key: ImageKey) -> Picture {
    match key {
        ImageKey::Face(face) => portrait(face.0 as u64 / 10, face.0 as u64, 160),
        ImageKey::Thumbnail(photo) => scene(photo.0 as u64, 160),
        ImageKey::Large(photo) => scene(photo.0 as u64, 480),
        ImageKey::Seen { image, .. } => {
            let landmarks = Some([[0.4, 0.47], [0.6, 0.47], [0.5, 0.58], [0.43, 0.69], [0.57, 0.69]]);
            Picture { landmarks, ..portrait(u64::from(image) % 8, u64::from(image), 112) }
        }
        ImageKey::Judged { image, .. } => portrait(u64::from(image) % 8, u64::from(image), 250),
    }
}

/// A drawn head: `person` fixes skin, hair and face, `take` light and turn.
pub fn portrait(person: u64, take: u64, side: u32) -> Picture {
    let skin =
        [[236, 198, 170], [198, 145, 108], [141, 91, 62], [248, 216, 196], [172, 118, 82]][(person % 5) as usize];
    let hair = [[52, 38, 30], [122, 82, 44], [24, 22, 26], [190, 160, 104], [150, 150, 156], [110, 44, 30]]
        [(hash(person) % 6) as usize];
    let backdrop =
        [(hash(take) % 60 + 110) as i32, (hash(take + 7) % 60 + 120) as i32, (hash(take + 13) % 60 + 130) as i32];
    let turn = (hash(take + 29) % 100) as f32 / 100.0 - 0.5;
    let width = 0.27 + (hash(person + 3) % 100) as f32 / 1600.0;
    let long_hair = hash(person + 11).is_multiple_of(2);
    paint(side, side, |x, y| {
        let (dx, dy) = (x - 0.5 - turn * 0.06, y - 0.52);
        let light = 1.0 - 0.25 * (x - 0.3) - 0.1 * y;
        let ellipse = |cx: f32, cy: f32, rx: f32, ry: f32| ((dx - cx) / rx).powi(2) + ((dy - cy) / ry).powi(2) < 1.0;
        let eyes = turn * 0.05;
        let colour = if ellipse(eyes - 0.1, -0.05, 0.022, 0.018) || ellipse(eyes + 0.1, -0.05, 0.022, 0.018) {
            [40, 30, 28]
        } else if ellipse(eyes, 0.17, 0.08, 0.018) {
            [170, 84, 80]
        } else if ellipse(0.0, 0.0, width, 0.33) && dy > -0.22 + 0.3 * dx * dx {
            skin.map(|c| c - (if ellipse(eyes + 0.02, 0.06, 0.03, 0.05) { 14 } else { 0 }))
        } else if ellipse(0.0, -0.06, width + 0.05, 0.36) && (dy < 0.05 || long_hair) {
            hair
        } else if ellipse(0.0, 0.62, 0.44, 0.34) {
            [(hash(person + 5) % 120 + 60) as i32, (hash(person + 6) % 120 + 60) as i32, 110]
        } else {
            backdrop
        };
        colour.map(|c| (c as f32 * light).clamp(0.0, 255.0) as u8)
    })
}

/// A landscape: sky, hills, and sometimes a sun.
fn scene(seed: u64, long_side: u32) -> Picture {
    let tall = seed.is_multiple_of(3);
    let (width, height) = if tall { (long_side * 3 / 4, long_side) } else { (long_side, long_side * 3 / 4) };
    let hue = hash(seed) % 4;
    let horizon = 0.45 + (hash(seed + 1) % 30) as f32 / 100.0;
    paint(width, height, |x, y| {
        let hill = horizon + 0.08 * ((x * 5.0 + seed as f32).sin() + (x * 11.0).cos() * 0.4);
        let sun = (x - 0.7).powi(2) + (y - 0.2).powi(2) < 0.006 && hue != 1;
        let base = if sun {
            [255, 236, 190]
        } else if y < hill {
            [[140, 186, 226], [176, 186, 196], [236, 178, 140], [120, 150, 200]][hue as usize]
        } else {
            [[98, 138, 84], [84, 104, 96], [120, 92, 70], [76, 110, 120]][hue as usize]
        };
        base.map(|c| (c as f32 * (1.08 - 0.3 * y)).clamp(0.0, 255.0) as u8)
    })
}

fn paint(width: u32, height: u32, colour_at: impl Fn(f32, f32) -> [u8; 3]) -> Picture {
    let mut rgba = Vec::with_capacity((width * height * 4) as usize);
    for y in 0..height {
        for x in 0..width {
            let [r, g, b] = colour_at((x as f32 + 0.5) / width as f32, (y as f32 + 0.5) / height as f32);
            rgba.extend([r, g, b, 255]);
        }
    }
    Picture { width, height, rgba, landmarks: None }
}

fn hash(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}
