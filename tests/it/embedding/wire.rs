//! A platform's own HTTP client: it leads to the sandbox's fakes, and counts.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Response};
use transload::egress::Transport;
use transload::engine::HttpError;
use transload_sandbox::Offline;

pub(super) struct Wire {
    pub(super) vendors: Offline,
    calls: AtomicUsize,
    writes: AtomicUsize,
}

impl Wire {
    pub(super) fn new(vendors: Offline) -> Wire {
        Wire { vendors, calls: AtomicUsize::new(0), writes: AtomicUsize::new(0) }
    }

    /// Requests so far.
    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// Those that changed something.
    pub(super) fn writes(&self) -> usize {
        self.writes.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if request.method() != Method::GET {
            self.writes.fetch_add(1, Ordering::Relaxed);
        }
        Ok(self.vendors.call(request, 1_780_000_000_000))
    }
}
