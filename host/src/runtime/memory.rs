//! The write record: what one piece of work has already changed at a vendor, so that running it again does not change it
//! twice.
//!
//! ```text
//! decide ─► write down that it is about to leave ─► send ─► write down what came of it
//!    └─ known: succeeded ─► its answer, from the record        └─ unknown: in doubt, the endpoint's policy decides
//! ```
//!
//! A write is the same as an earlier one if method, URL and body are. Reads are not remembered: they are made again, so
//! that what a connector decides on is true.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use sha2::{Digest, Sha256};

use super::trace::StoredResponse;
use crate::contract::{InDoubt, Instant};
use crate::egress::Admitted;
use crate::engine::HttpError;
use crate::storage::{Storage, StorageError, WorkId, WriteIntent, WriteOutcome, WriteRecord, WriteState};

/// Where the writes of work are written down. Each method does what [`Storage`]'s of the same name does.
#[async_trait]
pub(crate) trait WriteLog: Send + Sync {
    async fn intend(&self, intent: WriteIntent) -> Result<(), StorageError>;
    async fn settle(&self, outcome: WriteOutcome) -> Result<(), StorageError>;
    async fn writes(&self, id: WorkId) -> Result<Vec<WriteRecord>, StorageError>;
}

#[async_trait]
impl WriteLog for Arc<dyn Storage> {
    async fn intend(&self, intent: WriteIntent) -> Result<(), StorageError> {
        (**self).intend(intent).await
    }

    async fn settle(&self, outcome: WriteOutcome) -> Result<(), StorageError> {
        (**self).settle(outcome).await
    }

    async fn writes(&self, id: WorkId) -> Result<Vec<WriteRecord>, StorageError> {
        (**self).writes(id).await
    }
}

/// The writes of one piece of work, as one attempt at it knows them.
pub(super) struct Memory {
    log: Box<dyn WriteLog>,
    id: WorkId,
    attempt: u32,
    /// What makes this work's idempotency keys its own: the connection's name and the event's id.
    salt: String,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    writes: BTreeMap<String, Kept>,
    /// How often each write has succeeded in this attempt.
    succeeded: BTreeMap<String, u32>,
    /// The APIs that were read in this attempt, since a write to them last came into doubt.
    looked: BTreeSet<String>,
}

struct Kept {
    state: WriteState,
    response: Option<Vec<u8>>,
}

/// What to do with a write.
pub(super) enum Verdict {
    /// Send it.
    Send,
    /// It was made already: this was the answer.
    Remembered(Response<Bytes>),
    /// It may have been made, and must not be made twice: this stands for the answer.
    PossiblyMade(Response<Bytes>),
    /// It may have been made, and the connector has not looked.
    Unchecked,
}

impl Memory {
    /// Recall what earlier attempts wrote; `first` spares the look if there were none.
    pub(super) async fn recall(
        log: Box<dyn WriteLog>,
        id: WorkId,
        attempt: u32,
        salt: String,
        first: bool,
    ) -> Result<Memory, StorageError> {
        let earlier = if first { Vec::new() } else { log.writes(id).await? };
        let kept = |state, response| Kept { state, response };
        let writes = earlier.into_iter().map(|it| (it.key, kept(it.state, it.response))).collect();
        let known = Mutex::new(Known { writes, ..Known::default() });
        Ok(Memory { log, id, attempt, salt, known })
    }

    /// The name of the write that `request` asks for. One that is asked for again after it succeeded in this attempt is
    /// meant to happen twice; one that is asked for again without having succeeded is the same.
    pub(super) fn key(&self, request: &Request<Bytes>) -> String {
        let mut hash = Sha256::new();
        // Neither a method nor a URL has a line break in it.
        hash.update(format!("{}\n{}\n", request.method(), request.uri()));
        hash.update(request.body());
        let write = hex::encode(hash.finalize());
        let count = self.lock().succeeded.get(&write).copied().unwrap_or_default();
        format!("{write}/{count}")
    }

