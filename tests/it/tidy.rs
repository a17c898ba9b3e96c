//! Rules that a compiler does not check.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// The workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file below `directory` with this ending, sorted; build output left out.
fn files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && name != "target" && !name.starts_with('.') {
                directories.push(path);
            } else if name.ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Longest source file, in lines. What is longer has two subjects.
const LINES_MAX: usize = 500;

#[test]
fn every_source_file_is_short_and_says_what_it_is() {
    let mut faults = Vec::new();
    for path in files(&root(), ".rs") {
        let text = read(&path);
        if !text.starts_with("//!") {
            faults.push(format!("{}: starts without a module doc", path.display()));
        }
        let lines = text.lines().count();
        if lines > LINES_MAX {
            faults.push(format!("{}: {lines} lines, more than {LINES_MAX}", path.display()));
        }
        // Written apart, so that this file does not find itself.
        for word in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("dbg", "!("), concat!("todo", "!(")] {
            if text.contains(word) {
                faults.push(format!("{}: {word}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// A word of Rust source: `f64` in `f64,` but not in `buf64`.
fn has_word(line: &str, word: &str) -> bool {
    line.split(|character: char| !character.is_alphanumeric() && character != '_').any(|part| part == word)
}

#[test]
fn no_amount_passes_through_a_float() {
    let mut faults = Vec::new();
    for directory in
        ["connector", "examples", "host/src/storage", "host/src/engine", "host/src/egress", "host/src/config"]
    {
        for path in files(&root().join(directory), ".rs") {
            // How alike two misspelt keys are is no amount.
            if path.ends_with("host/src/config/table.rs") {
                continue;
            }
            let text = read(&path);
            for (number, line) in
                text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
            {
                if has_word(line, "f64") || has_word(line, "f32") {
                    faults.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
                }
            }
        }
    }
    for path in files(&root().join("wit"), ".wit") {
        let text = read(&path);
        if has_word(&text, "f64") || has_word(&text, "f32") || has_word(&text, "float64") {
            faults.push(format!("{}: a float in the contract", path.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The contract's version 0.1.0, once released, never changes. Whoever must change it makes 0.2.0 beside it.
const CONTRACT_0_1_0: &str = "388fdd216982a4a2456f1723596cf0089228f3aa62c245630a90ca51d6fb2557";

#[test]
fn the_released_contract_is_unchanged() {
    let mut hash = Sha256::new();
    for path in files(&root().join("wit/0.1.0"), ".wit") {
        hash.update(path.file_name().unwrap().as_encoded_bytes());
        hash.update([0]);
        hash.update(fs::read(&path).unwrap());
        hash.update([0]);
    }
    assert_eq!(hex::encode(hash.finalize()), CONTRACT_0_1_0, "wit/0.1.0 has changed");
}

/// What each crate of ours may depend on among ours: only what is below it.
const FLOORS: &[(&str, &[&str])] = &[
    ("connector/model", &[]),
    ("connector/wire", &["model"]),
    ("connector/ghl", &["model", "wire"]),
    ("connector/track-pod", &["model", "wire"]),
    ("connector/rankr", &["model", "wire"]),
    ("connector/sdk", &["model", "wire"]),
    ("connector/flows", &["ghl", "model", "sdk", "wire"]),
    ("connector/ghl-track-pod", &["flows", "ghl", "model", "sdk", "track-pod", "wire"]),
    ("connector/ghl-rankr", &["flows", "ghl", "model", "rankr", "sdk", "wire"]),
    ("connector/policy", &[]),
    ("connector/adapter/front", &["policy"]),
    ("connector/adapter/shell", &["policy"]),
    ("connector/guest-build", &[]),
    ("connector/bundle", &["guest-build"]),
    ("connector/sandbox", &["model", "wire"]),
    ("examples/labelry", &["model", "wire"]),
    ("examples/ghl-labelry", &["flows", "ghl", "labelry", "model", "sdk", "wire"]),
    ("host", &["bundle", "model", "policy", "sandbox", "tests"]),
];

#[test]
fn dependencies_point_down_only() {
    for (directory, allowed) in FLOORS {
        let manifest = read(&root().join(directory).join("Cargo.toml"));
        let ours = manifest.lines().filter_map(|line| line.strip_prefix("transload-"));
        for dependency in ours.filter_map(|line| line.split(['.', ' ', '=']).next()) {
            assert!(allowed.contains(&dependency), "{directory} must not depend on transload-{dependency}");
        }
    }
}

#[test]
fn the_library_knows_no_vendor() {
    let program = root().join("host/src/cli");
    let mut faults = Vec::new();
    for path in files(&root().join("host/src"), ".rs").into_iter().filter(|path| !path.starts_with(&program))
    {
        let text = read(&path);
        // Examples in the documentation are programs of their own.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default().lines();
        let code: Vec<&str> = code.filter(|line| !line.trim_start().starts_with("//")).collect();
        for word in
            ["transload_bundle", "transload_sandbox", "transload_ghl", "transload_track_pod", "leadconnector"]
        {
            if code.iter().any(|line| line.contains(word)) {
                faults.push(format!("{}: {word}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_component_does_not_know_where_it_was_built() {
    let root = root().to_string_lossy().into_owned();
    for connector in transload_bundle::CONNECTORS {
        for trace in [root.as_str(), "registry/src/"] {
            let found = connector.component.windows(trace.len()).any(|window| window == trace.as_bytes());
            assert!(!found, "{} has {trace:?} in it, so its digest depends on the machine", connector.name);
        }
    }
}
