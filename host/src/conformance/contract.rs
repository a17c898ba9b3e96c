//! Whether a connector describes itself the same way, whatever is around it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use super::report::{Check, Findings};
use crate::contract::{Entry, KeyPage, StoreError};
use crate::engine::ports::{Http, HttpError, MemoryStore, Store};
use crate::engine::{CallError, Module, Ports};

/// What is around a connector that describes itself: time, seed, settings. It was loaded with none of it.
const SURROUNDINGS: [(u64, u64, &str); 4] = [
    (0, 0, "{}"),
    (1_768_478_400_000, 1, "{}"),
    (4_102_444_800_000, u64::MAX, r#"{"conformance":true}"#),
    (1_768_478_400_000, 0x5bd1_e995, "not even JSON"),
];

pub(super) async fn check(module: &Module, findings: &mut Findings) {
    for (now, seed, settings) in SURROUNDINGS {
        findings.apply(Check::Constant);
        findings.apply(Check::Needless);
        let spy = Arc::new(Spy::default());
        let ports = Ports {
            http: Arc::clone(&spy) as _,
            store: Arc::clone(&spy) as _,
            settings: Arc::from(settings),
            now,
            seed,
            ..Ports::nothing()
        };
        let object = format!("describe, at {now} ms, with seed {seed} and settings {settings}");
        match describe(module, ports).await {
            Err(error) => findings.fault(Check::Constant, &object, error.to_string()),
            Ok(description) if description != *module.description() => {
                let message = "the manifest is another one: make it of constants alone, and of no map whose order is random";
                findings.fault(Check::Constant, &object, message);
            }
            Ok(_) => {}
        }
        let used = spy.used.load(Ordering::Relaxed);
        if used > 0 {
            let message = format!("it made {used} requests or looks at the store: a manifest needs nothing");
            findings.fault(Check::Needless, &object, message);
        }
    }
}

async fn describe(module: &Module, ports: Ports) -> Result<crate::contract::Description, CallError> {
    module.instance(ports).await?.describe().await
}

/// Counts what is asked of it.
#[derive(Default)]
struct Spy {
    used: AtomicUsize,
    store: MemoryStore,
}

impl Spy {
    fn count(&self) {
        self.used.fetch_add(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl Http for Spy {
    async fn send(&self, _: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.count();
        Ok(Response::new(Bytes::from_static(b"{}")))
    }
}

#[async_trait]
impl Store for Spy {
    async fn get(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        self.count();
        self.store.get(key).await
    }

    async fn put(&self, key: &str, value: Vec<u8>) -> Result<u64, StoreError> {
        self.count();
        self.store.put(key, value).await
    }

    async fn compare_and_swap(
        &self,
        key: &str,
        expected: Option<u64>,
        value: Vec<u8>,
    ) -> Result<u64, StoreError> {
        self.count();
        self.store.compare_and_swap(key, expected, value).await
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.count();
        self.store.delete(key).await
    }

    async fn list_keys(&self, prefix: &str, cursor: Option<&str>, limit: u32) -> Result<KeyPage, StoreError> {
        self.count();
        self.store.list_keys(prefix, cursor, limit).await
    }
}
