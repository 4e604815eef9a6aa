//! Damaged files for tests of readers: no panic, little time, little memory. `LIKENESS_MUTATIONS=10000` asks for so many
//! of each kind; then the peak of memory is held, too, since no other test's is counted with it.

use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const MOST_TIME: Duration = Duration::from_secs(1);

/// Reads `rounds` files that `read` makes of what is random, or as many as were asked for.
pub(crate) fn mutations(what: &str, rounds: usize, most_kib: u64, mut read: impl FnMut(&mut ChaCha8Rng)) {
    let asked = std::env::var("LIKENESS_MUTATIONS").ok().and_then(|count| count.parse().ok());
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut slowest = Duration::ZERO;
    let rounds = asked.unwrap_or(rounds);
    for round in 0..rounds {
        slowest = slowest.max(timed(&format!("{what}, file {round}"), || read(&mut random)));
    }
    let peak = peak_kib();
    println!("{what}: {rounds} files, slowest {slowest:?}, at most {peak} KiB");
    assert!(asked.is_none() || peak < most_kib, "{what}: {peak} KiB");
}

/// How long reading took, which is refused where it is long.
pub(crate) fn timed(what: &str, read: impl FnOnce()) -> Duration {
    let (before, start) = (processor_time(), Instant::now());
    read();
    // On a busy machine the clock says nothing.
    let taken = processor_time().zip(before).map_or(start.elapsed(), |(after, before)| after - before);
    assert!(taken < MOST_TIME, "{what}: {taken:?}");
    taken
}

/// Bits, bytes, numbers, cuts, doublings, and pieces of the file elsewhere. `loud` are bytes that mean something to the
/// reader.
pub(crate) fn changed(whole: &[u8], loud: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..random.random_range(1..=8) {
        if bytes.is_empty() {
            return bytes;
        }
        let at = random.random_range(0..bytes.len());
        match random.random_range(0..7) {
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes[at] = random.random(),
            2 => bytes[at] = loud[random.random_range(0..loud.len())],
            3 if random.random_bool(0.5) => bytes.truncate(at),
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

/// What this thread has computed.
fn processor_time() -> Option<Duration> {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    line.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
