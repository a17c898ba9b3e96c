//! Builds the connector with the toolchain of `tests/tools/install`, once for each state of its sources.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::tools::{node, root};

/// The connector, the contract that it is built with, and the world that adds HTTP to it.
const SOURCES: [&str; 3] = ["examples/ghl-labelry-js", "wit/0.1.0", "host/src/cli/new/wit"];

/// What is in the connector's directory and no source of it.
const OUTPUT: [&str; 2] = ["build", "node_modules"];

/// Tests run at the same time, and what one copies another would read.
static ONE: Mutex<()> = Mutex::new(());

/// Where builds are kept.
pub(super) fn directory() -> PathBuf {
    let directory = root().join("target/javascript");
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// The component's file. None without the tools.
pub(super) fn component() -> Option<PathBuf> {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (node, _) = node()?;
    let place = place()?;
    let component = place.join("ghl-labelry.wasm");
    if !component.exists() {
        let unfinished = place.join("unfinished.wasm");
        run(Command::new(node).arg("build.js").arg(&unfinished).current_dir(place.join(SOURCES[0])));
        fs::rename(unfinished, &component).unwrap();
    }
    Some(component)
}

/// Runs the connector's own tests.
pub(super) fn tests() {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (Some((node, _)), Some(place)) = (node(), place()) else { return };
    run(Command::new(node).arg("--test").current_dir(place.join(SOURCES[0])));
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{command:?}: {said}");
}

/// A copy of the sources beside the installed packages. What was built of other sources is gone from it.
fn place() -> Option<PathBuf> {
    let (_, tools) = node()?;
    let files: Vec<PathBuf> = SOURCES.iter().flat_map(|source| files(&root().join(source))).collect();
    let digest = digest(&files);
    let place = directory().join("build");
    let stamp = place.join("digest");
    if fs::read_to_string(&stamp).is_ok_and(|built| built == digest) {
        return Some(place);
    }
    if place.exists() {
        fs::remove_dir_all(&place).unwrap();
    }
    for file in &files {
        let copy = place.join(file.strip_prefix(root()).unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(file, copy).unwrap();
    }
    std::os::unix::fs::symlink(tools.join("node_modules"), place.join("node_modules")).unwrap();
    fs::write(stamp, digest).unwrap();
    Some(place)
}

/// What tells these sources, and the toolchain, from others.
fn digest(files: &[PathBuf]) -> String {
    let mut hash = Sha256::new();
    for file in files.iter().chain([&root().join("tests/tools/package-lock.json")]) {
        hash.update(file.strip_prefix(root()).unwrap().as_os_str().as_encoded_bytes());
        hash.update([0]);
        hash.update(fs::read(file).unwrap());
        hash.update([0]);
    }
    hex::encode(hash.finalize())
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match path.is_dir() {
            true if !OUTPUT.contains(&name.as_str()) => found.extend(files(&path)),
            false if !name.ends_with(".wasm") => found.push(path),
            _ => {}
        }
    }
    found.sort();
    found
}
