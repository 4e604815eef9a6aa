//! Building blocks that several networks share.

pub mod conv_norm;
pub mod halving;
