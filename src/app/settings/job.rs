//! The adapters of this machine, and which one computes.

use anyhow::Result;

use super::state::{DeviceRow, Event, Request};
use crate::app::engine::report::Failed;
use crate::app::engine::shared::{Shared, Tasks};
use crate::app::jobs::options;
use crate::networks::device::{self, DeviceChoice, VerdictCache};
use crate::types::Touched;

/// Answers a request in the background.
pub fn handle(tasks: &Tasks<'_, Event>, request: Request) {
    tasks.in_background(move |shared, sink| match request {
        Request::LoadDevices => sink.send(Event::Devices(devices(shared))),
        Request::UseDevice(ticket, choice) => sink.changed(ticket, Failed::Change, use_device(shared, choice)),
    });
}

fn use_device(shared: &Shared, choice: DeviceChoice) -> Result<Touched> {
    options::change(shared, |options| options.device = choice)?;
    shared.set_device(None);
    Ok(Touched { settings: true, ..Touched::default() })
}

fn devices(shared: &Shared) -> Vec<DeviceRow> {
    let verdicts = VerdictCache::open(shared.home.device_verdicts());
    let rows = device::list(&verdicts).into_iter().map(|found| DeviceRow {
        usable: found.is_usable(),
        verdict: Some(found.verdict_words()),
        kind: found.kind,
        name: found.name,
    });
    rows.collect()
}
