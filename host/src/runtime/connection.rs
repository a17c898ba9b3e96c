//! One connection at run time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use super::active::{Active, Terms};
use super::connector::Connector;
use super::guard::Guard;
use super::options::HostLimits;
use super::queue::Queue;
use super::subjects::Subjects;
use crate::contract::Instant;

/// A connection, what it runs on, and its waiting work.
pub(super) struct Connection {
    pub(super) name: Arc<str>,
    pub(super) terms: Terms,
    /// Digest of the module that the configuration names.
    pub(super) configured: String,
    active: ArcSwap<Active>,
    /// The connector before the present one, ready to run: going back must not wait for a compiler while events fail.
    before: Mutex<Option<Arc<dyn Connector>>>,
    /// Tells the dispatcher that the queue has changed.
    pub(super) changed: Notify,
    /// Lets one call at a time at each subject.
    pub(super) subjects: Subjects,
    /// Rounds of polls that are running or about to.
    pub(super) polling: AtomicUsize,
    /// One round at a time for each trigger: the cursor moves with each.
    poll_turns: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// The triggers that a task polls.
    polled: Mutex<BTreeSet<String>>,
    /// Whether a task looks for the cause of a pause to go away.
    pub(super) recovering: AtomicBool,
    /// Pauses since an event was last handled.
    pub(super) pauses: AtomicU32,
    /// One swap at a time.
    pub(super) swapping: tokio::sync::Mutex<()>,
    /// Watches the module that was activated last.
    guard: Mutex<Option<Guard>>,
    /// The module that was taken off last because it went wrong, and since when it had been active.
    taken_off: Mutex<Option<(String, Instant)>>,
    queue: Mutex<Queue>,
}

impl Connection {
    pub(super) fn new(
        name: &str,
        terms: Terms,
        configured: &str,
        active: Active,
        limits: &HostLimits,
    ) -> Connection {
        Connection {
            name: Arc::from(name),
            terms,
            configured: configured.to_owned(),
            active: ArcSwap::from_pointee(active),
            before: Mutex::default(),
            changed: Notify::new(),
            subjects: Subjects::default(),
            polling: AtomicUsize::new(0),
            poll_turns: Mutex::default(),
            polled: Mutex::default(),
            recovering: AtomicBool::new(false),
            pauses: AtomicU32::new(0),
            swapping: tokio::sync::Mutex::new(()),
            guard: Mutex::default(),
            taken_off: Mutex::default(),
            queue: Mutex::new(Queue::new(limits.workers_per_connection, limits.events_waiting)),
        }
    }

    /// What it runs on now. A call keeps to what it began with.
    pub(super) fn active(&self) -> Arc<Active> {
        self.active.load_full()
    }

    /// Run on `active` from the next call on.
    pub(super) fn activate(&self, active: Arc<Active>) {
        let before = self.active.swap(active);
        *self.before.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&before.connector));
    }

    /// The connector that it ran on before the present one since the host started, if that is the one of this digest.
    pub(super) fn connector_before(&self, digest: &str) -> Option<Arc<dyn Connector>> {
        let before = self.before.lock().unwrap_or_else(PoisonError::into_inner);
        before.as_ref().filter(|connector| connector.digest() == digest).map(Arc::clone)
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        // The queue is whole between its methods, and none of them panics part-way.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn guard(&self) -> MutexGuard<'_, Option<Guard>> {
        // A guard only counts.
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The module that was taken off last because it went wrong, and since when it had been active.
    pub(super) fn taken_off(&self) -> MutexGuard<'_, Option<(String, Instant)>> {
        // It is only replaced as a whole.
        self.taken_off.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose turn it is to poll `trigger`.
    pub(super) fn poll_turn(&self, trigger: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.poll_turns.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(trigger.to_owned()).or_default())
    }

    /// The triggers that a task polls.
    pub(super) fn polled(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.polled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
