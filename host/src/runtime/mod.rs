//! The running host: takes deliveries in, polls, and has connectors handle events, each once and in order.
//!
//! ```text
//! webhook ─► verify ─► keep ─► answer ┐
//!                                     ├─► queue per connection ─► fresh instance ─► one commit ─► receipt
//! poll, submit, follow-ups ─► keep ───┘   (one subject at a time)      └─► failed: later, dead, or parked
//! ```
//!
//! Work comes to the queues from storage alone, in the order in which it became durable; a queue holds numbers, and the
//! record is read when its turn comes. So a crash at any point leaves the same picture as a restart.
//!
//! | To | Call |
//! |---|---|
//! | start, stop | [`Host::start`], [`Host::shutdown`] |
//! | bring something in | [`Host::deliver`] for webhooks, [`Host::submit`] for events, [`Host::poll_now`] |
//! | see | [`Host::observe`] as it happens; [`Host::events`], [`Host::history`], [`Host::connections`] as it stands |
//! | decide | [`Host::retry`], [`Host::discard`], [`Host::resume`] |
//! | act by hand | [`Host::run_action`], [`Host::check`] |
//! | exchange a connector | [`Host::swap`], [`Host::rollback`], [`Host::preview`] |
//! | wait until it is quiet | [`Host::idle`] |

mod active;
pub mod admin;
mod backoff;
mod call;
mod clock;
mod connection;
mod connector;
mod guard;
mod host;
mod intake;
mod jobs;
mod manage;
mod memory;
mod notices;
mod observe;
mod options;
mod park;
mod poll;
mod preview;
mod queue;
mod recorder;
mod render;
mod replay;
#[cfg(feature = "server")]
mod routes;
mod schema;
#[cfg(feature = "server")]
mod serve;
mod start;
mod store;
mod subjects;
mod swap;
#[cfg(test)]
#[cfg(all(feature = "client", feature = "server", feature = "sqlite"))]
mod tests;
mod trace;
mod trouble;
mod watch;
mod work;

pub use backoff::ATTEMPTS_MAX;
pub use clock::Clock;
pub use host::{Host, RequestError};
pub use intake::{BODY_BYTES_MAX, DeliveryOutcome};
pub use jobs::{
    FINDINGS_PER_JOB_MAX, FINDINGS_PER_PAGE_MAX, JOBS_AT_ONCE_MAX, JobRequest, JobStatus, StartedJob,
};
pub use manage::{ConnectionStatus, EventHistory};
pub use notices::{AT_ONCE_MAX, Courier, Payload, RECEIVERS_MAX, ReceiverStatus, STREAMS_MAX, webhook_id};
pub use observe::{Happening, HostEvent};
pub use options::{ConnectionSpec, HostError, HostLimits, HostOptions};
pub use preview::{PREVIEW_EVENTS_MAX, Preview, preview_stored, recorded_module, replay_stored};
pub use replay::{Replay, ReplayError};
pub use swap::{Swap, SwapError, SwapRequest};
pub use trace::{
    Answer, BODY_KEPT_MAX, Body, CallStep, ErrorKind, Outcome, Reply, Source, Step, StoreWrite,
    StoredResponse, TRACE_KEPT_MAX, Trace,
};
