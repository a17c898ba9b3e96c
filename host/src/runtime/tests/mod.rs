//! The runtime with a connector that does as it is told.

mod admin;
mod fake;
mod flow;
mod intake;
mod polls;
mod queue;
mod store;
mod trouble;
mod vendor;
mod writes;
