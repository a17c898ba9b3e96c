//! A compiled connector.

use std::fmt;
use std::sync::Arc;

use wasmtime::component::{Component, InstancePre};

use super::admission::{Admitted, Digest, admit};
use super::functions::Functions;
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
    /// It is not the one that is wanted.
    #[error(
        "the module is {found}, and the pinned digest is {pinned}; if the module was changed on purpose, pin {found}"
    )]
    NotThePinned {
        /// The digest that it should have.
        pinned: Digest,
        /// The digest that it has.
        found: Digest,
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
    exports: Vec<String>,
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
    pub(super) async fn load(
        engine: &Engine,
        bytes: Arc<[u8]>,
        pin: Option<&Digest>,
    ) -> Result<Module, ModuleError> {
        let (Admitted { bytes, digest, shape }, component) = compile(engine, bytes, pin.copied()).await?;
        let prepared = prepare(engine, component, shape.version)?;
        let description = describe(engine, &prepared).await?;
        let loaded = Loaded {
            engine: engine.clone(),
            prepared,
            digest: digest.to_string(),
            bytes,
            imports: shape.imports,
            version: shape.version,
            exports: shape.exports,
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

    /// Names of the interfaces that it exports.
    pub fn exports(&self) -> &[String] {
        &self.loaded.exports
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

async fn compile(
    engine: &Engine,
    bytes: Arc<[u8]>,
    pin: Option<Digest>,
) -> Result<(Admitted, Component), ModuleError> {
    let engine = engine.clone();
    match tokio::task::spawn_blocking(move || compile_blocking(&engine, bytes, pin.as_ref())).await {
        Ok(outcome) => outcome,
        // A panic of the compiler on odd input must not become the host's.
        Err(error) => Err(ModuleError::Compile { reason: error.to_string() }),
    }
}

/// A module that is in the cache is admitted anew all the same, as what may be imported is this host's own rule and not
/// that of the one which compiled it. The bytes' validation is left out: the compiler did it when the file was made.
fn compile_blocking(
    engine: &Engine,
    bytes: Arc<[u8]>,
    pin: Option<&Digest>,
) -> Result<(Admitted, Component), ModuleError> {
    let admitted = admit(bytes, pin, engine.limits().module_bytes)?;
    let shared = &engine.shared;
    let compile = || Component::new(&shared.wasmtime, &admitted.bytes);
    let component = match &shared.cache {
        Some(cache) => cache.component(&shared.wasmtime, admitted.digest.as_bytes(), compile),
        None => compile(),
    };
    let component = component.map_err(|error| ModuleError::Compile { reason: format!("{error:#}") })?;
    Ok((admitted, component))
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
