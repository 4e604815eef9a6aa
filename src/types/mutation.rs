//! Damaged files for tests of readers: no panic, little time, little memory. `LIKENESS_MUTATIONS=10000` asks for so many
//! of each kind; then the peak of memory is held, too, since no other test's is counted with it.

use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const MOST_TIME: Duration = Duration::from_secs(1);

/// Whose work a reader's time is.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Work {
    OfThisThread,
    /// Of a reader that shares its work out. It is held only where so many files were asked for: other tests' threads
    /// count, too.
    OfAllThreads,
}

/// Reads `rounds` files that `read` makes of what is random, or as many as were asked for.
pub(crate) fn mutations(what: &str, rounds: usize, most_kib: u64, work: Work, mut read: impl FnMut(&mut ChaCha8Rng)) {
    let asked = std::env::var("LIKENESS_MUTATIONS").ok().and_then(|count| count.parse().ok());
    let (mut slowest, rounds) = (Duration::ZERO, asked.unwrap_or(rounds));
    for round in 0..rounds {
        // Each by itself, so that one can be read again alone.
        let mut random = ChaCha8Rng::seed_from_u64(7 + round as u64);
        let taken = taken(work, || read(&mut random));
        let is_held = asked.is_some() || work == Work::OfThisThread;
        assert!(!is_held || taken < MOST_TIME, "{what}, file {round}: {taken:?}");
        assert!(asked.is_none() || peak_kib() < most_kib, "{what}, file {round}: {} KiB", peak_kib());
        slowest = slowest.max(taken);
    }
    println!("{what}: {rounds} files, slowest {slowest:?}, at most {} KiB", peak_kib());
}

/// Reads once, which is refused where it takes long.
pub(crate) fn timed(what: &str, read: impl FnOnce()) {
    let taken = taken(Work::OfThisThread, read);
    assert!(taken < MOST_TIME, "{what}: {taken:?}");
}

/// On a busy machine the clock says nothing; it is read where the system does not say what was computed.
fn taken(work: Work, read: impl FnOnce()) -> Duration {
    let (before, start) = (computed(work), Instant::now());
    read();
    computed(work).zip(before).map_or(start.elapsed(), |(after, before)| after.saturating_sub(before))
}

/// Bits, bytes, numbers, cuts, repetitions, and pieces of the file elsewhere; often near its beginning, where lengths are.
/// `loud` are bytes that mean something to the reader.
pub(crate) fn changed(whole: &[u8], loud: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..random.random_range(1..=8) {
        if bytes.is_empty() {
            return bytes;
        }
        let reach = if random.random_bool(0.5) { usize::MAX } else { 1 << random.random_range(4..16) };
        let at = random.random_range(0..bytes.len().min(reach));
        match random.random_range(0..8) {
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
            6 => {
                let end = (at + random.random_range(1..64)).min(bytes.len());
                let piece = bytes[at..end].repeat(random.random_range(1..40));
                bytes.splice(at..at, piece);
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
pub(crate) fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok()).unwrap_or(0)
}

fn computed(work: Work) -> Option<Duration> {
    match work {
        Work::OfThisThread => {
            let line = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
            line.split(' ').next()?.parse().ok().map(Duration::from_nanos)
        }
        Work::OfAllThreads => {
            // In hundredths of a second, behind the program's name.
            let line = std::fs::read_to_string("/proc/self/stat").ok()?;
            let fields: Vec<&str> = line.rsplit(')').next()?.split_whitespace().collect();
            let ticks = |field: usize| fields.get(field)?.parse::<u64>().ok();
            Some(Duration::from_millis(10 * (ticks(11)? + ticks(12)?)))
        }
    }
}
