//! A compiled connector.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use wasmtime::component::{Component, InstancePre};

use super::functions::Functions;
use super::inspect::{Shape, inspect};
use super::state::State;
use super::{CallError, Engine, Instance, Ports};
use crate::contract::{Description, Version};

/// Why a module is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum ModuleError {
    /// The file is too large.
    #[error("the module has {bytes} bytes, more than the limit of {limit} (limits.module_bytes)")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The file is not WebAssembly, or is damaged.
    #[error("the file is not a WebAssembly component, or is damaged: {reason}")]
    Malformed {
        /// Where it stops making sense.
        reason: String,
    },
    /// The file is a core module.
    #[error(
        "the file is a core WebAssembly module, not a component; build it for wasm32-wasip2, or wrap it with \
         `wasm-tools component new`"
    )]
    CoreModule,
    /// It wants something that this host does not offer.
    #[error(
        "the module imports {import}, which this host does not offer; it offers WASI 0.2 and \
         transload:connector/{{store, settings, log}}@0.1.0"
    )]
    ImportRefused {
        /// The import.
        import: String,
    },
    /// It exports nothing of the contract.
    #[error("the component exports no interface of transload:connector: it is not a connector")]
    NotAConnector,
    /// It lacks a part of the contract.
    #[error("the component does not export {export}, which a connector must")]
    ExportMissing {
        /// The interface.
        export: String,
    },
    /// It was built for another version of the contract.
    #[error(
        "the component was built for version {found} of transload:connector; this host runs {}",
        Version::names()
    )]
    UnsupportedVersion {
        /// What it exports.
        found: String,
    },
    /// It does not validate or compile.
    #[error("the module does not compile: {reason}")]
    Compile {
        /// What the compiler said.
        reason: String,
    },
    /// Its imports or exports have the right names and the wrong types.
    #[error("the module does not fit the contract: {reason}")]
    Link {
        /// What does not fit.
        reason: String,
    },
    /// Its manifest cannot be had.
    #[error("the module does not describe itself: {0}")]
    Describe(#[source] CallError),
}

/// A compiled connector, ready for instances. Cloning gives another handle to the same module.
#[derive(Clone)]
pub struct Module {
    loaded: Arc<Loaded>,
}

/// A component with its imports resolved.
pub(super) struct Prepared {
    pub(super) pre: InstancePre<State>,
    pub(super) functions: Functions,
    pub(super) version: Version,
}

struct Loaded {
    engine: Engine,
    prepared: Prepared,
    digest: String,
    bytes: Arc<[u8]>,
    imports: Vec<String>,
    version: Version,
    description: Description,
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Module")
            .field("name", &self.loaded.description.name)
            .field("digest", &self.loaded.digest)
            .finish_non_exhaustive()
    }
}

impl Module {
    pub(super) async fn load(engine: &Engine, bytes: Arc<[u8]>) -> Result<Module, ModuleError> {
        let limit = engine.limits().module_bytes;
        if bytes.len() > limit {
            return Err(ModuleError::TooLarge { bytes: bytes.len(), limit });
        }
        let Compiled { shape, digest, component } = compile(engine, &bytes).await?;
        let prepared = prepare(engine, component, shape.version)?;
        let description = describe(engine, &prepared).await?;
        let loaded = Loaded {
            engine: engine.clone(),
            prepared,
            digest: format!("sha256:{}", hex::encode(digest)),
            bytes,
            imports: shape.imports,
            version: shape.version,
            description,
        };
        Ok(Module { loaded: Arc::new(loaded) })
    }

    /// The engine that it was loaded by.
    pub fn engine(&self) -> &Engine {
        &self.loaded.engine
    }

    /// The SHA-256 of the module's bytes, as `sha256:` and hex.
    pub fn digest(&self) -> &str {
        &self.loaded.digest
    }

    /// Size of the module's file, in bytes.
    pub fn size_bytes(&self) -> usize {
        self.loaded.bytes.len()
    }

    /// The module's file, as it was loaded: for keeping it, and loading it again elsewhere or later.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.loaded.bytes
    }

    /// Names of the interfaces that it imports.
    pub fn imports(&self) -> &[String] {
        &self.loaded.imports
    }

    /// The version of the contract that it was built for.
    pub fn contract_version(&self) -> &str {
        self.loaded.version.name()
    }

    /// Its manifest.
    pub fn description(&self) -> &Description {
        &self.loaded.description
    }

    /// Make a fresh instance that reaches the world through `ports`. Waits while the engine's instances are all in use.
    pub async fn instance(&self, ports: Ports) -> Result<Instance, CallError> {
        let engine = &self.loaded.engine;
        Instance::new(engine, &self.loaded.prepared, ports, &engine.shared.limits).await
    }

    /// The same for one page of a job, under [`Limits::jobs`](super::Limits::jobs).
    pub async fn job_instance(&self, ports: Ports) -> Result<Instance, CallError> {
        let engine = &self.loaded.engine;
        Instance::new(engine, &self.loaded.prepared, ports, &engine.shared.job_limits).await
    }
}

/// What is made of a module's bytes before anything of it runs.
struct Compiled {
    shape: Shape,
    digest: [u8; 32],
    component: Component,
}

async fn compile(engine: &Engine, bytes: &Arc<[u8]>) -> Result<Compiled, ModuleError> {
    let (engine, bytes) = (engine.clone(), Arc::clone(bytes));
    match tokio::task::spawn_blocking(move || compile_blocking(&engine, &bytes)).await {
        Ok(outcome) => outcome,
        // A panic of the compiler on odd input must not become the host's.
        Err(error) => Err(ModuleError::Compile { reason: error.to_string() }),
    }
}

/// A module that is in the cache is inspected all the same, as what may be imported is this host's own rule and not that
/// of the one which compiled it. The bytes' validation is left out: the compiler did it when the file was made.
fn compile_blocking(engine: &Engine, bytes: &[u8]) -> Result<Compiled, ModuleError> {
    let shape = inspect(bytes)?;
    let digest = Sha256::digest(bytes).into();
    let shared = &engine.shared;
    let compile = || Component::new(&shared.wasmtime, bytes);
    let component = match &shared.cache {
        Some(cache) => cache.component(&shared.wasmtime, &digest, compile),
        None => compile(),
    };
    let component = component.map_err(|error| ModuleError::Compile { reason: format!("{error:#}") })?;
    Ok(Compiled { shape, digest, component })
}

fn prepare(engine: &Engine, component: Component, version: Version) -> Result<Prepared, ModuleError> {
    let pre = engine.shared.linker.instantiate_pre(&component).map_err(misfit)?;
    Ok(Prepared { pre, functions: Functions::find(&component, version.name())?, version })
}

async fn describe(engine: &Engine, prepared: &Prepared) -> Result<Description, ModuleError> {
    let made = Instance::new(engine, prepared, Ports::nothing(), &engine.shared.limits).await;
    let mut instance = made.map_err(ModuleError::Describe)?;
    instance.check_types().map_err(misfit)?;
    instance.describe().await.map_err(ModuleError::Describe)
}

fn misfit(error: wasmtime::Error) -> ModuleError {
    ModuleError::Link { reason: format!("{error:#}") }
}
