//! The way out of one call of a connector: each request passes the write record, is taken down, and is told of.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use tokio::time::Instant;

use super::clock::Clock;
use super::memory::{Memory, Verdict};
use super::observe::{Feed, Happening};
use super::trace::{Answer, CallStep, Reply, Source, Step, Tape};
use crate::contract::{Access, Failure, Level, Retry, millis};
use crate::egress::{Admission, Admitted, Outbound, Portion};
use crate::engine::{Http, HttpError, Log};
use crate::storage::{StorageError, WorkId};

/// Why a page of a job may not write.
const JOBS_READ: &str =
    "a backfill and a reconciliation only read: what they find they hand over, and that may write";

/// What becomes of a call's writes.
pub(super) enum Writes {
    /// None may be made; says why.
    Denied(&'static str),
    /// None may be made, and reads keep to this share of the rate budgets.
    Background(Portion),
    /// They are made and not remembered: whoever asked waits for the answer, and nothing runs it again.
    Free,
    /// They are made once.
    Once(Memory),
}

/// Where a call's happenings go.
pub(super) struct Told {
    pub(super) feed: Feed,
    pub(super) connection: Arc<str>,
    /// What the call is about; none for polls, actions and checks.
    pub(super) work: Option<WorkId>,
    pub(super) clock: Clock,
}

/// Sends one call's requests, and remembers what of them matters when the call has ended.
pub(super) struct Recorder {
    told: Told,
    outbound: Arc<dyn Outbound>,
    writes: Writes,
    /// None for what is not to be run again.
    pub(super) tape: Option<Arc<Tape>>,
    notes: Mutex<Notes>,
}

/// What happened to a call's requests that its connector cannot know or may not say.
#[derive(Debug, Default, Clone)]
pub(super) struct Notes {
    /// Why a request was denied, the first time.
    pub(super) denial: Option<String>,
    /// How long the rate budget would have had it wait.
    pub(super) throttled: Option<Duration>,
    /// Why a write could not be written down.
    pub(super) storage: Option<StorageError>,
    /// Writes that may have happened, and are not made again.
    pub(super) possibly_made: Vec<String>,
    /// Whether a write was sent whose answer nobody waited for any longer: the vendor may still be at it.
    pub(super) under_way: bool,
}

/// A request's answer, with what is told of it.
struct Handled {
    api: Option<String>,
    write: bool,
    from: Source,
    outcome: Result<Response<Bytes>, HttpError>,
}

impl Recorder {
    pub(super) fn new(
        told: Told,
        outbound: Arc<dyn Outbound>,
        writes: Writes,
        tape: Option<Arc<Tape>>,
    ) -> Recorder {
        Recorder { told, outbound, writes, tape, notes: Mutex::default() }
    }

    /// What happened that the connector does not know.
    pub(super) fn notes(&self) -> Notes {
        self.lock().clone()
    }

