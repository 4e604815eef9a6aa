//! Small pictures whose truth is known: a room of grey discs and, as coloured discs, the people in it. Each can be
//! resized, recompressed, cropped, turned and mirrored; what each then shows, and where, is computed beside the pixels.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage, imageops};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use crate::faces::edits::{Edit, Orientation, RelativeRect};
use crate::faces::image::resize;
use crate::types::FaceBox;

/// The colours of the people.
pub const PEOPLE: [[u8; 3]; 4] = [[225, 30, 30], [30, 190, 30], [45, 45, 235], [225, 215, 30]];

/// What somebody does to a picture and saves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    Half,
    Recompressed,
    Cropped,
    Turned,
    Mirrored,
}

impl Change {
    pub const ALL: [Self; 5] = [Self::Half, Self::Recompressed, Self::Cropped, Self::Turned, Self::Mirrored];

    pub fn of(number: u8) -> Self {
        Self::ALL[number as usize % Self::ALL.len()]
    }
}

/// A shot and what was done to it since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Picture {
    pub scene: u8,
    changes: [Option<Change>; 2],
}

/// A face of a picture: the same number in every edit.
pub(crate) type Slot = usize;

struct Scene {
    room: u64,
    people: &'static [(usize, Place)],
}

/// Left, top, width, height in pixels of the shot.
type Place = [f32; 4];

const SIZE: (u32, u32) = (160, 120);
const MIDDLE: Place = [64.0, 44.0, 32.0, 36.0];
const RIGHT: Place = [110.0, 40.0, 26.0, 30.0];
/// Cut off by a crop, and too small for the detector at half its size.
const LEFT: Place = [1.0, 40.0, 20.0, 22.0];
const CROP: [f32; 4] = [0.15, 0.07, 0.75, 0.86];
/// Bytes of a file.
const FILE: usize = 30_000;
/// The detector finds no smaller ones.
pub(crate) const LEAST_FACE: f32 = 11.5;

const SCENES: [Scene; 8] = [
    Scene { room: 0, people: &[(0, MIDDLE)] },
    // The same room and framing, somebody else.
    Scene { room: 0, people: &[(1, MIDDLE)] },
    // The same framing elsewhere.
    Scene { room: 1, people: &[(0, MIDDLE)] },
    Scene { room: 2, people: &[(1, MIDDLE), (2, RIGHT)] },
    // The two have changed places.
    Scene { room: 2, people: &[(2, MIDDLE), (1, RIGHT)] },
    Scene { room: 3, people: &[(3, MIDDLE), (0, LEFT)] },
    Scene { room: 4, people: &[] },
    Scene { room: 5, people: &[(2, MIDDLE)] },
];

pub(crate) const SHOTS: u8 = SCENES.len() as u8;
/// Scenes from here on are files that are no pictures.
const RUBBISH: u8 = 100;

impl Picture {
    pub(crate) fn shot(scene: u8) -> Self {
        Self { scene: scene % SHOTS, changes: [None; 2] }
    }

    pub fn rubbish(number: u8) -> Self {
        Self { scene: RUBBISH + number % 3, changes: [None; 2] }
    }

    pub(crate) fn is_rubbish(self) -> bool {
        self.scene >= RUBBISH
    }

    /// With one more change, or with the last one replaced. No two pictures are one to the last bit.
    pub fn edited(mut self, change: Change) -> Self {
        match self.changes {
            _ if self.is_rubbish() => {}
            [Some(Change::Mirrored), _] if change == Change::Mirrored => self.changes = [None; 2],
            [Some(Change::Recompressed), _] if change == Change::Recompressed => self.changes[1] = None,
            [Some(Change::Half), _] if matches!(change, Change::Mirrored | Change::Turned) => {
                self.changes = [Some(change), Some(Change::Half)]
            }
            [None, _] => self.changes[0] = Some(change),
            _ => self.changes[1] = Some(change),
        }
        self
    }

