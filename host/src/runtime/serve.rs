//! Serving the routes to strangers: bounded in connections, and in how long each of them may take over anything.

use std::future::Future;
use std::io::ErrorKind;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::host::Host;
use crate::egress::Secret;

/// Connections at once; further ones wait in the system's queue. Each may hold one body of a megabyte.
const CONNECTIONS_MAX: usize = 512;

/// How long a sender may take over the head of a request, or leave a connection unused. Senders that give out a byte at a
/// time ("slow loris") would hold all connections otherwise.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// The largest head of a request, in bytes, give or take what is read at once. Vendors' heads have one or two thousand.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// How long a connection lasts. Ends those of senders that do not read their answers, which no other limit does.
const CONNECTION_TIME_MAX: Duration = Duration::from_mins(10);

/// How long a request that is under way may go on when its connection ends: a body and its answer take no longer.
const CLOSING_GRACE: Duration = Duration::from_secs(15);

/// How long to wait when the system has no room for another connection.
const NO_ROOM_PAUSE: Duration = Duration::from_millis(100);

impl Host {
    /// Serve [`Host::router`] in HTTP/1.1 on `listener` until `stop` is ready, and finish the requests under way then.
    /// The host itself goes on; end it with [`Host::shutdown`].
    pub async fn serve(&self, listener: TcpListener, stop: impl Future<Output = ()>) {
        serve(self.router(), listener, stop).await;
    }

    /// The same for [`Host::admin_router`], with the token that it asks for.
    pub async fn serve_admin(&self, listener: TcpListener, token: Secret, stop: impl Future<Output = ()>) {
        serve(self.admin_router(token), listener, stop).await;
    }
}

async fn serve(router: Router, listener: TcpListener, stop: impl Future<Output = ()>) {
    let mut stop = pin!(stop);
    let closing = watch::Sender::new(false);
    let mut connections = JoinSet::new();
    loop {
        let room = connections.len() < CONNECTIONS_MAX;
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if room => match accepted {
                Ok((tcp, _)) => {
                    connections.spawn(converse(tcp, router.clone(), closing.subscribe()));
                }
                // That connection was gone before it was accepted; the next may be there.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(NO_ROOM_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    closing.send_replace(true);
    while connections.join_next().await.is_some() {}
}

/// Answer one connection's requests until it ends, is too old, or the server closes.
async fn converse(tcp: TcpStream, router: Router, mut closing: watch::Receiver<bool>) {
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(HEAD_BYTES_MAX);
    let mut connection = pin!(protocol.serve_connection(TokioIo::new(tcp), TowerToHyperService::new(router)));
    // How a connection fails is its sender's affair; what was accepted is on the disk in any case.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = closing.wait_for(|closing| *closing) => {}
        () = tokio::time::sleep(CONNECTION_TIME_MAX) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(CLOSING_GRACE, connection).await;
}
