//! Who is told what the host has to tell, signed how, and tried again when. Pure.
//!
//! A notice is kept in storage's journal in the transaction of what it tells, and so is its way to each receiver whose rules
//! match. From there it is sent, at least once, as a webhook by the Standard Webhooks scheme (standardwebhooks.com): a
//! receiver verifies its signature, and drops what it has seen by `webhook-id`.

mod receiver;
mod rule;
mod schedule;
mod signer;

pub use receiver::Receiver;
pub use rule::{Pattern, Rule};
pub use schedule::ATTEMPTS_MAX;
pub use signer::{SecretError, Signer};

#[cfg(feature = "server")]
pub(crate) use rule::is_at_least;
pub(crate) use schedule::{delay, retry_after};

/// The topic of a connector's alert.
pub const ALERT: &str = "alert";

/// The topic of a notice that a person has sent to try a receiver. It is in no journal, and needs no rule.
pub const TEST: &str = "test";

/// Every topic of the journal.
pub const TOPICS: [&str; 15] = [
    ALERT,
    "order.handled",
    "fulfillment.handled",
    "transaction.handled",
    "subscription.handled",
    "invoice.handled",
    "event.dead",
    "delivery.dead",
    "connection.paused",
    "connection.resumed",
    "connector.swapped",
    "connector.rolled-back",
    "finding",
    "job.done",
    "job.failed",
];
