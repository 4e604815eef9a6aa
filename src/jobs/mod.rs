//! The only place where parts meet: runner, cancel, progress, one file a job.

mod bench;
mod bench_pairs;
mod compare;
pub mod demo;
mod embed_files;
mod engine;
pub mod eval;
mod grouping;
mod home;
mod import;
mod install;
mod library_thread;
mod memory;
mod portrait;
mod progress;
mod reembed;
mod runner;
mod scan;
#[cfg(test)]
mod tests;
mod thumbnails;
pub mod train;
mod walk;

pub use bench::{BenchPlan, BenchReport, bench};
pub use bench_pairs::{AllPairsReport, bench_all_pairs};
pub use compare::{Compared, compare_face, compare_file};
pub use embed_files::{EmbeddedFace, FaceSource, embed_files};
pub use engine::{EMBEDDER, Engine, EngineOptions, FindFaces, FoundFace};
pub use grouping::{GroupSummary, Grouping, PreparedGrouping, nearest_people, regroup, split_group};
pub use home::Home;
pub use import::{ImportReport, ImportRequest, OpenQuestion, import, what_is_open};
pub use install::{DEFAULT_PACK, ensure_installed, install};
pub use library_thread::LibraryHandle;
pub use portrait::thumbnail_jpeg;
pub use progress::{JobEvent, Meter, Progress, Skipped, Stage};
pub use reembed::{ReembedSummary, reembed};
pub use runner::{Desk, Runner, Sink};
pub use scan::{ScanSummary, scan, working_copy};
pub use thumbnails::ThumbnailCache;
