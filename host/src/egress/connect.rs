//! Making a connection: resolve, screen, connect to exactly what was screened, TLS.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use transload_policy::address::Exceptions;

use super::address::special_address;
use crate::engine::HttpError;

/// TLS sessions remembered for one API, which is one server's name. The library's default of 256 takes 20 KB, too much for
/// thousands of connections.
const SESSIONS_MAX: usize = 8;

/// Addresses that one name may resolve to; the rest is ignored.
const ADDRESSES_MAX: usize = 16;

/// Connects for one API of one connection.
#[derive(Clone)]
pub(super) struct Connector {
    shared: Arc<Shared>,
}

struct Shared {
    tls: Result<TlsConnector, rustls::Error>,
    exceptions: Exceptions,
    /// The key of the configuration that lists the exceptions.
    setting: String,
    timeout: Duration,
}

impl Connector {
    pub(super) fn new(
        trust: &Trust,
        exceptions: Exceptions,
        setting: String,
        timeout: Duration,
    ) -> Connector {
        let tls = trust.config().map(TlsConnector::from);
        Connector { shared: Arc::new(Shared { tls, exceptions, setting, timeout }) }
    }
}

/// Whom TLS connections trust: the system's certificates.
pub(super) struct Trust {
    empty: bool,
    /// The verifier of certificates is the same for all, and made once.
    template: Result<ClientConfig, rustls::Error>,
}

impl Trust {
    /// Read the system's certificates. Ones that cannot be read are skipped.
    pub(super) fn system() -> Trust {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Trust::of(roots)
    }

    fn of(roots: RootCertStore) -> Trust {
        Trust { empty: roots.is_empty(), template: template(roots) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.empty
    }

    /// Whether TLS can be set up at all.
    pub(super) fn check(&self) -> Result<(), rustls::Error> {
        self.template.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    /// A configuration for one credential alone, so that no session ticket is shared.
    fn config(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        let mut config = self.template.clone()?;
        config.resumption = Resumption::in_memory_sessions(SESSIONS_MAX);
        Ok(Arc::new(config))
    }
}

fn template(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

impl tower_service::Service<Uri> for Connector {
    type Response = Stream;
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, HttpError>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), HttpError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let host = uri.host().unwrap_or_default();
            let encrypted = uri.scheme_str() == Some("https");
            let port = uri.port_u16().unwrap_or(if encrypted { 443 } else { 80 });
            match tokio::time::timeout(shared.timeout, shared.connect(host, port, encrypted)).await {
                Ok(outcome) => outcome,
                Err(_) => Err(HttpError::Connect {
                    host: format!("{host}:{port}"),
                    reason: format!("not within {:?}", shared.timeout),
                }),
            }
        })
    }
}

impl Shared {
    async fn connect(&self, host: &str, port: u16, encrypted: bool) -> Result<Stream, HttpError> {
        let addresses = addresses(host, port, &self.exceptions, &self.setting).await?;
        let tcp = dial(&addresses, self.timeout).await.map_err(|error| HttpError::Connect {
            host: format!("{host}:{port}"),
            reason: error.to_string(),
        })?;
        if !encrypted {
            return Ok(Stream::Plain(TokioIo::new(tcp)));
        }
        let failed = |reason: String| HttpError::Tls { host: format!("{host}:{port}"), reason };
        let name =
            ServerName::try_from(unbracketed(host).to_owned()).map_err(|error| failed(error.to_string()))?;
        // Checked at the start, so this is never the reason.
        let connector = self.tls.as_ref().map_err(|error| failed(error.to_string()))?;
        let tls = connector.connect(name, tcp).await.map_err(|error| failed(error.to_string()))?;
        Ok(Stream::Tls(Box::new(TokioIo::new(tls))))
    }
}

/// The addresses of a host that may be connected to. `setting` is the key of the configuration that lists the exceptions.
pub(super) async fn addresses(
    host: &str,
    port: u16,
    exceptions: &Exceptions,
    setting: &str,
) -> Result<Vec<SocketAddr>, HttpError> {
    let found = resolve(host, port)
        .await
        .map_err(|error| HttpError::Dns { host: host.to_owned(), reason: error.to_string() })?;
    let screened = screen(found, exceptions.covers(host, port));
    screened.map_err(|dropped| refusal(host, port, setting, dropped))
}

/// Keep the addresses that may be connected to; if none is left, say why the first was dropped.
fn screen(
    found: impl IntoIterator<Item = SocketAddr>,
    anywhere: bool,
) -> Result<Vec<SocketAddr>, Option<(IpAddr, &'static str)>> {
    let mut kept = Vec::new();
    let mut dropped = None;
    for address in found.into_iter().take(ADDRESSES_MAX) {
        match special_address(address.ip()) {
            Some(kind) if !anywhere => {
                dropped.get_or_insert((address.ip(), kind));
            }
            _ => kept.push(address),
        }
    }
    if kept.is_empty() { Err(dropped) } else { Ok(kept) }
}

fn refusal(host: &str, port: u16, setting: &str, dropped: Option<(IpAddr, &'static str)>) -> HttpError {
    match dropped {
        Some((address, kind)) => HttpError::Denied(format!(
            "{host} is at {address}, an address that is {kind}; if that is right, add \"{host}:{port}\" to {setting}"
        )),
        None => HttpError::Dns { host: host.to_owned(), reason: "it has no address".to_owned() },
    }
}

fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

/// Look a name up. An address is itself; other ways to write one (`127.1`, `0x7f000001`) are left to the system's
/// resolver, whose answer is screened like any.
async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = unbracketed(host).parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    Ok(tokio::net::lookup_host((host, port)).await?.collect())
}

/// Connect to the first address that answers. Each gets its share of the time, so that one that swallows packets does not
/// hide the next.
async fn dial(addresses: &[SocketAddr], timeout: Duration) -> io::Result<TcpStream> {
    let share = timeout / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let mut failure = io::Error::other("no address to connect to");
    for address in addresses {
        match tokio::time::timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => {
                // Requests are written whole; waiting to fill a packet would only delay them.
                tcp.set_nodelay(true)?;
                return Ok(tcp);
            }
            Ok(Err(error)) => failure = error,
            Err(_) => failure = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(failure)
}

/// A connection, with or without TLS.
pub(super) enum Stream {
    Plain(TokioIo<TcpStream>),
    Tls(Box<TokioIo<TlsStream<TcpStream>>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        match self {
            Stream::Tls(tls) if tls.inner().get_ref().1.alpn_protocol() == Some(b"h2") => {
                Connected::new().negotiated_h2()
            }
            _ => Connected::new(),
        }
    }
}

impl Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_read(context, buffer),
            Stream::Tls(tls) => Pin::new(tls).poll_read(context, buffer),
        }
    }
}

impl Write for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_write(context, bytes),
            Stream::Tls(tls) => Pin::new(tls).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_flush(context),
            Stream::Tls(tls) => Pin::new(tls).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(tcp) => Pin::new(tcp).poll_shutdown(context),
            Stream::Tls(tls) => Pin::new(tls).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
#[path = "connect_tests.rs"]
mod tests;
