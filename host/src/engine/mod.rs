//! Runs connectors: compiles a module once, then gives each call a fresh instance with its own memory, limits and ports.
//!
//! ```text
//! Engine ── load ─► Module ── instance(ports) ─► Instance ── handle, receive, poll, … ─► result or CallError
//! ```
//!
//! A connector that traps, loops, or goes over a limit costs its own call and nothing else: the instance is thrown away
//! and the next one starts from the module's first state.
//!
//! | To | Take |
//! |---|---|
//! | bound what a connector may use | [`EngineOptions::limits`]; what went over one is told by [`CallError`] |
//! | start in milliseconds | [`EngineOptions::cache_dir`], where compiled modules are kept |
//! | know what a module is and asks for | [`Module::description`], [`Module::imports`], [`Module::digest`] |
//! | give it HTTP, a store, settings, a log | [`Ports`]; [`ports`] has some of each kind, such as [`ports::MemoryStore`] |
//! | have a call answer the same again | the same [`Ports::now`], [`Ports::seed`] and answers |
//!
//! An answer has two layers: [`CallError`] when the connector did not answer, and within, the connector's own
//! [`Failure`](crate::contract::Failure), which says whether to try again.

mod ambient;
mod cache;
mod call;
mod functions;
mod inspect;
mod instance;
mod limits;
mod log;
mod module;
mod outgoing;
pub mod ports;
mod state;
mod store;

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use tokio::sync::Semaphore;
use wasmtime::component::Linker;
use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use self::cache::Cache;
use self::state::State;

pub use self::call::CallError;
pub use self::instance::Instance;
pub use self::limits::{JobLimits, Limits};
pub use self::module::{Module, ModuleError};
pub use self::ports::{Http, HttpError, Log, Ports, Store};

/// [`EngineOptions::tick`] unless another is given: often enough that others hardly notice a connector that computes,
/// and too rarely for it to notice.
const TICK: Duration = Duration::from_millis(10);

/// The shortest [`EngineOptions::tick`]. With none at all, the clock's thread would take a core.
const TICK_MIN: Duration = Duration::from_millis(1);

/// What the pool keeps mapped of a memory or table between two instances, in bytes. Giving the pages back instead makes
/// every call wait for the other cores to drop them from their TLBs, and costs most of the throughput.
const KEEP_RESIDENT_BYTES: usize = 2 << 20;

/// Core modules that one component may consist of. A connector in Rust has 3, one in Python about 30.
const CORE_INSTANCES_PER_COMPONENT: u32 = 64;

/// Memories that one component may have. Adapters of older toolchains add one each to the connector's own.
const MEMORIES_PER_COMPONENT: u32 = 4;

/// Tables that one component may have: one for the connector and one for each adapter or shared library.
const TABLES_PER_COMPONENT: u32 = 16;

/// What the fixed part of one core instance may take, in bytes: its globals, and its imported and exported functions.
const CORE_INSTANCE_BYTES: usize = 4 << 20;

/// How an engine is set up.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// What each connector may use.
    pub limits: Limits,
    /// Instances that exist at once; further calls wait for one to end.
    pub instances_max: u32,
    /// Where compiled modules are kept for the next start; none compiles each time. Anyone who can write there can run
    /// code in the host, so it must belong to the host's user alone: on Unix, a directory that others may write to is
    /// refused. Holds at most 64 files and 1 GiB; what was used least recently goes first. Several hosts may share it.
    pub cache_dir: Option<PathBuf>,
    /// How often a running connector is interrupted to see whether it is over [`Limits::cpu`], and to let other tasks
    /// run: 10 ms, unless another is given, and 1 ms at the least. `cpu` is enforced to within one tick.
    ///
    /// Interruptions come by the real clock, so which of several tasks runs next is not the same from run to run. A
    /// simulation that needs it to be the same sets this very long (`Duration::MAX`: never). A connector that loops
    /// is then not stopped, and holds its thread.
    pub tick: Duration,
}

impl Default for EngineOptions {
    fn default() -> EngineOptions {
        EngineOptions { limits: Limits::default(), instances_max: 256, cache_dir: None, tick: TICK }
    }
}

