//! The manual's walkthrough is the example's own text, all of it, and says how long that is.

use std::fs;
use std::path::{Path, PathBuf};

/// Crates of the example.
const CRATES: [&str; 2] = ["examples/labelry", "examples/ghl-labelry"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A block of code, below a line that names its file: `` `Cargo.toml`: ``.
struct Block {
    path: String,
    text: String,
}

fn blocks(document: &str) -> Vec<Block> {
    let (mut blocks, mut above, mut open) = (Vec::new(), "", None);
    for line in document.lines() {
        match &mut open {
            None if line.starts_with("```") => {
                let named = std::mem::take(&mut above);
                let path = named.strip_prefix('`').and_then(|line| line.strip_suffix("`:"));
                open = Some(Block { path: path.unwrap_or_default().to_owned(), text: String::new() });
            }
            None if !line.is_empty() => above = line,
            None => {}
            Some(_) if line == "```" => blocks.extend(open.take().filter(|block| !block.path.is_empty())),
            Some(block) => block.text += &format!("{line}\n"),
        }
    }
    blocks
}

/// Every file below `directory`, from the workspace on.
fn files(directory: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(directory)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{directory}/{}", entry.file_name().to_str().unwrap());
        match entry.path().is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

fn is_test(path: &str) -> bool {
    path.ends_with("/tests.rs")
}

/// Recorded calls are not written by anybody.
fn is_recorded(path: &str) -> bool {
    path.contains("/fixtures/")
}

#[test]
fn the_walkthrough_shows_the_example_and_nothing_else() {
    let blocks = blocks(&read("docs/write-a-connector.md"));
    let mut shown: Vec<&str> = Vec::new();
    for Block { path, text } in &blocks {
        let file = read(path);
        if path.starts_with("examples/") {
            assert!(file == *text, "{path} is not as the walkthrough shows it");
            shown.push(path);
        } else {
            assert!(file.contains(text.as_str()), "{path} has no\n{text}");
        }
    }
    shown.sort_unstable();
    let mut all = CRATES.map(files).concat();
    all.retain(|path| !is_test(path) && !is_recorded(path));
    all.sort();
    assert_eq!(shown, all);
}

/// Lines that are neither empty nor comments alone.
fn lines(path: &str) -> usize {
    let text = read(path);
    let comment = if path.ends_with(".rs") { "//" } else { "#" };
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.filter(|line| !line.starts_with(comment)).count()
}

#[test]
fn the_walkthrough_says_how_long_the_example_is() {
    let document = read("docs/write-a-connector.md");
    let mut all = 0;
    for directory in CRATES {
        let sum = |of: &dyn Fn(&str) -> bool| -> usize {
            files(directory).iter().filter(|path| of(path)).map(|path| lines(path)).sum()
        };
        let rust = sum(&|path| path.ends_with(".rs") && !is_test(path));
        let other = sum(&|path| !path.ends_with(".rs") && !is_recorded(path));
        let row = format!("| `{directory}` | {rust} | {other} | {} |", sum(&is_test));
        assert!(document.contains(&row), "the walkthrough should say\n{row}");
        all += rust;
    }
    for (path, said) in [
        ("docs/write-a-connector.md", format!("comments: {all} of Rust in all")),
        ("README.md", format!("whole: {all} lines of Rust")),
    ] {
        assert!(read(path).contains(&said), "{path} should say {said:?}");
    }
}
