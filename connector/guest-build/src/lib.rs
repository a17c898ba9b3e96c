//! Builds guest components from a build script, so that `cargo build` and `cargo test` work on a fresh clone.
//!
//! A guest is a `cdylib` of this workspace. Its build is a cargo of its own: the profile `guest`, the target
//! `wasm32-wasip2`, and a target directory below `OUT_DIR`. In `Cargo.toml` of the crate that hands out the bytes:
//!
//! ```toml
//! [build-dependencies]
//! transload-guest-build.workspace = true
//! ```
//!
//! In its `build.rs`:
//!
//! ```no_run
//! let built = transload_guest_build::build(&["transload-ghl-track-pod"]);
//! transload_guest_build::constants(&built);
//! ```
//!
//! And in its `lib.rs`, where each constant is a `&[u8]` named after its package, less `transload-`:
//!
//! ```text
//! include!(concat!(env!("OUT_DIR"), "/guests.rs"));
//! // pub const GHL_TRACK_POD: &[u8] = …;
//! ```
//!
//! The script runs again when a guest's sources, those of its path dependencies, `wit/`, a manifest, the lock file or the
//! toolchain change. A guest's bytes depend on nothing else, so its digest is the same whoever builds it.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};

/// What guests are compiled for.
const TARGET: &str = "wasm32-wasip2";

/// Variables of the outer cargo that would change the guests: its flags, its lints (clippy would run inside this build
/// and fail it) and its target.
const REMOVED: [&str; 6] = [
    "CARGO_BUILD_TARGET",
    "RUSTFLAGS",
    "CLIPPY_ARGS",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
    "CARGO_MAKEFLAGS",
];

/// A component that was built.
#[derive(Debug, Clone)]
pub struct Artifact {
    /// The package it was built from.
    pub package: String,
    /// The component.
    pub path: PathBuf,
}

/// Build `packages`, and tell cargo what they depend on. Ends the build script with a message when that fails.
pub fn build(packages: &[&str]) -> Vec<Artifact> {
    match try_build(packages) {
        Ok(artifacts) => artifacts,
        Err(message) => {
            for line in message.lines() {
                println!("cargo::error={line}");
            }
            exit(1);
        }
    }
}

/// Write `$OUT_DIR/guests.rs` with a constant for each component.
pub fn constants(artifacts: &[Artifact]) {
    let mut source = String::new();
    for artifact in artifacts {
        let package = &artifact.package;
        let short = package.strip_prefix("transload-").unwrap_or(package);
        let name = short.to_uppercase().replace('-', "_");
        source.push_str(&format!(
            "/// The component of the package `{package}`.\npub const {name}: &[u8] = include_bytes!({:?});\n",
            artifact.path
        ));
    }
    let written = variable("OUT_DIR").and_then(|directory| {
        let path = Path::new(&directory).join("guests.rs");
        fs::write(&path, source).map_err(|error| format!("cannot write {}: {error}", path.display()))
    });
    if let Err(message) = written {
        println!("cargo::error={message}");
        exit(1);
    }
}

fn try_build(packages: &[&str]) -> Result<Vec<Artifact>, String> {
    ensure_target()?;
    let root = workspace_root()?;
    let directory = Path::new(&variable("OUT_DIR")?).join("guests");
    compile(packages, &root, &directory)?;
    let output = directory.join(TARGET).join("guest");
    let artifacts: Vec<Artifact> = packages
        .iter()
        .map(|package| Artifact {
            package: (*package).to_owned(),
            path: output.join(format!("{}.wasm", package.replace('-', "_"))),
        })
        .collect();
    declare_inputs(&artifacts, &root)?;
    Ok(artifacts)
}

fn variable(name: &str) -> Result<OsString, String> {
    env::var_os(name).ok_or_else(|| format!("{name} is not set; this runs in a build script only"))
}

/// See that the compiler can build for the target, and have rustup install it if not.
fn ensure_target() -> Result<(), String> {
    if target_installed()? {
        return Ok(());
    }
    println!("cargo::warning=installing the Rust target {TARGET}, which the connectors are compiled for");
    let mut install = Command::new("rustup");
    install.args(["target", "add", TARGET]);
    if let Some(toolchain) = env::var_os("RUSTUP_TOOLCHAIN") {
        install.arg("--toolchain").arg(toolchain);
    }
    let installed = install.output().is_ok_and(|output| output.status.success());
    if installed && target_installed()? {
        return Ok(());
    }
    Err(format!("the Rust target {TARGET} is not installed; run: rustup target add {TARGET}"))
}

