//! The kinds of object that the order sink holds.

use serde::{Deserialize, Serialize};

/// An object that Rankr holds by an id of its own. Fulfilments belong to an order and are asked for with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RankrKind {
    /// An order.
    Order,
    /// A transaction.
    Transaction,
    /// A subscription.
    Subscription,
    /// An invoice.
    Invoice,
}

/// Everything that goes over the wire as an object: what is held, and fulfilments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Held(RankrKind),
    Fulfillment,
}

impl RankrKind {
    pub(crate) const ALL: [Self; 4] = [Self::Order, Self::Transaction, Self::Subscription, Self::Invoice];

    /// The segment below `/control/rankr` that names all of them.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Order => "orders",
            Self::Transaction => "transactions",
            Self::Subscription => "subscriptions",
            Self::Invoice => "invoices",
        }
    }

    /// The kind of that segment.
    pub(crate) fn from_plural(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.plural() == name)
    }

    /// What one of them is called.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Transaction => "transaction",
            Self::Subscription => "subscription",
            Self::Invoice => "invoice",
        }
    }

    /// The member that holds its id.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Order => "orderId",
            Self::Transaction => "transactionId",
            Self::Subscription => "subscriptionId",
            Self::Invoice => "invoiceId",
        }
    }

    /// The event that tells of a change; the contract has none for transactions and subscriptions.
    pub(crate) fn event(self) -> Option<&'static str> {
        match self {
            Self::Order => Some("order.updated"),
            Self::Invoice => Some("invoice.updated"),
            Self::Transaction | Self::Subscription => None,
        }
    }
}

/// The event of a new fulfilment.
pub(crate) const FULFILLMENT_CREATED: &str = "fulfillment.created";
/// The event of a fulfilment that was changed.
pub(crate) const FULFILLMENT_UPDATED: &str = "fulfillment.updated";
