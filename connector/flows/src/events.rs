//! GoHighLevel's objects as events. The ids of a webhook's event, a poll's and a history's are the same for the same state of
//! an object, so that the host takes it once.

use transload_model::{Change, Instant, Invoice, Order, Subscription, Transaction};
use transload_sdk::Event;

/// GoHighLevel's API, as manifests, events, effects and findings name it.
pub const GHL: &str = "ghl";

/// A time as it stands in an event's id.
pub fn millis(instant: Option<Instant>) -> String {
    instant.map(|instant| instant.0.to_string()).unwrap_or_default()
}

/// The id of the event of an order as it stands: a new one whenever its status or anything else of it changes.
pub fn order_id(order: &Order) -> String {
    format!("order {} {} {}", order.id, order.status.describe(), millis(order.updated_at))
}

/// The event of an order as it stands.
pub fn order_event(order: Order) -> Event {
    Event {
        id: order_id(&order),
        source: GHL,
        subject: order.id.clone(),
        occurred_at: order.updated_at.or(order.created_at),
        raw: None,
        change: Change::Order(order),
    }
}

/// The event of a transaction as it stands: a new one whenever its status or what was given back changes.
pub fn transaction_event(transaction: Transaction) -> Event {
    let refunded =
        transaction.refunded.map(|refunded| refunded.amount.normalized().to_string()).unwrap_or_default();
    Event {
        id: format!("transaction {} {} {refunded}", transaction.id, transaction.status.describe()),
        source: GHL,
        subject: transaction.order_id().unwrap_or(&transaction.id).to_owned(),
        occurred_at: transaction.updated_at.or(transaction.created_at),
        raw: None,
        change: Change::Transaction(transaction),
    }
}

/// The event of a subscription as it stands.
pub fn subscription_event(subscription: Subscription) -> Event {
    let changed_at = subscription.updated_at.or(subscription.created_at);
    Event {
        id: format!(
            "subscription {} {} {}",
            subscription.id,
            subscription.status.describe(),
            millis(changed_at)
        ),
        source: GHL,
        subject: subscription.order_id.as_ref().unwrap_or(&subscription.id).clone(),
        occurred_at: changed_at,
        raw: None,
        change: Change::Subscription(subscription),
    }
}

/// The event of an invoice as it stands: a new one whenever its status, what was paid of it or anything else of it changes.
/// It belongs to the order that it bills, if that is known; GoHighLevel's listings do not tell.
pub fn invoice_event(invoice: Invoice) -> Event {
    let paid = invoice.paid.map(|paid| paid.amount.normalized().to_string()).unwrap_or_default();
    Event {
        id: format!(
            "invoice {} {} {paid} {}",
            invoice.id,
            invoice.status.describe(),
            millis(invoice.updated_at)
        ),
        source: GHL,
        subject: invoice.order_id.as_ref().unwrap_or(&invoice.id).clone(),
        occurred_at: invoice.updated_at.or(invoice.created_at),
        raw: None,
        change: Change::Invoice(invoice),
    }
}
