//! Watching over one call: how long it computed, how long it took, and what an error of it means.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use wasmtime::UpdateDeadline;
use wasmtime::component::ResourceTableError;

use super::limits::Limits;
use super::state::State;

/// Why a call ended without the connector's answer. The instance that it ran on is of no further use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The connector stopped itself: a panic, a failed assertion, a fault in its memory.
    #[error("the connector trapped in {call}: {reason}; this is a bug in the connector, see its log lines")]
    Trap {
        /// The function that was called.
        call: &'static str,
        /// What the runtime said.
        reason: String,
    },
    /// The connector computed for too long.
    #[error(
        "the connector computed in {call} for longer than {limit:?}, the limit for one call (limits.cpu; of a job, \
         limits.jobs.cpu); it loops, or has too much to do at once"
    )]
    CpuExhausted {
        /// The function that was called.
        call: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// The call took too long, waiting included.
    #[error(
        "{call} took longer than {limit:?}, the limit for one call (limits.call_timeout; of a job, \
         limits.jobs.call_timeout); it waited too long for a vendor, or made too many requests"
    )]
    Timeout {
        /// The function that was called.
        call: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// The connector needed more of something than it may have.
    #[error("the connector used more than {limit} {unit} in {call}, its limit (limits.{setting})")]
    Limit {
        /// The function that was called.
        call: &'static str,
        /// The limit.
        limit: u64,
        /// What is counted.
        unit: &'static str,
        /// The field of [`Limits`].
        setting: &'static str,
    },
    /// No instance could be made of the module.
    #[error("cannot make an instance of the connector: {reason}")]
    Instantiate {
        /// What the runtime said.
        reason: String,
    },
    /// Every instance was in use for as long as a call may take.
    #[error("no instance came free within {waited:?}; raise instances_max of the engine")]
    Busy {
        /// How long it was waited.
        waited: Duration,
    },
    /// The instance was stopped by an earlier call's failure.
    #[error("{call} was called on an instance that an earlier failure stopped; take a fresh instance")]
    Stopped {
        /// The function that was called.
        call: &'static str,
    },
}

/// The name by which errors call the making of an instance, where a module's own start code may already run.
pub(super) const INSTANTIATE: &str = "instantiation";

/// Measures how long a connector computes: the time inside the polls of its future. Between two polls it waits.
pub(super) struct Meter {
    origin: Instant,
    resumed_ns: AtomicU64,
    spent_ns: AtomicU64,
}

impl Meter {
    pub(super) fn new() -> Meter {
        Meter { origin: Instant::now(), resumed_ns: AtomicU64::new(0), spent_ns: AtomicU64::new(0) }
    }

    pub(super) fn reset(&self) {
        self.spent_ns.store(0, Ordering::Relaxed);
    }

    fn now_ns(&self) -> u64 {
        // u64 nanoseconds last 584 years.
        u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn resume(&self) {
        self.resumed_ns.store(self.now_ns(), Ordering::Relaxed);
    }

    fn pause(&self) {
        let slice = self.now_ns().saturating_sub(self.resumed_ns.load(Ordering::Relaxed));
        self.spent_ns.fetch_add(slice, Ordering::Relaxed);
    }

    /// What was spent so far, the present poll included. To be asked within a poll.
    fn spent(&self) -> Duration {
        let slice = self.now_ns().saturating_sub(self.resumed_ns.load(Ordering::Relaxed));
        Duration::from_nanos(self.spent_ns.load(Ordering::Relaxed).saturating_add(slice))
    }

    /// What to do with a connector that is found running when the epoch advances: stop it, or let other tasks have a
    /// turn first. `yield_now` goes to the back of tokio's queue; wasmtime's own yield would go to its front, and the
    /// connector would be resumed before anything else had run.
    pub(super) fn tick(&self, cpu: Duration) -> wasmtime::Result<UpdateDeadline> {
        if self.spent() >= cpu {
            return Err(wasmtime::Error::new(CpuSpent));
        }
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
    }

    /// Run `future` to its end, measuring it, for at most `timeout`.
    pub(super) async fn run<T>(
        &self,
        timeout: Duration,
        future: impl Future<Output = wasmtime::Result<T>>,
    ) -> wasmtime::Result<T> {
        let mut future = pin!(future);
        let measured = poll_fn(|context| {
            self.resume();
            let progress = future.as_mut().poll(context);
            self.pause();
            progress
        });
        match tokio::time::timeout(timeout, measured).await {
            Ok(outcome) => outcome,
            Err(_) => Err(wasmtime::Error::new(TimeUp)),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the connector computed for too long")]
struct CpuSpent;

#[derive(Debug, thiserror::Error)]
#[error("the call took too long")]
struct TimeUp;

/// Say what a failed call failed of.
pub(super) fn explain(
    call: &'static str,
    error: &wasmtime::Error,
    state: &State,
    limits: &Limits,
) -> CallError {
    let over = |limit: usize, unit, setting| CallError::Limit { call, limit: limit as u64, unit, setting };
    if error.is::<CpuSpent>() {
        return CallError::CpuExhausted { call, limit: limits.cpu };
    }
    if error.is::<TimeUp>() {
        return CallError::Timeout { call, limit: limits.call_timeout };
    }
    if state.limiter.memory_refused {
        return over(limits.memory_bytes, "bytes of memory", "memory_bytes");
    }
    if state.limiter.table_refused {
        return over(limits.table_elements, "table elements", "table_elements");
    }
    // The runtime's own errors for these two are not typed, so their words are compared; a test holds them.
    let reason = error.root_cause().to_string();
    let table_full = matches!(error.downcast_ref(), Some(ResourceTableError::Full));
    if table_full || reason.contains("store handle limit exceeded") {
        return over(limits.handles, "handles", "handles");
    }
    if reason.contains("fuel allocated for hostcalls") {
        return over(limits.transfer_bytes, "bytes handed to the host at once", "transfer_bytes");
    }
    if call == INSTANTIATE {
        return CallError::Instantiate { reason };
    }
    CallError::Trap { call, reason }
}
