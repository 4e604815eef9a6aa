//! Words of the command line that several commands share.

use clap::ValueEnum;

use crate::cluster::Linkage;

/// How far two groups of faces are apart.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum LinkageName {
    Average,
    Single,
    Complete,
    Ward,
}

impl From<LinkageName> for Linkage {
    fn from(name: LinkageName) -> Self {
        match name {
            LinkageName::Average => Self::Average,
            LinkageName::Single => Self::Single,
            LinkageName::Complete => Self::Complete,
            LinkageName::Ward => Self::Ward,
        }
    }
}
