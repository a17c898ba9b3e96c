//! From a configuration file to connections that are ready to run: all of it is checked before anything starts.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use transload::config::{Config, ConnectionConfig, ModuleSource};
use transload::egress::Egress;
use transload::engine::{Digest, Engine, EngineOptions, Module};
use transload::notices::Receiver;
use transload::runtime::{ConnectionSpec, Courier};

use super::modules::{Named, Supply};
use super::{Failed, modules, usage};

/// A configuration with its modules loaded.
pub struct Prepared {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The database file.
    pub database: PathBuf,
    /// How long records are kept, if the configuration says.
    pub keep: Option<Duration>,
    /// What the modules were loaded by.
    pub engine: Engine,
    /// The connections.
    pub connections: Vec<ConnectionSpec>,
    /// Who is told what happens.
    pub receivers: Vec<Receiver>,
    /// Modules that are files and may change, each with the connections that name it.
    pub files: BTreeMap<PathBuf, Vec<String>>,
}

/// Reads the configuration at `path`, loads its modules, and checks what is set against what the modules ask for. All
/// that is wrong is reported at once, each with its file and key.
pub async fn prepare(path: &Path) -> Result<Prepared, Failed> {
    let mut config = Config::load(path, &modules::bundled()).map_err(usage)?;
    if config.connections.is_empty() {
        let file = path.display();
        return Err(usage(anyhow!("{file}: there is no connection in it; add a table [connections.NAME]")));
    }
    let supply = Supply::of(&config);
    let engine = Engine::new(EngineOptions { cache_dir: config.cache.take(), ..EngineOptions::default() })
        .map_err(|error| {
            usage(anyhow::Error::new(error).context(format!("{}: host.cache", path.display())))
        })?;
    let egress = Egress::default();
    // Many connections share a module; each is compiled once.
    let mut loaded: Vec<(ModuleSource, Option<Digest>, Module)> = Vec::new();
    let mut connections = Vec::new();
    let mut problems = Vec::new();
    let mut files: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for (name, connection) in std::mem::take(&mut config.connections) {
        // One that is pinned could only be refused when it changes.
        if let (ModuleSource::File(file), None) = (&connection.module, &connection.digest) {
            files.entry(file.clone()).or_default().push(name.clone());
        }
        let (source, pin) = (&connection.module, connection.digest);
        let known = loaded.iter().find(|(known, under, _)| known == source && *under == pin);
        let module = match known {
            Some((.., module)) => module.clone(),
            None => match load(&engine, &supply, &name, &connection).await {
                Ok(module) => {
                    loaded.push((source.clone(), pin, module.clone()));
                    module
                }
                Err(error) => {
                    problems.push(format!("{}: {error:#}", path.display()));
                    continue;
                }
            },
        };
        let spec = ConnectionSpec::from_config(&name, connection, module);
        problems.extend(
            spec.problems(&egress).into_iter().map(|problem| format!("{}: {problem}", path.display())),
        );
        connections.push(spec);
    }
    let wrong = config.receivers.iter().filter_map(|receiver| Courier::new(&egress, receiver).err());
    problems.extend(wrong.map(|problem| format!("{}: {problem}", path.display())));
    if !problems.is_empty() {
        return Err(usage(anyhow!("{}", problems.join("\n"))));
    }
    let Config { listen, database, keep, receivers, .. } = config;
    Ok(Prepared { listen, database, keep, engine, connections, receivers, files })
}

/// Reads the configuration at `path` and loads what its connection `name` runs on. Answers it with those who are told what
/// happens.
pub async fn connection(
    path: &Path,
    name: &str,
    engine: &Engine,
) -> Result<(ConnectionSpec, Vec<Receiver>), Failed> {
    let mut config = Config::load(path, &modules::bundled()).map_err(usage)?;
    let supply = Supply::of(&config);
    let Some(connection) = config.connections.remove(name) else {
        let known: Vec<String> = config.connections.into_keys().collect();
        return Err(usage(anyhow!("there is no connection {name:?}; there are: {}", known.join(", "))));
    };
    let module = load(engine, &supply, name, &connection)
        .await
        .map_err(|error| usage(error.context(path.display().to_string())))?;
    Ok((ConnectionSpec::from_config(name, connection, module), config.receivers))
}

/// An engine for a command that only looks: one whose cache cannot be used does without.
pub fn engine(cache: Option<PathBuf>) -> anyhow::Result<Engine> {
    match Engine::new(EngineOptions { cache_dir: cache.clone(), ..EngineOptions::default() }) {
        Err(error) if cache.is_some() => {
            tracing::warn!("{error}; compiling without");
            Ok(Engine::new(EngineOptions::default())?)
        }
        outcome => Ok(outcome?),
    }
}

/// The module of a connection. An error begins with the key that is to blame.
async fn load(
    engine: &Engine,
    supply: &Supply,
    name: &str,
    connection: &ConnectionConfig,
) -> anyhow::Result<Module> {
    let key = |key: &str| format!("connections.{name}.{key}");
    if let (ModuleSource::Remote(remote), None) = (&connection.module, &connection.digest) {
        let line = |digest: &Digest| format!("add to [connections.{name}]: digest = \"{digest}\"");
        return Err(supply.unpinned(remote, line).await.context(key("digest")));
    }
    let named = Named { source: connection.module.clone(), pin: connection.digest };
    let bytes = supply.read(&named).await.with_context(|| key("module"))?;
    let loaded = match &connection.digest {
        Some(pin) => engine.load_pinned(bytes, pin).await,
        None => engine.load(bytes).await,
    };
    loaded.context("the module cannot be used").context(key("module"))
}
