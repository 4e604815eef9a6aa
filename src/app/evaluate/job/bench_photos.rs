//! How long the photos of a folder take to decode, one after the other, by format.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use serde::Serialize;

use crate::app::jobs::walk::find_photos;
use crate::app::jobs::working_copy::working_copy;
use crate::faces::image::{DecodeLimits, DecodeScale, decode};
use crate::types::Cancel;

/// What `likeness bench --decode` found of one format.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct DecodingTime {
    pub photos: usize,
    pub megapixels: f64,
    /// Every pixel of all of them.
    pub whole_secs: f64,
    /// As a scan opens them.
    pub for_scan_secs: f64,
}

/// Decodes each photo of the folder that can be read: `rounds` times, of which the quickest counts.
pub(crate) fn bench_photos(folder: &Path, rounds: u32, cancel: &Cancel) -> Result<BTreeMap<String, DecodingTime>> {
    let mut formats: BTreeMap<String, DecodingTime> = BTreeMap::new();
    for path in find_photos(folder, &[], cancel, |_| {})?.photos {
        ensure!(!cancel.is_cancelled(), "cancelled");
        let Ok(photo) = decode(&path, DecodeScale::Full, &DecodeLimits::default()) else { continue };
        let time = formats.entry(photo.meta.format.clone()).or_default();
        time.photos += 1;
        time.megapixels += f64::from(photo.full_size.0) * f64::from(photo.full_size.1) / 1e6;
        drop(photo);
        time.whole_secs += quickest(rounds, || drop(decode(&path, DecodeScale::Full, &DecodeLimits::default())));
        time.for_scan_secs += quickest(rounds, || drop(working_copy(&path)));
    }
    ensure!(!formats.is_empty(), "no photo that can be read was found: {}", folder.display());
    Ok(formats)
}

fn quickest(rounds: u32, mut work: impl FnMut()) -> f64 {
    let secs = |_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    (0..rounds.max(1)).map(secs).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let picture = image::RgbImage::new(200, 100);
        for name in ["a.jpg", "b.jpg", "c.png"] {
            picture.save(folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("d.jpg"), b"no picture").unwrap();
        let found = bench_photos(folder.path(), 1, &Cancel::default()).unwrap();
        let told: Vec<_> = found.iter().map(|(format, time)| (format.as_str(), time.photos)).collect();
        assert_eq!(told, [("JPEG", 2), ("PNG", 1)]);
        assert!((found["JPEG"].megapixels - 0.04).abs() < 1e-9 && found["PNG"].whole_secs > 0.0);
    }
}
