//! Orientation, capture time, camera and place out of EXIF, wherever the container keeps it (JPEG, PNG, WebP, TIFF,
//! HEIF: kamadak-exif reads them all).
//!
//! A broken EXIF block never makes a photo unreadable: what can be read of it is used. Sub-seconds and time zones are
//! left out; the time is the camera's own clock.

use std::io::{BufRead, Cursor, Seek};

use exif::{Context, DateTime, Exif, Field, In, Rational, Reader, Tag, Value};

use super::colour::ProfileUse;

/// What a photo says about itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct PhotoMeta {
    /// `2015-06-01T17:45:03`, local time of the camera.
    pub captured_at: Option<String>,
    /// Maker and model, each word once.
    pub camera: Option<String>,
    /// Latitude and longitude in degrees, north and east positive.
    pub gps: Option<[f64; 2]>,
    /// `JPEG`, `PNG`, …
    pub format: String,
    /// Pictures of the file behind the one that is read: further pages of a TIFF, …
    pub further_pages: u32,
    pub profile: ProfileUse,
    /// Share of the picture that is missing in grey strips, between a JPEG's restart markers. 0 for sound files.
    pub lost: f32,
}

/// The metadata of blocks that share the work: the camera, the exposure, the place (Canon's CR3).
pub(super) fn of_blocks(camera_block: &[u8], exposure: &[u8], place: &[u8]) -> (PhotoMeta, u32) {
    let [(mut meta, orientation), (exposure, _), (place, _)] =
        [camera_block, exposure, place].map(|block| read(&mut Cursor::new(block), ""));
    meta.captured_at = exposure.captured_at.or(meta.captured_at);
    meta.gps = place.gps;
    (meta, orientation)
}

/// The metadata and the orientation, 1…8 (1 where nothing is said).
pub(super) fn read(reader: &mut (impl BufRead + Seek), format: &str) -> (PhotoMeta, u32) {
    let mut meta = PhotoMeta { format: format.to_owned(), ..PhotoMeta::default() };
    let found = Reader::new().continue_on_error(true).read_from_container(reader);
    let Ok(exif) = found.or_else(|error| error.distill_partial_result(|_| ())) else { return (meta, 1) };
    meta.captured_at = captured_at(&exif);
    meta.camera = camera(text(&exif, Tag::Make), text(&exif, Tag::Model));
    meta.gps = gps(&exif);
    let orientation = exif.get_field(Tag::Orientation, In::PRIMARY).and_then(|field| field.value.get_uint(0));
    (meta, orientation.filter(|value| (1..=8).contains(value)).unwrap_or(1))
}

/// The moment of the exposure, else of the scan, else of the last change.
fn captured_at(exif: &Exif) -> Option<String> {
    [Tag::DateTimeOriginal, Tag::DateTimeDigitized, Tag::DateTime].into_iter().find_map(|tag| {
        let time = DateTime::from_ascii(ascii(exif, tag)?).ok()?;
        iso_8601(&time)
    })
}

/// None for the zeros and blanks of a camera whose clock was never set.
fn iso_8601(time: &DateTime) -> Option<String> {
    let (date_ok, time_ok) = (
        time.year >= 1800 && (1..=12).contains(&time.month) && (1..=31).contains(&time.day),
        time.hour < 24 && time.minute < 60 && time.second <= 60,
    );
    (date_ok && time_ok).then(|| {
        let DateTime { year, month, day, hour, minute, second, .. } = time;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    })
}

/// "Canon" and "Canon EOS 5D" are one camera's name, not two.
fn camera(make: Option<String>, model: Option<String>) -> Option<String> {
    let (make, model) = match (make, model) {
        (Some(make), Some(model)) => (make, model),
        (make, model) => return make.or(model),
    };
    let brand = make.split_whitespace().next().unwrap_or_default().to_lowercase();
    let repeated = model.to_lowercase().split_whitespace().any(|word| word == brand);
    Some(if repeated { model } else { format!("{make} {model}") })
}

fn gps(exif: &Exif) -> Option<[f64; 2]> {
    let latitude = degrees(exif, Tag::GPSLatitude, Tag::GPSLatitudeRef, b'S')?;
    let longitude = degrees(exif, Tag::GPSLongitude, Tag::GPSLongitudeRef, b'W')?;
    (latitude.abs() <= 90.0 && longitude.abs() <= 180.0).then_some([latitude, longitude])
}

/// Degrees, minutes and seconds as one number; the reference letter `negative` turns its sign.
fn degrees(exif: &Exif, value: Tag, reference: Tag, negative: u8) -> Option<f64> {
    let Value::Rational(parts) = &field(exif, value)?.value else { return None };
    let sum: f64 = parts.iter().zip([1.0, 60.0, 3600.0]).map(|(part, divisor)| ratio(part) / divisor).sum();
    let sign = if ascii(exif, reference)?.first()?.eq_ignore_ascii_case(&negative) { -1.0 } else { 1.0 };
    (sum.is_finite() && !parts.is_empty()).then_some(sign * sum)
}

/// Some writers leave 0/0 for a part that they do not use.
fn ratio(part: &Rational) -> f64 {
    if part.num == 0 { 0.0 } else { part.to_f64() }
}

/// Where the standard puts it, or in the first directory: so do TIFF/EP, and blocks that are a directory of their own.
fn field(exif: &Exif, tag: Tag) -> Option<&Field> {
    exif.get_field(tag, In::PRIMARY).or_else(|| exif.get_field(Tag(Context::Tiff, tag.number()), In::PRIMARY))
}

fn ascii(exif: &Exif, tag: Tag) -> Option<&[u8]> {
    match &field(exif, tag)?.value {
        Value::Ascii(lines) => lines.first().map(Vec::as_slice),
        _ => None,
    }
}

fn text(exif: &Exif, tag: Tag) -> Option<String> {
    let text = String::from_utf8_lossy(ascii(exif, tag)?).split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_is_named_once() {
        let check = |make: &str, model: &str, expect: &str| {
            assert_eq!(camera(Some(make.to_owned()), Some(model.to_owned())).as_deref(), Some(expect));
        };
        check("Canon", "Canon EOS 5D", "Canon EOS 5D");
        check("NIKON CORPORATION", "NIKON D90", "NIKON D90");
        check("Apple", "iPhone 12", "Apple iPhone 12");
        assert_eq!(camera(None, Some("X100".to_owned())).as_deref(), Some("X100"));
        assert_eq!(camera(None, None), None);
    }

    #[test]
    fn an_unset_clock_says_nothing() {
        let time = |text: &[u8]| DateTime::from_ascii(text).ok().and_then(|time| iso_8601(&time));
        assert_eq!(time(b"2015:06:01 17:45:03").as_deref(), Some("2015-06-01T17:45:03"));
        assert_eq!(time(b"0000:00:00 00:00:00"), None);
        assert_eq!(time(b"2015:13:01 17:45:03"), None);
        assert_eq!(time(b"    :  :     :  :  "), None);
    }
}
