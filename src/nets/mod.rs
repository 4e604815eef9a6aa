//! The networks: one file each, `blocks` shared, `catalogue` lists all.
