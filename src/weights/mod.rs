//! Reads weight files of other tools without running code from them, and fills networks by name.