    fn changes(self) -> impl Iterator<Item = Change> {
        self.changes.into_iter().flatten()
    }

    /// Who it is, in truth.
    pub fn person(self, slot: Slot) -> usize {
        SCENES[self.scene as usize].people[slot].0
    }

    pub fn slots(self) -> usize {
        if self.is_rubbish() { 0 } else { SCENES[self.scene as usize].people.len() }
    }

    /// Where a face is, in pixels, and how much of it is inside.
    pub fn place(self, slot: Slot) -> (FaceBox, f32) {
        let [x, y, width, height] = SCENES[self.scene as usize].people[slot].1;
        let mut face = FaceBox { x, y, width, height };
        let mut size = [SIZE.0 as f32, SIZE.1 as f32];
        for change in self.changes() {
            let [w, h] = size;
            match change {
                Change::Half => (face, size) = (face.scaled(0.5), [w / 2.0, h / 2.0]),
                Change::Recompressed => {}
                Change::Mirrored => face.x = w - face.x - face.width,
                Change::Turned => {
                    let (x, y) = (h - face.y - face.height, face.x);
                    (face, size) = (FaceBox { x, y, width: face.height, height: face.width }, [h, w]);
                }
                Change::Cropped => {
                    (face.x, face.y) = (face.x - CROP[0] * w, face.y - CROP[1] * h);
                    size = [CROP[2] * w, CROP[3] * h];
                }
            }
        }
        let inside = |from: f32, length: f32, side: f32| ((from + length).min(side) - from.max(0.0)).max(0.0) / length;
        (face, inside(face.x, face.width, size[0]) * inside(face.y, face.height, size[1]))
    }

    /// Whether this was made from `old`, and how.
    pub(crate) fn edit_of(self, old: Self) -> Option<Edit> {
        let before: Vec<Change> = old.changes().collect();
        let after: Vec<Change> = self.changes().collect();
        if self.scene != old.scene || self.is_rubbish() || !after.starts_with(&before) {
            return None;
        }
        let mut edit = Edit::turn(Orientation::Same);
        for &change in &after[before.len()..] {
            match change {
                Change::Half | Change::Recompressed => {}
                Change::Turned => edit = turned(edit, Orientation::TurnedRight),
                Change::Mirrored => edit = turned(edit, Orientation::Mirrored),
                Change::Cropped => {
                    let RelativeRect { x, y, width, height } = edit.crop;
                    let (x, y) = (x + CROP[0] * width, y + CROP[1] * height);
                    edit.crop = RelativeRect { x, y, width: width * CROP[2], height: height * CROP[3] };
                }
            }
        }
        Some(edit)
    }

    /// Whether it was made from `old`, and shows enough of it that registration is to find that: of a crop of a crop too
    /// little is left of these small pictures.
    pub(crate) fn is_surely_edit_of(self, old: Self) -> bool {
        self.edit_of(old).is_some() && self.changes != [Some(Change::Cropped); 2]
    }

    pub(crate) fn pixels(self) -> RgbImage {
        let mut pixels = draw(&SCENES[self.scene as usize]);
        for change in self.changes() {
            let (width, height) = pixels.dimensions();
            pixels = match change {
                Change::Half => resize(&pixels, width / 2, height / 2),
                Change::Recompressed => image::load_from_memory(&jpeg(&pixels, 70)).unwrap().to_rgb8(),
                Change::Turned => imageops::rotate90(&pixels),
                Change::Mirrored => imageops::flip_horizontal(&pixels),
                Change::Cropped => {
                    let part = |share: f32, side: u32| (share * side as f32).round() as u32;
                    let [x, y, w, h] =
                        [(0, width), (1, height), (2, width), (3, height)].map(|(i, s)| part(CROP[i], s));
                    imageops::crop_imm(&pixels, x, y, w, h).to_image()
                }
            };
        }
        pixels
    }

