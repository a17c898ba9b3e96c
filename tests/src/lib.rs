//! The components that tests and benches load, the API that the couriers among them talk to, and ways to damage JSON.

pub mod target;

pub use transload_wire::fakes::damaged;

include!(concat!(env!("OUT_DIR"), "/guests.rs"));
