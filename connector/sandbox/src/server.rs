//! The listener: reads requests, lets faults act, asks the right fake, and writes or withholds the reply.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::faults::FaultKind;
use crate::message::{Reply, Request};
use crate::state::Shared;
use crate::step::REQUEST_BYTES_MAX;
use crate::system::System;
use crate::{control, step};

/// Connections at a time; further ones wait. A process may often open 1,024 files, and in tests the clients are in the
/// same one.
pub const CONNECTIONS_MAX: usize = 256;

/// How long requests that have begun may go on after a shutdown was asked for.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// The pause after a connection could not be accepted, so that a shortage does not keep a core busy.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// The connection is to be closed without a reply, or in the middle of it.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped")]
struct Dropped;

/// Accepts connections until `stop` is true, then waits for those that are open.
pub(crate) async fn run(listener: TcpListener, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        let Ok((stream, _)) = accepted else {
            // A connection that is gone already, or a shortage of descriptors that passes.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let (shared, stop) = (Arc::clone(&shared), stop.clone());
        connections.spawn(async move {
            serve(stream, shared, stop).await;
            drop(permit);
        });
        while connections.try_join_next().is_some() {}
    }
    let all = async { while connections.join_next().await.is_some() {} };
    // Those that are still open when the time is over are dropped with the set.
    let _ = tokio::time::timeout(SHUTDOWN_GRACE, all).await;
}

async fn serve(stream: TcpStream, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    // Without it small replies wait for the client's acknowledgement of the last ones.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(Arc::clone(&shared), request));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        // An error is a fault that dropped the connection, or a client that went away.
        _ = connection.as_mut() => return,
        _ = stop.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn answer(
    shared: Arc<Shared>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<ReplyBody>, Dropped> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, REQUEST_BYTES_MAX).collect().await else {
        return Ok(response(step::too_large(), Ending::Whole));
    };
    let (tree, path) = step::split_tree(head.uri.path());
    let query = head.uri.query().unwrap_or_default();
    let request = Request::new(head.method, path, query, head.headers, body.to_bytes());
    match System::from_name(tree) {
        Some(system) => vendor(&shared, system, &request).await,
        None if tree == "control" => {
            // The time is read under the lock, so that times are in the order of the steps.
            let mut state = shared.lock();
            let reply = control::handle(&mut state, &shared.base_url, &request, Timestamp::now());
            Ok(response(reply, Ending::Whole))
        }
        None => Ok(response(step::no_such_tree(tree, "/ghl, /track-pod, /rankr or /control"), Ending::Whole)),
    }
}

/// A request to a fake: one step of the state, and what a fault makes of it.
async fn vendor(
    shared: &Shared,
    system: System,
    request: &Request,
) -> Result<hyper::Response<ReplyBody>, Dropped> {
    let (fault, reply) = {
        // Read under the lock, as above.
        let mut state = shared.lock();
        step::step(&mut state, &shared.base_url, system, request, Timestamp::now())
    };
    let reply = reply.ok_or(Dropped)?;
    match fault {
        Some(FaultKind::DropBefore | FaultKind::DropAfter) => Err(Dropped),
        Some(FaultKind::HalfBody) => Ok(response(reply, Ending::Half)),
        Some(FaultKind::Delay { ms }) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            Ok(response(reply, Ending::Whole))
        }
        Some(FaultKind::Status { .. }) | None => Ok(response(reply, Ending::Whole)),
    }
}

fn response(reply: Reply, ending: Ending) -> hyper::Response<ReplyBody> {
    reply.into_response().map(|data| ReplyBody { data, ending, stage: Stage::Start })
}

/// How a reply's body ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Ending {
    #[default]
    Whole,
    /// Half of what the content length says, then a closed connection.
    Half,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Start,
    Sent,
    Flushed,
}

/// A body that may end in the middle.
#[derive(Debug, Default)]
struct ReplyBody {
    data: Bytes,
    ending: Ending,
    stage: Stage,
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Dropped>>> {
        match (self.stage, self.ending) {
            (Stage::Start, Ending::Whole) if self.data.is_empty() => Poll::Ready(None),
            (Stage::Start, ending) => {
                self.stage = Stage::Sent;
                let length = if ending == Ending::Half { self.data.len() / 2 } else { self.data.len() };
                Poll::Ready(Some(Ok(Frame::data(self.data.slice(..length)))))
            }
            (_, Ending::Whole) => Poll::Ready(None),
            // hyper flushes what it has when a body is not ready; an error at once would throw the half away.
            (Stage::Sent, Ending::Half) => {
                self.stage = Stage::Flushed;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            (Stage::Flushed, Ending::Half) => Poll::Ready(Some(Err(Dropped))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ending == Ending::Whole && (self.data.is_empty() || self.stage == Stage::Sent)
    }

    fn size_hint(&self) -> SizeHint {
        let left = if self.stage == Stage::Start { self.data.len() } else { 0 };
        SizeHint::with_exact(u64::try_from(left).unwrap_or(u64::MAX))
    }
}
