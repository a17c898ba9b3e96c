//! Posting to somebody who is told what happens. Not a connector's request: the host makes it, to an address of the
//! configuration, with no credential but a signature. Addresses are screened as for any other request.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Uri};
use transload_policy::PolicyError;
use transload_policy::address::Exceptions;
use transload_policy::place::{Base, parse};
use url::Url;

use super::way::{Destination, Way};
use super::{Egress, EgressError};
use crate::contract::millis;
use crate::engine::HttpError;

/// How long a receiver may take, from the look-up to the last byte. It should take the notice and answer, and work later;
/// Standard Webhooks suggests 15 to 30 seconds, and we have others to send to.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The largest answer, in bytes. Nothing of it is needed but the status; a person who tries a receiver sees its beginning.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// What leads to one receiver.
pub struct Post {
    way: Way,
    target: Uri,
    host: String,
    port: u16,
}

impl Egress {
    /// Prepare posts to `url`. `private` are `host:port` pairs that may lie in a private network or be spoken to without TLS.
    /// `setting` is the table of the configuration that both come from.
    pub fn post(&self, setting: &str, url: &Url, private: &[String]) -> Result<Post, EgressError> {
        let unusable = |reason: String| {
            EgressError::from(PolicyError::BaseUrl { setting: format!("{setting}.url"), reason })
        };
        let target = Uri::try_from(url.as_str()).map_err(|_| unusable("it is not a URL".to_owned()))?;
        let (base, _) = parse(&target).map_err(|reason| unusable(format!("it {reason}")))?;
        let Base { scheme, host, port, .. } = &base;
        let key = format!("{setting}.allow_private");
        let exceptions = Exceptions::parse(private, &key)?;
        if scheme != "https" && !exceptions.covers(host, *port) {
            return Err(unusable(format!(
                "it is not https, so that anybody could read on the way; if that is right, add \"{host}:{port}\" to {key}"
            )));
        }
        let destination = Destination {
            whom: setting,
            base: &base,
            connect_timeout: self.common.options.connect_timeout.min(TIMEOUT),
            exceptions,
            setting: &key,
        };
        let way = self.common.via.lead(destination, None)?;
        Ok(Post { way, host: host.clone(), port: *port, target })
    }
}

impl Post {
    /// Where it leads, without the path, which may hold a secret.
    pub fn host(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Whether it has an address that may be connected to. Sends nothing; a transport of somebody's own looks by itself.
    pub async fn resolve(&self) -> Result<(), HttpError> {
        self.way.resolve(&self.host, self.port).await
    }

    /// Send a body. A response of any status is a success; redirects are not followed.
    pub async fn send(&self, headers: HeaderMap, body: Bytes) -> Result<Response<Bytes>, HttpError> {
        let mut request = Request::new(body);
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.target.clone();
        *request.headers_mut() = headers;
        let outcome = tokio::time::timeout(TIMEOUT, self.exchange(request)).await;
        outcome.unwrap_or_else(|_| Err(HttpError::Timeout { after_ms: millis(TIMEOUT) }))
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (parts, body) = self.way.send(request, ANSWER_BYTES_MAX, |_| Ok(())).await?;
        // The status has said it all: a body that is too long, or breaks off, would have a notice sent twice.
        Ok(Response::from_parts(parts, body.ok().flatten().unwrap_or_default()))
    }
}

#[cfg(test)]
#[cfg(feature = "client")]
mod tests {
    use std::net::SocketAddr;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::egress::EgressOptions;

    fn egress() -> Egress {
        Egress::new(EgressOptions::default())
    }

    fn post(url: &str, private: &[&str]) -> Result<Post, EgressError> {
        let private: Vec<String> = private.iter().map(|entry| (*entry).to_owned()).collect();
        egress().post("receivers.ops", &Url::parse(url).unwrap(), &private)
    }

    #[test]
    fn what_is_not_https_needs_an_exception() {
        let refused = post("http://127.0.0.1:9000/in", &[]).err().unwrap().to_string();
        assert!(refused.starts_with("receivers.ops.url: it is not https"), "{refused}");
        assert!(refused.contains("add \"127.0.0.1:9000\" to receivers.ops.allow_private"), "{refused}");
        assert!(post("http://127.0.0.1:9000/in", &["127.0.0.1:9000"]).is_ok());
        assert_eq!(post("https://ops.example/in?key=1", &[]).unwrap().host(), "ops.example:443");
        assert!(post("https://user@ops.example/in", &[]).is_err());
        assert!(post("https://ops.example/a/../b%2f", &[]).is_err());
    }

    #[tokio::test]
    async fn a_private_address_is_denied_unless_it_is_named() {
        let denied = post("https://127.0.0.1:1/in", &[]).unwrap();
        let sent = denied.send(HeaderMap::new(), Bytes::new()).await.map(drop);
        for error in [sent.unwrap_err(), denied.resolve().await.unwrap_err()] {
            let error = error.to_string();
            assert!(error.contains("add \"127.0.0.1:1\" to receivers.ops.allow_private"), "{error}");
        }
    }

    /// Answers one request with `answer` and gives out what came.
    async fn answers(answer: &'static str) -> (SocketAddr, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let mut came = vec![0; 4096];
            let length = tcp.read(&mut came).await.unwrap();
            tcp.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&came[..length]).into_owned()
        });
        (address, task)
    }

    #[tokio::test]
    async fn a_body_is_posted_and_a_redirect_is_not_followed() {
        let head =
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://10.0.0.1/\r\ncontent-length: 2\r\n\r\nno";
        let (address, came) = answers(head).await;
        let post = post(&format!("http://{address}/in?key=1"), &[&address.to_string()]).unwrap();
        let response = post.send(HeaderMap::new(), Bytes::from("{}")).await.unwrap();
        assert_eq!((response.status().as_u16(), &response.body()[..]), (307, &b"no"[..]));
        let came = came.await.unwrap();
        assert!(came.starts_with("POST /in?key=1 HTTP/1.1\r\n") && came.ends_with("\r\n\r\n{}"), "{came}");
    }

    #[tokio::test]
    async fn an_answer_that_is_too_long_still_has_a_status() {
        let (address, _came) = answers("HTTP/1.1 200 OK\r\ncontent-length: 65537\r\n\r\nx").await;
        let post = post(&format!("http://{address}/"), &[&address.to_string()]).unwrap();
        let response = post.send(HeaderMap::new(), Bytes::new()).await.unwrap();
        assert_eq!((response.status().as_u16(), response.body().len()), (200, 0));
    }
}
