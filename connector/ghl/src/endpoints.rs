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

/// Records a payment that was taken elsewhere, and sets the order to paid. It takes no idempotency key, so a lost answer
/// is followed by a look at [`LIST_TRANSACTIONS`]. It has answered 404 `Order not found` for orders that exist:
/// <https://github.com/GoHighLevel/highlevel-api-sdk/issues/19>.
pub const RECORD_PAYMENT: Endpoint = Endpoint::write(
    Method::Post,
    "/payments/orders/{orderId}/record-payment",
    "payments/orders.collectPayment",
    InDoubt::Verify,
);

/// Subscriptions, in the list's shape.
pub const LIST_SUBSCRIPTIONS: Endpoint =
    Endpoint::read("/payments/subscriptions", "payments/subscriptions.readonly");

/// One subscription, in its own shape.
pub const GET_SUBSCRIPTION: Endpoint =
    Endpoint::read("/payments/subscriptions/{subscriptionId}", "payments/subscriptions.readonly");

/// Invoices, whole. Unlike elsewhere, `limit` and `offset` must be given.
pub const LIST_INVOICES: Endpoint = Endpoint::read("/invoices/", "invoices.readonly");

/// One invoice, in the list's shape.
pub const GET_INVOICE: Endpoint = Endpoint::read("/invoices/{invoiceId}", "invoices.readonly");

/// Adds tags to those that a contact has. A tag is there or not, so adding it twice leaves what adding it once does.
pub const ADD_TAGS: Endpoint =
    Endpoint::write(Method::Post, "/contacts/{contactId}/tags", "contacts.write", InDoubt::Resend);

/// Adds a contact to a workflow, which may write to people: never tried twice.
pub const ADD_TO_WORKFLOW: Endpoint = Endpoint::write(
    Method::Post,
    "/contacts/{contactId}/workflow/{workflowId}",
    "contacts.write",
    InDoubt::Never,
);

/// Writes to a person: never tried twice.
pub const SEND_MESSAGE: Endpoint =
    Endpoint::write(Method::Post, "/conversations/messages", "conversations/message.write", InDoubt::Never);

/// Whitelabel integration providers.
pub const LIST_PROVIDERS: Endpoint =
    Endpoint::read("/payments/integrations/provider/whitelabel", "payments/integration.readonly");

/// Registers one. A lost answer is followed by a look at [`LIST_PROVIDERS`].
pub const CREATE_PROVIDER: Endpoint = Endpoint::write(
    Method::Post,
    "/payments/integrations/provider/whitelabel",
    "payments/integration.write",
    InDoubt::Verify,
);

/// Records of a custom object that have a text in one of its searchable properties.
pub const SEARCH_RECORDS: Endpoint =
    Endpoint::search("/objects/{schemaKey}/records/search", "objects/record.readonly");

/// Makes a record. A lost answer is followed by a look at [`SEARCH_RECORDS`].
pub const CREATE_RECORD: Endpoint =
    Endpoint::write(Method::Post, "/objects/{schemaKey}/records", "objects/record.write", InDoubt::Verify);

/// Sets properties of a record to values, so sending it twice leaves what sending it once does.
pub const UPDATE_RECORD: Endpoint = Endpoint::write(
    Method::Put,
    "/objects/{schemaKey}/records/{id}",
    "objects/record.write",
    InDoubt::Resend,
);

/// Opportunities, those of a contact for one.
pub const SEARCH_OPPORTUNITIES: Endpoint = Endpoint::read("/opportunities/search", "opportunities.readonly");

/// Makes an opportunity. A lost answer is followed by a look at [`SEARCH_OPPORTUNITIES`].
pub const CREATE_OPPORTUNITY: Endpoint =
    Endpoint::write(Method::Post, "/opportunities/", "opportunities.write", InDoubt::Verify);

/// Sets members of an opportunity to values, so sending it twice leaves what sending it once does.
pub const UPDATE_OPPORTUNITY: Endpoint =
    Endpoint::write(Method::Put, "/opportunities/{id}", "opportunities.write", InDoubt::Resend);
