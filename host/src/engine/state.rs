//! What belongs to one instance on the host's side: its ports, its WASI and its limits.

use std::sync::Arc;

use wasmtime::ResourceLimiter;
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::ambient;
use super::limits::Limits;
use super::log::{CallLog, Output};
use super::outgoing::Outgoing;
use super::ports::{Ports, Store};
use super::store::WriteBudget;
use crate::contract::{self, Connector, Field, Instant, Level};

/// The host's side of one instance.
pub(super) struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outgoing: Outgoing,
    settings: Arc<str>,
    pub(super) store: Arc<dyn Store>,
    pub(super) budget: WriteBudget,
    pub(super) log: Arc<CallLog>,
    pub(super) limiter: Limiter,
}

impl State {
    pub(super) fn new(ports: Ports, limits: Arc<Limits>) -> State {
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles);
        let log = Arc::new(CallLog::new(ports.log, &limits));
        State {
            table,
            wasi: wasi(&log, ports.now, ports.seed),
            http: WasiHttpCtx::new(),
            settings: ports.settings,
            store: ports.store,
            budget: WriteBudget::new(&limits),
            limiter: Limiter::new(&limits),
            outgoing: Outgoing::new(ports.http, Arc::clone(&log), limits),
            log,
        }
    }

    /// Give back what is counted per call.
    pub(super) fn begin_call(&mut self) {
        self.budget.reset();
        self.outgoing.reset();
        self.log.begin_call();
    }
}

/// WASI with nothing granted: no arguments, environment, files or sockets; output becomes log lines; the wall clock and
/// all randomness are the call's.
fn wasi(log: &Arc<CallLog>, now: Instant, seed: u64) -> WasiCtx {
    let mut builder = WasiCtx::builder();
    ambient::give(&mut builder, now, seed);
    builder
        .allow_tcp(false)
        .allow_udp(false)
        .stdout(Output::new(log, Level::Info))
        .stderr(Output::new(log, Level::Warn))
        .build()
}

/// Everything that a connector may import.
pub(super) fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    Connector::add_to_linker::<_, Imports>(&mut linker, |state| state)?;
    #[cfg(test)]
    super::v0_2_0::add_to_linker::<Imports>(&mut linker)?;
    Ok(linker)
}

struct Imports;

impl HasData for Imports {
    type Data<'a> = &'a mut State;
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.outgoing }
    }
}

// An interface of types alone: there is nothing to implement.
impl contract::types::Host for State {}

impl contract::settings::Host for State {
    fn get(&mut self) -> String {
        self.settings.as_ref().to_owned()
    }
}

impl contract::log::Host for State {
    fn write(&mut self, level: Level, message: String, fields: Vec<Field>) {
        let fields = fields.into_iter().map(|field| (field.name, field.value)).collect();
        self.log.guest(level, message, fields);
    }
}

/// Refuses memory and tables beyond the limits; how many there are, the pool bounds. A refusal is an ordinary answer to
/// `memory.grow`, so that a runtime with a garbage collector can collect and go on; it is remembered, so that a trap which
/// follows is explained by it.
pub(super) struct Limiter {
    memory_left: usize,
    table_elements: usize,
    pub(super) memory_refused: bool,
    pub(super) table_refused: bool,
}

impl Limiter {
    fn new(limits: &Limits) -> Limiter {
        Limiter {
            memory_left: limits.memory_bytes,
            table_elements: limits.table_elements,
            memory_refused: false,
            table_refused: false,
        }
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        match self.memory_left.checked_sub(desired.saturating_sub(current)) {
            Some(left) => {
                self.memory_left = left;
                Ok(true)
            }
            None => {
                self.memory_refused = true;
                Ok(false)
            }
        }
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let fits = desired <= self.table_elements;
        self.table_refused |= !fits;
        Ok(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_share_one_limit() {
        let limits = Limits { memory_bytes: 100, ..Limits::default() };
        let mut limiter = Limiter::new(&limits);
        assert!(limiter.memory_growing(0, 60, None).unwrap());
        assert!(limiter.memory_growing(0, 30, None).unwrap());
        assert!(limiter.memory_growing(60, 70, None).unwrap());
        assert!(!limiter.memory_refused);
        assert!(!limiter.memory_growing(30, 31, None).unwrap());
        assert!(limiter.memory_refused);
    }

    #[test]
    fn a_table_may_be_as_large_as_the_limit() {
        let limits = Limits { table_elements: 10, ..Limits::default() };
        let mut limiter = Limiter::new(&limits);
        assert!(limiter.table_growing(0, 10, None).unwrap());
        assert!(!limiter.table_refused);
        assert!(!limiter.table_growing(10, 11, None).unwrap());
        assert!(limiter.table_refused);
    }
}
