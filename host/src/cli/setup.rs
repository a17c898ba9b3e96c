//! From a configuration file to connections that are ready to run: all of it is checked before anything starts.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use transload::config::{Config, ModuleSource};
use transload::egress::Egress;
use transload::engine::{Engine, EngineOptions, Module};
use transload::notices::Receiver;
use transload::runtime::{ConnectionSpec, Courier};
use transload_sandbox::{Control, Sandbox, System, Target};

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
    /// Modules that are files, each with the connections that name it.
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
    let engine = Engine::new(EngineOptions { cache_dir: config.cache.take(), ..EngineOptions::default() })
        .map_err(|error| {
            usage(anyhow::Error::new(error).context(format!("{}: host.cache", path.display())))
        })?;
    let egress = Egress::default();
    // Many connections share a module; each is compiled once.
    let mut loaded: Vec<(ModuleSource, Module)> = Vec::new();
    let mut connections = Vec::new();
    let mut problems = Vec::new();
    let mut files: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for (name, connection) in std::mem::take(&mut config.connections) {
        if let ModuleSource::File(file) = &connection.module {
            files.entry(file.clone()).or_default().push(name.clone());
        }
        let known = loaded.iter().find(|(source, _)| *source == connection.module);
        let module = match known {
            Some((_, module)) => module.clone(),
            None => match load(&engine, &connection.module).await {
                Ok(module) => {
                    loaded.push((connection.module.clone(), module.clone()));
                    module
                }
                Err(error) => {
                    problems.push(format!("{}: connections.{name}.module: {error:#}", path.display()));
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
    let Some(connection) = config.connections.remove(name) else {
        let known: Vec<String> = config.connections.into_keys().collect();
        return Err(usage(anyhow!("there is no connection {name:?}; there are: {}", known.join(", "))));
    };
    let module = load(engine, &connection.module)
        .await
        .map_err(|error| usage(error.context(format!("{}: connections.{name}.module", path.display()))))?;
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

async fn load(engine: &Engine, source: &ModuleSource) -> anyhow::Result<Module> {
    let bytes = modules::read(source)?;
    engine.load(bytes).await.context("the module cannot be used")
}

/// Writes into `directory` a configuration with one connection, called `shop`, against a sandbox, and the files with its
/// credentials; answers the configuration's path. `poll` is how often transactions are asked for.
pub fn write_sandbox_config(
    directory: &Path,
    sandbox: &Sandbox,
    host: SocketAddr,
    poll: &str,
) -> anyhow::Result<PathBuf> {
    let options = sandbox.options();
    let write = |name: &str, text: &str| {
        let path = directory.join(name);
        create(&path, text).with_context(|| format!("cannot write {}", path.display())).map(|()| path)
    };
    // Somebody's real configuration and credentials have the same names.
    if directory.join("transload.toml").exists() {
        bail!("{} has a transload.toml already; name another directory", directory.display());
    }
    std::fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
    write("ghl.token", &options.ghl_token)?;
    write("ghl.pem", &sandbox.ghl_public_key_pem())?;
    write("track-pod.key", &options.track_pod_key)?;
    write("track-pod.secret", &sandbox.track_pod_secret())?;
    let config = format!(
        include_str!("sandbox.toml.in"),
        host = host,
        poll = poll,
        address = sandbox.address(),
        location = options.ghl_location,
        ghl = sandbox.ghl_url(),
        track_pod = sandbox.track_pod_url(),
        header = options.track_pod_signature_header,
    );
    write("transload.toml", &config)
}

/// Creates a file that only its owner can read.
fn create(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

/// Sends the sandbox's webhooks to the connection `shop` of the host at `host`.
pub async fn point_webhooks(control: &Control, host: SocketAddr) -> anyhow::Result<()> {
    for system in [System::Ghl, System::TrackPod] {
        let url = format!("http://{host}/hooks/shop/{}", system.name());
        let target = Target { url, events: Vec::new() };
        control.set_target(system, Some(&target)).await.context("cannot set the sandbox's webhook target")?;
    }
    Ok(())
}
