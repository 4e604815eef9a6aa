//! The model store: manifest, install, verify, load by id.
