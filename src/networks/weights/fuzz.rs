//! Damaged and hostile files of every format: no panic, little memory, little time. A test run changes a few hundred of
//! each kind; `WEIGHTS_FUZZ=100000 cargo test --release --lib weights::fuzz -- --nocapture` changes that many.

use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::WeightFile;
use super::protobuf::written::{bytes as message, floats, number};
use super::pytorch::written;

const MOST_TIME: Duration = Duration::from_secs(1);
const MOST_KIB: u64 = 1 << 20;

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/fixtures/", $name)).to_vec()
    };
}

fn samples() -> Vec<(&'static str, Vec<u8>)> {
    let values = floats(&[1.0, 2.0, 3.0, 4.0]);
    let constant = {
        let dims = message(2, number(1, 4));
        let tensor = [number(1, 1), message(2, dims), message(4, &values)].concat();
        let value = message(5, [message(1, "value"), message(2, message(8, tensor))].concat());
        message(1, [message(1, "w"), message(2, "Const"), value].concat())
    };
    let header = br#"{"a.weight":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[8,12]}}"#;
    vec![
        ("PyTorch zip", fixture!("weights/torch_small.zip.pt")),
        ("PyTorch legacy", fixture!("weights/torch_small.legacy.pt")),
        ("PyTorch checkpoint", written::checkpoint()),
        ("PyTorch model", written::whole_model()),
        ("SafeTensors", [&(header.len() as u64).to_le_bytes()[..], header, &[0; 12]].concat()),
        ("ONNX", fixture!("iresnet/adaface.onnx")),
        ("small ONNX", fixture!("small_net.onnx")),
        ("graph", constant.clone()),
        ("saved model", [number(1, 1), message(2, message(2, constant))].concat()),
        ("Keras", fixture!("weights/keras_small.h5")),
        ("Keras, compressed", fixture!("weights/keras_weights_alone.h5")),
    ]
}

fn rounds(usual: usize) -> usize {
    std::env::var("WEIGHTS_FUZZ").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

/// Bits, bytes, numbers, cuts, doublings, and pieces of the file elsewhere.
fn changed(whole: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    const LOUD: [u8; 12] = [0, 0xFF, 0x7F, 0x80, b'(', b'R', b'b', b'u', b'.', b']', b'}', 0x81];
    let mut bytes = whole.to_vec();
    for _ in 0..random.random_range(1..=8) {
        if bytes.is_empty() {
            return bytes;
        }
        let at = random.random_range(0..bytes.len());
        match random.random_range(0..7) {
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes[at] = random.random(),
            2 => bytes[at] = LOUD[random.random_range(0..LOUD.len())],
            3 if random.random_bool(0.2) => bytes.truncate(at),
            4 => {
                let end = (at + random.random_range(1..64)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let to = random.random_range(0..bytes.len());
                bytes.splice(to..to, piece);
            }
            5 => {
                let end = (at + random.random_range(1..16)).min(bytes.len());
                bytes.drain(at..end);
            }
            _ => {
                let end = (at + random.random_range(1..9)).min(bytes.len());
                bytes[at..end].fill([0, 0xFF][random.random_range(0..2)]);
            }
        }
    }
    bytes
}

/// The most memory that this process ever held.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(0)
}

/// What this thread has computed. On a busy machine the clock says nothing.
fn processor_time() -> Option<Duration> {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    line.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn timed(what: &str, read: impl FnOnce()) -> Duration {
    let (before, start) = (processor_time(), Instant::now());
    read();
    let taken = processor_time().zip(before).map_or(start.elapsed(), |(after, before)| after - before);
    assert!(taken < MOST_TIME, "{what}: {taken:?}");
    taken
}

#[test]
fn changed_files_of_every_format_are_read_or_refused() {
    for (what, whole) in samples() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let (mut slowest, mut read) = (Duration::ZERO, 0);
        let rounds = rounds(300);
        for round in 0..rounds {
            let bytes = changed(&whole, &mut random);
            let taken = timed(&format!("{what}, file {round}"), || match WeightFile::read(&bytes) {
                Ok(_) => read += 1,
                // What a user would read: no notation of ours.
                Err(error) => assert!(!error.to_string().contains("Some("), "{error}"),
            });
            slowest = slowest.max(taken);
        }
        let peak = peak_kib();
        println!("{what}: {rounds} files, {read} read, slowest {slowest:?}, at most {peak} KiB");
        // In an ordinary run other tests' memory is counted with it.
        let is_alone = std::env::var_os("WEIGHTS_FUZZ").is_some();
        assert!(!is_alone || peak < MOST_KIB, "{what}: {peak} KiB");
    }
}

/// Small programs that grow where a reader copies, recurses or believes what is announced.
#[test]
fn pickles_made_to_grow_cost_no_more_than_their_size() {
    let pieces: [(&str, Vec<u8>); 7] = [
        ("nested tuples", [b")".to_vec(), vec![0x85; 2 << 20]].concat()),
        ("nested lists", [vec![b']'; 1 << 20], vec![b'a'; (1 << 20) - 1]].concat()),
        ("one list in itself", b"]q\x00h\x00ah\x00ah\x00a".to_vec()),
        ("doubling lists", written::doubling(30)),
        ("a large tuple, called a hundred thousand times", written::called_often(100_000, 100_000)),
        ("marks", vec![b'('; 4 << 20]),
        ("values", vec![b'N'; 8 << 20]),
    ];
    for (what, piece) in pieces {
        let bytes = written::archive(&written::pickle(&[&piece]), &[]);
        timed(what, || _ = WeightFile::read(&bytes));
    }
}
