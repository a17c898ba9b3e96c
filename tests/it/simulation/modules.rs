//! The components of all runs, compiled once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;
use transload::engine::{Engine, EngineOptions, Module};
use transload_tests::{COURIER_GUEST, COURIER_NEXT_GUEST};

/// Two modules of each connection, to swap between.
pub(super) struct Modules {
    shop: [Module; 2],
    courier: [Module; 2],
    /// Where the engine keeps what it has compiled: a life that begins on a swapped module loads it from the database.
    _compiled: TempDir,
}

impl Modules {
    /// The same ones for every run with this bundled connector.
    pub(super) fn get(connector: &'static str) -> &'static Modules {
        static MODULES: Mutex<BTreeMap<&str, &Modules>> = Mutex::new(BTreeMap::new());
        let mut all = MODULES.lock().unwrap();
        all.entry(connector).or_insert_with(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            Box::leak(Box::new(runtime.block_on(Modules::load(connector))))
        })
    }

    async fn load(connector: &str) -> Modules {
        let compiled = TempDir::new().unwrap();
        let options = EngineOptions {
            cache_dir: Some(compiled.path().to_owned()),
            // Interruptions by the real clock would make runs differ.
            tick: Duration::MAX,
            ..EngineOptions::default()
        };
        let engine = Engine::new(options).unwrap();
        let shop = transload_bundle::find(connector).unwrap().component;
        Modules {
            shop: [engine.load(shop).await.unwrap(), engine.load(renamed(shop)).await.unwrap()],
            courier: [
                engine.load(COURIER_GUEST).await.unwrap(),
                engine.load(COURIER_NEXT_GUEST).await.unwrap(),
            ],
            _compiled: compiled,
        }
    }

    /// The two modules of a connection.
    pub(super) fn of(&self, connection: &str) -> &[Module; 2] {
        if connection == super::SHOP { &self.shop } else { &self.courier }
    }

    /// Their digests.
    pub(super) fn digests(&self, connection: &str) -> [&str; 2] {
        let [one, other] = self.of(connection);
        [one.digest(), other.digest()]
    }
}

/// The same component with another digest: a custom section is added, which means nothing.
fn renamed(component: &[u8]) -> Arc<[u8]> {
    // Id 0, four bytes: the length of the name, and the name.
    let section = [0, 4, 3, b's', b'i', b'm'];
    [component, &section].concat().into()
}
