//! Work that nobody has asked for, as a look at what was noticed in a folder. It gives way to what the window's user does,
//! and waits while the computer runs on battery.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::types::Cancel;

#[derive(Debug, Default)]
pub(crate) struct Unasked {
    now: Mutex<Now>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Now {
    running: Option<Cancel>,
    gives_way: bool,
    /// Of the user's.
    acts: usize,
    on_battery: bool,
}

/// What became of such work.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ran<T> {
    Done(T),
    /// It was stopped, and is to be done again: with what it has come to.
    GaveWay(T),
    /// It has to wait.
    NotBegun,
}

/// Something that the user does: until it is dropped no such work begins.
pub(crate) struct OwnAct<'a>(&'a Unasked);

struct RunningWork<'a>(&'a Unasked);

impl Unasked {
    /// Does the work once the user's acts are done.
    pub fn run<T>(&self, cancel: &Cancel, work: impl FnOnce() -> T) -> Ran<T> {
        let now = self.now();
        let mut now = self.changed.wait_while(now, |now| now.acts > 0).unwrap_or_else(PoisonError::into_inner);
        if now.on_battery {
            return Ran::NotBegun;
        }
        (now.running, now.gives_way) = (Some(cancel.clone()), false);
        drop(now);
        let running = RunningWork(self);
        let done = work();
        let gave_way = self.now().gives_way;
        drop(running);
        if gave_way { Ran::GaveWay(done) } else { Ran::Done(done) }
    }

    /// Stops what is under way, and waits until it has stopped.
    pub fn first(&self) -> OwnAct<'_> {
        let mut now = self.now();
        now.acts += 1;
        now.stop();
        drop(self.changed.wait_while(now, |now| now.running.is_some()));
        OwnAct(self)
    }

    /// Stops what is under way.
    pub fn give_way(&self) {
        self.now().stop();
    }

    pub fn wait_on_battery(&self, on_battery: bool) {
        let mut now = self.now();
        now.on_battery = on_battery;
        if on_battery {
            now.stop();
        }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Now {
    fn stop(&mut self) {
        if let Some(running) = &self.running {
            self.gives_way = true;
            running.cancel();
        }
    }
}

impl Drop for OwnAct<'_> {
    fn drop(&mut self) {
        self.0.now().acts -= 1;
        self.0.changed.notify_all();
    }
}

/// Also where the work breaks down.
impl Drop for RunningWork<'_> {
    fn drop(&mut self) {
        self.0.now().running = None;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::thread;
    use std::time::Duration;

    use crossbeam_channel::bounded;

    use super::*;

    /// Works until it is cancelled, and says that it has begun.
    fn work(unasked: &Unasked, begun: impl FnOnce()) -> Ran<&'static str> {
        let cancel = Cancel::default();
        unasked.run(&cancel, || {
            begun();
            while !cancel.is_cancelled() {
                thread::sleep(Duration::from_millis(1));
            }
            "half of it"
        })
    }

    #[test]
    fn what_nobody_asked_for_stops_for_an_act_and_does_not_begin_before_its_end() {
        let unasked = Unasked::default();
        let (say, begun) = bounded(8);
        thread::scope(|scope| {
            let first = scope.spawn(|| work(&unasked, || say.send("first").unwrap()));
            assert_eq!(begun.recv().unwrap(), "first");
            let act = unasked.first();
            assert_eq!(first.join().unwrap(), Ran::GaveWay("half of it"));
            let second = scope.spawn(|| unasked.run(&Cancel::default(), || say.send("second").unwrap()));
            assert!(begun.recv_timeout(Duration::from_millis(50)).is_err(), "the act goes on");
            drop(act);
            assert_eq!(second.join().unwrap(), Ran::Done(()));
        });
    }

    #[test]
    fn on_battery_it_stops_and_nothing_begins() {
        let unasked = Unasked::default();
        let (say, begun) = bounded(8);
        thread::scope(|scope| {
            let running = scope.spawn(|| work(&unasked, || say.send(()).unwrap()));
            begun.recv().unwrap();
            unasked.wait_on_battery(true);
            assert_eq!(running.join().unwrap(), Ran::GaveWay("half of it"));
        });
        assert_eq!(unasked.run(&Cancel::default(), || ()), Ran::NotBegun);
        unasked.wait_on_battery(false);
        assert_eq!(unasked.run(&Cancel::default(), || ()), Ran::Done(()));
    }

    #[test]
    fn no_act_waits_for_work_that_broke_down() {
        let unasked = Unasked::default();
        let broken = catch_unwind(AssertUnwindSafe(|| unasked.run(&Cancel::default(), || panic!("broken"))));
        assert!(broken.is_err());
        drop(unasked.first());
    }
}
