//! `transload.toml`: what to run, with which rights.
//!
//! Reading it checks everything that can be known without loading a module, and reports all that is wrong at once, each
//! problem with its file, line, key and remedy. Secrets are never in the file: it names the environment variable
//! (`env:NAME`) or the file (`file:PATH`) that has them. Relative paths start at the configuration file.

mod error;
mod read;
mod receivers;
mod settings;
mod table;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use url::Url;

use crate::egress::Secret;
use crate::notices::Receiver;

pub use crate::webhook::WebhookConfig;
pub use error::{ConfigErrors, Problem};

/// The largest configuration file, in bytes. One connection takes about a thousand.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// A configuration whose every value has been checked and looked up.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the host listens.
    pub listen: SocketAddr,
    /// The database file.
    pub database: PathBuf,
    /// The directory for compiled modules; none compiles them at each start.
    pub cache: Option<PathBuf>,
    /// How long the records of ended work are kept; none leaves it to the host.
    pub keep: Option<Duration>,
    /// The connections, by name.
    pub connections: BTreeMap<String, ConnectionConfig>,
    /// Who is told what happens, in the order of the file.
    pub receivers: Vec<Receiver>,
}

/// Where a configuration keeps things. What it takes to look at them, with none of the connections' secrets at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The database file.
    pub database: PathBuf,
    /// The directory for compiled modules, if they are kept.
    pub cache: Option<PathBuf>,
    /// Names of the connections, in order. Nothing else of them was read.
    pub connections: Vec<String>,
}

impl Places {
    /// The usual places beside a database at `database`.
    pub fn beside(database: &Path) -> Places {
        let cache = Some(read::cache_beside(database));
        Places { database: database.to_owned(), cache, connections: Vec::new() }
    }
}

/// One connection: a connector with settings and grants.
#[derive(Debug, Clone)]
pub struct ConnectionConfig {
    /// The connector.
    pub module: ModuleSource,
    /// Whether every write is denied.
    pub read_only: bool,
    /// What the connector gets as its settings: a JSON object.
    pub settings: String,
    /// What it may do with which API.
    pub apis: BTreeMap<String, ApiConfig>,
    /// How often each trigger is polled, where that differs from the manifest.
    pub polls: BTreeMap<String, Duration>,
}

/// Where a connector comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModuleSource {
    /// One that came with the program.
    Bundled(String),
    /// A file.
    File(PathBuf),
}

/// What a connection may do with one API.
#[derive(Debug, Clone, Default)]
pub struct ApiConfig {
    /// What proves to the API who calls.
    pub credential: Option<Secret>,
    /// The scopes that are granted.
    pub scopes: Vec<String>,
    /// Where the API is, if not where the manifest says.
    pub base_url: Option<Url>,
    /// Private or loopback addresses that it may be at, `host:port`.
    pub allow_private: Vec<String>,
    /// How its webhooks are verified, where that differs from the manifest.
    pub webhook: WebhookConfig,
}

/// Where values outside the file come from.
pub struct Sources<'s> {
    /// Reads an environment variable.
    pub variable: &'s dyn Fn(&str) -> Option<String>,
    /// The names of the modules that came with the program.
    pub bundled: &'s [&'s str],
}

impl Config {
    /// Read the file at `path`, with the process's environment. `bundled` are the modules that came with the program.
    pub fn load(path: &Path, bundled: &[&str]) -> Result<Config, ConfigErrors> {
        let variable = |name: &str| std::env::var(name).ok();
        Config::parse(&file(path)?, path, &Sources { variable: &variable, bundled })
    }

    /// Read where the file at `path` keeps things, and check nothing of the rest.
    pub fn places(path: &Path) -> Result<Places, ConfigErrors> {
        read::places(&file(path)?, path)
    }

    /// Read `text` as the content of the file at `path`.
    pub fn parse(text: &str, path: &Path, sources: &Sources<'_>) -> Result<Config, ConfigErrors> {
        read::config(text, path, sources)
    }
}

fn file(path: &Path) -> Result<String, ConfigErrors> {
    read_file(path).map_err(|message| {
        ConfigErrors(vec![Problem { file: path.to_owned(), line: None, key: String::new(), message }])
    })
}

fn read_file(path: &Path) -> Result<String, String> {
    let cannot = |error: std::io::Error| {
        format!(
            "cannot read it: {error}; copy transload.example.toml there, or name another file with --config"
        )
    };
    let length = std::fs::metadata(path).map_err(cannot)?.len();
    if length > FILE_BYTES_MAX {
        return Err(format!(
            "it has {length} bytes, more than {FILE_BYTES_MAX}: name the right file with --config"
        ));
    }
    std::fs::read_to_string(path).map_err(cannot)
}
