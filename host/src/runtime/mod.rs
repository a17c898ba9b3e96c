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

mod backoff;
mod clock;
mod connection;
mod connector;
mod host;
mod intake;
mod observe;
mod options;
mod poll;
mod queue;
mod routes;
mod schema;
mod serve;
mod store;
mod subjects;
#[cfg(test)]
mod tests;
mod trouble;
mod work;

pub use backoff::ATTEMPTS_MAX;
pub use host::{Host, RequestError};
pub use intake::{BODY_BYTES_MAX, DeliveryOutcome};
pub use observe::{Happening, HostEvent};
pub use options::{ConnectionSpec, HostError, HostLimits, HostOptions};