fn target_installed() -> Result<bool, String> {
    let mut ask = Command::new(variable("RUSTC")?);
    ask.args(["--print", "target-libdir", "--target", TARGET]);
    let output = ask.output().map_err(|error| format!("cannot run {ask:?}: {error}"))?;
    let directory = String::from_utf8_lossy(&output.stdout);
    Ok(output.status.success() && Path::new(directory.trim()).is_dir())
}

/// The directory of the workspace that the running build script belongs to: the nearest one with a lock file.
fn workspace_root() -> Result<PathBuf, String> {
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = manifest.ancestors().find(|directory| directory.join("Cargo.lock").is_file());
    root.map(Path::to_path_buf).ok_or_else(|| format!("no Cargo.lock above {}", manifest.display()))
}

fn compile(packages: &[&str], root: &Path, directory: &Path) -> Result<(), String> {
    let mut cargo = Command::new(variable("CARGO")?);
    cargo.current_dir(root).args(["build", "--locked", "--profile", "guest", "--target", TARGET, "--lib"]);
    for package in packages {
        cargo.args(["--package", package]);
    }
    for name in REMOVED {
        cargo.env_remove(name);
    }
    // A directory shared with the outer cargo would deadlock on its lock, and a configured `build.build-dir` would share
    // one behind our back.
    cargo.env("CARGO_TARGET_DIR", directory).env("CARGO_BUILD_BUILD_DIR", directory);
    // Set, it also keeps out flags that a cargo configuration file has for the host.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags(root));
    let output = cargo.output().map_err(|error| format!("cannot run {cargo:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("building {} for {TARGET} failed:\n{said}", packages.join(", ")))
}

/// The compiler's flags, as cargo wants them encoded: a unit separator between two. Panics name their source file, so the
/// paths of this machine are replaced; a component's bytes must not depend on where it was built.
fn flags(root: &Path) -> OsString {
    let mut remapped = vec![(root.to_owned(), "/transload")];
    let home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let registries =
        home.map(|home| home.join("registry/src")).and_then(|sources| fs::read_dir(sources).ok());
    remapped.extend(registries.into_iter().flatten().flatten().map(|entry| (entry.path(), "/registry")));
    let mut flags = OsString::new();
    for (path, name) in remapped {
        if !flags.is_empty() {
            flags.push("\u{1f}");
        }
        flags.push("--remap-path-prefix=");
        flags.push(path);
        flags.push("=");
        flags.push(name);
    }
    flags
}

/// Tell cargo when to run the script again. Dep-info files list sources; they know nothing of manifests, profiles and
/// new WIT files.
fn declare_inputs(artifacts: &[Artifact], root: &Path) -> Result<(), String> {
    let mut inputs = BTreeSet::from([root.join("Cargo.toml"), root.join("Cargo.lock"), root.join("wit")]);
    inputs.insert(root.join("rust-toolchain.toml"));
    for artifact in artifacts {
        let path = artifact.path.with_extension("d");
        let text =
            fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        for source in dependencies(&text) {
            let manifest = source.ancestors().map(|above| above.join("Cargo.toml")).find(|it| it.is_file());
            inputs.extend(manifest);
            inputs.insert(source);
        }
    }
    for input in inputs {
        println!("cargo::rerun-if-changed={}", input.display());
    }
    Ok(())
}

/// The files that a dep-info file names: `output: input input …`, where a space in a name is escaped.
fn dependencies(text: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in text.lines() {
        let Some((_, inputs)) = line.split_once(": ") else { continue };
        let mut name = String::new();
        let mut characters = inputs.chars();
        while let Some(character) = characters.next() {
            match character {
                '\\' => name.extend(characters.next()),
                ' ' => files.push(PathBuf::from(std::mem::take(&mut name))),
                other => name.push(other),
            }
        }
        files.push(PathBuf::from(name));
    }
    files.retain(|file| !file.as_os_str().is_empty());
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dep_info_names_are_unescaped() {
        let text = "/out/guest.wasm: /src/a\\ b/lib.rs /src/main.rs\n\n/src/main.rs:\n";
        let expected = [PathBuf::from("/src/a b/lib.rs"), PathBuf::from("/src/main.rs")];
        assert_eq!(dependencies(text), expected);
    }

    #[test]
    fn an_empty_dep_info_names_nothing() {
        assert_eq!(dependencies(""), Vec::<PathBuf>::new());
        assert_eq!(dependencies("out: "), Vec::<PathBuf>::new());
    }
}
