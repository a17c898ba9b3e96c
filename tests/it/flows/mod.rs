//! One test for each flow between GoHighLevel and Track-POD, named after it: the bundled connector, on the real host, with
//! the sandbox behind it.
//!
//! Time is virtual, so a day of events, a month between two charges and the pauses between attempts take no time, and the
//! sandbox is called and not listened to. Expected amounts are sums that a reader can do; expected members and limits
//! are those of the vendors' documents.

pub(crate) mod actions;
mod amounts;
mod cancellations;
mod cash;
mod deliveries;
mod messages;
mod monitor;
mod orders;
mod payments;
pub(crate) mod reading;
mod refunds;
pub(crate) mod road;
pub(crate) mod scene;
mod setup;
mod subscriptions;
mod templates;
mod volume;
