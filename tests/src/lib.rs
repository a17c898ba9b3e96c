//! The components that tests and benches load.

include!(concat!(env!("OUT_DIR"), "/guests.rs"));
