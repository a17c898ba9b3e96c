//! The components that tests and benches load, and the API that the couriers among them talk to.

pub mod target;

include!(concat!(env!("OUT_DIR"), "/guests.rs"));
