//! What carries requests that have been decided: the host's own client, or the embedder's.

#![cfg_attr(
    not(feature = "client"),
    expect(dead_code, unused_variables, reason = "a transport sees to addresses and TLS by itself")
)]

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Request;
use http::response::Parts;
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use transload_policy::address::Exceptions;
use transload_policy::place::Base;

use super::EgressError;
#[cfg(feature = "client")]
use super::connect::Trust;
use super::outbound::Transport;
#[cfg(feature = "client")]
use super::pool::{Pool, chain};
use crate::engine::HttpError;

/// What carries all requests of an egress.
pub(super) enum Via {
    /// A pool for each way.
    #[cfg(feature = "client")]
    Pools(Arc<Trust>),
    /// Whatever the embedder has.
    Custom(Arc<dyn Transport>),
}

/// Where a way is to lead.
pub(super) struct Destination<'d> {
    /// The API or receiver, for errors.
    pub(super) whom: &'d str,
    pub(super) base: &'d Base,
    pub(super) connect_timeout: Duration,
    /// What may lie in a private network, and the key of the configuration that says so.
    pub(super) exceptions: Exceptions,
    pub(super) setting: &'d str,
}

/// What carries the requests to one place.
#[derive(Clone)]
pub(super) enum Way {
    #[cfg(feature = "client")]
    Pooled(Arc<Pool>),
    Custom(Arc<dyn Transport>),
}

/// A response's head, and its body as far as it could be had: none if it is over the limit, or why it broke off.
pub(super) type Arrival = (Parts, Result<Option<Bytes>, String>);

impl Via {
    /// The way to `to`: `kept`, if that leads there as it is asked for, with its open connections.
    pub(super) fn lead(&self, to: Destination<'_>, kept: Option<&Way>) -> Result<Way, EgressError> {
        match self {
            #[cfg(feature = "client")]
            Via::Pools(trust) => {
                ready(trust, to.whom, to.base)?;
                if let Some(Way::Pooled(pool)) = kept
                    && pool.exceptions == to.exceptions
                {
                    return Ok(Way::Pooled(Arc::clone(pool)));
                }
                let pool = Pool::new(Arc::clone(trust), to.connect_timeout, to.exceptions, to.setting);
                Ok(Way::Pooled(Arc::new(pool)))
            }
            Via::Custom(transport) => Ok(Way::Custom(Arc::clone(transport))),
        }
    }
}

impl Way {
    /// Send `request`. `heed` sees the head before the body, which may never be complete, and may give up on it.
    pub(super) async fn send(
        &self,
        request: Request<Bytes>,
        limit: usize,
        heed: impl FnOnce(&Parts) -> Result<(), HttpError>,
    ) -> Result<Arrival, HttpError> {
        match self {
            #[cfg(feature = "client")]
            Way::Pooled(pool) => {
                let (parts, body) = pool.send(request).await?.into_parts();
                heed(&parts)?;
                Ok((parts, collect(body, limit).await.map_err(|error| chain(&error))))
            }
            Way::Custom(transport) => {
                let (parts, body) = transport.send(request).await?.into_parts();
                heed(&parts)?;
                let Ok(body) = collect(Full::new(body), limit).await;
                Ok((parts, Ok(body)))
            }
        }
    }

    /// Whether a host has an address that may be connected to. A transport of the embedder's own sees to that when it sends.
    pub(super) async fn resolve(&self, host: &str, port: u16) -> Result<(), HttpError> {
        match self {
            #[cfg(feature = "client")]
            Way::Pooled(pool) => pool.resolve(host, port).await,
            Way::Custom(_) => Ok(()),
        }
    }
}

/// Whether TLS can be spoken, where it will be.
#[cfg(feature = "client")]
fn ready(trust: &Trust, whom: &str, target: &Base) -> Result<(), EgressError> {
    trust.check().map_err(|error| EgressError::Tls { reason: error.to_string() })?;
    if target.scheme == "https" && trust.is_empty() {
        return Err(EgressError::NoCertificates { api: whom.to_owned() });
    }
    Ok(())
}

/// The whole body, or none if it is over `limit`.
async fn collect<B>(mut body: B, limit: usize) -> Result<Option<Bytes>, B::Error>
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.size_hint().lower() > limit as u64 {
        return Ok(None);
    }
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if collected.len().saturating_add(data.len()) > limit {
            return Ok(None);
        }
        if collected.is_empty() && body.is_end_stream() {
            return Ok(Some(data));
        }
        collected.extend_from_slice(&data);
    }
    Ok(Some(collected.freeze()))
}
