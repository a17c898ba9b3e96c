//! `transload new`: a connector to start from.

mod readme;
mod sdk;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::{Args, ValueEnum};

use super::{Failed, style, usage};

/// The longest name, in bytes: that of a connection, which people tend to call like its connector.
const NAME_BYTES_MAX: usize = 64;

/// Every file that a project may be made of, by its name in the program; see `build.rs`.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/new_files.rs"));

/// Makes a new connector: a small one that works, to be changed into yours
#[derive(Args)]
#[command(after_help = "Examples:\n  transload new order-notes --lang rust\n  \
                  transload new order-notes --lang python --dir ~/connectors/order-notes\n\n\
                  The connector notes each new GoHighLevel order on its contact, once. Its README.md has the commands that \
                  build it, test it and run it against the sandbox.")]
pub struct New {
    /// What the connector is called: lower-case letters, digits and `-`
    name: String,
    /// What it is written in
    #[arg(long)]
    lang: Language,
    /// Where to put it; a new or empty directory. Left out: one with its name
    #[arg(long, value_name = "DIRECTORY")]
    dir: Option<PathBuf>,
}

/// What a connector is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    /// Rust, with the SDK
    Rust,
    /// JavaScript, by componentize-js
    Js,
    /// Python, by componentize-py
    Python,
}

impl Language {
    /// Its directory among the templates.
    fn directory(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Js => "js",
            Self::Python => "python",
        }
    }

    /// Where the project's build leaves the component.
    fn component(self, name: &str) -> String {
        match self {
            Self::Rust => "target/wasm32-wasip2/release/connector.wasm".to_owned(),
            Self::Js | Self::Python => format!("{name}.wasm"),
        }
    }
}

impl New {
    pub async fn run(self) -> Result<(), Failed> {
        check(&self.name).map_err(usage)?;
        let directory = self.dir.clone().unwrap_or_else(|| PathBuf::from(&self.name));
        let files = self.files()?;
        claim(&directory).map_err(usage)?;
        for (path, text) in &files {
            write(&directory.join(path), text)?;
        }
        let readme = files.iter().find(|(path, _)| path == "README.md");
        let (title, directory) = (style::bold(&self.name), directory.display());
        say!("Made {title} in {directory}. Next, as its README.md says:\n\n  cd {directory}");
        say!("{}", readme::commands(readme.map_or("", |(_, text)| text)));
        Ok(())
    }

    /// The project's files: where each goes, and what is in it.
    fn files(&self) -> anyhow::Result<Vec<(String, String)>> {
        let mut files = Vec::new();
        for directory in ["common", self.lang.directory()] {
            let own = below(directory).map(|(path, text)| (hidden(path), self.filled(text)));
            files.extend(own.filter(|(path, _)| path != readme::RUNNING));
        }
        match self.lang {
            Language::Rust => files.extend(sdk::files()?),
            Language::Js | Language::Python => {
                // What the contract builds on lies beside it; the SDK brings that for Rust.
                let contract = below("contract/0.1.0").chain(below("wit"));
                files.extend(contract.map(|(path, text)| (format!("wit/{path}"), text.to_owned())));
            }
        }
        Ok(files)
    }

    /// `text` with what the placeholders stand for.
    fn filled(&self, text: &str) -> String {
        let running = below("common").find(|(path, _)| *path == readme::RUNNING);
        text.replace("{{running}}", running.map_or("", |(_, text)| text.trim_end()))
            .replace("{{wasm}}", &self.lang.component(&self.name))
            .replace("{{name}}", &self.name)
    }
}

/// The embedded files of a directory, with their paths below it.
fn below(directory: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES
        .iter()
        .filter_map(move |&(name, text)| Some((name.strip_prefix(directory)?.strip_prefix('/')?, text)))
}

/// A template's `gitignore` would hold for this repository if it had its dot there.
fn hidden(path: &str) -> String {
    if path == "gitignore" { ".gitignore".to_owned() } else { path.to_owned() }
}

/// The manifest's rule for names; and a letter first, which cargo wants of packages.
fn check(name: &str) -> anyhow::Result<()> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) || !name.bytes().all(allowed) {
        bail!(
            "{name:?} cannot be a connector's name: use lower-case letters, digits and `-`, a letter first"
        );
    }
    if name.len() > NAME_BYTES_MAX {
        bail!("the name has {} bytes; a connector's has at most {NAME_BYTES_MAX}", name.len());
    }
    Ok(())
}

/// Creates `directory`, or sees that it is empty.
fn claim(directory: &Path) -> anyhow::Result<()> {
    let failed = || format!("cannot use {}", directory.display());
    fs::create_dir_all(directory).with_context(failed)?;
    match fs::read_dir(directory).with_context(failed)?.next() {
        None => Ok(()),
        Some(_) => Err(anyhow!("{} is not empty; name another directory with --dir", directory.display())),
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, text));
    written.with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_a_manifest_may_have() {
        for name in ["a", "order-notes", "b2b", &"n".repeat(NAME_BYTES_MAX)] {
            assert!(check(name).is_ok(), "{name}");
        }
        for name in
            ["", "2b", "-a", "Orders", "order_notes", "a/b", "..", "ä", &"n".repeat(NAME_BYTES_MAX + 1)]
        {
            assert!(check(name).is_err(), "{name}");
        }
    }

    #[test]
    fn no_placeholder_is_left_in_any_project() {
        for lang in Language::value_variants() {
            let new = New { name: "order-notes".to_owned(), lang: *lang, dir: None };
            for (path, text) in new.files().unwrap() {
                for placeholder in ["{{name}}", "{{wasm}}", "{{running}}"] {
                    assert!(!text.contains(placeholder), "{lang:?}: {path} has {placeholder}");
                }
            }
        }
    }
}
