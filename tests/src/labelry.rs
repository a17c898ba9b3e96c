//! A fake of the vendor of the example in `examples/`: it makes labels, and can lose an answer.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::server::Server;

/// The key that it knows.
pub const KEY: &str = "labelry-key";

/// A label, as it is made and listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Its own id.
    #[serde(default)]
    pub id: String,
    /// Where it can be printed.
    #[serde(default)]
    pub url: String,
    /// What the client calls it. Not unique.
    pub reference: String,
    /// To whom.
    pub name: String,
    /// Where.
    pub address: String,
}

#[derive(Serialize)]
struct List<'a> {
    labels: Vec<&'a Label>,
}

#[derive(Default)]
struct Books {
    labels: Vec<Label>,
    loses_next: bool,
}

/// A running Labelry. It stops when it is dropped.
pub struct Labelry {
    server: Server,
    books: Arc<Mutex<Books>>,
    holds: watch::Sender<bool>,
}

impl Labelry {
    /// Listens on a free port of this machine. Fails if there is none. Must be called within a tokio runtime.
    pub async fn start() -> io::Result<Labelry> {
        let books = Arc::new(Mutex::new(Books::default()));
        let (holds, held) = watch::channel(false);
        let server = Server::start({
            let books = Arc::clone(&books);
            move |request| {
                let answer = books.lock().unwrap_or_else(PoisonError::into_inner).answer(&request);
                let held = (request.method() == Method::POST).then(|| held.clone());
                async move {
                    if let Some(mut held) = held {
                        // Fails when this Labelry is dropped, and nobody waits any more.
                        let _ = held.wait_for(|held| !held).await;
                    }
                    answer
                }
            }
        });
        Ok(Labelry { server: server.await?, books, holds })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The next label is made, and nobody is told.
    pub fn lose_next_answer(&self) {
        self.books.lock().unwrap_or_else(PoisonError::into_inner).loses_next = true;
    }

    /// Whether labels are made and nobody is told, from now on and until this is taken back.
    pub fn hold(&self, held: bool) {
        self.holds.send_replace(held);
    }

    /// The labels that were made, oldest first.
    pub fn labels(&self) -> Vec<Label> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner).labels.clone()
    }
}

impl Books {
    fn answer(&mut self, request: &Request<Bytes>) -> io::Result<Response<Full<Bytes>>> {
        if request.headers().get("x-labelry-key").is_none_or(|key| key != KEY) {
            return said(StatusCode::UNAUTHORIZED, br#"{"error":"no such key"}"#.to_vec());
        }
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/labels") => {
                let reference = request.uri().query().and_then(|query| query.strip_prefix("reference="));
                let found = self.labels.iter().filter(|label| reference == Some(label.reference.as_str()));
                said(StatusCode::OK, serde_json::to_vec(&List { labels: found.collect() })?)
            }
            (&Method::POST, "/labels") => self.make(request.body()),
            _ => said(StatusCode::NOT_FOUND, br#"{"error":"no such call"}"#.to_vec()),
        }
    }

    fn make(&mut self, body: &[u8]) -> io::Result<Response<Full<Bytes>>> {
        let Ok(label) = serde_json::from_slice::<Label>(body) else {
            return said(StatusCode::BAD_REQUEST, br#"{"error":"this is no label"}"#.to_vec());
        };
        let id = format!("label-{}", self.labels.len() + 1);
        let label = Label { url: format!("https://labelry.example/{id}"), id, ..label };
        let told = serde_json::to_vec(&label)?;
        self.labels.push(label);
        if std::mem::take(&mut self.loses_next) {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        said(StatusCode::CREATED, told)
    }
}

fn said(status: StatusCode, body: Vec<u8>) -> io::Result<Response<Full<Bytes>>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    Ok(response)
}
