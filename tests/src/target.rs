//! The couriers' target: an HTTP API on loopback that writes down what is done to it.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use serde::Deserialize;

use crate::server::Server;

/// How long it takes over the thing called `slow`.
pub const SLOW: Duration = Duration::from_millis(700);

/// A write, as it came.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Write {
    /// What the step named.
    pub name: String,
    /// The id of the event that made it.
    pub event: String,
}

/// How a target behaves. By default it answers at once and remembers writes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Behaviour {
    /// How long it takes over each answer.
    pub pause: Duration,
    /// Count writes, and forget what was in them.
    pub forgetful: bool,
}

/// A running target. It stops when it is dropped.
pub struct Target {
    server: Server,
    seen: Arc<Seen>,
}

struct Seen {
    behaviour: Behaviour,
    count: AtomicUsize,
    writes: Mutex<Vec<Write>>,
}

impl Target {
    /// Listens on a free port of this machine. Fails if there is none. Must be called within a tokio runtime.
    pub async fn start(behaviour: Behaviour) -> io::Result<Target> {
        let seen = Arc::new(Seen { behaviour, count: AtomicUsize::new(0), writes: Mutex::default() });
        let server = Server::start({
            let seen = Arc::clone(&seen);
            move |request| answer(request, Arc::clone(&seen))
        });
        Ok(Target { server: server.await?, seen })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// How many writes it has done.
    pub fn count(&self) -> usize {
        self.seen.count.load(Ordering::SeqCst)
    }

    /// The writes that it remembers, in the order in which it did them.
    pub fn writes(&self) -> Vec<Write> {
        self.seen.writes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn answer(request: Request<Bytes>, seen: Arc<Seen>) -> io::Result<Response<Full<Bytes>>> {
    let reads = request.method() == Method::GET;
    let slow = request.uri().path().ends_with("/slow");
    let pause = if slow { SLOW } else { seen.behaviour.pause };
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    let (status, text) = match reads {
        true => (StatusCode::OK, r#"{"id":"a","state":"there"}"#),
        false => (seen.write(request.body()), r#"{"id":"1","state":"made"}"#),
    };
    let mut response = Response::new(Full::new(Bytes::from_static(text.as_bytes())));
    *response.status_mut() = status;
    Ok(response)
}

impl Seen {
    fn write(&self, body: &[u8]) -> StatusCode {
        let Ok(write) = serde_json::from_slice::<Write>(body) else { return StatusCode::BAD_REQUEST };
        if !self.behaviour.forgetful {
            self.writes.lock().unwrap_or_else(PoisonError::into_inner).push(write);
        }
        self.count.fetch_add(1, Ordering::SeqCst);
        StatusCode::CREATED
    }
}
