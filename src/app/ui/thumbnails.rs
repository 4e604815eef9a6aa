//! The pictures on show: a bounded cache of textures, filled by the jobs.
//!
//! While drawing, a view asks for a picture by its key; what is missing is noted. Between frames, `logic` sends the
//! noted keys, the latest frame's only, so that what has been scrolled past is never decoded, and at most
//! [`Thumbnails::IN_FLIGHT`] at a time, so that nothing queues up. The least recently seen textures go first.

use std::collections::HashMap;

use eframe::egui::{self, ColorImage, TextureHandle, TextureOptions, Vec2};

use crate::app::engine::picture::{ImageKey, Picture};

/// What there is to draw for a key.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Drawable {
    /// Asked for.
    Loading,
    Failed,
    Ready {
        texture: egui::TextureId,
        size: Vec2,
    },
}

impl Drawable {
    /// A texture, where there is one.
    pub fn of(texture: Option<&TextureHandle>) -> Self {
        texture.map_or(Self::Failed, |texture| Self::Ready { texture: texture.id(), size: texture.size_vec2() })
    }
}

/// A texture of its own for a picture; none where the pixels do not fill the size.
pub(crate) fn texture_of(ctx: &egui::Context, name: &str, picture: &Picture) -> Option<TextureHandle> {
    Some(ctx.load_texture(name, colour_image(picture)?, TextureOptions::LINEAR))
}

enum Entry {
    InFlight,
    Failed,
    Ready { texture: TextureHandle, landmarks: Option<[[f32; 2]; 5]>, seen_in_frame: u64 },
}

#[derive(Default)]
pub(crate) struct Thumbnails {
    entries: HashMap<ImageKey, Entry>,
    wanted: Vec<ImageKey>,
    frame: u64,
    in_flight: usize,
    texture_bytes: usize,
}

impl Thumbnails {
    /// Requests under way at a time.
    const IN_FLIGHT: usize = 24;
    /// What the textures may take.
    const LIMIT_BYTES: usize = 256 << 20;

    /// What to draw for `key` in this frame.
    pub fn get(&mut self, key: ImageKey) -> Drawable {
        match self.entries.get_mut(&key) {
            Some(Entry::Ready { texture, seen_in_frame, .. }) => {
                *seen_in_frame = self.frame;
                Drawable::of(Some(texture))
            }
            Some(Entry::Failed) => Drawable::Failed,
            Some(Entry::InFlight) => Drawable::Loading,
            None => {
                self.wanted.push(key);
                Drawable::Loading
            }
        }
    }

    /// The landmarks of a crop that is there, in shares of its width and height.
    pub fn landmarks(&self, key: ImageKey) -> Option<[[f32; 2]; 5]> {
        match self.entries.get(&key) {
            Some(Entry::Ready { landmarks, .. }) => *landmarks,
            _ => None,
        }
    }

    /// A new frame begins: what the last one wanted and did not get is forgotten.
    pub fn begin_frame(&mut self) {
        self.frame += 1;
        self.wanted.clear();
    }

    /// The next key to ask for, while there is room.
    pub fn next_wanted(&mut self) -> Option<ImageKey> {
        if self.in_flight >= Self::IN_FLIGHT {
            return None;
        }
        self.wanted.sort_by_key(|key| matches!(key, ImageKey::Large(_) | ImageKey::Judged { .. }));
        while !self.wanted.is_empty() {
            let key = self.wanted.remove(0);
            if !self.entries.contains_key(&key) {
                self.entries.insert(key, Entry::InFlight);
                self.in_flight += 1;
                return Some(key);
            }
        }
        None
    }

    /// The request could not be sent: the key is asked for again when it is next seen.
    pub fn give_back(&mut self, key: ImageKey) {
        if matches!(self.entries.get(&key), Some(Entry::InFlight)) {
            self.entries.remove(&key);
            self.in_flight -= 1;
        }
    }

    pub fn receive(&mut self, ctx: &egui::Context, key: ImageKey, picture: Result<Picture, String>) {
        if !matches!(self.entries.get(&key), Some(Entry::InFlight)) {
            return;
        }
        self.in_flight -= 1;
        let picture = picture.ok().and_then(|picture| Some((colour_image(&picture)?, picture.landmarks)));
        let entry = match picture {
            Some((image, landmarks)) => {
                self.texture_bytes += image.pixels.len() * 4;
                let texture = ctx.load_texture(format!("{key:?}"), image, TextureOptions::LINEAR);
                Entry::Ready { texture, landmarks, seen_in_frame: self.frame }
            }
            None => Entry::Failed,
        };
        self.entries.insert(key, entry);
        self.evict(key);
    }

