//! Modules that a command or the configuration names.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use transload::config::{Config, ModuleSource, RegistryConfig};
use transload::distribution::{FetchError, Fetcher, FetcherOptions, Remote, SourceError};
use transload::egress::Secret;
use transload::engine::{Digest, DigestError, Limits, admit};

use super::access::Access;
use super::transfer::Transfer;
use super::{Failed, usage};

/// What every command says of an argument that is a module.
pub const HELP: &str = "A component file, bundled:NAME, or an oci:// or https:// source with #sha256:DIGEST";

/// Who asks a registry, where neither the configuration nor docker says.
const USERNAME: &str = "TRANSLOAD_REGISTRY_USERNAME";

/// What proves it.
const PASSWORD: &str = "TRANSLOAD_REGISTRY_PASSWORD";

/// A module as the command line has it: `SOURCE`, or `SOURCE#sha256:DIGEST`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Where it comes from.
    pub source: ModuleSource,
    /// The digest that it has to have.
    pub pin: Option<Digest>,
}

/// Where modules are had from.
pub struct Supply {
    fetcher: Fetcher,
}

/// The names of the bundled connectors.
pub fn bundled() -> Vec<&'static str> {
    transload_bundle::CONNECTORS.iter().map(|connector| connector.name).collect()
}

/// Reads a module's name.
pub fn named(text: &str) -> Result<Named, String> {
    let (source, pin) = match text.rsplit_once('#') {
        Some((source, digest)) if digest.starts_with("sha256:") => {
            (source, Some(digest.parse().map_err(|error: DigestError| error.to_string())?))
        }
        _ => (text, None),
    };
    let source = source.parse().map_err(|error: SourceError| error.to_string())?;
    Ok(Named { source, pin })
}

impl Supply {
    /// For what a configuration names.
    pub fn of(config: &Config) -> Supply {
        Supply::new(config.registries.clone(), config.cache.clone())
    }

    /// For what is named beside a database. The configuration is read for its registries if `named` needs them.
    pub fn beside(access: &Access, cache: Option<&Path>, named: &Named) -> Result<Supply, Failed> {
        Supply::with(&access.config, cache.map(Path::to_owned), named)
    }

    /// For what is named where there may be a configuration, and need not be.
    pub fn perhaps(config: &Path, named: &Named) -> Result<Supply, Failed> {
        // Its default is a file that many a machine with this program does not have.
        let there = config.is_file() || config != Path::new("transload.toml");
        let remote = matches!(named.source, ModuleSource::Remote(_));
        let cache = if remote && there { Config::places(config).map_err(usage)?.cache } else { None };
        Supply::with(config, cache, named)
    }

    fn with(config: &Path, cache: Option<PathBuf>, named: &Named) -> Result<Supply, Failed> {
        let ModuleSource::Remote(remote) = &named.source else {
            return Ok(Supply::new(BTreeMap::new(), cache));
        };
        let mut registries =
            if config.is_file() { Config::registries(config).map_err(usage)? } else { BTreeMap::new() };
        let registry: &mut RegistryConfig = registries.entry(remote.host()).or_default();
        if let (None, Ok(username), Ok(password)) =
            (&registry.username, std::env::var(USERNAME), std::env::var(PASSWORD))
        {
            registry.username = Some(username);
            registry.password = Some(Secret::new(password));
        }
        Ok(Supply::new(registries, cache))
    }

    fn new(registries: BTreeMap<String, RegistryConfig>, cache_dir: Option<PathBuf>) -> Supply {
        let options = FetcherOptions { registries, cache_dir, ..FetcherOptions::default() };
        Supply { fetcher: Fetcher::new(options) }
    }

    /// What fetches and pushes.
    pub fn fetcher(&self) -> &Fetcher {
        &self.fetcher
    }

