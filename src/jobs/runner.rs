//! The threads behind the window: one for the device and its long jobs, a small pool for pictures and queries. The
//! library's thread ([`LibraryHandle`]) makes the third kind.
//!
//! Work is sent as a closure and answers with events of the caller's own type. Every queue is bounded; a full one hands
//! nothing over, and the caller tries again later. A panic in one piece of work ends that piece alone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use anyhow::{Context, Result};
use crossbeam_channel::{Receiver, Sender, bounded};

use super::progress::JobEvent;
use super::{Engine, EngineOptions, Home};
use crate::types::Cancel;

/// Long jobs wait in this many places, quick ones in this many.
const LONG_QUEUE: usize = 16;
const QUICK_QUEUE: usize = 256;
const EVENT_QUEUE: usize = 1024;

type LongWork<E> = Box<dyn FnOnce(&mut Desk, &Sink<E>) + Send>;
type QuickWork<E> = Box<dyn FnOnce(&Sink<E>) + Send>;

/// Where work leaves its events; each one wakes the window.
pub struct Sink<E> {
    events: Sender<E>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl<E> Sink<E> {
    /// Waits while the window has not drained its queue; events of a closed window go nowhere.
    pub fn send(&self, event: E) {
        if self.events.send(event).is_ok() {
            (self.wake)();
        }
    }
}

/// What the device's thread keeps between jobs: the loaded networks.
pub struct Desk {
    home: Home,
    loaded: Option<(EngineOptions, Engine)>,
}

impl Desk {
    /// The networks for these options, loaded now unless they are there already.
    pub fn engine(
        &mut self,
        options: &EngineOptions,
        cancel: &Cancel,
        events: &mut dyn FnMut(JobEvent),
    ) -> Result<&Engine> {
        if self.loaded.as_ref().is_none_or(|(loaded, _)| loaded != options) {
            // The old networks go first: two sets need not fit into the device's memory.
            self.loaded = None;
            let engine = Engine::load(&self.home, options, cancel, events)?;
            self.loaded = Some((options.clone(), engine));
        }
        let (_, engine) = self.loaded.as_ref().context("the networks were just loaded")?;
        Ok(engine)
    }

    /// Forgets the loaded networks, because a model was removed or the device changed.
    pub fn unload(&mut self) {
        self.loaded = None;
    }
}

/// The window's hold on its threads. They end when it is dropped and their work is done.
pub struct Runner<E> {
    long: Sender<LongWork<E>>,
    quick: Sender<QuickWork<E>>,
    events: Receiver<E>,
}

impl<E: Send + 'static> Runner<E> {
    /// Starts the threads. `panicked` makes the event that tells of work that broke down.
    pub fn start(home: Home, wake: Arc<dyn Fn() + Send + Sync>, panicked: fn() -> E) -> Result<Self> {
        let (events, drained) = bounded(EVENT_QUEUE);
        let (long, long_inbox) = bounded::<LongWork<E>>(LONG_QUEUE);
        let (quick, quick_inbox) = bounded::<QuickWork<E>>(QUICK_QUEUE);
        let sink = Sink { events: events.clone(), wake: wake.clone() };
        let mut desk = Desk { home, loaded: None };
        spawn("likeness-device", move || {
            for work in long_inbox {
                if catch_unwind(AssertUnwindSafe(|| work(&mut desk, &sink))).is_err() {
                    desk.unload();
                    sink.send(panicked());
                }
            }
        })?;
        for worker in 0..std::thread::available_parallelism().map_or(2, |n| n.get()).clamp(2, 4) {
            let sink = Sink { events: events.clone(), wake: wake.clone() };
            let inbox = quick_inbox.clone();
            spawn(&format!("likeness-quick-{worker}"), move || {
                for work in inbox {
                    if catch_unwind(AssertUnwindSafe(|| work(&sink))).is_err() {
                        sink.send(panicked());
                    }
                }
            })?;
        }
        Ok(Self { long, quick, events: drained })
    }

    /// Whether both queues have a place: then the next `long` and `quick` are accepted.
    pub fn has_room(&self) -> bool {
        !self.long.is_full() && !self.quick.is_full()
    }

    /// Hands over work for the device's thread, one after another. False: the queue was full, nothing was handed over.
    pub fn long(&self, work: impl FnOnce(&mut Desk, &Sink<E>) + Send + 'static) -> bool {
        self.long.try_send(Box::new(work)).is_ok()
    }

    /// Hands over work that ends soon. False: the queue was full, nothing was handed over.
    pub fn quick(&self, work: impl FnOnce(&Sink<E>) + Send + 'static) -> bool {
        self.quick.try_send(Box::new(work)).is_ok()
    }

    pub fn poll(&self) -> Option<E> {
        self.events.try_recv().ok()
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.with_context(|| format!("cannot start the thread {name}"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    fn runner() -> (Runner<&'static str>, Arc<AtomicUsize>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let woken = Arc::new(AtomicUsize::new(0));
        let count = woken.clone();
        let wake = Arc::new(move || _ = count.fetch_add(1, Ordering::Relaxed));
        let home = Home::open(Some(folder.path())).unwrap();
        (Runner::start(home, wake, || "panicked").unwrap(), woken, folder)
    }

    fn next(runner: &Runner<&'static str>) -> &'static str {
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            if let Some(event) = runner.poll() {
                return event;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("no event came");
    }

    #[test]
    fn a_panic_ends_one_piece_of_work_alone() {
        let (runner, woken, _folder) = runner();
        assert!(runner.long(|_, _| panic!("broken job")));
        assert!(runner.long(|_, sink| sink.send("long")));
        assert_eq!([next(&runner), next(&runner)], ["panicked", "long"]);
        assert!(runner.quick(|_| panic!("broken query")));
        assert_eq!(next(&runner), "panicked");
        assert!(runner.quick(|sink| sink.send("quick")));
        assert_eq!(next(&runner), "quick");
        assert_eq!(woken.load(Ordering::Relaxed), 4);
    }

    #[test]
    fn a_full_queue_hands_nothing_over() {
        let (runner, _, _folder) = runner();
        let (release, gate) = bounded::<()>(0);
        assert!(runner.long(move |_, _| _ = gate.recv()));
        let accepted = (0..LONG_QUEUE + 2).filter(|_| runner.long(|_, sink| sink.send("done"))).count();
        assert!(accepted <= LONG_QUEUE + 1, "the queue took {accepted}");
        assert!(accepted < LONG_QUEUE + 2);
        release.send(()).unwrap();
        for _ in 0..accepted {
            assert_eq!(next(&runner), "done");
        }
    }
}
