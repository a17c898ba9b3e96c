//! The Rust SDK, as a new project carries it: the crates are on no registry.

use std::collections::BTreeSet;

use anyhow::Context;
use toml::{Table, Value};

use super::below;

/// Its directory in the project. Paths below it are those of the repository.
const DIRECTORY: &str = "sdk";

/// The SDK's crates, their workspace, the contract, and a lock file with the versions that they are tested with: cargo takes
/// what the project does not use out of it.
pub fn files() -> anyhow::Result<Vec<(String, String)>> {
    let mut files = vec![
        (format!("{DIRECTORY}/Cargo.toml"), workspace()?),
        ("Cargo.lock".to_owned(), embedded("workspace", "Cargo.lock")?.to_owned()),
    ];
    let path = |path: &str| format!("{DIRECTORY}/{path}");
    files.extend(below("sdk").map(|(name, text)| (path(name), text.to_owned())));
    files.extend(below("contract").map(|(name, text)| (path(&format!("wit/{name}")), text.to_owned())));
    Ok(files)
}

fn embedded(directory: &str, path: &str) -> anyhow::Result<&'static str> {
    let found = below(directory).find(|(name, _)| *name == path);
    found.map(|(_, text)| text).with_context(|| format!("this program was built without {path}"))
}

/// The repository's workspace, of the SDK's crates alone.
fn workspace() -> anyhow::Result<String> {
    let whole: Table = embedded("workspace", "Cargo.toml")?.parse()?;
    let mut workspace = whole.get("workspace").and_then(Value::as_table).cloned().unwrap_or_default();
    let (mut members, mut used) = (Vec::new(), BTreeSet::new());
    for (path, text) in below("sdk").filter(|(path, _)| path.ends_with("/Cargo.toml")) {
        members.extend(path.strip_suffix("/Cargo.toml").map(Value::from));
        dependencies(&text.parse()?, &mut used);
    }
    workspace.insert("members".to_owned(), Value::Array(members));
    if let Some(Value::Table(dependencies)) = workspace.get_mut("dependencies") {
        dependencies.retain(|name, _| used.contains(name));
    }
    let whole = Table::from_iter([("workspace".to_owned(), Value::Table(workspace))]);
    Ok(toml::to_string_pretty(&whole)?)
}

/// Adds what a crate's manifest names as a dependency of any kind.
fn dependencies(manifest: &Table, used: &mut BTreeSet<String>) {
    for (key, value) in manifest {
        match value {
            Value::Table(table) if key.ends_with("dependencies") => used.extend(table.keys().cloned()),
            Value::Table(table) => dependencies(table, used),
            _ => {}
        }
    }
}
