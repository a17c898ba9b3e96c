//! Fetching modules: from the cache if it has the digest, else from where they come from.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::artifact::Artifact;
use super::cache::Cache;
use super::error::FetchError;
use super::{OciReference, RegistryConfig, Remote, docker, download, oci};
use crate::engine::{Digest, Limits};

/// How a [`Fetcher`] is set up.
#[derive(Debug, Clone)]
pub struct FetcherOptions {
    /// How registries and servers are spoken to, by their `HOST` or `HOST:PORT`. One that is not listed is asked over https
    /// with what `docker login` has kept for it, or without credentials.
    pub registries: BTreeMap<String, RegistryConfig>,
    /// Where pinned modules are kept for the next time; none fetches them each time. Holds at most 64 of them and 1 GiB;
    /// what was used least recently goes first. Several hosts may share it, and it may be the engine's `cache_dir`.
    pub cache_dir: Option<PathBuf>,
    /// The largest module, in bytes: as [`Limits::module_bytes`].
    pub bytes_max: usize,
    /// How long a connection may take to be made: 10 s, unless another is given.
    pub connect_timeout: Duration,
    /// How long nothing may come: 30 s, unless another is given.
    pub read_timeout: Duration,
    /// How long all of it may take: 5 min, unless another is given. 32 MB take two at 2 Mbit/s.
    pub timeout: Duration,
}

impl Default for FetcherOptions {
    fn default() -> FetcherOptions {
        FetcherOptions {
            registries: BTreeMap::new(),
            cache_dir: None,
            bytes_max: Limits::default().module_bytes,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            timeout: Duration::from_mins(5),
        }
    }
}

/// How far it is: bytes that are through, and how many there are, if that is known.
pub type Progress<'p> = &'p (dyn Fn(u64, Option<u64>) + Send + Sync);

/// What a source holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The module's file. Nobody has said yet that it is the right one.
    pub bytes: Vec<u8>,
    /// Its digest.
    pub digest: Digest,
    /// The digest of the manifest that leads to it in a registry.
    pub manifest: Option<Digest>,
}

/// What was pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pushed {
    /// The digest of the module.
    pub digest: Digest,
    /// The digest of the manifest that leads to it.
    pub manifest: Digest,
}

/// Fetches modules, and pushes them.
pub struct Fetcher {
    pub(super) options: FetcherOptions,
    /// Opened when it is first needed.
    cache: OnceLock<Option<Arc<Cache>>>,
}

impl Fetcher {
    /// Set up a fetcher. A cache that cannot be used is told about, once it is needed, and done without.
    ///
    /// The clients of HTTP behind it take their cryptography from the process: if it has installed no provider for rustls,
    /// this installs `ring`.
    pub fn new(options: FetcherOptions) -> Fetcher {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // An error says that somebody else has installed one meanwhile.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        Fetcher { options, cache: OnceLock::new() }
    }

    /// The module with the digest `pin`: from the cache, or else from `source`, whatever else that holds by now.
    pub async fn fetch(
        &self,
        source: &Remote,
        pin: &Digest,
        progress: Progress<'_>,
    ) -> Result<Vec<u8>, FetchError> {
        if let Some(bytes) = self.kept(pin).await {
            return Ok(bytes);
        }
        let fetched = self.within(source, self.get(source, Some(pin), progress)).await?;
        if fetched.digest != *pin {
            let source_name = source.to_string();
            return Err(FetchError::NotThePinned { source_name, pinned: *pin, found: fetched.digest });
        }
        Ok(self.keep(*pin, fetched.bytes).await)
    }

    /// What `source` holds now, to look at. To run it, somebody has to decide that its digest is the right one.
    pub async fn look(&self, source: &Remote, progress: Progress<'_>) -> Result<Fetched, FetchError> {
        self.within(source, self.get(source, None, progress)).await
    }

    /// Push a module to a registry under a tag, as a Wasm OCI artifact. [`FetchError::Push`] if `target` has no tag.
    pub async fn push(&self, artifact: &Artifact, target: &OciReference) -> Result<Pushed, FetchError> {
        self.within(&Remote::Oci(target.clone()), oci::push(self, artifact, target)).await
    }

    async fn get(
        &self,
        source: &Remote,
        pin: Option<&Digest>,
        progress: Progress<'_>,
    ) -> Result<Fetched, FetchError> {
        match source {
            Remote::Http(url) => download::get(self, url, source, progress).await,
            Remote::Oci(reference) => oci::pull(self, reference, pin, progress).await,
        }
    }

    async fn within<T>(
        &self,
        source: &Remote,
        work: impl Future<Output = Result<T, FetchError>>,
    ) -> Result<T, FetchError> {
        let late = |_| FetchError::Failed {
            source_name: source.to_string(),
            reason: format!("it took more than {:?}", self.options.timeout),
        };
        tokio::time::timeout(self.options.timeout, work).await.map_err(late)?
    }

    fn cache(&self) -> Option<Arc<Cache>> {
        let open = |directory: &PathBuf| match Cache::open(directory) {
            Ok(cache) => Some(Arc::new(cache)),
            Err(error) => {
                tracing::warn!("cannot keep modules in {}: {error}", directory.display());
                None
            }
        };
        self.cache.get_or_init(|| self.options.cache_dir.as_ref().and_then(open)).clone()
    }

    async fn kept(&self, pin: &Digest) -> Option<Vec<u8>> {
        let (cache, pin, bytes_max) = (self.cache()?, *pin, self.options.bytes_max);
        tokio::task::spawn_blocking(move || cache.get(&pin, bytes_max)).await.ok().flatten()
    }

    async fn keep(&self, digest: Digest, bytes: Vec<u8>) -> Vec<u8> {
        let Some(cache) = self.cache() else { return bytes };
        let bytes = Arc::new(bytes);
        let kept = Arc::clone(&bytes);
        let _ = tokio::task::spawn_blocking(move || cache.keep(&digest, &kept)).await;
        Arc::unwrap_or_clone(bytes)
    }

    /// Fails if `host` would be spoken to in plain HTTP and may not be.
    pub(super) fn check_plain(&self, host: &str) -> Result<(), FetchError> {
        if RegistryConfig::may_be_plain(&self.options.registries, host) {
            return Ok(());
        }
        Err(FetchError::PlainHttp { host: host.to_owned() })
    }

    /// Name and password for `host`: of the configuration, else what docker has kept of a login.
    pub(super) async fn credentials(&self, host: &str) -> Result<Option<(String, String)>, FetchError> {
        if let Some(RegistryConfig { username: Some(username), password: Some(password), .. }) =
            self.options.registries.get(host)
        {
            return Ok(Some((username.clone(), password.expose().to_owned())));
        }
        let asked = host.to_owned();
        // It may run a helper program.
        let found = tokio::task::spawn_blocking(move || docker::login(&asked)).await;
        let found = found.unwrap_or_else(|error| Err(error.to_string()));
        found.map_err(|reason| FetchError::Credentials { host: host.to_owned(), reason })
    }
}
