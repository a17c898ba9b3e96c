//! The contract's members and words, as settings name them. A test compares them with the contract's document.

use transload_model::{
    FulfillmentState, FulfillmentStatus, InvoiceStatus, OrderStatus, PaymentStatus, SubscriptionStatus,
    TransactionStatus,
};

use super::{Names, ShapeError};
use crate::webhook;
use crate::words::known;

/// A kind of JSON object that the sink answers, takes or sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An order.
    Order,
    /// A fulfilment.
    Fulfillment,
    /// A payment.
    Transaction,
    /// A subscription.
    Subscription,
    /// An invoice.
    Invoice,
    /// What a list answers.
    Page,
    /// A webhook's body.
    Event,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] = [
        Self::Order,
        Self::Fulfillment,
        Self::Transaction,
        Self::Subscription,
        Self::Invoice,
        Self::Page,
        Self::Event,
    ];

    /// What settings call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Fulfillment => "fulfillment",
            Self::Transaction => "transaction",
            Self::Subscription => "subscription",
            Self::Invoice => "invoice",
            Self::Page => "page",
            Self::Event => "event",
        }
    }

    /// Its members that hold something; those below others as paths. `lines/…` are those of each line.
    pub(crate) fn members(self) -> &'static [&'static str] {
        match self {
            Self::Order => &[
                "orderId",
                "version",
                "number",
                "status",
                "paymentStatus",
                "fulfillmentStatus",
                "amount",
                "currency",
                "amountPaid",
                "amountRefunded",
                "customerId",
                "customer/customerId",
                "customer/name",
                "customer/email",
                "customer/phone",
                "shipTo/lines",
                "shipTo/city",
                "shipTo/region",
                "shipTo/postalCode",
                "shipTo/country",
                "lines",
                "lines/lineId",
                "lines/sku",
                "lines/name",
                "lines/quantity",
                "lines/unitPrice",
                "note",
                "live",
                "createdAt",
                "updatedAt",
                "extra",
                "receivedAt",
                "fulfillmentsAt",
            ],
            Self::Fulfillment => &[
                "fulfillmentId",
                "orderId",
                "status",
                "origin",
                "trackingNumber",
                "trackingUrl",
                "carrier",
                "notifyCustomer",
                "lines",
                "lines/lineId",
                "lines/quantity",
                "reason",
                "happenedAt",
                "updatedAt",
            ],
            Self::Transaction => &[
                "transactionId",
                "version",
                "amount",
                "currency",
                "amountRefunded",
                "status",
                "timestamp",
                "orderId",
                "invoiceId",
                "subscriptionId",
                "customerId",
                "method",
                "chargeId",
                "live",
                "updatedAt",
                "receivedAt",
            ],
            Self::Subscription => &[
                "subscriptionId",
                "version",
                "status",
                "orderId",
                "amount",
                "currency",
                "period",
                "customerId",
                "nextChargeAt",
                "lastChargeAt",
                "lastTransactionId",
                "endedAt",
                "live",
                "createdAt",
                "updatedAt",
                "receivedAt",
            ],
            Self::Invoice => &[
                "invoiceId",
                "version",
                "number",
                "status",
                "orderId",
                "amount",
                "currency",
                "amountPaid",
                "amountDue",
                "customerId",
                "dueAt",
                "live",
                "createdAt",
                "updatedAt",
                "receivedAt",
            ],
            Self::Page => &["items", "nextCursor"],
            Self::Event => &["type", "timestamp", "data"],
        }
    }
}

/// A list of words: what settings call it, where they stand, and the contract's.
pub(crate) struct Vocabulary {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) member: &'static str,
    pub(crate) words: Vec<&'static str>,
}

/// Every list of words.
pub(crate) fn vocabularies() -> [Vocabulary; 8] {
    let list = |name, kind, member, words| Vocabulary { name, kind, member, words };
    [
        list("order", Kind::Order, "status", known::<OrderStatus>()),
        list("paymentStatus", Kind::Order, "paymentStatus", known::<PaymentStatus>()),
        list("fulfillmentStatus", Kind::Order, "fulfillmentStatus", known::<FulfillmentStatus>()),
        list("fulfillment", Kind::Fulfillment, "status", known::<FulfillmentState>()),
        list("transaction", Kind::Transaction, "status", known::<TransactionStatus>()),
        list("subscription", Kind::Subscription, "status", known::<SubscriptionStatus>()),
        list("invoice", Kind::Invoice, "status", known::<InvoiceStatus>()),
        list("event", Kind::Event, "type", webhook::TYPES.to_vec()),
    ]
}

/// Fails if `fields` or `statuses` has an object or a list that does not exist.
pub(super) fn check_names(fields: &Names, statuses: &Names) -> Result<(), ShapeError> {
    let unknown = |given: &Names, known: &[&str]| {
        given.keys().find(|name| !known.contains(&name.as_str())).map(|name| (name.clone(), known.join(", ")))
    };
    let mut objects = Kind::ALL.map(Kind::name).to_vec();
    objects.push("query");
    if let Some((name, known)) = unknown(fields, &objects) {
        return Err(ShapeError::UnknownObject { name, known });
    }
    let lists = vocabularies().map(|list| list.name);
    match unknown(statuses, &lists) {
        Some((name, known)) => Err(ShapeError::UnknownStatuses { name, known }),
        None => Ok(()),
    }
}