    /// As a file; `comment` is written beside the picture and changes nothing that it shows. All files have one size.
    pub fn bytes(self, comment: u8) -> Arc<Vec<u8>> {
        static FILES: LazyLock<Mutex<HashMap<(Picture, u8), Arc<Vec<u8>>>>> = LazyLock::new(Mutex::default);
        let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bytes) = files.get(&(self, comment)) {
            return bytes.clone();
        }
        let bytes = Arc::new(match self.is_rubbish() {
            true => [vec![0xff, 0xd8, 0xff, self.scene], vec![0; FILE - 4]].concat(),
            false => commented(jpeg(&self.pixels(), 92), comment),
        });
        let hash = Sha256::digest(bytes.as_slice()).into();
        let before = KNOWN.lock().unwrap_or_else(PoisonError::into_inner).insert(hash, self);
        assert!(before.is_none_or(|before| before == self), "{self:?} is {before:?}");
        files.insert((self, comment), bytes.clone());
        bytes
    }

    /// The picture of a file that was written here.
    pub(crate) fn of_file(sha256: &[u8; 32]) -> Option<Self> {
        KNOWN.lock().unwrap_or_else(PoisonError::into_inner).get(sha256).copied()
    }
}

static KNOWN: LazyLock<Mutex<HashMap<[u8; 32], Picture>>> = LazyLock::new(Mutex::default);

fn turned(edit: Edit, turn: Orientation) -> Edit {
    let both = |point| turn.apply(edit.orientation.apply(point));
    let points = [[0.2, 0.3], [0.9, 0.4]];
    let is_near = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).abs() + (a[1] - b[1]).abs() < 1e-4;
    let orientation = Orientation::ALL.into_iter().find(|one| points.iter().all(|&p| is_near(one.apply(p), both(p))));
    let RelativeRect { x, y, width, height } = edit.crop;
    let ([ax, ay], [bx, by]) = (turn.apply([x, y]), turn.apply([x + width, y + height]));
    let crop = RelativeRect { x: ax.min(bx), y: ay.min(by), width: (bx - ax).abs(), height: (by - ay).abs() };
    Edit { orientation: orientation.unwrap(), crop }
}

fn jpeg(pixels: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(pixels).unwrap();
    bytes
}

fn commented(mut jpeg: Vec<u8>, comment: u8) -> Vec<u8> {
    let length = (FILE - jpeg.len() - 2) as u16;
    let text = vec![comment; length as usize - 2];
    jpeg.splice(2..2, [vec![0xff, 0xfe], length.to_be_bytes().to_vec(), text].concat());
    jpeg
}

fn draw(scene: &Scene) -> RgbImage {
    let mut rng = ChaCha8Rng::seed_from_u64(scene.room);
    let mut disc = || {
        let place = [rng.random_range(0.0..SIZE.0 as f32), rng.random_range(0.0..SIZE.1 as f32)];
        (place, rng.random_range(6.0..24.0_f32), rng.random_range(20.0..235.0_f32))
    };
    let discs: Vec<_> = (0..30).map(|_| disc()).collect();
    let grain: Vec<f32> = (0..SIZE.0 * SIZE.1).map(|_| rng.random_range(-4.0..4.0)).collect();
    RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
        let is_on =
            |[left, top, width, height]: Place| ((px - left) / width - 0.5).hypot((py - top) / height - 0.5) < 0.5;
        if let Some((person, _)) = scene.people.iter().find(|(_, place)| is_on(*place)) {
            return Rgb(PEOPLE[*person]);
        }
        let disc = discs.iter().find(|([left, top], radius, _)| (px - left).hypot(py - top) < *radius);
        let value = disc.map_or(128.0, |(_, _, value)| *value) + grain[(y * SIZE.0 + x) as usize];
        Rgb([value.clamp(0.0, 255.0) as u8; 3])
    })
}
