//! A connector of the contract's version 0.2.0, which exists for tests alone.
//!
//! A webhook's body is an order's id. Its event carries an order with the tag `gift`; `on-order` counts the orders that it has
//! handled with the store's new function, and hands on one more event for the first.

#[cfg(target_family = "wasm")]
mod component;
