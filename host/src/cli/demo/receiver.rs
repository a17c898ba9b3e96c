//! Who is told what the connectors raise an alert for: a program of the operator's, which takes only what is signed.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use transload::contract::Signature;
use transload::egress::Secret;
use transload::webhook::Verifier;

use crate::cli::{receivers, sandbox};

/// The file with what its webhooks are signed with.
const SECRET: &str = "ops.secret";

/// A receiver that listens.
pub struct Receiver {
    address: SocketAddr,
    told: Arc<Told>,
    server: JoinHandle<std::io::Result<()>>,
}

/// What it checks signatures with, and what came.
struct Told {
    verifier: Verifier,
    came: Mutex<Came>,
}

/// What came.
#[derive(Debug, Clone, Default)]
pub struct Came {
    /// The kinds of the alerts, in the order in which they came.
    pub alerts: Vec<String>,
    /// How many webhooks were not signed by the host.
    pub refused: usize,
    ids: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Notice {
    data: Alert,
}

#[derive(Deserialize)]
struct Alert {
    kind: String,
}

impl Receiver {
    /// Listens on a free port, with a new secret.
    pub async fn start() -> anyhow::Result<(Self, String)> {
        let secret = receivers::secret()?;
        let signatures = [Signature::StandardWebhooks];
        let verifier = Verifier::new("receivers.ops", &signatures, &[], &[Secret::new(secret.clone())])?;
        let told = Arc::new(Told { verifier, came: Mutex::default() });
        let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen on loopback")?;
        let address = listener.local_addr().context("cannot tell the address listened on")?;
        let router = Router::new().route("/alerts", post(take)).with_state(Arc::clone(&told));
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok((Self { address, told, server }, secret))
    }

    /// Writes its secret into `directory`, and adds it to the configuration there.
    pub fn configure(&self, secret: &str, directory: &Path, config: &Path) -> anyhow::Result<()> {
        sandbox::config::write_private(&directory.join(SECRET), secret)?;
        let text = std::fs::read_to_string(config)?;
        let receiver = format!(include_str!("receiver.toml.in"), address = self.address, secret = SECRET);
        std::fs::write(config, text + &receiver).with_context(|| format!("cannot write {}", config.display()))
    }

    /// What came so far.
    pub fn came(&self) -> Came {
        self.told.came.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends it.
    pub fn stop(&self) {
        self.server.abort();
    }
}

async fn take(State(told): State<Arc<Told>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let now = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default();
    let mut came = told.came.lock().unwrap_or_else(PoisonError::into_inner);
    if told.verifier.verify(&headers, &body, now).is_err() {
        came.refused += 1;
        return StatusCode::UNAUTHORIZED;
    }
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
    let Ok(notice) = serde_json::from_slice::<Notice>(&body) else { return StatusCode::BAD_REQUEST };
    // A webhook comes at least once; its id tells a second copy.
    if came.ids.insert(id.to_owned()) {
        came.alerts.push(notice.data.kind);
    }
    StatusCode::NO_CONTENT
}
