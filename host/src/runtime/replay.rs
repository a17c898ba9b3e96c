//! Running a recorded attempt again: with its clock, its randomness, its settings and the answers it got, and nothing
//! outside. On the same module the result is the same, or the module is not deterministic; on another, the difference is
//! what that one would do differently.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde::{Deserialize, Serialize};

use super::connector::{Answer, Connector};
use super::render;
use super::store::{CallStore, Entries};
use super::trace::{Body, CallStep, Outcome, Reply, Source, Step, Tape, Trace};
use super::trouble::{check_events, follow_ups};
use crate::contract::{Change, Delivery, Envelope, Level, Scope, Window};
use crate::engine::{Http, HttpError, Log, Ports};
use crate::storage::{AttemptRecord, StorageError, StoredEntry, WorkId};

/// What a connector is called with.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    Delivery(Delivery),
    Event(Box<Envelope>, Box<Change>),
    Poll { trigger: String, cursor: Option<String> },
    Backfill { trigger: String, window: Window, cursor: Option<String> },
    Reconcile { scope: Scope, cursor: Option<String> },
    Action { name: String, input: String },
    Check,
}

/// A recorded attempt, run again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    /// What it was about.
    pub work: WorkId,
    /// Which attempt it was.
    pub attempt: u32,
    /// Digest of the module that ran it then.
    pub recorded_module: String,
    /// Digest of the module that ran it now.
    pub module: String,
    /// Whether everything was the same: outcome, effects, requests that write, entries of the store.
    pub identical: bool,
    /// Whether it fails now and did not then.
    pub broke: bool,
    /// The differences, a line each: what begins with `-` was, what begins with `+` is now, and what begins with a blank
    /// is the same. Empty if there are none.
    pub diff: Vec<String>,
    /// What was asked for and is not on record, so that what follows from it is not known.
    pub unknown: Vec<String>,
}

/// Why an attempt cannot be run again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// Nothing is kept of it.
    #[error("nothing is recorded of {0}: it has not run yet, or its record was older than is kept")]
    NotRecorded(WorkId),
    /// What is kept cannot be read.
    #[error("the record of {work} cannot be read: {reason}")]
    Unreadable {
        /// The work.
        work: WorkId,
        /// Why.
        reason: String,
    },
}

/// Run `attempt` at `work` again on `connector`.
pub(super) async fn run(
    connector: &dyn Connector,
    work: WorkId,
    input: &Input,
    attempt: &AttemptRecord,
) -> Result<Replay, ReplayError> {
    let unreadable = |error: serde_json::Error| ReplayError::Unreadable { work, reason: error.to_string() };
    let then: Trace = serde_json::from_slice(&attempt.trace).map_err(unreadable)?;
    let playback = Arc::new(Playback::new(&then));
    let store = Arc::new(CallStore::new(Arc::clone(&playback) as _));
    let ports = Ports {
        http: Arc::clone(&playback) as _,
        store: Arc::clone(&store) as _,
        settings: Arc::from(attempt.settings.as_str()),
        log: Arc::clone(&playback) as _,
        now: attempt.started_at,
        seed: attempt.seed,
    };
    let outcome = outcome(connector, ports, input).await;
    let writes = if succeeded(&outcome) { store.take_writes() } else { Vec::new() };
    let now = playback.tape.end(&writes, outcome);
    let (was, is) = (render::lines(&then), render::lines(&now));
    let identical = was == is;
    let succeeds = |trace: &Trace| trace.outcome.as_ref().is_some_and(succeeded);
    Ok(Replay {
        work,
        attempt: attempt.number,
        recorded_module: attempt.module.clone(),
        module: connector.digest().to_owned(),
        identical,
        broke: succeeds(&then) && !succeeds(&now),
        diff: if identical { Vec::new() } else { render::diff(&was, &is) },
        unknown: std::mem::take(&mut playback.left().unknown),
    })
}

/// What comes of a call, what the connector hands over looked at as a host does.
async fn outcome(connector: &dyn Connector, ports: Ports, input: &Input) -> Outcome {
    let outcome = answer(connector, ports, input).await;
    let events = match &outcome {
        Outcome::Events(events) => events,
        Outcome::Receipt(receipt) => follow_ups(receipt),
        _ => return outcome,
    };
    match check_events(connector.description(), events) {
        Ok(()) => outcome,
        Err(reason) => Outcome::Error(reason),
    }
}

/// What a connector answers to a call.
pub(super) async fn answer(connector: &dyn Connector, ports: Ports, input: &Input) -> Outcome {
    match input {
        Input::Delivery(delivery) => taken(connector.receive(ports, delivery).await, Outcome::Events),
        Input::Event(envelope, change) => {
            taken(connector.handle(ports, envelope, change).await, Outcome::Receipt)
        }
        Input::Poll { trigger, cursor } => {
            taken(connector.poll(ports, trigger, cursor.as_deref()).await, Outcome::Page)
        }
        Input::Backfill { trigger, window, cursor } => {
            let page = connector.backfill(ports, trigger, *window, cursor.as_deref()).await;
            taken(page, Outcome::Page)
        }
        Input::Reconcile { scope, cursor } => {
            taken(connector.reconcile(ports, scope, cursor.as_deref()).await, Outcome::Findings)
        }
        Input::Action { name, input } => {
            taken(connector.run_action(ports, name, input).await, Outcome::Output)
        }
        Input::Check => taken(connector.check(ports).await, Outcome::Probes),
    }
}