/// Why an engine could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The runtime refuses its configuration, or the system the address space for the pool.
    #[error(
        "cannot set up the WebAssembly engine: {reason}; with a limit on address space (ulimit -v), lower instances_max"
    )]
    Setup {
        /// What the runtime said.
        reason: String,
    },
    /// The directory for compiled modules cannot be used.
    #[error("cannot keep compiled modules in {} (cache_dir): {reason}", directory.display())]
    Cache {
        /// The directory.
        directory: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The thread that interrupts connectors did not start.
    #[error("cannot start the engine's clock thread: {0}")]
    Ticker(#[source] std::io::Error),
}

/// Compiles and runs connectors. Cloning gives another handle to the same engine.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

/// What all modules and instances of one engine have in common.
struct Shared {
    wasmtime: wasmtime::Engine,
    linker: Linker<State>,
    limits: Arc<Limits>,
    job_limits: Arc<Limits>,
    /// One permit for each instance that the pool has room for.
    slots: Arc<Semaphore>,
    cache: Option<Cache>,
    /// Ends the clock's thread when the engine is dropped, however long its tick.
    _ticking: mpsc::Sender<Infallible>,
}

impl Engine {
    /// Set up an engine: reserve address space for its pool (no memory yet) and start its clock.
    pub fn new(options: EngineOptions) -> Result<Engine, EngineError> {
        let setup = |error: wasmtime::Error| EngineError::Setup { reason: format!("{error:#}") };
        let wasmtime = wasmtime::Engine::new(&configuration(&options)).map_err(setup)?;
        let linker = state::linker(&wasmtime).map_err(setup)?;
        let cache = options.cache_dir.as_deref().map(|it| Cache::open(it, &wasmtime)).transpose()?;
        let ticking = start_ticker(&wasmtime, options.tick.max(TICK_MIN)).map_err(EngineError::Ticker)?;
        let slots = Arc::new(Semaphore::new(options.instances_max as usize));
        let job_limits = Arc::new(options.limits.of_jobs());
        let limits = Arc::new(options.limits);
        let shared = Shared { wasmtime, linker, limits, job_limits, slots, cache, _ticking: ticking };
        Ok(Engine { shared: Arc::new(shared) })
    }

    /// Check, compile and describe a module: its size, that it is a component, that it imports only what this host
    /// offers, that it exports one supported version of the contract, and that its manifest can be had.
    ///
    /// Compiling takes a second or so for each megabyte and runs on a blocking thread; a module that is in the cache
    /// takes milliseconds. An `Arc<[u8]>` is kept as it is, anything else is copied once.
    pub async fn load(&self, bytes: impl Into<Arc<[u8]>>) -> Result<Module, ModuleError> {
        Module::load(self, bytes.into()).await
    }

    /// What each connector may use.
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }
}

fn configuration(options: &EngineOptions) -> Config {
    let limits = &options.limits;
    let instances = options.instances_max;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_stacks(instances)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES_PER_COMPONENT))
        .total_memories(instances.saturating_mul(MEMORIES_PER_COMPONENT))
        .total_tables(instances.saturating_mul(TABLES_PER_COMPONENT))
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT)
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .max_core_instance_size(CORE_INSTANCE_BYTES)
        .max_component_instance_size(CORE_INSTANCE_BYTES)
        .max_memory_size(limits.memory_bytes)
        .table_elements(limits.table_elements)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(KEEP_RESIDENT_BYTES)
        .pagemap_scan(Enabled::Auto);
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .epoch_interruption(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

/// Advance the engine's epoch with every `tick`, until the answer is dropped. A thread of its own, because a connector
/// that spins may be holding the very worker that an async timer would have to run on.
fn start_ticker(engine: &wasmtime::Engine, tick: Duration) -> std::io::Result<mpsc::Sender<Infallible>> {
    let engine = engine.weak();
    let (ticking, until_dropped) = mpsc::channel::<Infallible>();
    std::thread::Builder::new().name("transload-epochs".to_owned()).spawn(move || {
        while let Err(RecvTimeoutError::Timeout) = until_dropped.recv_timeout(tick) {
            let Some(engine) = engine.upgrade() else { break };
            engine.increment_epoch();
        }
    })?;
    Ok(ticking)
}
