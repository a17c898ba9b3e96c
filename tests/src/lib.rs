//! The components that tests and benches load, the APIs that the couriers and the example in `examples/` talk to, and ways to damage JSON.

pub mod labelry;
mod server;
pub mod target;

pub use transload_wire::fakes::damaged;

include!(concat!(env!("OUT_DIR"), "/guests.rs"));
