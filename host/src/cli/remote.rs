//! Talking to the host that runs, by its admin API.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use axum::Router;
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tower_service::Service as _;
use url::form_urlencoded::Serializer;

use super::door::Address;

/// How long the host may take to say that it is there.
const PRESENCE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the host may take over a request: a swap compiles a module and runs up to a thousand events through it.
const TIMEOUT: Duration = Duration::from_mins(10);

/// The largest answer, in bytes. A preview of a thousand events has a few megabytes.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// A host that answered.
pub struct Remote {
    way: Way,
    token: String,
}

/// What leads to a host.
enum Way {
    /// It answers on this machine.
    Tcp(SocketAddr),
    /// It is in this process.
    Within(Router),
}

/// What the host answered.
pub struct Reply {
    status: StatusCode,
    body: Bytes,
}

impl Remote {
    /// The host that works with `database`, if one runs and answers. A file that a killed host left behind leads to
    /// nobody, or to somebody who does not know its token.
    pub async fn find(database: &Path) -> Option<Remote> {
        let Address { address, token, .. } = Address::read(database)?;
        let remote = Remote { way: Way::Tcp(address), token };
        let asked = remote.exchange(Method::GET, "connections", Bytes::new());
        let reply = tokio::time::timeout(PRESENCE_TIMEOUT, asked).await.ok()?.ok()?;
        (reply.status == StatusCode::OK).then_some(remote)
    }

    /// The host in this process whose admin API `router` is.
    pub fn within(router: Router, token: String) -> Remote {
        Remote { way: Way::Within(router), token }
    }

    /// Asks for something. `path` is below `/admin/v1/`.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.send(Method::GET, path, Bytes::new()).await?.read()
    }

    /// Has something done.
    pub async fn post(&self, path: &str, body: impl Into<Bytes>) -> anyhow::Result<Reply> {
        self.send(Method::POST, path, body.into()).await
    }

    async fn send(&self, method: Method, path: &str, body: Bytes) -> anyhow::Result<Reply> {
        let reply = tokio::time::timeout(TIMEOUT, self.exchange(method, path, body)).await;
        reply.context("the host takes too long")?.context("the host does not answer")
    }

    async fn exchange(&self, method: Method, path: &str, body: Bytes) -> anyhow::Result<Reply> {
        let request = Request::builder()
            .method(method)
            .uri(format!("/admin/v1/{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        let (head, body) = match &self.way {
            Way::Tcp(address) => {
                let request = request.header(header::HOST, address.to_string()).body(Full::new(body))?;
                let tcp = TcpStream::connect(address).await?;
                let (mut sender, connection) = http1::handshake(TokioIo::new(tcp)).await?;
                tokio::spawn(connection);
                let (head, body) = sender.send_request(request).await?.into_parts();
                (head, collected(body).await?)
            }
            Way::Within(router) => {
                let request = request.body(axum::body::Body::from(body))?;
                let (head, body) = router.clone().call(request).await?.into_parts();
                (head, collected(body).await?)
            }
        };
        Ok(Reply { status: head.status, body })
    }
}

/// The whole body of an answer.
async fn collected<B>(body: B) -> anyhow::Result<Bytes>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|error| anyhow!(error))?;
    Ok(body.to_bytes())
}

impl Reply {
    /// What the host answered; fails with its own words if it refused.
    pub fn read<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        match self.refusal() {
            Some(reason) => Err(anyhow!(reason)),
            None => Ok(serde_json::from_slice(&self.body).context("the host's answer cannot be read")?),
        }
    }

    /// Why the host refused, if it did.
    pub fn refusal(&self) -> Option<String> {
        if self.status.is_success() {
            return None;
        }
        let said = self.json().and_then(|body| Some(body.get("error")?.as_str()?.to_owned()));
        Some(said.unwrap_or_else(|| format!("the host answered {}", self.status)))
    }

    /// The answer as it came; fails with the host's own words if it refused.
    pub fn text(&self) -> anyhow::Result<String> {
        match self.refusal() {
            Some(reason) => Err(anyhow!(reason)),
            None => Ok(String::from_utf8_lossy(&self.body).into_owned()),
        }
    }

    /// The answer, whatever it says.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// `path?name=value&…`, with what is set of `parameters`.
pub fn query(path: &str, parameters: &[(&str, Option<String>)]) -> String {
    let mut query = Serializer::for_suffix(format!("{path}?"), path.len() + 1);
    for (name, value) in parameters {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    query.finish()
}

/// A connection's name as a part of a path. Names of connections need no escapes; what a person types may.
pub fn segment(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_types_cannot_leave_its_place() {
        assert_eq!(segment("../a b"), "%2E%2E%2Fa%20b");
        let typed = [("subject", Some("a&b=c".to_owned())), ("id", None), ("limit", Some("5".to_owned()))];
        assert_eq!(query("events", &typed), "events?subject=a%26b%3Dc&limit=5");
    }
}