    /// The key that an API with idempotency keys gets for the write `key`: the same whenever this work asks for it.
    pub(super) fn idempotency_key(&self, key: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("{}\n{}\n{key}", self.salt, self.id));
        hex::encode(hash.finalize())
    }

    /// An API was read.
    pub(super) fn looked(&self, api: &str) {
        self.lock().looked.insert(api.to_owned());
    }

    pub(super) fn verdict(&self, key: &str, admitted: &Admitted) -> Verdict {
        let mut known = self.lock();
        let Some(kept) = known.writes.get(key) else { return Verdict::Send };
        match (kept.state, admitted.in_doubt()) {
            (WriteState::Done, _) => {
                let answer = remembered(kept.response.as_deref());
                count(&mut known.succeeded, key);
                Verdict::Remembered(answer)
            }
            (WriteState::Refused | WriteState::Unsent, _) => Verdict::Send,
            (WriteState::Intended | WriteState::InDoubt, InDoubt::Resend) => Verdict::Send,
            (WriteState::Intended | WriteState::InDoubt, InDoubt::Never) => {
                count(&mut known.succeeded, key);
                Verdict::PossiblyMade(empty(StatusCode::ALREADY_REPORTED))
            }
            (WriteState::Intended | WriteState::InDoubt, InDoubt::Verify) => {
                if known.looked.contains(admitted.api()) { Verdict::Send } else { Verdict::Unchecked }
            }
        }
    }

    /// Write down that a write is about to leave.
    pub(super) async fn intend(
        &self,
        key: &str,
        admitted: &Admitted,
        method: String,
        url: String,
        at: Instant,
    ) -> Result<(), StorageError> {
        self.note(key, WriteState::Intended, None, admitted.api());
        let intent = WriteIntent {
            id: self.id,
            key: key.to_owned(),
            attempt: self.attempt,
            api: admitted.api().to_owned(),
            method,
            url,
            in_doubt: admitted.in_doubt(),
            at,
        };
        self.log.intend(intent).await
    }

    /// Write down what came of it.
    pub(super) async fn settle(
        &self,
        key: &str,
        api: &str,
        outcome: &Result<Response<Bytes>, HttpError>,
        at: Instant,
    ) -> Result<(), StorageError> {
        let state = state_of(outcome);
        let response = outcome.as_ref().ok().and_then(|it| serde_json::to_vec(&StoredResponse::of(it)).ok());
        let status = outcome.as_ref().ok().map(|response| response.status().as_u16());
        self.note(key, state, response.clone(), api);
        self.log.settle(WriteOutcome { id: self.id, key: key.to_owned(), state, status, response, at }).await
    }

    fn note(&self, key: &str, state: WriteState, response: Option<Vec<u8>>, api: &str) {
        let mut known = self.lock();
        match state {
            WriteState::Done => count(&mut known.succeeded, key),
            // What was read before says nothing of what this write may have done.
            WriteState::InDoubt => drop(known.looked.remove(api)),
            WriteState::Intended | WriteState::Refused | WriteState::Unsent => {}
        }
        known.writes.insert(key.to_owned(), Kept { state, response });
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Every method leaves it whole, and none panics within.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(succeeded: &mut BTreeMap<String, u32>, key: &str) {
    let write = key.split('/').next().unwrap_or(key);
    *succeeded.entry(write.to_owned()).or_default() += 1;
}

/// What is known of a write after this.
fn state_of(outcome: &Result<Response<Bytes>, HttpError>) -> WriteState {
    match outcome {
        Ok(response) if response.status().is_success() => WriteState::Done,
        // A server may have done its work before it, or a proxy in front of it, failed. 408 is a proxy's as often as not.
        Ok(response) if response.status().is_server_error() || response.status() == 408 => {
            WriteState::InDoubt
        }
        Ok(_) => WriteState::Refused,
        Err(
            HttpError::Denied(_)
            | HttpError::Malformed(_)
            | HttpError::Dns { .. }
            | HttpError::Connect { .. }
            | HttpError::Tls { .. }
            | HttpError::TooLarge { what: "request", .. },
        ) => WriteState::Unsent,
        Err(HttpError::Broken { .. } | HttpError::Timeout { .. } | HttpError::TooLarge { .. }) => {
            WriteState::InDoubt
        }
    }
}

/// The answer that was kept. One that does not read back is a success without words: the write must not be repeated.
fn remembered(kept: Option<&[u8]>) -> Response<Bytes> {
    kept.and_then(|bytes| serde_json::from_slice::<StoredResponse>(bytes).ok())
        .and_then(|stored| stored.response())
        .unwrap_or_else(|| empty(StatusCode::ALREADY_REPORTED))
}

fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}
