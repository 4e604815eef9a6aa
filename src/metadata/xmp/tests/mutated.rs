//! Damaged packets and files: an answer or an error, soon, and never a panic. `LIKENESS_MUTATIONS=10000` runs the long
//! form.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::super::matching::OthersNames;
use super::super::model::{PacketPlace, PeoplePacket};
use super::super::plan::plan;
use super::super::read::read;
use super::containers::files_with;
use super::samples::{DIGIKAM, WritePlace, anna, jpeg, names, nothing, packet, packet_segment, put, segment};
use crate::types::mutation::{self, Work};

const MOST_KIB: u64 = 512 << 10;
/// Of XML and of containers.
const LOUD: &[u8] = b"<>/\"'&=:! \0\xff";

fn changed(bytes: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    mutation::changed(bytes, LOUD, random)
}

fn mutations(what: &str, read: impl FnMut(&mut ChaCha8Rng)) {
    mutation::mutations(what, 300, MOST_KIB, Work::OfThisThread, read);
}

#[test]
fn damaged_packets_do_no_harm() {
    let text = packet(DIGIKAM);
    let (mut all, mut read_whole) = (0, 0);
    mutations("packet", |random| {
        let found = PeoplePacket::parse(&changed(text.as_bytes(), random), PacketPlace::Embedded);
        (all, read_whole) = (all + 1, read_whole + u64::from(found.is_ok()));
    });
    // The changes are of a kind that some packets survive, so the code behind the parser is reached.
    assert!(read_whole * 50 > all && read_whole < all, "{read_whole} of {all} were read");
}

#[test]
fn damaged_files_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    let whole =
        jpeg(&[segment(0xe1, b"Exif\0\0MM"), packet_segment(&packet(DIGIKAM)), segment(0xe2, b"ICC_PROFILE\0")]);
    let others = OthersNames::default();
    mutations("JPEG with a packet", |random| {
        put(&photo, &changed(&whole, random));
        let (faces, ours) = ([anna()], nothing());
        read(&photo).unwrap();
        for place in [WritePlace::Embedded, WritePlace::Sidecar] {
            // Refused or planned, and a plan's result reads again.
            if let Ok(plan) = plan(&photo, place, &names(&faces, &ours, &others)) {
                plan.file.result(std::fs::read(&plan.path).ok().as_deref()).unwrap();
            }
        }
    });
}

/// Whole files of every kind, so that the tables and boxes in front of the packet are changed as well as the packet.
#[test]
fn damaged_containers_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a");
    let (mut all, mut found) = (0, 0);
    for (name, whole) in files_with(&packet(DIGIKAM)) {
        mutation::mutations(name, 60, MOST_KIB, Work::OfThisThread, |random| {
            put(&photo, &changed(&whole, random));
            (all, found) = (all + 1, found + usize::from(!read(&photo).unwrap().packets.is_empty()));
        });
    }
    // Some changes leave the way to the packet, and the packet, whole.
    assert!(found > 0 && found < all, "{found} of {all} gave a packet");
}

/// Files that begin like those of the other containers.
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
    mutations("noise", |random| {
        let head = heads[random.random_range(0..heads.len())];
        let head = if random.random_bool(0.5) { head.to_vec() } else { changed(head, random) };
        let noise: Vec<u8> = (0..random.random_range(0..600))
            .map(|_| random.random_range(0..=255) & random.random_range(0..=255))
            .collect();
        put(&photo, &[head, noise].concat());
        read(&photo).unwrap();
    });
}
