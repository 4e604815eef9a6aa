//! Damaged packets and files: an answer or an error, soon, and never a panic. `LIKENESS_MUTATIONS=10000` runs the long
//! form.

use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::matching::OthersNames;
use super::super::model::{PacketPlace, PeoplePacket};
use super::super::plan::plan;
use super::super::read::read;
use super::samples::{DIGIKAM, WritePlace, anna, jpeg, names, nothing, packet, packet_segment, put, segment};

/// Each, without optimisation.
const LIMIT: Duration = Duration::from_secs(1);

fn rounds() -> u64 {
    std::env::var("LIKENESS_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(300)
}

/// One to four changes: a byte, a piece taken out, doubled, or moved, the end cut off.
fn mutated(bytes: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..rng.random_range(1..=4) {
        if bytes.is_empty() {
            break;
        }
        let at = rng.random_range(0..bytes.len());
        let end = (at + rng.random_range(1..60)).min(bytes.len());
        match rng.random_range(0..6) {
            0 => bytes[at] = rng.random_range(0..=255),
            1 => bytes[at] = *b"<>/\"'&=:! \0\xff".get(rng.random_range(0..12)).unwrap(),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece.repeat(rng.random_range(1..40)));
            }
            4 => {
                let piece: Vec<u8> = bytes.drain(at..end).collect();
                let to = rng.random_range(0..=bytes.len());
                bytes.splice(to..to, piece);
            }
            _ => bytes.truncate(bytes.len().min(at.max(20))),
        }
    }
    bytes
}

/// What this thread has used of a processor: other programs' work is not counted where the system tells them apart.
fn time() -> Duration {
    let used = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let used = used.and_then(|line| line.split(' ').next()?.parse().ok());
    used.map_or_else(|| BEGIN.with(Instant::elapsed), Duration::from_nanos)
}

thread_local! {
    static BEGIN: Instant = Instant::now();
}

fn soon<T>(what: &str, seed: u64, work: impl FnOnce() -> T) -> T {
    let begin = time();
    let result = work();
    let took = time().saturating_sub(begin);
    assert!(took < LIMIT, "{what} {seed} took {took:?}");
    result
}

#[test]
fn damaged_packets_do_no_harm() {
    let text = packet(DIGIKAM);
    let mut read_whole = 0;
    for seed in 0..rounds() {
        let bytes = mutated(text.as_bytes(), &mut ChaCha8Rng::seed_from_u64(seed));
        let found = soon("packet", seed, || PeoplePacket::parse(&bytes, PacketPlace::Embedded));
        read_whole += u64::from(found.is_ok());
    }
    // The changes are of a kind that some packets survive, so the code behind the parser is reached.
    assert!(read_whole * 50 > rounds() && read_whole < rounds(), "{read_whole} of {} were read", rounds());
}

#[test]
fn damaged_files_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    let whole =
        jpeg(&[segment(0xe1, b"Exif\0\0MM"), packet_segment(&packet(DIGIKAM)), segment(0xe2, b"ICC_PROFILE\0")]);
    let others = OthersNames::default();
    for seed in 0..rounds() {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x5eed);
        // Mostly the head, where the lengths are.
        let head = if rng.random_bool(0.5) { 80 } else { whole.len() };
        let bytes = [mutated(&whole[..head], &mut rng), whole[head..].to_vec()].concat();
        put(&photo, &bytes);
        let (faces, ours) = ([anna()], nothing());
        soon("file", seed, || {
            read(&photo).unwrap();
            for place in [WritePlace::Embedded, WritePlace::Sidecar] {
                // Refused or planned, and a plan's result reads again.
                if let Ok(plan) = plan(&photo, place, &names(&faces, &ours, &others)) {
                    plan.file.result(std::fs::read(&plan.path).ok().as_deref()).unwrap();
                }
            }
        });
    }
}

/// The other containers, by files that begin like theirs.
#[test]
fn files_of_noise_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a");
    let heads: [&[u8]; 7] = [
        b"\x89PNG\r\n\x1a\n\0\0\0\x40iTXtXML:com.adobe.xmp\0\x01\0\0\0",
        b"RIFF\xff\0\0\0WEBPXMP \x20\0\0\0",
        b"GIF89a\x01\0\x01\0\0\0\0\x21\xff\x0bXMP DataXMP",
        b"II*\0\x08\0\0\0\x02\0\xbc\x02\x01\0\x20\0\0\0",
        b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\xbc\x02",
        b"\0\0\0\x14ftypheic\0\0\0\0mif1\0\0\x01\0meta\0\0\0\0\0\0\0\x20\
        iinf\0\0\0\0\0\x01\0\0\0\x14infe\x02\0\0\0\0\x01\0\0mime",
        b"\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x10xml ",
    ];
    for seed in 0..rounds() {
        let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x0dd);
        let head = heads[seed as usize % heads.len()];
        let head = if rng.random_bool(0.5) { head.to_vec() } else { mutated(head, &mut rng) };
        let noise: Vec<u8> =
            (0..rng.random_range(0..600)).map(|_| rng.random_range(0..=255) & rng.random_range(0..=255)).collect();
        put(&photo, &[head, noise].concat());
        soon("noise", seed, || read(&photo).unwrap());
    }
}
