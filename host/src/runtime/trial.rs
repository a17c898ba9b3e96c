//! One call of a connector as a running host makes it, with the way out, the store and the write record that it is given.

use std::sync::Arc;

use super::clock::Clock;
use super::memory::{Memory, WriteLog};
use super::observe::Feed;
use super::recorder::{Recorder, Told, Writes};
use super::replay::{Input, answer};
use super::store::{CallStore, Entries};
use super::trace::{Outcome, Tape, Trace};
use crate::contract::Instant;
use crate::egress::Outbound;
use crate::engine::{Module, Ports};
use crate::storage::{StorageError, WorkId};

/// Why what is not an event may not write.
const READS: &str = "only events, deliveries and actions write";

/// The work that every trial is about. A write record belongs to one trial's work alone.
const WORK: WorkId = WorkId::Event(1);

/// What a call is made with.
pub(crate) struct Trial<'a> {
    pub(crate) module: &'a Module,
    pub(crate) settings: Arc<str>,
    pub(crate) now: Instant,
    pub(crate) seed: u64,
    pub(crate) outbound: Arc<dyn Outbound>,
    pub(crate) entries: Arc<dyn Entries>,
    /// Takes the steps down, those of `entries` as well.
    pub(crate) tape: Arc<Tape>,
    /// Which attempt at the work it is, from 1.
    pub(crate) attempt: u32,
    pub(crate) log: Box<dyn WriteLog>,
}

impl Trial<'_> {
    /// Make the call, and answer all that it did. Fails if the write record does.
    pub(crate) async fn run(self, input: &Input) -> Result<Trace, StorageError> {
        let writes = match input {
            Input::Delivery(_) | Input::Event(..) => {
                let (salt, first) = ("trial".to_owned(), self.attempt == 1);
                Writes::Once(Memory::recall(self.log, WORK, self.attempt, salt, first).await?)
            }
            Input::Action { .. } => Writes::Free,
            Input::Poll { .. } | Input::Backfill { .. } | Input::Reconcile { .. } | Input::Check => {
                Writes::Denied(READS)
            }
        };
        let (feed, clock) = (Feed::new(), Clock::starting_at(self.now));
        let told = Told { feed, connection: Arc::from("trial"), work: None, clock };
        let recorder = Recorder::new(told, self.outbound, writes, Some(Arc::clone(&self.tape)));
        let recorder = Arc::new(recorder);
        let store = Arc::new(CallStore::new(self.entries));
        let ports = Ports {
            http: Arc::clone(&recorder) as _,
            store: Arc::clone(&store) as _,
            settings: self.settings,
            log: recorder,
            now: self.now,
            seed: self.seed,
        };
        let outcome = answer(self.module, ports, input).await;
        // An attempt that fails leaves nothing in the store.
        let failed = matches!(outcome, Outcome::Failure(_) | Outcome::Error(_));
        let writes = if failed { Vec::new() } else { store.take_writes() };
        Ok(self.tape.end(&writes, outcome))
    }
}
