//! Embeds what `transload new` writes: the templates, the contract and the sources of the Rust SDK, from the very files that
//! this repository builds. So an installed program makes projects that build on a machine without the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// What is embedded: a file or directory of the repository, and what it is called in the program.
const SOURCES: [(&str, &str); 17] = [
    ("host/src/cli/new/common", "common"),
    ("host/src/cli/new/js", "js"),
    // What connectors in JavaScript have in common is an example's, where it is tested.
    ("examples/ghl-labelry-js/src/api.js", "js/src/api.js"),
    ("examples/ghl-labelry-js/src/decimal.js", "js/src/decimal.js"),
    ("examples/ghl-labelry-js/src/failure.js", "js/src/failure.js"),
    ("examples/ghl-labelry-js/src/http.js", "js/src/http.js"),
    ("examples/ghl-labelry-js/src/json.js", "js/src/json.js"),
    ("host/src/cli/new/python", "python"),
    ("host/src/cli/new/rust", "rust"),
    ("host/src/cli/new/wit", "wit"),
    ("wit/0.1.0", "contract/0.1.0"),
    ("connector/ghl", "sdk/connector/ghl"),
    ("connector/model", "sdk/connector/model"),
    ("connector/sdk", "sdk/connector/sdk"),
    ("connector/wire", "sdk/connector/wire"),
    ("Cargo.toml", "workspace/Cargo.toml"),
    ("Cargo.lock", "workspace/Cargo.lock"),
];

fn main() {
    if std::env::var_os("CARGO_FEATURE_CLI").is_none() {
        println!("cargo::rerun-if-changed=build.rs");
        return;
    }
    if let Err(error) = embed() {
        println!("cargo::error=cannot embed the templates of `transload new`: {error}");
        std::process::exit(1);
    }
}

/// Writes `$OUT_DIR/new_files.rs`: every file as its name and its text, in the order of names.
fn embed() -> std::io::Result<()> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from).unwrap_or_default();
    let root = variable("CARGO_MANIFEST_DIR").join("..").canonicalize()?;
    let mut files = Vec::new();
    for (source, name) in SOURCES {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
        collect(&root.join(source), name, &mut files)?;
    }
    files.sort();
    let entry = |(name, path): &(String, PathBuf)| format!("({name:?}, include_str!({path:?})),\n");
    let list: String = files.iter().map(entry).collect();
    fs::write(variable("OUT_DIR").join("new_files.rs"), format!("&[\n{list}]\n"))
}

fn collect(path: &Path, name: &str, files: &mut Vec<(String, PathBuf)>) -> std::io::Result<()> {
    if !path.is_dir() {
        files.push((name.to_owned(), path.to_owned()));
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        let own = path.file_name().unwrap_or_default().to_string_lossy();
        if !(name.starts_with("sdk/") && is_for_tests(&own)) {
            collect(&path, &format!("{name}/{own}"), files)?;
        }
    }
    Ok(())
}

/// Whether a file or directory of a crate of the SDK is read by its own tests alone.
fn is_for_tests(name: &str) -> bool {
    matches!(name, "fixtures" | "junk.rs" | "tests" | "tests.rs") || name.ends_with("_tests.rs")
}
