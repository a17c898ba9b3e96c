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

/// Deletes the order with our id, as long as nobody has arrived with it. What is gone stays gone, so asking twice leaves
/// what asking once does.
pub const DELETE_ORDER: Endpoint =
    Endpoint::write(Method::Delete, "/Order/Id/{id}", "orders.write", InDoubt::Resend);

/// Sets an order that is planned into a route to not delivered. Doing so twice may count as two attempts; a lost answer is
/// followed by a look at [`GET_ORDER_BY_ID`].
pub const REJECT_ORDER: Endpoint =
    Endpoint::write(Method::Put, "/Order/Id/{id}/Reject", "orders.write", InDoubt::Verify);

/// Orders whose status changed after a time, which may lie one day back at most.
pub const LIST_CHANGED: Endpoint = Endpoint::read("/Order/Status/Date/{date}", "orders.read");

/// Orders for a day.
pub const LIST_BY_DATE: Endpoint = Endpoint::read("/Order/Date/{date}", "orders.read");

/// Orders in the routes of a day.
pub const LIST_BY_ROUTE_DATE: Endpoint = Endpoint::read("/Order/Route/Date/{date}", "orders.read");

/// The last 25 orders with a number.
pub const LIST_BY_NUMBER: Endpoint = Endpoint::read("/Order/Number/{number}/List", "orders.read");
