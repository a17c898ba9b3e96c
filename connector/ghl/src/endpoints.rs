//! The calls that are made, with the scopes that GoHighLevel asks for them.

use transload_wire::{Endpoint, InDoubt, Method};

/// One order, with its items.
pub const GET_ORDER: Endpoint = Endpoint::read("/payments/orders/{orderId}", "payments/orders.readonly");

/// Orders, without their items.
pub const LIST_ORDERS: Endpoint = Endpoint::read("/payments/orders", "payments/orders.readonly");

/// All fulfilments of an order; there are no pages.
pub const LIST_FULFILLMENTS: Endpoint =
    Endpoint::read("/payments/orders/{orderId}/fulfillments", "payments/orders.readonly");

/// Writes a fulfilment. It takes no idempotency key and cannot be undone: there is no call that changes or deletes
/// one. So a lost answer is followed by a look at [`LIST_FULFILLMENTS`].
pub const CREATE_FULFILLMENT: Endpoint = Endpoint::write(
    Method::Post,
    "/payments/orders/{orderId}/fulfillments",
    "payments/orders.write",
    InDoubt::Verify,
);

/// Transactions, in the list's shape.
pub const LIST_TRANSACTIONS: Endpoint =
    Endpoint::read("/payments/transactions", "payments/transactions.readonly");

/// One transaction, in its own shape.
pub const GET_TRANSACTION: Endpoint =
    Endpoint::read("/payments/transactions/{transactionId}", "payments/transactions.readonly");

/// One contact.
pub const GET_CONTACT: Endpoint = Endpoint::read("/contacts/{contactId}", "contacts.readonly");

/// All notes of a contact; there are no pages.
pub const LIST_NOTES: Endpoint = Endpoint::read("/contacts/{contactId}/notes", "contacts.readonly");

/// Writes a note. It takes no idempotency key, so a lost answer is followed by a look at [`LIST_NOTES`].
pub const CREATE_NOTE: Endpoint =
    Endpoint::write(Method::Post, "/contacts/{contactId}/notes", "contacts.write", InDoubt::Verify);
