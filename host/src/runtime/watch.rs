//! A module's file that is watched: when it changes, the connections that name it run on what it holds.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::connector::Connector;
use super::host::{Host, Shared};
use super::swap::SwapRequest;
use crate::engine::Engine;

/// How often the file is looked at. Asking for its size and time takes microseconds; systems' own notices of changes do
/// not reach over network file systems or into containers.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// Recorded events that a changed module has to pass before it is activated.
const PREVIEW_EVENTS: u32 = 20;

/// What tells one state of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Host {
    /// Watch `file` for as long as the host runs. Whenever it changes, and has stopped changing, swap `connections` to
    /// what it holds, as [`Host::swap`] does after a preview of twenty events. What cannot be used is logged and left.
    pub fn watch(&self, engine: Engine, file: PathBuf, connections: Vec<String>) {
        self.shared.tasks.spawn(Arc::clone(&self.shared).watch(engine, file, connections));
    }
}

impl Shared {
    async fn watch(self: Arc<Shared>, engine: Engine, file: PathBuf, connections: Vec<String>) {
        let mut stopping = self.stopping.subscribe();
        let mut used = stamp(&file).await;
        let mut seen = used;
        loop {
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => return,
                () = tokio::time::sleep(LOOK_INTERVAL) => {}
            }
            let now = stamp(&file).await;
            // Twice the same: whoever writes it has finished.
            let settled = now == seen;
            seen = now;
            if settled && now.is_some() && now != used {
                used = now;
                self.load(&engine, &file, &connections).await;
            }
        }
    }

    async fn load(self: &Arc<Shared>, engine: &Engine, file: &Path, connections: &[String]) {
        let module = match tokio::fs::read(file).await {
            Ok(bytes) => engine.load(bytes).await.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let module = match module {
            Ok(module) => module,
            Err(reason) => {
                tracing::warn!(file = %file.display(), reason, "the changed module cannot be used");
                return;
            }
        };
        for name in connections {
            let Some(connection) = self.connections.get(name) else { continue };
            let request = SwapRequest {
                by: "file".to_owned(),
                reason: format!("{} changed", file.display()),
                preview: PREVIEW_EVENTS,
                force: false,
            };
            let connector: Arc<dyn Connector> = Arc::new(module.clone());
            if let Err(error) = self.swap(connection, connector, request).await {
                tracing::warn!(connection = name, file = %file.display(), %error, "the changed module is not activated");
            }
        }
    }
}

async fn stamp(file: &Path) -> Option<Stamp> {
    let metadata = tokio::fs::metadata(file).await.ok()?;
    Some(Stamp { bytes: metadata.len(), modified: metadata.modified().ok() })
}
