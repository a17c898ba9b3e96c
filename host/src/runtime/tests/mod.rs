//! The runtime with a connector that does as it is told.

mod admin;
pub(super) mod fake;
mod flow;
mod intake;
mod jobs;
mod manage;
mod notices;
mod polls;
mod queue;
mod store;
mod streams;
mod swaps;
mod traces;
mod trouble;
mod vendor;
mod versions;
mod writes;