    /// Lets what failed be asked for again.
    pub fn forget_failed(&mut self) {
        self.entries.retain(|_, entry| !matches!(entry, Entry::Failed));
    }

    fn evict(&mut self, newest: ImageKey) {
        while self.texture_bytes > Self::LIMIT_BYTES {
            let oldest = self
                .entries
                .iter()
                .filter_map(|(key, entry)| match entry {
                    Entry::Ready { seen_in_frame, .. } if *key != newest => Some((*seen_in_frame, *key)),
                    _ => None,
                })
                .min_by_key(|(seen, _)| *seen);
            let Some((_, key)) = oldest else { return };
            if let Some(Entry::Ready { texture, .. }) = self.entries.remove(&key) {
                let [width, height] = texture.size();
                self.texture_bytes -= width * height * 4;
            }
        }
    }
}

fn colour_image(picture: &Picture) -> Option<ColorImage> {
    let (width, height) = (picture.width as usize, picture.height as usize);
    (width > 0 && height > 0 && picture.rgba.len() == width * height * 4)
        .then(|| ColorImage::from_rgba_unmultiplied([width, height], &picture.rgba))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{FaceId, PhotoId};

    fn picture(side: u32) -> Picture {
        Picture { width: side, height: side, rgba: vec![128; (side * side * 4) as usize], landmarks: None }
    }

    fn key(id: i64) -> ImageKey {
        ImageKey::Thumbnail(PhotoId(id))
    }

    #[test]
    fn asks_once_and_only_for_what_the_last_frame_saw() {
        let ctx = egui::Context::default();
        let mut images = Thumbnails::default();
        assert_eq!(images.get(key(1)), Drawable::Loading);
        images.begin_frame();
        assert_eq!(images.next_wanted(), None, "frame 1's wish is over");
        images.get(key(2));
        images.get(key(2));
        assert_eq!(images.next_wanted(), Some(key(2)));
        assert_eq!(images.next_wanted(), None);
        images.receive(&ctx, key(2), Ok(picture(4)));
        assert!(matches!(images.get(key(2)), Drawable::Ready { size, .. } if size == Vec2::splat(4.0)));
        images.receive(&ctx, key(9), Ok(picture(4)));
        assert_eq!(images.get(key(9)), Drawable::Loading, "nobody asked for it");
    }

    #[test]
    fn no_more_requests_are_under_way_than_allowed() {
        let mut images = Thumbnails::default();
        for id in 0..100 {
            images.get(key(id));
        }
        let sent = std::iter::from_fn(|| images.next_wanted()).count();
        assert_eq!(sent, Thumbnails::IN_FLIGHT);
        images.give_back(key(0));
        images.get(ImageKey::Face(FaceId(1)));
        assert!(images.next_wanted().is_some());
    }

    #[test]
    fn the_least_recently_seen_texture_goes_first() {
        let ctx = egui::Context::default();
        let mut images = Thumbnails::default();
        let side = 2048;
        let fitting = Thumbnails::LIMIT_BYTES / (side * side * 4) as usize;
        for id in 0..=fitting as i64 {
            images.begin_frame();
            images.get(key(id));
            images.get(key(0));
            while images.next_wanted().is_some() {}
            images.receive(&ctx, key(id), Ok(picture(side)));
        }
        assert!(images.texture_bytes <= Thumbnails::LIMIT_BYTES);
        assert!(matches!(images.get(key(0)), Drawable::Ready { .. }), "seen in every frame");
        assert_eq!(images.get(key(1)), Drawable::Loading, "seen longest ago");
    }

    #[test]
    fn a_broken_picture_is_not_asked_for_again() {
        let ctx = egui::Context::default();
        let mut images = Thumbnails::default();
        images.get(key(1));
        images.next_wanted();
        images.receive(&ctx, key(1), Ok(Picture { width: 2, height: 2, rgba: vec![0; 3], landmarks: None }));
        assert_eq!(images.get(key(1)), Drawable::Failed);
        images.begin_frame();
        assert_eq!(images.next_wanted(), None);
        images.forget_failed();
        assert_eq!(images.get(key(1)), Drawable::Loading);
    }
}
