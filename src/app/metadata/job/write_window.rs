//! Names that the window shows, writes and takes back, and what it keeps of its user's answers.

use std::sync::Arc;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::preview::{preview, write_as_shown};
use super::{UndoSummary, WriteChoices, WritePreview, WriteSummary, pending, undo};
use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::progress::JobEvent;
use crate::app::engine::report::{Failed, JobId, JobKind};
use crate::app::engine::shared::{Shared, Tasks};
use crate::library::{self, LibraryReader};
use crate::types::Cancel;

pub(crate) const PREVIEW_NAMES: JobKind = JobKind("preview names");
pub(crate) const WRITE_NAMES: JobKind = JobKind("write names");
pub(crate) const TAKE_NAMES_BACK: JobKind = JobKind("take names back");

const SETTING: &str = "metadata.writing";

/// What is kept of what its user said about writing names.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WritingSettings {
    /// Whether it is said when names have changed since they were written.
    pub is_on: bool,
    /// Whether it was offered; that is done once.
    pub was_offered: bool,
    pub choices: WriteChoices,
}

#[derive(Debug, Clone, PartialEq)]
pub enum WriteRequest {
    Keep(WritingSettings),
    Preview(WriteChoices),
    Write(Arc<WritePreview>),
    TakeBack,
}

#[derive(Debug, Clone)]
pub enum WriteEvent {
    Kept(WritingKept),
    /// What was said is in the library now, or could not be kept.
    Saved,
    /// A job of these has begun.
    Began(JobId),
    /// Before their job ends.
    Previewed(Arc<WritePreview>),
    Written(WriteSummary),
    TakenBack(UndoSummary),
}

/// What the library keeps about writing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WritingKept {
    pub settings: WritingSettings,
    /// How many files the latest writing can be taken back in.
    pub way_back: usize,
    /// How many photos have other names than when they were written, where that is asked for.
    pub pending: Option<usize>,
}

/// How the feature tells what is told here.
type Wrap<E> = fn(WriteEvent) -> E;

pub(super) fn load<E: Send + 'static>(tasks: &Tasks<'_, E>, wrap: Wrap<E>) {
    tasks.in_background(move |shared, sink| {
        sink.loaded(shared.library.ask(kept), |kept| wrap(WriteEvent::Kept(kept)));
    });
}

/// What cannot be read is as good as none.
fn kept(library: &LibraryReader) -> library::Result<WritingKept> {
    let settings = library.setting(SETTING)?.and_then(|text| serde_json::from_str(&text).ok());
    let settings: WritingSettings = settings.unwrap_or_default();
    let changed = || pending::count(library, settings.choices.with_suggested);
    let pending = settings.is_on.then(changed).transpose()?;
    Ok(WritingKept { pending, way_back: library.files_of_last_writing()?, settings })
}

pub(super) fn handle<E: Send + 'static>(tasks: &mut Tasks<'_, E>, request: WriteRequest, wrap: Wrap<E>) {
    match request {
        WriteRequest::Keep(settings) => tasks.in_order(move |shared, sink| {
            if let Err(error) = keep(shared, &settings) {
                sink.fail(Failed::Change, &error);
            }
            sink.send(wrap(WriteEvent::Saved));
        }),
        WriteRequest::Preview(choices) => job(tasks, PREVIEW_NAMES, wrap, move |library, cancel, events| {
            let shown = preview(library, &choices, cancel, events)?;
            Ok(shown.map(|shown| WriteEvent::Previewed(Arc::new(shown))))
        }),
        WriteRequest::Write(shown) => job(tasks, WRITE_NAMES, wrap, move |library, cancel, events| {
            write_as_shown(library, &shown, cancel, events).map(|summary| Some(WriteEvent::Written(summary)))
        }),
        WriteRequest::TakeBack => job(tasks, TAKE_NAMES_BACK, wrap, |library, cancel, events| {
            undo(library, cancel, events).map(|summary| Some(WriteEvent::TakenBack(summary.unwrap_or_default())))
        }),
    }
}

fn keep(shared: &Shared, settings: &WritingSettings) -> Result<()> {
    let text = serde_json::to_string(settings)?;
    shared.library.call(move |library| library.set_setting(SETTING, &text))
}

/// Runs beside the device's thread: no network is needed.
fn job<E: Send + 'static>(
    tasks: &mut Tasks<'_, E>,
    kind: JobKind,
    wrap: Wrap<E>,
    work: impl FnOnce(&mut LibraryHandle, &Cancel, &mut dyn FnMut(JobEvent)) -> Result<Option<WriteEvent>> + Send + 'static,
) {
    let (job, cancel) = tasks.begin_job();
    tasks.sink.send(wrap(WriteEvent::Began(job)));
    tasks.run_job_in_background(job, move |shared, sink| {
        let mut events = sink.reporter(job, kind);
        let done = work(&mut shared.library.clone(), &cancel, &mut events);
        let outcome = done.map(|told| told.into_iter().for_each(|event| sink.send(wrap(event))));
        sink.end(job, kind, &cancel, outcome);
    });
}
