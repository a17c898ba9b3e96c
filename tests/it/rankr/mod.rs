//! One test for each flow between GoHighLevel and Rankr, named after it: the bundled connector, on the real host, with the
//! sandbox behind it, in virtual time.

pub(crate) mod day;
pub(crate) mod scene;

mod dialect;
mod echoes;
mod edits;
mod faults;
mod fulfilments;
mod invoices;
mod monitor;
mod orders;
mod payments;
mod shipments;
mod subscriptions;