    /// What the connector says went wrong, with the reason of a denial behind it: the connector cannot know that reason,
    /// because WASI's HTTP has no room for it, and it names what would have to be configured.
    pub(super) fn explain(&self, failure: Failure) -> Failure {
        let Some(denial) = self.lock().denial.clone() else { return failure };
        let explained = |reason: String| format!("{reason}; {denial}");
        match failure {
            Failure::Retry(retry) => Failure::Retry(Retry { reason: explained(retry.reason), ..retry }),
            Failure::Rejected(reason) => Failure::Rejected(explained(reason)),
            Failure::NeedsAttention(reason) => Failure::NeedsAttention(explained(reason)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        // A panic within cannot leave a note half-written.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn handle(&self, request: Request<Bytes>) -> Handled {
        let asked = request.clone();
        let admission = match self.writes {
            Writes::Background(share) => self.outbound.admit_portion(request, share).await,
            _ => self.outbound.admit(request).await,
        };
        match admission {
            Err(refusal) => {
                if let HttpError::Denied(reason) = &refusal.error {
                    // Only the first is kept; the others follow from it.
                    self.lock().denial.get_or_insert(reason.clone());
                }
                Handled { api: refusal.api, write: false, from: Source::Host, outcome: Err(refusal.error) }
            }
            Ok(Admission::Busy(response)) => {
                let seconds = response.headers().get(header::RETRY_AFTER).and_then(|it| it.to_str().ok());
                let wait = seconds.and_then(|it| it.parse().ok()).map(Duration::from_secs);
                self.lock().throttled = Some(wait.unwrap_or_default());
                Handled { api: None, write: false, from: Source::Host, outcome: Ok(response) }
            }
            Ok(Admission::Admitted(admitted)) if admitted.access() == Access::Read => {
                let api = admitted.api().to_owned();
                let outcome = self.outbound.send(admitted).await;
                if let Writes::Once(memory) = &self.writes
                    && outcome.as_ref().is_ok_and(tells)
                {
                    memory.looked(&api);
                }
                Handled { api: Some(api), write: false, from: Source::Vendor, outcome }
            }
            Ok(Admission::Admitted(admitted)) => {
                let api = Some(admitted.api().to_owned());
                let (from, outcome) = self.write(asked, admitted).await;
                Handled { api, write: true, from, outcome }
            }
        }
    }

    async fn write(
        &self,
        asked: Request<Bytes>,
        admitted: Admitted,
    ) -> (Source, Result<Response<Bytes>, HttpError>) {
        let memory = match &self.writes {
            Writes::Denied(why) => return (Source::Host, Err(HttpError::Denied((*why).to_owned()))),
            Writes::Background(_) => return (Source::Host, Err(HttpError::Denied(JOBS_READ.to_owned()))),
            Writes::Free => return (Source::Vendor, self.outbound.send(admitted).await),
            Writes::Once(memory) => memory,
        };
        let key = memory.key(&asked);
        let what = format!("{} {}", asked.method(), asked.uri().path());
        match memory.verdict(&key, &admitted) {
            Verdict::Send => (Source::Vendor, self.send_once(memory, &key, &asked, admitted).await),
            Verdict::Remembered(response) => (Source::Record, Ok(response)),
            Verdict::PossiblyMade(response) => {
                self.lock().possibly_made.push(what);
                (Source::Host, Ok(response))
            }
            Verdict::Unchecked => {
                let reason = format!(
                    "whether an earlier attempt's {what} took effect is not known, and the connector asks for it again \
                     without having looked first, as its manifest says it does: this is a bug in the connector"
                );
                self.lock().denial.get_or_insert(reason.clone());
                (Source::Host, Err(HttpError::Denied(reason)))
            }
        }
    }

    async fn send_once(
        &self,
        memory: &Memory,
        key: &str,
        asked: &Request<Bytes>,
        mut admitted: Admitted,
    ) -> Result<Response<Bytes>, HttpError> {
        admitted.set_idempotency_key(&memory.idempotency_key(key));
        let (method, url) = (asked.method().to_string(), self.outbound.redact(asked.uri().to_string()));
        let api = admitted.api().to_owned();
        if let Err(error) = memory.intend(key, &admitted, method, url, self.told.clock.now()).await {
            // Nothing that is not written down may leave.
            self.lock().storage = Some(error.clone());
            return Err(HttpError::Denied(format!("the write could not be written down first: {error}")));
        }
        let waiting = Waiting(Some(&self.notes));
        let outcome = self.outbound.send(admitted).await;
        if !matches!(outcome, Err(HttpError::Timeout { .. })) {
            waiting.answered();
        }
        if let Err(error) = memory.settle(key, &api, &outcome, self.told.clock.now()).await {
            // It stays in doubt; the attempt ends as one that the storage failed.
            self.lock().storage = Some(error);
        }
        outcome
    }
}

/// A write whose answer is waited for. Dropped before the answer came, as when the connector's own time is up, it is noted.
struct Waiting<'n>(Option<&'n Mutex<Notes>>);

impl Waiting<'_> {
    fn answered(mut self) {
        self.0 = None;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(notes) = self.0 {
            notes.lock().unwrap_or_else(PoisonError::into_inner).under_way = true;
        }
    }
}

/// Whether a response says what there is at the vendor: one of an overloaded or broken server does not.
fn tells(response: &Response<Bytes>) -> bool {
    let status = response.status();
    !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS
}

#[async_trait]
impl Http for Recorder {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let started = Instant::now();
        let (method, url) = (request.method().to_string(), self.outbound.redact(request.uri().to_string()));
        let position = self.tape.as_ref().map(|tape| {
            let step = CallStep { url: url.clone(), ..CallStep::asked(&request) };
            tape.push(Step::Call(Box::new(step)))
        });
        let Handled { api, write, from, outcome } = self.handle(request).await;
        let elapsed_ms = millis(started.elapsed());
        if let (Some(tape), Some(position)) = (&self.tape, position) {
            let answer = Answer::of(&outcome);
            tape.answered(position, Reply { api: api.clone(), write, from, answer, elapsed_ms });
        }
        self.told.feed.tell(&self.told.connection, self.told.clock, || {
            let (status, error) = match &outcome {
                Ok(response) => (Some(response.status().as_u16()), None),
                Err(error) => (None, Some(error.to_string())),
            };
            Happening::Call { work: self.told.work, api, method, url, from, status, error, elapsed_ms }
        });
        outcome
    }
}

impl Log for Recorder {
    fn write(&self, level: Level, message: &str, fields: &[(String, String)]) {
        if let Some(tape) = &self.tape {
            let (message, fields) = (message.to_owned(), fields.to_vec());
            tape.push(Step::Line { level, message, fields });
        }
        self.told.feed.tell(&self.told.connection, self.told.clock, || Happening::Line {
            work: self.told.work,
            level,
            message: message.to_owned(),
            fields: fields.to_vec(),
        });
    }
}
