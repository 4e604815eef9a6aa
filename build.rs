//! What the compiler cannot know: which revision a release is built from; and how Linux's linker makes it smaller.
//!
//! [`version`] is the package's, and of a release build from a git checkout the commit as well. A development build
//! says nothing of commits: it would have to be compiled anew after each.
//!
//! rustc links with LLD on Linux since 1.90, which is told to fold functions that compile to the same code: a tenth of
//! the program. Who chooses another linker by flags gets none of this.

use std::env::var;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a program is made of.
const SOURCES: [&str; 6] = ["build.rs", "src", "assets", "shaders", "Cargo.toml", "Cargo.lock"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-env=LIKENESS_VERSION={}", version());
    let is_lld = is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
        && is("CARGO_ENCODED_RUSTFLAGS", "");
    if is_lld && is("PROFILE", "release") {
        println!("cargo::rustc-link-arg-bin=likeness=-Wl,--icf=all");
    }
}

fn is(name: &str, value: &str) -> bool {
    var(name).is_ok_and(|found| found == value)
}

/// "0.1.0", "0.1.0 (0123456789ab)", or "0.1.0 (0123456789ab, changed)" where the sources are not the commit's.
fn version() -> String {
    let package = var("CARGO_PKG_VERSION").unwrap_or_default();
    let revision = is("PROFILE", "release").then(revision).flatten();
    revision.map_or(package.clone(), |revision| format!("{package} ({revision})"))
}

/// None outside a checkout of this project: in another's, a crate of ours would tell that project's commit.
fn revision() -> Option<String> {
    let here = PathBuf::from(var("CARGO_MANIFEST_DIR").ok()?);
    let top = PathBuf::from(git(&["rev-parse", "--show-toplevel"])?);
    if top.canonicalize().ok()? != here.canonicalize().ok()? {
        return None;
    }
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let status = ["--no-optional-locks", "status", "--porcelain", "--untracked-files=no", "--"];
    let changed = !git(&[&status[..], &SOURCES].concat())?.is_empty();
    // Whatever can make the answer another one.
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]);
    let files = ["HEAD", "packed-refs"].into_iter().chain(branch.as_deref());
    let watched = files.filter_map(|file| git(&["rev-parse", "--git-path", file]));
    watched.filter(|path| Path::new(path).exists()).for_each(|path| println!("cargo::rerun-if-changed={path}"));
    SOURCES.iter().for_each(|path| println!("cargo::rerun-if-changed={path}"));
    Some(if changed { format!("{commit}, changed") } else { commit })
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let said = output.status.success().then(|| String::from_utf8(output.stdout).ok())??;
    Some(said.trim().to_owned())
}
