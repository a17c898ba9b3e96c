//! What an event said of its object, for notices: how it stands and its amounts, and nothing of the persons in it.

use serde::Serialize;

use crate::contract::{
    Change, Entity, FulfilledLine, Fulfillment, FulfillmentState, FulfillmentStatus, Instant, Invoice,
    InvoiceStatus, Money, Order, OrderStatus, PaymentStatus, Subscription, SubscriptionStatus, Tracking,
    Transaction, TransactionStatus,
};
use crate::runtime::admin::Moment;
use crate::runtime::jobs::decimal_text;

/// Lines of a fulfilment that are told, and tracking numbers. Orders have some dozens.
const LINES_MAX: usize = 200;

/// Money as readers get it: exact, as text.
#[derive(Serialize)]
pub(super) struct Amount<'a> {
    amount: String,
    currency: &'a str,
}

/// One object. The field's name is the change's kind.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Object<'a> {
    Order(OrderData<'a>),
    Fulfillment(FulfillmentData<'a>),
    Transaction(TransactionData<'a>),
    Subscription(SubscriptionData<'a>),
    Invoice(InvoiceData<'a>),
}

#[derive(Serialize)]
pub(super) struct OrderData<'a> {
    id: &'a str,
    number: Option<&'a str>,
    status: &'a str,
    payment: Option<&'a str>,
    fulfillment: Option<&'a str>,
    total: Amount<'a>,
    paid: Option<Amount<'a>>,
    live: bool,
}

#[derive(Serialize)]
pub(super) struct FulfillmentData<'a> {
    id: &'a str,
    order_id: &'a str,
    state: &'a str,
    attempt: u32,
    lines: Vec<LineData<'a>>,
    tracking: Vec<TrackingData<'a>>,
    cash_collected: Option<Amount<'a>>,
    reason: Option<&'a str>,
    happened_at: Option<String>,
    estimated_at: Option<String>,
}

#[derive(Serialize)]
struct LineData<'a> {
    line_id: &'a str,
    ordered: Option<String>,
    fulfilled: String,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct TrackingData<'a> {
    number: Option<&'a str>,
    carrier: Option<&'a str>,
    url: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct TransactionData<'a> {
    id: &'a str,
    status: &'a str,
    amount: Amount<'a>,
    refunded: Option<Amount<'a>>,
    settles: Vec<SettledData<'a>>,
    method: Option<&'a str>,
    live: bool,
}

#[derive(Serialize)]
struct SettledData<'a> {
    kind: &'static str,
    id: &'a str,
}

#[derive(Serialize)]
pub(super) struct SubscriptionData<'a> {
    id: &'a str,
    status: &'a str,
    order_id: Option<&'a str>,
    amount: Option<Amount<'a>>,
    period: Option<&'a str>,
    next_charge_at: Option<String>,
    ended_at: Option<String>,
    live: bool,
}

#[derive(Serialize)]
pub(super) struct InvoiceData<'a> {
    id: &'a str,
    number: Option<&'a str>,
    status: &'a str,
    order_id: Option<&'a str>,
    total: Amount<'a>,
    paid: Option<Amount<'a>>,
    due: Option<Amount<'a>>,
    due_at: Option<String>,
    live: bool,
}

/// Money as text and currency.
pub(super) fn amount(money: &Money) -> Amount<'_> {
    Amount { amount: decimal_text(&money.amount), currency: &money.currency }
}

fn perhaps(money: &Option<Money>) -> Option<Amount<'_>> {
    money.as_ref().map(amount)
}

fn time(at: Option<Instant>) -> Option<String> {
    at.map(|at| Moment::at(at).time)
}

/// What a change says of its object.
pub(super) fn object(change: &Change) -> Object<'_> {
    match change {
        Change::Order(order) => Object::Order(order_data(order)),
        Change::Fulfillment(fulfillment) => Object::Fulfillment(fulfillment_data(fulfillment)),
        Change::Transaction(transaction) => Object::Transaction(transaction_data(transaction)),
        Change::Subscription(subscription) => Object::Subscription(subscription_data(subscription)),
        Change::Invoice(invoice) => Object::Invoice(invoice_data(invoice)),
    }
}

fn order_data(order: &Order) -> OrderData<'_> {
    OrderData {
        id: &order.id,
        number: order.number.as_deref(),
        status: match &order.status {
            OrderStatus::Pending => "pending",
            OrderStatus::Completed => "completed",
            OrderStatus::Cancelled => "cancelled",
            OrderStatus::Other(status) => status,
        },
        payment: order.payment.as_ref().map(|payment| match payment {
            PaymentStatus::Unpaid => "unpaid",
            PaymentStatus::PartiallyPaid => "partially-paid",
            PaymentStatus::Paid => "paid",
            PaymentStatus::PartiallyRefunded => "partially-refunded",
            PaymentStatus::Refunded => "refunded",
            PaymentStatus::Other(status) => status,
        }),
        fulfillment: order.fulfillment.as_ref().map(|fulfillment| match fulfillment {
            FulfillmentStatus::Unfulfilled => "unfulfilled",
            FulfillmentStatus::PartiallyFulfilled => "partially-fulfilled",
            FulfillmentStatus::Fulfilled => "fulfilled",
            FulfillmentStatus::Cancelled => "cancelled",
            FulfillmentStatus::Other(status) => status,
        }),
        total: amount(&order.total),
        paid: perhaps(&order.paid),
        live: order.live,
    }
}

