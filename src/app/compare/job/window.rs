//! The faces of the Compare view and the distances between them.

use std::sync::Mutex;

use super::compare::{CompareResult, CompareSource, compare};
use crate::app::engine::shared::{FeatureJob, Shared, Tasks, lock};
use crate::app::engine::workers::LoadedNetworks;
use crate::types::Cancel;

/// What is asked of the jobs.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Nobody waits for what was asked before.
    Compare(Vec<CompareSource>),
    Stop,
}

#[derive(Debug, Clone)]
pub enum Event {
    Compared(CompareResult),
}

/// Compares on the device's thread.
#[derive(Debug, Default)]
pub struct Job {
    /// Of what is compared, or waits to be.
    latest: Mutex<Cancel>,
}

impl FeatureJob for Job {
    type Request = Request;
    type Event = Event;

    fn handle(&self, tasks: &mut Tasks<'_, Event>, request: Request) {
        let cancel = self.drop_earlier();
        let Request::Compare(sources) = request else { return };
        tasks.on_device_thread(move |shared, networks, sink| {
            let compared = run_compare(shared, networks, sources, &cancel);
            compared.into_iter().for_each(|result| sink.send(Event::Compared(result)));
        });
    }
}

impl Job {
    /// What comes next can be dropped so as well.
    fn drop_earlier(&self) -> Cancel {
        let next = Cancel::default();
        std::mem::replace(&mut *lock(&self.latest), next.clone()).cancel();
        next
    }
}

/// None where nobody waits for it any more.
fn run_compare(
    shared: &Shared,
    networks: &mut LoadedNetworks,
    sources: Vec<CompareSource>,
    cancel: &Cancel,
) -> Option<CompareResult> {
    if cancel.is_cancelled() {
        return None;
    }
    let result = match networks.engine(&shared.options(), cancel, &mut |_| {}) {
        Ok(engine) => compare(engine, sources, Some(&shared.library), cancel),
        Err(error) => CompareResult::failed(sources, &error),
    };
    (!cancel.is_cancelled()).then_some(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::home::Home;
    use crate::app::engine::library_thread::LibraryHandle;
    use crate::app::engine::networks::EngineOptions;

    #[test]
    fn a_comparison_that_nobody_waits_for_any_more_loads_and_answers_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let library = LibraryHandle::open(&home.library()).unwrap();
        // No model is there, and none may be fetched.
        let options = EngineOptions { offline: true, ..EngineOptions::default() };
        let shared = Shared::new(home.clone(), library, options);
        let mut networks = LoadedNetworks::new(home);
        let sources = vec![CompareSource::File("a.jpg".into())];
        let job = Job::default();
        let (earlier, latest) = (job.drop_earlier(), job.drop_earlier());
        assert!(run_compare(&shared, &mut networks, sources.clone(), &earlier).is_none());
        let answer = run_compare(&shared, &mut networks, sources, &latest).unwrap();
        assert!(answer.slots[0].is_err());
    }
}
