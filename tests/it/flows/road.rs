//! The way to the vendors: it keeps what went along it, and loses answers on demand.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use transload::egress::Transport;
use transload::engine::HttpError;
use transload::runtime::Clock;
use transload_sandbox::Offline;

/// Carries requests to the sandbox.
pub(crate) struct Road {
    fakes: Arc<Offline>,
    clock: Clock,
    calls: Mutex<Vec<Call>>,
    losses: Mutex<Vec<(&'static str, String)>>,
    races: Mutex<Vec<Race>>,
}

/// What somebody does with the fakes, at a time in milliseconds.
type Act = Box<dyn FnOnce(&Offline, u64) + Send>;

/// What somebody else does right after a request.
struct Race {
    method: &'static str,
    path: String,
    act: Act,
}

/// A request that reached a vendor.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
}

impl Road {
    pub(crate) fn new(fakes: Arc<Offline>, clock: Clock) -> Road {
        Road { fakes, clock, calls: Mutex::default(), losses: Mutex::default(), races: Mutex::default() }
    }

    /// The next request with this method and path takes effect, and its answer never comes.
    pub(crate) fn lose_answer(&self, method: &'static str, path: &str) {
        self.losses.lock().unwrap().push((method, path.to_owned()));
    }

    /// Right after the next request with this method and path somebody else does `act`, at the time that is passed to it.
    pub(crate) fn race(
        &self,
        method: &'static str,
        path: &str,
        act: impl FnOnce(&Offline, u64) + Send + 'static,
    ) {
        let race = Race { method, path: path.to_owned(), act: Box::new(act) };
        self.races.lock().unwrap().push(race);
    }

    /// Losses that no request has met.
    pub(crate) fn losses(&self) -> usize {
        self.losses.lock().unwrap().len()
    }

    /// The requests with this method whose path begins with `path`, since the last time.
    pub(crate) fn take_calls(&self, method: &str, path: &str) -> Vec<Call> {
        let calls = std::mem::take(&mut *self.calls.lock().unwrap());
        calls.into_iter().filter(|call| call.method == method && call.path.starts_with(path)).collect()
    }

    /// The paths below `prefix` that were asked for, with whatever method, since the last time.
    pub(crate) fn take_paths(&self, prefix: &str) -> impl Iterator<Item = String> {
        let calls = std::mem::take(&mut *self.calls.lock().unwrap());
        calls.into_iter().map(|call| call.path).filter(move |path| path.starts_with(prefix))
    }
}

#[async_trait]
impl Transport for Road {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (method, uri) = (request.method().to_string(), request.uri().clone());
        let (path, query) = (uri.path().to_owned(), uri.query().unwrap_or_default().to_owned());
        let response = self.fakes.call(request, self.clock.now());
        let race = {
            let mut races = self.races.lock().unwrap();
            let met = races.iter().position(|race| race.method == method && race.path == path);
            met.map(|met| races.remove(met))
        };
        if let Some(race) = race {
            (race.act)(&self.fakes, self.clock.now());
        }
        let mut losses = self.losses.lock().unwrap();
        let lost = losses.iter().position(|(its, at)| *its == method && *at == path);
        self.calls.lock().unwrap().push(Call { method, path, query });
        if let Some(lost) = lost {
            losses.remove(lost);
            let host = uri.host().unwrap_or_default().to_owned();
            return Err(HttpError::Broken { host, reason: "connection reset by peer".to_owned() });
        }
        Ok(response)
    }
}