fn fulfillment_data<'f>(fulfillment: &'f Fulfillment) -> FulfillmentData<'f> {
    let line = |it: &'f FulfilledLine| LineData {
        line_id: &it.line_id,
        ordered: it.ordered.as_ref().map(decimal_text),
        fulfilled: decimal_text(&it.fulfilled),
        reason: it.reason.as_deref(),
    };
    let tracking = |it: &'f Tracking| TrackingData {
        number: it.number.as_deref(),
        carrier: it.carrier.as_deref(),
        url: it.url.as_deref(),
    };
    FulfillmentData {
        id: &fulfillment.id,
        order_id: &fulfillment.order_id,
        state: fulfillment_state(&fulfillment.state),
        attempt: fulfillment.attempt,
        lines: fulfillment.lines.iter().take(LINES_MAX).map(line).collect(),
        tracking: fulfillment.tracking.iter().take(LINES_MAX).map(tracking).collect(),
        cash_collected: perhaps(&fulfillment.cash_collected),
        reason: fulfillment.reason.as_deref(),
        happened_at: time(fulfillment.happened_at),
        estimated_at: time(fulfillment.estimated_at),
    }
}

fn fulfillment_state(state: &FulfillmentState) -> &str {
    match state {
        FulfillmentState::Created => "created",
        FulfillmentState::Scheduled => "scheduled",
        FulfillmentState::Loaded => "loaded",
        FulfillmentState::OutForDelivery => "out-for-delivery",
        FulfillmentState::AttemptFailed => "attempt-failed",
        FulfillmentState::Rejected => "rejected",
        FulfillmentState::PartiallyDelivered => "partially-delivered",
        FulfillmentState::Delivered => "delivered",
        FulfillmentState::Collected => "collected",
        FulfillmentState::Cancelled => "cancelled",
        FulfillmentState::Other(state) => state,
    }
}

fn transaction_data(transaction: &Transaction) -> TransactionData<'_> {
    TransactionData {
        id: &transaction.id,
        status: match &transaction.status {
            TransactionStatus::Pending => "pending",
            TransactionStatus::Succeeded => "succeeded",
            TransactionStatus::Failed => "failed",
            TransactionStatus::Refunded => "refunded",
            TransactionStatus::PartiallyRefunded => "partially-refunded",
            TransactionStatus::Disputed => "disputed",
            TransactionStatus::Other(status) => status,
        },
        amount: amount(&transaction.amount),
        refunded: perhaps(&transaction.refunded),
        settles: transaction.settles.iter().take(LINES_MAX).map(settled).collect(),
        method: transaction.method.as_deref(),
        live: transaction.live,
    }
}

fn settled(entity: &Entity) -> SettledData<'_> {
    match entity {
        Entity::Order(id) => SettledData { kind: "order", id },
        Entity::Invoice(id) => SettledData { kind: "invoice", id },
        Entity::Subscription(id) => SettledData { kind: "subscription", id },
        Entity::Other(id) => SettledData { kind: "other", id },
    }
}

fn subscription_data(subscription: &Subscription) -> SubscriptionData<'_> {
    SubscriptionData {
        id: &subscription.id,
        status: match &subscription.status {
            SubscriptionStatus::Trialing => "trialing",
            SubscriptionStatus::Active => "active",
            SubscriptionStatus::PastDue => "past-due",
            SubscriptionStatus::Unpaid => "unpaid",
            SubscriptionStatus::Paused => "paused",
            SubscriptionStatus::Cancelled => "cancelled",
            SubscriptionStatus::Expired => "expired",
            SubscriptionStatus::Incomplete => "incomplete",
            SubscriptionStatus::Other(status) => status,
        },
        order_id: subscription.order_id.as_deref(),
        amount: perhaps(&subscription.amount),
        period: subscription.period.as_deref(),
        next_charge_at: time(subscription.next_charge_at),
        ended_at: time(subscription.ended_at),
        live: subscription.live,
    }
}

fn invoice_data(invoice: &Invoice) -> InvoiceData<'_> {
    InvoiceData {
        id: &invoice.id,
        number: invoice.number.as_deref(),
        status: match &invoice.status {
            InvoiceStatus::Draft => "draft",
            InvoiceStatus::Sent => "sent",
            InvoiceStatus::PartiallyPaid => "partially-paid",
            InvoiceStatus::Paid => "paid",
            InvoiceStatus::Void => "void",
            InvoiceStatus::Other(status) => status,
        },
        order_id: invoice.order_id.as_deref(),
        total: amount(&invoice.total),
        paid: perhaps(&invoice.paid),
        due: perhaps(&invoice.due),
        due_at: time(invoice.due_at),
        live: invoice.live,
    }
}
