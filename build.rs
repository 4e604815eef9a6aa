//! Tells the linker of Linux to fold functions that compile to the same code: a tenth of the program.
//!
//! rustc links with LLD there since 1.90. Who chooses another linker by flags gets none of this.

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| var(name).is_ok_and(|found| found == value);
    let is_lld = is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && is("CARGO_ENCODED_RUSTFLAGS", "");
    if is_lld && is("PROFILE", "release") {
        println!("cargo::rustc-link-arg-bin=likeness=-Wl,--icf=all");
    }
}
