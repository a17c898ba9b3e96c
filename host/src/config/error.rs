//! What is wrong with a configuration, all of it at once.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The configuration file.
    pub file: PathBuf,
    /// The line, from 1; none where no line is to blame.
    pub line: Option<usize>,
    /// The key with its tables, as in `connections.shop.apis.ghl.credential`; empty for the file as a whole.
    pub key: String,
    /// What is wrong and what to do about it. Never holds a secret.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Everything that is wrong with a configuration, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<Problem>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for problem in &self.0 {
            write!(f, "{separator}{problem}")?;
            separator = "\n";
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// Gathers problems while a file is read.
pub(super) struct Problems<'t> {
    file: &'t Path,
    text: &'t str,
    found: Vec<Problem>,
}

impl<'t> Problems<'t> {
    pub(super) fn new(file: &'t Path, text: &'t str) -> Problems<'t> {
        Problems { file, text, found: Vec::new() }
    }

    /// Note a problem of `key`, whose text lies at `span`.
    pub(super) fn add(&mut self, span: &Range<usize>, key: &str, message: impl Into<String>) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let problem = Problem {
            file: self.file.to_owned(),
            line: Some(line),
            key: key.to_owned(),
            message: message.into(),
        };
        self.found.push(problem);
    }

    /// What was read, if nothing was wrong.
    pub(super) fn settle<T>(self, value: T) -> Result<T, ConfigErrors> {
        if self.found.is_empty() { Ok(value) } else { Err(self.into_errors()) }
    }

    /// What was wrong.
    pub(super) fn into_errors(mut self) -> ConfigErrors {
        self.found.sort_by_key(|problem| problem.line);
        ConfigErrors(self.found)
    }
}
