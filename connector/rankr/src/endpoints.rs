//! The calls that are made, each with the setting that moves it. The names of the scopes are ours.
//!
//! Every write may be sent again: a `PUT` says how an object is to be, and a fulfilment has an id of ours, which the sink
//! stores once.

use transload_wire::{Endpoint, InDoubt, Method};

const fn put(path: &'static str, scope: &'static str) -> Endpoint {
    Endpoint::write(Method::Put, path, scope, InDoubt::Resend)
}

/// Tells whether the token is good.
pub const HEALTH: Endpoint = Endpoint::read("/health", "health.read").set_by("/rankr/paths/health");

/// Creates or replaces an order.
pub const PUT_ORDER: Endpoint = put("/orders/{orderId}", "orders.write").set_by("/rankr/paths/put_order");

/// An order.
pub const GET_ORDER: Endpoint =
    Endpoint::read("/orders/{orderId}", "orders.read").set_by("/rankr/paths/get_order");

/// Orders, by the sink's time of their last change.
pub const LIST_ORDERS: Endpoint = Endpoint::read("/orders", "orders.read").set_by("/rankr/paths/list_orders");

/// Adds a fulfilment to an order.
pub const POST_FULFILLMENT: Endpoint = Endpoint::write(
    Method::Post,
    "/payments/orders/{orderId}/fulfillments",
    "fulfillments.write",
    InDoubt::Resend,
)
.set_by("/rankr/paths/post_fulfillment");

/// An order's fulfilments, all of them.
pub const LIST_FULFILLMENTS: Endpoint =
    Endpoint::read("/payments/orders/{orderId}/fulfillments", "fulfillments.read")
        .set_by("/rankr/paths/list_fulfillments");

/// Creates or replaces a transaction.
pub const PUT_TRANSACTION: Endpoint = put("/payments/transactions/{transactionId}", "transactions.write")
    .set_by("/rankr/paths/put_transaction");

/// A transaction.
pub const GET_TRANSACTION: Endpoint =
    Endpoint::read("/payments/transactions/{transactionId}", "transactions.read")
        .set_by("/rankr/paths/get_transaction");

/// Transactions, by the sink's time of their last change.
pub const LIST_TRANSACTIONS: Endpoint =
    Endpoint::read("/payments/transactions", "transactions.read").set_by("/rankr/paths/list_transactions");

/// Creates or replaces a subscription.
pub const PUT_SUBSCRIPTION: Endpoint = put("/payments/subscriptions/{subscriptionId}", "subscriptions.write")
    .set_by("/rankr/paths/put_subscription");

/// A subscription.
pub const GET_SUBSCRIPTION: Endpoint =
    Endpoint::read("/payments/subscriptions/{subscriptionId}", "subscriptions.read")
        .set_by("/rankr/paths/get_subscription");

/// Subscriptions, by the sink's time of their last change.
pub const LIST_SUBSCRIPTIONS: Endpoint =
    Endpoint::read("/payments/subscriptions", "subscriptions.read").set_by("/rankr/paths/list_subscriptions");

/// Creates or replaces an invoice.
pub const PUT_INVOICE: Endpoint =
    put("/invoices/{invoiceId}", "invoices.write").set_by("/rankr/paths/put_invoice");

/// An invoice.
pub const GET_INVOICE: Endpoint =
    Endpoint::read("/invoices/{invoiceId}", "invoices.read").set_by("/rankr/paths/get_invoice");

/// Invoices, by the sink's time of their last change.
pub const LIST_INVOICES: Endpoint =
    Endpoint::read("/invoices", "invoices.read").set_by("/rankr/paths/list_invoices");

/// All of them.
pub const ALL: &[Endpoint] = &[
    HEALTH,
    PUT_ORDER,
    GET_ORDER,
    LIST_ORDERS,
    POST_FULFILLMENT,
    LIST_FULFILLMENTS,
    PUT_TRANSACTION,
    GET_TRANSACTION,
    LIST_TRANSACTIONS,
    PUT_SUBSCRIPTION,
    GET_SUBSCRIPTION,
    LIST_SUBSCRIPTIONS,
    PUT_INVOICE,
    GET_INVOICE,
    LIST_INVOICES,
];

/// What the settings call the path of `endpoint`: `put_order`.
pub(crate) fn setting(endpoint: &Endpoint) -> &'static str {
    endpoint.path_setting.and_then(|pointer| pointer.strip_prefix("/rankr/paths/")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_path_has_a_setting_of_its_own() {
        let names: BTreeSet<_> = ALL.iter().map(setting).collect();
        assert_eq!(names.len(), ALL.len());
        assert!(names.iter().all(|name| !name.is_empty()));
    }
}
