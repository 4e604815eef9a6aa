//! The threads behind the window: one for the device and its jobs, one for decisions, in the order in which they were
//! made, a small pool for pictures and queries, and another one for what takes long or waits for the library's one writer
//! ([`LibraryHandle`](super::library_thread::LibraryHandle)): however many wait there, pages are read.
//!
//! Every queue is bounded; a full one hands nothing over, and the caller tries again later. A panic in one piece of
//! work ends that piece alone.

use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Context, Result};
use crossbeam_channel::{Receiver, Sender, bounded};

use super::home::Home;
use super::networks::{Engine, EngineOptions};
use super::progress::JobEvent;
use crate::types::Cancel;

/// Work for the device waits in this many places, work for each of the others in this many.
const DEVICE_QUEUE: usize = 16;
const POOL_QUEUE: usize = 256;
/// So much that takes long goes on beside each other.
const LONG_THREADS: usize = 4;

type DeviceWork = Box<dyn FnOnce(&mut LoadedNetworks) + Send>;
type PoolWork = Box<dyn FnOnce() + Send>;

/// What the device's thread keeps between jobs: the loaded networks.
pub(crate) struct LoadedNetworks {
    home: Home,
    loaded: Option<(EngineOptions, Engine)>,
}

impl LoadedNetworks {
    /// None are loaded yet.
    pub fn new(home: Home) -> Self {
        Self { home, loaded: None }
    }

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
pub(crate) struct Workers {
    device: Sender<DeviceWork>,
    pool: Sender<PoolWork>,
    long: Sender<PoolWork>,
    ordered: Sender<PoolWork>,
}

impl Workers {
    /// Starts the threads. `panicked` is called after a piece of work broke down.
    pub fn start(home: Home, panicked: impl Fn() + Clone + Send + 'static) -> Result<Self> {
        let (device, device_inbox) = bounded::<DeviceWork>(DEVICE_QUEUE);
        let (pool, pool_inbox) = bounded::<PoolWork>(POOL_QUEUE);
        let mut networks = LoadedNetworks::new(home);
        let device_panicked = panicked.clone();
        spawn("likeness-device", move || {
            for work in device_inbox {
                if catch_unwind(AssertUnwindSafe(|| work(&mut networks))).is_err() {
                    networks.unload();
                    device_panicked();
                }
            }
        })?;
        let (ordered, ordered_inbox) = bounded::<PoolWork>(POOL_QUEUE);
        let ordered_panicked = panicked.clone();
        spawn("likeness-decisions", move || work_through(ordered_inbox, ordered_panicked))?;
        let (long, long_inbox) = bounded::<PoolWork>(POOL_QUEUE);
        let readers = std::thread::available_parallelism().map_or(2, |n| n.get()).clamp(2, 4);
        for (name, threads, inbox) in [("pool", readers, pool_inbox), ("long", LONG_THREADS, long_inbox)] {
            for thread in 0..threads {
                let (inbox, panicked) = (inbox.clone(), panicked.clone());
                spawn(&format!("likeness-{name}-{thread}"), move || work_through(inbox, panicked))?;
            }
        }
        Ok(Self { device, pool, long, ordered })
    }

    /// Whether the next work for the device's thread is accepted.
    pub fn device_has_room(&self) -> bool {
        !self.device.is_full()
    }

    /// Whether the next work for any other thread is accepted.
    pub fn pool_has_room(&self) -> bool {
        [&self.pool, &self.long, &self.ordered].iter().all(|queue| !queue.is_full())
    }

    /// Hands over work for the device's thread, one after another. False: the queue was full, nothing was handed over.
    pub fn on_device_thread(&self, work: impl FnOnce(&mut LoadedNetworks) + Send + 'static) -> bool {
        self.device.try_send(Box::new(work)).is_ok()
    }

    /// Hands over work that ends soon and waits for no change of the library. False: the queue was full, nothing was
    /// handed over.
    pub fn in_background(&self, work: impl FnOnce() + Send + 'static) -> bool {
        self.pool.try_send(Box::new(work)).is_ok()
    }

    /// Hands over work that takes long or changes the library. False: the queue was full, nothing was handed over.
    pub fn at_length(&self, work: impl FnOnce() + Send + 'static) -> bool {
        self.long.try_send(Box::new(work)).is_ok()
    }

    /// As [`Self::at_length`], one after another.
    pub fn in_order(&self, work: impl FnOnce() + Send + 'static) -> bool {
        self.ordered.try_send(Box::new(work)).is_ok()
    }
}

fn work_through(inbox: Receiver<PoolWork>, panicked: impl Fn()) {
    for work in inbox {
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            panicked();
        }
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.with_context(|| format!("cannot start the thread {name}"))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn workers() -> (Workers, Sender<&'static str>, Receiver<&'static str>, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let (said, heard) = bounded(64);
        let panicked = said.clone();
        let workers = Workers::start(home, move || panicked.send("panicked").unwrap()).unwrap();
        (workers, said, heard, folder)
    }

    fn next(heard: &Receiver<&'static str>) -> &'static str {
        heard.recv_timeout(Duration::from_secs(20)).expect("an event comes")
    }

    #[test]
    fn a_panic_ends_one_piece_of_work_alone() {
        let (workers, said, heard, _folder) = workers();
        let next_work = said.clone();
        assert!(workers.on_device_thread(|_| panic!("broken job")));
        assert!(workers.on_device_thread(move |_| next_work.send("next").unwrap()));
        assert_eq!([next(&heard), next(&heard)], ["panicked", "next"]);
        assert!(workers.in_background(|| panic!("broken query")));
        assert_eq!(next(&heard), "panicked");
        assert!(workers.in_background(move || said.send("in the background").unwrap()));
        assert_eq!(next(&heard), "in the background");
    }

    /// The pool's threads would overtake each other.
    #[test]
    fn decisions_are_carried_out_in_the_order_in_which_they_were_made() {
        let (workers, _, _, _folder) = workers();
        let (did, done) = bounded(64);
        for place in 0..32_u64 {
            let did = did.clone();
            assert!(workers.in_order(move || {
                std::thread::sleep(Duration::from_millis(place % 4));
                did.send(place).unwrap();
            }));
        }
        let order: Vec<u64> = (0..32).map(|_| done.recv_timeout(Duration::from_secs(20)).unwrap()).collect();
        assert_eq!(order, (0..32).collect::<Vec<_>>());
    }

    #[test]
    fn a_full_queue_hands_nothing_over() {
        let (workers, said, heard, _folder) = workers();
        let (release, held) = bounded::<()>(0);
        assert!(workers.on_device_thread(move |_| _ = held.recv()));
        let offer = || {
            let said = said.clone();
            workers.on_device_thread(move |_| said.send("done").unwrap())
        };
        let accepted = (0..DEVICE_QUEUE + 2).filter(|_| offer()).count();
        assert!(accepted <= DEVICE_QUEUE + 1, "the queue took {accepted}");
        assert!(accepted < DEVICE_QUEUE + 2);
        release.send(()).unwrap();
        for _ in 0..accepted {
            assert_eq!(next(&heard), "done");
        }
    }
}
