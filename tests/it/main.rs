//! End-to-end tests, in one binary of modules so that they are linked once.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy exempts test functions only; here every function belongs to a test"
)]

mod authoring;
mod config;
mod conformance;
mod delivery;
mod distribution;
mod durable;
mod embedding;
mod engine;
#[path = "../support/event.rs"]
mod event;
mod events;
mod fakes;
mod flows;
mod guests;
mod hostile;
mod javascript;
mod jobs;
mod junk;
mod kill;
mod manifests;
mod notices;
mod operate;
mod outgoing;
mod paths;
mod program;
mod rankr;
mod rankr_actions;
mod rankr_reconciling;
mod rankr_swapping;
mod reconciling;
mod runtimes;
mod sandboxed;
mod simulation;
mod stage;
mod swapping;
mod third;
mod tidy;
mod tools;
mod versions;
