//! Runs Transload connectors: sandboxed WebAssembly components that carry orders, fulfilments and payments between
//! business systems.

#[cfg(feature = "config")]
pub mod config;
pub mod contract;
pub mod egress;
pub mod engine;
pub mod notices;
pub mod runtime;
pub mod storage;
pub mod webhook;
