//! Statuses: variants of the same names on both sides.

use transload_model as model;

use crate::bindings::transload::connector::types as contract;

/// The two directions between two enums whose cases have the same names; cases after `;` carry text.
macro_rules! same_cases {
    ($out:ident, $into:ident, $name:ident { $($case:ident),* ; $($text:ident),* }) => {
        pub(super) fn $out(value: model::$name) -> contract::$name {
            match value {
                $(model::$name::$case => contract::$name::$case,)*
                $(model::$name::$text(text) => contract::$name::$text(text),)*
            }
        }

        pub(super) fn $into(value: contract::$name) -> model::$name {
            match value {
                $(contract::$name::$case => model::$name::$case,)*
                $(contract::$name::$text(text) => model::$name::$text(text),)*
            }
        }
    };
}

same_cases!(order_status_out, order_status_in, OrderStatus { Pending, Completed, Cancelled; Other });
same_cases!(payment_status_out, payment_status_in, PaymentStatus {
    Unpaid, PartiallyPaid, Paid, PartiallyRefunded, Refunded; Other
});
same_cases!(fulfillment_status_out, fulfillment_status_in, FulfillmentStatus {
    Unfulfilled, PartiallyFulfilled, Fulfilled, Cancelled; Other
});
same_cases!(fulfillment_state_out, fulfillment_state_in, FulfillmentState {
    Created, Scheduled, Loaded, OutForDelivery, AttemptFailed, Rejected, PartiallyDelivered, Delivered, Collected,
    Cancelled; Other
});
same_cases!(transaction_status_out, transaction_status_in, TransactionStatus {
    Pending, Succeeded, Failed, Refunded, PartiallyRefunded, Disputed; Other
});
same_cases!(entity_out, entity_in, Entity { ; Order, Invoice, Subscription, Other });
same_cases!(subscription_status_out, subscription_status_in, SubscriptionStatus {
    Trialing, Active, PastDue, Unpaid, Paused, Cancelled, Expired, Incomplete; Other
});
same_cases!(invoice_status_out, invoice_status_in, InvoiceStatus { Draft, Sent, PartiallyPaid, Paid, Void; Other });
