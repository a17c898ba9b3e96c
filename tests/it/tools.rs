//! What tests need beside Rust, and what becomes of a test whose tool is not there.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The root of the project.
pub(crate) fn root() -> PathBuf {
    // What cargo says when the tests run comes first: the tree may have moved since they were built.
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&manifest).parent().unwrap().to_owned()
}

/// A file or directory below `target/tools`, where `tests/tools/install` puts what it installs. None if it is not there:
/// the caller skips its test, which this has said then. Panics where `TRANSLOAD_TOOLS` is `required`, as in CI.
pub(crate) fn tool(path: &str) -> Option<PathBuf> {
    found(root().join("target/tools").join(path), path)
}

/// A program on the path, by the same rule.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|directory| directory.join(name)).find(|it| it.is_file());
    found(on_path.unwrap_or_else(|| PathBuf::from(name)), name)
}

fn found(path: PathBuf, name: &str) -> Option<PathBuf> {
    if path.exists() {
        return Some(path);
    }
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    let missing = format!("{test}: {name} is not installed; `tests/tools/install` does it");
    assert!(std::env::var_os("TRANSLOAD_TOOLS").as_deref() != Some(OsStr::new("required")), "{missing}");
    // To the stream itself: what a test that passes prints is not shown.
    std::io::stderr().write_all(format!("skipped {missing}\n").as_bytes()).unwrap();
    None
}

/// The Python that has the packages of `tests/tools/requirements.txt`.
pub(crate) fn python() -> Option<PathBuf> {
    tool("python/bin/python")
}

/// Node, with the directory whose `node_modules` has the packages of `tests/tools/package.json`.
pub(crate) fn node() -> Option<(PathBuf, PathBuf)> {
    Some((program("node")?, tool("node")?))
}