fn taken<T>(answer: Answer<T>, success: impl FnOnce(T) -> Outcome) -> Outcome {
    match answer {
        Ok(Ok(value)) => success(value),
        Ok(Err(failure)) => Outcome::Failure(failure),
        Err(error) => Outcome::Error(error.to_string()),
    }
}

fn succeeded(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Receipt(_) | Outcome::Events(_))
}

/// The answers of a record, each given once.
#[derive(Debug, Default, Clone)]
pub(crate) struct Replies {
    left: VecDeque<CallStep>,
    /// Calls that were asked for. A read may be asked for again.
    used: Vec<CallStep>,
}

impl Replies {
    pub(crate) fn of(trace: &Trace) -> Replies {
        let calls = trace.steps.iter().filter_map(|step| match step {
            Step::Call(call) => Some((**call).clone()),
            _ => None,
        });
        Replies { left: calls.collect(), used: Vec::new() }
    }

    /// What is on record for a request.
    pub(crate) fn take(&mut self, asked: &CallStep) -> Option<Reply> {
        let same =
            |call: &CallStep| call.method == asked.method && call.url == asked.url && call.body == asked.body;
        let place = self.left.iter().position(same).or_else(|| {
            // A write with another body: the answer that the recorded one got stands in, so that what follows is seen.
            let alike = |call: &CallStep| {
                asked.method != "GET" && call.method == asked.method && path(&call.url) == path(&asked.url)
            };
            self.left.iter().position(alike)
        });
        if let Some(call) = place.and_then(|place| self.left.remove(place)) {
            self.used.push(call.clone());
            return call.reply;
        }
        let again = |call: &&CallStep| asked.method == "GET" && same(call);
        self.used.iter().rev().find(again).and_then(|call| call.reply.clone())
    }
}

/// Answers from a record.
struct Playback {
    left: Mutex<Left>,
    tape: Tape,
}

/// What of the record has not been asked for yet.
#[derive(Default)]
struct Left {
    replies: Replies,
    entries: Vec<(String, Option<Body>, u64)>,
    keys: Vec<(String, Option<String>, u32, Vec<String>)>,
    unknown: Vec<String>,
}

impl Playback {
    fn new(trace: &Trace) -> Playback {
        let mut left = Left { replies: Replies::of(trace), ..Left::default() };
        for step in trace.steps.iter().cloned() {
            match step {
                Step::Entry { key, value, version } => left.entries.push((key, value, version)),
                Step::Keys { prefix, after, limit, keys } => left.keys.push((prefix, after, limit, keys)),
                Step::Call(_) | Step::Line { .. } => {}
            }
        }
        Playback { left: Mutex::new(left), tape: Tape::default() }
    }

    fn left(&self) -> MutexGuard<'_, Left> {
        // A panic within cannot leave it half-changed in a way that matters: the replay is over then.
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unknown(&self, what: String) {
        self.left().unknown.push(what);
    }
}

pub(crate) fn path(url: &str) -> &str {
    url.split('?').next().unwrap_or(url)
}

#[async_trait]
impl Http for Playback {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let asked = CallStep::asked(&request);
        let reply = self.left().replies.take(&asked);
        let what = format!("{} {}", asked.method, asked.url);
        let write = reply.as_ref().map_or(asked.method != "GET", |reply| reply.write);
        let answer = reply.as_ref().and_then(|reply| reply.answer.outcome());
        if answer.is_none() {
            self.unknown(format!("the answer to {what}"));
        }
        let answer = answer.unwrap_or_else(|| {
            Err(HttpError::Broken { host: path(&asked.url).to_owned(), reason: "not on record".to_owned() })
        });
        let taken = Reply {
            api: reply.and_then(|reply| reply.api),
            write,
            from: Source::Record,
            answer: super::trace::Answer::of(&answer),
            elapsed_ms: 0,
        };
        self.tape.push(Step::Call(Box::new(CallStep { reply: Some(taken), ..asked })));
        answer
    }
}

#[async_trait]
impl Entries for Playback {
    async fn entry(&self, key: &str) -> Result<StoredEntry, StorageError> {
        let mut left = self.left();
        // Within one attempt an entry is read from the storage until it is first written, so the first read tells.
        let found = left.entries.iter().find(|(known, ..)| known == key).cloned();
        match found {
            Some((_, None, version)) => Ok(StoredEntry { value: None, version }),
            Some((_, Some(value), version)) if value.bytes().is_some() => {
                Ok(StoredEntry { value: value.bytes().map(Vec::from), version })
            }
            _ => {
                left.unknown.push(format!("the store's entry {key:?}"));
                Err(not_recorded(key))
            }
        }
    }

    async fn keys(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, StorageError> {
        let mut left = self.left();
        let found = left.keys.iter().find(|(known, known_after, known_limit, _)| {
            known == prefix && known_after.as_deref() == after && *known_limit == limit
        });
        if let Some((.., keys)) = found {
            return Ok(keys.clone());
        }
        left.unknown.push(format!("the store's entries that start with {prefix:?}"));
        Err(not_recorded(prefix))
    }
}

fn not_recorded(key: &str) -> StorageError {
    StorageError::Record { what: format!("the entry {key:?}"), reason: "it is not on record".to_owned() }
}

impl Log for Playback {
    fn write(&self, _level: Level, _message: &str, _fields: &[(String, String)]) {}
}
