//! The calls that are made. Track-POD has no scopes, it restricts a key by HTTP method, shipper and depot; so the names
//! of the scopes are ours.

use transload_wire::{Endpoint, InDoubt, Method};

/// Tells whether the key is good.
pub const TEST: Endpoint = Endpoint::read("/Test", "account.read");

/// The order with our id. If several have it, the newest.
pub const GET_ORDER_BY_ID: Endpoint = Endpoint::read("/Order/Id/{id}", "orders.read");

/// Creates an order. Ids and numbers are not unique in Track-POD, so a second one would be a second delivery; a lost
/// answer is followed by a look at [`GET_ORDER_BY_ID`].
pub const CREATE_ORDER: Endpoint = Endpoint::write(Method::Post, "/Order", "orders.write", InDoubt::Verify);

/// Updates the order that the body names by id. It says how the order is to be, not how it is to change, so sending it
/// twice leaves what sending it once does.
pub const UPDATE_ORDER: Endpoint = Endpoint::write(Method::Put, "/Order", "orders.write", InDoubt::Resend);
