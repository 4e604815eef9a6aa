//! The Rust side of `shaders/`: each kernel with a plain reference.