    /// The bytes of a module. One from a network is had by its digest only; the refusal says which that would be.
    pub async fn read(&self, named: &Named) -> anyhow::Result<Vec<u8>> {
        match (&named.source, &named.pin) {
            (ModuleSource::Remote(remote), None) => {
                Err(self.unpinned(remote, |digest| format!("name it as {remote}#{digest}")).await)
            }
            (ModuleSource::Remote(remote), Some(pin)) => {
                let transfer = Transfer::of(remote);
                Ok(self.fetcher.fetch(remote, pin, &|done, all| transfer.at(done, all)).await?)
            }
            (source, pin) => {
                let bytes = local(source)?;
                let Some(pin) = pin else { return Ok(bytes) };
                let admitted = admit(Arc::from(bytes), Some(pin), Limits::default().module_bytes);
                Ok(admitted.with_context(|| source.to_string())?.bytes().to_vec())
            }
        }
    }

    /// The bytes of a module, to look at: pinned or not.
    pub async fn look(&self, named: &Named) -> anyhow::Result<Vec<u8>> {
        match &named.source {
            ModuleSource::Remote(remote) if named.pin.is_none() => {
                let transfer = Transfer::of(remote);
                Ok(self.fetcher.look(remote, &|done, all| transfer.at(done, all)).await?.bytes)
            }
            _ => self.read(named).await,
        }
    }

    /// Why a module without a digest is refused. `remedy` says where the digest has to be written, once it is known.
    pub async fn unpinned(&self, remote: &Remote, remedy: impl Fn(&Digest) -> String) -> anyhow::Error {
        let why = "what comes from a network is used only under a digest";
        match self.fetcher.look(remote, &|_, _| {}).await {
            Ok(found) => anyhow!(
                "{why}; it holds {} now: look at it with `transload inspect {remote}`, then {}",
                found.digest,
                remedy(&found.digest)
            ),
            Err(error) => anyhow!("{why}, and the digest cannot be looked up: {error}"),
        }
    }
}

/// What a module that cannot be had makes of a command. A network that fails is no fault of the usage.
pub fn failed(error: anyhow::Error) -> Failed {
    match error.downcast_ref() {
        Some(FetchError::Failed { .. } | FetchError::Push { .. }) => Failed::Operation(error),
        _ => Failed::Usage(error),
    }
}

/// The bytes of a module on this machine.
fn local(source: &ModuleSource) -> anyhow::Result<Vec<u8>> {
    match source {
        ModuleSource::Bundled(name) => {
            transload_bundle::find(name).map(|connector| connector.component.to_vec()).ok_or_else(|| {
                anyhow!("no connector called {name:?} is bundled; there are: {}", bundled().join(", "))
            })
        }
        ModuleSource::File(path) => {
            let hint = || match path.to_str().filter(|name| bundled().contains(name)) {
                Some(name) => format!("cannot read the module {name} (did you mean bundled:{name}?)"),
                None => format!("cannot read the module {}", path.display()),
            };
            // A byte more than a module may have is enough to refuse it.
            let most = Limits::default().module_bytes as u64 + 1;
            let mut bytes = Vec::new();
            std::fs::File::open(path)
                .and_then(|file| file.take(most).read_to_end(&mut bytes))
                .with_context(hint)?;
            Ok(bytes)
        }
        ModuleSource::Remote(remote) => Err(anyhow!("{remote} is not on this machine")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_what_follows_the_last_hash() {
        let digest = Digest::of(b"");
        let named = |text: String| super::named(&text);
        let pinned = named(format!("oci://h.example/x:1#{digest}")).unwrap();
        assert_eq!((pinned.source.to_string(), pinned.pin), ("oci://h.example/x:1".to_owned(), Some(digest)));
        let file = named("a#b.wasm".to_owned()).unwrap();
        assert_eq!((file.source, file.pin), (ModuleSource::File("a#b.wasm".into()), None));
        assert!(named(format!("x.wasm#{digest}0")).unwrap_err().contains("is no digest"));
    }
}
