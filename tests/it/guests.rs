//! The components under test, and ports that remember what went through them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::OnceCell;
use transload::contract::Level;
use transload::engine::ports::{MemoryStore, NoHttp};
use transload::engine::{Engine, EngineOptions, Http, HttpError, Limits, Log, Module, Ports};

pub(crate) use transload_tests::HOSTILE_GUEST;

/// Limits that a hostile connector reaches quickly.
pub(crate) fn tight() -> Limits {
    Limits {
        memory_bytes: 32 << 20,
        handles: 100,
        // Time in which the guest holds a core, by the clock: on a busy machine it is shared with others.
        cpu: Duration::from_secs(2),
        call_timeout: Duration::from_secs(6),
        http_timeout: Duration::from_secs(1),
        http_requests: 10,
        request_bytes: 1 << 20,
        transfer_bytes: 4 << 20,
        store_call_bytes: 1 << 20,
        ..Limits::default()
    }
}

/// The hostile component with tight limits, compiled once for all tests.
pub(crate) async fn hostile() -> Module {
    static MODULE: OnceCell<Module> = OnceCell::const_new();
    let load = async || load(tight(), 8).await;
    MODULE.get_or_init(load).await.clone()
}

/// The hostile component in an engine of its own.
pub(crate) async fn load(limits: Limits, instances_max: u32) -> Module {
    let engine = Engine::new(EngineOptions { limits, instances_max, ..EngineOptions::default() }).unwrap();
    engine.load(HOSTILE_GUEST).await.unwrap()
}

/// A log that keeps its lines.
#[derive(Default)]
pub(crate) struct Lines(Mutex<Vec<(Level, String)>>);

impl Lines {
    pub(crate) fn all(&self) -> Vec<(Level, String)> {
        self.0.lock().unwrap().clone()
    }

    /// Whether one of the lines has `text` in it.
    pub(crate) fn contain(&self, text: &str) -> bool {
        self.all().iter().any(|(_, line)| line.contains(text))
    }
}

impl Log for Lines {
    fn write(&self, level: Level, message: &str, _fields: &[(String, String)]) {
        self.0.lock().unwrap().push((level, message.to_owned()));
    }
}

/// Answers every request with what a function makes of it, after a while.
pub(crate) struct Canned<F> {
    pub(crate) after: Duration,
    pub(crate) answer: F,
}

#[async_trait]
impl<F: Fn(Request<Bytes>) -> Response<Bytes> + Send + Sync> Http for Canned<F> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        tokio::time::sleep(self.after).await;
        Ok((self.answer)(request))
    }
}

/// Ports with a store, a log, and whatever HTTP is given.
pub(crate) fn ports(http: impl Http + 'static, log: &Arc<Lines>) -> Ports {
    Ports {
        http: Arc::new(http),
        store: Arc::new(MemoryStore::default()),
        settings: Arc::from("{\"a\":1}"),
        log: Arc::clone(log) as Arc<dyn Log>,
        now: 0,
        seed: 0,
    }
}

/// Ports without HTTP.
pub(crate) fn offline(log: &Arc<Lines>) -> Ports {
    ports(NoHttp, log)
}
